"""Characters -> tokens, with SLY's own Lexer.

In: text. Out: tokens ATOM (any atom, typed later by its first character), brackets, FN `#(`, MARK (quote and
template marks), CARET `^` and HINT `^:delegation …`. What an atom means is left to `atoms`.
One ATOM token instead of one per kind, no token function in the hot path, no line counting: 170 us/KB.
"""

# mypy: disable-error-code="misc, no-any-unimported, name-defined, no-untyped-call, untyped-decorator"
# ruff: noqa: F821

from __future__ import annotations

import re
from typing import Any

from sly import Lexer  # type: ignore[import-untyped]

from rtfsc.source import Diagnostic, Edit, Span

_BLANKS = re.compile(r"(?:[ \t\r\n,]|;[^\n]*|#\|[\s\S]*?\|#)*")
_TARGET = re.compile(r"[^ \t\r\n,()\[\]{}\";]*")
_STRING = re.compile(r'"((?:[^"\\])*)"')
_CLOSERS = ")]}"
TARGETS = {":local": False, ":local-model": True, ":remote": True}
"""Targets of a delegation mark: whether a string must follow."""


class LexicalError(Exception):
    """Text that cannot be cut into tokens from some place on."""

    def __init__(self, diagnostic: Diagnostic) -> None:
        super().__init__(diagnostic.message)
        self.diagnostic = diagnostic


class FormLexer(Lexer):  # type: ignore[misc]
    """Cut a program into tokens; `problems` receives what is wrong but does not stop the reading."""

    tokens = {ATOM, LP, RP, LB, RB, LC, RC, FN, MARK, CARET, HINT}
    ignore = " \t\r\n,"
    # possessive: an unterminated string of any size fails in linear time
    ATOM = (
        r'"[^"\\]*+(?:\\[\s\S][^"\\]*+)*+"'
        r"""|[^ \t\r\n,()\[\]{}";#'`~^&][^ \t\r\n,()\[\]{}";]*+"""
        r"""|\#(?![|(])[^ \t\r\n,()\[\]{}";]*+|&"""
    )
    LP = r"\("
    RP = r"\)"
    LB = r"\["
    RB = r"\]"
    LC = r"\{"
    RC = r"\}"
    ignore_comment = r";[^\n]*"
    ignore_block_comment = r"\#\|[\s\S]*?\|\#"
    FN = r"\#\("
    MARK = r"'|`|~@|~"
    CARET = r"\^(?!:)"

    def __init__(self, problems: list[Diagnostic]) -> None:
        self.problems = problems

    @_(r"""\^:[^ \t\r\n,()\[\]{}";]*""")
    def HINT(self, token: Any) -> Any:
        """Read a whole delegation mark: its parts are no forms of their own."""
        token.value = self._read_hint(token.value, token.index)
        token.end = self.index
        return token

    def _read_hint(self, mark: str, start: int) -> tuple[str, str | None]:
        if mark != "^:delegation":
            self._report("E010", f"Unknown metadata '{mark}'", Span(start, self.index), _META_HINT)
            return "local", None
        at = self._skip_blanks(self.index)
        target = _TARGET.match(self.text, at)[0]
        if target not in TARGETS:
            shown = f"'{target}'" if target else "nothing"
            span = Span(at, at + len(target)) if target else Span(start, self.index)
            self._report("E011", f"Unknown delegation target: {shown} after ^:delegation", span, _TARGET_HINT)
            self.index = at + len(target)
            return "local", None
        self.index = end = at + len(target)
        if not TARGETS[target]:
            return target[1:], None
        at = self._skip_blanks(end)
        model = _STRING.match(self.text, at)
        if model is None or not model[1]:
            hint = f"{target} requires the id of a model as a string → ^:delegation {target} \"id\""
            self._report("E012", f"Delegation target {target} without a model id", Span(end - len(target), end), hint)
            return target[1:], ""
        self.index = model.end()
        return target[1:], model[1]

    def _skip_blanks(self, at: int) -> int:
        end: int = _BLANKS.match(self.text, at).end()
        return end

    def _report(self, code: str, message: str, span: Span, hint: str) -> None:
        self.problems.append(Diagnostic(code, message, span, (hint,)))

    def error(self, token: Any) -> Any:
        """Stop at a string or block comment without an end: nothing after it can be told apart."""
        start = self.index
        if self.text[start] == "#":
            message = "Unterminated block comment: '#|' was never closed"
            hints = ("A block comment ends at the first |# → #| text |#",)
            edit = Edit(len(self.text), len(self.text), " |#")
            raise LexicalError(Diagnostic("E009", message, Span(start, start + 2), hints, edit))
        raise LexicalError(_unterminated_string(self.text, start))


_META_HINT = "There are no flags; metadata is a map, or a delegation mark → ^{:doc \"text\"}, ^:delegation :local"
_TARGET_HINT = 'A delegation target is :local, :local-model "id" or :remote "id" → ^:delegation :local'


def _unterminated_string(text: str, start: int) -> Diagnostic:
    end = text.find("\n", start)
    end = len(text) if end < 0 else end
    # `(str "abc)` most likely lacks the quote before the brackets that end its line
    while end > start + 1 and text[end - 1] in _CLOSERS + " \t\r":
        end -= 1
    hints = (
        'Strings need a double quote at both ends → "text"',
        "A string may span lines, so the missing quote can also be in an earlier string",
    )
    message = "Unterminated string: the double quote is never closed"
    return Diagnostic("E008", message, Span(start, start + 1), hints, Edit(end, end, '"'))
