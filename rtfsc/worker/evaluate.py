"""Evaluate one program in this process: what a forked child of the service does.

In: a `Request`. Out: the text of its answer. Files lie in a folder of their own, which is the only search
path; nothing is granted unless the request says so. Keeping it inside limits is left to `isolate`. Source:
rulings 10 and 31.
"""

from __future__ import annotations

import io
import tempfile
from pathlib import Path
from typing import Final

from rtfs_runtime.artifact import decode
from rtfs_runtime.errors import RtfsError
from rtfs_runtime.host.grants import Grants
from rtfs_runtime.printer import display
from rtfs_runtime.session import Session
from rtfs_runtime.tagged import encode_json
from rtfsc.driver import compile_text, make_env
from rtfsc.errors import ERRORS
from rtfsc.options import DEFAULT, Options
from rtfsc.reports.render import compile_report, places, remember_text, runtime_report
from rtfsc.source import CompileError
from rtfsc.worker.protocol import BadRequest, Problem, Request, accepted_text, failure_text, value_text

NAME: Final = "<eval>"


def evaluate_text(request: Request) -> str:
    """Answer a request."""
    return evaluate_report(request)[0]


def evaluate_report(
    request: Request, options: Options = DEFAULT, *, through_artifact: bool = False
) -> tuple[str, str]:
    """Answer a request; the second text is the report that a person would see of a failure."""
    with tempfile.TemporaryDirectory(prefix="rtfsc-") as folder:
        try:
            _write_files(Path(folder), request)
        except (OSError, ValueError) as error:
            return failure_text(request.id, BadRequest(f"`files`: {error}").problem), str(error)
        return _evaluate(request, folder, options, through_artifact=through_artifact)


def _write_files(folder: Path, request: Request) -> None:
    for name, text in request.files:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode("utf-8", "surrogatepass"))


def _evaluate(request: Request, folder: str, options: Options, *, through_artifact: bool) -> tuple[str, str]:
    output = io.StringIO()
    try:
        grants = Grants.parse(request.grants)
    except ValueError as error:
        return failure_text(request.id, BadRequest(f"`grants`: {error}").problem), str(error)
    try:
        env = make_env((folder,), options)
        unit = compile_text(request.source, options, env, NAME)
        if request.mode == "parse":
            return accepted_text(request.id), ""
        artifact = decode(unit.artifact.encode()) if through_artifact else unit.artifact
        remember_text(NAME, unit.source.text)
        session = Session(modules=env.modules, grants=grants, output=output)
        value = session.evaluate(artifact, NAME).value
        if request.arguments is not None:
            (instance,) = (each for each in session.instances.values() if each.path == NAME)
            if "main" in instance.globals:
                value = session.call(instance.name, "main", *request.arguments).value
        # displayed first: that refuses a value whose shared parts would make a text without end
        printed = display(value)
        text = value_text(request.id, encode_json(value), printed, output.getvalue())
    except CompileError as error:
        return failure_text(request.id, compile_problem(error)), compile_report(error, False)
    except RtfsError as error:
        return failure_text(request.id, run_problem(error)), runtime_report(error, False)
    return text, ""


def compile_problem(error: CompileError) -> Problem:
    """Say what is wrong with a program that was not run."""
    first = error.diagnostics[0]
    row = ERRORS.get(first.code)
    stage = "parse" if row is not None and row.stage == "parse" else "compile"
    line = column = None
    if error.source is not None:
        line, column = error.source.line_column(first.span.start)
    return Problem(stage, first.kind, first.code, first.message, line, column)  # type: ignore[arg-type]


def run_problem(error: RtfsError) -> Problem:
    """Say what went wrong while a program ran, and where in its own text."""
    place = next((each for each in reversed(places(error)) if each.file == NAME), None)
    line, column = (None, None) if place is None else (place.line, place.column)
    return Problem("run", error.kind, None, error.message, line, column)
