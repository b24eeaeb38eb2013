"""Take operands apart: what every room of builtins asks of a value before it works.

In: a value and the name of the operation. Out: its elements, text or number, or a TypeError that
names both.
"""

from __future__ import annotations

from collections.abc import Callable
from types import FunctionType
from typing import Any, Final

from rtfs_runtime.calls import callback
from rtfs_runtime.errors import RtfsError, type_error
from rtfs_runtime.maps import BigMap, Map
from rtfs_runtime.values import Keyword, List, Resource, Set, Timestamp, Uuid, kind_name
from rtfs_runtime.vectors import BigVector

SEQUENCE: Final = "vector or list"
TEXT_OR_SEQUENCE: Final = "vector, list, or string"
KEY: Final = "string, keyword, or integer"
KEY_KINDS: Final = frozenset({str, int, Keyword})

Items = tuple[object, ...]


def sequence(value: object, operation: str, expected: str = SEQUENCE) -> Items:
    """Give the elements of a vector, list or set as a tuple."""
    kind = value.__class__
    if kind is tuple:
        return value  # type: ignore[return-value]
    if kind is List:
        return value.items  # type: ignore[attr-defined, no-any-return]
    if kind is BigVector or kind is Set:
        return tuple(value)  # type: ignore[arg-type]
    raise type_error(expected, kind_name(value), operation)


def sequence_or_text(value: object, operation: str) -> Items | str:
    """Give the elements of a vector, list or set as a tuple; a string is its own characters."""
    if value.__class__ is str:
        return value
    return sequence(value, operation, TEXT_OR_SEQUENCE)


def like(items: Items | str, model: object) -> object:
    """Give the elements in the kind of `model`: a list for a list, else as they are."""
    return List(items) if model.__class__ is List else items


def text_of(value: object, operation: str) -> str:
    """Give a string; a timestamp, uuid or resource handle gives its text."""
    kind = value.__class__
    if kind is str:
        return value  # type: ignore[return-value]
    if kind is Timestamp or kind is Uuid or kind is Resource:
        return value.text  # type: ignore[attr-defined, no-any-return]
    raise type_error("string", kind_name(value), operation)


def integer(value: object, operation: str, expected: str = "integer") -> int:
    """Give an integer."""
    if value.__class__ is int:
        return value
    raise type_error(expected, kind_name(value), operation)


def number(value: object, operation: str) -> int | float:
    """Give an integer or a float."""
    kind = value.__class__
    if kind is int or kind is float:
        return value  # type: ignore[return-value]
    raise type_error("number", kind_name(value), operation)


def flat(value: Map) -> dict[object, object]:
    """Give the entries of a map as a dict, which the caller must not change."""
    return value if isinstance(value, dict) else value.flat()


def mapping(value: object, operation: str) -> Map:
    """Give a map."""
    kind = value.__class__
    if kind is dict or kind is BigMap:
        return value  # type: ignore[return-value]
    raise type_error("map", kind_name(value), operation)


def bad_key(value: object, operation: str) -> RtfsError:
    """Make the error of a value that cannot be a key."""
    return type_error(KEY, kind_name(value), operation)


def index_error(index: int, length: int) -> RtfsError:
    """Make the error of an index that is out of range."""
    return RtfsError("IndexOutOfBounds", {"index": index, "length": length})


_TAKES_ANY_NUMBER: Final = 4


def caller(function: Any, count: int, operation: str) -> Callable[..., Any]:
    """Give what is called with `count` arguments; plain functions of that many skip the general check."""
    if function.__class__ is FunctionType:
        code = function.__code__
        if code.co_argcount == count and not code.co_flags & _TAKES_ANY_NUMBER:
            return function
    return callback(function, count, operation)
