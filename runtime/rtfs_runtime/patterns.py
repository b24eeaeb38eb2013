"""What compiled code calls to take values apart: destructuring, match tests, quasiquote templates.

In: values. Out: their parts, or the errors of language §3.7. Names are those of the ABI; patterns
themselves were compiled away.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, Final

from rtfs_runtime.calls import error_map
from rtfs_runtime.errors import RtfsError, type_error
from rtfs_runtime.maps import Map
from rtfs_runtime.maps import is_map as is_map_value
from rtfs_runtime.values import List, Set, kind_name
from rtfs_runtime.vectors import is_vector, vec_items

_CLASSES: Final[Mapping[str, type]] = MappingProxyType(
    {"tuple": tuple, "str": str, "dict": dict, "int": int, "list": list, "set": Set}
)


def seq_items(value: object) -> tuple[object, ...]:
    """Give the items of a vector or list."""
    if type(value) is tuple:
        return value
    if type(value) is List:
        return value.items
    assert is_vector(value)
    return vec_items(value)


def seq_exact(value: object, count: int) -> tuple[object, ...]:
    """Give the items of a vector or list of exactly `count`; else the TypeError of destructuring."""
    return _sized(value, count, exact=True)


def seq_least(value: object, count: int) -> tuple[object, ...]:
    """Give the items of a vector or list of at least `count`."""
    return _sized(value, count, exact=False)


def _sized(value: object, count: int, *, exact: bool) -> tuple[object, ...]:
    if not is_seq_value(value):
        raise type_error("vector", kind_name(value), "vector destructuring")
    items = seq_items(value)
    if len(items) == count or (not exact and len(items) > count):
        return items
    how = "exactly" if exact else "at least"
    raise type_error(
        f"vector with {how} {count} elements",
        f"{kind_name(value)} with {len(items)} elements",
        "vector destructuring",
    )


def seq_size(value: object) -> int:
    """Count the items of a vector or list; -1 for anything else."""
    return len(seq_items(value)) if is_seq_value(value) else -1


def seq_view(value: object) -> tuple[object, ...]:
    """Give the items of a vector or list; none for anything else."""
    return seq_items(value) if is_seq_value(value) else ()


def seq_head(items: tuple[object, ...]) -> object:
    """Give the first of the items that `seq_view` gave, or nil."""
    return items[0] if items else None


def is_seq_value(value: object) -> bool:
    """Tell whether a value is a vector or a list."""
    return type(value) is tuple or type(value) is List or is_vector(value)


def seq_at(items: tuple[object, ...], index: int) -> object:
    """Give one of the items that `seq_exact` or `seq_least` gave."""
    return items[index]


def seq_rest(items: tuple[object, ...], start: int, source: object) -> object:
    """Give the items from `start` on, as the kind of their source."""
    rest = items[start:]
    return List(rest) if type(source) is List else rest


def seq_from(items: Any, index: int) -> object:
    """Give the items of a tuple, or the characters of a string, from an index on."""
    return items[index:]


def is_exactly(value: object, *names: str) -> bool:
    """Tell whether a value has one of some classes of Python's, not of a representation beside it."""
    return type(value) in [_CLASSES[name] for name in names]


def is_seq(value: object, count: int) -> bool:
    """Tell whether a value is a vector or list of exactly `count` items."""
    return is_seq_value(value) and len(seq_items(value)) == count


def is_seq_least(value: object, count: int) -> bool:
    """Tell whether a value is a vector or list of at least `count` items."""
    return is_seq_value(value) and len(seq_items(value)) >= count


def is_map(value: object) -> bool:
    """Tell whether a map pattern may match: maps, and error values by their map view (language §3.9.4)."""
    return is_map_value(value) or isinstance(value, RtfsError)


def map_view(value: object) -> Map:
    """Give the map that a map pattern takes apart."""
    if is_map_value(value):
        return value
    if isinstance(value, RtfsError):
        return error_map(value)
    raise type_error("map", kind_name(value), "map destructuring")


def map_get(source: Map, key: object) -> object:
    """Give the value at a key, or nil."""
    return source.get(key)


def map_has(source: Map, key: object) -> bool:
    """Tell whether a key is present."""
    return key in source


def map_without(source: Map, keys: tuple[object, ...]) -> Map:
    """Give the entries that a pattern did not name."""
    named = set(keys)
    return {key: value for key, value in source.items() if key not in named}


def splice_items(value: object) -> tuple[object, ...]:
    """Give the items that `~@` splices."""
    if not is_seq_value(value):
        raise type_error("list or vector", kind_name(value), "unquote-splicing")
    return seq_items(value)


def splice_list(*parts: Iterable[object]) -> List:
    """Join the parts of a list template."""
    return List(item for part in parts for item in part)


def splice_vector(*parts: Iterable[object]) -> tuple[object, ...]:
    """Join the parts of a vector template."""
    return tuple(item for part in parts for item in part)


def for_items(value: object) -> tuple[object, ...]:
    """Give what `for` and `doseq` run over."""
    if not is_seq_value(value):
        raise type_error("vector or list", kind_name(value), "for")
    return seq_items(value)


def times(count: object) -> range:
    """Give what `dotimes` counts."""
    if type(count) is not int:
        raise type_error("integer", kind_name(count), "dotimes")
    return range(count)
