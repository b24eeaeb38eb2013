"""Ledgers that write.

In: runs as they happen. Out: records, given to a store one by one, in time for a crash to lose none that was
given. A store that fails is told about once and asked no more: no run fails because its ledger does.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple, Protocol

from rtfs_runtime.host.world import World
from rtfs_runtime.ledger.hidden import Hidden
from rtfs_runtime.ledger.record import MAX_VALUE_CHARS, Record, event_record, folder_of, start_record
from rtfs_runtime.trace import Event, RunStart, Sink


class StoreError(Exception):
    """A ledger cannot be written, or read; the text says where and why."""


class Store(Protocol):
    """Where records are kept; `path` is the file or folder."""

    path: str

    def append(self, record: Record) -> None:
        """Keep a record; raises StoreError."""
        ...

    def close(self) -> None:
        """End a run; the next record may begin another one. Raises StoreError."""
        ...


class Outside(NamedTuple):
    """What a ledger takes from the world: its clocks, the environment whose secrets it hides, a place for a
    warning."""

    world: World
    environment: Mapping[str, str]
    warn: Callable[[str], None]


DEFAULT_MAX_EVENTS: Final = 10_000


class WritingLedger:
    """A ledger over a store; beyond `max_events` a run's events are only counted."""

    def __init__(self, store: Store, outside: Outside, max_events: int = DEFAULT_MAX_EVENTS) -> None:
        self._store = store
        self._outside = outside
        self._max_events = max_events

    def open(self, start: RunStart) -> Sink:
        """Begin a run."""
        return _RunWriter(self._store, self._outside, start, self._max_events).record


class _RunWriter:
    """Writes one run. Thread: one event at a time."""

    def __init__(self, store: Store, outside: Outside, start: RunStart, max_events: int) -> None:
        world = outside.world
        self._store = store
        self._warn = outside.warn
        self._hidden = Hidden(outside.environment, folder_of(start))
        self._left = max_events
        self._dropped = 0
        self._lock = threading.Lock()
        self._open = True
        self._run = world.run_id()
        now_s = world.now_s()
        # events carry times of a clock that is even but starts anywhere
        self._offset_s = now_s - world.elapsed_s()
        folder = os.path.dirname(os.path.abspath(store.path))
        self._append(start_record(self._run, start, now_s, self._hidden, folder))

    def record(self, event: Event) -> None:
        """Write an event; that of the run itself ends it."""
        with self._lock:
            if not self._open:
                return
            last = event.kind == "run"
            if self._left <= 0 and not last:
                self._dropped += 1
                return
            self._left -= 1
            if last and self._dropped:
                event.detail["dropped"] = self._dropped
            time_s = event.started_s + self._offset_s
            self._append(event_record(self._run, event, time_s, self._hidden, MAX_VALUE_CHARS))
            if last:
                self._open = False
                self._guarded(self._store.close)

    def _append(self, record: Record) -> None:
        self._guarded(lambda: self._store.append(record))

    def _guarded(self, act: Callable[[], None]) -> None:
        if self._open or act == self._store.close:
            try:
                act()
            except StoreError as error:
                self._open = False
                self._warn(f"warning: this run is not recorded: {error}\n")
