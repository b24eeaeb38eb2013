"""Artifacts made by hand, of Python's own code, so that nothing of the compiler is needed to test what is
done with them."""

from __future__ import annotations

from rtfs_runtime import canonical
from rtfs_runtime.artifact import MODULE, PROGRAM, Artifact, Dependency, Meta, make_artifact
from rtfs_runtime.interface import EMPTY, Function, Interface, Macro, Site


def function(name: str, *params: str, **given: object) -> Function:
    """Describe a function without types."""
    row = Function(name, params, ("",) * len(params), None, "", "", "", None, 15, False, (), 1)
    return row._replace(**given)  # type: ignore[arg-type]


RICH = Interface(
    "a.b",
    ("f", "k", "twice"),
    (function("f", "x", doc="Döc.", metadata=(("runtime.tier", ":fast"),)),),
    ("k",),
    (Macro("twice", "(defmacro twice [x] `[~x ~x])"),),
    (("P", "[:map [:x :int]]"),),
    ("c.d",),
    ("f",),
    (Site(17, "f", (("runtime.delegation", ":local"),)),),
    ("crm/customer",),
)


def artifact(
    text: str,
    interface: Interface = EMPTY,
    *,
    name: str = "m",
    source: bytes = b"; source",
    dependencies: tuple[Dependency, ...] = (),
) -> Artifact:
    """Make an artifact whose code is a Python text; it is a module when its interface has a name."""
    code = canonical.dump(compile(text, "m.rtfs", "exec"))
    meta = Meta(MODULE if interface.module else PROGRAM, f"{name}.rtfs", interface.module, dependencies)
    return make_artifact(meta, key=b"k" * 16, interface=interface, source=source, code=code)


def module(name: str, text: str, *exports: str, **given: object) -> Artifact:
    """Make an artifact of a module with exported names."""
    functions = tuple(function(export) for export in exports)
    interface = EMPTY._replace(module=name, exports=exports, functions=functions)
    return artifact(text, interface, name=name.replace(".", "/"), **given)  # type: ignore[arg-type]
