"""Spans to the positions that CPython keeps: lines from 1, columns in UTF-8 bytes from 0.

In: a source and offsets in characters. Out: `Position`s, one object per span. Bytes are computed here and
nowhere else.
"""

from __future__ import annotations

from bisect import bisect_right

from rtfsc.source import SourceFile, Span

# line, last line, column, last column; only the first is always known
Position = tuple[int, int | None, int | None, int | None]


class Positions:
    """Positions of one source, kept by span."""

    def __init__(self, source: SourceFile) -> None:
        text = source.text
        self._text = text
        self._ascii = text.isascii()
        self._starts = [0]
        at = text.find("\n")
        while at >= 0:
            self._starts.append(at + 1)
            at = text.find("\n", at + 1)
        self._known: dict[Span, Position] = {}

    def locate(self, span: Span) -> Position:
        """Give the position of a span."""
        found = self._known.get(span)
        if found is None:
            line, column = self._point(span[0])
            end_line, end_column = self._point(max(span[0], span[1]))
            found = self._known[span] = (line, end_line, column, end_column)
        return found

    def line(self, offset: int) -> int:
        """Give the line of an offset."""
        return bisect_right(self._starts, offset)

    def _point(self, offset: int) -> tuple[int, int]:
        line = bisect_right(self._starts, offset)
        start = self._starts[line - 1]
        if self._ascii:
            return line, offset - start
        return line, len(self._text[start:offset].encode("utf-8", "surrogatepass"))
