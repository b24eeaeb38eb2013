"""Sets: made from any elements, in insertion order, persistent like maps.

In: elements of any kind. Out: `Set`. Membership is the language's equality, through canonical keys.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain
from typing import cast

from rtfs_runtime.equality import OWN_KEY, canonical_key
from rtfs_runtime.maps import Map, map_assoc, map_dissoc
from rtfs_runtime.values import Set


def make_set(items: Iterable[object]) -> Set:
    """Collect elements; of equal ones the first stays."""
    items = tuple(items)
    if {each.__class__ for each in items} <= OWN_KEY:
        return plain_set(items)
    members: dict[object, object] = {}
    for item in items:
        members.setdefault(canonical_key(item), item)
    return Set(members)


def plain_set(items: Iterable[object]) -> Set:
    """Collect elements that are their own canonical keys."""
    return Set(dict.fromkeys(items), plain=True)


def set_members(group: Set) -> dict[object, object]:
    """Copy the members of a set: canonical keys and elements."""
    return dict(zip(group.members, group, strict=True))


def set_has(group: Set, item: object) -> bool:
    """Tell whether the set holds an element equal to `item`."""
    return canonical_key(item) in group.members


def set_conj(group: Set, item: object) -> Set:
    """Add an element."""
    key = canonical_key(item)
    if key in group.members:
        return group
    plain = group.plain and key is item
    members = group.members if plain or not group.plain else set_members(group)
    return Set(map_assoc(cast(Map, members), key, item), plain=plain)


def set_extend(group: Set, items: Iterable[object]) -> Set:
    """Add several elements; of equal ones the first stays."""
    items = tuple(items)
    members = group.members
    if group.plain and members.__class__ is dict and {each.__class__ for each in items} <= OWN_KEY:
        # a key that is there stays the key, in its place
        return Set({**members, **dict.fromkeys(items)}, plain=True)
    return make_set(chain(group, items))


def set_disj(group: Set, item: object) -> Set:
    """Remove an element that may be there."""
    members = map_dissoc(cast(Map, group.members), canonical_key(item))
    return group if members is group.members else Set(members, plain=group.plain)


def set_union(groups: Sequence[Set]) -> Set:
    """Collect what is in any of the sets; of equal elements the first stays."""
    if not all([group.plain for group in groups]):  # noqa: C419
        return make_set(chain.from_iterable(groups))
    return plain_set(chain.from_iterable([group.members for group in groups]))


def set_select(group: Set, others: Sequence[Set], *, common: bool) -> Set:
    """Keep the elements that are in all others, or in none of them."""
    if not group.plain:
        # the keys of two NaN differ, but not those in two sets made of one
        return make_set([x for x in group if all(set_has(each, x) is common for each in others)])
    members = group.members
    for other in others:
        keys = other.members
        members = {key: None for key in members if (key in keys) is common}
    return plain_set(members)


def is_subset(part: Set, whole: Set) -> bool:
    """Tell whether every element of a set is in another."""
    if part.plain:
        return all(map(whole.members.__contains__, part.members))
    return all(set_has(whole, each) for each in part)
