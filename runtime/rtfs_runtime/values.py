"""Values of RTFS as Python objects.

nil, booleans, integers, floats and strings are Python's; a vector is an exact `tuple`, a map an exact `dict`
that compiled code never mutates, a function a plain Python function. The other kinds are here.
Source: design, "Values in Python"; language reference §4.1.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from types import BuiltinFunctionType, FunctionType
from typing import ClassVar, Final, final

from rtfs_runtime.errors import RtfsError, arity_error, type_error


@final
class Keyword:
    """An interned keyword; `text` has no leading colon. Equality and hash are identity."""

    __slots__ = ("__weakref__", "text")
    text: str
    _table: ClassVar[dict[str, Keyword]] = {}
    interned: ClassVar[Callable[[str], Keyword | None]] = _table.get

    def __new__(cls, text: str) -> Keyword:
        found = cls._table.get(text)
        if found is None:
            found = object.__new__(cls)
            found.text = text
            # setdefault is atomic: two threads that intern one text get one object
            found = cls._table.setdefault(text, found)
        return found

    def __call__(self, *args: object) -> object:
        """Look the keyword up in a map: compiled code calls a keyword as it calls any function."""
        if 1 <= len(args) <= 2:
            return keyword_get(self, *args)
        raise arity_error(repr(self), "1 or 2", len(args))

    def __repr__(self) -> str:
        return ":" + self.text

    def __reduce__(self) -> tuple[type[Keyword], tuple[str]]:
        return (Keyword, (self.text,))

    def __copy__(self) -> Keyword:
        return self

    def __deepcopy__(self, memo: object) -> Keyword:
        return self


@final
class Symbol:
    """An interned symbol as data (quote, macros)."""

    __slots__ = ("__weakref__", "text")
    text: str
    _table: ClassVar[dict[str, Symbol]] = {}

    def __new__(cls, text: str) -> Symbol:
        found = cls._table.get(text)
        if found is None:
            found = object.__new__(cls)
            found.text = text
            found = cls._table.setdefault(text, found)
        return found

    def __repr__(self) -> str:
        return self.text

    def __reduce__(self) -> tuple[type[Symbol], tuple[str]]:
        return (Symbol, (self.text,))


@final
class List:
    """A list: never equal to a vector. `items` is a tuple."""

    __slots__ = ("items",)
    items: tuple[object, ...]

    def __init__(self, items: Iterable[object] = ()) -> None:
        self.items = tuple(items)

    def __len__(self) -> int:
        return len(self.items)

    def __iter__(self) -> Iterator[object]:
        return iter(self.items)


class _Text:
    """A literal kind that keeps its text: equality and printing use it (ruling 9)."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and other.text == self.text

    def __hash__(self) -> int:
        return hash((type(self), self.text))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.text!r})"


@final
class Timestamp(_Text):
    """A point in time, as written."""

    __slots__ = ()


@final
class Uuid(_Text):
    """A uuid, as written."""

    __slots__ = ()


@final
class Resource(_Text):
    """A resource handle, `resource://…`."""

    __slots__ = ()


@final
class Set:
    """A set, in insertion order. `members` maps each element's canonical key to the element.

    `plain`: the keys are the elements, whatever they are mapped to. C makes such a dict three times as fast.
    """

    __slots__ = ("members", "plain")
    members: Mapping[object, object]
    plain: bool

    def __init__(self, members: Mapping[object, object], plain: bool = False) -> None:
        self.members = members
        self.plain = plain

    def __len__(self) -> int:
        return len(self.members)

    def __iter__(self) -> Iterator[object]:
        return iter(self.members if self.plain else self.members.values())


EMPTY_LIST: Final = List()


def error_map(error: RtfsError) -> dict[object, object]:
    """Show an error value as the map that lookups in it see (language §3.9.4)."""
    details: dict[object, object] = {
        Keyword(name): value for name, value in error.fields.items() if name != "bare"
    }
    return {
        Keyword("type"): Keyword(error.key),
        Keyword("kind"): error.kind,
        Keyword("message"): error.message,
        Keyword("details"): details,
        Keyword("data"): error.data,
    }


def keyword_get(key: Keyword, source: object, default: object = None) -> object:
    """Look a keyword up in a map, nil or an error value (language §3.4.9).

    Raises: TypeError for anything else.
    """
    if source.__class__ is dict:
        return source.get(key, default)
    if isinstance(source, Mapping):
        return source.get(key, default)
    if source is None:
        return default
    if isinstance(source, RtfsError):
        return error_map(source).get(key, default)
    raise type_error("map", kind_name(source), "keyword lookup")


def kind_name(value: object) -> str:
    """Name the kind of a value as messages and `type-name` do (language §4.1)."""
    found = _KIND_NAMES.get(type(value))
    if found is not None:
        return found
    if isinstance(value, RtfsError):
        return "error"
    if callable(value):
        return "function"
    return "host-object"


_KIND_NAMES: dict[type, str] = {
    type(None): "nil",
    bool: "boolean",
    int: "integer",
    float: "float",
    str: "string",
    Keyword: "keyword",
    Symbol: "symbol",
    tuple: "vector",
    List: "list",
    Set: "set",
    dict: "map",
    FunctionType: "function",
    BuiltinFunctionType: "function",
    Timestamp: "timestamp",
    Uuid: "uuid",
    Resource: "resource-handle",
    RtfsError: "error",
}


def register_kind(cls: type, name: str) -> None:
    """Let a room that adds a representation of a kind (big vector, big map, set) name it."""
    _KIND_NAMES[cls] = name
