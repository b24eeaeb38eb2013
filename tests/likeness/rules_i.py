"""Adversarial pairs, ninth set of rules: `adversarial_i.txt`, a fifth hand.

Written after what the eighth set showed was mended. At first sight 19 of 2,500 passed: `logged me in` for
`logged in`, `not me` for `not Anna`. Both were mended by rules, so the set is seen now.

In: a seed. Out: pairs of lines of that file with their slots filled.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tests.likeness import rules_e
from tests.likeness.drawing import Pair, Rule, draw

FILE = Path(__file__).with_name("adversarial_i.txt")


def rules() -> tuple[Rule, ...]:
    """Make a rule of each line."""
    return rules_e.rules(FILE)


def pairs(count: int, seed: int) -> Iterator[Pair]:
    """Give so many pairs, each once, the lines in turn."""
    yield from draw(rules(), count, seed)
