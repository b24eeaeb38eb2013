"""Suggest for each report about a program the one edit that repairs it best, by trying.

In: a source, and what was reported about it. Out: the reports, with edits whose results were examined as the
program was. Candidates come from the makers beside this file; none of them is suggested unless it leaves
fewer reports than there were.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Final, NamedTuple

from rtfsc.driver import examine
from rtfsc.options import DEFAULT, Options
from rtfsc.repair import brackets, literals, quotes, shapes, types, words
from rtfsc.repair.oddness import oddness
from rtfsc.repair.patient import Candidate, Patient
from rtfsc.repair.shapes import filled
from rtfsc.source import Diagnostic, Edit, SourceFile
from rtfsc.syntax.parser import parse
from rtfsc.units import Env

Examine = Callable[[SourceFile], tuple[Diagnostic, ...]]

# reports that are given an edit, edits tried for each, and the largest text that is worth it
_MOST_REPORTS: Final = 8
_MOST_TRIED: Final = 120
_MOST_TRIED_IN_ALL: Final = 500
# examining costs about a microsecond for each character: a large text gets fewer tries
_MOST_CHARACTERS: Final = 3_000_000
_LARGEST_TEXT: Final = 200_000
_BRACKET_CODES: Final = frozenset({"E020", "E021", "E022"})
_TOKEN_CODES: Final = frozenset(
    {"E002", "E003", "E004", "E005", "E007", "E010", "E011", "E012", "E015", "E220", "W001"}
)
_TYPE_CODES: Final = frozenset({"E101", "E115", "E301", "E302"})


class Score(NamedTuple):
    """How wrong a text is: whether it can be read, errors, warnings."""

    unreadable: bool
    errors: int
    warnings: int


def checked(source: SourceFile, options: Options = DEFAULT, env: Env | None = None) -> list[Diagnostic]:
    """Report all that is wrong with a text, with the edits that would repair it."""

    def again(text: SourceFile) -> tuple[Diagnostic, ...]:
        return examine(text, options, env)

    return with_edits(again(source), source, again)


def with_edits(found: Iterable[Diagnostic], source: SourceFile, again: Examine) -> list[Diagnostic]:
    """Give reports with the best edit for each; `again` examines a text as the reports' own was."""
    reports = list(found)
    if len(source.text) > _LARGEST_TEXT:
        return reports
    search = _Search(source, _score(reports), again)
    return [search.improve(each) if number < _MOST_REPORTS else each for number, each in enumerate(reports)]


def _score(found: Iterable[Diagnostic]) -> Score:
    errors = [each for each in found if each.severity == "error"]
    unreadable = any(each.code.startswith("E0") for each in errors)
    return Score(unreadable, len(errors), sum(each.severity != "error" for each in found))


class _Outcome(NamedTuple):
    """What a text is worth, and what is reported where."""

    score: Score
    oddness: int
    places: frozenset[tuple[str, int]]


_BEST: Final = (Score(False, 0, 0), 0)


class _Search:
    def __init__(self, source: SourceFile, score: Score, again: Examine) -> None:
        self._source = source
        self._score = score
        self._again = again
        self._known: dict[str, _Outcome] = {}
        self._most = min(_MOST_TRIED_IN_ALL, _MOST_CHARACTERS // (len(source.text) + 1))

    def improve(self, report: Diagnostic) -> Diagnostic:
        """Give a report its best edit."""
        patient = Patient(self._source, report)
        best: tuple[Score, int, float] | None = None
        chosen: Edit | None = None
        for rank, edit in _in_order(_makers(patient), self._source.text):
            if len(self._known) >= self._most:
                break
            score, odd, places = self._try(edit)
            if (report.code, _moved(report.span.start, edit)) in places or _is_cause(edit, places):
                # it repairs something else, or is what is wrong now
                continue
            if score < self._score and (best is None or (score, odd, rank) < best):
                best, chosen = (score, odd, rank), edit
                if (score, odd) == _BEST:
                    break
        if chosen is None or chosen == report.edit:
            return report
        return replace(report, edit=chosen)

    def _try(self, edit: Edit) -> _Outcome:
        text = edit.apply(self._source.text)
        known = self._known.get(text)
        if known is None:
            source = SourceFile(self._source.name, text)
            found = self._again(source)
            score = _score(found)
            places = frozenset((each.code, each.span.start) for each in found)
            odd = 0 if score.unreadable else oddness(parse(source).forms)
            known = self._known[text] = _Outcome(score, odd, places)
        return known


def _moved(at: int, edit: Edit) -> int:
    """Give the place in the edited text of a place in the text."""
    return at if at < edit.end else at + len(edit.replacement) - (edit.end - edit.start)


def _is_cause(edit: Edit, places: frozenset[tuple[str, int]]) -> bool:
    """Tell whether a warning stands in the text that an edit brings."""
    end = edit.start + len(edit.replacement)
    return any(code[0] == "W" and edit.start <= at < end for code, at in places)


def _makers(patient: Patient) -> Iterator[Candidate]:
    report = patient.problem
    if report.edit is not None:
        # what was suggested where the mistake was found; brackets are better judged by indentation
        yield Candidate(3.0 if report.code in _BRACKET_CODES else -0.5, report.edit)
    if report.code.startswith("W1"):
        # what types forbid: many changes would make the report go away, and few of them were meant
        yield from shapes.exchanged(patient)
        return
    yield from words.candidates(patient)
    if report.code in _TOKEN_CODES:
        yield from literals.candidates(patient)
    yield from quotes.single_quotes(patient)
    if patient.forms:
        if report.code in _TYPE_CODES:
            yield from types.candidates(patient)
        yield from shapes.candidates(patient)
    else:
        yield from quotes.candidates(patient)
    if report.code in _BRACKET_CODES:
        yield from brackets.candidates(patient)


def _in_order(candidates: Iterator[Candidate], text: str) -> list[Candidate]:
    ordered = sorted(candidates, key=lambda each: each.rank)
    found: dict[Edit, Candidate] = {}
    for rank, edit in ordered:
        whole = filled(edit, text)
        found.setdefault(whole, Candidate(rank, whole))
    return list(found.values())[:_MOST_TRIED]
