"""Adversarial pairs, eleventh set of rules: `adversarial_k.txt`, a seventh hand.

Written after what the tenth set showed was mended. At first sight 5 of 169 lines passed: `apply it` for
`apply for it`, `need a loan` for `need to loan it`, `in the front of`, `isn't it?`, `only it`. All were
mended by rules, so the set is seen now.

In: a seed. Out: pairs of lines of that file with their slots filled.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tests.likeness import rules_e
from tests.likeness.drawing import Pair, Rule, draw

FILE = Path(__file__).with_name("adversarial_k.txt")


def rules() -> tuple[Rule, ...]:
    """Make a rule of each line."""
    return rules_e.rules(FILE)


def pairs(count: int, seed: int) -> Iterator[Pair]:
    """Give so many pairs, each once, the lines in turn."""
    yield from draw(rules(), count, seed)
