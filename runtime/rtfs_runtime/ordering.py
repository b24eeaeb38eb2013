"""The total order of values: `sort` and everything that needs one (stdlib §1.6).

In: any values. Out: -1, 0 or 1, or a sorted list. Kinds rank first; numbers compare by value; what has no
order of its own compares by its text. Iterative, stable; a NaN equals every number and crashes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cmp_to_key
from itertools import chain
from typing import Final, TypeAlias

from rtfs_runtime.maps import BigMap, Map
from rtfs_runtime.numbers_text import int_text
from rtfs_runtime.printer import display
from rtfs_runtime.values import Keyword, List, Symbol
from rtfs_runtime.vectors import BigVector

_RANKS: Final[dict[type, int]] = {
    type(None): 0, bool: 1, int: 2, float: 2, str: 3, Keyword: 4, Symbol: 5, tuple: 6, BigVector: 6, List: 7,
    dict: 8, BigMap: 8,
}  # fmt: skip
_OTHER: Final = 9
_NAMED: Final = (4, 5)
_CONTAINERS: Final = (6, 7, 8)
_MAP: Final = 8
_DIRECT: Final = (frozenset({str}), frozenset({int}), frozenset({int, float}), frozenset({float}))

Pairs: TypeAlias = Iterator[tuple[object, object]]


def compare_values(left: object, right: object) -> int:
    """Compare two values: negative, zero or positive as the left comes before, with or after the right."""
    todo: list[Pairs] = [iter([(left, right)])]
    seen: set[tuple[int, int]] = set()
    while todo:
        for one, other in todo[-1]:
            if one is other:
                continue
            rank = _RANKS.get(one.__class__, _OTHER)
            difference = rank - _RANKS.get(other.__class__, _OTHER)
            if difference == 0 and rank in _CONTAINERS:
                # a pair that was met before compared equal: shared parts cost once
                if (id(one), id(other)) not in seen:
                    seen.add((id(one), id(other)))
                    todo.append(_parts(rank, one, other))
                    break
                continue
            difference = difference or _compare_atoms(rank, one, other)
            if difference:
                return -1 if difference < 0 else 1
        else:
            todo.pop()
    return 0


def _compare_atoms(rank: int, one: object, other: object) -> int:
    if rank in _NAMED:
        one, other = one.text, other.text  # type: ignore[attr-defined]
    elif rank == _OTHER:
        one, other = display(one), display(other)
    return int(one > other) - int(one < other)  # type: ignore[operator]


def _parts(rank: int, one: object, other: object) -> Pairs:
    """Pair up elements, then the sizes: a shorter one comes first."""
    sizes = iter([(len(one), len(other))])  # type: ignore[arg-type]
    if rank == _MAP:
        return chain(_entries(one, other), sizes)  # type: ignore[arg-type]
    return chain(zip(one, other, strict=False), sizes)  # type: ignore[call-overload]


def _entries(one: Map, other: Map) -> Pairs:
    mine, yours = sorted(map(_map_key, one)), sorted(map(_map_key, other))
    names, others = {_map_key(key): key for key in one}, {_map_key(key): key for key in other}
    for left, right in zip(mine, yours, strict=False):
        yield left[0], right[0]
        yield left[1], right[1]
        yield one[names[left]], other[others[right]]


def _map_key(key: object) -> tuple[int, str]:
    """Order keys by kind, then as text: integers, keywords, strings."""
    if isinstance(key, Keyword):
        return 1, key.text
    return (2, key) if isinstance(key, str) else (0, int_text(key))  # type: ignore[arg-type]


def sort_values(items: Iterable[object]) -> list[object]:
    """Sort by the total order; equal elements keep their order."""
    found = list(items)
    if frozenset(item.__class__ for item in found) in _DIRECT:
        # one kind whose own order is the language's
        return sorted(found)  # type: ignore[type-var]
    return sorted(found, key=cmp_to_key(compare_values))
