"""Templates: `` `form `` to ordinary forms that build its data.

In: a template. Out: forms whose heads `#list`, `#splice_list`, `#splice_vector`, `#splice_items` become
operations of the runtime. Levels: a template inside a template raises the level, `~` lowers it, evaluation
happens at level 0. Source: language §6.2.
"""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

from rtfs_runtime.values import Keyword
from rtfsc.diagnostics import fail
from rtfsc.expand.values import MAP_HEAD, map_as_list, spelled
from rtfsc.syntax.forms import (
    Form,
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

_HINT = ("Splice into a list or vector → `(f ~@xs)",)


class _Kind(Enum):
    DATA = "data: the form itself, not yet quoted"
    CODE = "code that gives the data"
    SPLICE = "code that gives a sequence to insert"


class _Part(NamedTuple):
    form: Form
    kind: _Kind


def expand_quasi(form: QuasiForm) -> Form:
    """Give forms that build the data of a template.

    Raises: CompileError E114 for `~@` where nothing can take it.
    """
    template = _Template()
    made = _code(template.part(form.form))
    if not template.names:
        return made
    bindings: list[Form] = []
    for name in template.names:
        # by its full name, which no local hides; one new name each time the template is used
        bindings += [SymbolForm(name, form.start, form.end), _call("stdlib/gensym", [], form)]
    return _call("let", [VectorForm(bindings, form.start, form.end), made], form)


class _Template:
    """One template. `names` are the locals that hold the new names of `x#`, in the order met."""

    def __init__(self) -> None:
        self.names: dict[str, None] = {}

    def part(self, form: Form) -> _Part:
        """Give the part for a whole template, iteratively: a form, its level, and how many parts make it."""
        todo: list[tuple[Form, int, int]] = [(form, 1, -1)]
        parts: list[_Part] = []
        while todo:
            item, level, count = todo.pop()
            if count >= 0:
                at = len(parts) - count
                made = _join(item, parts[at:])
                del parts[at:]
                parts.append(made)
                continue
            leaf = self._leaf(item, level)
            if leaf is not None:
                parts.append(leaf)
                continue
            children = _children(item)
            inner = level + _step(item)
            todo.append((item, level, len(children)))
            todo.extend((child, inner, -1) for child in reversed(children))
        return parts[0]

    def _leaf(self, form: Form, level: int) -> _Part | None:
        match form:
            case UnquoteForm(form=inner) if level == 1:
                return _Part(inner, _Kind.CODE)
            case SpliceForm() if level == 1:
                return _Part(form, _Kind.SPLICE)
            case SymbolForm(name=name) if level == 1 and name.endswith("#") and len(name) > 1:
                self.names.setdefault("#" + name)
                return _Part(SymbolForm("#" + name, form.start, form.end), _Kind.CODE)
        if isinstance(spelled(form), ListForm | VectorForm | MapForm):
            return None
        return _Part(form, _Kind.DATA)


def _step(form: Form) -> int:
    if isinstance(form, QuasiForm):
        return 1
    return -1 if isinstance(form, UnquoteForm | SpliceForm) else 0


def _children(form: Form) -> list[Form]:
    if not isinstance(form, MapForm):
        items: list[Form] = spelled(form).items  # type: ignore[attr-defined]
        return items
    children = list(form.items)
    for at in range(1, len(children), 2):
        key, value = children[at - 1], children[at]
        if isinstance(key, Literal) and key.value is Keyword("or") and isinstance(value, MapForm):
            # the defaults of a pattern: the one map whose keys are symbols
            children[at] = map_as_list(value)
    return children


def _join(form: Form, parts: list[_Part]) -> _Part:
    if isinstance(form, MapForm):
        return _join_map(form, parts)
    kinds = {part.kind for part in parts}
    if kinds <= {_Kind.DATA} and not _is_map_list(form):
        return _Part(form, _Kind.DATA)
    if _Kind.SPLICE in kinds:
        if isinstance(form, MetaForm):
            raise _misplaced(next(part.form for part in parts if part.kind is _Kind.SPLICE))
        head = "#splice_vector" if isinstance(form, VectorForm) else "#splice_list"
        return _Part(_call(head, _groups(parts), form), _Kind.CODE)
    codes = [_code(part) for part in parts]
    if isinstance(form, VectorForm):
        return _Part(VectorForm(codes, form.start, form.end), _Kind.CODE)
    return _Part(_call("#list", codes, form), _Kind.CODE)


def _is_map_list(form: Form) -> bool:
    """Tell whether a form stands for a map that must not be quoted as one."""
    if not isinstance(form, ListForm) or not form.items:
        return False
    head = form.items[0]
    return isinstance(head, SymbolForm) and head.name == MAP_HEAD


def _join_map(form: MapForm, parts: list[_Part]) -> _Part:
    if all(part.kind is _Kind.DATA for part in parts):
        return _Part(form, _Kind.DATA)
    # a key stays as written: lowering says what is wrong with one that is no literal
    items = [
        key if at % 2 == 0 else _code(part)
        for at, (key, part) in enumerate(zip(form.items, parts, strict=True))
    ]
    return _Part(MapForm(items, form.start, form.end), _Kind.CODE)


def _groups(parts: list[_Part]) -> list[Form]:
    """Give runs of single parts as vectors, with the sequences to insert between them."""
    groups: list[Form] = []
    single: list[Form] = []
    for part in parts:
        if part.kind is not _Kind.SPLICE:
            single.append(_code(part))
            continue
        if single:
            groups.append(VectorForm(single, single[0].start, single[-1].end))
            single = []
        assert isinstance(part.form, SpliceForm)
        groups.append(_call("#splice_items", [part.form.form], part.form))
    if single:
        groups.append(VectorForm(single, single[0].start, single[-1].end))
    return groups


def _code(part: _Part) -> Form:
    if part.kind is _Kind.SPLICE:
        raise _misplaced(part.form)
    if part.kind is _Kind.CODE or isinstance(part.form, Literal):
        return part.form
    return _call("quote", [part.form], part.form)


def _misplaced(form: Form) -> Exception:
    return fail("E114", "~@ needs a list or vector around it", form, hints=_HINT)


def _call(head: str, parts: list[Form], form: Form) -> ListForm:
    return ListForm([SymbolForm(head, form.start, form.end), *parts], form.start, form.end)
