"""`rtfsc check PATHS`: everything that can be found wrong without running.

In: files and folders. Out: reports on standard error, or one JSON object; exit code 1 when something is
wrong.
"""

from __future__ import annotations

import json
import os
import sys
from dataclasses import replace
from typing import Annotated

from rtfsc.build import source_files
from rtfsc.cli.arguments import Argument, Option, Policy, SearchPath, check_file
from rtfsc.cli.outcome import WRONG_PROGRAM
from rtfsc.diagnostics import render_text, to_json
from rtfsc.driver import compile_file, examine, make_env
from rtfsc.options import DEFAULT, Options
from rtfsc.repair.search import with_edits
from rtfsc.reports.render import use_color
from rtfsc.source import CompileError, Diagnostic, SourceFile
from rtfsc.units import Env

Found = tuple[Diagnostic, SourceFile | None]


def command(
    paths: Annotated[list[str], Argument(help="Files, and folders of files.", metavar="PATHS")],
    path: SearchPath = None,
    policy: Policy = None,
    strict: Annotated[bool, Option("--strict", help="Take warnings for errors.")] = False,
    as_json: Annotated[bool, Option("--json", help="Report as JSON.")] = False,
) -> None:
    """Find errors, and what certainly fails when it runs, without running anything."""
    for given in paths:
        check_file(given)
    options = replace(DEFAULT if policy is None else _options_of(policy), strict=strict)
    found: list[Found] = []
    files = source_files(paths)
    for file in files:
        env = make_env((os.path.dirname(file) or ".", os.getcwd(), *(path or ())), options)
        found += _check(file, options, env)
    errors = sum(each.severity == "error" for each, _ in found)
    if as_json:
        rows = [to_json(each, source) for each, source in found]
        print(json.dumps({"files": len(files), "errors": errors, "diagnostics": rows}, ensure_ascii=False))
    else:
        color = use_color(sys.stderr)
        for each, source in found:
            sys.stderr.write(render_text(each, source, color) + "\n")
        print(f"{len(files)} files, {errors} errors, {len(found) - errors} warnings")
    if errors:
        raise SystemExit(WRONG_PROGRAM)


def _options_of(policy: str) -> Options:
    # only now: a policy is rare, and takes long to import
    from rtfsc.cli.policies import options_of, policy_of

    return options_of(policy_of(policy))


def _check(file: str, options: Options, env: Env) -> list[Found]:
    try:
        unit = compile_file(file, options, env)
        source, reports = unit.source, unit.diagnostics
    except CompileError as error:
        assert error.source is not None, "the driver adds the source"
        source, reports = error.source, error.diagnostics
    # a text that is not UTF-8 is shown with replacements: an edit of it would be no edit of the file
    if any(each.code == "E001" for each in reports):
        return [(each, source) for each in reports]

    def again(text: SourceFile) -> tuple[Diagnostic, ...]:
        return examine(text, options, env)

    return [(each, source) for each in with_edits(reports, source, again)]
