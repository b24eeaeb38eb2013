"""Keys and bytes in one SQLite file, which any number of processes share.

In: entries, under the name of the layer they belong to. Out: the same bytes, or nothing; whatever is wrong
with the file is a StorageError. Every entry carries a checksum: SQLite finds damage of its own structure
only. When to write, and what a failure means, is left to `cold`.

Write-ahead log without a sync per commit: what was committed outlives the death of the process, and the file
stays whole when the machine stops, though the last seconds may be missing then, which a cache can afford.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from typing import Final, NamedTuple

from rtfs_runtime.cache.layer import StorageError
from rtfs_runtime.digest import key as digest_of

FILE_NAME: Final = "cache-1.sqlite"
"""Another layout of the tables takes another number, so that versions side by side do not meet."""

_TABLE: Final = """
CREATE TABLE IF NOT EXISTS entries (
    layer TEXT NOT NULL, key BLOB NOT NULL, value BLOB NOT NULL, checksum BLOB NOT NULL,
    created_s REAL NOT NULL, expires_s REAL,
    model TEXT NOT NULL, function TEXT NOT NULL, tenant TEXT NOT NULL, input BLOB NOT NULL,
    PRIMARY KEY (layer, key));
CREATE INDEX IF NOT EXISTS entries_by_model ON entries (layer, tenant, model);
CREATE INDEX IF NOT EXISTS entries_by_input ON entries (layer, tenant, input);
CREATE INDEX IF NOT EXISTS entries_by_function ON entries (layer, tenant, function);
CREATE TABLE IF NOT EXISTS counts (layer TEXT NOT NULL, name TEXT NOT NULL, value REAL NOT NULL,
    PRIMARY KEY (layer, name));
