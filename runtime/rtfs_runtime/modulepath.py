"""Names of modules to files on a search path.

In: a module name and directories. Out: `Place`, where its source and its artifact are. Source: language §7.2.
"""

from __future__ import annotations

import os
from typing import Final, NamedTuple

from rtfs_runtime.artifact import SUFFIX

SOURCE_SUFFIX: Final = ".rtfs"
_NOT_IN_A_PATH: Final = frozenset("\\:\0")


class Place(NamedTuple):
    """Where a module is: `filename` is relative to the directory it was found in; at least one of the paths
    is there."""

    filename: str
    source_path: str | None
    artifact_path: str | None

    @property
    def path(self) -> str:
        """The path to show: the source's, or what it would be beside the artifact."""
        if self.source_path is not None:
            return self.source_path
        assert self.artifact_path is not None
        return self.artifact_path.removesuffix(SUFFIX) + SOURCE_SUFFIX


def file_names(module: str) -> tuple[str, ...]:
    """Give the paths, without suffix, that a module may have, the first found wins; none for a name that
    would climb out.

    `a.b` is `a/b`; `com.acme:v1.2/util` is `com/acme/v1.2/util`, else `com/acme/util`.
    """
    space, slash, tail = module.partition("/")
    base, _, version = space.partition(":")
    before = base.split(".")
    after = tail.replace("/", ".").split(".") if slash else []
    found = [[*before, version, *after], [*before, *after]] if version else [[*before, *after]]
    return tuple("/".join(parts) for parts in found if all(map(_is_plain, parts)))


def _is_plain(part: str) -> bool:
    return part not in ("", ".", "..") and _NOT_IN_A_PATH.isdisjoint(part)


def find_module(module: str, paths: tuple[str, ...]) -> Place | None:
    """Look for a module in directories, in their order."""
    names = file_names(module)
    for directory in paths:
        for name in names:
            place = find_file(directory, name)
            if place is not None:
                return place
    return None


def find_file(directory: str, name: str) -> Place | None:
    """Look for a source or an artifact of a name, without suffix, in one directory."""
    base = os.path.join(directory, *name.split("/"))
    source, artifact = base + SOURCE_SUFFIX, base + SUFFIX
    has_source, has_artifact = os.path.isfile(source), os.path.isfile(artifact)
    if not (has_source or has_artifact):
        return None
    return Place(name + SOURCE_SUFFIX, source if has_source else None, artifact if has_artifact else None)
