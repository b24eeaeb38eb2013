"""Ordinary paraphrases: groups of sentences that say the same.

In: nothing. Out: those of `paraphrases.txt` that were looked at while the guards were written, those that
were not, and those of `paraphrases_e.txt`, `_f` and `_g`; of these 100 and 106 of 225 and 85 of 150 passed at
first sight, then they were looked at.
"""

from __future__ import annotations

from pathlib import Path

Groups = list[list[str]]


def groups() -> tuple[Groups, Groups]:
    """Give the groups of even and of odd lines of the first file."""
    found = _read("paraphrases.txt")
    return found[::2], found[1::2]


def domains() -> Groups:
    """Give the groups of many domains."""
    return [group for name in "efg" for group in _read(f"paraphrases_{name}.txt")]


def _read(name: str) -> Groups:
    lines = Path(__file__).with_name(name).read_text(encoding="utf-8").splitlines()
    return [[part.strip() for part in line.split("|")] for line in lines if line and line[0] != "#"]
