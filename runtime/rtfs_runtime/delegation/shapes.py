"""Types as models know them: the shape of JSON, in the notation that their training is full of.

In: a type. Out: text such as `{"name": string, "age": integer, "city"?: string}`. What a model cannot give
shows as its type.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Final

from rtfs_runtime.delegation.answers import write_json
from rtfs_runtime.printer import display
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
    print_type,
    unfold,
)
from rtfs_runtime.values import Keyword

_DEEPEST: Final = 12
_WORDS: Final[Mapping[Type, str]] = {
    INT: "integer",
    FLOAT: "number",
    NUMBER: "number",
    STRING: "string",
    BOOL: "true | false",
    NIL: "null",
    KEYWORD: "string",
    SYMBOL: "string",
    ANY: "any",
}


def shape_text(kind: Type, depth: int = 0) -> str:
    """Show a type; what nests deeper than 12 is shown as `…`."""
    if depth > _DEEPEST:
        return "…"
    depth += 1
    match kind:
        case Enum() | Val():
            return " | ".join(_literal(value) for value in kind.values)
        case Alias(name, target):
            return name if target is None else shape_text(unfold(kind), depth)
        case Union(members):
            return " | ".join(shape_text(member, depth) for member in members)
        case And(base, checks):
            notes = [print_type(check) for check in checks if isinstance(check, Predicate)]
            return f"{shape_text(base, depth)} ({', '.join(notes)})" if notes else shape_text(base, depth)
        case Tuple(items):
            return f"[{', '.join(shape_text(item, depth) for item in items)}]"
        case Vector(element) | ListOf(element):
            return f"[{shape_text(element, depth)}, …]"
        case Array(element, shape):
            return "[" * max(1, len(shape)) + f"{shape_text(element, depth)}, …" + "]" * max(1, len(shape))
        case MapOf(_, value):
            return f"{{string: {shape_text(value, depth)}, …}}"
        case MapType(fields):
            shown = [
                f"{json.dumps(_key(key))}{'?' if optional else ''}: {shape_text(value, depth)}"
                for key, value, optional in fields
            ]
            return f"{{{', '.join(shown)}}}"
    return _WORDS.get(kind) or print_type(kind)


def _key(key: object) -> str:
    return key.text if isinstance(key, Keyword) else str(key)


def _literal(value: object) -> str:
    try:
        return write_json(value)
    except ValueError:
        return display(value)
