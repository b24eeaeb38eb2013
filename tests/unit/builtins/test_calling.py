"""Builtins that call functions: loops, sorting by functions, functions about functions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from rtfs_runtime.builtins import BUILTINS
from rtfs_runtime.equality import equal
from rtfs_runtime.errors import LimitExceeded, RtfsError
from rtfs_runtime.printer import display
from rtfs_runtime.sets import make_set
from rtfs_runtime.values import Keyword, List
from rtfs_runtime.vectors import BigVector

Call = Callable[..., Any]
A, B, T, OK, U, V = (Keyword(text) for text in ("a", "b", "t", "ok", "u", "v"))


def fn(name: str) -> Callable[..., Any]:
    return BUILTINS[name].function


def pair(left: object, right: object) -> object:
    return (left, right)


def same(value: object) -> object:
    return value


@pytest.mark.parametrize(
    ("name", "args", "want"),
    [
        ("map", ({A: 1}, (A, B, 2.5)), (1, None, None)),
        ("filter", (make_set([1, (2,)]), (1, (2,), True, 3)), (1, (2,))),
        ("sort-by", ({A: 2, B: 1}, (A, B)), (B, A)),
        ("every?", (make_set([1]), (1, 1)), True),
        ("update", ({A: B}, A, {B: 5}), {A: 5}),
        ("reduce", ({A: 1}, (A, 2)), 1),
    ],
)
def test_maps_and_sets_look_up(call: Call, name: str, args: tuple[Any, ...], want: Any) -> None:
    assert call(name, *args) == want


@pytest.mark.parametrize(
    ("name", "args", "want"),
    [
        ("map", (fn("inc"), List([1, 2])), (2, 3)),
        ("map", (fn("inc"), BigVector.of(tuple(range(100)))), tuple(range(1, 101))),
        ("map", (fn("string-upper"), "ab"), ("A", "B")),
        ("map", (A, ({A: 1}, {B: 2}, None)), (1, None, None)),
        ("filter", (same, (None, 0, False, "")), (0, "")),
        ("filter", (OK, ({OK: True}, {OK: False}, {})), ({OK: True},)),
        ("remove", (fn("odd?"), List([1, 2, 4])), List([2, 4])),
        ("remove", (lambda c: c == "a", "abca"), "bc"),
        ("remove", (lambda _: 1, (7,)), ()),
        ("reduce", (fn("+"), (1, 2, 3)), 6),
        ("reduce", (fn("-"), 10, (1, 2, 3)), 4),
        ("reduce", (fn("+"), 10, ()), 10),
        ("reduce", (lambda _a, _b: 1 // 0, (7,)), 7),
        ("reduce", (fn("str"), "abc"), "abc"),
        ("reduce", (A, ({A: {B: 1}}, 7)), {B: 1}),
        ("reduce", (fn("and"), True, (1, 2, 3)), 3),
        ("reductions", (fn("+"), (1, 2, 3)), (1, 3, 6)),
        ("reductions", (fn("+"), 0, ()), (0,)),
        ("map-indexed", (pair, (A, B)), ((0, A), (1, B))),
        ("map-indexed", (fn("+"), List([10, 20])), List([10, 21])),
        ("map-indexed", (pair, "a"), ((0, "a"),)),
        ("every?", (fn("odd?"), ()), True),
        ("every?", (lambda _: None, (1,)), False),
        ("some?", (same, (None, 5)), True),
        ("some", (fn("odd?"), ()), False),
        ("not-any?", (fn("odd?"), (2, 4)), True),
        ("keep", (A, ({A: 1}, {}, {A: False})), (1, False)),
        ("mapcat", (lambda x: (x, x), (1, 2)), (1, 1, 2, 2)),
        ("take-while", (fn("odd?"), (1, 3, 4, 5)), (1, 3)),
        ("drop-while", (fn("odd?"), (1, 3, 4, 5)), (4, 5)),
        ("group-by", (fn("odd?"), (1, 2, 3)), {"true": (1, 3), "false": (2,)}),
        ("group-by", (T, ({T: 1}, {U: 2}, 5)), {1: ({T: 1},), "nil": ({U: 2}, 5)}),
        ("group-by", (lambda x: (x, "a"), (1,)), {'[1 "a"]': (1,)}),
        ("group-by", (T, None), {}),
        (
            "group-by",
            (T, ({T: "a"}, {T: A}, {T: "a", U: 1})),
            {"a": ({T: "a"}, {T: "a", U: 1}), A: ({T: A},)},
        ),
        ("group-by", (T, ({T: True}, {T: 1})), {"true": ({T: True},), 1: ({T: 1},)}),
        (
            "group-by",
            (T, ({T: 1}, {T: True}, {T: 1}, {T: 1.0})),
            {1: ({T: 1}, {T: 1}), "true": ({T: True},), "1": ({T: 1.0},)},
        ),
        ("group-by", (T, ({T: 1}, {T: "1"})), {1: ({T: 1},), "1": ({T: "1"},)}),
        ("frequencies", ("aba",), {"a": 2, "b": 1}),
        ("frequencies", ((A, 1, A, True, None),), {A: 2, 1: 1, "true": 1, "nil": 1}),
        ("partition-by", (fn("even?"), (2, 4, 1, 6)), ((2, 4), (1,), (6,))),
        ("sort", (fn(">"), (1, 3, 2)), (3, 2, 1)),
        ("sort", (lambda a, b: len(a) < len(b), ("ccc", "a", "bb", "d")), ("a", "d", "bb", "ccc")),
        ("sort", (lambda a, b: a - b, (3, 1, 2)), (1, 2, 3)),
        (
            "sort-by",
            (fn("first"), (("b", 1), ("a", 1), ("b", 0), ("a", 0))),
            (("a", 1), ("a", 0), ("b", 1), ("b", 0)),
        ),
        ("sort-by", (same, List([2, 1])), List([1, 2])),
        ("sort-by", (same, "ba"), ("a", "b")),
        ("sort-by", (same, (2.0, 1, 2, True, None)), (None, True, 1, 2.0, 2)),
        ("sort-by", (same, fn(">"), (1, 3, 2)), (3, 2, 1)),
        ("apply", (fn("+"), 1, 2, (3, 4)), 10),
        ("apply", (fn("vector"), "ab"), ("a", "b")),
        ("apply", (fn("vector"), 1, None), (1,)),
        ("apply", (fn("vector"), {A: 1}), (A, 1)),
        ("apply", (fn("vector"), ({A: 1}, 2)), (A, 1, 2)),
        ("apply", (fn("vector"), {A: 1}, (2,)), ({A: 1}, 2)),
        ("apply", (A, (None, 9)), 9),
        ("update", ({A: 1}, A, fn("+"), 10, 20), {A: 31}),
        ("update", ({A: 1}, B, fn("nil?")), {A: 1, B: True}),
        ("update", ((5, 6), 0, fn("dec")), (4, 6)),
        ("update", ({U: {V: 3}}, U, V), {U: 3}),
        ("update", ({A: 1}, A, "inc"), {A: 2}),
        ("update-in", ({A: {B: 1}}, (A, B), fn("+"), 10), {A: {B: 11}}),
        ("update-in", ({}, (A, B), fn("nil?")), {A: {B: True}}),
        ("update-vals", ({A: 1}, fn("inc")), {A: 2}),
        ("merge-with", (fn("+"), {A: 1, B: 2}, {A: 10}), {A: 11, B: 2}),
    ],
)
def test_value(call: Call, name: str, args: tuple[Any, ...], want: Any) -> None:
    got = call(name, *args)
    assert equal(got, want), display(got)


@pytest.mark.parametrize(
    ("made", "args", "want"),
    [
        (("constantly", 5), (1, 2), 5),
        (("complement", fn("even?")), (3,), True),
        (("complement", same), (5,), False),
        (("partial", fn("-"), 10), (3,), 7),
        (("partial", fn("+")), (1, 2), 3),
        (("comp", fn("inc"), lambda x: 2 * x), (5,), 11),
        (("comp",), (5,), 5),
        (("comp", A), ({A: 1},), 1),
        (("juxt", fn("inc"), fn("dec")), (5,), (6, 4)),
        (("every-pred", fn("odd?"), fn("pos?")), (-3,), False),
        (("fnil", fn("inc"), 0), (None,), 1),
    ],
)
def test_functions_made(call: Call, made: tuple[Any, ...], args: tuple[Any, ...], want: Any) -> None:
    got = call(*made)(*args)
    assert equal(got, want), display(got)


@pytest.mark.parametrize(
    ("name", "args", "kind"),
    [
        ("map", (fn("inc"), None), "TypeError"),
        ("map", (fn("inc"), {A: 1}), "TypeError"),
        ("map", (fn("+"), (1,), (2,)), "ArityMismatch"),
        ("map", (5, (1,)), "TypeError"),
        ("map", (A, ((1,),)), "TypeError"),
        ("map", (fn("every?"), (1,)), "ArityMismatch"),
        ("filter", (fn("odd?"), "x"), "TypeError"),
        ("filter", (pair, (1,)), "ArityMismatch"),
        ("reduce", (fn("+"), ()), "Generic"),
        ("reduce", (fn("+"), 0, None), "TypeError"),
        ("every?", (fn("odd?"), None), "TypeError"),
        ("mapcat", (fn("inc"), (1,)), "TypeError"),
        ("apply", (fn("+"), ()), "ArityMismatch"),
        ("apply", (fn("+"), 1, 2), "TypeError"),
        ("update", (None, A, fn("inc")), "TypeError"),
        ("update", ((5, 6), 2, fn("dec")), "IndexOutOfBounds"),
        ("update", ({A: 1}, A, "no-such-fn"), "Generic"),
        ("update", ({A: 1}, A, "__builtins__"), "Generic"),
        ("update", ({A: 1}, A, "#cast"), "Generic"),
        ("update", ({A: 1}, A, "println"), "Generic"),
        ("sort-by", (same, None), "TypeError"),
        ("identity", (), "ArityMismatch"),
        ("partial", (5,), "TypeError"),
        ("comp", (5,), "TypeError"),
    ],
)
def test_error(call: Call, name: str, args: tuple[Any, ...], kind: str) -> None:
    with pytest.raises(RtfsError) as caught:
        call(name, *args)
    assert caught.value.kind == kind


@pytest.mark.parametrize(
    "name", ["map", "filter", "remove", "every?", "some?", "keep", "sort-by", "group-by"]
)
def test_a_wrong_callback_over_nothing_is_fine(call: Call, name: str) -> None:
    call(name, pair, ())


def test_loops_stop_at_the_deciding_element(call: Call) -> None:
    seen: list[object] = []

    def note(value: object) -> object:
        seen.append(value)
        return value == 2

    assert call("some?", note, (1, 2, 3)) is True
    assert seen == [1, 2]


def test_growth_by_doubling_ends(call: Call) -> None:
    half = (0,) * (1 << 23)
    with pytest.raises(LimitExceeded):
        call("mapcat", lambda _: half, (1, 2, 3))


def test_sorting_by_a_function_is_stable_at_every_size(call: Call) -> None:
    for size in range(40):
        items = tuple((number * 7 % 5, number) for number in range(size))
        want = tuple(sorted(items, key=lambda item: item[0]))
        assert call("sort", lambda a, b: a[0] < b[0], items) == want
        assert call("sort-by", fn("first"), items) == want


def test_callbacks_nest_as_deep_as_python_allows(call: Call) -> None:
    """The library adds Python frames only: a C recursion would crash 3.11 here, not raise."""

    def down(depth: int) -> object:
        return depth if depth == 0 else call("reduce", lambda _, each: down(each - 1), 0, (depth,))

    with pytest.raises(RecursionError):
        down(10**9)
