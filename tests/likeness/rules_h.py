"""Adversarial pairs, eighth set of rules: `adversarial_h.txt`, a fourth hand.

Written after what the seventh set showed was mended. At first sight 29 of 2,500 passed: `remind Anna that I
paid` for `remind me that Anna paid`, `this one` and `that one` swapped, `what a laptop` for `what is`. All
were mended by rules, so the set is seen now.

In: a seed. Out: pairs of lines of that file with their slots filled.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tests.likeness import rules_e
from tests.likeness.drawing import Pair, Rule, draw

FILE = Path(__file__).with_name("adversarial_h.txt")


def rules() -> tuple[Rule, ...]:
    """Make a rule of each line."""
    return rules_e.rules(FILE)


def pairs(count: int, seed: int) -> Iterator[Pair]:
    """Give so many pairs, each once, the lines in turn."""
    yield from draw(rules(), count, seed)
