"""Adversarial pairs, sixth set of rules: `adversarial_f.txt`, written out like the fifth, in other domains.

Written without regard to the guards, after what the fifth set showed was mended. At first sight 66 of 2,500
passed: two places swapped between clauses, `am I` for `is it`, `barely` for `not`. All were mended by rules,
so the set is seen now.

In: a seed. Out: pairs of lines of that file with their slots filled.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tests.likeness import rules_e
from tests.likeness.drawing import Pair, Rule, draw

FILE = Path(__file__).with_name("adversarial_f.txt")


def rules() -> tuple[Rule, ...]:
    """Make a rule of each line."""
    return rules_e.rules(FILE)


def pairs(count: int, seed: int) -> Iterator[Pair]:
    """Give so many pairs, each once, the lines in turn."""
    yield from draw(rules(), count, seed)
