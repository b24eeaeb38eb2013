"""Ledgers as SQLite files, which several processes may write at once.

In: records. Out: rows, each committed by itself in a write-ahead log, so that the death of the process loses
none; and records again.
"""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
from collections.abc import Iterator
from typing import Final

from rtfs_runtime.ledger.record import START, Record
from rtfs_runtime.ledger.writing import StoreError

_TABLE: Final = """
CREATE TABLE IF NOT EXISTS records (
    number INTEGER PRIMARY KEY, run TEXT NOT NULL, kind TEXT NOT NULL, name TEXT NOT NULL,
    path TEXT NOT NULL, time_s REAL NOT NULL, record TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS records_by_run ON records (run, number);
"""
_BUSY_S: Final = 5.0


class SqliteLedger:
    """All runs in one database. Thread: the connection is used under the ledger's lock, from any thread."""

    def __init__(self, path: str) -> None:
        self.path = path
        self._connection: sqlite3.Connection | None = None

    def append(self, record: Record) -> None:
        """Write a row."""
        text = json.dumps(record, separators=(",", ":"))
        row = [record.get(column, "") for column in ("run", "kind", "name", "path", "time_s")]
        try:
            if self._connection is None:
                self._connection = _open(self.path)
            self._connection.execute(
                "INSERT INTO records (run, kind, name, path, time_s, record) VALUES (?,?,?,?,?,?)",
                (*row, text),
            )
        except (sqlite3.Error, OSError) as error:
            raise StoreError(f"{self.path}: {error}") from None

    def close(self) -> None:
        """Close the file."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def names(self) -> list[str]:
        """Name the runs in the order of their starts. Raises StoreError."""
        return [run for (run,) in self._ask("SELECT run FROM records WHERE kind = ? ORDER BY number", START)]

    def records(self, name: str) -> Iterator[Record]:
        """Give the records of a run. Raises StoreError."""
        found = self._ask("SELECT record FROM records WHERE run = ? ORDER BY number", name)
        return (json.loads(text) for (text,) in found)

    def _ask(self, query: str, value: str) -> list[tuple[str]]:
        if not os.path.exists(self.path):
            raise StoreError(f"{self.path}: No such file or directory")
        try:
            with contextlib.closing(_open(self.path)) as connection:
                return connection.execute(query, (value,)).fetchall()
        except sqlite3.Error as error:
            raise StoreError(f"{self.path}: {error}") from None


def _open(path: str) -> sqlite3.Connection:
    folder = os.path.dirname(path)
    if folder:
        os.makedirs(folder, exist_ok=True)
    new = not os.path.exists(path)
    connection = sqlite3.connect(path, timeout=_BUSY_S, isolation_level=None, check_same_thread=False)
    if new:
        os.chmod(path, 0o600)
    connection.execute("PRAGMA journal_mode = WAL")
    # what is committed outlives the process; only a machine that stops may lose the last moments
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.executescript(_TABLE)
    return connection
