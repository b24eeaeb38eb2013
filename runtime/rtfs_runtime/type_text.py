"""Types as text, in keyword spelling, as messages and signatures show them (language §5.5).

In: a type. Out: text that reads back as that type.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import assert_never

from rtfs_runtime.printer import readable
from rtfs_runtime.type_terms import (
    ANY,
    LIST,
    MAP,
    NIL,
    VECTOR,
    Alias,
    And,
    Any,
    Array,
    Enum,
    FnType,
    ListOf,
    MapOf,
    MapType,
    Never,
    Predicate,
    Prim,
    ResourceType,
    Tuple,
    Type,
    Union,
    Val,
    Vector,
)  # fmt: skip

_BARE = {VECTOR: ":vector", LIST: ":list", MAP: ":map"}


def print_type(kind: Type) -> str:
    """Print a type: `:int`, `[:vector :int]`, `[:map [:a :int] [:b :string ?]]`."""
    parts: list[str] = []
    todo: list[Type | str] = [kind]
    while todo:
        item = todo.pop()
        if isinstance(item, str):
            parts.append(item)
        else:
            todo.extend(reversed(_layout(item)))
    return "".join(parts)


def annotation_text(kind: Type) -> str:
    """Show a type as an interface keeps it: nothing for what is not annotated."""
    return "" if kind == ANY else print_type(kind)


def _layout(kind: Type) -> list[Type | str]:
    """Break a type into text and the types between."""
    if kind in _BARE:
        return [_BARE[kind]]
    match kind:
        case Prim(name):
            return [f":{name}"]
        case Any() | Never():
            return [f":{kind.tag}"]
        case Vector() | ListOf() | Tuple() | MapOf() | And():
            return _bracket(f":{kind.tag}", list(kind.kids))
        case Union(members):
            return _union(members)
        case MapType():
            return _bracket(":map", *_fields(kind))
        case FnType(params, rest, result):
            tail: list[Type | str] = [] if rest is None else ["&", rest]
            return _bracket(":fn", ["[", *_spaced([*params, *tail]), "]"], [result])
        case Array(element, shape):
            sizes = " ".join("?" if size is None else str(size) for size in shape)
            return _bracket(":array", [element], [f"[{sizes}]"] if shape else [])
        case Predicate(name, values):
            return _bracket(f":{name}", [readable(value) for value in values])
        case Val(value):
            return _bracket(":val", [readable(value)])
        case Enum(values):
            return _bracket(":enum", [readable(value) for value in values])
        case ResourceType(name):
            return _bracket(":resource", [name])
        case Alias(name):
            return [name]
        case _:
            assert_never(kind)


def _spaced(items: list[Type | str]) -> list[Type | str]:
    spaced: list[Type | str] = []
    for item in items:
        spaced += (" ", item)
    return spaced[1:]


def _bracket(head: str, *groups: Sequence[Type | str]) -> list[Type | str]:
    """Print a bracketed form; a group that starts with a bracket of its own is spaced already."""
    layout: list[Type | str] = ["[", head]
    for group in groups:
        parts: list[Type | str] = list(group)
        if parts:
            layout += (" ", *(parts if parts[0] == "[" else _spaced(parts)))
    return [*layout, "]"]


def _union(members: tuple[Type, ...]) -> list[Type | str]:
    if len(members) == 2 and members[1] is NIL:
        if isinstance(members[0], Prim):
            return [members[0], "?"]
        return _bracket(":optional", [members[0]])
    return _bracket(":union", list(members))


def _fields(kind: MapType) -> list[list[Type | str]]:
    groups: list[list[Type | str]] = []
    for key, value, optional in kind.fields:
        groups.append(["[", readable(key), " ", value, " ?]" if optional else "]"])
    if kind.rest is not None:
        groups.append(["[", ":* ", kind.rest, "]"])
    return groups
