"""The table of positions of a code object, written anew where the library writes it wrong.

In: a code object. Out: the same with a table that every reader of CPython understands. `bytecode` (0.19)
keeps columns from 128 to 255 in a byte of their own, whose highest bit says "a new entry begins" to those
who look for lines only: tracebacks then name a wrong line. Source: CPython, Objects/locations.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from types import CodeType
from typing import Final

from rtfsc.backend.assembly import Op

Position = tuple[int | None, int | None, int | None, int | None]

_FIRST_WRONG_COLUMN: Final = 128
_NO_COLUMNS: Final = 13
_LONG: Final = 14
_NOTHING: Final = 15
# an entry is for at most so many code units
_LONGEST: Final = 8


def is_wide(ops: list[Op]) -> bool:
    """Tell whether an instruction has a position that is written wrong."""
    return any(op[3] is not None and (op[3].end_col_offset or 0) >= _FIRST_WRONG_COLUMN for op in ops)


def rewrite(code: CodeType) -> CodeType:
    """Write the table of a code object anew; its positions, which are right, stay as they are."""
    return code.replace(co_linetable=bytes(_entries(code)))


def _entries(code: CodeType) -> Iterator[int]:
    line = code.co_firstlineno
    for position, units in groupby(code.co_positions()):
        left = sum(1 for _ in units)
        while left:
            count = min(left, _LONGEST)
            left -= count
            yield from _entry(position, count, line)
            line = line if position[0] is None else position[0]


def _entry(position: Position, count: int, before: int) -> Iterator[int]:
    line, end_line, column, end_column = position
    if line is None:
        yield _head(_NOTHING, count)
    elif column is None or end_column is None or end_line is None:
        yield _head(_NO_COLUMNS, count)
        yield from _signed(line - before)
    else:
        yield _head(_LONG, count)
        yield from _signed(line - before)
        yield from _unsigned(end_line - line)
        yield from _unsigned(column + 1)
        yield from _unsigned(end_column + 1)


def _head(form: int, count: int) -> int:
    return 0x80 | form << 3 | count - 1


def _unsigned(number: int) -> Iterator[int]:
    while number > 63:
        yield 64 | number & 63
        number >>= 6
    yield number


def _signed(number: int) -> Iterator[int]:
    return _unsigned(-number << 1 | 1 if number < 0 else number << 1)
