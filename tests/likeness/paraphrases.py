"""The ordinary paraphrases of `paraphrases.txt`.

In: nothing. Out: groups of sentences that say the same: those that were looked at while the guards were
written, and those that were not.
"""

from __future__ import annotations

from pathlib import Path

FILE = Path(__file__).with_name("paraphrases.txt")


def groups() -> tuple[list[list[str]], list[list[str]]]:
    """Give the groups of even and of odd lines."""
    lines = [line for line in FILE.read_text(encoding="utf-8").splitlines() if line and line[0] != "#"]
    found = [[part.strip() for part in line.split("|")] for line in lines]
    return found[::2], found[1::2]
