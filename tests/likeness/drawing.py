"""Pairs drawn from rules in turn; the rules of each set stand apart, on purpose, and share no words."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence

Pair = tuple[str, str]
Rule = Callable[[random.Random], Pair]


def draw(rules: Sequence[Rule], count: int, seed: int) -> Iterator[Pair]:
    """Give so many pairs, each once, the rules in turn."""
    chance = random.Random(seed)
    seen: set[Pair] = set()
    turn = 0
    while len(seen) < count:
        pair = rules[turn % len(rules)](chance)
        turn += 1
        if pair not in seen and pair[0] != pair[1]:
            seen.add(pair)
            yield pair
