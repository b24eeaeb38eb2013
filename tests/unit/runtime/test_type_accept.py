"""The quick test of a type never accepts what the walk refuses, and accepts what plans hold."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtfs_runtime import types as t
from rtfs_runtime.maps import BigMap
from rtfs_runtime.type_accept import acceptor
from rtfs_runtime.type_checks import _Walk
from rtfs_runtime.values import Keyword, List, Symbol
from rtfs_runtime.vectors import BigVector

X, N = Keyword("x"), Keyword("n")
ATOMS = st.one_of(
    st.none(), st.booleans(), st.integers(-3, 3), st.floats(-2, 2), st.sampled_from(["", "x", "n", "open"]),
    st.sampled_from([X, N, Keyword("open")]), st.just(Symbol("x")),
)  # fmt: skip
KEYS = st.sampled_from([X, N, "x", "n", 1, 0])


def _larger(inner: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    items = st.lists(inner, max_size=3)
    return st.one_of(
        items.map(tuple), items.map(List), items.map(BigVector.of), st.dictionaries(KEYS, inner, max_size=3),
        st.dictionaries(KEYS, inner, max_size=3).map(lambda items: BigMap(items, {}, len(items))),
    )  # fmt: skip


VALUES = st.recursive(ATOMS, _larger, max_leaves=8)
PLAIN = st.one_of(
    st.sampled_from([t.ANY, t.NEVER, t.VECTOR, t.MAP, t.LIST, t.FN, *(t.Prim(name) for name in t.PRIMS)]),
    st.lists(ATOMS.filter(lambda value: not isinstance(value, Symbol)), min_size=1, max_size=3).map(t.Enum),
    st.just(t.And(t.INT, [t.Predicate(">", [0])])),
    st.just(t.And(t.STRING, [t.Predicate("min-length", [1])])),
)  # fmt: skip


def _larger_type(inner: st.SearchStrategy[t.Type]) -> st.SearchStrategy[t.Type]:
    fields = st.lists(st.tuples(st.sampled_from([X, N, "x", 1]), inner, st.booleans()), max_size=2)
    return st.one_of(
        inner.map(t.Vector), inner.map(t.ListOf), st.builds(t.MapOf, inner, inner),
        st.lists(inner, max_size=2).map(t.Tuple), st.builds(t.MapType, fields, st.none() | inner),
        st.builds(lambda a, b: t.union((a, b)), inner, inner), inner.map(lambda kind: t.Alias("A", kind)),
    )  # fmt: skip


TYPES = st.recursive(PLAIN, _larger_type, max_leaves=5)


@given(TYPES, VALUES)
def test_what_is_accepted_conforms(kind: t.Type, value: object) -> None:
    test = acceptor(kind)
    if test is not None and test(value):
        assert _Walk().run(kind, value) is None


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (t.MapType([(X, t.FLOAT, False), (N, t.STRING, True)]), {X: 1}),
        (t.MapType([(X, t.FLOAT, False)], t.STRING), {X: 1.5}),
        (t.Vector(t.Tuple([t.INT, t.Enum([X, "a"])])), ((1, X), (2, "a"))),
        (t.optional(t.MapOf(t.KEYWORD, t.Vector(t.ANY))), {X: (1,)}),
        (t.Alias("Age", t.And(t.INT, [t.Predicate(">", [0])])), 3),
    ],
)
def test_records_of_plans_are_accepted(kind: t.Type, value: object) -> None:
    test = acceptor(kind)
    assert test is not None
    assert test(value)


@pytest.mark.parametrize("value", [{"x": 1.5}, {X: 1.5, "n": 1}, {X: 1.5, N: 2}, {X: True}])
def test_a_key_as_text_is_left_to_the_walk(value: object) -> None:
    test = acceptor(t.MapType([(X, t.FLOAT, False), (N, t.STRING, True)]))
    assert test is not None
    assert not test(value)


def test_a_type_too_deep_for_the_stack_is_left_to_the_walk() -> None:
    kind: t.Type = t.INT
    value: object = 1
    for _ in range(5000):
        kind, value = t.Vector(kind), (value,)
    assert acceptor(kind) is None
    assert t.conforms(value, kind)
