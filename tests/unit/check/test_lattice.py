"""Joins, meets, annotations read exactly: what they say of values, on random types."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from rtfs_runtime.types import (
    ANY,
    BOOL,
    ERROR,
    FLOAT,
    FN,
    INT,
    KEYWORD,
    MAP,
    NEVER,
    NIL,
    NUMBER,
    STRING,
    VECTOR,
    And,
    Array,
    Enum,
    FnType,
    ListOf,
    MapOf,
    MapType,
    Predicate,
    Tuple,
    Type,
    Val,
    Vector,
    compile_check,
    union,
)
from rtfs_runtime.values import Keyword, List
from rtfsc.check.lattice import (
    KINDS,
    falsy,
    is_within,
    join,
    meet,
    only,
    truthy,
    with_value,
    without,
    without_value,
)
from rtfsc.check.relations import fits, refusal, strict
from rtfsc.check.tables import constant
from tests.unit.check.values import holds

A, B = Keyword("a"), Keyword("b")
atoms = st.sampled_from([None, True, False, 0, 1, -2, 2.5, "", "a", "b", A, B])
keys = st.sampled_from([A, B, "a", "b", 1])
values = st.recursive(
    atoms,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(tuple),
        st.lists(inner, max_size=3).map(List),
        st.dictionaries(keys, inner, max_size=3),
    ),
    max_leaves=6,
)
plain = st.sampled_from(
    [
        INT, FLOAT, NUMBER, STRING, BOOL, NIL, KEYWORD, FN, ERROR, ANY, NEVER, VECTOR, MAP, Val(1), Val(True),
        Enum([A, B]), Enum([1, "a", A]), And(INT, [Predicate(">", [0])]),
        And(STRING, [Predicate("non-empty")]), FnType([INT], None, INT),
    ]
)  # fmt: skip
types = st.recursive(
    plain,
    lambda inner: st.one_of(
        inner.map(Vector),
        inner.map(ListOf),
        inner.map(lambda kind: Array(kind, (2,))),
        st.lists(inner, max_size=3).map(Tuple),
        st.lists(inner, min_size=1, max_size=3).map(union),
        st.builds(MapOf, st.sampled_from([KEYWORD, STRING, ANY]), inner),
        st.builds(
            MapType,
            st.dictionaries(st.sampled_from([A, B, "a"]), st.tuples(inner, st.booleans()), max_size=2).map(
                lambda fields: [(key, kind, optional) for key, (kind, optional) in fields.items()]
            ),
            st.one_of(st.none(), inner),
        ),
    ),
    max_leaves=5,
)
few = settings(max_examples=150, deadline=None)


def passes(value: object, want: Type) -> bool:
    return compile_check(want)(value) is None


@few
@given(types, values)
def test_what_passes_an_annotation_is_of_its_exact_type(want: Type, value: object) -> None:
    assert holds(value, constant(value))
    if passes(value, want):
        assert holds(value, strict(want))
        assert refusal(constant(value), want) is None
    if fits(constant(value), want):
        assert passes(value, want)


@few
@given(types, types, values)
def test_what_fits_passes_and_what_is_refused_does_not(one: Type, want: Type, value: object) -> None:
    for kind in (strict(one), join(strict(one), constant(value))):
        if holds(value, kind):
            assert not fits(kind, want) or passes(value, want)
            assert refusal(kind, want) is None or not passes(value, want)


@few
@given(types, types, values)
def test_joins_hold_both_and_meets_what_is_in_both(one: Type, other: Type, value: object) -> None:
    left, right = strict(one), strict(other)
    both = join(left, right)
    assert is_within(left, both) and is_within(right, both) and join(both, left) is both
    if holds(value, left) or holds(value, right):
        assert holds(value, both)
    if holds(value, left) and holds(value, right):
        assert holds(value, meet(left, right))


@few
@given(types, values, atoms)
def test_narrowing_keeps_the_values_it_is_about(one: Type, value: object, atom: object) -> None:
    kind = join(strict(one), constant(value))
    counts = value is not None and value is not False
    assert holds(value, truthy(kind) if counts else falsy(kind))
    same = type(value) is type(atom) and value == atom
    if not isinstance(atom, float):
        assert holds(value, with_value(kind, atom) if same else without_value(kind, atom))
    for bit in KINDS.values():
        part, rest = only(kind, bit), without(kind, bit)
        assert holds(value, part) or holds(value, rest)
