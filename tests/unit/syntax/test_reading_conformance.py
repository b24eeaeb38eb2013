"""The public cases, as far as reading alone decides them: good programs read, reports say what is asked."""

from __future__ import annotations

import pytest

from rtfsc.diagnostics import render_text
from rtfsc.source import CompileError, SourceFile
from rtfsc.syntax.parser import parse
from rtfsc.syntax.printer import print_lossless
from tests.conformance.cases import Case, folder, read_cases

PATH = folder()
CASES = read_cases(PATH) if PATH is not None else []
pytestmark = pytest.mark.skipif(PATH is None, reason="no conformance folder")


def accepted(case: Case) -> bool:
    """Tell whether a case must read: an error of an earlier stage than running may be ours."""
    stage = case.wanted.get("error", {}).get("stage")
    return case.wanted.get("parses", True) and (stage == "run" or "error" not in case.wanted)


def test_accepted_programs_are_read_and_printed_without_loss() -> None:
    for case in filter(accepted, CASES):
        source = SourceFile(case.id, case.source)
        assert print_lossless(parse(source, keep_comments=True)) == source.text, case.id


def test_reports_of_refused_programs() -> None:
    seen = 0
    for case in CASES:
        wanted = case.wanted.get("diagnostic")
        try:
            parse(SourceFile(case.id, case.source))
        except CompileError as error:
            assert not accepted(case), case.id
            if wanted is None:
                continue
            seen += 1
            assert error.source is not None
            first = error.diagnostics[0]
            text = render_text(first, error.source)
            assert all(part in text for part in wanted["contains"]), case.id
            place = error.source.line_column(first.span.start)
            assert place == (wanted.get("line", place[0]), wanted.get("column", place[1])), case.id
    assert seen > 5
