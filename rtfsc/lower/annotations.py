"""Annotations of names: `x:int`, `x :int`, `x : int`, and the value or type that a keyword after a name may
be (language §2.6).

In: forms of parameter lists and binding vectors. Out: patterns with their type forms, and types.
"""

from __future__ import annotations

from typing import NamedTuple

from rtfs_runtime.types import Type, optional
from rtfs_runtime.values import Keyword
from rtfsc.diagnostics import fail
from rtfsc.lower.unit import Unit
from rtfsc.syntax.forms import Form, Literal, MapForm, SymbolForm, VectorForm
from rtfsc.syntax.type_forms import parse_type, split_annotation


class Annotation(NamedTuple):
    """A type as written; `nilable` for a `?` that stands apart."""

    form: Form
    nilable: bool


class Named(NamedTuple):
    """A pattern, its annotation, and where the next item is."""

    pattern: Form
    annotation: Annotation | None
    after: int


def type_of(unit: Unit, annotation: Annotation) -> Type:
    """Give the type that an annotation means."""
    found = parse_type(annotation.form, unit.definitions.types.get, unit.definitions.type_forms)
    return optional(found) if annotation.nilable else found


def take_pattern(items: list[Form], at: int) -> Named:
    """Take a name or pattern and its glued annotation, if any."""
    form = items[at]
    if isinstance(form, SymbolForm) and len(form.name) > 1:
        name, glued = split_annotation(form.name)
        if glued is not None:
            pattern = SymbolForm(name, form.start, form.start + len(name))
            if glued:
                start = form.start + len(name) + 1
                return _nilable(pattern, SymbolForm(glued, start, form.end), items, at + 1)
            if at + 1 >= len(items):
                raise fail(
                    "E115", "A type must follow the colon", form, hints=("The name is annotated → x :int",)
                )
            return _nilable(pattern, items[at + 1], items, at + 2)
    return Named(form, None, at + 1)


def take_annotation(named: Named, items: list[Form]) -> Named:
    """Take the annotation that stands apart after a pattern, if there is one and none was glued."""
    at = named.after
    if named.annotation is not None or at >= len(items):
        return named
    form = items[at]
    if isinstance(form, Literal) and isinstance(form.value, Keyword):
        return _nilable(named.pattern, form, items, at + 1)
    if isinstance(form, SymbolForm) and form.name == ":" and at + 1 < len(items):
        return _nilable(named.pattern, items[at + 1], items, at + 2)
    return named


def _nilable(pattern: Form, annotation: Form, items: list[Form], after: int) -> Named:
    if after < len(items):
        mark = items[after]
        if isinstance(mark, SymbolForm) and mark.name == "?":
            return Named(pattern, Annotation(annotation, True), after + 1)
    return Named(pattern, Annotation(annotation, False), after)


def is_pattern(form: Form) -> bool:
    """Tell whether a form can stand where a name is bound."""
    if isinstance(form, SymbolForm):
        return form.name not in ("&", ":")
    return isinstance(form, VectorForm | MapForm)


class Pair(NamedTuple):
    """One binding of a `let`: pattern, annotation, value."""

    pattern: Form
    annotation: Annotation | None
    value: Form


def pair_bindings(vector: VectorForm, form: str) -> list[Pair]:
    """Split a binding vector so that it consists of complete bindings, preferring annotations (§2.6)."""
    items = vector.items
    count = len(items)
    # from the end: the binding that starts here and leaves complete bindings behind it, if any
    chosen: list[tuple[Pair, int] | None] = [None] * (count + 1)
    for at in range(count - 1, -1, -1):
        if not is_pattern(items[at]):
            continue
        bare = take_pattern(items, at)
        for named in (take_annotation(bare, items), bare):
            after = named.after
            if after < count and (after + 1 == count or chosen[after + 1] is not None):
                chosen[at] = (Pair(named.pattern, named.annotation, items[after]), after + 1)
                break
    pairs: list[Pair] = []
    at = 0
    while at < count:
        step = chosen[at]
        if step is None:
            raise _incomplete(vector, form, at)
        pairs.append(step[0])
        at = step[1]
    return pairs


def _incomplete(vector: VectorForm, form: str, at: int) -> Exception:
    items = vector.items
    while at < len(items) and is_pattern(items[at]):
        at += 2
    if at < len(items):
        return fail(
            "E101",
            f"{form} binding needs a name or a pattern",
            items[at],
            hints=(f"Bindings are pairs → ({form} [name value] …)",),
        )
    return fail(
        "E101",
        f"{form} binding vector needs a value for each name",
        items[-1],
        hints=(f"Bindings are pairs → ({form} [name value] …)",),
    )
