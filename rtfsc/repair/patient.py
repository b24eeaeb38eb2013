"""A broken program and what the makers of candidates need to know of it.

In: a source and one report about it. Out: `Patient`, with the forms around the report when the text can be
read; `Candidate`, an edit worth trying. Makers and the search share nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from rtfsc.source import CompileError, Diagnostic, Edit, SourceFile
from rtfsc.syntax.forms import Form, ListForm, MetaForm, SymbolForm
from rtfsc.syntax.parser import parse

_TOKEN: Final = re.compile(r"""[^ \t\r\n,()\[\]{}";]+""")


class Candidate(NamedTuple):
    """An edit worth trying. Of candidates that repair equally well the one of lowest rank is taken."""

    rank: float
    edit: Edit


class Place(NamedTuple):
    """A form, what stands directly around it (the whole file: None), and its index there."""

    form: Form
    around: Form | None
    at: int


class Patient:
    """One report about a text."""

    def __init__(self, source: SourceFile, problem: Diagnostic) -> None:
        self.source = source
        self.text = source.text
        self.problem = problem
        self.forms = _read(source)
        self.path = self._path()

    def part(self, form: Form) -> str:
        """Give the text of a form."""
        return self.text[form.start : form.end]

    def around(self) -> Iterator[Place]:
        """Give the forms that hold the report, the innermost first."""
        return reversed(self.path)

    def line(self) -> tuple[int, int]:
        """Give start and end of the line that the report begins in."""
        at = self.problem.span.start
        end = self.text.find("\n", at)
        return self.text.rfind("\n", 0, at) + 1, len(self.text) if end < 0 else end

    def word(self) -> tuple[int, int, str]:
        """Give start, end and text of the token that the report begins in."""
        at = self.problem.span.start
        found = None
        for found in _TOKEN.finditer(self.text, self.line()[0], self.line()[1]):
            if found.end() > at:
                break
        if found is None or not found.start() <= at < found.end():
            return at, at, ""
        return found.start(), found.end(), found[0]

    def _path(self) -> tuple[Place, ...]:
        path: list[Place] = []
        span = self.problem.span
        items, around = self.forms, None
        while True:
            held = [(i, f) for i, f in enumerate(items) if f.start <= span.start and span.end <= f.end]
            if not held:
                return tuple(path)
            index, form = held[0]
            path.append(Place(form, around, index))
            around, items = form, below(form)


def below(form: Form) -> list[Form]:
    """Give the forms directly inside a form."""
    inner = getattr(form, "form", None)
    if isinstance(form, MetaForm):
        return [form.meta, form.form]
    return [inner] if isinstance(inner, Form) else getattr(form, "items", [])


def inside(forms: list[Form]) -> Iterator[Form]:
    """Give all forms, each before those inside it."""
    todo = list(reversed(forms))
    while todo:
        form = todo.pop()
        yield form
        todo.extend(reversed(below(form)))


def head(form: Form | None) -> str:
    """Give the name at the head of a list, or nothing."""
    if isinstance(form, ListForm) and form.items and isinstance(form.items[0], SymbolForm):
        return form.items[0].name
    return ""


def _read(source: SourceFile) -> list[Form]:
    try:
        return parse(source).forms
    except CompileError:
        return []
