"""How far likeness may be trusted for one function: what was seen, and the threshold that follows.

In: pairs that the guards let pass, each with its likeness and whether the model gave both the same answer.
Out: the lowest threshold at which the share of wrong answers is below the limit with 95 % confidence, or
none: then the function's L3 is off until more is seen. Counting and keeping are left to `l3_semantic`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import lru_cache
from typing import Final, NamedTuple

BIN: Final = 0.01
LOWEST: Final = 0.70
"""Under this likeness nothing is tried."""

DEFAULT_THRESHOLD: Final = 0.75
PRIOR_RIGHT: Final = 300
"""What a function starts with, from the default threshold on: so many pairs seen, none of them wrong. That is
the number with which the limit of 1 % just holds; the corpus in `tests/likeness` is its reason. A stricter
limit starts switched off and learns first."""

_CONFIDENCE: Final = 0.95
_BINS: Final = round(1 / BIN)


class Seen(NamedTuple):
    """The pairs of one function, counted by likeness in hundredths."""

    right: Mapping[int, int]
    wrong: Mapping[int, int]

    def above(self, threshold: float) -> tuple[int, int]:
        """Count the wrong ones, and all, from a threshold on."""
        least = bin_of(threshold)
        wrong = sum(count for place, count in self.wrong.items() if place >= least)
        return wrong, wrong + sum(count for place, count in self.right.items() if place >= least)


class Trust(NamedTuple):
    """What follows: the threshold, None for off; the pairs seen from it on, and the upper bound of the share
    of wrong ones. When off, they are those of the default threshold."""

    threshold: float | None
    bound: float
    wrong: int
    seen: int


def bin_of(likeness: float) -> int:
    """Give the bin of a likeness; a bin holds what is not below its border."""
    # the smallest differences of floats must not move a border into the bin below
    return math.floor(likeness * _BINS + 1e-9)


def trust(seen: Seen, max_error: float, least: float = DEFAULT_THRESHOLD) -> Trust:
    """Find the lowest threshold that holds the limit.

    Shape: `least` is the threshold from which the prior counts; a lower one has to be earned. The first wrong
           pair from `least` on takes the prior away: from then on only what was seen counts.
    """
    refuted = seen.above(least)[0] > 0
    for place in range(bin_of(LOWEST), _BINS + 1):
        threshold = place / _BINS
        wrong, count = seen.above(threshold)
        prior = PRIOR_RIGHT if place >= bin_of(least) and not refuted else 0
        bound = upper_bound(wrong, count + prior)
        if bound <= max_error:
            return Trust(threshold, bound, wrong, count)
    wrong, count = seen.above(least)
    return Trust(None, upper_bound(wrong, count + (0 if refuted else PRIOR_RIGHT)), wrong, count)


@lru_cache(maxsize=4096)
def upper_bound(wrong: int, count: int) -> float:
    """Give the upper end of the one-sided 95 % interval of a share (Clopper and Pearson)."""
    if count == 0 or wrong >= count:
        return 1.0
    low, high = wrong / count, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        if _at_most(wrong, count, middle) > 1 - _CONFIDENCE:
            low = middle
        else:
            high = middle
    return high


def _at_most(wrong: int, count: int, share: float) -> float:
    """Give the probability of at most so many wrong ones."""
    if share <= 0:
        return 1.0
    if share >= 1:
        return 0.0
    log, other = math.log(share), math.log1p(-share)
    ways = math.lgamma(count + 1)
    return math.fsum(
        math.exp(
            ways - math.lgamma(each + 1) - math.lgamma(count - each + 1) + each * log + (count - each) * other
        )
        for each in range(wrong + 1)
    )
