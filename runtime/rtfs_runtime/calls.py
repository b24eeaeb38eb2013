"""Calling what may or may not be a function.

In: values that stand where a function is wanted, and the native errors of calls that failed. Out: Python
callables, arities, and the errors of the language. Source: language §3.4.4, §3.4.8; stdlib §1.9.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from rtfs_runtime.errors import RtfsError, arity_error, type_error
from rtfs_runtime.maps import Map, is_key, is_map
from rtfs_runtime.sets import set_has
from rtfs_runtime.values import Keyword, Set, error_map, keyword_get, kind_name

__all__ = [
    "arity_of", "arity_text", "call_error", "callback", "error_map", "function_name", "keyword_get",
]  # fmt: skip

ANONYMOUS: Final = "<fn>"
_VARARGS: Final = 0x04
_ANY_NUMBER: Final = (0, None)


def arity_of(function: object) -> tuple[int, int | None]:
    """Give the least and the largest number of arguments; None means any number."""
    row = getattr(function, "__rtfs_builtin__", None)
    if row is not None:
        return row.min_args, row.max_args
    if isinstance(function, Keyword):
        return 1, 2
    code = getattr(function, "__code__", None)
    if code is None:
        return _ANY_NUMBER
    high = code.co_argcount
    low = high - len(getattr(function, "__defaults__", None) or ())
    return low, None if code.co_flags & _VARARGS else high


def arity_text(low: int, high: int | None) -> str:
    """Say an arity as messages do: `2`, `at least 1`, `between 2 and 3`."""
    if high is None:
        return f"at least {low}"
    return str(low) if low == high else f"between {low} and {high}"


def function_name(function: object) -> str:
    """Name a function as messages do."""
    row = getattr(function, "__rtfs_builtin__", None)
    if row is not None:
        return str(row.name)
    name = getattr(function, "__name__", ANONYMOUS)
    return "user-defined function" if name == ANONYMOUS else str(name)


def _takes(function: object, count: int) -> bool:
    low, high = arity_of(function)
    return low <= count and (high is None or count <= high)


def _wrong_count(function: object, count: int) -> RtfsError:
    return arity_error(function_name(function), arity_text(*arity_of(function)), count)


def callback(function: object, count: int, operation: str) -> Callable[..., Any]:
    """Give what a library function calls with `count` arguments: a function or keyword itself, or what looks
    up in a map or a set.

    A function that does not take that many fails when it is called, not before: over an empty collection
    nothing is wrong. Raises: TypeError for what cannot be called.
    """
    if isinstance(function, Set):
        function = _member_of(function)
    elif is_map(function):
        function = _entry_of(function)
    elif not isinstance(function, Keyword) and kind_name(function) != "function":
        raise type_error("function", kind_name(function), operation)
    assert callable(function)
    if _takes(function, count):
        return function

    def fail(*_args: object) -> object:
        raise _wrong_count(function, count)

    return fail


def _entry_of(entries: Map) -> Callable[..., object]:
    def look_up(key: object, default: object = None) -> object:
        return entries.get(key, default) if is_key(key) else default

    return look_up


def _member_of(group: Set) -> Callable[[object], object]:
    def look_up(item: object) -> object:
        return item if set_has(group, item) else None

    return look_up


def call_error(error: BaseException, callee: object, count: int) -> BaseException:
    """Tell what a failed call raises.

    A native TypeError without a frame below the caller's means that the call itself failed: the callee is
    no function, or takes another number of arguments. Every other error passes through unchanged.
    """
    trace = error.__traceback__
    if not isinstance(error, TypeError) or (trace is not None and trace.tb_next is not None):
        return error
    if not isinstance(callee, Keyword) and kind_name(callee) != "function":
        return type_error("function", kind_name(callee), "function call").with_traceback(trace)
    return error if _takes(callee, count) else _wrong_count(callee, count).with_traceback(trace)
