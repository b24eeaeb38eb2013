"""Declarations: `defstruct`, `deftype`, `defmacro`, and the objects `intent`, `plan`, `action`,
`capability`, `resource`.

In: forms. Out: definitions noted in the unit, and what is left to do when the program runs. Source:
language §2.8, §3.15, §5.4, §6.1.
"""

from __future__ import annotations

from typing import Final

from rtfs_runtime.types import to_data
from rtfs_runtime.values import Keyword
from rtfsc.diagnostics import fail
from rtfsc.ir.nodes import Const, DefGlobal, Expr, Map, Op
from rtfsc.lower.binding import define
from rtfsc.lower.scope import Env
from rtfsc.lower.specials import special
from rtfsc.lower.unit import Unit, span_of
from rtfsc.syntax.forms import Form, ListForm, Literal, MapForm, SymbolForm, VectorForm
from rtfsc.syntax.type_forms import parse_type

OBJECTS: Final = frozenset({"intent", "plan", "action", "capability", "resource"})


@special("defstruct", "(defstruct name field*)", "a name and pairs of keyword and type")
def lower_defstruct(unit: Unit, form: ListForm, env: Env) -> Expr:
    """Define a constructor that checks a map, and a type of its name."""
    name = form.items[1]
    fields = form.items[2:]
    if not isinstance(name, SymbolForm):
        raise fail("E101", "defstruct requires a symbol as name", name)
    if len(fields) % 2 or not all(_is_keyword(key) for key in fields[::2]):
        raise fail(
            "E101",
            "defstruct requires pairs of keyword and type",
            form,
            hints=("Fields have types → (defstruct Point :x :int :y :int)",),
        )
    span = span_of(form)
    parts: list[Form] = [MapForm(fields, form.start, form.end)] if fields else []
    shape = VectorForm([Literal(Keyword("map"), form.start, form.end), *parts], form.start, form.end)
    kind = parse_type(shape, unit.definitions.types.get)
    unit.definitions.types[name.name] = kind
    args = (Const(name.name, span=span), Const(to_data(kind), span=span))
    return define(unit, name, lambda inner: Op("make_struct", args, span=span), env, form)


def _is_keyword(form: Form) -> bool:
    return isinstance(form, Literal) and isinstance(form.value, Keyword)


@special("deftype", "(deftype name type)", "a name and a type")
def lower_deftype(unit: Unit, form: ListForm, env: Env) -> Expr:
    """Declare a type; the value is nil."""
    name = form.items[1]
    if not isinstance(name, SymbolForm):
        raise fail("E101", "deftype requires a symbol as name", name)
    unit.definitions.types[name.name] = parse_type(form.items[2], unit.definitions.types.get)
    return Const(None, span=span_of(form))


@special("defmacro", "(defmacro name [parameter*] body+)", "a name symbol, a parameter vector and a body")
def lower_defmacro(unit: Unit, form: ListForm, env: Env) -> Expr:
    """Register a macro; no code, nil."""
    name = form.items[1]
    if not isinstance(name, SymbolForm):
        raise fail("E101", "defmacro requires a symbol as name", name)
    unit.context.expander.define(form)
    unit.definitions.macros.add(name.name)
    return Const(None, span=span_of(form))


def lower_object(unit: Unit, form: ListForm, env: Env) -> Expr | None:
    """Lower an object at top level: a map with string keys, bound to its name when that is a symbol.

    None when the operands are not those of an object: then the form is an ordinary call.
    """
    items = form.items[1:]
    name: Form | None = None
    if items and (
        isinstance(items[0], SymbolForm)
        or _is_text(items[0])
        or (_is_keyword(items[0]) and _keyword_is_name(items))
    ):
        name, items = items[0], items[1:]
    entries = _properties(items)
    if entries is None:
        return None
    values = {key: unit.operand(value, env) for key, value in entries}
    span = span_of(form)
    made = Map(tuple(values), tuple(values.values()), span=span)
    if not isinstance(name, SymbolForm):
        return made
    bare = name.name.partition("@")[0]
    unit.definitions.define(bare, certain=True)
    return DefGlobal(bare, made, span=span)


def _is_text(form: Form) -> bool:
    return isinstance(form, Literal) and isinstance(form.value, str)


def _keyword_is_name(items: list[Form]) -> bool:
    return len(items) % 2 == 1 and not isinstance(items[1] if len(items) > 1 else None, ListForm)


def _properties(items: list[Form]) -> list[tuple[str, Form]] | None:
    found: list[tuple[str, Form]] = []
    at = 0
    while at < len(items):
        form = items[at]
        match form:
            case ListForm(items=[SymbolForm(name="property"), Literal(value=Keyword(text=text)), value]):
                found.append((text, value))
                at += 1
            case Literal(value=Keyword(text=text)) if at + 1 < len(items):
                found.append((text, items[at + 1]))
                at += 2
            case _:
                return None
    return found
