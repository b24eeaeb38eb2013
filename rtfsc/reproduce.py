"""Whether an artifact is what its source compiles to.

In: an artifact, where its imports are. Out: nothing, or what differs. So a signature can be checked against
the text that people read. The key is left aside: it names the policy too, which an artifact does not hold;
what a policy changes in the code is compiled again from the delegable functions that the interface names.
"""

from __future__ import annotations

import os

from rtfs_runtime.artifact import Artifact, ArtifactError
from rtfs_runtime.errors import Refused, RtfsError
from rtfs_runtime.modulestore import ModuleStore, Request
from rtfsc.driver import compiler
from rtfsc.options import Options


def reproduces(artifact: Artifact, path: str) -> str:
    """Compile the source inside an artifact and compare; tell what differs, nothing when nothing does."""
    module = artifact.interface.module or os.path.splitext(artifact.filename)[0]
    options = Options(delegable=tuple(f"{module}/{name}" for name in artifact.interface.delegable))
    root = os.path.abspath(path)
    for _ in artifact.filename.split("/"):
        root = os.path.dirname(root)
    compile_source = compiler(options)
    modules = ModuleStore((root,), compile_source, None, options.key_text())
    request = Request(artifact.source, artifact.filename, path, artifact.is_module)
    try:
        made = compile_source(request, modules)
    except (Refused, RtfsError, ArtifactError) as error:
        return f"its source does not compile here: {error}"
    if made.interface != artifact.interface:
        return "its source has another interface"
    made.key = artifact.key
    if made.encode() != artifact.encode():
        return "its source compiles to other code, or with another version of rtfsc"
    return ""
