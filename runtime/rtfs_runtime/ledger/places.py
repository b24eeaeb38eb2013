"""Where ledgers are.

In: what a flag or `RTFS_LEDGER` says: `off`, a file of JSON lines, a SQLite file (`.db`, `.sqlite`), or a
folder with a file for each run; nothing is the folder of the user's last runs. Out: ledgers to write, runs
to read.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from typing import Final, Protocol

from rtfs_runtime.host.world import World
from rtfs_runtime.ledger.jsonlines import SUFFIX, JsonLinesFile, RunFolder
from rtfs_runtime.ledger.record import Record, Run, read_runs
from rtfs_runtime.ledger.writing import DEFAULT_MAX_EVENTS, Outside, Store, StoreError, WritingLedger
from rtfs_runtime.userdirs import state_directory

_RUNS_KEPT: Final = 50
_SQLITE: Final = (".db", ".sqlite", ".sqlite3")


class Place(Store, Protocol):
    """A store that can be read back."""

    def names(self) -> list[str]: ...
    def records(self, name: str) -> Iterator[Record]: ...


def place_of(said: str) -> Place:
    """Give the ledger that a text names."""
    if not said:
        return RunFolder(os.path.join(state_directory(), "runs"), _RUNS_KEPT)
    if said.endswith(SUFFIX):
        return JsonLinesFile(said)
    if said.endswith(_SQLITE):
        # a ledger of lines goes without the library
        from rtfs_runtime.ledger.sqlite import SqliteLedger

        return SqliteLedger(said)
    return RunFolder(said)


def writing_ledger(said: str, world: World) -> WritingLedger:
    """Give the ledger that a text names, to write.

    Without a text: runs stay small, and a place where this user may not write is no reason to complain.
    """
    if said:
        return WritingLedger(place_of(said), Outside(world, os.environ, world.write_log), sys.maxsize)
    warn = world.write_log if _may_write(state_directory()) else _ignore
    return WritingLedger(place_of(said), Outside(world, os.environ, warn), DEFAULT_MAX_EVENTS)


def _may_write(path: str) -> bool:
    while not os.path.exists(path) and os.path.dirname(path) != path:
        path = os.path.dirname(path)
    return os.path.isdir(path) and os.access(path, os.W_OK)


def _ignore(_warning: str) -> None:
    """Say nothing: nobody asked for a record."""


def find_run(place: Place, wanted: str = "") -> Run:
    """Read a run: the last one, or the one whose name begins so.

    Raises: StoreError when there is none, or more than one.
    """
    names = place.names()
    found = [name for name in names if name.startswith(wanted)]
    if not names:
        raise StoreError(
            "no run is recorded; `rtfsc run` records what has effects, unless RTFS_LEDGER is off"
        )
    if not found:
        raise StoreError(f"no run is called {wanted}; the last one is {names[-1]}")
    if wanted and len(found) > 1 and wanted not in found:
        raise StoreError(f"{len(found)} runs begin with {wanted}: {', '.join(found[:5])}")
    name = wanted if wanted in found else found[-1]
    try:
        (run,) = read_runs(place.records(name), os.path.dirname(os.path.abspath(place.path)))
    except ValueError as error:
        raise StoreError(f"the run {name} cannot be read: {error}") from None
    return run
