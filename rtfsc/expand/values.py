"""Forms as data and back: what quote gives, and what macros take and give (ruling 21).

In: forms or values. Out: values or forms. Iterative. Spans of the user's forms travel beside the values, by
identity: a value that a macro passes on unchanged becomes the very form it was.
"""

from __future__ import annotations

from rtfs_runtime.maps import is_map, map_items
from rtfs_runtime.values import Keyword, List, Resource, Symbol, Timestamp, Uuid
from rtfs_runtime.vectors import is_vector, vec_items
from rtfsc.syntax.forms import (
    AnonFnForm,
    ContextForm,
    Form,
    HintMark,
    ListForm,
    Literal,
    MapForm,
    MetaForm,
    QuasiForm,
    SpliceForm,
    SymbolForm,
    UnquoteForm,
    VectorForm,
)

_HEADS: dict[type, str] = {QuasiForm: "quasiquote", UnquoteForm: "unquote", SpliceForm: "unquote-splicing"}
_WRAPPERS: dict[str, type[QuasiForm] | type[UnquoteForm] | type[SpliceForm]] = {
    "quasiquote": QuasiForm,
    "unquote": UnquoteForm,
    "unquote-splicing": SpliceForm,
}
_ATOMS = (type(None), bool, int, float, str, Keyword, Timestamp, Uuid, Resource)


class NotAForm(Exception):
    """A value that no form stands for, such as a function."""


class Origins:
    """Which form a value came from."""

    def __init__(self) -> None:
        self._forms: dict[int, tuple[object, Form]] = {}

    def note(self, value: object, form: Form) -> None:
        """Remember; the value is kept, so that its identity stays its own."""
        if not isinstance(value, _ATOMS):
            self._forms[id(value)] = (value, form)

    def find(self, value: object) -> Form | None:
        """Give the form of a value, unless symbols or atoms share it."""
        found = self._forms.get(id(value))
        return found[1] if found is not None and not isinstance(value, Symbol) else None


def form_to_value(form: Form, origins: Origins | None = None) -> object:
    """Give a form as data."""
    # post-order with a stack of our own: each entry is a form, or a collection to build of so many values
    todo: list[tuple[Form, int]] = [(form, -1)]
    values: list[object] = []
    while todo:
        item, count = todo.pop()
        if count < 0:
            children = _children(item)
            if children is None:
                value = _leaf(item)
                values.append(value)
                continue
            todo.append((item, len(children)))
            todo.extend((child, -1) for child in reversed(children))
            continue
        parts = values[len(values) - count :]
        del values[len(values) - count :]
        value = _build(item, parts)
        if origins is not None:
            origins.note(value, item)
        values.append(value)
    return values[0]


def _children(form: Form) -> list[Form] | None:
    match form:
        case ListForm(items=items) | VectorForm(items=items) | MapForm(items=items) | AnonFnForm(items=items):
            return items
        case QuasiForm(form=inner) | UnquoteForm(form=inner) | SpliceForm(form=inner):
            return [inner]
        case MetaForm(meta=MapForm() as meta, form=inner):
            return [meta, inner]
        case MetaForm(form=inner):
            return [inner]
    return None


def _leaf(form: Form) -> object:
    match form:
        case Literal(value=value):
            return value
        case SymbolForm(name=name):
            return Symbol(name)
        case ContextForm(name=name):
            return Symbol("@" + name)
        case HintMark():
            return List(())
    raise AssertionError(f"unknown form {form!r}")


def _build(form: Form, parts: list[object]) -> object:
    match form:
        case ListForm():
            return List(parts)
        case VectorForm():
            return tuple(parts)
        case MapForm():
            if len(parts) % 2:
                return List((Symbol("#map"), *parts))
            return (
                dict(zip(parts[::2], parts[1::2], strict=True))
                if _keys_fit(parts[::2])
                else List((Symbol("#map"), *parts))
            )
        case AnonFnForm():
            return List((Symbol("#fn"), *parts))
        case MetaForm(meta=HintMark(target=target, model_id=model)):
            return List((Symbol("#hint"), target, model, *parts))
        case MetaForm():
            return List((Symbol("#meta"), *parts))
    return List((Symbol(_HEADS[type(form)]), *parts))


def _keys_fit(keys: list[object]) -> bool:
    return all(type(key) in (Keyword, str, int) for key in keys) and len({(type(k), k) for k in keys}) == len(
        keys
    )


def value_to_form(value: object, start: int, end: int, origins: Origins) -> Form:
    """Give data as a form; what did not come from the user's text gets the span given.

    Raises: NotAForm.
    """
    todo: list[tuple[object, int]] = [(value, -1)]
    forms: list[Form] = []
    while todo:
        item, count = todo.pop()
        if count < 0:
            known = origins.find(item)
            if known is not None:
                forms.append(known)
                continue
            children = _items(item)
            if children is None:
                forms.append(_atom(item, start, end))
                continue
            todo.append((item, len(children)))
            todo.extend((child, -1) for child in reversed(children))
            continue
        parts = forms[len(forms) - count :]
        del forms[len(forms) - count :]
        forms.append(_collect(item, parts, start, end))
    return forms[0]


def _items(value: object) -> list[object] | None:
    if isinstance(value, List):
        return list(value.items)
    if is_vector(value):
        return list(vec_items(value))
    if is_map(value):
        return [part for pair in map_items(value) for part in pair]
    return None


def _atom(value: object, start: int, end: int) -> Form:
    if isinstance(value, Symbol):
        if value.text.startswith("@"):
            return ContextForm(value.text[1:], start, end)
        return SymbolForm(value.text, start, end)
    if type(value) in _ATOMS:
        return Literal(value, start, end)
    raise NotAForm(value)


def _collect(value: object, parts: list[Form], start: int, end: int) -> Form:
    if is_vector(value):
        return VectorForm(parts, start, end)
    if not isinstance(value, List):
        return MapForm(parts, start, end)
    head = parts[0].name if parts and isinstance(parts[0], SymbolForm) else ""
    rest = parts[1:]
    if head in _WRAPPERS and len(rest) == 1:
        return _WRAPPERS[head](rest[0], start, end)
    if head == "#map":
        return MapForm(rest, start, end)
    if head == "#fn":
        return AnonFnForm(rest, start, end)
    if head == "#meta" and len(rest) == 2 and isinstance(rest[0], MapForm):
        return MetaForm(rest[0], rest[1], start, end)
    if head == "#hint" and len(rest) == 3 and isinstance(rest[0], Literal) and isinstance(rest[1], Literal):
        mark = HintMark(str(rest[0].value), rest[1].value, start, end)  # type: ignore[arg-type]
        return MetaForm(mark, rest[2], start, end)
    return ListForm(parts, start, end)
