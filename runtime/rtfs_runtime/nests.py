"""Vectors and maps inside of a collection that a loop fills in place.

In: values, and the lists and dicts that only one loop sees: a vector that is its own is a Python list, the
places of maps that are its own stand in a set. Out: the same, and values again when the loop ends.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

from rtfs_runtime.builtins.building import conj
from rtfs_runtime.equality import canonical_key
from rtfs_runtime.maps import BigMap, is_key
from rtfs_runtime.sets import set_members
from rtfs_runtime.values import Set
from rtfs_runtime.vectors import BigVector, vec_items

# a larger persistent vector or map stays what it is: a copy may cost more than all of its changes
_LARGE_VECTOR: Final = 1 << 12
_LARGE_MAP: Final = 1 << 10


def settled(value: Any) -> object:
    """Give what a loop filled, or may have filled, as a value."""
    return tuple(value) if value.__class__ is list else value


def listed(value: Any) -> object:
    """Give a vector that was just made as a list that a loop may fill, anything else as it is."""
    if value.__class__ is tuple:
        return list(value)
    if value.__class__ is BigVector and len(value) <= _LARGE_VECTOR:
        return list(vec_items(value))
    return value


def owned(value: Any, key: object, places: set[object]) -> object:
    """Give a vector or map that was just made as one that a loop may fill; `places` are those of maps."""
    if value.__class__ is BigMap and len(value) <= _LARGE_MAP:
        value = dict(value)
    if value.__class__ is dict:
        places.add(key)
        return value
    places.discard(key)
    return listed(value)


def list_with(value: Any, item: object) -> object:
    """Add an item to a vector, as a list that a loop may fill; or to anything else that `conj` takes."""
    return listed(conj(settled(value), item))


def set_with(value: Any, item: object, key: object, places: set[object]) -> object:
    """Add an element to a set, as one that a loop may fill; or to anything else that `conj` takes."""
    if value.__class__ is Set and len(value.members) < _LARGE_MAP:
        # most begin with no element
        members = set_members(value) if value.members else {}
        members.setdefault(canonical_key(item), item)
        places.add(key)
        return Set(members)
    return owned_set(list_with(value, item), key, places)


def owned_set(value: Any, key: object, places: set[object]) -> object:
    """Give a set as one that a loop may fill, anything else as it is."""
    if value.__class__ is Set and len(value) <= _LARGE_MAP:
        places.add(key)
        return Set(set_members(value))
    places.discard(key)
    return value


def owned_new(*places: object) -> set[object]:
    """Start with the places of maps that are a loop's own when it begins."""
    return set(places)


def is_owned(key: object, places: set[object]) -> bool:
    """Tell whether the map at a place is a loop's own."""
    return is_key(key) and key in places


def nest_tuple(items: list[Any]) -> tuple[object, ...]:
    """Give a list in which a loop filled others as a value."""
    # one after the other: all of them would stand there twice
    for at, item in enumerate(items):
        if item.__class__ is list:
            items[at] = tuple(item)
    return tuple(items)


def nest_dict(entries: dict[object, Any]) -> dict[object, Any]:
    """Make values of the lists that a loop filled in a map."""
    for key, value in entries.items():
        if value.__class__ is list:
            entries[key] = tuple(value)
    return entries


FUNCTIONS: Final[Mapping[str, Callable[..., object]]] = MappingProxyType(
    {
        "#settled": settled,
        "#listed": listed,
        "#list_with": list_with,
        "#set_with": set_with,
        "#owned": owned,
        "#owned_set": owned_set,
        "#owned_new": owned_new,
        "#is_owned": is_owned,
        "#nest_list": nest_tuple,
        "#nest_dict": nest_dict,
    }
)
"""What compiled code calls, by the names it uses."""
