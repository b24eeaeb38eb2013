"""Ledgers as JSON lines: one record a line, in a file for all runs or in a folder with a file for each.

In: records. Out: lines that are written whole, one call of the system each, so that a crash leaves at most
the last one torn; readers pass over such a line. Files are readable by their owner only.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from typing import Final

from rtfs_runtime.ledger.record import START, Record
from rtfs_runtime.ledger.writing import StoreError

SUFFIX: Final = ".jsonl"
_encode: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


class JsonLinesFile:
    """All runs in one file, which grows."""

    def __init__(self, path: str) -> None:
        self.path = path
        self._file: int | None = None

    def append(self, record: Record) -> None:
        """Write a line."""
        # a lone half of a surrogate pair is legal in our strings, and stays readable as an escape
        data = (_encode(record) + "\n").encode("utf-8", "backslashreplace")
        try:
            if self._file is None:
                self._file = _open(self.path)
            os.write(self._file, data)
        except OSError as error:
            raise StoreError(f"{self.path}: {error.strerror or error}") from None

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def names(self) -> list[str]:
        """Name the runs in the order of their starts. Raises StoreError."""
        return [record["run"] for record in self._all() if record.get("kind") == START]

    def records(self, name: str) -> Iterator[Record]:
        """Give the records of a run. Raises StoreError."""
        return (record for record in self._all() if record.get("run") == name)

    def _all(self) -> Iterator[Record]:
        try:
            with open(self.path, encoding="utf-8", errors="replace") as lines:
                for line in lines:
                    record = _read(line)
                    if record is not None:
                        yield record
        except OSError as error:
            raise StoreError(f"{self.path}: {error.strerror or error}") from None


class RunFolder:
    """A file for each run; with `most` the oldest go when there are more."""

    def __init__(self, path: str, most: int | None = None) -> None:
        self.path = path
        self._most = most
        self._file: JsonLinesFile | None = None

    def append(self, record: Record) -> None:
        """Write a line into the file of its run."""
        if self._file is None:
            self._make_room()
            self._file = JsonLinesFile(self._file_of(record["run"]))
        self._file.append(record)

    def close(self) -> None:
        """Close the file of the run."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def names(self) -> list[str]:
        """Name the runs, oldest first; their names begin with their time. Raises StoreError."""
        try:
            found = os.listdir(self.path)
        except FileNotFoundError:
            return []
        except OSError as error:
            raise StoreError(f"{self.path}: {error.strerror or error}") from None
        return sorted(name.removesuffix(SUFFIX) for name in found if name.endswith(SUFFIX))

    def records(self, name: str) -> Iterator[Record]:
        """Give the records of a run. Raises StoreError."""
        return JsonLinesFile(self._file_of(name)).records(name)

    def _file_of(self, name: str) -> str:
        return os.path.join(self.path, name + SUFFIX)

    def _make_room(self) -> None:
        try:
            os.makedirs(self.path, mode=0o700, exist_ok=True)
            names = [] if self._most is None else self.names()
            for name in names[: max(0, len(names) + 1 - (self._most or 0))]:
                os.remove(self._file_of(name))
        except FileNotFoundError:
            # another process removed the same one
            return
        except OSError as error:
            raise StoreError(f"{self.path}: {error.strerror or error}") from None


def _open(path: str) -> int:
    folder = os.path.dirname(path)
    if folder:
        os.makedirs(folder, exist_ok=True)
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_CLOEXEC", 0), 0o600)


def _read(line: str) -> Record | None:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None
