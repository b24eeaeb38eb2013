"""Forms to text that reads back as the same forms.

In: forms, or a file read with its comments. Out: text; for a file, exactly the text that was read.
Iterative: forms may be as deep as the reader allows.
"""

from __future__ import annotations

from rtfs_runtime.printer import readable
from rtfsc.syntax.comments import ParsedFile
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
    match form:
        case UnquoteForm(form=ContextForm() as inner):
            # `~@x` would read as a splice
            return ["~ ", inner]
        case QuasiForm(form=inner) | UnquoteForm(form=inner) | SpliceForm(form=inner):
            return [_MARKS[type(form)], inner]
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


def print_lossless(parsed: ParsedFile) -> str:
    """Print a file that was read with `keep_comments`: forms, comments and blanks, each as written.

    Shape: atoms keep their spelling (`007`, `1e5`), `'x` stays `'x`.
    """
    text = parsed.source.text
    pieces = [(comment.start, comment.text) for comment in parsed.comments]
    todo: list[Form] = list(parsed.forms)
    while todo:
        form = todo.pop()
        start, end = form.start, form.end
        brackets = _BRACKETS.get(type(form))
        if isinstance(form, ListForm) and text[start] == "'":
            pieces.append((start, "'"))
            todo.append(form.items[1])
        elif brackets is not None:
            pieces += [(start, brackets[0]), (end - 1, brackets[1])]
            todo += form.items  # type: ignore[attr-defined]
        elif isinstance(form, QuasiForm | UnquoteForm | SpliceForm):
            pieces.append((start, _MARKS[type(form)]))
            todo.append(form.form)
        elif isinstance(form, MetaForm):
            if isinstance(form.meta, MapForm):
                pieces.append((start, "^"))
            todo += [form.meta, form.form]
        else:
            pieces.append((start, text[start:end]))
    shown, at = [], 0
    for start, piece in sorted(pieces):
        # a delegation mark is one piece, with the blanks inside it
        if start >= at:
            shown.append(piece)
            at = start + len(piece)
    return "".join(shown)
