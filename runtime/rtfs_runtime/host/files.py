"""Files and directories.

In: paths, relative ones from the working directory. Out: text, always UTF-8, and facts. A path is resolved
once, the grant is asked for the resolved one, and that one is opened.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable

from rtfs_runtime.errors import RtfsError
from rtfs_runtime.host.capability import Capability
from rtfs_runtime.host.grants import Need, real_path
from rtfs_runtime.host.handles import mode_of, open_text
from rtfs_runtime.host.rows import name, path, row, text, whole
from rtfs_runtime.host.sides import HostSide
from rtfs_runtime.limits import MAX_TEXT, check_text
from rtfs_runtime.values import Keyword

ROWS: list[Capability] = []


@row(ROWS, "ccos.io.read-file", "reads", path("read"))
def read_file(_host: HostSide, file: str) -> str:
    """Give the text of a file."""
    with open_text(real_path(file), os.O_RDONLY, "r") as stream:
        try:
            found = stream.read(MAX_TEXT + 1)
        except UnicodeDecodeError:
            raise RtfsError("IoError", {"message": f"not UTF-8 text: {file}"}) from None
    check_text(len(found))
    return found


@row(ROWS, "ccos.io.read-lines", "reads", path("read"))
def read_lines(host: HostSide, file: str) -> tuple[str, ...]:
    """Give the lines of a file without their ends."""
    lines = read_file(host, file).split("\n")
    if lines[-1] == "":
        lines.pop()
    return tuple(line.removesuffix("\r") for line in lines)


@row(ROWS, "ccos.io.write-file", "writes", path("write"))
def write_file(_host: HostSide, file: str, content: object) -> bool:
    """Write a file anew; gives true."""
    data = text(content, "write-file")
    with open_text(real_path(file), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, "w") as stream:
        stream.write(data)
    return True


@row(ROWS, "ccos.io.delete-file", "writes", path("write"))
def delete_file(_host: HostSide, file: str) -> bool:
    """Delete a file; tells whether there was one."""
    with contextlib.suppress(FileNotFoundError):
        os.remove(real_path(file))
        return True
    return False


@row(ROWS, "ccos.io.mkdir", "writes", path("write"))
def make_directory(_host: HostSide, directory: str) -> bool:
    """Make a directory and those above it; gives true."""
    os.makedirs(real_path(directory), exist_ok=True)
    return True


@row(ROWS, "ccos.io.file-exists", "reads", path("read"))
def file_exists(_host: HostSide, file: str) -> bool:
    """Tell whether a path exists."""
    return os.path.exists(real_path(file))


@row(ROWS, "ccos.io.list-dir", "reads", path("read"))
def list_directory(_host: HostSide, directory: str) -> tuple[dict[object, object], ...]:
    """Give the entries of a directory, by name."""
    with os.scandir(real_path(directory)) as entries:
        return tuple(_entry(entry) for entry in sorted(entries, key=lambda entry: entry.name))


def _entry(entry: os.DirEntry[str]) -> dict[object, object]:
    return {
        Keyword("name"): entry.name,
        Keyword("path"): entry.path,
        Keyword("is_dir"): entry.is_dir(),
        Keyword("is_file"): entry.is_file(),
        Keyword("size"): entry.stat(follow_symlinks=False).st_size,
    }


def _opening(_host: HostSide, file: object = None, mode: object = "r", *_ignored: object) -> Iterable[Need]:
    wanted = mode_of(name(mode, "open-file"))
    real = real_path(text(file, "open-file"))
    kinds = {"r": ("read",), "r+": ("read", "write")}.get(wanted, ("write",))
    return tuple(Need(kind, real) for kind in kinds)


@row(ROWS, "ccos.io.open-file", "writes", _opening)
def open_file(host: HostSide, file: str, mode: object = "r", _ignored: object = None) -> int:
    """Open a file; gives a handle."""
    return host.handles.open(real_path(file), mode_of(name(mode, "open-file")))


def _by_handle(*_args: object) -> Iterable[Need]:
    """Need nothing more: what a handle may do was granted when it was opened."""
    return ()


@row(ROWS, "ccos.io.read-line", "writes", _by_handle)
def read_line(host: HostSide, handle: object) -> str | None:
    """Give the next line of a handle, nil at the end."""
    return host.handles.read_line(whole(handle, "read-line"))


@row(ROWS, "ccos.io.write-line", "writes", _by_handle)
def write_line(host: HostSide, handle: object, line: object) -> bool:
    """Write a line to a handle; gives true."""
    host.handles.write_line(whole(handle, "write-line"), text(line, "write-line"))
    return True


@row(ROWS, "ccos.io.close-file", "writes", _by_handle)
def close_file(host: HostSide, handle: object) -> bool:
    """Close a handle; gives true."""
    host.handles.close(whole(handle, "close-file"))
    return True


@row(ROWS, "ccos.capability.load", "reads", path("read"))
def load_capability(host: HostSide, file: str) -> object:
    """Give the id of the capability that a file defines, or a vector of the ids."""
    ids = tuple(_defined(read_file(host, file)))
    if not ids:
        raise RtfsError("Generic", {"message": f"no capability is defined in {file}"})
    return ids[0] if len(ids) == 1 else ids


def _defined(source: str) -> Iterable[str]:
    for part in source.split("(capability ")[1:]:
        yield part.split()[0].strip('"()') if part.split() else ""
