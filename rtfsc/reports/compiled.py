"""Why a source was compiled before, or will be compiled anew: which of its inputs differs.

In: a source, the options, the compile cache. Out: one line. The cache finds artifacts by their key alone;
here those of the same file are read, and the latest is compared part by part.
"""

from __future__ import annotations

from rtfs_runtime.abi import ABI_VERSION
from rtfs_runtime.artifact import PYTHON_TAG, Artifact, ArtifactError, decode
from rtfs_runtime.cache.l4_artifact import LocalArtifacts, Wanted
from rtfs_runtime.digest import digest
from rtfs_runtime.errors import RtfsError
from rtfs_runtime.modulepath import Place
from rtfs_runtime.modulestore import ModuleStore
from rtfs_runtime.toolchain import toolchain_digest


def why_compiled(place: Place, modules: ModuleStore, options: str, cache: LocalArtifacts) -> str:
    """Tell whether the compile cache holds the artifact of a source; when not, what tells the source from the
    latest that it holds of this file."""
    assert place.source_path is not None, "asked of a source"
    with open(place.source_path, "rb") as file:
        source = digest(file.read())
    wanted = Wanted(source, place.filename, False, options, toolchain_digest())
    try:
        if cache.find(wanted, modules.interface_digest) is not None:
            return "a hit: the same source, options, imports and compiler were compiled before"
    except RtfsError as error:
        return f"a miss: what it imports cannot be found: {error}"
    latest = cache.latest(lambda data: _is_of(data, place.filename))
    if latest is None:
        return "a miss: this file was not compiled before, or nothing of it is kept"
    return f"a miss: it differs from the last time in {_difference(decode(latest), source, modules)}"


def _is_of(data: bytes, filename: str) -> bool:
    try:
        return decode(data, strict=False).filename == filename
    except ArtifactError:
        return False


def _difference(before: Artifact, source: bytes, modules: ModuleStore) -> str:
    if before.meta.source_digest != source:
        return "the source"
    if before.stamp.tag != PYTHON_TAG:
        return f"the Python: {before.stamp.tag}, this is {PYTHON_TAG}"
    if before.stamp.abi != ABI_VERSION:
        return f"the ABI: {before.stamp.abi}, this is {ABI_VERSION}"
    for name, digest_then in before.meta.dependencies:
        if modules.interface_digest(name) != digest_then:
            return f"the interface of {name}, which it imports"
    return "the options, the policy or the compiler itself"
