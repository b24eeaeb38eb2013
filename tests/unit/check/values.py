"""Whether a value is one of a type, by the exact reading of inference.

In: a value and a type. Out: a boolean. Independent of `rtfsc.check`: what is compared with it.
"""

from __future__ import annotations

from rtfs_runtime.equality import equal
from rtfs_runtime.maps import is_map
from rtfs_runtime.types import (
    Any,
    Enum,
    ListOf,
    MapOf,
    MapType,
    Never,
    Prim,
    Tuple,
    Type,
    Union,
    Val,
    Vector,
)
from rtfs_runtime.values import List, kind_name
from rtfs_runtime.vectors import is_vector

_NAMES = {"integer": "int", "boolean": "bool", "function": "fn"}
_LOOKED_AT = 50


def holds(value: object, kind: Type) -> bool:
    """Tell whether a value is one of a type."""
    match kind:
        case Any():
            return True
        case Never():
            return False
        case Prim("number"):
            return type(value) in (int, float)
        case Prim(name):
            found = kind_name(value)
            return _NAMES.get(found, found) == name
        case Union(members):
            return any(holds(value, member) for member in members)
        case Val() | Enum():
            return any(equal(value, each) for each in kind.values)
        case Vector(element):
            return is_vector(value) and all(holds(item, element) for item in list(value)[:_LOOKED_AT])
        case Tuple(items):
            return is_vector(value) and len(value) == len(items) and all(map(holds, value, items))
        case ListOf(element):
            return isinstance(value, List) and all(holds(item, element) for item in value)
        case MapOf(keys, values):
            return is_map(value) and all(holds(k, keys) and holds(v, values) for k, v in value.items())
        case MapType():
            return _is_record(value, kind)
        case _:
            raise AssertionError(f"inference does not give {kind!r}")


def _is_record(value: object, kind: MapType) -> bool:
    if not is_map(value):
        return False
    for key, there, optional in kind.fields:
        if key in value:
            if not holds(value[key], there):
                return False
        elif not optional:
            return False
    named = {key for key, _, _ in kind.fields}
    rest = kind.rest
    return rest is None or all(holds(part, rest) for key, part in value.items() if key not in named)
