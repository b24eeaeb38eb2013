"""Tokens -> forms, with SLY's own Parser.

In: a `SourceFile`. Out: a `ParsedFile`, or a `CompileError` with everything found wrong.
The grammar is flat and left recursive and knows no special form: those belong to `rtfsc.lower`, and a
production for each would cost 35 ms of table building at every import. SLY keeps its stack in a list: depth
costs memory only.
Hot rules read `p._slice`: SLY's named access takes more time than the rest of reading together.
"""

# mypy: disable-error-code="misc, no-any-unimported, name-defined, no-redef, untyped-decorator"
# ruff: noqa: F811, F821

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sly import Parser  # type: ignore[import-untyped]

from rtfsc.source import CompileError, Diagnostic, Edit, SourceFile, Span
from rtfsc.syntax.atoms import Atom, AtomError, read_atom
from rtfsc.syntax.comments import ParsedFile, find_trivia
from rtfsc.syntax.delimiters import analyze_delimiters
from rtfsc.syntax.forms import (
    AnonFnForm,
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
from rtfsc.syntax.lexer import FormLexer, LexicalError

MAX_DEPTH = 100_000
"""Brackets and marks around one form (ruling 7)."""
_MOST_PROBLEMS = 20
_BRACKETS = {"LP": ListForm, "LB": VectorForm, "LC": MapForm, "FN": AnonFnForm}
_TEMPLATE_MARKS = {"`": QuasiForm, "~": UnquoteForm, "~@": SpliceForm}


class _Stop(Exception):
    """The grammar knows no way on from the symbols on the parser's stack."""


class _TooDeep(Exception):
    """More brackets and marks are open than `MAX_DEPTH`."""


class FormParser(Parser):
    """Build forms from tokens; `problems` receives what is wrong but does not stop the reading."""

    tokens = FormLexer.tokens
    track_positions = False
    start = "items"

    def __init__(self, problems: list[Diagnostic]) -> None:
        self.problems = problems
        self.known: dict[str, Atom] = {}
        self.depth = -1
        self.closed_functions: list[AnonFnForm] = []

    @_("items ATOM")
    def items(self, p: Any) -> list[Form]:
        part = p._slice
        items = part[0].value
        token = part[1]
        atom = self.known.get(token.value)
        if atom is None:
            atom = self._read_atom(token)
        items.append(atom[0](atom[1], token.index, token.end))
        return items

    @_("items LP items RP")
    def items(self, p: Any) -> list[Form]:
        part = p._slice
        items = part[0].value
        items.append(ListForm(part[2].value, part[1].index, part[3].end))
        self.depth -= 1
        return items

    @_("items LB items RB")
    def items(self, p: Any) -> list[Form]:
        part = p._slice
        items = part[0].value
        items.append(VectorForm(part[2].value, part[1].index, part[3].end))
        self.depth -= 1
        return items

    @_("items LC items RC")
    def items(self, p: Any) -> list[Form]:
        part = p._slice
        items = part[0].value
        items.append(MapForm(part[2].value, part[1].index, part[3].end))
        self.depth -= 1
        return items

    @_("items FN items RP")
    def items(self, p: Any) -> list[Form]:
        part = p._slice
        items = part[0].value
        items.append(self._bracketed(part[1:]))
        return items

    @_("items marks form")
    def items(self, p: Any) -> list[Form]:
        part = p._slice
        items = part[0].value
        items.append(self._wrapped(part[1].value, part[2].value))
        return items

    @_("")
    def items(self, p: Any) -> list[Form]:
        self._deepen()
        return []

    @_("ATOM")
    def form(self, p: Any) -> Form:
        token = p._slice[0]
        make, value = self.known.get(token.value) or self._read_atom(token)
        return make(value, token.index, token.end)

    @_("LP items RP", "LB items RB", "LC items RC", "FN items RP")
    def form(self, p: Any) -> Form:
        return self._bracketed(p._slice)

    @_("mark")
    def marks(self, p: Any) -> list[Any]:
        self._deepen()
        return [p._slice[0].value]

    @_("marks mark")
    def marks(self, p: Any) -> list[Any]:
        self._deepen()
        marks: list[Any] = p._slice[0].value
        marks.append(p._slice[1].value)
        return marks

    @_("MARK")
    def mark(self, p: Any) -> tuple[str, int, None]:
        token = p._slice[0]
        return token.value, token.index, None

    @_("HINT")
    def mark(self, p: Any) -> tuple[str, int, HintMark]:
        token = p._slice[0]
        hint = token.value
        return "^:", token.index, HintMark(hint.target, hint.model_id, token.index, hint.end)

    @_("CARET LC items RC")
    def mark(self, p: Any) -> tuple[str, int, MapForm]:
        part = p._slice
        self.depth -= 1
        return "^", part[0].index, MapForm(part[2].value, part[1].index, part[3].end)

    def error(self, token: Any) -> None:
        raise _Stop

    def _deepen(self) -> None:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise _TooDeep

    def _read_atom(self, token: Any) -> Atom:
        try:
            atom = read_atom(token.value)
        except AtomError as error:
            start, end = error.part or (0, len(token.value))
            span = Span(token.index + start, token.index + end)
            edit = Edit(token.index, token.end, error.instead) if error.instead else None
            self._report(error.code, error.message, span, error.hint, edit)
            return Literal, None
        self.known[token.value] = atom
        return atom

    def _bracketed(self, part: list[Any]) -> Form:
        self.depth -= 1
        form = _BRACKETS[part[0].type](part[1].value, part[0].index, part[2].end)
        if type(form) is AnonFnForm:
            # functions close inside out: those closed before, after this one opened, are inside it
            inside = self.closed_functions
            while inside and inside[-1].start > form.start:
                hint = "Only one of nested functions can use #( → (fn [x] …) for the other"
                inner = inside.pop()
                self._report("E014", "Nested #( … ) functions", Span(inner.start, inner.start + 2), hint)
            inside.append(form)
        return form

    def _wrapped(self, marks: list[Any], form: Form) -> Form:
        self.depth -= len(marks)
        hinted: HintMark | None = None
        for text, start, meta in reversed(marks):
            if text == "'":
                form, hinted = ListForm([SymbolForm("quote", start, start + 1), form], start, form.end), None
            elif meta is None:
                # a hint before the mark is on the template, one behind it on the form inside
                form, hinted = _TEMPLATE_MARKS[text](form, start, form.end), None
            else:
                if text == "^:":
                    if hinted is not None:
                        hint = "A function has one delegation hint → remove one of the two"
                        edit = Edit(hinted.start, hinted.end, "")
                        span = Span(hinted.start, hinted.end)
                        self._report("E013", "Two delegation hints on one form", span, hint, edit)
                    hinted = meta
                form = MetaForm(meta, form, start, form.end)
        return form

    def _report(self, code: str, message: str, span: Span, hint: str, edit: Edit | None = None) -> None:
        self.problems.append(Diagnostic(code, message, span, (hint,), edit))


def parse(source: SourceFile, *, keep_comments: bool = False) -> ParsedFile:
    """Read a whole program; with `keep_comments` also everything between its tokens.

    Raises: CompileError, with up to 20 diagnostics in source order.
    Cost:   about 600 us a KB; memory grows with the text, never the Python stack.
    """
    problems: list[Diagnostic] = []
    parser = FormParser(problems)
    forms: list[Form] = []
    try:
        _check_characters(source.text)
        forms = parser.parse(FormLexer(problems).tokenize(source.text))
    except LexicalError as error:
        problems.append(error.diagnostic)
    except _Stop:
        problems.extend(analyze_delimiters(source) or [_misplaced(parser.symstack)])
    except _TooDeep:
        problems.append(_too_deep(parser.symstack))
    if problems:
        problems.sort(key=lambda problem: problem.span)
        raise CompileError([_with_comment_hint(one, source) for one in problems[:_MOST_PROBLEMS]], source)
    return ParsedFile(source, forms, find_trivia(source.text) if keep_comments else [])


def _check_characters(text: str) -> None:
    if text.isascii():
        return
    try:
        text.encode()
    except UnicodeEncodeError as error:
        message = f"Invalid character U+{ord(text[error.start]):04X}: half of a surrogate pair"
        hints = ("Source text consists of Unicode characters; this is half of one → remove it",)
        edit = Edit(error.start, error.end, "")
        raise LexicalError(
            Diagnostic("E001", message, Span(error.start, error.start + 1), hints, edit)
        ) from None


def _with_comment_hint(problem: Diagnostic, source: SourceFile) -> Diagnostic:
    line, _ = source.line_column(problem.span.start)
    if not source.line_text(line).lstrip().startswith("//"):
        return problem
    hint = "// is no comment: comments start with a semicolon → ; text"
    return replace(problem, hints=(hint, *problem.hints))


def _misplaced(stack: list[Any]) -> Diagnostic:
    """Explain a grammar error in a text whose brackets match: a mark without the form it belongs to."""
    last = stack[-1]
    if last.type == "CARET":
        hint = 'After ^ comes a map, or :delegation → ^{:doc "text"} form'
        return Diagnostic("E010", "Metadata must be a map", Span(last.index, last.end), (hint,))
    if last.type == "MARK":
        hint = f"{last.value} stands before a form → {last.value}form"
        edit = Edit(last.index, last.end, "")
        return Diagnostic(
            "E015", f"Nothing follows the mark {last.value}", Span(last.index, last.end), (hint,), edit
        )
    # a whole `^{…}` (four symbols) or a delegation mark (one)
    start = stack[-4].index if last.type == "RC" else last.index
    hint = 'Metadata stands before the form it describes → ^{:doc "text"} (fn [x] x)'
    edit = Edit(start, last.end, "")
    return Diagnostic(
        "E015", "Metadata without a form: nothing follows it", Span(start, last.end), (hint,), edit
    )


def _too_deep(stack: list[Any]) -> Diagnostic:
    # the bracket just opened, or the mark just reduced to `(text, start, meta)`
    last = stack[-1]
    at = last.value[1] if last.type == "mark" else last.index
    message = f"More than {MAX_DEPTH} brackets are open"
    hint = "Give inner parts a name of their own → (def part …)"
    return Diagnostic("E402", message, Span(at, at + 1), (hint,))
