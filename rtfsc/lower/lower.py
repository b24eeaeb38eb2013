"""Forms to resolved IR: one compile unit.

In: the forms of a file, a `LowerContext`. Out: a `Module`, or a CompileError with every error found. Macro
calls are expanded where they stand, because only here is known which names are bound.
"""

from __future__ import annotations

from dataclasses import replace
from difflib import get_close_matches

from rtfs_runtime.interface import Interface
from rtfs_runtime.type_names import names_of, spelled_out
from rtfs_runtime.types import Alias, Type, print_type
from rtfsc.ir.nodes import Const, DefModule, Expr, Map, Module, Vector
from rtfsc.lower import binding, control, declarations, host, loops, modules, recovery
from rtfsc.lower.context import LowerContext
from rtfsc.lower.declarations import OBJECTS, lower_object, note_types
from rtfsc.lower.modules import ModuleHead, parse_module
from rtfsc.lower.resolve import resolve
from rtfsc.lower.scope import Env
from rtfsc.lower.specials import special
from rtfsc.lower.unit import Counter, Unit, span_of
from rtfsc.source import CompileError, Span
from rtfsc.syntax.forms import Form, ListForm, SymbolForm

# the rooms fill the table of special forms when they are imported
ROOMS = (binding, control, declarations, host, loops, modules, recovery)


def lower(forms: list[Form], context: LowerContext) -> Module:
    """Lower the forms of a unit.

    Raises: CompileError.
    """
    if len(forms) == 1 and _head(forms[0]) == "module":
        assert isinstance(forms[0], ListForm)
        return _lower_module(forms[0], context, {}, Counter())
    unit = Unit(context, {}, Counter())
    body = _lower_all(unit, forms)
    return _finish(unit, body, context.module_name, None, is_module=False)


def _head(form: Form) -> str | None:
    if isinstance(form, ListForm) and form.items and isinstance(form.items[0], SymbolForm):
        return form.items[0].name
    return None


def _lower_all(unit: Unit, forms: list[Form]) -> list[Expr]:
    env = Env({}, None)
    note_types(unit, forms)
    body = [unit.attempt(lambda form=form: _top(unit, form, env), form) for form in forms]  # type: ignore[misc]
    if unit.errors:
        raise CompileError(tuple(unit.errors), unit.context.source)
    return body


def _top(unit: Unit, form: Form, env: Env) -> Expr:
    if _head(form) in OBJECTS:
        assert isinstance(form, ListForm)
        head = _head(form)
        if head is not None and not unit.is_bound(head, env, macros=True):
            made = lower_object(unit, form, env)
            if made is not None:
                return made
    return unit.lower(form, env)


def _lower_module(
    form: ListForm, context: LowerContext, inline: dict[str, Interface], counter: Counter
) -> Module:
    head = parse_module(form)
    unit = Unit(replace(context, module_name=head.name), inline, counter)
    body = _lower_all(unit, head.body)
    exports = None if head.exports is None else tuple(symbol.name for symbol in head.exports)
    module = _finish(unit, body, head.name, exports, is_module=True)
    _warn_of_exports(unit, head)
    shown = tuple(exports if exports is not None else _everything(unit))
    span = span_of(form)
    names = Vector(tuple(Const(name, span=span) for name in shown), span=span)
    described = Map(("name", "exports"), (Const(head.name, span=span), names), span=span)
    return replace(module, body=(*module.body, described), next_id=counter.next_id)


def _warn_of_exports(unit: Unit, head: ModuleHead) -> None:
    definitions = unit.definitions
    known = {*definitions.names, *definitions.defined, *definitions.macros, *definitions.types}
    for symbol in head.exports or ():
        if symbol.name in known:
            continue
        near = get_close_matches(symbol.name, sorted(definitions.defined), n=3)
        hint = (
            f"Did you mean one of these? → {', '.join(near)}"
            if near
            else f"Definitions stand inside the module form → (module {head.name} … (defn {symbol.name} …))"
        )
        message = f"Exported symbol '{symbol.name}' is not defined in module '{head.name}'"
        unit.warn("W006", message, symbol, hint)


@special("module", "(module name form*)", "a name")
def lower_inline_module(unit: Unit, form: ListForm, env: Env) -> Expr:
    """Define and register a module inside a program; the value is its description."""
    context = replace(unit.context, expander=unit.context.expander.fork())
    module = _lower_module(form, context, dict(unit.inline), unit.counter)
    unit.inline[module.name] = module.interface
    return DefModule(module, span=span_of(form))


def _everything(unit: Unit) -> list[str]:
    definitions = unit.definitions
    return list(
        dict.fromkeys([*definitions.defined, *sorted(definitions.macros - definitions.defined.keys())])
    )


def _finish(
    unit: Unit, body: list[Expr], name: str, exports: tuple[str, ...] | None, *, is_module: bool
) -> Module:
    resolved = resolve(unit, body)
    if not resolved:
        resolved = (Const(None, span=Span(0, 0)),)
    interface = _interface(unit, name, exports)
    return Module(name, resolved, interface, unit.counter.next_id, unit.definitions.constants(), is_module)


def _interface(unit: Unit, name: str, exports: tuple[str, ...] | None) -> Interface:
    definitions = unit.definitions
    chosen = tuple(_everything(unit)) if exports is None else exports
    macros = [each for each in chosen if each in definitions.macros]
    types = _type_texts(
        definitions.types,
        {each for each in definitions.types if each in chosen or (exports is None and "/" not in each)},
    )
    exported = tuple(
        each
        for each in dict.fromkeys(chosen)
        if each in definitions.defined or not (each in macros or each in types)
    )
    functions = tuple(definitions.functions.values())
    hinted = {f.name for f in functions if f.hint is not None and f.hint.target != "local"}
    return Interface(
        name,
        exported,
        functions,
        tuple(each for each in exported if each not in definitions.functions),
        tuple(unit.context.expander.exported(tuple(macros))),
        tuple(types.items()),
        tuple(definitions.imports),
        tuple(f.name for f in functions if f.name in hinted or _matches(unit, name, f.name, f.hint is None)),
        tuple(definitions.sites),
        tuple(definitions.capabilities),
    )


def _type_texts(types: dict[str, Type], chosen: set[str]) -> dict[str, str]:
    """Give the texts of exported types. What they hold is written out, but for types that hold themselves:
    those go with them."""
    texts: dict[str, str] = {}
    todo = [each for each in types if each in chosen]
    while todo:
        name = todo.pop(0)
        kind = types.get(name)
        if name in texts or kind is None:
            continue
        target = kind.target if isinstance(kind, Alias) and kind.target is not None else kind
        shown = spelled_out(target, chosen)
        texts[name] = print_type(shown)
        todo += sorted(names_of(shown))
    return texts


def _matches(unit: Unit, module: str, name: str, unhinted: bool) -> bool:
    return unhinted and unit.context.policy_matches(f"{module}/{name}")
