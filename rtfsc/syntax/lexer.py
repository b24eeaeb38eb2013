"""Characters -> tokens, with SLY's own Lexer.

In: text. Out: tokens ATOM (any atom, typed later by its first character), brackets, FN `#(`, MARK (quote and
template marks), CARET `^` and HINT `^:delegation …`. What an atom means is left to `atoms`.
One ATOM token instead of one per kind, no token function in the hot path, no line counting: 170 us/KB.
"""

# mypy: disable-error-code="misc, no-any-unimported, name-defined, no-untyped-call, untyped-decorator"
# ruff: noqa: F821, RUF012

from __future__ import annotations

from typing import Any

from sly import Lexer  # type: ignore[import-untyped]

from rtfsc.source import Diagnostic, Edit, Span
from rtfsc.syntax.hints import read_hint

_BLANK_OR_CLOSER = " \t\r)]}"


class LexicalError(Exception):
    """Text that cannot be cut into tokens from some place on."""

    def __init__(self, diagnostic: Diagnostic) -> None:
        super().__init__(diagnostic.message)
        self.diagnostic = diagnostic


class FormLexer(Lexer):
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
        """Read a whole delegation mark as one token."""
        token.value = hint = read_hint(self.text, token.index, token.end, self.problems)
        token.end = self.index = hint.end
        return token

    def error(self, token: Any) -> Any:
        """Stop at a string or block comment without an end: nothing after it can be told apart."""
        start = self.index
        if self.text[start] == "#":
            message = "Unterminated block comment: '#|' was never closed"
            hints = ("A block comment ends at the first |# → #| text |#",)
            edit = Edit(len(self.text), len(self.text), " |#")
            raise LexicalError(Diagnostic("E009", message, Span(start, start + 2), hints, edit))
        raise LexicalError(_unterminated_string(self.text, start))


def _unterminated_string(text: str, start: int) -> Diagnostic:
    end = text.find("\n", start)
    end = len(text) if end < 0 else end
    # `(str "abc)` most likely lacks the quote before the brackets that end its line
    while end > start + 1 and text[end - 1] in _BLANK_OR_CLOSER:
        end -= 1
    hints = (
        'Strings need a double quote at both ends → "text"',
        "A string may span lines, so the missing quote can also be in an earlier string",
    )
    message = "Unterminated string: the double quote is never closed"
    return Diagnostic("E008", message, Span(start, start + 1), hints, Edit(end, end, '"'))
