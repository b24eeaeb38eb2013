"""Equality of values: strict in kind, structural, iterative.

In: any values. Out: a boolean, or a key under which equal values (and only those) meet in a dict.
Python's `==` is used on atoms of one class only: on containers it recurses, merges 1, 1.0 and True, and
takes a NaN for equal to itself. Source: language §4.3, rulings 4 and 6.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from math import isfinite
from operator import eq
from typing import Any, Final, TypeAlias, final

from rtfs_runtime.errors import RtfsError
from rtfs_runtime.maps import BigMap, Map
from rtfs_runtime.values import Keyword, List, Resource, Set, Symbol, Timestamp, Uuid
from rtfs_runtime.vectors import BigVector

_ATOMS: Final = frozenset({type(None), bool, int, float, str, Keyword, Symbol, Timestamp, Uuid, Resource})
"""Classes on which `==` between two instances is the language's equality."""

_SEQUENCES: Final[dict[type, str]] = {tuple: "vector", BigVector: "vector", List: "list"}
_MAPS: Final = frozenset({dict, BigMap})

_ROWS: Final = frozenset({tuple})
_FLOATS: Final = frozenset({float})

_UNLIKE: Final = _ATOMS - {bool, int, float}
"""Those that no value of another class equals in Python either."""

_LONG: Final = 16
"""Elements from which on looking at the classes of all, in C, costs less than a loop."""

_AT_ONCE: Final = 1 << 16
"""Elements of rows that are looked at together."""

_REMEMBER_AFTER: Final = 20_000
"""Containers compared before pairs are remembered: shared parts then cost once, other values nothing."""

_MISSING: Final = object()

Pairs: TypeAlias = list[tuple[object, object]]


def equal(left: object, right: object) -> bool:
    """Compare two values by the rules of `=`.

    Cost: linear in the number of distinct parts, whatever is shared between them. Two to four times that of
    Python's `==` on flat vectors, twelve times on maps of a few entries: 1, 1.0 and true differ, and so do
    two NaN, so that classes are compared too.
    """
    kind = left.__class__
    if kind in _ATOMS:
        return kind is right.__class__ and left == right
    if kind is tuple and right.__class__ is tuple:
        size = len(left)  # type: ignore[arg-type]
        if size != len(right):
            return False
        if size < _LONG:
            # most often few atoms are compared: without a call more
            for one, other in zip(left, right):  # type: ignore[call-overload]  # noqa: B905
                kind = one.__class__
                if kind not in _ATOMS:
                    break
                if kind is not other.__class__ or one != other:
                    return False
            else:
                return True
    inner: Pairs = []
    return _open(left, right, inner) and (not inner or _walk(inner))


def _walk(level: Pairs) -> bool:
    """Compare pairs, level by level, until one differs. A pair met again was equal or is still to come."""
    seen: set[tuple[int, int]] = set()
    steps = 0
    while level:
        steps += len(level)
        if steps > _REMEMBER_AFTER:
            level = _unseen(level, seen)
        deeper: Pairs = []
        for left, right in level:
            if not _open(left, right, deeper):
                return False
        level = deeper
    return True


def _unseen(level: Pairs, seen: set[tuple[int, int]]) -> Pairs:
    found: Pairs = []
    for left, right in level:
        pair = (id(left), id(right))
        if pair not in seen:
            seen.add(pair)
            found.append((left, right))
    return found


def _open(left: object, right: object, todo: Pairs) -> bool:
    """Compare two non-atoms without their elements; add the pairs of elements to what is to do."""
    kind, other = left.__class__, right.__class__
    if kind is dict and other is dict:
        return _same_entries(left, right, todo)  # type: ignore[arg-type]
    if kind is tuple and other is tuple:
        return _same_elements(left, right, todo)  # type: ignore[arg-type]
    if kind in _SEQUENCES:
        return (
            other in _SEQUENCES
            and _SEQUENCES[kind] == _SEQUENCES[other]
            and _same_elements(tuple(left), tuple(right), todo)  # type: ignore[arg-type]
        )
    if kind in _MAPS:
        return other in _MAPS and _same_entries(left, right, todo)  # type: ignore[arg-type]
    if kind is Set:
        return other is Set and _pair_sets(left, right, todo)  # type: ignore[arg-type]
    if isinstance(left, RtfsError):
        return isinstance(right, RtfsError) and left.message == right.message
    return left is right


