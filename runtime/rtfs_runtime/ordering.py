"""The total order of values: `sort` and everything that needs one (stdlib §1.6).

In: any values. Out: -1, 0 or 1, or a sorted list. Kinds rank first; numbers compare by value; what has no
order of its own compares by its text. Iterative, stable; a NaN equals every number and crashes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cmp_to_key, partial
from itertools import chain
from operator import itemgetter
from typing import Final, TypeAlias, TypeVar

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
_OWN_ORDER: Final = (0, 1, 2, 3)

T = TypeVar("T")
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


def sort_values(items: Sequence[object]) -> list[object]:
    """Sort by the total order; equal elements keep their order."""
    keys = comparable(items)
    return sorted(items) if keys is items else sort_by_keys(items, keys)  # type: ignore[type-var]


def sort_by_keys(items: Sequence[T], keys: Sequence[object]) -> list[T]:
    """Sort by comparable keys that stand at the same places."""
    # `sorted` asks for the key of each element once, in order: the answer is the next one, whatever it asks
    return sorted(items, key=partial(next, iter(keys)))


def comparable(items: Sequence[object]) -> Sequence[object]:
    """Give keys whose `<` is the total order: the values themselves where Python's order is ours.

    Cost: 0.2 us for an atom among other kinds; only very deep or shared values are compared by a function.
    """
    kinds = {each.__class__ for each in items}
    if kinds <= _TEXTS or kinds <= _NUMBERS or kinds <= _BOOLEANS:
        return items
    if kinds <= _VECTORS and _are_rows(items):  # type: ignore[arg-type]
        return items
    try:
        return _Keys().all_of(items, _DEEPEST)
    except _TooLargeError:
        return [*map(cmp_to_key(compare_values), items)]


_TEXTS: Final = frozenset({str})
_NUMBERS: Final = frozenset({int, float})
_BOOLEANS: Final = frozenset({bool})
_VECTORS: Final = frozenset({tuple})
_COLUMNS: Final = frozenset({str, int, float, bool, type(None)})


def _are_rows(vectors: Sequence[tuple[object, ...]]) -> bool:
    """Tell whether vectors have atoms of the same kind at each place: Python compares them as we do."""
    # the first shows whether it is worth to look at all places together
    if not vectors or _are_alike({each.__class__ for each in vectors[0]}):
        kinds = {each.__class__ for vector in vectors for each in vector}
        if _are_alike(kinds):
            return True
    if len(set(map(len, vectors))) > 1:
        return False
    return all(_are_alike({each.__class__ for each in column}) for column in zip(*vectors, strict=True))


def _are_alike(kinds: set[type]) -> bool:
    return kinds <= _NUMBERS or (len(kinds) == 1 and kinds <= _COLUMNS)


class _TooLargeError(Exception):
    """A value nests too deep for keys, or its keys would be too many."""


_DEEPEST: Final = 50
_MOST: Final = 1 << 20


class _Keys:
    """Makes keys: the rank of the kind, then what orders values of that kind."""

    def __init__(self) -> None:
        self.left = _MOST

    def all_of(self, items: Iterable[object], depth: int) -> list[object]:
        """Give the keys of values that nest no deeper than `depth`."""
        if depth == 0:
            raise _TooLargeError
        keys: list[object] = []
        for item in items:
            rank = _RANKS.get(item.__class__, _OTHER)
            if rank in _OWN_ORDER:
                keys.append((rank, item))
            elif rank in _NAMED:
                keys.append((rank, item.text))  # type: ignore[attr-defined]
            elif rank == _OTHER:
                keys.append((rank, display(item)))
            elif rank == _MAP:
                keys.append((rank, self._entries(item, depth)))  # type: ignore[arg-type]
            else:
                keys.append((rank, tuple(self.all_of(item, depth - 1))))  # type: ignore[arg-type]
        self.left -= len(keys)
        if self.left < 0:
            raise _TooLargeError
        return keys

    def _entries(self, item: Map, depth: int) -> tuple[object, ...]:
        named = sorted([(_map_key(key), key) for key in item], key=_first)
        values = self.all_of([item[key] for _, key in named], depth - 1)
        return tuple([(name, value) for (name, _), value in zip(named, values, strict=True)])


_first: Final = itemgetter(0)
