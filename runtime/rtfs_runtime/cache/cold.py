"""A store that never fails a call: what it cannot read is not there, what it cannot write is forgotten.

In: entries. Out: entries; one warning per way in which the store is broken. Writes happen on a thread of
their own, behind the answer, and are on disk after `flush` and `close`.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping
from typing import Final, TypeVar

from rtfs_runtime.cache.layer import StorageError
from rtfs_runtime.cache.sqlite import ANY_LABELS, Entry, Labels, SqliteStore

T = TypeVar("T")

_MOST_WAITING: Final = 10_000
_WRITE_BUSY_S: Final = 5.0
# how many writes go by between two looks for what may be removed
_TIDY_EVERY: Final = 256


class ColdStore:
    """Entries of one layer on disk.

    Shape: `most` bounds the number of entries; the oldest go. `warn` gets each problem once.
    Thread: any; a forked child starts with nothing waiting.
    """

    def __init__(
        self, path: str, layer: str, clock: Callable[[], float], warn: Callable[[str], None], most: int | None
    ) -> None:
        self._reads = SqliteStore(path, layer)
        # a connection of its own: a reader never waits for a writer
        self._writes = SqliteStore(path, layer, busy_s=_WRITE_BUSY_S)
        self._clock = clock
        self._warn = warn
        self._most = most
        self._warned: set[str] = set()
        self._reset()

    def _reset(self) -> None:
        self._process = os.getpid()
        self._waiting: dict[bytes, Entry] = {}
        self._changed = threading.Condition(threading.Lock())
        self._writer: threading.Thread | None = None
        self._writing = False
        self._closing = False
        self._puts = 0

    def get(self, key: bytes) -> Entry | None:
        """Find an entry that is not out of date, written or still waiting to be."""
        self._check_process()
        found = self._waiting.get(key)
        if found is None:
            found = self._safely(lambda: self._reads.get(key), None)
        if found is None or (found.expires_s is not None and found.expires_s <= self._clock()):
            return None
        return found

    def put(self, entry: Entry) -> None:
        """Keep an entry, soon."""
        self._check_process()
        with self._changed:
            if len(self._waiting) >= _MOST_WAITING:
                # the disk is slower than the models: forgetting is better than running out of memory
                self._waiting.pop(next(iter(self._waiting)))
            self._waiting[entry.key] = entry
            if self._writer is None:
                self._writer = threading.Thread(target=self._write, name="rtfs-cache-writer", daemon=True)
                self._writer.start()
            self._changed.notify_all()

    def remove(self, key: bytes) -> bool:
        """Forget an entry; tell whether it was there."""
        self.flush()
        return self._safely(lambda: self._writes.remove(key), False)

    def clear(self) -> int:
        """Forget everything; tell how many entries there were."""
        self.flush()
        return self._safely(self._writes.clear, 0)

    def find(self, labels: Labels = ANY_LABELS) -> list[Entry]:
        """Find the entries that have these labels and are not out of date, oldest first."""
        self.flush()
        now_s = self._clock()
        none: list[Entry] = []
        found = self._safely(lambda: self._reads.find(labels), none)
        return [one for one in found if one.expires_s is None or one.expires_s > now_s]

    def add_counts(self, counts: Mapping[str, float]) -> None:
        """Add to the layer's counts."""
        if any(counts.values()):
            self._safely(lambda: self._writes.add_counts(counts), None)

    def count(self) -> int:
        """Count the entries."""
        self.flush()
        return self._safely(self._reads.count, 0)

    def counts(self) -> dict[str, float]:
        """Give the layer's counts."""
        none: dict[str, float] = {}
        return self._safely(self._reads.counts, none)

    def flush(self) -> None:
        """Wait until everything put so far is on disk, or was given up."""
        self._check_process()
        with self._changed:
            self._changed.wait_for(lambda: not self._waiting and not self._writing)

    def close(self) -> None:
        """Flush, and close the file; a later call opens it again."""
        self._check_process()
        with self._changed:
            self._closing = True
            self._changed.notify_all()
            writer = self._writer
        if writer is not None:
            writer.join()
        with self._changed:
            self._closing = False
        self._reads.close()
        self._writes.close()

    def _write(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: bool(self._waiting) or self._closing)
                if not self._waiting:
                    self._writer = None
                    return
                batch = dict(self._waiting)
                self._writing = True
            self._safely(lambda batch=batch: self._put(list(batch.values())), None)  # type: ignore[misc]
            with self._changed:
                for key, entry in batch.items():
                    # one put meanwhile waits for the next round
                    if self._waiting.get(key) is entry:
                        del self._waiting[key]
                self._writing = False
                self._changed.notify_all()

    def _put(self, batch: list[Entry]) -> None:
        self._writes.put(batch)
        before, self._puts = self._puts, self._puts + len(batch)
        if before == 0 or before // _TIDY_EVERY != self._puts // _TIDY_EVERY:
            self._writes.remove_stale(self._clock(), self._most)

    def _safely(self, act: Callable[[], T], otherwise: T) -> T:
        try:
            return act()
        except Exception as error:
            # border: whatever a store ends in is a miss, and must not end the writer either
            text = str(error) if isinstance(error, StorageError) else f"{type(error).__name__}: {error}"
            if text not in self._warned:
                self._warned.add(text)
                self._warn(f"the cache is not used: {text}")
            return otherwise

    def _check_process(self) -> None:
        if self._process != os.getpid():
            # the writer lives in the parent, which writes what waited
            self._reset()
