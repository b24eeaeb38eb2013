"""How a command ends: exit codes, and the report of whatever went wrong.

In: an exception that left a command. Out: text on standard error and an exit code.
"""

from __future__ import annotations

import sys
from typing import Final

from rtfs_runtime.errors import Refused, RtfsError
from rtfs_runtime.providers.tables import TableError
from rtfsc.source import CompileError

DONE: Final = 0
WRONG_PROGRAM: Final = 1
WRONG_COMMAND: Final = 2
BUG: Final = 3
INTERRUPTED: Final = 130


class CommandError(Exception):
    """The command itself is wrong: a file that is not there, a flag nobody knows."""


def report(error: Exception, *, whole: bool) -> int:
    """Tell what went wrong and give the exit code; `whole` shows the Python traceback of a bug of ours."""
    # only now: most commands report nothing
    from rtfsc.reports.render import compile_report, paint, runtime_report, use_color

    color = use_color(sys.stderr)
    if isinstance(error, CompileError):
        sys.stderr.write(compile_report(error, color))
        return WRONG_PROGRAM
    if isinstance(error, RtfsError):
        sys.stderr.write(runtime_report(error, color))
        return WRONG_PROGRAM
    if isinstance(error, CommandError | TableError | Refused):
        sys.stderr.write(f"{paint('error', '1;31', color)}: {error}\n")
        return WRONG_COMMAND
    _report_bug(error, whole, paint("internal error", "1;31", color))
    return BUG


def _report_bug(error: Exception, whole: bool, title: str) -> None:
    import traceback

    if whole:
        traceback.print_exception(error)
    place = traceback.extract_tb(error.__traceback__)[-1]
    about = f"{type(error).__name__}: {error}"[:500]
    sys.stderr.write(
        f"{title}: {about}\n"
        f"  at {place.filename}:{place.lineno}, in {place.name}\n"
        "This is a bug of rtfsc, not of your program."
        f"{'' if whole else ' `rtfsc --traceback COMMAND …` shows all of it.'}\n"
    )
