"""Sets: made from any elements, in insertion order, persistent like maps.

In: elements of any kind. Out: `Set`. Membership is the language's equality, through canonical keys.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import cast

from rtfs_runtime.equality import OWN_KEY, canonical_key
from rtfs_runtime.maps import Map, map_assoc, map_dissoc
from rtfs_runtime.values import Set


def make_set(items: Iterable[object]) -> Set:
    """Collect elements; of equal ones the first stays."""
    items = tuple(items)
    if OWN_KEY.issuperset(map(type, items)):
        return Set(dict(zip(items, items, strict=True)))
    members: dict[object, object] = {}
    for item in items:
        members.setdefault(canonical_key(item), item)
    return Set(members)


def set_has(group: Set, item: object) -> bool:
    """Tell whether the set holds an element equal to `item`."""
    return canonical_key(item) in group.members


def set_conj(group: Set, item: object) -> Set:
    """Add an element."""
    key = canonical_key(item)
    if key in group.members:
        return group
    return Set(map_assoc(cast(Map, group.members), key, item))


def set_disj(group: Set, item: object) -> Set:
    """Remove an element that may be there."""
    members = map_dissoc(cast(Map, group.members), canonical_key(item))
    return group if members is group.members else Set(members)
