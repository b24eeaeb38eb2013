"""Adversarial pairs, tenth set of rules: `adversarial_j.txt`, a sixth hand.

Written after what the ninth set showed was mended. At first sight 2 of 2,500 passed: `can I read my boss's
mail` for `can my boss read my mail`, and two owners swapped. Both were mended by rules, so the set is seen
now.

In: a seed. Out: pairs of lines of that file with their slots filled.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tests.likeness import rules_e
from tests.likeness.drawing import Pair, Rule, draw

FILE = Path(__file__).with_name("adversarial_j.txt")


def rules() -> tuple[Rule, ...]:
    """Make a rule of each line."""
    return rules_e.rules(FILE)


def pairs(count: int, seed: int) -> Iterator[Pair]:
    """Give so many pairs, each once, the lines in turn."""
    yield from draw(rules(), count, seed)
