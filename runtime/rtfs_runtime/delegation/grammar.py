"""Types as GBNF grammars, so that a model under llama.cpp can only write values of the type.

In: a type. Out: the text of a grammar whose root is `root`, or None for a type that no text gives (functions,
resources). What it accepts is JSON in one layout: keys in the order of the type, at most one blank after `,`
and `:`; labels stand bare where the whole answer is one. Every text that it accepts is read by `answers` as
a value of the type, but for refinements that a grammar cannot say, such as `[:matches-regex …]`, which the
reader checks. Numbers have at most 40 digits, lest a model never ends.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Final

from rtfs_runtime.delegation.answers import write_json
from rtfs_runtime.delegation.integers import integer_rule
from rtfs_runtime.providers.labels import integer_bounds, label_texts
from rtfs_runtime.types import (
    ANY,
    BOOL,
    FLOAT,
    INT,
    KEYWORD,
    NIL,
    NUMBER,
    STRING,
    SYMBOL,
    Alias,
    And,
    Array,
    Enum,
    ListOf,
    MapOf,
    MapType,
    Predicate,
    Tuple,
    Type,
    Union,
    Val,
    Vector,
    unfold,
)
from rtfs_runtime.values import Keyword

MAX_COUNTED: Final = 300
_STRING: Final = r'"\"" char* "\""'
_INTEGER: Final = '"-"? ("0" | [1-9] [0-9]{0,39})'
# every number that it accepts is finite
_EXPONENT: Final = '[eE] ("-" [0-9]{1,3} | "+"? ([0-9]{1,2} | [12] [0-9] [0-9] | "30" [0-7]))'
_FLOAT: Final = (
    '"-"? (("0" | [1-9] [0-9]{0,39}) ("." [0-9]{1,20})? | [0-9] ("." [0-9]{1,20})? ' + _EXPONENT + ")"
)
_NAME: Final = r'"\"" [a-zA-Z_*!?<>=+] [a-zA-Z0-9_*!?<>=+./-]{0,60} "\""'
_SHARED: Final[Mapping[str, str]] = {
    "char": r'[\x20\x21\x23-\x5b\x5d-\ud7ff\ue000-\U0010ffff] | "\\" escaped',
    "escaped": r'["\\/bfnrt] | "u" [0-9a-cefA-CEF] [0-9a-fA-F]{3}',
    "any-value": '"null" | "true" | "false" | number | text | any-list | any-map',
    "any-list": '"[" (any-value (comma any-value)*)? "]"',
    "any-map": '"{" (text colon any-value (comma text colon any-value)*)? "}"',
    "number": _FLOAT,
    "text": _STRING,
    "comma": '"," " "?',
    "colon": '":" " "?',
}
_PRIMS: Final[Mapping[Type, str]] = {
    INT: _INTEGER,
    FLOAT: "number",
    NUMBER: "number",
    STRING: "text",
    BOOL: '"true" | "false"',
    NIL: '"null"',
    KEYWORD: _NAME,
    SYMBOL: _NAME,
    ANY: "any-value",
}


_RULE_NAME: Final = re.compile(r"[a-z][a-z0-9-]*")


class _NoText(Exception):
    """No text gives a value of the type."""


@lru_cache(1024)
def grammar_of(kind: Type, *, in_text: bool = False) -> str | None:
    """Write the grammar of a type.

    Shape: `in_text` is for prompts that an answer continues: it may begin with a blank, and a line break ends
           it, whatever comes after.
    """
    rules = _Rules()
    try:
        labels = label_texts(kind)
        body = rules.of(kind) if labels is None else _one_of(map(_quoted, labels))
    except _NoText:
        return None
    root = f'" "? {_group(body)} ("\\n" [^\\x00]*)?' if in_text else body
    return "\n".join([f"root ::= {root}", *rules.written(root)]) + "\n"


class _Rules:
    """The rules of one grammar: one a type, so that recursive types refer to themselves."""

    def __init__(self) -> None:
        self._names: dict[Type, str] = {}
        self._bodies: dict[str, str] = {}
        self._count = 0

    def written(self, root: str) -> list[str]:
        """Give the rules that the body of the root needs, in the order in which it needs them."""
        used: dict[str, str] = {}
        todo = [root]
        while todo:
            for name in _RULE_NAME.findall(todo.pop()):
                body = self._bodies.get(name) or _SHARED.get(name)
                if body is not None and name not in used:
                    used[name] = body
                    todo.append(body)
        return [f"{name} ::= {body}" for name, body in used.items()]

    def of(self, kind: Type) -> str:
        """Give the name of the rule of a type, written when it is first met.

        Raises: _NoText.
        """
        if kind in self._names:
            return self._names[kind]
        name = self._names[kind] = f"t{self._count}"
        self._count += 1
        try:
            self._bodies[name] = self._body(kind)
        except _NoText:
            del self._names[kind]
            raise
        return name

    def maybe(self, kind: Type) -> str | None:
        """Give the name of the rule of a type, None when no text gives one of its values."""
        try:
            return self.of(kind)
        except _NoText:
            return None

    def _body(self, kind: Type) -> str:
        match kind:
            case Enum() | Val():
                return _one_of(_quoted(_literal(value)) for value in kind.values)
            case Alias(_, target):
                if target is None:
                    raise _NoText
                return self.of(unfold(kind))
            case Union(members):
                return self._union(members)
            case And(base, checks):
                return self._refined(base, checks)
            case Tuple(items):
                return _bracketed("[", _joined([self.of(item) for item in items]), "]")
            case Vector(element) | ListOf(element):
                return self._sequence(element, (0, None))
            case Array(element, shape):
                return self._array(element, shape)
            case MapOf(key, value):
                return self._map_of(key, value, (0, None))
            case MapType():
                return self._map(kind)
        if kind in _PRIMS:
            return _PRIMS[kind]
        raise _NoText

    def _union(self, members: tuple[Type, ...]) -> str:
        """Choose among the members that text can give."""
        found = [name for name in map(self.maybe, members) if name is not None]
        if not found:
            raise _NoText
        return _one_of(found)

    def _sequence(self, element: Type, count: tuple[int, int | None]) -> str:
        return _bracketed("[", _repeated(self.of(element), *count), "]")

    def _array(self, element: Type, shape: tuple[int | None, ...]) -> str:
        if not shape:
            return self._sequence(element, (0, None))
        inner = element if len(shape) == 1 else Array(element, shape[1:])
        size = shape[0]
        return self._sequence(inner, (0, None) if size is None else (size, size))

    def _map_of(self, key: Type, value: Type, count: tuple[int, int | None]) -> str:
        entry = f"({self._key(key)} colon {self.of(value)})"
        return _bracketed("{", _repeated(entry, *count), "}")

    def _key(self, kind: Type) -> str:
        while isinstance(kind, (Alias, And)):
            kind = kind.base if isinstance(kind, And) else unfold(kind)
        if isinstance(kind, (Enum, Val)):
            return _group(_one_of(_quoted(json.dumps(_key_text(v), ensure_ascii=False)) for v in kind.values))
        if kind is INT:
            return f'("\\"" {_INTEGER} "\\"")'
        if kind in (STRING, ANY):
            return "text"
        if kind is KEYWORD:
            return self.of(KEYWORD)
        raise _NoText

    def _map(self, kind: MapType) -> str:
        """Write the known keys in order, each optional one or not; a map that is not described is any
        one."""
        if not kind.fields:
            return "any-map" if kind.rest is None else self._map_of(STRING, kind.rest, (0, None))
        entries = [
            (_quoted(json.dumps(_key_text(key), ensure_ascii=False)) + f" colon {rule}", optional)
            for key, value, optional in kind.fields
            if (rule := self.maybe(value) if optional else self.of(value)) is not None
        ]
        return _bracketed("{", _entries(entries), "}")

    def _refined(self, base: Type, checks: tuple[Type, ...]) -> str:
        while isinstance(base, Alias) and base.target is not None:
            base = unfold(base)
        predicates = [check for check in checks if isinstance(check, Predicate)]
        if base is INT:
            return integer_rule(*integer_bounds(predicates))
        low, high = _counts(predicates)
        if high is not None and high > MAX_COUNTED:
            high = None
        if low > MAX_COUNTED:
            low = 0
        if base is STRING:
            return _text_rule(predicates, low, high)
        if isinstance(base, (Vector, ListOf)):
            return self._sequence(base.element, (low, high))
        if isinstance(base, MapOf):
            # equal keys count once, so that the greatest count alone is sure
            return self._map_of(base.key, base.value, (low, high))
        return self.of(base)


def _counts(checks: Iterable[Predicate]) -> tuple[int, int | None]:
    low, high = 0, None
    for check in checks:
        name = check.name.replace("length", "count")
        size = check.values[0] if check.values else None
        if name == "non-empty":
            low = max(low, 1)
        elif isinstance(size, int) and name in ("count", "min-count", "max-count"):
            if name != "max-count":
                low = max(low, size)
            if name != "min-count":
                high = size if high is None else min(high, size)
    return low, high


def _text_rule(checks: Iterable[Predicate], low: int, high: int | None) -> str:
    start = '"\\""'
    for check in checks:
        if check.name == "is-url":
            start = '"\\"http" "s"? "://"'
            low, high = 0, None
    if (low, high) == (0, None):
        return f'{start} char* "\\""'
    return f'{start} char{_times(low, high)} "\\""'


def _times(low: int, high: int | None) -> str:
    return f"{{{low},}}" if high is None else f"{{{low},{max(low, high)}}}"


def _repeated(item: str, low: int, high: int | None) -> str:
    """Write items with commas between, as many as are wanted."""
    if high == 0:
        return ""
    rest = f"(comma {item}){_times(max(0, low - 1), None if high is None else high - 1)}"
    return f"{item} {rest}" if low else f"({item} {rest})?"


def _joined(items: list[str]) -> str:
    return " comma ".join(items)


def _entries(entries: list[tuple[str, bool]]) -> str:
    """Write entries with commas between, where any of the optional ones may be missing."""
    place = next((at for at, (_, optional) in enumerate(entries) if not optional), None)
    if place is None:
        # one of the optional entries comes first, or none
        starts = [
            " ".join([text, *(f"(comma {later})?" for later, _ in entries[at + 1 :])])
            for at, (text, _) in enumerate(entries)
        ]
        return f"({_one_of(starts)})?"
    parts = [f"({text} comma)?" for text, _ in entries[:place]]
    parts.append(entries[place][0])
    parts += [f"(comma {text})?" if optional else f"comma {text}" for text, optional in entries[place + 1 :]]
    return " ".join(parts)


def _bracketed(opening: str, inside: str, closing: str) -> str:
    return f'"{opening}" {inside} "{closing}"' if inside else f'"{opening}{closing}"'


def _one_of(items: Iterable[str]) -> str:
    return " | ".join(items)


def _group(body: str) -> str:
    return f"({body})"


def _literal(value: object) -> str:
    try:
        return write_json(value)
    except ValueError:
        raise _NoText from None


def _key_text(key: object) -> str:
    return key.text if isinstance(key, Keyword) else str(key)


def _quoted(text: str) -> str:
    """Write a text as a literal of the grammar."""
    return '"' + "".join(_ESCAPES.get(char) or _plain(char) for char in text) + '"'


_ESCAPES: Final[Mapping[str, str]] = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def _plain(char: str) -> str:
    return char if char >= " " and char != "\x7f" else f"\\x{ord(char):02x}"
