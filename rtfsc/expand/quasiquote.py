"""Templates: `` `form `` to ordinary forms that build its data.

In: a template. Out: forms whose heads `#list`, `#splice_list`, `#splice_vector`, `#splice_items` become
operations of the runtime. Levels: a template inside a template raises the level, `~` lowers it, evaluation
happens at level 0. Source: language §6.2.
"""

from __future__ import annotations

from itertools import count

from rtfsc.diagnostics import fail
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


def expand_quasi(form: QuasiForm) -> Form:
    """Give forms that build the data of a template."""
    return _Template(form.start).build(form.form, 1)


class _Template:
    """One template; names ending in `#` become one new name each."""

    def __init__(self, at: int) -> None:
        # the place of the template makes its names unlike those of others, and the same in every compilation
        self._at = at
        self._numbers = count(1)
        self._names: dict[str, str] = {}

    def build(self, form: Form, level: int) -> Form:
        """Give forms for a part at a level."""
        match form:
            case UnquoteForm(form=inner):
                if level == 1:
                    _check_plain(inner)
                    return inner
                return self._wrapped("unquote", form, level - 1)
            case SpliceForm():
                raise fail("E114", "~@ needs a list or vector around it", form, hints=_HINT)
            case QuasiForm():
                return self._wrapped("quasiquote", form, level + 1)
            case SymbolForm(name=name):
                return _quote(SymbolForm(self._name(name), form.start, form.end))
            case ListForm(items=items):
                return self._sequence(form, items, level, "#list", "#splice_list")
            case VectorForm(items=items):
                return self._sequence(form, items, level, "", "#splice_vector")
            case MapForm(items=items):
                parts = [
                    part if index % 2 == 0 else self.build(part, level) for index, part in enumerate(items)
                ]
                return MapForm(parts, form.start, form.end)
            case MetaForm(form=inner):
                return self.build(inner, level)
            case Literal():
                return form
        return _quote(form)

    def _name(self, name: str) -> str:
        if not name.endswith("#") or len(name) < 2:
            return name
        if name not in self._names:
            self._names[name] = f"{name[:-1]}__{self._at}_{next(self._numbers)}"
        return self._names[name]

    def _wrapped(self, head: str, form: Form, level: int) -> Form:
        inner: Form = form.form  # type: ignore[attr-defined]
        symbol = _quote(SymbolForm(head, form.start, form.end))
        if isinstance(inner, SpliceForm) and level == 1:
            raise fail("E114", "~@ needs a list or vector around it", inner, hints=_HINT)
        return _call("#list", [symbol, self.build(inner, level)], form)

    def _sequence(self, form: Form, items: list[Form], level: int, plain: str, spliced: str) -> Form:
        if not any(isinstance(item, SpliceForm) and level == 1 for item in items):
            parts = [self._element(item, level) for item in items]
            return _call(plain, parts, form) if plain else VectorForm(parts, form.start, form.end)
        groups: list[Form] = []
        single: list[Form] = []
        for item in items:
            if isinstance(item, SpliceForm) and level == 1:
                _check_plain(item.form)
                if single:
                    groups.append(VectorForm(single, form.start, form.end))
                    single = []
                groups.append(_call("#splice_items", [item.form], item))
            else:
                single.append(self._element(item, level))
        if single:
            groups.append(VectorForm(single, form.start, form.end))
        return _call(spliced, groups, form)

    def _element(self, item: Form, level: int) -> Form:
        if isinstance(item, SpliceForm):
            symbol = _quote(SymbolForm("unquote-splicing", item.start, item.end))
            return _call("#list", [symbol, self.build(item.form, level - 1)], item)
        return self.build(item, level)


def _check_plain(form: Form) -> None:
    """Refuse `~` inside what is evaluated, except in a template of its own."""
    todo: list[Form] = [form]
    while todo:
        item = todo.pop()
        if isinstance(item, UnquoteForm | SpliceForm):
            mark = "~" if isinstance(item, UnquoteForm) else "~@"
            raise fail(
                "E114",
                f"{mark} inside of ~: there is no template around it",
                item,
                hints=("One ~ is enough → `(f ~(+ x 1))",),
            )
        if isinstance(item, QuasiForm):
            continue
        todo.extend(getattr(item, "items", ()))


def _quote(form: Form) -> Form:
    return ListForm([SymbolForm("quote", form.start, form.end), form], form.start, form.end)


def _call(head: str, parts: list[Form], form: Form) -> ListForm:
    return ListForm([SymbolForm(head, form.start, form.end), *parts], form.start, form.end)
