"""Program text, places in it, and what can be said about a place.

In: text or bytes. Out: `SourceFile`, `Span`, and the data of a report: `Edit`, `Diagnostic`, `CompileError`.
How a report looks is left to `rtfsc.diagnostics`, what its code means to `rtfsc.errors`.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from rtfs_runtime.errors import Refused

_LONGEST_LINE_SHOWN = 120


class Span(NamedTuple):
    """A half-open range of a source, in characters from 0."""

    start: int
    end: int


class Excerpt(NamedTuple):
    """A piece of one line that holds a given column; `shift` characters before it were left out."""

    text: str
    shift: int


class SourceFile:
    """The text of one compile unit and the name to show for it."""

    __slots__ = ("_line_starts", "name", "text")

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        self.text = text.removeprefix("\ufeff")
        self._line_starts: list[int] | None = None

    @classmethod
    def from_bytes(cls, name: str, data: bytes) -> SourceFile:
        """Decode UTF-8 and drop a byte-order mark.

        Raises: CompileError E001, at the first byte that is not UTF-8.
        """
        try:
            return cls(name, data.decode("utf-8"))
        except UnicodeDecodeError as error:
            source = cls(name, data.decode("utf-8", errors="replace"))
            bom = data.startswith(b"\xef\xbb\xbf")
            start = len(data[: error.start].decode("utf-8")) - bom
            message = f"Invalid UTF-8: byte 0x{data[error.start]:02x} at byte offset {error.start}"
            hints = ("RTFS source files are UTF-8 → save the file with that encoding",)
            diagnostic = Diagnostic("E001", message, Span(start, start + 1), hints)
        raise CompileError((diagnostic,), source)

    def _starts(self) -> list[int]:
        starts = self._line_starts
        if starts is None:
            starts = [0]
            find = self.text.find
            at = find("\n")
            while at >= 0:
                starts.append(at + 1)
                at = find("\n", at + 1)
            self._line_starts = starts
        return starts

    @property
    def line_count(self) -> int:
        """Count the lines; an empty text has one."""
        return len(self._starts())

    def line_column(self, offset: int) -> tuple[int, int]:
        """Give line and column, both from 1, columns in characters; an offset past the end means the end."""
        starts = self._starts()
        offset = max(0, min(offset, len(self.text)))
        line = bisect_right(starts, offset)
        return line, offset - starts[line - 1] + 1

    def line_start(self, number: int) -> int:
        """Give the offset at which a line (from 1) begins."""
        return self._starts()[number - 1]

    def line_text(self, number: int) -> str:
        """Give the text of a line (from 1), without its end."""
        starts = self._starts()
        end = starts[number] - 1 if number < len(starts) else len(self.text)
        return self.text[starts[number - 1] : end].rstrip("\r")

    def excerpt(self, number: int, column: int = 1) -> Excerpt:
        """Give a line made fit to show: control characters and lone surrogates replaced, far text cut off."""
        text = self.line_text(number)
        shift = 0
        if len(text) > _LONGEST_LINE_SHOWN:
            shift = max(0, min(column - _LONGEST_LINE_SHOWN // 2, len(text) - _LONGEST_LINE_SHOWN))
            text = text[shift : shift + _LONGEST_LINE_SHOWN]
        return Excerpt(shown_text(text), shift)


def shown_text(text: str) -> str:
    """Make a text fit to show: control characters and lone surrogates are replaced."""
    return "".join(char if char == "\t" or char.isprintable() else "\ufffd" for char in text)


@dataclass(frozen=True, slots=True)
class Edit:
    """A change that repairs a program: put `replacement` in place of the characters from start to end."""

    start: int
    end: int
    replacement: str

    def apply(self, text: str) -> str:
        """Give the text after the change."""
        return text[: self.start] + self.replacement + text[self.end :]


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One report about a program. `code` names a row of `rtfsc.errors.ERRORS`.

    Shape: a hint is `WHAT IS WRONG → WHAT TO WRITE`; the part after the arrow may be missing.
           `kind` is the name of an RTFS error kind where one applies (language §8.2), else `ParseError`.
    """

    code: str
    message: str
    span: Span
    hints: tuple[str, ...] = ()
    edit: Edit | None = None
    severity: str = "error"
    kind: str = "ParseError"
    notes: tuple[tuple[str, Span | None], ...] = ()


class CompileError(Refused):
    """A program that cannot be compiled, with everything found wrong in one stage, in source order."""

    def __init__(self, diagnostics: Sequence[Diagnostic], source: SourceFile | None = None) -> None:
        assert diagnostics, "an error without a diagnostic is our bug"
        self.diagnostics = tuple(diagnostics)
        self.source = source
        super().__init__(self.diagnostics[0].message)
