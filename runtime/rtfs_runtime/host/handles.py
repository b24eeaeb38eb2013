"""Open files of a session, by number.

In: resolved paths. Out: integer handles counting from 1. A handle reads from the beginning of its file, also
when it was opened for writing (stdlib §14.2); a number never comes twice.
"""

from __future__ import annotations

import os
import threading
from typing import IO, Final

from rtfs_runtime.errors import generic, invalid_argument

_MODES: Final = {
    "r": "r",
    "read": "r",
    "w": "w",
    "write": "w",
    "a": "a",
    "append": "a",
    "r+": "r+",
    "read-write": "r+",
}


def mode_of(name: str) -> str:
    """Give the mode that a name stands for: r, w, a or r+."""
    try:
        return _MODES[name]
    except KeyError:
        raise invalid_argument(f"open-file mode must be one of {', '.join(_MODES)}, not {name}") from None


def open_real(path: str, flags: int) -> int:
    """Open a resolved path; a link that took its place meanwhile is refused."""
    return os.open(path, flags | os.O_CLOEXEC | os.O_NOFOLLOW, 0o666)


def open_text(path: str, flags: int, mode: str) -> IO[str]:
    """Open a resolved path as UTF-8 text, line ends as they are."""
    return open(open_real(path, flags), mode, encoding="utf-8", newline="")


class _Entry:
    __slots__ = ("path", "reader", "writer")

    def __init__(self, path: str, writer: IO[str] | None) -> None:
        self.path = path
        self.writer = writer
        self.reader: IO[str] | None = None


class Handles:
    """The open files of one session. Thread: guarded by a lock."""

    def __init__(self) -> None:
        self._entries: dict[int, _Entry] = {}
        self._last = 0
        self._lock = threading.Lock()

    def open(self, path: str, mode: str) -> int:
        """Open a file; `w`, `a` and `r+` create it."""
        create = os.O_CREAT | os.O_WRONLY
        flags = {"r": os.O_RDONLY, "w": create | os.O_TRUNC, "a": create | os.O_APPEND, "r+": create}[mode]
        entry = _Entry(path, None)
        if mode == "r":
            entry.reader = open_text(path, flags, "r")
        else:
            entry.writer = open_text(path, flags, "w")
        with self._lock:
            self._last += 1
            self._entries[self._last] = entry
            return self._last

    def read_line(self, handle: int) -> str | None:
        """Give the next line without its end, None at the end of the file."""
        with self._lock:
            entry = self._entry(handle)
            if entry.writer is not None:
                entry.writer.flush()
            if entry.reader is None:
                entry.reader = open_text(entry.path, os.O_RDONLY, "r")
            line = entry.reader.readline()
        return line.removesuffix("\n").removesuffix("\r") if line else None

    def write_line(self, handle: int, text: str) -> None:
        """Write a line."""
        with self._lock:
            entry = self._entry(handle)
            if entry.writer is None:
                raise generic(f"file handle {handle} is not open for writing")
            entry.writer.write(text + "\n")

    def close(self, handle: int) -> None:
        """Close a file."""
        with self._lock:
            entry = self._entry(handle)
            del self._entries[handle]
        _close(entry)

    def close_all(self) -> None:
        """Close every file that a program left open."""
        with self._lock:
            entries = list(self._entries.values())
            self._entries.clear()
        for entry in entries:
            _close(entry)

    def _entry(self, handle: int) -> _Entry:
        entry = self._entries.get(handle)
        if entry is None:
            raise generic(f"no open file has handle {handle}")
        return entry


def _close(entry: _Entry) -> None:
    for stream in (entry.reader, entry.writer):
        if stream is not None:
            stream.close()
