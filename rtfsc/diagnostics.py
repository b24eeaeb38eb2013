"""Reports of wrong programs: making them, showing them as text and as JSON.

In: a `Diagnostic` and the source it is about. Out: text in the format of language §8.3, or a JSON object.
The data itself is in `rtfsc.source`, the meaning of codes in `rtfsc.errors`.
"""

from __future__ import annotations

from typing import Protocol, TypedDict
from unicodedata import east_asian_width

from rtfsc.errors import ERRORS
from rtfsc.source import CompileError, Diagnostic, Edit, SourceFile, Span, shown_text

__all__ = ["CompileError", "Diagnostic", "Edit", "fail", "render_text", "to_json"]

_LINES_BEFORE = 2
_GUTTER = " " * 8
_MARKS_AT_MOST = 60
_LONGEST_EDIT_SHOWN = 60


class Placed(Protocol):
    """Anything with a place in a source: a form, a span."""

    @property
    def start(self) -> int: ...

    @property
    def end(self) -> int: ...


def fail(
    code: str,
    message: str,
    where: Placed,
    *,
    hints: tuple[str, ...] = (),
    edit: Edit | None = None,
    kind: str = "ParseError",
) -> CompileError:
    """Make the error to raise for one diagnostic; the driver adds the source."""
    diagnostic = Diagnostic(code, message, Span(where.start, where.end), hints, edit, kind=kind)
    return CompileError((diagnostic,))


def render_text(diagnostic: Diagnostic, source: SourceFile | None, color: bool = False) -> str:
    """Show a diagnostic for a person, in the order of language §8.3."""
    row = ERRORS.get(diagnostic.code)
    stage = "warning" if diagnostic.severity == "warning" else row.stage if row else "compile"
    if diagnostic.severity != "warning" and stage == "warning":
        # `--strict` takes it for an error
        stage = "compile"
    lines = [_paint(_HEADINGS[stage] + diagnostic.message, "1;31" if stage != "warning" else "1;33", color)]
    if source is not None:
        if source.name:
            lines.append(f"📁 File: {source.name}")
        lines += ["", *_context(diagnostic.span, source, color)]
        for text, span in diagnostic.notes:
            lines.append("")
            lines.append(f"📎 {text}" if span is None else f"📎 {text} ({_place(source, span.start)})")
            if span is not None:
                lines += _context(span, source, color)[1:-1]
    if "delimiter" in diagnostic.message.lower():
        lines += ["", *_DELIMITER_ANALYSIS]
    if diagnostic.hints:
        lines += ["", "💡 Hints:"]
        for number, hint in enumerate(diagnostic.hints, 1):
            what, _, instead = hint.partition(" → ")
            lines.append(f"   {number}. {what}")
            if instead:
                lines.append(f"      → {instead}")
    if diagnostic.edit is not None and source is not None:
        lines += ["", _repair(diagnostic.edit, source)]
    if row is not None:
        lines += ["", f"📖 More: rtfsc explain {diagnostic.code}"]
    return "\n".join(lines) + "\n"


_HEADINGS = {"parse": "❌ Parse Error: ", "compile": "❌ Compile Error: ", "warning": "⚠️  Warning: "}
_DELIMITER_ANALYSIS = (
    "🔍 Delimiter Analysis:",
    "   Check that all opening delimiters have matching closing delimiters:",
    "   • Parentheses: ( ... )",
    "   • Brackets: [ ... ]",
    "   • Braces: { ... }",
)


def _paint(text: str, style: str, color: bool) -> str:
    return f"\x1b[{style}m{text}\x1b[0m" if color else text


def _repair(edit: Edit, source: SourceFile) -> str:
    """Say in one line what an edit does."""
    before, after = _quoted(source.text[edit.start : edit.end]), _quoted(edit.replacement)
    line, column = source.line_column(edit.start)
    if not before:
        what = f"insert {after}"
    elif not after:
        what = f"remove {before}"
    else:
        what = f"write {after} for {before}"
    return f"🔧 Suggested edit, line {line}:{column}: {what}"


def _quoted(text: str) -> str:
    shown = " ".join(text.split()) or text
    if len(shown) > _LONGEST_EDIT_SHOWN:
        shown = shown[: _LONGEST_EDIT_SHOWN - 1] + "…"
    return f"`{shown_text(shown)}`" if text else ""


def _place(source: SourceFile, offset: int) -> str:
    line, column = source.line_column(offset)
    return f"line {line}:{column}"


def _context(span: Span, source: SourceFile, color: bool) -> list[str]:
    """Show the line of a span, the lines before it, and marks under the span."""
    line, column = source.line_column(span.start)
    shown = [f"📍 Context around line {line}:"]
    for number in range(max(1, line - _LINES_BEFORE), line):
        shown.append(f"{number:4}    {source.excerpt(number).text}".rstrip())
    text, shift = source.excerpt(line, column)
    before = text[: column - 1 - shift]
    marked = text[len(before) : len(before) + max(1, span.end - span.start)]
    marks = "^" * min(_MARKS_AT_MOST, max(1, _width(marked)))
    shown.append(f"{line:4} ❌ {text}".rstrip())
    shown.append(_GUTTER + _blanks_like(before) + _paint(marks, "1;31", color))
    shown.append(f"     Here at column {column}")
    return shown


def _width(text: str) -> int:
    return sum(2 if east_asian_width(char) in "WF" else 1 for char in text)


def _blanks_like(text: str) -> str:
    """Give blanks as wide as a text; tabs stay tabs, so that the marks line up in any terminal."""
    return "".join("\t" if char == "\t" else " " * _width(char) for char in text)


class JsonSpan(TypedDict):
    """A span as JSON: offsets from 0, lines and columns from 1, the end exclusive."""

    start: int
    end: int
    line: int
    column: int
    end_line: int
    end_column: int


def to_json(diagnostic: Diagnostic, source: SourceFile | None) -> dict[str, object]:
    """Show a diagnostic for a program; `expected` is what the edit would insert."""
    edit = diagnostic.edit
    return {
        "code": diagnostic.code,
        "kind": diagnostic.kind,
        "message": diagnostic.message,
        "severity": diagnostic.severity,
        "file": source.name if source is not None else None,
        "span": _json_span(diagnostic.span, source),
        "hints": list(diagnostic.hints),
        "expected": edit.replacement if edit is not None and edit.replacement else None,
        "edit": None
        if edit is None
        else {"text": edit.replacement, "span": _json_span(Span(edit.start, edit.end), source)},
        "notes": [
            {"message": text, "span": None if span is None else _json_span(span, source)}
            for text, span in diagnostic.notes
        ],
    }


def _json_span(span: Span, source: SourceFile | None) -> JsonSpan:
    line, column = source.line_column(span.start) if source is not None else (1, span.start + 1)
    end_line, end_column = source.line_column(span.end) if source is not None else (1, span.end + 1)
    return {
        "start": span.start,
        "end": span.end,
        "line": line,
        "column": column,
        "end_line": end_line,
        "end_column": end_column,
    }
