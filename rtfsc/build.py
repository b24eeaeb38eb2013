"""Compiles files ahead of time: what `rtfsc build` does.

In: files and folders, where artifacts go, options. Out: `Built` for each source, in order; artifacts on disk,
written aside and renamed. A file that is wrong does not keep the others from being built.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from typing import Final, Literal, NamedTuple

from rtfs_runtime.artifact import SUFFIX, Artifact
from rtfs_runtime.cache.l4_artifact import LocalArtifacts
from rtfs_runtime.cache.store import write_file
from rtfs_runtime.errors import RtfsError
from rtfs_runtime.modulepath import SOURCE_SUFFIX, Place
from rtfs_runtime.modulestore import ModuleStore, Request
from rtfsc.driver import compiler
from rtfsc.options import DEFAULT, Options
from rtfsc.source import CompileError
from rtfsc.units import Timing

Accept = Callable[[Artifact, str], None]
State = Literal["compiled", "cached", "failed"]


class Target(NamedTuple):
    """Where to write, and what else is looked at: `out_dir` None writes beside the source, `paths` hold
    imports, `timing` is told how long stages take."""

    out_dir: str | None = None
    paths: tuple[str, ...] = ()
    cache: LocalArtifacts | None = None
    timing: Timing | None = None


class Built(NamedTuple):
    """What became of one source; `error` is set when it failed, `output` and `artifact` else."""

    path: str
    state: State
    output: str = ""
    artifact: Artifact | None = None
    error: CompileError | RtfsError | None = None


BESIDE: Final = Target()


def build(
    paths: Sequence[str],
    target: Target = BESIDE,
    options: Options = DEFAULT,
    progress: Callable[[Built], None] = lambda built: None,
    accept: Accept = lambda artifact, path: None,
) -> tuple[Built, ...]:
    """Compile every source named or in a folder named; `progress` is told of each as it is done, `accept` may
    refuse one by raising CompileError.

    Raises: OSError for what cannot be read or written.
    """
    builder = _Builder(target, options, accept)
    found: list[Built] = []
    for root, filename in _sources(paths):
        built = builder.build(root, filename)
        progress(built)
        found.append(built)
    return tuple(found)


class _Builder:
    """One store per root: artifacts that lie beside the sources may be of other options, so sources come
    first."""

    def __init__(self, target: Target, options: Options, accept: Accept) -> None:
        self._target = target
        self._accept = accept
        self._options = options
        self._compile = compiler(options, target.timing)
        self._stores: dict[str, ModuleStore] = {}
        self._compiled: set[str] = set()

    def build(self, root: str, filename: str) -> Built:
        path = os.path.join(root, filename)
        place = Place(filename.replace(os.sep, "/"), path, None)
        try:
            artifact = self._store(root).fetch_place(place).artifact
            self._accept(artifact, path)
        except (CompileError, RtfsError) as error:
            return Built(path, "failed", error=error)
        output = os.path.join(self._target.out_dir or root, filename.removesuffix(SOURCE_SUFFIX) + SUFFIX)
        os.makedirs(os.path.dirname(output) or os.curdir, exist_ok=True)
        write_file(output, artifact.encode())
        return Built(path, "compiled" if path in self._compiled else "cached", output, artifact)

    def _store(self, root: str) -> ModuleStore:
        found = self._stores.get(root)
        if found is None:
            target = self._target
            paths = (root, *target.paths)
            found = ModuleStore(
                paths, self._noted, target.cache, self._options.key_text(), sources_first=True
            )
            self._stores[root] = found
        return found

    def _noted(self, request: Request, modules: ModuleStore) -> Artifact:
        self._compiled.add(request.path)
        return self._compile(request, modules)


def source_files(paths: Sequence[str]) -> list[str]:
    """Give files as named, and the sources in folders named."""
    found: list[str] = []
    for path in paths:
        if os.path.isdir(path):
            found += sorted(os.path.join(root, filename) for root, filename in _below(path))
        else:
            found.append(path)
    return found


def _sources(paths: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Give the root and the name below it of each source, in order, once."""
    seen: set[str] = set()
    for path in paths:
        for root, filename in _below(path) if os.path.isdir(path) else [os.path.split(path)]:
            real = os.path.realpath(os.path.join(root, filename))
            if real not in seen:
                seen.add(real)
                yield root or os.curdir, filename


def _below(root: str) -> Iterator[tuple[str, str]]:
    for folder, folders, files in os.walk(root):
        folders.sort()
        for name in sorted(files):
            if name.endswith(SOURCE_SUFFIX):
                yield root, os.path.relpath(os.path.join(folder, name), root)
