"""Exceptions of Python as errors of the language.

In: whatever left compiled code. Out: an `RtfsError` with the same traceback, from which the frames of this
package are gone. What is no error of a program (an interrupt, a refusal to run it) stays as it is.
Source: language, appendix A; ruling 10.
"""

from __future__ import annotations

from types import TracebackType
from typing import Final

from rtfs_runtime.errors import LimitExceeded, Refused, RtfsError, generic, undefined

_PACKAGE: Final = "rtfs_runtime"
_OURS: Final = (RtfsError, Refused)


def fail(error: BaseException) -> BaseException:
    """Give what leaves a compiled function instead of an exception raised in it.

    The caller is the function's own handler, so that the first frame is the function's.
    """
    if isinstance(error, RtfsError):
        head = error.__traceback__
        known = error.trimmed
        if (
            head is not None
            and head.tb_next is known
            and (known is None or known.tb_frame is not head.tb_frame)
        ):
            # one more level: nearly always
            error.trimmed = head
            return error
    return cleaned(error)


def cleaned(error: BaseException) -> BaseException:
    """Give an exception as an error of the language, without the frames of this package."""
    found = to_rtfs_error(error)
    trim(found)
    return found


def to_rtfs_error(error: BaseException) -> BaseException:
    """Give the error of the language that a native exception stands for."""
    if isinstance(error, _OURS) or not isinstance(error, Exception):
        return error
    found = _translate(error)
    found.__cause__ = None
    found.__suppress_context__ = True
    return found.with_traceback(error.__traceback__)


def _translate(error: Exception) -> RtfsError:
    if isinstance(error, NameError) and not _is_mistake(error):
        return undefined(_missing_name(error))
    if isinstance(error, RecursionError):
        return RtfsError("StackOverflow", {"message": "too many nested calls"})
    if isinstance(error, ZeroDivisionError):
        return RtfsError("DivisionByZero")
    if isinstance(error, MemoryError):
        return LimitExceeded("memory", "process")
    if isinstance(error, OverflowError):
        return generic("number out of range")
    return RtfsError("InternalError", {"message": f"{type(error).__name__}{_plain_text(error)}"})


def _is_mistake(error: NameError) -> bool:
    """Tell whether a name is missing in this package: a bug of ours is no undefined symbol of a program."""
    entry = error.__traceback__
    while entry is not None and entry.tb_next is not None:
        entry = entry.tb_next
    return entry is not None and _is_ours(entry)


def _missing_name(error: NameError) -> str:
    # a local of compiled code is named `x~7`
    # and the twin of a function is named `#known f`
    name = (error.name or _quoted(error)).rpartition(" ")[2]
    return name.partition("~")[0] or name


def _quoted(error: NameError) -> str:
    text = str(error.args[0]) if error.args else ""
    return text.partition("'")[2].partition("'")[0] or "?"


def _plain_text(error: Exception) -> str:
    """Show what the exception says, if it is text: another argument may be a value of any depth."""
    said = error.args[0] if error.args else None
    return f": {said}" if isinstance(said, str) else ""


def trim(error: BaseException) -> None:
    """Take the frames of this package out of a traceback.

    Called at every level that an error passes; the traceback below the last level's head is not walked
    again, so a deep recursion costs linear time. Where one frame follows itself (an error raised again where
    it was caught), the first place stays.
    """
    head = error.__traceback__
    known = error.trimmed if isinstance(error, RtfsError) else getattr(error, "trimmed", None)
    if head is None or head is known:
        return
    first: TracebackType | None = None
    last: TracebackType | None = None
    entry: TracebackType | None = head
    while entry is not None and entry is not known:
        following = entry.tb_next
        if not _is_ours(entry) and not (following is not None and following.tb_frame is entry.tb_frame):
            if last is None:
                first = entry
            elif last.tb_next is not entry:
                last.tb_next = entry
            last = entry
        entry = following
    if last is None:
        first = entry
    elif last.tb_next is not entry:
        last.tb_next = entry
    if first is not head:
        error.__traceback__ = first
    error.trimmed = first  # type: ignore[attr-defined]


def _is_ours(entry: TracebackType) -> bool:
    name = entry.tb_frame.f_globals.get("__name__")
    return name.__class__ is str and (name == _PACKAGE or name.startswith(_PACKAGE + "."))
