"""Reports of failures as text for a terminal.

In: a failure of a program, while compiling or running. Out: text. Finding the failure is left to others.
A traceback shows the frames of RTFS, and of Python functions that a program called, but none of ours.
"""

from __future__ import annotations

import linecache
import os
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from types import CodeType, FrameType, TracebackType
from typing import NamedTuple, TextIO

import rtfs_runtime
from rtfs_runtime.errors import RtfsError
from rtfsc.diagnostics import CompileError, render_text
from rtfsc.reports.kinds import help_line

_FRAMES_FIRST = 4
_FRAMES_LAST = 12
_OUR_FOLDERS = tuple(
    str(folder) + os.sep for folder in (Path(__file__).parents[1], Path(rtfs_runtime.__file__).parent)
)
_RED, _BOLD, _DIM, _GREEN = "1;31", "1", "2", "32"


def use_color(stream: TextIO) -> bool:
    """Tell whether to colour what goes to a stream: a terminal, and NO_COLOR not set."""
    return not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb" and stream.isatty()


def paint(text: str, style: str, color: bool) -> str:
    """Put a text between the codes of a style."""
    return f"\x1b[{style}m{text}\x1b[0m" if color else text


def compile_report(error: CompileError, color: bool) -> str:
    """Show everything found wrong in one program."""
    return "\n".join(render_text(diagnostic, error.source, color) for diagnostic in error.diagnostics)


class Place(NamedTuple):
    """One line of a traceback; columns are in characters from 1, the end exclusive, None where not known."""

    file: str
    line: int
    function: str
    text: str
    column: int | None
    end_column: int | None


def remember_text(name: str, text: str) -> None:
    """Let reports find the lines of a text that is in no file."""
    linecache.cache[name] = (len(text), None, text.splitlines(keepends=True), name)


def places(error: BaseException) -> list[Place]:
    """Give the places an error passed, the outermost first."""
    found: list[Place] = []
    trace: TracebackType | None = error.__traceback__
    while trace is not None:
        frame = trace.tb_frame
        if _is_rtfs(frame) or (found and not frame.f_code.co_filename.startswith(_OUR_FOLDERS)):
            found.append(_place(frame, trace.tb_lasti, trace.tb_lineno))
        trace = trace.tb_next
    return found


def runtime_report(error: RtfsError, color: bool) -> str:
    """Show a failure of a running program: its traceback, kind, message and a line of help."""
    shown = places(error)
    lines: list[str] = []
    if shown:
        lines.append("Traceback (most recent call last):")
    for part in _shortened(shown):
        lines += [f"  … {part} more …"] if isinstance(part, int) else _place_lines(part, color)
    lines.append(paint(error.kind, _RED, color) + ": " + error.message)
    lines += getattr(error, "__notes__", [])
    hint = help_line(error, _names_in_sight(error))
    if hint:
        lines.append(paint("help", _GREEN, color) + ": " + hint)
    return "\n".join(lines) + "\n"


def _is_rtfs(frame: FrameType) -> bool:
    return "#module" in frame.f_globals


def _names_in_sight(error: BaseException) -> tuple[str, ...]:
    """Give the names that the innermost RTFS frame could use, for "did you mean"."""
    names: tuple[str, ...] = ()
    trace = error.__traceback__
    while trace is not None:
        if _is_rtfs(trace.tb_frame):
            known = trace.tb_frame.f_globals
            names = (*trace.tb_frame.f_locals, *known, *known.get("__builtins__", ()))
        trace = trace.tb_next
    return tuple(name for name in names if isinstance(name, str) and name[:1] not in "#:'_")


def _shortened(shown: list[Place]) -> Iterator[Place | int]:
    left_out = len(shown) - _FRAMES_FIRST - _FRAMES_LAST
    if left_out <= 1:
        yield from shown
        return
    yield from shown[:_FRAMES_FIRST]
    yield left_out
    yield from shown[-_FRAMES_LAST:]


def _place(frame: FrameType, instruction: int, line: int) -> Place:
    code = frame.f_code
    text = linecache.getline(code.co_filename, line, frame.f_globals).rstrip("\r\n")
    column, end_column = _columns(code, instruction, line, text)
    return Place(code.co_filename, line, code.co_name, text, column, end_column)


def _columns(code: CodeType, instruction: int, line: int, text: str) -> tuple[int | None, int | None]:
    """Turn byte columns into columns in characters; a range of several lines ends with the first."""
    first, last, start, end = next(islice(code.co_positions(), instruction // 2, None), (None,) * 4)
    if first != line or start is None or end is None or not text:
        return None, None
    data = text.encode(errors="replace")
    column = len(data[:start].decode(errors="replace")) + 1
    if last != first:
        return column, len(text) + 1
    return column, len(data[:end].decode(errors="replace")) + 1


def _place_lines(place: Place, color: bool) -> list[str]:
    where = f'  File "{place.file}", line {place.line}'
    lines = [f"{where}, in {place.function}" if place.function != "<module>" else where]
    text = place.text.strip()
    if not text:
        return lines
    lines.append("    " + text)
    if place.column is not None and place.end_column is not None:
        before = place.column - 1 - (len(place.text) - len(place.text.lstrip()))
        width = max(1, min(place.end_column - place.column, len(text) - before))
        blanks = "".join(char if char == "\t" else " " for char in text[: max(0, before)])
        lines.append("    " + blanks + paint("^" * width, _RED, color))
    return lines
