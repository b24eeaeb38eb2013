"""Declarations: `defstruct`, `deftype`, `defmacro`, and the objects `intent`, `plan`, `action`,
`capability`, `resource`.

In: forms. Out: definitions noted in the unit, and what is left to do when the program runs. Source:
language §2.8, §3.15, §5.4, §6.1.
"""

from __future__ import annotations

import re
from typing import Final

from rtfs_runtime.objects import SCHEMAS, UNKNOWN, problems
from rtfs_runtime.types import Type, to_data
from rtfs_runtime.values import Keyword
from rtfsc.diagnostics import fail
from rtfsc.ir.nodes import Const, DefGlobal, Expr, Map, Op
from rtfsc.lower.binding import define
from rtfsc.lower.scope import Env
from rtfsc.lower.specials import special
from rtfsc.lower.unit import Unit, span_of
from rtfsc.source import Diagnostic
from rtfsc.syntax.forms import Form, ListForm, Literal, MapForm, SymbolForm, VectorForm
from rtfsc.syntax.type_forms import parse_type

OBJECTS: Final = frozenset(SCHEMAS)
_NAME: Final = re.compile(r"[A-Za-z_$+*<>!?%=-][\w$+*<>!?%=.-]*", re.ASCII)
_OBJECT_HINT: Final = ("What each kind of object has → rtfsc explain E260",)


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
    kind = parse_type(shape, unit.definitions.types.get, unit.definitions.type_forms)
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
    types = unit.definitions.types
    declared = {**unit.definitions.type_forms, name.name: form.items[2]}

    def others(wanted: str) -> Type | None:
        return None if wanted == name.name else types.get(wanted)

    # read as written for the places of mistakes, then by its name, which it may hold
    parse_type(form.items[2], others, declared)
    types[name.name] = parse_type(SymbolForm(name.name, name.start, name.end), others, declared)
    return Const(None, span=span_of(form))


def note_types(unit: Unit, forms: list[Form]) -> None:
    """Note the types that a unit declares at its top, so that they may hold one another."""
    for form in forms:
        match form:
            case ListForm(items=[SymbolForm(name="deftype"), SymbolForm(name=name), kind]):
                unit.definitions.type_forms.setdefault(name, kind)


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
    kind = form.items[0]
    assert isinstance(kind, SymbolForm)
    _validate(unit, kind.name, form, dict(entries))
    values = {key: unit.operand(value, env) for key, value in entries}
    span = span_of(form)
    made: Expr = Map(tuple(values), tuple(values.values()), span=span)
    known = _object_name(name)
    if kind.name == "capability" and "implementation" in values:
        ids = Const((known,) if known else (), span=span)
        made = Op("define_capability", (ids, made), span=span)
    if known is None or not _NAME.fullmatch(known):
        return made
    unit.definitions.define(known, certain=True)
    return DefGlobal(known, made, span=span)


def _object_name(name: Form | None) -> str | None:
    """Give the name that an object has; a keyword in that place is its type."""
    match name:
        case SymbolForm(name=text):
            return text.partition("@")[0]
        case Literal(value=str() as text):
            return text
    return None


def _validate(unit: Unit, kind: str, form: Form, entries: dict[str, Form]) -> None:
    """Report what is known to be wrong with an object; it can be evaluated all the same (ruling 12)."""
    known = {key: value.value if isinstance(value, Literal) else UNKNOWN for key, value in entries.items()}
    for problem in problems(kind, known):
        unit.context.warn.append(
            Diagnostic(
                "E260", f"Malformed {kind}: {problem}", span_of(form), _OBJECT_HINT, kind="SchemaError"
            )
        )
    program = entries.get("program")
    if kind == "plan" and isinstance(program, ListForm) and not _is_function(program):
        unit.warn(
            "W005",
            "The program of a plan is evaluated where the plan stands",
            program,
            "A program to be run later is a function → :program (fn [] …)",
        )


def _is_function(form: ListForm) -> bool:
    head = form.items[0] if form.items else None
    return isinstance(head, SymbolForm) and head.name in ("fn", "λ", "lambda", "quote", "partial", "comp")


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
