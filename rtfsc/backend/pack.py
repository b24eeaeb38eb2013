"""Code object to artifact: the last arrow.

In: the code of a unit, its module, its source as bytes and its name below the search path, its key. Out: an
`Artifact`. The bytes of equal inputs are equal; the layout is the runtime's business.
"""

from __future__ import annotations

from types import CodeType

from rtfs_runtime import canonical
from rtfs_runtime.artifact import MODULE, PROGRAM, Artifact, Dependency, Meta, make_artifact
from rtfsc.ir.nodes import Module


def pack(
    code: CodeType,
    module: Module,
    source: tuple[str, bytes],
    dependencies: tuple[Dependency, ...],
    key: bytes,
) -> Artifact:
    """Make the artifact of a unit; `source` is its name and what the file held.

    Raises: ValueError, when constants or functions nest deeper than marshal can write.
    """
    filename, data = source
    meta = Meta(MODULE if module.is_module else PROGRAM, filename, module.name, dependencies)
    return make_artifact(meta, key=key, interface=module.interface, source=data, code=canonical.dump(code))
