"""A loaded module as Python sees it.

In: a `ModuleInstance`. Out: `PlanModule`, whose attributes are the exports, under their own names and, where
only one export can be meant, under Python's: `is-valid?` is also `is_valid`. Functions take Python's values
and give values that nobody else holds (ruling 18). The wrappers are for Python only: compiled code calls
through the slots, which know nothing of them, so a call inside a program costs what it always costs, and a
changed slot is seen here at the next call.
"""

from __future__ import annotations

import keyword
from collections.abc import Callable, Iterable, Mapping
from inspect import Parameter, Signature
from types import MappingProxyType, ModuleType
from typing import Any, Final

from rtfs_runtime.border import from_python
from rtfs_runtime.calls import call_error
from rtfs_runtime.interface import Function
from rtfs_runtime.loader import ModuleInstance
from rtfs_runtime.native import cleaned
from rtfs_runtime.settings import Limits
from rtfs_runtime.values import Keyword

_ATOMS: Final = frozenset({type(None), bool, int, float, str, Keyword})
_TYPES: Final[Mapping[str, type]] = MappingProxyType(
    {":int": int, ":integer": int, ":float": float, ":string": str, ":bool": bool, ":boolean": bool}
)
_EMPTY: Final = Parameter.empty


class PlanModule(ModuleType):
    """The module that `import` gives. Attributes are made when they are first asked for."""

    _instance: ModuleInstance
    _names: Mapping[str, str]

    def open(self, instance: ModuleInstance) -> None:
        """Show the exports of an instance."""
        names = python_names(instance.interface.exports)
        self.__dict__.update(_instance=instance, _names=names, __all__=list(instance.interface.exports))

    def __getattr__(self, name: str) -> object:
        names = self.__dict__.get("_names")
        found = None if names is None else names.get(name)
        if found is None:
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}", name=name, obj=self)
        value = self._instance.globals.get(found)
        if callable(value) and value.__class__ is not Keyword:
            function = plan_function(self._instance, found)
            self.__dict__[name] = function
            return function
        # a constant is made anew at each access: what one caller changes, no other sees
        return from_python(value)

    def __dir__(self) -> Iterable[str]:
        return sorted({*self.__dict__, *self.__dict__.get("_names", ())} - {"_instance", "_names"})


def python_names(exports: Iterable[str]) -> Mapping[str, str]:
    """Give for each attribute the export that it is; a Python name that two exports could have is none."""
    exports = tuple(exports)
    aliases: dict[str, list[str]] = {}
    for name in exports:
        alias = name.rstrip("?!").replace("-", "_")
        if alias != name and alias.isidentifier() and not keyword.iskeyword(alias):
            aliases.setdefault(alias, []).append(name)
    found = {alias: names[0] for alias, names in aliases.items() if len(names) == 1}
    return {**found, **{name: name for name in exports}}


def plan_function(instance: ModuleInstance, name: str) -> Callable[..., object]:
    """Make what Python calls for an exported function; it takes arguments by name too, and has a twin
    `aio`."""
    slots = instance.globals
    signature = _signature(instance.interface.function(name))

    def function(*args: object, **named: object) -> object:
        if named:
            args = signature.bind(*args, **named).args
        values = [arg if arg.__class__ in _ATOMS else from_python(arg) for arg in args]
        try:
            result = slots[name](*values)
        except TypeError as error:
            raise cleaned(call_error(error, slots[name], len(values))) from None
        except BaseException as error:
            # a bare `raise` adds no entry of its own, so that the traceback has no frame of ours
            if error.__traceback__ is not None:
                error.__traceback__ = error.__traceback__.tb_next
            raise
        return result if result.__class__ in _ATOMS else from_python(result)

    async def aio(*args: object, **named: object) -> object:
        # whoever awaits has asyncio already
        from rtfs_runtime.host.waiting import run_on_thread

        return await run_on_thread(lambda: function(*args, **named), Limits().recursion_depth)

    described: Any = function
    info = instance.interface.function(name)
    described.__name__ = described.__qualname__ = name
    described.__module__ = instance.name
    described.__doc__ = info.doc if info and info.doc else None
    described.__signature__ = signature
    described.__annotations__ = _annotations(signature)
    described.aio = aio
    return function


def _annotations(signature: Signature) -> dict[str, object]:
    found = {
        name: row.annotation for name, row in signature.parameters.items() if row.annotation is not _EMPTY
    }
    if signature.return_annotation is not Signature.empty:
        found["return"] = signature.return_annotation
    return found


def _signature(info: Function | None) -> Signature:
    if info is None:
        return Signature([Parameter("args", Parameter.VAR_POSITIONAL)])
    taken: set[str] = set()
    rows = []
    for number, (name, wanted) in enumerate(zip(info.params, info.param_types, strict=True)):
        rows.append(_parameter(_parameter_name(name, number, taken), Parameter.POSITIONAL_OR_KEYWORD, wanted))
    if info.rest is not None:
        shown = _parameter_name(info.rest, len(rows), taken)
        rows.append(_parameter(shown, Parameter.VAR_POSITIONAL, info.rest_type))
    return Signature(rows, return_annotation=_type(info.return_type, Signature.empty))


def _parameter(name: str, kind: Any, wanted: str) -> Parameter:
    return Parameter(name, kind, annotation=_type(wanted, _EMPTY))


def _parameter_name(name: str, number: int, taken: set[str]) -> str:
    """Give a parameter's name as Python can say it; `arg1` for a pattern."""
    shown = name.rstrip("?!").replace("-", "_")
    if not shown.isidentifier() or keyword.iskeyword(shown) or shown in taken:
        shown = f"arg{number}"
    taken.add(shown)
    return shown


def _type(text: str, absent: object) -> object:
    """Give Python's type for one of the language's, its text where Python has none."""
    return _TYPES.get(text, text) if text else absent