def _same_elements(left: tuple[object, ...], right: tuple[object, ...], todo: Pairs) -> bool:
    """Settle the atoms at once, because most elements are; keep the rest."""
    if len(left) != len(right):
        return False
    if len(left) >= _LONG:
        kinds = {each.__class__ for each in left}
        while kinds == _ROWS and kinds == {each.__class__ for each in right}:
            # C looks at the elements of all rows together; shared rows multiply
            sizes = [*map(len, left)]  # type: ignore[arg-type]
            if sizes != [*map(len, right)]:  # type: ignore[arg-type]
                return False
            if sum(sizes) > _AT_ONCE:
                break
            left, right = tuple(chain.from_iterable(left)), tuple(chain.from_iterable(right))  # type: ignore[arg-type]
            kinds = {each.__class__ for each in left}
        if kinds <= _UNLIKE:
            # flat: `==` recurses nowhere
            return left == right
        if kinds == {each.__class__ for each in right}:
            if kinds.isdisjoint(_ATOMS):
                todo += zip(left, right, strict=True)
                return True
            # Python may take numbers of several classes for each other
            if kinds <= _ATOMS and (
                len(kinds - _UNLIKE) == 1 or list(map(type, left)) == list(map(type, right))
            ):
                return left == right and (float not in kinds or _has_no_nan(left, kinds))
    for one, other in zip(left, right, strict=True):
        kind = one.__class__
        if kind in _ATOMS:
            if kind is not other.__class__ or one != other:
                return False
        else:
            todo.append((one, other))
    return True


def _has_no_nan(numbers: tuple[Any, ...], kinds: set[type]) -> bool:
    # a NaN makes the sum one, as an infinity may
    return (kinds == _FLOATS and isfinite(sum(numbers))) or all(map(eq, numbers, numbers))


def _same_entries(left: Map, right: Map, todo: Pairs) -> bool:
    if len(left) != len(right):
        return False
    if len(left) >= _LONG and list(left) == list(right):
        return _same_elements(tuple(left.values()), tuple(right.values()), todo)
    for key, one in left.items():
        # a key that is not there gives a value that equals nothing
        other = right.get(key, _MISSING)
        kind = one.__class__
        if kind in _ATOMS:
            if kind is not other.__class__ or one != other:
                return False
        else:
            todo.append((one, other))
    return True


def _pair_sets(left: Set, right: Set, todo: Pairs) -> bool:
    if len(left) != len(right):
        return False
    others: dict[int, list[object]] = {}
    for key, member in right.members.items():
        if key.__class__ is ContainerKey:
            others.setdefault(hash(key), []).append(member)
    for key, member in left.members.items():
        if key.__class__ is not ContainerKey:
            if key not in right.members:
                return False
            continue
        candidates = others.get(hash(key), ())
        if len(candidates) == 1:
            todo.append((member, candidates[0]))
        elif not any(equal(member, each) for each in candidates):
            return False
    return True


def place_of(items: tuple[object, ...], value: object) -> int | None:
    """Find the place of the first element that equals `value`."""
    kind = value.__class__
    if kind in OWN_KEY:
        at = 0
        try:
            while True:
                # looked for in C; Python may stop at 1.0 or true for 1
                at = items.index(value, at)
                if items[at].__class__ is kind:
                    return at
                at += 1
        except ValueError:
            return None
    for at, item in enumerate(items):
        if equal(item, value):
            return at
    return None


@final
class ContainerKey:
    """A container, error or host object as a dict key: hash of its structure, equality of the language."""

    __slots__ = ("_hash", "value")

    def __init__(self, value: object, digest: int) -> None:
        self.value = value
        self._hash = digest

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        return other.__class__ is ContainerKey and equal(self.value, other.value)


OWN_KEY: Final = frozenset({type(None), str, int, Keyword, Symbol, Timestamp, Uuid, Resource})
"""Classes whose values are their own canonical keys."""
_BOOLEANS: Final = (object(), object())
_FLOAT: Final = object()
"""What tells the key of a float from a vector of two."""


