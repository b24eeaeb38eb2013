"""How many broken plans the suggested edit repairs, applied alone.

A plan counts as broken when `rtfsc check` reports an error or a warning. It counts as repaired when the
first reported edit gives the plan it was made of, or one without reports that gives the same value.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from rtfs_runtime.errors import RtfsError
from rtfs_runtime.printer import display
from rtfs_runtime.session import Session
from rtfs_runtime.settings import Limits
from rtfsc.driver import compile_text, make_env
from rtfsc.repair.search import checked
from rtfsc.source import CompileError, Diagnostic, SourceFile
from rtfsc.syntax.parser import parse
from rtfsc.syntax.printer import print_form
from tests.repairs.mutations import RULES, Plan

_USE_OF_NOTES = """
(import notes)
(let [tree (notes/outline "a\\n  b\\n    c\\nd")] [tree (notes/total tree) (notes/depth tree)])"""
PLANS = tuple(sorted((Path(__file__).parent / "plans").glob("*.rtfs")))


class Broken(NamedTuple):
    """One broken plan: the rule that broke it, the plan, what came of it."""

    rule: str
    plan: str
    original: str
    text: str


class Judged(NamedTuple):
    """What the suggested edit made of a broken plan."""

    broken: Broken
    report: Diagnostic
    repaired: str | None
    good: bool


def broken_plans(each: int, seed: int) -> Iterator[Broken]:
    """Give up to `each` broken plans for each rule, no two alike."""
    plans = {path.stem: Plan(path.read_text()) for path in PLANS}
    for name, rule in RULES.items():
        rng = random.Random(f"{seed} {name}")
        seen: set[str] = set()
        for _ in range(each * 6):
            stem = rng.choice(sorted(plans))
            try:
                text = rule(plans[stem], rng)
            except IndexError:
                continue
            if text is None or text in seen or not _is_worse(plans[stem].text, text):
                continue
            seen.add(text)
            yield Broken(name, stem, plans[stem].text, text)
            if len(seen) == each:
                break


def reports(text: str) -> tuple[Diagnostic, ...]:
    """Give what checking reports, without looking for edits."""
    try:
        return compile_text(text).diagnostics
    except CompileError as error:
        return error.diagnostics


def judge(broken: Broken) -> Judged:
    """Apply the first edit that is suggested."""
    found = checked(SourceFile("plan.rtfs", broken.text))
    found = [each for each in found if each.severity == "error"] or found
    first = next((each for each in found if each.edit is not None), None)
    if first is None or first.edit is None:
        return Judged(broken, found[0], None, False)
    repaired = first.edit.apply(broken.text)
    return Judged(broken, first, repaired, _same(broken.original, repaired))


def _is_worse(original: str, text: str) -> bool:
    # a plan may show on purpose what fails: there is a warning about it
    found = reports(text)
    return any(each.severity == "error" for each in found) or len(found) > len(reports(original))


def _same(original: str, repaired: str) -> bool:
    if _is_worse(original, repaired):
        return False
    return _printed(original) == _printed(repaired) or _value(original) == _value(repaired)


def _printed(text: str) -> list[str]:
    return [print_form(form) for form in parse(SourceFile("", text)).forms]


def _value(text: str) -> str:
    if "(module " in text:
        text += _USE_OF_NOTES
    env = make_env()
    session = Session(modules=env.modules, limits=Limits(wall_clock_s=5.0))
    try:
        return display(session.evaluate(compile_text(text, env=env).artifact).value)
    except (RtfsError, CompileError) as error:
        return f"{type(error).__name__} {error}"
