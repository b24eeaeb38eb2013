"""JSON both ways, at any depth.

In: a value, or text. Out: text, or a value made of nil, booleans, numbers, strings, vectors and maps with
string keys. What JSON cannot say (keywords as values, functions, …) is a Generic error.
Source: stdlib §10.3-10.6.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from json.decoder import JSONDecodeError, scanstring  # type: ignore[attr-defined]
from json.encoder import encode_basestring
from typing import Final

from rtfs_runtime.errors import LimitExceeded, RtfsError, generic, type_error
from rtfs_runtime.maps import is_map
from rtfs_runtime.numbers_text import int_text, json_float_text, parse_int_text
from rtfs_runtime.values import Keyword, List, kind_name
from rtfs_runtime.vectors import is_vector


def to_json(value: object, pretty: bool = False, *, limit: int | None = None) -> str:
    """Write a value as JSON: compact, or with two spaces of indentation.

    Raises: Generic for what JSON cannot hold; LimitExceeded past `limit` characters.
    """
    parts: list[str] = []
    size = 0
    stack: list[_Open] = []
    text = _start(value, stack)
    while True:
        parts.append(text)
        size += len(text)
        if limit is not None and size > limit:
            raise LimitExceeded("output size", f"{limit} characters")
        if not stack:
            return "".join(parts)
        top = stack[-1]
        for lead, item in top.items:
            separator = "," if top.used else ""
            if pretty:
                separator += "\n" + "  " * len(stack)
            top.used = True
            text = separator + (lead + (": " if pretty else ":") if lead else "") + _start(item, stack)
            break
        else:
            stack.pop()
            text = ("\n" + "  " * len(stack) if pretty and top.used else "") + top.closer


class _Open:
    """An array or object being written: what is left of it as (key text or "", item) pairs."""

    __slots__ = ("closer", "items", "used")

    def __init__(self, items: Iterator[tuple[str, object]], closer: str) -> None:
        self.items = items
        self.closer = closer
        self.used = False


_ATOMS: Final[dict[object, str]] = {None: "null", True: "true", False: "false"}


def _start(value: object, stack: list[_Open]) -> str:
    """Write an atom, or open a container."""
    kind = value.__class__
    if kind is str:
        return encode_basestring(value)  # type: ignore[arg-type]
    if kind is int:
        return int_text(value)  # type: ignore[arg-type]
    if value is None or kind is bool:
        return _ATOMS[value]
    if isinstance(value, float):
        if value - value != 0.0:
            raise generic("JSON cannot hold NaN or an infinity")
        return json_float_text(value)
    if is_vector(value) or isinstance(value, List):
        stack.append(_Open((("", item) for item in value), "]"))
        return "["
    if is_map(value):
        named = {_key_text(key): item for key, item in value.items()}
        stack.append(_Open(((encode_basestring(name), named[name]) for name in sorted(named)), "}"))
        return "{"
    raise generic(f"cannot serialize a value of kind {kind_name(value)} to JSON")


def _key_text(key: object) -> str:
    if isinstance(key, Keyword):
        return key.text
    return key if isinstance(key, str) else int_text(key)  # type: ignore[arg-type]


_BLANK: Final = re.compile(r"[ \t\n\r]*")
_ATOM: Final = re.compile(r"(-?(?:0|[1-9][0-9]*))(\.[0-9]+)?([eE][-+]?[0-9]+)?|true|false|null")
_WORDS: Final = {"true": True, "false": False, "null": None}
_SURROGATE: Final = re.compile("[\ud800-\udfff]")


def from_json(text: object, *, keywords: bool = False) -> object:
    """Read one JSON text. Object keys become strings, or keywords on demand; of equal keys the last wins.

    Raises: TypeError unless given a string; Generic for what is not strict JSON.
    """
    if not isinstance(text, str):
        raise type_error("string", kind_name(text), "parse-json")
    return _Reader(text, keywords).read()


def _bad(what: str, at: int) -> RtfsError:
    return generic(f"JSON: {what} at character {at + 1}")


class _Reader:
    """Reads values without recursion: a stack of the containers that are open."""

    def __init__(self, text: str, keywords: bool) -> None:
        self.text = text
        self.at = 0
        self.keywords = keywords

    def read(self) -> object:
        # an open array is a list; an open object a dict, its pending key on the stack above it
        stack: list[object] = []
        while True:
            value, opened = self._value()
            if opened:
                stack.append(value)
                if isinstance(value, dict):
                    stack.append(self._key())
                continue
            while stack:
                value, done = self._place(value, stack)
                if not done:
                    break
            else:
                if self._peek():
                    raise _bad("trailing text", self.at)
                return value

    def _peek(self) -> str:
        """Skip blanks; give the next character, or nothing at the end."""
        match = _BLANK.match(self.text, self.at)
        assert match is not None
        self.at = match.end()
        return self.text[self.at : self.at + 1]

    def _value(self) -> tuple[object, bool]:
        """Read an atom, an empty container, or open one that has items."""
        mark = self._peek()
        if mark == '"':
            return self._string(), False
        if mark == "[" or mark == "{":
            self.at += 1
            closer = "]" if mark == "[" else "}"
            empty = self._peek() == closer
            self.at += empty
            if mark == "[":
                return (() if empty else []), not empty
            return {}, not empty
        match = _ATOM.match(self.text, self.at)
        if match is None:
            raise _bad(f"unexpected {mark!r}" if mark else "unexpected end", self.at)
        start, self.at = self.at, match.end()
        digits, fraction, exponent = match.groups()
        if digits is None:
            return _WORDS[match[0]], False
        if fraction is None and exponent is None and digits != "-0":
            return parse_int_text(digits), False
        number = float(match[0])
        if number - number != 0.0:
            raise _bad("number out of range", start)
        return number, False

    def _string(self) -> str:
        try:
            value: str
            value, end = scanstring(self.text, self.at + 1, True)
        except JSONDecodeError as error:
            raise _bad(error.msg.lower(), error.pos) from None
        if not value.isascii() and _SURROGATE.search(value):
            raise _bad("lone surrogate in a string", self.at)
        self.at = end
        return value

    def _key(self) -> object:
        if self._peek() != '"':
            raise _bad("expected a key", self.at)
        name = self._string()
        if self._peek() != ":":
            raise _bad("expected ':'", self.at)
        self.at += 1
        return Keyword(name) if self.keywords else name

    def _place(self, value: object, stack: list[object]) -> tuple[object, bool]:
        """Put a finished value into the container on top; tell whether that one is finished too."""
        top = stack[-1]
        if isinstance(top, list):
            top.append(value)
            mark = self._peek()
            if mark == "]":
                stack.pop()
        else:
            key = stack.pop()
            top = stack[-1]
            assert isinstance(top, dict)
            top[key] = value
            mark = self._peek()
            if mark == "}":
                stack.pop()
            elif mark == ",":
                self.at += 1
                stack.append(self._key())
                return None, False
        if mark == "]" and isinstance(top, list):
            self.at += 1
            return tuple(top), True
        if mark == "}" and isinstance(top, dict):
            self.at += 1
            return top, True
        if mark != ",":
            raise _bad("expected ',' or the end of a container", self.at)
        self.at += 1
        return None, False
