"""Forms to text that reads back as the same forms.

In: forms. Out: text. Iterative: forms may be as deep as the reader allows.
"""

from __future__ import annotations

from rtfs_runtime.printer import readable
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

_BRACKETS: dict[type, tuple[str, str]] = {
    ListForm: ("(", ")"),
    VectorForm: ("[", "]"),
    MapForm: ("{", "}"),
    AnonFnForm: ("#(", ")"),
}
_MARKS: dict[type, str] = {QuasiForm: "`", UnquoteForm: "~", SpliceForm: "~@"}


def print_form(form: Form, replaced: dict[int, Form] | None = None) -> str:
    """Print a form on one line; `replaced` gives, by identity, forms to print in place of others."""
    out: list[str] = []
    todo: list[Form | str] = [form]
    while todo:
        item = todo.pop()
        if isinstance(item, str):
            out.append(item)
            continue
        while replaced is not None and id(item) in replaced:
            item = replaced[id(item)]
        todo.extend(reversed(_parts(item)))
    return "".join(out)


def _parts(form: Form) -> list[Form | str]:
    brackets = _BRACKETS.get(type(form))
    if brackets is not None:
        parts: list[Form | str] = [brackets[0]]
        for index, item in enumerate(form.items):  # type: ignore[attr-defined]
            parts += [" ", item] if index else [item]
        return [*parts, brackets[1]]
    mark = _MARKS.get(type(form))
    if mark is not None:
        return [mark, form.form]  # type: ignore[attr-defined]
    match form:
        case SymbolForm(name=name):
            return [name]
        case Literal(value=value):
            return [readable(value)]
        case ContextForm(name=name):
            return ["@" + name]
        case MetaForm(meta=HintMark() as hint, form=inner):
            return [_hint(hint), " ", inner]
        case MetaForm(meta=meta, form=inner):
            return ["^", meta, " ", inner]
        case HintMark():
            return [_hint(form)]
    raise AssertionError(f"unknown form {form!r}")


def _hint(hint: HintMark) -> str:
    model = "" if hint.model_id is None else " " + readable(hint.model_id)
    return f"^:delegation :{hint.target}{model}"
