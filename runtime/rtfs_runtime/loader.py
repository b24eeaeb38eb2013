"""Runs compiled modules: an artifact and a session to a module with its globals.

In: artifacts, a session's namespace. Out: `ModuleInstance`; the two things that running code asks for, an
import and a module inside a program. Finding artifacts is left to the module store, who executes a call to
the session's linker. Source: language §7.
"""

from __future__ import annotations

from collections.abc import Callable
from types import CodeType
from typing import Any, Final, Protocol

from rtfs_runtime.abi import ModuleLike
from rtfs_runtime.artifact import Artifact
from rtfs_runtime.digest import digest
from rtfs_runtime.errors import LimitExceeded, RtfsError
from rtfs_runtime.imports import Imports, module_error
from rtfs_runtime.interface import Interface
from rtfs_runtime.modulestore import Found

_ABSENT: Final = object()


class LoadingSession(Protocol):
    """What loading needs of a session: what its modules see as builtins, its modules by name, those under
    way."""

    namespace: dict[str, Any]
    instances: dict[str, ModuleInstance]
    imports: Imports

    def import_module(self, name: str) -> ModuleInstance: ...


class ModuleInstance:
    """One module in one session (ruling 27): its globals are the slots that its functions load.

    `value` is the value of the last form, or of a module form its description. `places` are, by exported
    name, where importers hold it.
    """

    __slots__ = ("artifact", "globals", "interface", "name", "path", "places", "value")

    def __init__(self, name: str, interface: Interface, path: str, artifact: Artifact | None = None) -> None:
        self.name = name
        self.interface = interface
        self.path = path
        self.artifact = artifact
        self.globals: dict[str, Any] = {}
        self.value: object = None
        self.places: dict[str, list[tuple[ModuleInstance, str]]] = {}

    def suits(self, importer: ModuleInstance) -> bool:
        """Tell whether an importer was compiled with this version of the module, or with none."""
        if importer.artifact is None:
            return True
        wanted = dict(importer.artifact.meta.dependencies).get(self.name)
        if wanted is None:
            return True
        if self.artifact is not None and self.artifact.interface is self.interface:
            return self.artifact.interface_digest == wanted
        return digest(self.interface.to_text().encode("utf-8", "surrogatepass")) == wanted

    def rebind(self, name: str, value: object) -> None:
        """Set a slot here and in every importer that still holds what it imported."""
        before = self.globals.get(name, _ABSENT)
        todo = [(self, name)]
        while todo:
            holder, held = todo.pop()
            if holder.globals.get(held, _ABSENT) is before:
                holder.globals[held] = value
                todo += holder.places.get(held, ())

    def get_source(self, fullname: str | None = None) -> str | None:
        """Give the source, for tracebacks; they find it through `__loader__`."""
        if self.artifact is None:
            return None
        return self.artifact.source.decode("utf-8", "replace").removeprefix("\ufeff")


def description(interface: Interface) -> dict[object, object]:
    """Give the value of a module form."""
    return {"name": interface.module, "exports": interface.exports}


def load(found: Found, session: LoadingSession, name: str) -> ModuleInstance:
    """Run a module and give it; it is the session's module of that name from its end on.

    Raises: RtfsError as the program does, ModuleError for an export defined nowhere; ArtifactError.
    """
    with session.imports.running(name):
        return _load(found, session, name)


def _load(found: Found, session: LoadingSession, name: str) -> ModuleInstance:
    artifact, path = found
    instance = ModuleInstance(name, artifact.interface, path, artifact)
    run(instance, artifact.code(path), session)
    if artifact.is_module:
        _check_exports(instance)
        instance.value = description(artifact.interface)
    session.instances[name] = instance
    return instance


def import_module(find: Callable[[], Found], session: LoadingSession, name: str) -> ModuleInstance:
    """Find and load a module for an import, once for all threads: what a definition in it raises is the cause
    of a ModuleError."""
    with session.imports.importing(name):
        # another thread may have been first
        return session.instances.get(name) or _import(find(), session, name)


def _import(found: Found, session: LoadingSession, name: str) -> ModuleInstance:
    try:
        return _load(found, session, name)
    except LimitExceeded:
        raise
    except RtfsError as error:
        raise _wrapped(name, error) from error


def run(instance: ModuleInstance, code: CodeType, session: LoadingSession) -> None:
    """Run the code of a module in its globals; raises RtfsError as the code does."""
    names = instance.globals
    names["__builtins__"] = session.namespace
    names["#module"] = instance
    names["__name__"] = instance.name
    names["__file__"] = instance.path
    names["__loader__"] = instance
    instance.value = eval(code, names)


def _check_exports(instance: ModuleInstance) -> None:
    """Refuse a module that does not define what it exports; a program that is no module just exports less."""
    names = instance.globals
    macros = {macro.name for macro in instance.interface.macros}
    for export in instance.interface.exports:
        if export not in names and export not in macros:
            raise module_error(f"Exported symbol '{export}' is not defined in module '{instance.name}'")


def import_into(
    session: LoadingSession, module: ModuleLike, name: str, bindings: tuple[tuple[str, str], ...]
) -> None:
    """Bind exports of a module in the globals of the one that imports it: pairs of the name here and the name
    there. Of a module that the session has in another version, the one is loaded that the importer was
    compiled with: its code rests on what that one's interface tells.

    Raises: ModuleError where there is only another version.
    """
    assert isinstance(module, ModuleInstance), "imports are made by modules of this loader"
    instance = session.instances.get(name)
    if instance is None or not instance.suits(module):
        session.instances.pop(name, None)
        instance = session.import_module(name)
        if not instance.suits(module):
            raise module_error(f"'{module.name}' was compiled with another version of module '{name}'")
    for here, there in bindings:
        value = instance.globals.get(there, _ABSENT)
        if value is _ABSENT:
            raise module_error(f"'{there}' is not exported by module '{name}'")
        module.globals[here] = value
        instance.places.setdefault(there, []).append((module, here))


def define_module(
    session: LoadingSession, outer: ModuleLike, code: CodeType, interface: Interface
) -> dict[object, object]:
    """Run a module form inside a program and register the module; gives the description."""
    assert isinstance(outer, ModuleInstance), "modules are defined by modules of this loader"
    instance = ModuleInstance(interface.module, interface, outer.path, outer.artifact)
    try:
        run(instance, code, session)
        _check_exports(instance)
    except LimitExceeded:
        raise
    except RtfsError as error:
        raise _wrapped(interface.module, error) from error
    session.instances[interface.module] = instance
    return description(interface)


def _wrapped(name: str, error: RtfsError) -> RtfsError:
    if error.kind == "ModuleError":
        return module_error(str(error.fields["message"]))
    return module_error(f"Failed to load module '{name}': {error.message}")
