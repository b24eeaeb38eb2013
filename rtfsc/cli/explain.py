"""`rtfsc explain THING`: what a code, a kind of run-time error, a builtin or a form means; who executes a
function, and why; what the policy says.

In: a name. Out: a page of text, computed from the tables that define these things, or from the interface of
the module that defines the function.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from typing import Annotated, Final

from rtfs_runtime.builtins import BUILTINS
from rtfs_runtime.errors import KINDS
from rtfsc.cli.arguments import Argument, Policy, SearchPath
from rtfsc.cli.outcome import CommandError
from rtfsc.errors import ERRORS
from rtfsc.reports.builtins import all_builtins, explain_builtin
from rtfsc.reports.forms import FORMS, explain_form
from rtfsc.reports.kinds import explain_kind

_KEY: Final = re.compile("[0-9a-f]{6,64}")


def command(
    thing: Annotated[
        str,
        Argument(
            help="An error code (E012), a kind of error (TypeError), a builtin (map), a form (if), "
            "`builtins`, a function (MODULE/NAME, FILE.rtfs:NAME), a plan (FILE.rtfs), the key of a kept "
            "answer, or `policy`.",
        ),
    ],
    path: SearchPath = None,
    policy: Policy = None,
) -> None:
    """Say what a code, an error or a builtin means, who executes a function, what the policy says."""
    page = explain(thing) or _explain_other(thing, path or (), policy)
    if page is None:
        like = near(thing)
        raise CommandError(
            f"nothing is known about {thing!r}" + (f"; like it: {', '.join(like)}" if like else "")
        )
    print(page.rstrip())


def _explain_other(thing: str, path: Sequence[str], policy: str | None) -> str | None:
    # only now: most pages need neither the policy nor what was answered before
    from rtfsc.cli.explain_plan import explain_plan

    page = explain_plan(thing, path, policy)
    if page is None and _KEY.fullmatch(thing) is not None:
        from rtfsc.cli.cache import why_new

        return why_new(thing)
    return page


def explain(thing: str) -> str | None:
    """Give the page about a thing, or None when there is none."""
    if thing.upper() in ERRORS:
        return _explain_code(thing.upper())
    if thing in KINDS:
        return explain_kind(thing)
    if thing == "builtins":
        return all_builtins()
    if thing in BUILTINS:
        return explain_builtin(BUILTINS[thing])
    return explain_form(thing)


def near(thing: str) -> list[str]:
    """Give names like `thing` that have a page."""
    known: Iterable[str] = (*ERRORS, *KINDS, *BUILTINS, *FORMS)
    return get_close_matches(thing, known, n=5, cutoff=0.6)


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
