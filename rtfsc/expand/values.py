"""Forms as data and back: what quote gives, and what macros take and give (ruling 21).

In: forms or values. Out: values or forms. Iterative. Spans of the user's forms travel beside the values, by
identity: a value that a macro passes on unchanged becomes the very form it was.
"""

from __future__ import annotations

from typing import Final

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

# heads of the lists that reader marks are as data; no program can write a name that begins with #
MAP_HEAD: Final = "#map"
_FN_HEAD: Final = "#fn"
_META_HEAD: Final = "#meta"
_HINT_HEAD: Final = "#hint"
_WRAPPERS: dict[str, type[QuasiForm] | type[UnquoteForm] | type[SpliceForm]] = {
    "quasiquote": QuasiForm,
    "unquote": UnquoteForm,
    "unquote-splicing": SpliceForm,
}
_WRAPPER_HEADS: dict[type, str] = {cls: head for head, cls in _WRAPPERS.items()}
_ATOMS = (type(None), bool, int, float, str, Keyword, Timestamp, Uuid, Resource)


class NotAForm(Exception):
    """A value that no form stands for, such as a function."""


class TooLarge(Exception):
    """A value of more parts than an expansion may have: shared parts count wherever they stand."""


class Origins:
    """Which form a value came from, and the lists that were made for values that came from none."""

    def __init__(self) -> None:
        self._forms: dict[int, tuple[object, Form]] = {}
        self.made: list[ListForm] = []

    def note(self, value: object, form: Form) -> None:
        """Remember a collection; the value is kept, so that its identity stays its own."""
        self._forms[id(value)] = (value, form)

    def find(self, value: object) -> Form | None:
        """Give the form of a collection."""
        found = self._forms.get(id(value))
        return None if found is None else found[1]


def spelled(form: Form) -> Form:
    """Give the list or symbol that the form of a reader mark is as data; other forms are themselves."""
    head = _WRAPPER_HEADS.get(type(form))
    if head is not None:
        return _headed(head, [form.form], form)  # type: ignore[attr-defined]
    match form:
        case AnonFnForm(items=items):
            return _headed(_FN_HEAD, items, form)
        case MetaForm(meta=HintMark(target=target, model_id=model), form=inner):
            mark: list[Form] = [Literal(part, form.start, form.end) for part in (target, model)]
            return _headed(_HINT_HEAD, [*mark, inner], form)
        case MetaForm(meta=meta, form=inner):
            return _headed(_META_HEAD, [meta, inner], form)
        case ContextForm(name=name):
            return SymbolForm("@" + name, form.start, form.end)
        case MapForm(items=items) if not _are_keys(items):
            return map_as_list(form)
    return form


def map_as_list(form: MapForm) -> ListForm:
    """Give a map whose keys no map value can have, such as the defaults of a pattern, as a list."""
    return _headed(MAP_HEAD, form.items, form)


def _headed(head: str, items: list[Form], form: Form) -> ListForm:
    return ListForm([SymbolForm(head, form.start, form.end), *items], form.start, form.end)


def _are_keys(items: list[Form]) -> bool:
    return len(items) % 2 == 0 and all(
        isinstance(item, Literal) and type(item.value) in (Keyword, str, int) for item in items[::2]
    )


def form_to_value(form: Form, origins: Origins | None = None) -> object:
    """Give a form as data."""
    # post-order with a stack of our own: a form, and how many values to build it from once they are there
    todo: list[tuple[Form, int]] = [(form, -1)]
    values: list[object] = []
    while todo:
        item, count = todo.pop()
        plain = spelled(item)
        if not isinstance(plain, ListForm | VectorForm | MapForm):
            values.append(_leaf(plain))
            continue
        if count < 0:
            todo.append((item, len(plain.items)))
            todo.extend((child, -1) for child in reversed(plain.items))
            continue
        at = len(values) - count
        value = _build(plain, values[at:])
        del values[at:]
        if origins is not None:
            origins.note(value, item)
        values.append(value)
    return values[0]


def _leaf(form: Form) -> object:
    match form:
        case Literal(value=value):
            return value
        case SymbolForm(name=name):
            return Symbol(name)
    raise AssertionError(f"no data: {form!r}")


def _build(form: ListForm | VectorForm | MapForm, parts: list[object]) -> object:
    if isinstance(form, ListForm):
        return List(parts)
    if isinstance(form, VectorForm):
        return tuple(parts)
    return dict(zip(parts[::2], parts[1::2], strict=True))


def value_to_form(value: object, where: Form, origins: Origins, limit: int) -> Form:
    """Give data as a form of at most `limit` new parts, which get the span of `where`.

    Raises: NotAForm, TooLarge.
    """
    todo: list[tuple[object, int]] = [(value, -1)]
    forms: list[Form] = []
    start, end = where.start, where.end
    while todo:
        item, count = todo.pop()
        if count < 0:
            known = origins.find(item)
            if known is not None:
                forms.append(known)
                continue
            limit -= 1
            children = _items(item)
            if children is None:
                forms.append(_atom(item, start, end))
                continue
            if limit < len(children):
                raise TooLarge
            todo.append((item, len(children)))
            todo.extend((child, -1) for child in reversed(children))
            continue
        at = len(forms) - count
        made = _collect(item, forms[at:], start, end)
        del forms[at:]
        if isinstance(made, ListForm):
            origins.made.append(made)
        forms.append(made)
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
    if head == MAP_HEAD:
        return MapForm(rest, start, end)
    if head == _FN_HEAD:
        return AnonFnForm(rest, start, end)
    if head == _META_HEAD and len(rest) == 2 and isinstance(rest[0], MapForm):
        return MetaForm(rest[0], rest[1], start, end)
    if (
        head == _HINT_HEAD
        and len(rest) == 3
        and isinstance(rest[0], Literal)
        and isinstance(rest[1], Literal)
    ):
        mark = HintMark(str(rest[0].value), rest[1].value, start, end)  # type: ignore[arg-type]
        return MetaForm(mark, rest[2], start, end)
    return ListForm(parts, start, end)
