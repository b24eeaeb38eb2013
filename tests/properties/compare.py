"""What a program gives, compiled at a level or interpreted by the oracle, in a shape to compare."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Final, NamedTuple

from rtfs_runtime import stack
from rtfs_runtime.calls import function_name
from rtfs_runtime.errors import RtfsError
from rtfs_runtime.modulestore import Request
from rtfs_runtime.session import Session
from rtfs_runtime.values import Keyword, List, Set, kind_name
from rtfsc.driver import Compilation, make_env
from rtfsc.options import Options
from rtfsc.passes.pipeline import PIPELINE
from rtfsc.reports.render import places, remember_text
from rtfsc.source import SourceFile
from tests import oracle

LEVELS: Final = tuple(range(max([1, *(row.level for row in PIPELINE)]) + 1))
NAME: Final = "<property>"
_DEPTH: Final = 20_000


class Outcome(NamedTuple):
    """What happened: a value's shape, or an error's kind, message, fields and place."""

    value: object = None
    kind: str = ""
    message: str = ""
    fields: object = None
    place: tuple[int, int | None] | None = None


def compiled(text: str, level: int) -> Outcome:
    """Compile and run."""
    job = _compilation(text, level)
    unit = job.guarded(job.unit)
    remember_text(NAME, text)
    session = Session(modules=job.env.modules)
    try:
        return Outcome(shape(session.evaluate(unit.artifact, NAME).value))
    except RtfsError as error:
        shown = places(error)
        return _failed(error, (shown[-1].line, shown[-1].column) if shown else None)


def compared(text: str) -> tuple[str, list[object], bool]:
    """Give a program, what its levels give where that differs, and whether it gives a value."""
    wanted, *found = [compiled(text, level) for level in LEVELS]
    return text, [] if all(each == wanted for each in found) else [wanted, *found], not wanted.kind


def run(differing: Callable[[int], tuple[str, list[object], bool]], count: int, seed: int) -> int:
    """Run generated programs until one differs."""
    ends: Counter[bool] = Counter()
    for number in range(seed * count, (seed + 1) * count):
        text, outcomes, good = differing(number)
        if outcomes:
            print(text, *outcomes, sep="\n")
            return 1
        ends[good] += 1
    print(f"{count} loops of seed {seed} agree; {ends[True]} give a value")
    return 0


def interpreted(text: str) -> Outcome:
    """Run by the oracle."""
    job = _compilation(text, 0)
    module = job.guarded(lambda: job.lowered(job.forms()))
    session = Session(modules=job.env.modules)
    try:
        return Outcome(shape(stack.call(lambda: oracle.run(module, job.source, session), _DEPTH)))
    except RtfsError as error:
        return _failed(error, oracle.place_of(error))


def _compilation(text: str, level: int) -> Compilation:
    options = Options(level=level, verify=True)
    request = Request(text.encode(), NAME, NAME, False)
    return Compilation(request, SourceFile(NAME, text), options, make_env((), options))


def _failed(error: RtfsError, place: tuple[int, int | None] | None) -> Outcome:
    return Outcome(
        None, error.kind, error.message, shape({Keyword(k): v for k, v in error.fields.items()}), place
    )


def shape(value: object) -> object:
    """Show a value by kinds and texts, so that Python's own equality tells values apart."""
    match value:
        case float():
            return ("float", repr(value))
        case dict():
            return ("map", [(shape(key), shape(each)) for key, each in value.items()])
        case tuple():
            return ("vector", [shape(each) for each in value])
        case List() | Set():
            return (kind_name(value), [shape(each) for each in value])
        case RtfsError():
            return ("error", value.kind, value.message, shape(value.data))
    kind = kind_name(value)
    if kind == "map":
        return ("map", [(shape(key), shape(each)) for key, each in value.items()])  # type: ignore[attr-defined]
    if kind == "vector":
        return ("vector", [shape(each) for each in value])  # type: ignore[attr-defined]
    return (kind, function_name(value) if kind == "function" else repr(value))
