"""The lines that go in and out of the evaluation service.

In: one line of bytes. Out: a `Request`, or `BadRequest`; and the text of answers. Doing what a request asks
is left to `evaluate`, keeping it inside its limits to `server`.
Source: decisions, ruling 31.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any, Literal, NamedTuple

Mode = Literal["run", "parse"]
Stage = Literal["request", "parse", "compile", "run"]

DEFAULT_TIMEOUT_S = 10.0
MAX_TIMEOUT_S = 3600.0


class Request(NamedTuple):
    """One program to evaluate: `files` are the modules it may import, `grants` as for `--allow`.

    With `arguments`, which no line can ask for, its `main` is called when it has one, as `rtfsc run` does.
    """

    id: Any
    source: str
    mode: Mode = "run"
    files: tuple[tuple[str, str], ...] = ()
    timeout_s: float = DEFAULT_TIMEOUT_S
    grants: tuple[str, ...] = ()
    arguments: tuple[str, ...] | None = None


class Problem(NamedTuple):
    """Why a request has no value. Line and column count from 1; None where there is no place."""

    stage: Stage
    kind: str
    code: str | None
    message: str
    line: int | None = None
    column: int | None = None


class BadRequest(Exception):
    """A line that is no request; `id` is what could be read of it."""

    def __init__(self, message: str, id: Any = None) -> None:
        super().__init__(message)
        self.id = id

    @property
    def problem(self) -> Problem:
        """The answer it gets."""
        return Problem("request", "InvalidRequest", None, str(self))


def parse_request(line: bytes) -> Request:
    """Read one line. Raises: BadRequest."""
    try:
        data = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise BadRequest(f"not a JSON object: {error}") from None
    if not isinstance(data, dict):
        raise BadRequest("not a JSON object")
    id = data.get("id")
    if not (id is None or isinstance(id, str | int | float)):
        raise BadRequest("`id` must be text or a number")
    source, mode = data.get("source"), data.get("mode", "run")
    if not isinstance(source, str):
        raise BadRequest("`source` must be text", id)
    if mode not in ("run", "parse"):
        raise BadRequest('`mode` must be "run" or "parse"', id)
    files, timeout_s = _files(data.get("files"), id), _timeout(data.get("timeout_s"), id)
    return Request(id, source, mode, files, timeout_s, _grants(data.get("grants"), id))


def _files(given: Any, id: Any) -> tuple[tuple[str, str], ...]:
    if given is None:
        return ()
    if not isinstance(given, dict) or not all(isinstance(text, str) for text in given.values()):
        raise BadRequest("`files` must map paths to texts", id)
    for name in given:
        path = PurePosixPath(name)
        if path.is_absolute() or ".." in path.parts or not path.parts or "\0" in name:
            raise BadRequest(f"`files`: {name!r} is no path below the folder of the program", id)
    return tuple(given.items())


def _timeout(given: Any, id: Any) -> float:
    if given is None:
        return DEFAULT_TIMEOUT_S
    if isinstance(given, bool) or not isinstance(given, int | float) or not 0 < given <= MAX_TIMEOUT_S:
        raise BadRequest(f"`timeout_s` must be a number above 0, at most {MAX_TIMEOUT_S:.0f}", id)
    return float(given)


def _grants(given: Any, id: Any) -> tuple[str, ...]:
    if given is None:
        return ()
    if not isinstance(given, list) or not all(isinstance(text, str) for text in given):
        raise BadRequest("`grants` must be a list of texts, each as after `--allow`", id)
    return tuple(given)


def failure_text(id: Any, problem: Problem) -> str:
    """Give the answer, without a line end, of a request that has no value."""
    error = {
        "kind": problem.kind,
        "code": problem.code,
        "message": problem.message,
        "line": problem.line,
        "column": problem.column,
    }
    return json.dumps({"id": id, "ok": False, "stage": problem.stage, "error": error})


def accepted_text(id: Any) -> str:
    """Give the answer of a program that was only to be read and compiled."""
    return json.dumps({"id": id, "ok": True})


def value_text(id: Any, tagged_text: str, printed: str, stdout: str) -> str:
    """Give the answer of a program that has a value; `tagged_text` is JSON, for it may be very deep."""
    head = json.dumps({"id": id, "ok": True})[:-1]
    tail = json.dumps({"printed": printed, "stdout": stdout})[1:]
    return f'{head}, "value": {tagged_text}, {tail}'


def request_text(request: Mapping[str, Any]) -> str:
    """Give the line, without its end, that asks for `request`."""
    return json.dumps(request)
