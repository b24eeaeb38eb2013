"""Candidates for strings whose quotes are wrong: one is missing in a line, or they are single quotes.

In: a text. Out: edits that insert a quote at the end or the beginning of a word, or replace quotes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from rtfsc.repair.patient import Candidate, Patient
from rtfsc.source import Edit

_QUOTE: Final = re.compile(r'(?<!\\)(?:\\\\)*"')
_PLACES: Final = re.compile(
    r"(?<= )(?= )|(?<=[^\s(\[{])(?=[\s)\]}]|$)|(?<=[\s(\[{])(?=[^\s)\]}])|(?<=[)\]}])(?=[)\]}])"
)
_SINGLE: Final = re.compile(r"'([^'\"\n()\[\]{}]*)'")


def candidates(patient: Patient) -> Iterator[Candidate]:
    """Give the places for a missing quote."""
    start = 0
    for line in patient.text.splitlines(keepends=True):
        code = line.rstrip("\r\n")
        quotes = [found.end() - 1 for found in _QUOTE.finditer(code)]
        if len(quotes) % 2 and not code.lstrip().startswith(";"):
            yield from _missing(code, start, quotes)
        start += len(line)


def _missing(line: str, start: int, quotes: list[int]) -> Iterator[Candidate]:
    for found in _PLACES.finditer(line):
        at = found.start()
        near = min(abs(at - quote) for quote in quotes) / (len(line) + 1)
        # most often the quote at the end is missing, behind the last one that is there
        rank = near if at > quotes[-1] else 1 + near
        around = line[max(0, at - 1) : at + 1]
        # between two blanks one of them belonged to the string; two strings side by side are rare
        rank += -0.5 if around == "  " and line[:at].strip() else 3.0 if '"' in around else 0.0
        yield Candidate(rank, Edit(start + at, start + at, '"'))


def single_quotes(patient: Patient) -> Iterator[Candidate]:
    """Give strings for what stands in single quotes in the line of the report."""
    start, end = patient.line()
    for found in _SINGLE.finditer(patient.text, start, end):
        yield Candidate(0.0, Edit(found.start(), found.end(), f'"{found[1]}"'))
