"""L4 as this machine's compile cache: from what would be compiled to its artifact, without the compiler.

In: a `Wanted`, what determines an artifact besides what it imports. Out: the artifact's bytes. Look-up takes
two steps (ruling 22): the wanted leads to the recorded list of imported modules; with the digests of their
present interfaces that gives the full key. A list from an earlier state of the imports gives a key that is
not there: then the caller compiles.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from typing import Final, NamedTuple

from rtfs_runtime.abi import ABI_VERSION
from rtfs_runtime.artifact import FORMAT_VERSION, PYTHON_TAG, SUFFIX, Dependency
from rtfs_runtime.cache.layer import CacheConfig, CacheLayer, CacheStats, StorageError
from rtfs_runtime.cache.store import BlobStore
from rtfs_runtime.digest import DIGEST_BYTES, digest, key
from rtfs_runtime.userdirs import cache_directory

DEFAULT_OPTIONS: Final = "{}"
"""What the compiler's options are in a key when nobody chose any."""

_LIST_SUFFIX: Final = ".imports"


class Wanted(NamedTuple):
    """What would be compiled: the digest of the text, its name, whether only its `(module …)` form counts,
    options, compiler."""

    source_digest: bytes
    filename: str
    as_module: bool
    options: str
    toolchain: bytes

    def partial_key(self) -> bytes:
        """Give the key of the list of imports."""
        stamp = f"{FORMAT_VERSION} {ABI_VERSION} {PYTHON_TAG} {int(self.as_module)}"
        return key("imports", self.source_digest, self.filename, self.options, self.toolchain, stamp)

    def full_key(self, dependencies: tuple[Dependency, ...]) -> bytes:
        """Give the key of the artifact."""
        parts = [part for one in dependencies for part in (one.module, one.interface_digest)]
        return key("artifact", self.partial_key(), *parts)


class LocalArtifacts(CacheLayer[bytes, bytes]):
    """Artifacts in a directory, by full key."""

    def __init__(self, directory: str, *, writes: bool = True) -> None:
        self._store = BlobStore(directory)
        self._writes = writes
        self._stats = CacheStats()
        self.problems: list[str] = []

    def get(self, key: bytes) -> bytes | None:
        """Give the bytes of an artifact."""
        found = self._read(key.hex() + SUFFIX)
        stats = self._stats
        self._stats = (
            stats._replace(misses=stats.misses + 1) if found is None else stats._replace(hits=stats.hits + 1)
        )
        return found

    def put(self, key: bytes, value: bytes) -> None:
        """Keep the bytes of an artifact."""
        if self._write(key.hex() + SUFFIX, value):
            self._stats = self._stats._replace(puts=self._stats.puts + 1)

    def invalidate(self, key: bytes) -> bool:
        """Forget an artifact."""
        try:
            removed = self._store.remove(key.hex() + SUFFIX)
        except StorageError as error:
            self.problems.append(str(error))
            return False
        self._stats = self._stats._replace(invalidations=self._stats.invalidations + removed)
        return removed

    def clear(self) -> None:
        """Forget all artifacts and lists."""
        for name in self._store.names():
            if name.endswith((SUFFIX, _LIST_SUFFIX)):
                try:
                    self._store.remove(name)
                except StorageError as error:
                    self.problems.append(str(error))

    def stats(self) -> CacheStats:
        """Tell what this process did, and how many artifacts there are."""
        return self._stats._replace(size=sum(name.endswith(SUFFIX) for name in self._store.names()))

    def config(self) -> CacheConfig:
        """Give the configuration: entries never go stale, their keys name all that they depend on."""
        return CacheConfig(max_size=None, persistence=True)

    # -- the two steps

    def find(self, wanted: Wanted, interface_digest: Callable[[str], bytes]) -> bytes | None:
        """Look an artifact up; `interface_digest` tells the present interface of an imported module."""
        known = self._list(wanted)
        if known is None:
            self._stats = self._stats._replace(misses=self._stats.misses + 1)
            return None
        made, names = known
        return self.get(made.full_key(tuple(Dependency(name, interface_digest(name)) for name in names)))

    def keep(self, asked: tuple[Wanted, ...], dependencies: tuple[Dependency, ...], data: bytes) -> None:
        """Keep the artifact made for the first, then for each that it answers the list that leads to it."""
        made = asked[0]
        self.put(made.full_key(dependencies), data)
        names = [one.module for one in dependencies]
        text = json.dumps([made.as_module, names], separators=(",", ":")).encode()
        for one in asked:
            self._write(one.partial_key().hex() + _LIST_SUFFIX, digest(text) + text)

    def latest(self, is_wanted: Callable[[bytes], bool]) -> bytes | None:
        """Give the artifact written last of those that one is looking for."""
        found = (
            data
            for name in self._store.latest_first()
            if name.endswith(SUFFIX)
            for data in [self._read(name)]
            if data is not None
        )
        return next((data for data in found if is_wanted(data)), None)

    def _list(self, wanted: Wanted) -> tuple[Wanted, tuple[str, ...]] | None:
        data = self._read(wanted.partial_key().hex() + _LIST_SUFFIX)
        if data is None or digest(data[DIGEST_BYTES:]) != data[:DIGEST_BYTES]:
            return None
        as_module, names = json.loads(data[DIGEST_BYTES:])
        return wanted._replace(as_module=as_module), tuple(names)

    def _read(self, name: str) -> bytes | None:
        try:
            return self._store.read(name)
        except StorageError as error:
            self.problems.append(str(error))
            return None

    def _write(self, name: str, data: bytes) -> bool:
        if not self._writes:
            return False
        try:
            self._store.write(name, data)
        except StorageError as error:
            self.problems.append(str(error))
            return False
        return True


def local_artifacts() -> LocalArtifacts:
    """Give the compile cache of this user; nothing is written where Python writes no bytecode either."""
    return LocalArtifacts(os.path.join(cache_directory(), "l4"), writes=not sys.dont_write_bytecode)
