"""What loops do with the list, the dict, or the members of a set that they fill in place.

In: the collection, which one loop alone sees, and what an operation of the language is given beside it. Out:
the same collection, changed as the operation's result would be; or the error that it would raise.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any, Final

from rtfs_runtime.builtins.building import as_set, group, poured
from rtfs_runtime.builtins.operands import flat, index_error, integer, mapping
from rtfs_runtime.equality import OWN_KEY, canonical_key
from rtfs_runtime.maps import is_key
from rtfs_runtime.ordering import comparable, sort_by_keys
from rtfs_runtime.sets import set_members
from rtfs_runtime.values import Set

Items = list[Any]
Entries = dict[object, object]


def list_pop(items: Items) -> Items:
    """Take the last item off, if there is one."""
    del items[-1:]
    return items


def list_rest(items: Items) -> Items:
    """Take the first item off, if there is one."""
    del items[:1]
    return items


def list_cut(items: Items, start: int, end: int | None = None) -> Items:
    """Leave what `subvec` gives."""
    size = len(items)
    stop = size if end is None else integer(end, "subvec")
    if 0 <= integer(start, "subvec") <= stop <= size:
        del items[stop:]
        del items[:start]
        return items
    raise index_error(start, size)


def list_take(items: Items, amount: int) -> Items:
    """Leave what `take` gives."""
    if integer(amount, "take") >= 0:
        del items[amount:]
    return items


def list_drop(items: Items, amount: int) -> Items:
    """Leave what `drop` gives."""
    del items[: len(items) if integer(amount, "drop") < 0 else amount]
    return items


def list_drop_last(items: Items, amount: int) -> Items:
    """Leave what `drop-last` gives."""
    if integer(amount, "drop-last") > 0:
        del items[-amount:]
    return items


def list_sort(items: Items) -> Items:
    """Sort by the order of all values."""
    keys = comparable(items)
    if keys is items:
        items.sort()
    else:
        items[:] = sort_by_keys(items, keys)
    return items


def dict_drop(entries: Entries, key: object) -> Entries:
    """Leave out a key that may be there, or be impossible."""
    if is_key(key):
        entries.pop(key, None)
    return entries


def dict_merge(entries: Entries, other: object) -> Entries:
    """Add what `merge` does."""
    entries.update(flat(mapping(other, "merge")))
    return entries


def dict_pour(entries: Entries, source: object) -> Entries:
    """Add what `into` does."""
    entries.update(poured(source))
    return entries


def new_members(value: object) -> Entries:
    """Give the members of a new set of elements."""
    return set_members(as_set(value))


def set_put(members: Entries, item: object) -> Entries:
    """Add an element; of equal ones the first stays."""
    members.setdefault(canonical_key(item), item)
    return members


def set_drop(members: Entries, item: object) -> Entries:
    """Leave out an element that may be there."""
    members.pop(canonical_key(item), None)
    return members


def set_extend(members: Entries, items: Iterable[object]) -> Entries:
    """Add elements; of equal ones the first stays."""
    items = tuple(items)
    if {each.__class__ for each in items} <= OWN_KEY:
        members.update(zip(items, items, strict=True))
    else:
        for item in items:
            members.setdefault(canonical_key(item), item)
    return members


def set_join(members: Entries, other: object) -> Entries:
    """Add what `union` does."""
    return set_extend(members, group(other, "union"))


def set_has_member(item: object, members: Entries) -> bool:
    """Tell whether an element is there."""
    return canonical_key(item) in members


FUNCTIONS: Final[Mapping[str, Callable[..., object]]] = MappingProxyType(
    {
        "#list_of": list,
        "#list_pop": list_pop,
        "#list_rest": list_rest,
        "#list_cut": list_cut,
        "#list_take": list_take,
        "#list_drop": list_drop,
        "#list_drop_last": list_drop_last,
        "#list_sort": list_sort,
        "#dict_of": dict,
        "#dict_drop": dict_drop,
        "#dict_merge": dict_merge,
        "#dict_pour": dict_pour,
        "#set_of": new_members,
        "#set_put": set_put,
        "#set_drop": set_drop,
        "#set_extend": set_extend,
        "#set_join": set_join,
        "#set_has": set_has_member,
        "#set_from": Set,
    }
)
"""What compiled code calls, by the names it uses."""
