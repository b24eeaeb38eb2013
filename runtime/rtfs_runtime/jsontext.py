"""JSON both ways, at any depth.

In: a value, or text. Out: text, or a value made of nil, booleans, numbers, strings, vectors and maps with
string keys. What JSON cannot say (keywords as values, functions, …) is a Generic error.
Source: stdlib §10.3-10.6.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from json import JSONDecoder, JSONEncoder
from json.decoder import JSONDecodeError, scanstring  # type: ignore[attr-defined]
from json.encoder import c_make_encoder, encode_basestring  # type: ignore[attr-defined]
from operator import itemgetter
from sys import get_int_max_str_digits
from typing import Any, Final

from rtfs_runtime.errors import LimitExceeded, RtfsError, generic, type_error
from rtfs_runtime.extent import check_extent
from rtfs_runtime.limits import MAX_TEXT
from rtfs_runtime.maps import BigMap, is_map
from rtfs_runtime.numbers_text import MAX_DIGITS, int_text, json_float_text, parse_int_text
from rtfs_runtime.values import Keyword, List, kind_name
from rtfs_runtime.vectors import BigVector, is_vector


def to_json(value: object, pretty: bool = False, *, limit: int = MAX_TEXT) -> str:
    """Write a value as JSON: compact, or with two spaces of indentation.

    Raises: Generic for what JSON cannot hold; LimitExceeded past `limit` characters.
    """
    text = None if pretty else _by_encoder(value, limit)
    return _walked(value, pretty, limit) if text is None else text


def _walked(value: object, pretty: bool, limit: int) -> str:
    """Write by a stack of the open containers: any depth, and errors where they are."""
    pages: list[str] = []
    parts: list[str] = []
    size = 0
    stack: list[_Open] = []
    text = _start(value, stack)
    while True:
        parts.append(text)
        size += len(text)
        if size > limit:
            raise LimitExceeded("output size", f"{limit} characters")
        if len(parts) > _FLUSH_AFTER:
            if not pages:
                check_extent(value, limit)
            pages.append("".join(parts))
            parts.clear()
        if not stack:
            return "".join([*pages, *parts])
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


_FLUSH_AFTER: Final = 1 << 16
_DEEPEST: Final = 100
_MOST: Final = 1 << 20
"""Depth and elements up to which C, which recurses, may write or read a value."""
_FEW: Final = 16
"""Entries of a map up to which it is changed by itself, and elements that are looked at one by one."""
_FIRST_LOOK: Final = 1 << 15
"""Containers after which it is counted what is still to come: shared parts multiply."""

# what `JSONEncoder` makes anew for each text: nothing looks for cycles, strings may hold any character; keys
# are sorted, none is skipped, and a NaN is refused
_ENCODE: Final = c_make_encoder(
    None, JSONEncoder().default, encode_basestring, None, ":", ",", True, False, False
)
_ENCODABLE: Final = frozenset({type(None), bool, str, int, float})
_KEYWORDS: Final = frozenset({Keyword})
_TEXTS: Final = frozenset({str})
_DICTS: Final = frozenset({dict})
_VECTORS: Final = frozenset({tuple})
_EXPONENT: Final = re.compile("[0-9]e[-+][0-9]")


class _NotPlainError(Exception):
    """The value must be walked: it is too deep or too large, or C would treat a part of it by other rules."""


def _by_encoder(value: object, limit: int) -> str | None:
    """Write by the standard encoder what it writes by the same rules; None where it would not."""
    if not _guards_digits():
        return None
    try:
        text = "".join(_ENCODE(_Plain(value, limit).of(value, _DEEPEST), 0))
    except (ValueError, _NotPlainError):
        # an integer of many digits, a NaN or an infinity is a ValueError
        return None
    if ("e-" in text or "e+" in text) and _EXPONENT.search(text):
        return None
    return text if len(text) <= limit else None


def _guards_digits() -> bool:
    """Tell whether the process refuses integers of more digits than ours may have; it does by default."""
    return 0 < get_int_max_str_digits() <= MAX_DIGITS


class _Plain:
    """Turns values into what the standard encoder takes: keys into texts, big maps into dicts."""

    def __init__(self, whole: object, limit: int) -> None:
        self.whole = whole
        self.limit = limit
        self.steps = 0
        self.items = _MOST
        self.size = limit

    def of(self, value: Any, depth: int) -> object:
        """Give a value for the encoder."""
        if not depth:
            raise _NotPlainError
        self.steps += 1
        if self.steps == _FIRST_LOOK:
            check_extent(self.whole, self.limit)
        kind = value.__class__
        if kind is tuple or kind is List or kind is BigVector:
            return self._list(value if kind is tuple else tuple(value), depth - 1)
        if kind is dict or kind is BigMap:
            return self._map(value, depth - 1) if len(value) <= _FEW else self._dicts((value,), depth - 1)[0]
        if not self._are_atoms((value,)):
            raise _NotPlainError
        return value

    def _list(self, items: tuple[Any, ...], depth: int) -> object:
        if self._are_atoms(items):
            return items
        if {each.__class__ for each in items} <= _DICTS:
            return self._dicts(items, depth)
        return [item if item.__class__ in _ENCODABLE else self.of(item, depth) for item in items]

    def _map(self, value: Any, depth: int) -> dict[str, object]:
        """Change one small map, for which a loop costs less than what looks at many entries."""
        found: dict[str, object] = {}
        for key, item in value.items():
            kind = item.__class__
            if kind is str:
                self.size -= len(item)
            found[key.text if key.__class__ is Keyword else _key_text(key)] = (
                item if kind in _ENCODABLE else self.of(item, depth)
            )
        self._are_atoms(tuple(found))
        self.items -= len(found)
        return found

    def _dicts(self, maps: Sequence[Any], depth: int) -> list[dict[str, object]]:
        found: list[dict[str, object]]
        kinds = {each.__class__ for each in chain.from_iterable(maps)}
        if kinds == _KEYWORDS:
            found = [{key.text: item for key, item in each.items()} for each in maps]
        elif kinds == _TEXTS:
            found = list(map(dict, maps))
        else:
            found = [{_key_text(key): item for key, item in each.items()} for each in maps]
        self._are_atoms(tuple(chain.from_iterable(found)))
        values = tuple(chain.from_iterable([each.values() for each in found]))
        if not self._are_atoms(values):
            nested = [item for item in values if item.__class__ not in _ENCODABLE]
            if not self._are_flat(nested):
                changed = iter(self._each(nested, depth))
                for each in found:
                    for name, item in each.items():
                        if item.__class__ not in _ENCODABLE:
                            each[name] = next(changed)
        return found

    def _each(self, items: list[Any], depth: int) -> Iterable[object]:
        if {each.__class__ for each in items} <= _DICTS and depth:
            return self._dicts(items, depth - 1)
        return [self.of(item, depth) for item in items]

    def _are_flat(self, items: list[Any]) -> bool:
        """Tell whether all are vectors of atoms, which need no change."""
        if not {each.__class__ for each in items} <= _VECTORS or sum(map(len, items)) > self.items:
            return False
        before = self.items, self.size
        if self._are_atoms(tuple(chain.from_iterable(items))):
            return True
        self.items, self.size = before
        return False

    def _are_atoms(self, items: tuple[Any, ...]) -> bool:
        """Tell whether all are atoms; refuse too many elements or characters: shared ones count each time."""
        kinds = {each.__class__ for each in items}
        self.items -= len(items)
        if str in kinds:
            texts = items if len(kinds) == 1 else [item for item in items if item.__class__ is str]
            self.size -= sum(map(len, texts))
        if self.items < 0 or self.size < 0:
            raise _NotPlainError
        return kinds <= _ENCODABLE


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
    found = _by_decoder(text, keywords)
    return _Reader(text, keywords).read() if found is _UNREAD else found


_UNREAD: Final = object()
_PEELINGS: Final = 100
_BUT_MARKS: Final = bytes(set(range(256)) - set(b'[]{}"'))
_SCAN: Final = JSONDecoder().scan_once  # type: ignore[attr-defined]
_UNLIKE: Final = re.compile(r"-0(?![0-9.eE])|\\u[dD]")
"""What the standard decoder reads in another way: a negative zero becomes 0, a lone surrogate a string."""
_TO_CONVERT: Final = frozenset({list, dict, float})


def _by_decoder(text: str, keywords: bool) -> object:
    """Read by the standard decoder what it reads by the same rules; `_UNREAD` where it might not.

    It takes constants and numbers that are no JSON, gives lists, and recurses in C.
    """
    # one character is looked for twenty times as fast as two
    if ("-" in text or "\\" in text) and ("-0" in text or "\\u" in text) and _UNLIKE.search(text):
        return _UNREAD
    if not text.isascii() and _SURROGATE.search(text):
        return _UNREAD
    if not _guards_digits() or not _is_shallow(text):
        return _UNREAD
    text = text.strip(" \t\n\r")
    try:
        found, end = _SCAN(text, 0)
        return _converted(found, keywords) if end == len(text) else _UNREAD
    except (ValueError, StopIteration, RecursionError, _NotPlainError):
        return _UNREAD


def _is_shallow(text: str) -> bool:
    """Tell whether brackets do not nest deep: their innermost pairs are peeled off until nothing is left."""
    if text.count("[") + text.count("{") <= _PEELINGS:
        return True
    if "\\" in text:
        text = text.replace("\\\\", "").replace('\\"', "")
    marks = text.encode("ascii", "ignore").translate(None, _BUT_MARKS).replace(b'""', b"")
    if b'"' in marks:
        # a string with brackets in it
        marks = b"".join(text.encode("ascii", "ignore").split(b'"')[::2]).translate(None, _BUT_MARKS)
    for _ in range(_PEELINGS):
        if not marks:
            return True
        marks = marks.replace(b"[]", b"").replace(b"{}", b"")
    return False


def _converted(value: Any, keywords: bool) -> object:
    """Make vectors of lists, and keywords of keys on demand; refuse what is no JSON number."""
    kind = value.__class__
    if kind is list:
        return _vector(value, keywords)
    if kind is dict:
        return _map(value, keywords)
    if kind is float and value - value != 0.0:
        raise _NotPlainError
    return value


def _vector(items: list[Any], keywords: bool) -> tuple[Any, ...]:
    if len(items) <= _FEW:
        # without a comprehension, which is a call
        for each in items:
            if each.__class__ in _TO_CONVERT:
                break
        else:
            return tuple(items)
    kinds = {each.__class__ for each in items}
    if kinds.isdisjoint(_TO_CONVERT):
        return tuple(items)
    if len(kinds) == 1 and not keywords:
        if list in kinds and _are_flat(items):
            return tuple(map(tuple, items))
        if dict in kinds and (_are_flat(map(dict.values, items)) or _convert_columns(items)):
            return tuple(items)
    return tuple([_converted(each, keywords) if each.__class__ in _TO_CONVERT else each for each in items])


def _are_flat(parts: Iterable[Iterable[object]]) -> bool:
    return _TO_CONVERT.isdisjoint(map(type, chain.from_iterable(parts)))


def _convert_columns(maps: list[dict[str, Any]]) -> bool:
    """Convert what maps of the same keys hold, key after key; tell whether they have the same keys."""
    sizes = list(map(len, maps))
    if sizes.count(sizes[0]) != len(sizes):
        return False
    try:
        columns = {name: [*map(itemgetter(name), maps)] for name in maps[0]}
    except KeyError:
        return False
    for name, column in columns.items():
        if not _TO_CONVERT.isdisjoint(map(type, column)):
            for each, item in zip(maps, _vector(column, keywords=False), strict=True):
                each[name] = item
    return True


def _map(value: dict[Any, Any], keywords: bool) -> dict[Any, Any]:
    if keywords:
        value = {Keyword(name): item for name, item in value.items()}
    for name, item in value.items():
        kind = item.__class__
        if kind is list:
            value[name] = _vector(item, keywords)
        elif kind is dict:
            value[name] = _map(item, keywords)
        elif kind is float and item - item != 0.0:
            raise _NotPlainError
    return value


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
