"""Where model files are, and what is known of them without loading them.

In: a policy's row, the environment. Out: the file, or a ProviderError that says where it was looked for and
which command brings one; `FileFacts`, kept on disk by path, size and time, because digesting a file of
gigabytes takes seconds.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Final, NamedTuple

from rtfs_runtime.cache.store import write_file
from rtfs_runtime.digest import key
from rtfs_runtime.providers.base import ModelSettings, ProviderError
from rtfs_runtime.providers.llama.gguf_file import GgufError, Header, read_header
from rtfs_runtime.providers.llama.manifest import ModelRow, manifest
from rtfs_runtime.userdirs import cache_directory, models_directory

PATH_VARIABLE: Final = "RTFS_LOCAL_MODEL_PATH"
_CHUNK_BYTES: Final = 1 << 20


class FileFacts(NamedTuple):
    """A model file: the digest of its bytes, and its header."""

    sha256: str
    size_bytes: int
    header: Header


def stored_path(model_id: str) -> Path:
    """Give where the model of an id is kept, whether it is there or not."""
    return Path(models_directory(), f"{model_id}.gguf")


def installed_path(row: ModelRow) -> Path | None:
    """Find the file of a model that comes as one file inside a package, where that package is installed."""
    if len(row.parts) != 1:
        return None
    folder, _, rest = row.parts[0].member.partition("/")
    spec = find_spec(folder)
    for place in (spec.submodule_search_locations or ()) if spec is not None else ():
        path = Path(place, rest)
        if path.is_file():
            return path
    return None


def find_model(model_id: str) -> Path | None:
    """Find the file of a model of the list, or of one that was added, by its id."""
    stored = stored_path(model_id)
    if stored.is_file():
        return stored
    row = manifest().get(model_id)
    return None if row is None else installed_path(row)


def find_file(settings: ModelSettings, env: Callable[[str], str | None]) -> Path:
    """Find the file of a policy's model: `file`, `model`, the environment, the default model.

    Raises: ProviderError.
    """
    if settings.file is not None:
        return settings.file
    wanted = settings.options.get("model")
    given = None if wanted is not None else env(PATH_VARIABLE)
    if given:
        path = Path(given).expanduser()
        if path.is_file():
            return path
        raise ProviderError(
            f"model `{settings.id}`: no file {path}, which {PATH_VARIABLE} names; correct the variable, or "
            "unset it and run `rtfsc models pull`"
        )
    default = next(row.id for row in manifest().values() if row.default)
    model_id = default if wanted is None else str(wanted)
    found = find_model(model_id)
    if found is not None:
        return found
    if model_id not in manifest():
        raise ProviderError(
            f"model `{settings.id}`: there is no model `{model_id}`: no file {stored_path(model_id)}; "
            "`rtfsc models list` shows those there are, and "
            f"`rtfsc models add FILE.gguf --id {model_id}` adds one"
        )
    raise ProviderError(
        f"model `{settings.id}`: no file {stored_path(model_id)}; run `rtfsc models pull {model_id}`, or "
        f"name a GGUF file with `file` in the policy or with {PATH_VARIABLE}"
    )


def sha256_of(path: Path, progress: Callable[[int], None] | None = None) -> str:
    """Digest a file; `progress` is told of each part's size in bytes."""
    found = hashlib.sha256()
    with path.open("rb") as file:
        while data := file.read(_CHUNK_BYTES):
            found.update(data)
            if progress is not None:
                progress(len(data))
    return found.hexdigest()


def facts_of(path: Path) -> FileFacts:
    """Give what is known of a model file.

    Raises: ProviderError for a file that is not there or is no GGUF.
    """
    try:
        status = path.stat()
        name = key("model file", str(path.resolve()), str(status.st_size), str(status.st_mtime_ns)).hex()
        kept = _read_kept(name)
        if kept is None:
            kept = FileFacts(sha256_of(path), status.st_size, read_header(path))
            keep(name, kept)
        return kept
    except OSError as error:
        raise ProviderError(f"the model file {path} cannot be read: {error.strerror or error}") from None
    except GgufError as error:
        raise ProviderError(f"the model file {path} is no model: {error}") from None


def _kept_path(name: str) -> str:
    return os.path.join(cache_directory(), "models", f"{name}.json")


def read_kept(name: str) -> object:
    """Give what was kept under a name, None when nothing was or it cannot be read."""
    try:
        with open(_kept_path(name), encoding="utf-8") as file:
            found: object = json.load(file)
            return found
    except (OSError, ValueError):
        return None


def keep(name: str, data: object) -> None:
    """Keep some data under a name, where the disk lets us; it can always be computed again."""
    with contextlib.suppress(OSError):
        path = _kept_path(name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        write_file(path, json.dumps(data).encode())


def _read_kept(name: str) -> FileFacts | None:
    match read_kept(name):
        case [str(sha256), int(size), [str(kind), str(title), str(licence), str(template), int(context)]]:
            return FileFacts(sha256, size, Header(kind, title, licence, template, context))
    return None


def library_version() -> str:
    """Name the build of llama.cpp that is installed: its version, and a digest of its libraries.

    Raises: ProviderError when there is none.
    """
    spec = find_spec("llama_cpp")
    if spec is None or not spec.submodule_search_locations:
        raise ProviderError(
            "local models need llama-cpp-python: run `pip install 'rtfsc[llm]'` (README has the flags of a "
            "portable build)"
        )
    # reads the metadata of installed packages, which takes milliseconds
    from importlib.metadata import version

    parts: list[str] = []
    folder = Path(spec.submodule_search_locations[0], "lib")
    for path in sorted(folder.glob("*")):
        if not path.is_symlink() and path.suffix in (".so", ".dylib", ".dll"):
            status = path.stat()
            parts += (path.name, _file_digest(path, status.st_size, status.st_mtime_ns))
    return f"llama-cpp-python-{version('llama-cpp-python')}-{key('library', *parts).hex()[:8]}"


def _file_digest(path: Path, size: int, time_ns: int) -> str:
    name = key("library file", str(path), str(size), str(time_ns)).hex()
    kept = read_kept(name)
    if not isinstance(kept, str):
        kept = sha256_of(path)
        keep(name, kept)
    return kept
