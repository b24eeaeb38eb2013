"""The evaluation service: a process that has the compiler imported and forks a child for every line.

In: lines of `protocol`, on any binary stream. Out: one answer a line, in order, flushed before the next
line is read. What a program means is left to `evaluate`; how a child is confined, to `isolate`.
Source: decisions, rulings 10 and 31.
"""

from __future__ import annotations

import gc
from functools import partial
from typing import BinaryIO

from rtfsc.worker import protocol
from rtfsc.worker.evaluate import evaluate_text
from rtfsc.worker.isolate import Ended, IsolationLimits, isolate
from rtfsc.worker.protocol import BadRequest, Problem, Request

MAX_LINE_BYTES = 256 << 20


def serve(lines: BinaryIO, answers: BinaryIO) -> None:
    """Answer every line until the input ends."""
    warm()
    while line := lines.readline(MAX_LINE_BYTES):
        if len(line) >= MAX_LINE_BYTES and not line.endswith(b"\n"):
            _skip_line(lines)
            answer = protocol.failure_text(None, BadRequest("the line is too long").problem)
        else:
            answer = answer_line(line)
        answers.write(answer.encode() + b"\n")
        answers.flush()


def warm() -> None:
    """Make later forks cheap: what lives now is never walked, so its pages stay shared."""
    gc.collect()
    gc.freeze()


def answer_line(line: bytes) -> str:
    """Answer one line; the program runs in a child."""
    try:
        request = protocol.parse_request(line)
    except BadRequest as error:
        return protocol.failure_text(error.id, error.problem)
    return answer_request(request)


def answer_request(request: Request, limits: IsolationLimits | None = None) -> str:
    """Answer one request; the program runs in a child."""
    limits = (limits or IsolationLimits())._replace(timeout_s=request.timeout_s)
    ended = isolate(partial(_job, request), limits)
    if ended.end == "done":
        return ended.output.decode()
    return protocol.failure_text(request.id, end_problem(ended, limits))


def _job(request: Request) -> bytes:
    return evaluate_text(request).encode()


def end_problem(ended: Ended, limits: IsolationLimits) -> Problem:
    """Say as an answer how a child ended that gave none."""
    if ended.end == "crash":
        return Problem("run", "InternalError", None, f"Internal error: the process died ({ended.detail})")
    sizes = {
        "time": f"{limits.timeout_s:g} s",
        "memory": f"{limits.memory_bytes} bytes",
        "output": f"{limits.output_bytes} bytes",
    }
    message = f"Resource budget exhausted: {ended.end} (policy: {sizes[ended.end]})"
    return Problem("run", "BudgetExhausted", None, message)


def _skip_line(lines: BinaryIO) -> None:
    while (rest := lines.readline(1 << 20)) and not rest.endswith(b"\n"):
        pass
