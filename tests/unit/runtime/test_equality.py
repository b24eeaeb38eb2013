"""Equality, membership and canonical keys."""

from __future__ import annotations

import pytest
from hypothesis import given
from runtime_values import DEEP, NESTS, nest, values

from rtfs_runtime.equality import canonical_key, equal, place_of
from rtfs_runtime.errors import RtfsError, generic
from rtfs_runtime.maps import BigMap
from rtfs_runtime.sets import make_set, set_conj, set_disj, set_has
from rtfs_runtime.values import Keyword, List, Symbol, Timestamp, Uuid
from rtfs_runtime.vectors import BigVector

K = Keyword
NAN = float("nan")
HOLDER = (NAN,)


def _one() -> None: ...


SAME = [
    (None, None),
    (3, 3),
    (0.0, -0.0),
    ("a", "a"),
    (K("a"), K("a")),
    ((1, (2,)), (1, (2,))),
    ((1, 2), BigVector.of((1, 2))),
    (List((1,)), List((1,))),
    ({K("a"): 1, "b": (2,)}, {"b": (2,), K("a"): 1}),
    ({1: 2}, BigMap({}, {1: 2}, 1)),
    (make_set([1, (2,), {1: 2}]), make_set([{1: 2}, (2,), 1])),
    (make_set([make_set([1])]), make_set([make_set([1])])),
    (generic("x"), generic("x")),
    (Timestamp("t"), Timestamp("t")),
    (len, len),
    (_one, _one),
]
DIFFERENT = [
    (1, 1.0),
    (1, True),
    (0, False),
    (None, False),
    (None, ()),
    ("a", K("a")),
    (Symbol("a"), K("a")),
    ("t", Timestamp("t")),
    (Uuid("t"), Timestamp("t")),
    (NAN, NAN),
    (HOLDER, HOLDER),
    ((), List(())),
    ((1,), (1, 2)),
    ((1, (2.0,)), (1, (2,))),
    ({K("a"): 1}, {"a": 1}),
    ({K("a"): 1}, {K("a"): 1, K("b"): 2}),
    ({K("a"): HOLDER}, {K("a"): HOLDER}),
    (make_set([1]), make_set([1.0])),
    (make_set([1]), (1,)),
    (2.0, ("float", 2)),
    ({1: 2}, make_set([(1, 2)])),
    (make_set([(1,)]), make_set([(2,)])),
    (generic("x"), generic("y")),
    (generic("x"), "Runtime error: x"),
    (_one, lambda: None),
]


@pytest.mark.parametrize(("left", "right"), SAME)
def test_equal(left: object, right: object) -> None:
    assert equal(left, right)
    assert equal(right, left)
    assert canonical_key(left) == canonical_key(right)
    assert hash(canonical_key(left)) == hash(canonical_key(right))


@pytest.mark.parametrize(("left", "right"), DIFFERENT)
def test_different(left: object, right: object) -> None:
    assert not equal(left, right)
    assert not equal(right, left)
    assert canonical_key(left) != canonical_key(right)


@given(values, values)
def test_keys_meet_exactly_when_values_are_equal(left: object, right: object) -> None:
    assert (canonical_key(left) == canonical_key(right)) == equal(left, right)
    assert canonical_key(left) == canonical_key(left)


def test_membership() -> None:
    assert place_of((1, "a", (2,)), (2,)) == 2
    assert place_of((True, 1.0, 1), 1) == 2
    assert place_of((1, "a"), True) is None
    assert place_of((NAN,), NAN) is None
    assert place_of(((1,),), (1.0,)) is None


@pytest.mark.parametrize("kind", NESTS)
def test_deep(kind: str) -> None:
    left, right, other = nest(kind, 1), nest(kind, 1), nest(kind, 2)
    assert equal(left, right)
    assert not equal(left, other)
    assert canonical_key(left) == canonical_key(right)
    assert canonical_key(left) != canonical_key(other)


def test_deep_sets() -> None:
    def build(core: object) -> object:
        for _ in range(DEEP):
            core = make_set([core, None])
        return core

    assert equal(build(1), build(1))
    assert not equal(build(1), build(2))


def test_shared_parts_cost_once() -> None:
    left: object = 1
    right: object = 1
    for _ in range(200):
        left, right = (left, left), (right, right)
    assert equal(left, right)
    assert canonical_key(left) == canonical_key(right)


@pytest.mark.parametrize("change", [1.0, True, NAN, (1,), BigVector.of((1,)), "1", None])
@pytest.mark.parametrize("filled", [1, 1.5, float("inf"), "a", ((2, 3), (4,)), List((1,))])
def test_rows(filled: object, change: object) -> None:
    rows = tuple((filled, at, (filled,)) for at in range(20))
    for at in range(0, 20, 6):
        for place in range(3):
            changed = (*rows[at][:place], change, *rows[at][place + 1 :])
            others = (*rows[:at], changed, *rows[at + 1 :])
            same = equal(rows[at][place], change)
            assert equal(rows, others) == equal(others, rows) == same
            assert equal((rows,) * 20, (others,) * 20) == same
            assert equal(others, others) == (change is not NAN)
    assert not equal(rows, (*rows[:19], (*rows[19], 1)))
    assert not equal(rows, ((filled, 0), (filled, (filled,), filled, 1), *rows[2:]))


def test_deep_rows() -> None:
    left: object = 1
    right: object = 1
    wrong: object = 2
    for _ in range(DEEP // 10):
        left, right, wrong = ((left,), *((),) * 20), ((right,), *((),) * 20), ((wrong,), *((),) * 20)
    assert equal(left, right)
    assert not equal(left, wrong)


def test_shared_rows_cost_once() -> None:
    left: object = ()
    right: object = ()
    for _ in range(40):
        left, right = (left,) * 20, (right,) * 20
    assert equal(left, right)
    assert not equal(left, (right, right))


def test_colliding_hashes_are_told_apart() -> None:
    modulus = (1 << 61) - 1
    left, right = make_set([(1,), (1 + modulus,)]), make_set([(1 + modulus,), (1,)])
    assert equal(left, right)
    assert not equal(left, make_set([(1,), (1 + 2 * modulus,)]))


def test_sets() -> None:
    group = make_set([3, 1, 3.0, True, 1])
    assert list(group) == [3, 1, 3.0, True]
    assert [type(item) for item in group] == [int, int, float, bool]
    assert set_has(group, True) and not set_has(group, "3")
    assert set_conj(group, 1) is group
    assert set_disj(group, "no") is group
    assert list(set_disj(set_conj(group, (1,)), 3)) == [1, 3.0, True, (1,)]
    many = make_set(range(100))
    assert len(set_conj(many, "x")) == 101 and len(many) == 100
    assert equal(set_disj(set_conj(many, "x"), "x"), many)


def test_error_is_compared_by_message() -> None:
    assert equal(RtfsError("DivisionByZero"), RtfsError("DivisionByZero", {"x": 1}))
