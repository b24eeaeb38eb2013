"""Run conformance cases in forked children, so that a crash or an endless loop is one failed case.

In: cases and a mode. Out: for each case what is wrong with its answer, or None.
A mode is a way that must not change meaning: `unoptimized` and `simple` are the lower levels of optimization,
`artifact` is the highest, written and read back.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from functools import partial
from typing import Any

from rtfsc.options import Options
from rtfsc.worker.evaluate import evaluate_report
from rtfsc.worker.isolate import IsolationLimits, isolate
from rtfsc.worker.protocol import Mode, Request
from rtfsc.worker.server import end_problem
from tests.conformance.cases import Case, complaint

MODES = {"unoptimized": (0, False), "simple": (1, False), "artifact": (2, True)}
"""For each mode the level, and whether code goes through an artifact."""
_LIMITS = IsolationLimits(timeout_s=20.0)
_TOGETHER = 25


def run(case: Case, mode: str) -> dict[str, Any]:
    """Answer a case as the evaluation service does, with the rendered `report` of a failure in addition."""
    ended = isolate(partial(_job, [_request(case)], mode), _LIMITS)
    if ended.end == "done":
        answer: dict[str, Any] = json.loads(ended.output)[0]
        return answer
    problem = end_problem(ended, _LIMITS)
    return {"ok": False, "stage": "run", "error": problem._asdict(), "report": problem.message}


def run_all(cases: list[Case], mode: str) -> Iterator[dict[str, Any]]:
    """Answer cases in order.

    Many share a child, since a fork costs more than a case; one that takes the child down with it is found by
    running its companions one by one.
    """
    for at in range(0, len(cases), _TOGETHER):
        group = cases[at : at + _TOGETHER]
        ended = isolate(partial(_job, [_request(case) for case in group], mode), _LIMITS)
        if ended.end == "done":
            yield from json.loads(ended.output)
        else:
            yield from (run(case, mode) for case in group)


def _request(case: Case) -> Request:
    kind: Mode = "parse" if "parses" in case.wanted else "run"
    return Request(case.id, case.source, kind, tuple(case.files.items()))


def _job(requests: list[Request], mode: str) -> bytes:
    answers = []
    for request in requests:
        level, through_artifact = MODES[mode]
        options = Options(level=level)
        text, report = evaluate_report(request, options, through_artifact=through_artifact)
        answers.append({**json.loads(text), "report": report})
    return json.dumps(answers).encode()


def failures(cases: Iterable[Case], mode: str) -> Iterator[tuple[Case, str]]:
    """Run cases and give those that fail, each with what is wrong."""
    listed = list(cases)
    for case, answer in zip(listed, run_all(listed, mode), strict=True):
        wrong = complaint(case, answer)
        if wrong is not None:
            yield case, wrong
