"""Candidates for single tokens that mean nothing: numbers, characters, literals of other languages.

In: a report of the reader. Out: edits of the token that it names.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from rtfsc.repair.patient import Candidate, Patient
from rtfsc.source import Edit

_UNITS: Final = re.compile(r"([+-]?\d+(?:\.\d+)?)[A-Za-z%_]+\Z")
_RATIO: Final = re.compile(r"([+-]?\d+)/(\d+)\Z")
_CURLED: Final = re.compile(r"[“”„«»]([^“”„«»\"\n]*)[“”„«»]")
_SET: Final = re.compile(r"#\{([^{}]*)\}")
_PATTERN: Final = re.compile(r'#("(?:[^"\\]|\\.)*")')
_CHARACTER: Final = re.compile(r"\\([a-z]+|[^\s()\[\]{}\"])")
_ANGLED: Final = re.compile(r"([a-z-]+)<:?([a-z-]+)>")
_MARK: Final = re.compile(r"\^:(\w+)(?:[ \t]+(:local))?(?=[ \t]+(:?[\"\w-]+))")
_BAD_ESCAPE: Final = re.compile(r'\\(?!["\\/ntrbfu])')


def candidates(patient: Patient) -> Iterator[Candidate]:
    """Give what the reported token may have been meant for."""
    start, end, word = patient.word()
    if found := _UNITS.match(word):
        yield Candidate(0.0, Edit(start, end, found[1]))
    if found := _RATIO.match(word):
        yield Candidate(0.0, Edit(start, end, f"(/ {found[1]} {found[2]})"))
    yield from _marks(patient)
    if found := _ANGLED.fullmatch(word):
        yield Candidate(0.0, Edit(start, end, f"[:{found[1]} :{found[2]}]"))
    line_start, line_end = patient.line()
    for pattern, made in (
        (_CURLED, r'"\1"'),
        (_SET, r"(set [\1])"),
        (_PATTERN, r"\1"),
        (_CHARACTER, r'"\1"'),
    ):
        for found in pattern.finditer(patient.text, line_start, line_end):
            yield Candidate(0.0, Edit(found.start(), found.end(), found.expand(made)))
    if patient.problem.code == "E007":
        span = patient.problem.span
        whole = patient.text[span.start : line_end]
        close = re.match(r'[^"]*', whole)
        part = whole[: close.end()] if close else whole
        # all of the string's bad escapes at once: one edit is to repair it
        yield Candidate(0.0, Edit(span.start, span.start + len(part), _BAD_ESCAPE.sub(r"\\\\", part)))


def _marks(patient: Patient) -> Iterator[Candidate]:
    """`^:delegate :remote "m"`, `^:delegation "m"`, `^:delegation :local "m"`."""
    for found in _MARK.finditer(patient.text, *patient.line()):
        target = "" if found[3].startswith(":") else " :local-model"
        yield Candidate(0.0, Edit(found.start(), found.end(), f"^:delegation{target}"))
