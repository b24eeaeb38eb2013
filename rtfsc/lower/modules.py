"""`module` and `import`.

In: forms. Out: `Import` and `DefModule`, names bound by imports. Source: language §2.9, §7.
"""

from __future__ import annotations

from typing import NamedTuple

from rtfs_runtime.interface import Interface
from rtfs_runtime.type_reader import read_type
from rtfs_runtime.values import Keyword
from rtfsc.diagnostics import fail
from rtfsc.ir.nodes import Const, Expr, Import
from rtfsc.lower.scope import Env
from rtfsc.lower.specials import special
from rtfsc.lower.unit import Unit, span_of
from rtfsc.syntax.forms import Form, ListForm, Literal, SymbolForm, VectorForm

_SHAPE = "(import module option*)"


class ModuleHead(NamedTuple):
    """The parts of a module form. `exports` None: everything."""

    name: str
    exports: tuple[SymbolForm, ...] | None
    body: list[Form]


def parse_module(form: ListForm) -> ModuleHead:
    """Split a module form."""
    items = form.items
    if len(items) < 2 or not isinstance(items[1], SymbolForm):
        raise fail(
            "E101",
            "module requires a name",
            form,
            hints=("A module has a name → (module a.b (:exports [f]) …)",),
        )
    exports: tuple[SymbolForm, ...] | None = None
    body = items[2:]
    match body:
        case [ListForm(items=[Literal(value=Keyword(text="exports")), VectorForm() as names]), *rest]:
            exports, body = _symbols(names), rest
        case [Literal(value=Keyword(text="exports")), VectorForm() as names, *rest]:
            exports, body = _symbols(names), rest
    return ModuleHead(items[1].name, exports, body)


def _symbols(vector: VectorForm) -> tuple[SymbolForm, ...]:
    for item in vector.items:
        if not isinstance(item, SymbolForm):
            raise fail("E101", "Names of a module are symbols", item, hints=("A list of names → [f g]",))
    return tuple(item for item in vector.items if isinstance(item, SymbolForm))


class _Wanted(NamedTuple):
    module: SymbolForm
    alias: str | None
    names: tuple[SymbolForm, ...]
    everything: bool


def _parse_import(form: ListForm) -> _Wanted:
    items = form.items[1:]
    if len(items) == 1 and isinstance(items[0], VectorForm):
        items = items[0].items
    if len(items) == 2 and isinstance(items[1], ListForm):
        items = [items[0], *items[1].items]
    if not items or not isinstance(items[0], SymbolForm) or len(items) % 2 == 0:
        raise fail(
            "E101",
            "import requires a module name and pairs of option and value",
            form,
            hints=(f"import is malformed → {_SHAPE}",),
        )
    alias: str | None = None
    names: tuple[SymbolForm, ...] = ()
    everything = False
    for option, value in zip(items[1::2], items[2::2], strict=True):
        match option, value:
            case Literal(value=Keyword(text="as")), SymbolForm(name=name):
                alias = name
            case Literal(value=Keyword(text="only" | "refer")), VectorForm():
                names += _symbols(value)
            case Literal(value=Keyword(text="refer")), Literal(value=Keyword(text="all")):
                everything = True
            case _:
                raise fail(
                    "E101",
                    "Unknown import option",
                    option,
                    hints=(f"The options are :as, :only and :refer → {_SHAPE}",),
                )
    return _Wanted(items[0], alias, names, everything)


@special("import", _SHAPE, "a module name")
def lower_import(unit: Unit, form: ListForm, env: Env) -> Expr:
    """Bind what a module exports; the value is nil."""
    wanted = _parse_import(form)
    name = wanted.module.name
    span = span_of(form)
    if name == "stdlib" or any(known.startswith(name + "/") for known in unit.context.builtins):
        return Const(None, span=span)
    interface = unit.inline.get(name) or unit.context.import_interface(name, span_of(wanted.module))
    if name not in unit.definitions.imports:
        unit.definitions.imports.append(name)
    prefixes = [] if unit.aliases.get(name, name) != name else [name]
    if wanted.alias is not None:
        unit.aliases[wanted.alias] = name
        prefixes.append(wanted.alias)
    macros = {macro.name for macro in interface.macros}
    types = dict(interface.types)
    plain = _plain_names(interface, wanted, macros, types)
    bindings: list[tuple[str, str]] = []
    for there in interface.exports:
        here = [f"{prefix}/{there}" for prefix in prefixes] + ([there] if there in plain else [])
        bindings.extend((each, there) for each in here)
    for here_name, _ in bindings:
        unit.definitions.bind_import(here_name)
    for macro in interface.macros:
        here = [f"{prefix}/{macro.name}" for prefix in prefixes] + (
            [macro.name] if macro.name in plain else []
        )
        unit.context.expander.adopt(macro, tuple(here))
        unit.definitions.macros.update(here)
    for there, text in types.items():
        kind = read_type(text, types)
        for each in [f"{prefix}/{there}" for prefix in prefixes] + ([there] if there in plain else []):
            unit.definitions.types[each] = kind
    values = tuple([(there, text) for there, text in interface.kinds if there in interface.values])
    results = tuple([(there, text) for there, text in interface.kinds if there not in interface.values])
    return Import(name, tuple(bindings), results, values, span=span)


def _plain_names(interface: Interface, wanted: _Wanted, macros: set[str], types: dict[str, str]) -> set[str]:
    known = {*interface.exports, *macros, *types}
    for name in wanted.names:
        if name.name not in known:
            raise fail(
                "E242",
                f"Module '{interface.module}' does not export '{name.name}'",
                name,
                hints=(f"It exports → {', '.join(sorted(known)) or 'nothing'}",),
                kind="ModuleError",
            )
    return known if wanted.everything else {name.name for name in wanted.names}
