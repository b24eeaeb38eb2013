"""`rtfsc cache tune`: how far likeness is trusted for each function, and what was seen of it.

In: what L3 counted when it compared answers with the model's. Out: for each function the threshold that holds
the limit, and a plot of the pairs seen by likeness; nothing is changed, thresholds follow from what is seen.
"""

from __future__ import annotations

import json
import os
from collections import defaultdict
from typing import Annotated, Final, NamedTuple

import typer

from rtfs_runtime.cache.evidence import DEFAULT_THRESHOLD, LOWEST, Seen, Trust, bin_of, trust
from rtfs_runtime.cache.layer import StorageError
from rtfs_runtime.cache.manager import L3
from rtfs_runtime.cache.sqlite import FILE_NAME, SqliteStore
from rtfs_runtime.userdirs import cache_directory
from rtfsc.cli.outcome import CommandError

_STEP: Final = 0.05
_WIDTH: Final = 40


class Row(NamedTuple):
    """One function as one model answers it."""

    function: str
    model: str
    tenant: str
    seen: Seen


def command(
    function: Annotated[
        str | None, typer.Option("--function", help="Only this function.", metavar="MODULE/NAME")
    ] = None,
    max_error: Annotated[
        float, typer.Option("--max-error", help="The share of wrong answers allowed.", min=0.0, max=1.0)
    ] = 0.01,
    as_json: Annotated[bool, typer.Option("--json", help="Print data as JSON.")] = False,
) -> None:
    """Show from which likeness on L3 answers for each function, and the pairs it was learned from."""
    rows = [row for row in _rows() if function is None or row.function == function]
    if as_json:
        typer.echo(json.dumps([_data(row, trust(row.seen, max_error)) for row in rows], ensure_ascii=False))
        return
    for row in rows:
        typer.echo(_page(row, trust(row.seen, max_error), max_error))
    if not rows:
        typer.echo(
            "no pairs were seen yet: likeness is compared with the model's answers where a rule of the "
            "policy says `cache = { l3 = true }`"
        )


def _rows() -> list[Row]:
    path = os.path.join(cache_directory(), FILE_NAME)
    if not os.path.exists(path):
        return []
    store = SqliteStore(path, L3, busy_s=5.0)
    try:
        counts = store.counts()
    except StorageError as error:
        raise CommandError(str(error)) from None
    finally:
        store.close()
    found: dict[tuple[str, str, str], dict[str, dict[int, int]]] = defaultdict(
        lambda: {"right": {}, "wrong": {}}
    )
    for name, count in counts.items():
        parts = name.split("\t")
        if len(parts) == 6 and parts[4] in ("right", "wrong") and parts[5].isdigit():
            _, function, model, tenant, outcome, place = parts
            found[function, model, tenant][outcome][int(place)] = int(count)
    return [Row(*name, Seen(seen["right"], seen["wrong"])) for name, seen in sorted(found.items())]


def _page(row: Row, believed: Trust, max_error: float) -> str:
    wrong, count = row.seen.above(0.0)
    whose = f" of {row.tenant}" if row.tenant else ""
    state = (
        f"off: up to {believed.bound:.1%} may be wrong, {max_error:.1%} is allowed"
        if believed.threshold is None
        else f"answers from likeness {believed.threshold:.2f} on (at most {believed.bound:.2%} wrong)"
    )
    lines = [f"{row.function} [{row.model}]{whose}: {state}", f"  {count} pairs seen, {wrong} wrong"]
    most = max([sum(_between(row.seen, place)) for place in _places()] + [1])
    for place in _places():
        good, bad = _between(row.seen, place)
        bar = "█" * round(good / most * _WIDTH) + "x" * (round(bad / most * _WIDTH) or bool(bad))
        mark = " ←" if believed.threshold is not None and place <= believed.threshold < place + _STEP else ""
        lines.append(f"  {place:.2f} {bar:<{_WIDTH}} {good:>5} right {bad:>4} wrong{mark}")
    return "\n".join(lines)


def _places() -> list[float]:
    steps = round((1.0 - LOWEST) / _STEP)
    return [LOWEST + _STEP * step for step in range(steps + 1)]


def _between(seen: Seen, least: float) -> tuple[int, int]:
    places = range(bin_of(least), bin_of(least + _STEP))
    right = sum(count for place, count in seen.right.items() if place in places)
    return right, sum(count for place, count in seen.wrong.items() if place in places)


def _data(row: Row, believed: Trust) -> dict[str, object]:
    return {
        "function": row.function,
        "model": row.model,
        "tenant": row.tenant,
        "threshold": believed.threshold,
        "default_threshold": DEFAULT_THRESHOLD,
        "bound": believed.bound,
        "right": {f"{place / 100:.2f}": count for place, count in sorted(row.seen.right.items())},
        "wrong": {f"{place / 100:.2f}": count for place, count in sorted(row.seen.wrong.items())},
    }