def canonical_key(value: object) -> object:
    """Make a hashable key: the keys of two values are equal exactly when the values are.

    Each key holds for one look-up or entry: a NaN, alone or inside, gives a key that no other call gives.
    """
    kind = value.__class__
    if kind in OWN_KEY:
        return value
    if kind is bool:
        # dict would take True for 1
        return _BOOLEANS[value is True]
    if kind is float:
        return (_FLOAT, value) if value == value else object()
    # what C hashes and compares by the language's rules; both representations of a kind must give one key
    if kind is tuple or kind is BigVector:
        if {each.__class__ for each in value} <= OWN_KEY:  # type: ignore[attr-defined]
            return value if kind is tuple else tuple(value)  # type: ignore[arg-type]
    elif (kind is dict or kind is BigMap) and {each.__class__ for each in value.values()} <= OWN_KEY:  # type: ignore[attr-defined]
        return frozenset(value.items())  # type: ignore[attr-defined]
    return ContainerKey(value, _digest(value))


_KIND_SEEDS: Final[dict[type, int]] = {
    tuple: 3, BigVector: 3, List: 5, dict: 7, BigMap: 7, Set: 11, bool: 13, float: 17,
}  # fmt: skip
_BITS: Final = (1 << 61) - 1
_FACTOR: Final = 1_000_003
_SPREAD: Final = 0x9E3779B97F4A7C15


def _mixed(digest: int) -> int:
    """Spread a hash before it is added to others: maps and sets have no order."""
    digest = (digest ^ digest >> 29) * _SPREAD & _BITS
    return digest ^ digest >> 32


def _atom_digest(value: object) -> int | None:
    """Hash what has no elements but atoms; None for other containers."""
    kind = value.__class__
    if kind in OWN_KEY:
        return hash(value)
    if kind is bool or kind is float:
        return hash(value) ^ _KIND_SEEDS[kind]
    if isinstance(value, Set):
        # the keys of members hold their hashes: a set costs its own size, not its depth
        return sum(_mixed(hash(key)) for key in value.members) & _BITS ^ _KIND_SEEDS[Set]
    if kind in _SEQUENCES:
        if {each.__class__ for each in value} <= _ATOMS:  # type: ignore[attr-defined]
            # Python's own hash never tells values apart that are equal
            return hash(tuple(value)) ^ _KIND_SEEDS[kind]  # type: ignore[arg-type]
        return None
    if kind in _MAPS:
        if {each.__class__ for each in value.values()} <= _ATOMS:  # type: ignore[attr-defined]
            return hash(frozenset(value.items())) ^ _KIND_SEEDS[kind]  # type: ignore[attr-defined]
        return None
    if isinstance(value, RtfsError):
        return hash(value.message) ^ 19
    return id(value) >> 4


class _Frame:
    """A container being hashed: what is left of it, and the sum so far."""

    __slots__ = ("container", "items", "key", "ordered", "total")

    def __init__(self, container: object) -> None:
        kind = container.__class__
        self.container = container
        self.ordered = kind in _SEQUENCES
        self.total = _KIND_SEEDS[kind]
        self.key = 0
        pairs = container.items() if kind in _MAPS else ((0, item) for item in container)  # type: ignore[attr-defined]
        self.items: Iterator[tuple[object, object]] = iter(pairs)

    def add(self, digest: int) -> None:
        if self.ordered:
            self.total = (self.total * _FACTOR + digest) & _BITS
        else:
            self.total = (self.total + _mixed(digest ^ _mixed(self.key))) & _BITS


def _digest(value: object) -> int:
    """Hash a structure; shared parts are hashed once."""
    digest = _atom_digest(value)
    if digest is not None:
        return digest
    known: dict[int, int] = {}
    stack = [_Frame(value)]
    while True:
        frame = stack[-1]
        for key, item in frame.items:
            frame.key = hash(key)
            digest = _atom_digest(item)
            if digest is None:
                digest = known.get(id(item))
            if digest is None:
                stack.append(_Frame(item))
                break
            frame.add(digest)
        else:
            stack.pop()
            known[id(frame.container)] = frame.total
            if not stack:
                return frame.total
            stack[-1].add(frame.total)
