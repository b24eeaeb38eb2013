"""Finds compiled modules: artifacts, the compile cache, and sources through a compile function that the
caller passes in.

In: module names or files, a search path. Out: `Found`, an artifact that fits this process and the present
interfaces of what it imports. Without a compile function sources are found only when the cache has them.
Running modules is left to the loader.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from rtfs_runtime.artifact import Artifact, ArtifactError, check_stamp, decode
from rtfs_runtime.cache.l4_artifact import DEFAULT_OPTIONS, LocalArtifacts, Wanted
from rtfs_runtime.digest import digest
from rtfs_runtime.errors import RtfsError
from rtfs_runtime.imports import Imports, module_error
from rtfs_runtime.modulepath import Place, find_module
from rtfs_runtime.toolchain import toolchain_digest

if TYPE_CHECKING:
    from rtfs_runtime.trust import Trust


class Found(NamedTuple):
    """An artifact and the path of its source, which need not exist."""

    artifact: Artifact
    path: str


class Request(NamedTuple):
    """A text to compile: its bytes, its name below the search path, its path, whether RTFS imports it
    (language §7.2)."""

    data: bytes
    filename: str
    path: str
    as_module: bool


Compile: TypeAlias = "Callable[[Request, ModuleStore], Artifact]"
"""Compiles a text; the store is where it finds what the text imports."""


class Uncompiled(Exception):
    """There is a source, no artifact of it, and no compiler was passed in."""

    def __init__(self, path: str) -> None:
        super().__init__(f"{path} is not compiled: run `rtfsc build {path}`")


class ModuleStore:
    """Modules on one search path. Each is looked for once; `forget` starts again.

    Shape: `delegates` tells which functions the policy sends elsewhere: an artifact that has them bound for
           good does not fit.
    `compile_source` raises what it likes for a program and RtfsError for what RTFS imports. `sources_first`
    passes artifacts over where there is a source, for who builds them.
    """

    def __init__(
        self,
        paths: tuple[str, ...],
        compile_source: Compile | None = None,
        cache: LocalArtifacts | None = None,
        options: str = DEFAULT_OPTIONS,
        *,
        sources_first: bool = False,
    ) -> None:
        self.paths = paths
        self._sources_first = sources_first
        self._compile = compile_source
        self._cache = cache
        self._options = options
        self._found: dict[str, Found] = {}
        self._made: dict[Wanted, Artifact] = {}
        self._imports = Imports()
        self.delegates: Callable[[str], bool] | None = None
        self._trust: Trust | None = None

    @property
    def can_compile(self) -> bool:
        """Tell whether a compile function was passed in."""
        return self._compile is not None

    def require_signed(self, trust: Trust) -> None:
        """Find from now on only artifacts that a trusted key signed; nothing else is decoded or compiled."""
        self._trust = trust
        self.forget()

    def forget(self) -> None:
        """Forget what was found, so that changed files are seen."""
        self._found.clear()
        self._made.clear()

    def fetch(self, name: str) -> Found:
        """Find the module of a name.

        Raises: RtfsError ModuleNotFound, or ModuleError with the cause: a cycle, a damaged artifact, what the
                compiler says.
        """
        found = self._found.get(name)
        if found is not None:
            return found
        with self._imports.importing(name):
            return self._found.get(name) or self._fetch(name)

    def _fetch(self, name: str) -> Found:
        place = find_module(name, self.paths)
        if place is None:
            raise RtfsError("ModuleNotFound", {"name": name})
        try:
            found = self._found[name] = self.fetch_place(place, as_module=True)
        except (ArtifactError, Uncompiled, OSError) as error:
            raise module_error(f"{name}: {error}") from error
        return found

    def fetch_place(self, place: Place, *, as_module: bool = False) -> Found:
        """Find what is at a place: the artifact when it is fresh, else the source's.

        Raises: ArtifactError, Uncompiled, OSError, RtfsError, and what the compile function raises.
        """
        source = None if place.source_path is None else _read(place.source_path)
        if self._trust is not None:
            return Found(self._signed(place, source, self._trust, as_module=as_module), place.path)
        if place.artifact_path is not None and not (source is not None and self._sources_first):
            try:
                artifact = decode(_read(place.artifact_path), strict=False)
            except ArtifactError:
                if source is None:
                    raise
            else:
                if source is None or artifact.meta.source_digest == digest(source):
                    return Found(self._fitting(artifact, place, as_module=as_module), place.path)
        assert source is not None, "a place without files"
        return Found(self._from_source(Request(source, place.filename, place.path, as_module)), place.path)

    def fetch_text(self, text: str, filename: str, *, as_module: bool = False) -> Found:
        """Find the artifact of a text that is in no file."""
        data = text.encode("utf-8", "surrogatepass")
        return Found(self._from_source(Request(data, filename, filename, as_module)), filename)

    def interface_digest(self, name: str) -> bytes:
        """Give the digest of a module's present interface; raises as `fetch`."""
        return self.fetch(name).artifact.interface_digest

    def _signed(self, place: Place, source: bytes | None, trust: Trust, *, as_module: bool) -> Artifact:
        # only sessions that ask for signatures check any
        from rtfs_runtime.trust import admit

        if place.artifact_path is None:
            raise ArtifactError(
                "E510", f"{place.path} is a source, and only signed artifacts are loaded here"
            )
        content, _ = admit(_read(place.artifact_path), trust, place.artifact_path)
        artifact = decode(content, strict=False)
        if source is not None and artifact.meta.source_digest != digest(source):
            raise ArtifactError("E510", f"{place.path} has changed since its artifact was signed")
        check_stamp(artifact.stamp, place.path)
        self._check_dependencies(artifact, place)
        if as_module and not artifact.is_module:
            raise _no_module(place)
        return artifact

    def _fitting(self, artifact: Artifact, place: Place, *, as_module: bool) -> Artifact:
        """Give the artifact, or what its source compiles to when it does not fit this process or what it
        imports."""
        try:
            check_stamp(artifact.stamp, place.path)
            self._check_dependencies(artifact, place)
            if as_module and not artifact.is_module:
                raise _no_module(place)
            if self._compile is not None and self._is_closed(artifact, place):
                return self._from_source(Request(artifact.source, artifact.filename, place.path, as_module))
        except ArtifactError:
            if self._compile is None:
                raise
            return self._from_source(Request(artifact.source, artifact.filename, place.path, as_module))
        return artifact

    def _is_closed(self, artifact: Artifact, place: Place) -> bool:
        name = os.path.splitext(os.path.basename(place.path))[0]
        return self.delegates is not None and artifact.interface.closed(name, self.delegates) is not None

    def compile_with(self, compile_source: Compile, options: str) -> None:
        """Compile from now on by another function, whose options have another key; what was found is
        forgotten."""
        self._compile, self._options = compile_source, options
        self.forget()

    def _check_dependencies(self, artifact: Artifact, place: Place) -> None:
        for name, wanted in artifact.meta.dependencies:
            if self.interface_digest(name) != wanted:
                raise ArtifactError(
                    "E508", f"{place.path} was built against another {name}: run `rtfsc build` again"
                )

    def _from_source(self, request: Request) -> Artifact:
        if self._trust is not None:
            raise ArtifactError(
                "E510", f"{request.path} is a source, and only signed artifacts are loaded here"
            )
        if self._cache is None and self._compile is None:
            raise Uncompiled(request.path)
        wanted = Wanted(
            digest(request.data), request.filename, request.as_module, self._options, toolchain_digest()
        )
        known = self._made.get(wanted) or self._cached(wanted)
        if known is not None:
            return known
        if self._compile is None:
            raise Uncompiled(request.path)
        artifact = self._compile(request, self)
        asked = _asked(artifact, wanted)
        self._made.update(dict.fromkeys(asked, artifact))
        if self._cache is not None:
            self._cache.keep(asked, artifact.meta.dependencies, artifact.encode())
        return artifact

    def _cached(self, wanted: Wanted) -> Artifact | None:
        if self._cache is None:
            return None
        try:
            data = self._cache.find(wanted, self.interface_digest)
            return None if data is None else decode(data, strict=False)
        except (ArtifactError, RtfsError):
            # a damaged entry, or an import that is gone or broken: the compiler says what is wrong, in the
            # right place
            return None


def _unsigned(path: str) -> ArtifactError:
    return ArtifactError("E510", f"{path} is a source, and only signed artifacts are loaded here")


def _no_module(place: Place) -> ArtifactError:
    return ArtifactError("E507", f"{place.path} has no module form: it cannot be imported")


def _asked(artifact: Artifact, wanted: Wanted) -> tuple[Wanted, ...]:
    """Give all that an artifact is the answer to, first what it was made for.

    A file of one module form gives the same artifact whether RTFS imports it or not.
    """
    whole = wanted._replace(as_module=False)
    if artifact.is_module and artifact.key == whole.full_key(artifact.meta.dependencies):
        return whole, whole._replace(as_module=True)
    return (wanted,)


def _read(path: str) -> bytes:
    with open(os.fspath(path), "rb") as file:
        return file.read()
