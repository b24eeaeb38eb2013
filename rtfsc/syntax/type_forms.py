"""Type expressions: forms to types.

In: the form of a type and the types that names stand for. Out: a type, or a CompileError at the part that
is none. What a type expression means is the runtime's reader's to say; here its parts are found in the
source. Source: language §5.1, §5.2.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from difflib import get_close_matches
from typing import Final

from rtfs_runtime.type_names import closed
from rtfs_runtime.type_reader import read_type
from rtfs_runtime.types import PREDICATES, Alias, Predicate, Type, operands_fit, print_type
from rtfs_runtime.values import Keyword
from rtfsc.diagnostics import fail
from rtfsc.source import CompileError
from rtfsc.syntax.forms import Form, ListForm, Literal, MapForm, SymbolForm, VectorForm
from rtfsc.syntax.printer import print_form

_NAMES: Final = (
    ":int", ":float", ":string", ":bool", ":nil", ":keyword", ":symbol", ":any", ":never", ":number", ":fn",
    ":vector", ":list", ":map", ":timestamp", ":uuid", ":resource-handle", ":error", ":set",
)  # fmt: skip
_RECORDS: Final = frozenset({"map", "record", "struct"})
_HEADS: Final = frozenset(
    {
        *_RECORDS, "vector", "list", "tuple", "array", "map-of", "dict", "fn", "=>", "union", "or", "and",
        "val", "enum", "one-of", "resource", "optional", "stream", "capability", "agent",
    }
)  # fmt: skip


def split_annotation(name: str) -> tuple[str, str | None]:
    """Cut a symbol at its first colon: the name, and what is glued to it; None where there is no colon."""
    head, colon, tail = name.partition(":")
    if not colon or not head:
        return name, None
    return head, tail


def parse_type(
    form: Form, resolve: Callable[[str], Type | None], declared: Mapping[str, Form] | None = None
) -> Type:
    """Read a type expression; `resolve` gives the types of names declared before, `declared` the forms of all
    that the unit declares, so that a type may hold itself, or one declared after it.

    Raises: CompileError E301 for what is no type, E302 for a name that none is declared by, E303 and E304
    for what is no predicate.
    """
    later = declared or {}

    def find(name: str) -> Type | None:
        found = resolve(name)
        return read_type(print_form(later[name])) if found is None and name in later else found

    try:
        kind = closed(read_type(print_form(form)), find)
    except ValueError as error:
        raise _unknown_head(form) or fail(
            "E301",
            f"Not a type: {error}",
            form,
            hints=("A type is a keyword or a vector → :int or [:vector :int]",),
        ) from None
    wrong = _first_wrong(kind)
    if isinstance(wrong, Alias):
        raise _unknown_name(form, wrong.name)
    if wrong is not None:
        raise fail(
            "E304",
            f"{print_type(wrong)} does not fit the predicate :{wrong.name}",
            _vector_of(form, wrong.name),
            hints=(f"It takes → {_usage(wrong.name)}",),
        )
    return kind


def _first_wrong(kind: Type) -> Alias | Predicate | None:
    """Find a name that stands for nothing, or a predicate that its operands do not fit."""
    todo: list[tuple[Type, frozenset[str]]] = [(kind, frozenset())]
    while todo:
        term, inside = todo.pop()
        if isinstance(term, Predicate) and not operands_fit(term.name, term.values):
            return term
        if isinstance(term, Alias):
            if term.target is None and term.name not in inside:
                return term
            inside = inside | {term.name}
        todo.extend((each, inside) for each in reversed(term.kids))
    return None


def _unknown_name(form: Form, name: str) -> CompileError:
    near = get_close_matches(":" + name, _NAMES, n=3)
    hint = f"Did you mean one of these? → {', '.join(near)}" if near else "Declare it → (deftype Name :int)"
    where = next((part for part in _parts(form) if _is_name(part, name)), form)
    return fail("E302", f"No type is called {name}", where, hints=(hint,))


def _is_name(form: Form, name: str) -> bool:
    match form:
        case SymbolForm(name=text) | Literal(value=Keyword(text=text)):
            return text.rstrip("?").removeprefix(":") == name
    return False


def _unknown_head(form: Form) -> CompileError | None:
    """Find a vector whose head is the name of no type and no predicate."""
    for part, is_condition in _vectors(form):
        head = part.items[0] if part.items else None
        if not isinstance(head, Literal) or not isinstance(head.value, Keyword):
            continue
        name = head.value.text
        if name in _HEADS or (is_condition and name in PREDICATES):
            continue
        known = {*_HEADS, *PREDICATES} if is_condition else _HEADS
        near = get_close_matches(name, sorted(known), n=3)
        hints = (f"Did you mean one of these? → {', '.join(':' + each for each in near)}",) if near else ()
        if is_condition:
            return fail("E303", f"No predicate is called :{name}", part, hints=hints)
        return fail("E301", f"No type is called [:{name} …]", part, hints=hints)
    return None


def _vectors(form: Form) -> Iterator[tuple[VectorForm, bool]]:
    """Give the vectors that stand for types, and whether each is a condition of `[:and …]`."""
    todo: list[tuple[Form, bool]] = [(form, False)]
    while todo:
        item, is_condition = todo.pop()
        if isinstance(item, MapForm):
            todo.extend((part, False) for part in reversed(item.items[1::2]))
        if not isinstance(item, VectorForm):
            continue
        yield item, is_condition
        head, *rest = item.items or [item]
        name = head.value.text if isinstance(head, Literal) and isinstance(head.value, Keyword) else ""
        if name in _RECORDS:
            # an entry [KEY TYPE] is no type itself
            rest = [
                part
                for entry in rest
                for part in (entry.items[1:] if isinstance(entry, VectorForm) else [entry])
            ]
        if name in ("fn", "=>") and rest and isinstance(rest[0], VectorForm):
            rest = [*rest[0].items, *rest[1:]]
        if name in _HEADS and name not in ("enum", "one-of", "val", "array"):
            todo.extend((part, name == "and" and part is not rest[0]) for part in reversed(rest))


def _vector_of(form: Form, name: str) -> Form:
    """Find the predicate of a name."""
    for part, is_condition in _vectors(form):
        head = part.items[0] if part.items else None
        if is_condition and isinstance(head, Literal) and head.value is Keyword(name):
            return part
    return form


def _usage(name: str) -> str:
    return f"[:{' '.join((name, *PREDICATES[name].operands))}]"


def _parts(form: Form) -> Iterator[Form]:
    todo = [form]
    while todo:
        item = todo.pop()
        yield item
        if isinstance(item, ListForm | VectorForm | MapForm):
            todo.extend(reversed(item.items))
