"""`rtfsc trace [RUN]`: show what a run did, or run it again from its record.

In: the name of a run, or its beginning; the last run without one. Out: a tree with decisions, times, tokens
and cost; a list, JSON lines, or a page. Source: delegation §3.4.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from typing import Annotated

from rtfs_runtime.ledger.places import Place, find_run, place_of
from rtfs_runtime.ledger.record import Run
from rtfs_runtime.ledger.replay import ReplayError
from rtfs_runtime.ledger.writing import StoreError
from rtfs_runtime.printer import display
from rtfsc.cli.arguments import Argument, Ledger, Option
from rtfsc.cli.outcome import WRONG_PROGRAM, CommandError
from rtfsc.replaying import replay_run
from rtfsc.reports.run_page import run_page
from rtfsc.reports.runs import list_runs, run_records, run_text


def command(
    run: Annotated[
        str,
        Argument(
            help="The name of a run, or its beginning, or the ledger of a run; else the last one.",
            metavar="[RUN]",
        ),
    ] = "",
    listed: Annotated[bool, Option("--list", help="List the recorded runs.")] = False,
    as_json: Annotated[bool, Option("--json", help="Give the records as JSON lines.")] = False,
    html: Annotated[str | None, Option("--html", help="Write the run as a page.", metavar="FILE")] = None,
    again: Annotated[
        bool,
        Option("--replay", help="Run the plan again with the recorded outcomes: no model, no effect."),
    ] = False,
    ledger: Ledger = None,
) -> None:
    """Show what a run did, as a tree; the last run unless one is named."""
    if ledger is None and os.path.exists(run):
        ledger, run = run, ""
    said = os.environ.get("RTFS_LEDGER", "") if ledger is None else ledger
    place = place_of("" if said == "off" else said)
    try:
        if listed:
            _print_list(place, as_json=as_json)
            return
        found = find_run(place, run)
    except StoreError as error:
        raise CommandError(str(error)) from None
    if again:
        _replay(found)
    elif html is not None:
        _write_page(html, found)
    elif as_json:
        for record in run_records(found):
            print(json.dumps(record, ensure_ascii=False))
    else:
        print(run_text(found))


def _print_list(place: Place, *, as_json: bool) -> None:
    runs = list(_readable(place))
    if as_json:
        for run in runs:
            print(json.dumps(next(run_records(run)), ensure_ascii=False))
    else:
        print(list_runs(runs))


def _readable(place: Place) -> Iterator[Run]:
    """Give the runs of a ledger; one that is damaged, or of another version, is told and hides no other."""
    for name in place.names():
        try:
            yield find_run(place, name)
        except StoreError as error:
            print(f"warning: {error}", file=sys.stderr)


def _replay(run: Run) -> None:
    try:
        replayed = replay_run(run)
    except ReplayError as error:
        print(f"{run.id} cannot be replayed: {error}", file=sys.stderr)
        raise SystemExit(WRONG_PROGRAM) from None
    if replayed.error is not None:
        print(f"{replayed.error}", file=sys.stderr)
    elif replayed.value is not None:
        print(display(replayed.value))
    print(f"{run.id} gives what it gave.", file=sys.stderr)


def _write_page(path: str, run: Run) -> None:
    try:
        with open(path, "w", encoding="utf-8") as file:
            file.write(run_page(run))
    except OSError as error:
        raise CommandError(f"{path}: {error.strerror}") from None
