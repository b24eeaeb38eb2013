"""Values as text.

In: any value. Out: the display of a whole value (strings in quotes, not escaped), what `str` gives (a string
bare), or text that reads back (escaped). Iterative; the caller bounds the size. Source: language §4.2.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import chain
from typing import Final

from rtfs_runtime.errors import LimitExceeded, RtfsError
from rtfs_runtime.maps import is_map
from rtfs_runtime.numbers_text import float_text, int_text
from rtfs_runtime.values import Keyword, List, Resource, Set, Symbol, Timestamp, Uuid, kind_name
from rtfs_runtime.vectors import is_vector

_WORDS: Final[dict[object, str]] = {None: "nil", True: "true", False: "false"}
_TYPED: Final[dict[type, str]] = {
    Timestamp: "#timestamp",
    Uuid: "#uuid",
    Resource: "#resource-handle",
}


def display(value: object, limit: int | None = None) -> str:
    """Print a whole value: the result of a program, and every element inside a collection.

    Raises: LimitExceeded past `limit` characters.
    """
    return _print(value, _display_atom, limit)


def to_str(value: object, limit: int | None = None) -> str:
    """Print as `str` does: a string itself, anything else as `display`."""
    if value.__class__ is str:
        _check(len(value), limit)
        return value
    return _print(value, _display_atom, limit)


def readable(value: object, limit: int | None = None) -> str:
    """Print text that reads back as the value; functions, errors and sets show as usual."""
    return _print(value, _readable_atom, limit)


def _check(size: int, limit: int | None) -> None:
    if limit is not None and size > limit:
        raise LimitExceeded("output size", f"{limit} characters")


def _display_atom(value: object) -> str:
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, float):
        return float_text(value)
    if value.__class__ in _TYPED:
        return f'{_TYPED[value.__class__]}("{value.text}")'  # type: ignore[attr-defined]
    return _plain_atom(value)


_ESCAPES: Final = str.maketrans(
    {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r", "\b": "\\b", "\f": "\\f"}
    | {chr(code): f"\\u{code:04x}" for code in (*range(8), 11, *range(14, 32), 127)}
)


def _readable_atom(value: object) -> str:
    if isinstance(value, str):
        return f'"{value.translate(_ESCAPES)}"'
    if isinstance(value, float):
        if value - value != 0.0:
            return "##NaN" if value != value else "##Inf" if value > 0 else "##-Inf"
        text = float_text(value)
        return text if "." in text else text + ".0"
    if isinstance(value, (Timestamp, Uuid, Resource)):
        return value.text
    return _plain_atom(value)


def _plain_atom(value: object) -> str:
    kind = value.__class__
    if value is None or kind is bool:
        return _WORDS[value]
    if isinstance(value, int):
        return int_text(value)
    if isinstance(value, Keyword):
        return f":{value.text}"
    if isinstance(value, Symbol):
        return value.text
    if isinstance(value, RtfsError):
        return f"#<error: {value.message}>"
    return f"#<{kind_name(value)}>"


def _open(value: object) -> tuple[str, Iterator[object], str] | None:
    """Give the brackets and the elements of a collection; None for an atom."""
    kind = value.__class__
    if kind is int or kind is str or kind is Keyword:
        return None
    if is_vector(value):
        return "[", iter(value), "]"
    if is_map(value):
        return "{", chain.from_iterable(value.items()), "}"
    if isinstance(value, List):
        return "(", iter(value), ")"
    if isinstance(value, Set):
        return "(set [", iter(value), "])"
    return None


def _print(value: object, atom: Callable[[object], str], limit: int | None) -> str:
    opened = _open(value)
    if opened is None:
        text = atom(value)
        _check(len(text), limit)
        return text
    text, items, closer = opened
    parts = [text]
    stack = [(items, closer)]
    size = len(text)
    blank = ""
    while stack:
        items, closer = stack[-1]
        for item in items:
            opened = _open(item)
            if opened is not None:
                text = blank + opened[0]
                stack.append(opened[1:])
                blank = ""
            else:
                text = blank + atom(item)
                blank = " "
            parts.append(text)
            size += len(text)
            if limit is not None and size > limit:
                _check(size, limit)
            if opened is not None:
                break
        else:
            stack.pop()
            parts.append(closer)
            size += len(closer)
            blank = " "
    _check(size, limit)
    return "".join(parts)
