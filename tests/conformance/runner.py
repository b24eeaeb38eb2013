"""Run conformance cases, each in a forked child, so that a crash or an endless loop is one failed case.

In: cases and a mode. Out: for each case what is wrong with its answer, or None.
A mode is a way that must not change meaning: `plain` runs the code as compiled, `artifact` writes it and
reads it back.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from functools import partial
from typing import Any

from rtfsc.worker.evaluate import evaluate_report
from rtfsc.worker.isolate import IsolationLimits, isolate
from rtfsc.worker.protocol import Request
from rtfsc.worker.server import end_problem
from tests.conformance.cases import Case, complaint

MODES = ("plain", "artifact")
_LIMITS = IsolationLimits(timeout_s=20.0)


def run(case: Case, mode: str) -> dict[str, Any]:
    """Answer a case as the evaluation service does, with the rendered `report` of a failure in addition."""
    request = Request(
        case.id, case.source, "parse" if "parses" in case.wanted else "run", tuple(case.files.items())
    )
    ended = isolate(partial(_job, request, mode), _LIMITS)
    if ended.end == "done":
        answer: dict[str, Any] = json.loads(ended.output)
        return answer
    problem = end_problem(ended, _LIMITS)
    return {"ok": False, "stage": "run", "error": problem._asdict(), "report": problem.message}


def _job(request: Request, mode: str) -> bytes:
    text, report = evaluate_report(request, through_artifact=mode == "artifact")
    answer = json.loads(text)
    return json.dumps({**answer, "report": report}).encode()


def failures(cases: Iterable[Case], mode: str) -> Iterator[tuple[Case, str]]:
    """Run cases and give those that fail, each with what is wrong."""
    for case in cases:
        wrong = complaint(case, run(case, mode))
        if wrong is not None:
            yield case, wrong
