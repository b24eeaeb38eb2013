"""`rtfsc build PATHS -o DIR`: compile ahead of time.

In: files and folders. Out: `.rtfsc` artifacts; what became of each, as text or JSON; a progress bar when
there is much to do.
"""

from __future__ import annotations

import json
import os
import sys
from dataclasses import replace
from time import perf_counter
from typing import Annotated

from rtfs_runtime.artifact import Artifact
from rtfs_runtime.cache.l4_artifact import local_artifacts
from rtfsc.build import Accept, Built, Target, build, source_files
from rtfsc.cli.arguments import Argument, Level, Option, Policy, SearchPath, check_file
from rtfsc.cli.outcome import CommandError, report
from rtfsc.diagnostics import to_json
from rtfsc.options import DEFAULT, Options
from rtfsc.source import CompileError
from rtfsc.units import Timing

_MANY = 20
_FREE: tuple[Options, Accept] = (DEFAULT, lambda artifact, source: None)


def command(
    paths: Annotated[list[str], Argument(help="Files, and folders of files.", metavar="PATHS")],
    out: Annotated[str, Option("-o --out", help="Where the artifacts go.", metavar="DIR")],
    path: SearchPath = None,
    policy: Policy = None,
    level: Level = DEFAULT.level,
    time: Annotated[bool, Option("--time", help="Show how long each stage took.")] = False,
    offline: Annotated[
        bool, Option("--offline", help="Refuse calls that nobody on this machine can answer.")
    ] = False,
    strict: Annotated[bool, Option("--strict", help="Build nothing there is a warning about.")] = False,
    as_json: Annotated[bool, Option("--json", help="Report as JSON.")] = False,
) -> None:
    """Compile plans to artifacts; what is compiled already and unchanged is taken from the cache."""
    for each in paths:
        check_file(each)
    options, accept = _policed(paths[0], policy, offline) if policy is not None or offline else _FREE
    options = replace(options, strict=strict, level=level)
    timing = Timing(perf_counter) if time else None
    # what was compiled before is looked at again: an artifact does not say what there was a warning about
    target = Target(out, tuple(path or ()), None if strict else local_artifacts(), timing)
    try:
        built = _with_progress(paths, target, options, accept)
    except OSError as error:
        raise CommandError(str(error)) from None
    failed = [one for one in built if one.error is not None]
    if as_json:
        print(json.dumps({"files": [_row(one) for one in built], **_counts(built)}, ensure_ascii=False))
    else:
        for one in failed:
            assert one.error is not None
            report(one.error, whole=False)
        counts = _counts(built)
        print(f"{counts['compiled']} compiled, {counts['cached']} unchanged, {counts['failed']} failed")
    if timing is not None:
        _show_times(timing)
    if failed:
        raise SystemExit(1)


def _policed(plan: str, policy: str | None, offline: bool) -> tuple[Options, Accept]:
    """Give the options under a policy, and what tells whether an artifact may be written."""
    # only now: most builds have neither, and need no policy to start
    from rtfsc.cli.policies import options_of, policy_of
    from rtfsc.decisions import check_offline

    found = policy_of(policy, plan)

    def accept(artifact: Artifact, source: str) -> None:
        if offline:
            check_offline(artifact, source, os.path.splitext(os.path.basename(source))[0], found)

    return options_of(found if policy is not None else None), accept


def _show_times(timing: Timing) -> None:
    """Show on standard error: what was compiled is on standard output."""
    total = sum(timing.elapsed_s.values())
    for stage, taken in (*timing.elapsed_s.items(), ("total", total)):
        print(f"{taken * 1000:9.1f} ms  {taken / total:6.1%}  {stage}" if total else stage, file=sys.stderr)


def _with_progress(paths: list[str], target: Target, options: Options, accept: Accept) -> tuple[Built, ...]:
    count = len(source_files(paths)) if sys.stderr.isatty() else 0
    if count < _MANY:
        return build(paths, target, options, accept=accept)
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("compiling", total=count)
        return build(paths, target, options, lambda built: progress.advance(task), accept)


def _counts(built: tuple[Built, ...]) -> dict[str, int]:
    return {
        state: sum(1 for one in built if one.state == state) for state in ("compiled", "cached", "failed")
    }


def _row(built: Built) -> dict[str, object]:
    row: dict[str, object] = {"path": built.path, "state": built.state}
    if built.artifact is not None:
        row |= {"output": built.output, "address": built.artifact.address().hex()}
    if isinstance(built.error, CompileError):
        row["diagnostics"] = [to_json(each, built.error.source) for each in built.error.diagnostics]
    elif built.error is not None:
        row["error"] = built.error.message
    return row
