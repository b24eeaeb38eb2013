"""Functions of published modules, executed in a session in place of its own.

In: a target that names an address and a function, what the caller's function takes and gives. Out: the
function, loaded once. It was signed by a trusted key and takes and gives the same, or it is not loaded.
Neither the compiler nor the source is needed. Effects of its code are the session's: its grants hold for them
too.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Protocol

from rtfs_runtime import loader
from rtfs_runtime.artifact import Artifact, ArtifactError, check_stamp
from rtfs_runtime.cache.layer import CacheError
from rtfs_runtime.delegation.target import L4CacheHit
from rtfs_runtime.errors import RtfsError
from rtfs_runtime.interface import Function
from rtfs_runtime.modulestore import Found, ModuleStore

if TYPE_CHECKING:
    from rtfs_runtime.cache.l4_library import Library


class PublishingSession(loader.LoadingSession, Protocol):
    """What this needs of a session."""

    modules: ModuleStore


class Unavailable(Exception):
    """A published function that cannot answer here; the text says why."""


class PublishedFunctions:
    """The published functions of one session, by pointer.

    Thread: any; each module is loaded once.
    """

    def __init__(self, session: PublishingSession, library: Callable[[], Library]) -> None:
        self._session = session
        self._library = library
        self._loading = threading.RLock()
        self._loaded: dict[str, Callable[..., object]] = {}

    def function(self, target: L4CacheHit, like: Function, types: Mapping[str, str]) -> Callable[..., object]:
        """Give a published function that takes and gives what another one does.

        Raises: Unavailable.
        """
        with self._loading:
            found = self._loaded.get(target.storage_pointer)
            if found is None:
                found = self._loaded[target.storage_pointer] = self._load(target, like, types)
            return found

    def _load(self, target: L4CacheHit, like: Function, types: Mapping[str, str]) -> Callable[..., object]:
        # only sessions with such a target need the library and its index
        from rtfs_runtime.cache.l4_library import function_hash

        address, _, name = target.storage_pointer.partition("/")
        try:
            library = self._library()
            artifact = library.fetch(address)
            check_stamp(artifact.stamp, address)
            row = artifact.interface.function(name)
            if row is None or name not in artifact.interface.exports:
                raise Unavailable(f"{address} exports no function {name}")
            wanted = function_hash(like, types)
            if function_hash(row, dict(artifact.interface.types)) != wanted:
                raise Unavailable(f"{address}/{name} takes or gives something else than {like.name}")
            record = library.record(target.storage_pointer)
            if record is None or (target.signature and record.key_id != target.signature):
                raise Unavailable(f"{address}/{name} is not signed by the key {target.signature}")
            found = self._run(artifact, address).globals[name]
            library.note_use(target.storage_pointer)
        except (ArtifactError, CacheError, RtfsError) as error:
            raise Unavailable(str(error)) from error
        assert callable(found), "an exported function is one"
        return found  # type: ignore[no-any-return]

    def _run(self, artifact: Artifact, address: str) -> loader.ModuleInstance:
        name = f"l4:{address}"
        loaded = self._session.instances.get(name)
        if loaded is not None:
            return loaded
        for module, digest in artifact.meta.dependencies:
            if self._session.modules.interface_digest(module) != digest:
                raise Unavailable(f"{address} was built against another {module}")
        # a name that no import can write: the module is nobody else's
        return loader.load(Found(artifact, f"<{name}>/{artifact.filename}"), self._session, name)
