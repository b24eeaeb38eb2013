"""`rtfsc explain THING`: what an error code, a kind of run-time error or a builtin means.

In: a name. Out: a page of text, computed from the tables that define these things.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

import typer

from rtfs_runtime.builtins import BUILTINS
from rtfs_runtime.builtins.table import Builtin
from rtfs_runtime.errors import KINDS
from rtfsc.cli.outcome import CommandError
from rtfsc.errors import ERRORS
from rtfsc.reports.kinds import explain_kind


def command(
    thing: str = typer.Argument(
        help="An error code (E012), a kind of error (TypeError), or a builtin (map)."
    ),
) -> None:
    """Say what an error code, a kind of run-time error or a builtin means."""
    page = explain(thing)
    if page is None:
        like = near(thing)
        raise CommandError(
            f"nothing is known about {thing!r}" + (f"; like it: {', '.join(like)}" if like else "")
        )
    typer.echo(page)


def explain(thing: str) -> str | None:
    """Give the page about a thing, or None when there is none."""
    if thing.upper() in ERRORS:
        return _explain_code(thing.upper())
    if thing in KINDS:
        return explain_kind(thing)
    if thing in BUILTINS:
        return explain_builtin(BUILTINS[thing])
    return None


def near(thing: str) -> list[str]:
    """Give names like `thing` that have a page."""
    known: Iterable[str] = (*ERRORS, *KINDS, *BUILTINS)
    return get_close_matches(thing, known, n=5, cutoff=0.6)


def explain_builtin(row: Builtin) -> str:
    """Give the page of a builtin: type, arity, effect, text, examples."""
    names = " ".join((row.name, *(f"(also {alias})" for alias in row.aliases)))
    effect = {"pure": "pure", "reads": "reads from the host", "writes": "writes to the host"}[row.effect]
    lines = [
        f"{names}: a builtin",
        "",
        f"Type: {row.type}",
        f"Arguments: {row.expected}",
        f"Effect: {effect}",
    ]
    if row.doc:
        lines += ["", row.doc]
    if row.examples:
        lines += ["", "Examples:"]
        lines += [f"  {source}  =>  {_outcome(printed)}" for source, printed in row.examples]
    return "\n".join(lines)


def _outcome(printed: str) -> str:
    return f"raises {printed[1:]}" if printed.startswith("!") else printed


def _explain_code(code: str) -> str:
    row = ERRORS[code]
    what = "a warning" if row.stage == "warning" else f"found while {_STAGES[row.stage]}"
    lines = [f"{code}: {row.title} ({what})", "", row.explanation]
    if row.wrong:
        lines += ["", "Wrong:", *_indented(row.wrong)]
    if row.right:
        lines += ["", "Right:", *_indented(row.right)]
    return "\n".join(lines)


_STAGES = {"parse": "reading", "compile": "compiling", "load": "loading"}


def _indented(text: str) -> list[str]:
    return ["  " + line for line in text.splitlines()]