CREATE INDEX IF NOT EXISTS entries_by_age ON entries (layer, created_s);
"""
_COLUMNS: Final = "key, value, checksum, created_s, expires_s, model, function, tenant, input"
_OPEN_TRIES: Final = 20
_OPEN_PAUSE_S: Final = 0.05


class Labels(NamedTuple):
    """What an entry is found by beside its key; `input` is a digest. Where one looks for entries, None means
    any."""

    model: str | None = ""
    function: str | None = ""
    tenant: str | None = ""
    input: bytes | None = b""


ANY_LABELS: Final = Labels(None, None, None, None)


class Entry(NamedTuple):
    """One stored value; times are seconds since the Unix epoch, `expires_s` None never."""

    key: bytes
    value: bytes
    created_s: float
    expires_s: float | None = None
    labels: Labels = Labels()


class SqliteStore:
    """The entries of one layer in one file.

    Thread: one connection, one call at a time. A forked child opens its own.
    """

    def __init__(self, path: str, layer: str, *, busy_s: float = 0.25) -> None:
        self.path = path
        self._layer = layer
        self._busy_s = busy_s
        self._lock = threading.Lock()
        self._process = os.getpid()
        self._connection: sqlite3.Connection | None = None

    def get(self, key: bytes) -> Entry | None:
        """Find an entry; a damaged one is none.

        Raises: StorageError.
        """
        with self._open() as connection:
            row = connection.execute(
                f"SELECT {_COLUMNS} FROM entries WHERE layer = ? AND key = ?", (self._layer, key)
            ).fetchone()
        return None if row is None else _entry(row)

    def put(self, entries: Iterable[Entry]) -> None:
        """Keep entries, all or none.

        Raises: StorageError.
        """
        rows = [(self._layer, *_row(entry)) for entry in entries]
        with self._open() as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                connection.executemany(
                    f"INSERT OR REPLACE INTO entries (layer, {_COLUMNS}) VALUES (?,?,?,?,?,?,?,?,?,?)", rows
                )
                connection.execute("COMMIT")
            except BaseException:
                with contextlib.suppress(sqlite3.Error):
                    connection.execute("ROLLBACK")
                raise

    def remove(self, key: bytes) -> bool:
        """Forget an entry; tell whether it was there.

        Raises: StorageError.
        """
        return self._delete("key = ?", key) > 0

    def remove_stale(self, now_s: float, most: int | None) -> int:
        """Forget what is out of date, then the oldest beyond `most`; tell how many.

        Raises: StorageError.
        """
        gone = self._delete("expires_s <= ?", now_s)
        if most is not None:
            gone += self._delete(
                "key IN (SELECT key FROM entries WHERE layer = ? ORDER BY created_s DESC LIMIT -1 OFFSET ?)",
                self._layer,
                most,
            )
        return gone

    def clear(self) -> int:
        """Forget every entry; tell how many.

        Raises: StorageError.
        """
        return self._delete("1")

    def find(self, labels: Labels = ANY_LABELS, key_prefix: bytes = b"") -> list[Entry]:
        """Find the entries that have each of the labels that is not None, oldest first.

        Raises: StorageError.
        """
        wanted = [(f"{name} = ?", value) for name, value in labels._asdict().items() if value is not None]
        if key_prefix:
            wanted.append((f"substr(key, 1, {len(key_prefix)}) = ?", key_prefix))
        where = "".join(f" AND {clause}" for clause, _ in wanted)
        with self._open() as connection:
            rows = connection.execute(
                f"SELECT {_COLUMNS} FROM entries WHERE layer = ?{where} ORDER BY created_s, key",
                (self._layer, *(value for _, value in wanted)),
            ).fetchall()
        return [entry for entry in map(_entry, rows) if entry is not None]

    def add_counts(self, counts: Mapping[str, float]) -> None:
        """Add to the layer's counts, which outlive entries and processes.

        Raises: StorageError.
        """
        with self._open() as connection:
            connection.executemany(
                "INSERT INTO counts VALUES (?, ?, ?) "
                "ON CONFLICT (layer, name) DO UPDATE SET value = value + excluded.value",
                [(self._layer, name, value) for name, value in counts.items()],
            )

    def counts(self) -> dict[str, float]:
        """Give the layer's counts.

        Raises: StorageError.
        """
        with self._open() as connection:
            rows = connection.execute("SELECT name, value FROM counts WHERE layer = ?", (self._layer,))
            return dict(sorted(rows.fetchall()))

    def count(self) -> int:
        """Count the entries.

        Raises: StorageError.
        """
        with self._open() as connection:
            (number,) = connection.execute(
                "SELECT count(*) FROM entries WHERE layer = ?", (self._layer,)
            ).fetchone()
        return int(number)

    def check(self) -> None:
        """Look at every page of the file and at every entry.

        Raises: StorageError that says what is damaged.
        """
        with self._open() as connection:
            found = connection.execute("PRAGMA integrity_check").fetchall()
            if found != [("ok",)]:
                raise StorageError(f"{self.path} is damaged: {found[0][0]}")
            for row in connection.execute(f"SELECT {_COLUMNS} FROM entries"):
                if _entry(row) is None:
                    raise StorageError(
                        f"{self.path} is damaged: the entry {row[0].hex()} has another checksum"
                    )

    def close(self) -> None:
        """Close the file; the next call opens it again."""
        with self._lock:
            if self._connection is not None and self._process == os.getpid():
                self._connection.close()
            self._connection = None

    def _delete(self, where: str, *values: object) -> int:
        with self._open() as connection:
            cursor = connection.execute(
                f"DELETE FROM entries WHERE layer = ? AND {where}", (self._layer, *values)
            )
            return cursor.rowcount

    @contextlib.contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        if self._process != os.getpid():
            # a connection must not be used, nor closed, by the child of a fork; its lock may be held for ever
            self._process = os.getpid()
            self._lock = threading.Lock()
            self._connection = None
        with self._lock:
            try:
                if self._connection is None:
                    self._connection = _connect(self.path, self._busy_s)
                yield self._connection
            except (sqlite3.Error, OSError) as error:
                raise StorageError(f"{self.path}: {error}") from error


def remove_file(path: str) -> None:
    """Remove a cache file and what SQLite keeps beside it.

    Raises: StorageError.
    """
    for suffix in ("", "-wal", "-shm", "-journal"):
        try:
            os.unlink(path + suffix)
        except FileNotFoundError:
            continue
        except OSError as error:
            raise StorageError(str(error)) from error


def _connect(path: str, busy_s: float) -> sqlite3.Connection:
    os.makedirs(os.path.dirname(path) or ".", mode=0o700, exist_ok=True)
    # answers may be confidential: the file is its user's alone, and what SQLite writes beside it follows suit
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    connection = sqlite3.connect(path, timeout=busy_s, isolation_level=None, check_same_thread=False)
    try:
        _prepare(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _prepare(connection: sqlite3.Connection) -> None:
    for left in reversed(range(_OPEN_TRIES)):
        try:
            # turning a new file to a write-ahead log asks for it alone, and waits for nobody
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")
            if (
                connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'entries_by_age'").fetchone()
                is None
            ):
                connection.executescript(_TABLE)
            return
        except sqlite3.OperationalError as error:
            if not left or "locked" not in str(error):
                raise
            time.sleep(_OPEN_PAUSE_S)


def _row(entry: Entry) -> tuple[object, ...]:
    labels = entry.labels
    return (
        entry.key,
        entry.value,
        digest_of("entry", entry.key, entry.value),
        entry.created_s,
        entry.expires_s,
        _text(labels.model),
        _text(labels.function),
        _text(labels.tenant),
        labels.input,
    )


def _text(text: str | None) -> str:
    assert text is not None, "an entry has all labels"
    # SQLite keeps UTF-8, which has no lone surrogates
    return text.encode("utf-8", "backslashreplace").decode()


def _entry(row: tuple[bytes, bytes, bytes, float, float | None, str, str, str, bytes]) -> Entry | None:
    key, value, checksum, created_s, expires_s, *labels = row
    if (
        not isinstance(key, bytes)
        or not isinstance(value, bytes)
        or digest_of("entry", key, value) != checksum
    ):
        return None
    return Entry(key, value, created_s, expires_s, Labels(*labels))  # type: ignore[arg-type]
