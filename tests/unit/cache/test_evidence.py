"""What follows from what was seen of a function."""

from __future__ import annotations

import pytest

from rtfs_runtime.cache.evidence import (
    DEFAULT_THRESHOLD,
    Seen,
    bin_of,
    trust,
    upper_bound,
)


@pytest.mark.parametrize(
    ("wrong", "count", "bound"),
    # of the one-sided exact binomial interval, from tables
    [
        (0, 300, 0.009936),
        (0, 59, 0.049508),
        (1, 100, 0.046559),
        (5, 1000, 0.010484),
        (0, 1, 0.95),
        (3, 3, 1.0),
        (0, 0, 1.0),
    ],
)
def test_upper_bounds(wrong: int, count: int, bound: float) -> None:
    assert upper_bound(wrong, count) == pytest.approx(bound, abs=1e-6)


def test_a_function_starts_at_the_default() -> None:
    found = trust(Seen({}, {}), 0.01)
    assert found.threshold == DEFAULT_THRESHOLD
    assert found.bound < 0.01


def test_a_stricter_limit_has_to_be_earned() -> None:
    assert trust(Seen({}, {}), 0.001).threshold is None
    assert trust(Seen({90: 2700}, {}), 0.001).threshold == DEFAULT_THRESHOLD


def test_the_first_wrong_answer_switches_off() -> None:
    found = trust(Seen({85: 40, 95: 60}, {80: 1}), 0.01)
    assert found.threshold is None
    assert (found.wrong, found.seen) == (1, 101)
    assert found.bound > 0.01


def test_enough_right_ones_switch_on_again_above_it() -> None:
    assert trust(Seen({85: 299}, {80: 1}), 0.01).threshold == 0.81
    # from where all of them together hold the limit
    assert trust(Seen({85: 480}, {80: 1}), 0.01).threshold == 0.70


def test_a_lower_threshold_is_learned() -> None:
    assert trust(Seen({72: 299}, {}), 0.01).threshold == 0.70
    assert trust(Seen({72: 298}, {}), 0.01).threshold == 0.75
    # wrong ones far below say nothing against the default
    assert trust(Seen({}, {71: 5}), 0.01).threshold == 0.75


def test_a_border_belongs_to_its_bin() -> None:
    assert [bin_of(place / 100) for place in range(101)] == list(range(101))
    assert bin_of(0.7599999) == 75
