"""The total order of values."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from runtime_values import NESTS, nest, values

from rtfs_runtime.errors import generic
from rtfs_runtime.ordering import compare_values, sort_values
from rtfs_runtime.sets import make_set
from rtfs_runtime.values import Keyword, List, Symbol

K = Keyword
IN_ORDER: list[object] = [
    None, False, True, -1, 0.5, 1, 2.5, 10**30, "B", "a", "é", K("a"), K("b"), Symbol("a"), (), (1,),
    (1, 9), (2, 1),
    List(), List((9,)), {}, {10: 1}, {9: 1}, {K("a"): 2}, {K("a"): 2, K("b"): 1}, {K("a"): 3}, {"a": 1},
    generic("x"), len, make_set([1]),
]  # fmt: skip


@pytest.mark.parametrize("index", range(len(IN_ORDER) - 1))
def test_order(index: int) -> None:
    for later in IN_ORDER[index + 1 :]:
        assert compare_values(IN_ORDER[index], later) == -1
        assert compare_values(later, IN_ORDER[index]) == 1


def test_sort_sorts() -> None:
    assert sort_values(IN_ORDER[::-1]) == IN_ORDER


def test_numbers_of_equal_value_keep_their_places() -> None:
    assert [type(item) for item in sort_values([2.0, 1, 2, 1.0])] == [int, float, float, int]
    assert sort_values([9007199254740993, 9007199254740992.0]) == [9007199254740992.0, 9007199254740993]


def test_nan_crashes_nothing() -> None:
    assert len(sort_values([2, float("nan"), 1, (float("nan"),), (1,)])) == 5


@given(values, values, values)
def test_total(one: object, two: object, three: object) -> None:
    assert compare_values(one, one) == 0
    assert compare_values(one, two) == -compare_values(two, one)
    if compare_values(one, two) <= 0 and compare_values(two, three) <= 0:
        assert compare_values(one, three) <= 0


@given(st.lists(st.tuples(values, st.integers())))
def test_stable(pairs: list[tuple[object, int]]) -> None:
    found = sort_values([value for value, _ in pairs])
    groups: list[list[object]] = []
    for item in found:
        if groups and compare_values(groups[-1][-1], item) == 0:
            groups[-1].append(item)
        else:
            groups.append([item])
    for group in groups:
        given_order = [value for value, _ in pairs if compare_values(value, group[0]) == 0]
        assert [id(item) for item in group] == [id(item) for item in given_order] or len(group) == len(
            given_order
        )


@pytest.mark.parametrize("kind", NESTS)
def test_deep(kind: str) -> None:
    low, same, high = nest(kind, 1), nest(kind, 1), nest(kind, 2)
    assert compare_values(low, same) == 0
    found = sort_values([high, low])
    assert found[0] is low and found[1] is high


def test_shared_parts_cost_once() -> None:
    left: object = 1
    right: object = 1
    for _ in range(200):
        left, right = (left, left), (right, right)
    assert compare_values(left, right) == 0
