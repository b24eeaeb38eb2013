"""`rtfsc explain THING`: what a code, a kind of run-time error, a builtin or a form means; who executes a
function, and why; what the policy says.

In: a name. Out: a page of text, computed from the tables that define these things, or from the interface of
the module that defines the function.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from typing import Annotated, Final

import typer

from rtfs_runtime.builtins import BUILTINS
from rtfs_runtime.cache.l4_artifact import local_artifacts
from rtfs_runtime.errors import KINDS
from rtfs_runtime.modulepath import find_file, find_module
from rtfs_runtime.providers.tables import nearest
from rtfsc.cli.cache import why_new
from rtfsc.cli.outcome import CommandError
from rtfsc.cli.sessions import Policy, SearchPath, check_file, options_of, policy_of
from rtfsc.decisions import decisions
from rtfsc.driver import make_env
from rtfsc.errors import ERRORS
from rtfsc.reports.builtins import all_builtins, explain_builtin
from rtfsc.reports.compiled import why_compiled
from rtfsc.reports.decisions import explain_all, explain_decision, explain_policy
from rtfsc.reports.forms import FORMS, explain_form
from rtfsc.reports.kinds import explain_kind

_KEY: Final = re.compile("[0-9a-f]{6,64}")


def command(
    thing: Annotated[
        str,
        typer.Argument(
            help="An error code (E012), a kind of error (TypeError), a builtin (map), a form (if), "
            "`builtins`, a function (MODULE/NAME, FILE.rtfs:NAME), a plan (FILE.rtfs), the key of a kept "
            "answer, or `policy`.",
        ),
    ],
    path: SearchPath = None,
    policy: Policy = None,
) -> None:
    """Say what a code, an error or a builtin means, who executes a function, what the policy says."""
    page = explain(thing) or _explain_plan(thing, path or (), policy)
    if page is None and _KEY.fullmatch(thing) is not None:
        page = why_new(thing)
    if page is None:
        like = near(thing)
        raise CommandError(
            f"nothing is known about {thing!r}" + (f"; like it: {', '.join(like)}" if like else "")
        )
    typer.echo(page.rstrip())


def _explain_plan(thing: str, paths: Sequence[str], policy: str | None) -> str | None:
    """Give the page of a policy, a plan, or a function in one; None for a thing that is none of them."""
    if thing == "policy":
        return explain_policy(policy_of(policy))
    file, colon, name = thing.rpartition(".rtfs:")
    if colon or thing.endswith(".rtfs"):
        file, name = (f"{file}.rtfs", name) if colon else (thing, "")
        check_file(file)
        folders = (os.path.dirname(os.path.abspath(file)), os.getcwd(), *paths)
        place = find_file(os.path.dirname(file), os.path.splitext(os.path.basename(file))[0])
    else:
        module, _, name = thing.rpartition("/")
        folders = (os.getcwd(), *paths)
        place = find_module(module, folders) if module and name else None
    if place is None:
        return None
    found = policy_of(policy, place.path)
    options = options_of(found)
    modules = make_env(folders, options).modules
    compiled = (
        ""
        if place.source_path is None
        else f"compiled: {why_compiled(place, modules, options.key_text(), local_artifacts())}"
    )
    artifact, file = modules.fetch_place(place)
    stem = os.path.splitext(os.path.basename(file))[0]
    decided = list(decisions(artifact, stem, found))
    if not name:
        return f"{explain_all(decided)}\n\n{compiled}"
    about = [each for each in decided if each.function.name == name]
    if not about:
        names = dict.fromkeys(each.function.name for each in decided)
        raise CommandError(f"{file} defines no function `{name}`{nearest(name, names)}")
    return "\n\n".join(explain_decision(each, file, found) for each in about)


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
