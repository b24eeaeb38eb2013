"""The table of positions of a code object.

In: runs of code units, each with its position. Out: the table as CPython keeps it. `bytecode` (0.19) is not
asked for it: it compares positions once per unit, which took a tenth of a compilation, and writes columns
from 128 to 255 in a byte whose highest bit says "a new entry begins" to those who look for lines only.
Source: CPython, Objects/locations.md.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from rtfsc.backend.positions import Position

_ONE_LINE: Final = 10
_NO_COLUMNS: Final = 13
_LONG: Final = 14
# an entry is for at most so many code units
_LONGEST: Final = 8
# the short form holds columns below the first and ranges below the second; the one-line form a byte each,
# whose highest bit is taken
_SHORT_COLUMN: Final = 80
_SHORT_RANGE: Final = 16
_BYTE_COLUMN: Final = 128


def line_table(runs: Iterable[tuple[Position, int]], first_line: int) -> bytes:
    """Write the table; a run is a position and for how many code units it holds, no two alike in a row."""
    out = bytearray()
    before = first_line
    for position, units in runs:
        line, end_line, column, end_column = position
        short = (
            line == end_line
            and column is not None
            and end_column is not None
            and column < _SHORT_COLUMN
            and end_column - column < _SHORT_RANGE
        )
        while units > 0:
            # most entries are on the line of the one before
            if short and line == before:
                assert column is not None and end_column is not None
                out.append(0x80 | column >> 3 << 3 | min(units, _LONGEST) - 1)
                out.append((column & 7) << 4 | end_column - column)
            else:
                _entry(out, position, min(units, _LONGEST), before)
                before = line
            units -= _LONGEST
    return bytes(out)


def _entry(out: bytearray, position: Position, units: int, before: int) -> None:
    line, end_line, column, end_column = position
    ahead = line - before
    head = 0x80 | units - 1
    if column is None or end_column is None or end_line is None:
        out.append(head | _NO_COLUMNS << 3)
        _signed(out, ahead)
    elif end_line == line and 0 <= ahead <= 2 and end_column < _BYTE_COLUMN:
        out += bytes((head | _ONE_LINE + ahead << 3, column, end_column))
    else:
        out.append(head | _LONG << 3)
        _signed(out, ahead)
        _unsigned(out, end_line - line)
        _unsigned(out, column + 1)
        _unsigned(out, end_column + 1)


def _unsigned(out: bytearray, number: int) -> None:
    while number > 63:
        out.append(64 | number & 63)
        number >>= 6
    out.append(number)


def _signed(out: bytearray, number: int) -> None:
    _unsigned(out, -number << 1 | 1 if number < 0 else number << 1)
