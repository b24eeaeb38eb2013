"""A directory of immutable blobs, found by digest; and where the user's directories are.

In: digests and bytes. Out: bytes. Files are written aside and renamed, so that a reader sees all of a blob or
none, whoever else writes and whenever a process dies. A directory that cannot be written to is only read.
What blobs mean is left to the layers.
"""

from __future__ import annotations

import contextlib
import os
from threading import get_ident
from typing import Final

from rtfs_runtime.cache.layer import StorageError
from rtfs_runtime.userdirs import trust_directory

TRUST_FILE: Final = "trust.json"


def has_pins() -> bool:
    """Tell whether this user may have pinned functions; a list that cannot be read may hold some."""
    try:
        with open(os.path.join(trust_directory(), TRUST_FILE), "rb") as file:
            return b'"pins": {}' not in file.read()
    except OSError as error:
        return not isinstance(error, (FileNotFoundError, NotADirectoryError))


def write_file(path: str, data: bytes) -> None:
    """Write a file aside and rename it to its name.

    Raises: OSError, and leaves nothing behind.
    """
    directory, name = os.path.split(path)
    # one name per thread: two that write the same blob write the same bytes, but not into one file
    aside = os.path.join(directory, f".{name}.{os.getpid()}.{get_ident()}")
    try:
        with open(aside, "wb") as file:
            file.write(data)
        os.replace(aside, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(aside)
        raise


class BlobStore:
    """One directory."""

    def __init__(self, directory: str) -> None:
        self.directory = directory

    def read(self, name: str) -> bytes | None:
        """Give a blob, None when it is not there.

        Raises: StorageError.
        """
        try:
            with open(self._path(name), "rb") as file:
                return file.read()
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise StorageError(str(error)) from error

    def write(self, name: str, data: bytes) -> None:
        """Keep a blob; the directory is made for the user alone, since what is in it will be run.

        Raises: StorageError.
        """
        path = self._path(name)
        try:
            os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
            write_file(path, data)
        except OSError as error:
            raise StorageError(str(error)) from error

    def remove(self, name: str) -> bool:
        """Forget a blob; tell whether it was there.

        Raises: StorageError.
        """
        try:
            os.unlink(self._path(name))
        except (FileNotFoundError, NotADirectoryError):
            return False
        except OSError as error:
            raise StorageError(str(error)) from error
        return True

    def names(self) -> list[str]:
        """Name all blobs, in order."""
        found: list[str] = []
        for _, _, files in os.walk(self.directory):
            found += [name for name in files if not name.startswith(".")]
        return sorted(found)

    def latest_first(self) -> list[str]:
        """Name all blobs, those written last first."""

        def written_s(name: str) -> float:
            try:
                return os.stat(self._path(name)).st_mtime
            except OSError:
                # another process removed it meanwhile
                return 0.0

        return sorted(self.names(), key=written_s, reverse=True)

    def _path(self, name: str) -> str:
        return os.path.join(self.directory, name[:2], name)
