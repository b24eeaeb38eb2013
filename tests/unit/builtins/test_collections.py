"""Sequences, building, maps, sorting, by their meaning."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest

from rtfs_runtime.equality import equal
from rtfs_runtime.errors import LimitExceeded, RtfsError
from rtfs_runtime.maps import BigMap, map_assoc
from rtfs_runtime.printer import display
from rtfs_runtime.sets import make_set
from rtfs_runtime.values import Keyword, List
from rtfs_runtime.vectors import BigVector

Call = Callable[..., Any]
A, B, C, X, Z = (Keyword(text) for text in "abcxz")
BIG = BigVector.of(tuple(range(300)))


def big_map(size: int) -> Any:
    made: Any = {}
    for number in range(size):
        made = map_assoc(made, number, number)
    return made


@pytest.mark.parametrize(
    ("name", "args", "want"),
    [
        ("count", ({A: 1, B: 2},), 2),
        ("count", ("çà",), 2),
        ("count", (BIG,), 300),
        ("count", (make_set([1, 1, 2]),), 2),
        ("length", ("çà",), 4),
        ("length", ("\ud800",), 3),
        ("empty?", (None,), True),
        ("empty?", (List(),), True),
        ("empty?", (0,), False),
        ("not-empty", ((),), None),
        ("first", ("été",), "é"),
        ("first", ((),), None),
        ("first", (BIG,), 0),
        ("second", ((1, 2),), 2),
        ("rest", ("abc",), "bc"),
        ("rest", (List([1, 2]),), List([2])),
        ("rest", ((),), ()),
        ("last", ((),), None),
        ("last", ("",), ""),
        ("last", (BIG,), 299),
        ("butlast", (List([1, 2]),), List([1])),
        ("nth", ((10, 20), 1), 20),
        ("nth", ((10, 20), 5, X), X),
        ("nth", ("abc", 1), "b"),
        ("nth", (BIG, 299), 299),
        ("subvec", ((1, 2, 3, 4), 1, 3), (2, 3)),
        ("subvec", ((1, 2), 2), ()),
        ("take", (2, "hello"), "he"),
        ("take", (-1, (1, 2)), (1, 2)),
        ("take", (10**30, (1, 2)), (1, 2)),
        ("drop", (-1, (1, 2)), ()),
        ("drop", (1, List([1, 2])), List([2])),
        ("take-last", (2, (1, 2, 3)), (2, 3)),
        ("take-last", (-1, (1, 2, 3)), ()),
        ("drop-last", (1, (1, 2, 3)), (1, 2)),
        ("reverse", ("añb",), "bña"),
        ("reverse", (List([1, 2]),), List([2, 1])),
        ("distinct", ((2, 2.0, 2, "a", True, 1, "a"),), (2, 2.0, "a", True, 1)),
        ("distinct", ("hello",), "helo"),
        ("distinct", (List([1, 1, 2]),), List([1, 2])),
        ("distinct", (((1,), (1,), List([1])),), ((1,), List([1]))),
        ("partition", (2, (1, 2, 3)), ((1, 2), (3,))),
        ("split-at", (1, (1, 2, 3)), ((1,), (2, 3))),
        ("interpose", (0, (1, 2, 3)), (1, 0, 2, 0, 3)),
        ("interpose", (0, ()), ()),
        ("interleave", ((1, 2, 3), (A, B)), (1, A, 2, B)),
        ("flatten", ((1, (2, List([3, (4,)])), ()),), (1, 2, 3, 4)),
        ("index-of", ((5, 6), 6), 1),
        ("index-of", ((5, 6.0), 6), None),
        ("index-of", ((True, 1.0, 1), 1), 2),
        ("index-of", ((1, (1,)), (1,)), 1),
        ("index-of", ("abc", "c"), 2),
        ("contains?", ((5, 6), 6), True),
        ("contains?", ((1,), 1.0), False),
        ("contains?", ({A: None}, A), True),
        ("contains?", ({1: 1}, True), False),
        ("contains?", ({A: 1}, (1,)), False),
        ("contains?", ("abc", "bc"), True),
        ("contains?", ("abc", 1), False),
        ("contains?", ((math.nan,), math.nan), False),
        ("contains?", (make_set([(1,)]), (1,)), True),
        ("vec", (List([1, 2]),), (1, 2)),
        ("vec", ({A: 1},), ((A, 1),)),
        ("list", (1, None), List([1, None])),
        ("hash-map", (A, 1, A, 2), {A: 2}),
        ("conj", ((1,), 2, 3), (1, 2, 3)),
        ("conj", (List([1]), 2), List([1, 2])),
        ("conj", ({A: 1}, (B, 2)), {A: 1, B: 2}),
        ("cons", (0, (1,)), (0, 1)),
        ("cons", (0, List([1])), List([0, 1])),
        ("concat", ((1,), "ab", None, 2, List([3])), (1, "a", "b", None, 2, 3)),
        ("concat", (), ()),
        ("into", ({}, ((A, 1), (B, 2))), {A: 1, B: 2}),
        ("into", ((), {A: 1}), ((A, 1),)),
        ("into", (List([1]), (2,)), List([1, 2])),
        ("into", ({A: 1}, {A: 2}), {A: 2}),
        ("range", (3,), (0, 1, 2)),
        ("range", (5, 1), ()),
        ("range", (0, 10, 3), (0, 3, 6, 9)),
        ("range", (3, 0, -1), (3, 2, 1)),
        ("range", (0, 5, 0), ()),
        ("range", (10**30, 10**30 + 2), (10**30, 10**30 + 1)),
        ("numbers", (1.9, 3.9), (1, 2, 3)),
        ("numbers", (3, 1), ()),
        ("repeat", (3, A), (A, A, A)),
        ("repeat", (-1, A), ()),
        ("zipmap", ((A, B), (1, 2, 3)), {A: 1, B: 2}),
        ("key", ((A, 1),), A),
        ("val", ((A, 1),), 1),
        ("get", ({A: None}, A, 9), None),
        ("get", ({A: 1}, "a", X), X),
        ("get", ((10, 20), -1), None),
        ("get", ((10, 20), 5, 0), 0),
        ("get", (RtfsError("DivisionByZero"), Keyword("kind")), "DivisionByZero"),
        ("get-in", ({A: ({"b": 5},)}, (A, 0, "b")), 5),
        ("get-in", ({A: 1}, (X, Z), 7), 7),
        ("get-in", ({1: X}, (1,)), X),
        ("get-in", ({1: X}, (True,)), None),
        ("get-in", (5, ()), 5),
        ("find", ({A: None}, A), (A, None)),
        ("find", ({"nil": 2}, None), None),
        ("assoc", ({A: 1}, B, 2), {A: 1, B: 2}),
        ("assoc", ((1, 2, 3), 0, A, 2, C), (A, 2, C)),
        ("assoc", ({}, A, 1, "a", 2, 1, 3, "1", 4), {A: 1, "a": 2, 1: 3, "1": 4}),
        ("dissoc", ({A: 1, B: 2}, B, Z, 1.5), {A: 1}),
        ("dissoc", ({1: 1}, True), {1: 1}),
        ("merge", ({A: {X: 1}}, {A: {Z: 2}}), {A: {Z: 2}}),
        ("keys", ({Z: 1, A: 2, "m": 3, 5: 4},), (Z, A, "m", 5)),
        ("vals", ({A: 5},), (5,)),
        ("entries", ({A: 5},), ((A, 5),)),
        ("select-keys", ({A: 1, B: 2, C: 3}, (A, C, Z)), {A: 1, C: 3}),
        ("rename-keys", ({A: 1, B: 2}, {A: X}), {X: 1, B: 2}),
        ("assoc-in", ({}, (A, B), 1), {A: {B: 1}}),
        ("assoc-in", ({A: (1, 2)}, (A, 1), X), {A: (1, X)}),
        ("sort", ((3, 1.5, 2),), (1.5, 2, 3)),
        ("sort", ("hello",), "ehllo"),
        ("sort", (List([2, 1]),), List([1, 2])),
        ("sort", ((),), ()),
        ("last-index-of", ((1, True, 1.0, 1, True), 1), 3),
        ("last-index-of", ("aba", "x"), None),
        ("distinct?", ((1,), (1.0,), (True,)), True),
        ("distinct?", ({1: (2,)}, {1: (2,)}), False),
    ],
)
def test_value(call: Call, name: str, args: tuple[Any, ...], want: Any) -> None:
    got = call(name, *args)
    assert equal(got, want), display(got)


@pytest.mark.parametrize(
    ("name", "args", "kind"),
    [
        ("count", (None,), "TypeError"),
        ("length", (5,), "TypeError"),
        ("first", (None,), "TypeError"),
        ("first", ({A: 1},), "TypeError"),
        ("nth", ((10, 20), -1), "IndexOutOfBounds"),
        ("nth", ((1,), "0"), "TypeError"),
        ("nth", ((1,), True), "TypeError"),
        ("nth", (None, 0, X), "TypeError"),
        ("subvec", ((1, 2), 3), "IndexOutOfBounds"),
        ("subvec", ((1, 2), 1, 0), "IndexOutOfBounds"),
        ("take", (1.0, (1,)), "TypeError"),
        ("partition", (0, (1,)), "TypeError"),
        ("partition", (1.5, (1,)), "TypeError"),
        ("contains?", (None, 1), "TypeError"),
        ("hash-map", (A,), "ArityMismatch"),
        ("hash-map", (1.5, X), "TypeError"),
        ("hash-map", (True, X), "TypeError"),
        ("conj", (None, 1), "TypeError"),
        ("conj", ({}, (1.5, 2)), "TypeError"),
        ("conj", ({}, (A,)), "TypeError"),
        ("cons", ("a", "bc"), "TypeError"),
        ("into", ({}, (1,)), "TypeError"),
        ("into", (None, ()), "TypeError"),
        ("range", (0.0, 2), "TypeError"),
        ("range", (True,), "TypeError"),
        ("numbers", ("1", 2), "TypeError"),
        ("set", (None,), "TypeError"),
        ("get", (None, A, 1), "TypeError"),
        ("get", ("abc", 0), "TypeError"),
        ("get", ((1,), A), "TypeError"),
        ("get", ({A: 1}, 1.5), "TypeError"),
        ("get", ({1: 1}, True), "TypeError"),
        ("get-in", ({A: 1}, A), "TypeError"),
        ("find", ((1,), 0), "TypeError"),
        ("assoc", (None, A, 1), "TypeError"),
        ("assoc", ({}, None, 1), "TypeError"),
        ("assoc", ({}, A, 1, None, 1), "TypeError"),
        ("assoc", ((7, 8), 2, X), "IndexOutOfBounds"),
        ("assoc", ((7, 8), -1, X), "IndexOutOfBounds"),
        ("assoc", ({A: 1}, B), "ArityMismatch"),
        ("assoc", ({A: 1}, B, 1, C), "ArityMismatch"),
        ("dissoc", ((1,), 0), "TypeError"),
        ("dissoc", ({},), "ArityMismatch"),
        ("merge", ({A: 1}, None), "TypeError"),
        ("keys", (None,), "TypeError"),
        ("zipmap", ((None,), (1,)), "TypeError"),
        ("assoc-in", (5, (A,), 1), "TypeError"),
        ("sort", (None,), "TypeError"),
    ],
)
def test_error(call: Call, name: str, args: tuple[Any, ...], kind: str) -> None:
    with pytest.raises(RtfsError) as caught:
        call(name, *args)
    assert caught.value.kind == kind


@pytest.mark.parametrize(
    ("name", "args"),
    [
        ("range", (1_000_000_000_000,)),
        ("range", (0, -(10**40), -1)),
        ("numbers", (0, 10**40)),
        ("repeat", (10**18, 0)),
        ("interpose", (0, (0,) * 10_000_000)),
    ],
)
def test_huge_collections_are_refused_at_once(call: Call, name: str, args: tuple[Any, ...]) -> None:
    with pytest.raises(LimitExceeded):
        call(name, *args)


def test_shared_parts_do_not_explode(call: Call) -> None:
    value: Any = (1,)
    for _ in range(60):
        value = (value, value)
    with pytest.raises(LimitExceeded):
        call("flatten", value)


def test_first_error_names_what_is_taken(call: Call) -> None:
    with pytest.raises(RtfsError) as caught:
        call("first", 8)
    assert caught.value.message == "Type error in first: expected vector, list, or string, got integer"


def test_index_error_names_the_index_and_the_length(call: Call) -> None:
    with pytest.raises(RtfsError) as caught:
        call("nth", (1,), 4)
    assert caught.value.message == "Index 4 out of bounds for collection of length 1"


def test_what_comes_in_is_never_changed(call: Call) -> None:
    small: Any = {A: 1}
    large = big_map(200)
    for source in (small, large):
        before = display(source)
        for changed in (
            call("assoc", source, A, 9, B, 2, C, 3),
            call("dissoc", source, A),
            call("merge", source, {A: 3}),
            call("into", source, ((A, 5),)),
            call("conj", source, (A, 6)),
        ):
            assert changed is not source or A not in source
        assert display(source) == before


@pytest.mark.parametrize("size", [0, 1, 63, 64, 65, 1000])
def test_big_and_small_maps_agree(call: Call, size: int) -> None:
    plain = {number: number for number in range(size)}
    large = big_map(size)
    assert call("count", large) == size
    assert call("keys", large) == tuple(plain)
    assert equal(call("merge", large, {A: 1}), {**plain, A: 1})
    assert equal(call("merge", {A: 1}, large), {A: 1, **plain})
    assert equal(call("into", {}, large), plain)
    assert call("get", large, size, X) is X
    changed = call("assoc", call("dissoc", large, 0), 0, 1) if size else large
    assert call("keys", changed) == (*tuple(plain)[1:], *tuple(plain)[:1])


def test_a_big_map_is_merged_without_a_copy(call: Call) -> None:
    assert isinstance(call("merge", big_map(1000), {A: 1}), BigMap)


def test_big_vectors_read_like_small_ones(call: Call) -> None:
    assert call("rest", BIG)[:2] == (1, 2)
    assert call("take", 2, BIG) == (0, 1)
    assert equal(call("assoc", BIG, 299, X), (*range(299), X))
    assert call("subvec", BIG, 298) == (298, 299)
    assert call("get", BIG, 300, X) is X
    assert call("reverse", BIG)[0] == 299


def test_sets_iterate_in_insertion_order(call: Call) -> None:
    made = call("set", (3, 1, 3, 1.0, True, "a"))
    assert display(made) == '(set [3 1 1 true "a"])'
    assert display(call("conj", made, 3, 9)) == '(set [3 1 1 true "a" 9])'
    assert call("vec", made) == (3, 1, 1.0, True, "a")
