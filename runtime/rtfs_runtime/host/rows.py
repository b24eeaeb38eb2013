"""Rows of standard capabilities.

In: functions of a host and values. Out: `Capability` rows, collected by the file that defines them, with the
needs spelled once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from rtfs_runtime.errors import invalid_argument, type_error
from rtfs_runtime.host.capability import Capability, Effects, summary
from rtfs_runtime.host.grants import Need, real_path
from rtfs_runtime.values import Keyword, Symbol, kind_name

F = TypeVar("F", bound=Callable[..., Any])
Needs = Callable[..., Iterable[Need]]


def row(rows: list[Capability], id: str, effects: Effects, needs: Needs) -> Callable[[F], F]:
    """Enter the decorated function `(host, *args)` as a capability."""

    def enter(function: F) -> F:
        rows.append(Capability(id, function, effects, needs, doc=summary(function)))
        return function

    return enter


def nothing(*_args: object) -> Iterable[Need]:
    """Need nothing: the effect stays within the session."""
    return ()


def plain(kind: str) -> Needs:
    """Need a grant without a value."""
    needed = (Need(kind),)
    return lambda *_args: needed


def path(kind: str) -> Needs:
    """Need a grant for the file that the first argument names."""
    return lambda _host, name=None, *_rest: (Need(kind, real_path(text(name, kind))),)


def text(value: object, operation: str) -> str:
    """Give a string argument; raises TypeError."""
    if isinstance(value, str):
        return value
    raise type_error("string", kind_name(value), operation)


def whole(value: object, operation: str) -> int:
    """Give an integer argument of at least 0; raises TypeError, InvalidArgument."""
    if type(value) is not int:
        raise type_error("integer", kind_name(value), operation)
    if value < 0:
        raise invalid_argument(f"{operation} expects an integer of at least 0")
    return value


def name(value: object, operation: str) -> str:
    """Give the text of a key: a string, keyword or symbol; raises TypeError."""
    if isinstance(value, str):
        return value
    if isinstance(value, (Keyword, Symbol)):
        return value.text
    raise type_error("string, keyword, or symbol", kind_name(value), operation)
