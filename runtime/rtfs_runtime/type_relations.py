"""How types relate: subtyping and joins, for the static checker (language §5.6).

In: types. Out: booleans and types. `any` is an ordinary top here; that it is compatible both ways is the
checker's business.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from rtfs_runtime.equality import equal
from rtfs_runtime.type_checks import compile_check
from rtfs_runtime.type_terms import (
    ANY,
    FLOAT,
    FN,
    INT,
    NEVER,
    NUMBER,
    RESOURCE,
    Alias,
    And,
    Array,
    Enum,
    FnType,
    ListOf,
    MapOf,
    MapType,
    ResourceType,
    Tuple,
    Type,
    Union,
    Val,
    Vector,
    union,
)  # fmt: skip

_DEEPEST: Final = 100
"""Levels compared. Below, "no subtype" is the safe answer: it costs a check at run time, never an error."""

MAX_JOINED: Final = 5
"""Distinct members of a join before it becomes `any`."""


def is_subtype(left: Type, right: Type) -> bool:
    """Tell whether every value of `left` is one of `right`; an honest no when it cannot tell.

    Numbers: int and float are parts of number, int is no part of float, although a check accepts it.
    """
    return _Comparison().holds(left, right, _DEEPEST)


def join(kinds: Iterable[Type]) -> Type:
    """Find a type that holds all: their union without members that others hold; `any` past five."""
    kept: list[Type] = []
    merged = union(kinds)
    for kind in merged.members if isinstance(merged, Union) else (merged,):
        if any(is_subtype(kind, other) for other in kept):
            continue
        kept = [*(other for other in kept if not is_subtype(other, kind)), kind]
    return union(kept) if len(kept) <= MAX_JOINED else ANY


class _Comparison:
    """One question, with the pairs assumed on the way: recursive types meet themselves."""

    def __init__(self) -> None:
        self.assumed: set[tuple[Type, Type]] = set()
        self.names: dict[str, Type] = {}

    def holds(self, left: Type, right: Type, depth: int) -> bool:
        if left is right or right is ANY or left is NEVER or (left, right) in self.assumed:
            return True
        if depth == 0:
            return False
        self.assumed.add((left, right))
        answer = self._parts(left, right, depth - 1)
        if not answer:
            self.assumed.discard((left, right))
        return answer

    def _resolve(self, kind: Type) -> Type | None:
        if isinstance(kind, Alias):
            if kind.target is None:
                return self.names.get(kind.name)
            self.names[kind.name] = kind
            return kind.target
        return None

    def _parts(self, left: Type, right: Type, depth: int) -> bool:
        below = self._resolve(left)
        if below is not None:
            return self.holds(below, right, depth)
        above = self._resolve(right)
        if above is not None:
            return self.holds(left, above, depth)
        if left is NUMBER and right is not NUMBER:
            return self.holds(INT, right, depth) and self.holds(FLOAT, right, depth)
        if isinstance(left, Union):
            return all(self.holds(member, right, depth) for member in left.members)
        if isinstance(right, And):
            return all(self.holds(left, part, depth) for part in right.kids)
        if isinstance(left, (Val, Enum)):
            return all(self._value_in(value, left, right, depth) for value in left.values)
        if isinstance(right, Union):
            return any(self.holds(left, member, depth) for member in right.members)
        if isinstance(left, And):
            return any(self.holds(part, right, depth) for part in left.kids)
        return self._shapes(left, right, depth)

    def _value_in(self, value: object, left: Type, right: Type, depth: int) -> bool:
        if isinstance(right, (Val, Enum)):
            return any(equal(value, other) for other in right.values)
        if right is FLOAT:
            return isinstance(value, float)
        if isinstance(right, Union):
            return any(self._value_in(value, left, member, depth) for member in right.members)
        return compile_check(right)(value) is None

    def _shapes(self, left: Type, right: Type, depth: int) -> bool:
        match left, right:
            case (Vector(a), Vector(b)) | (ListOf(a), ListOf(b)):
                return self.holds(a, b, depth)
            case Array(), Array() if left.shape == right.shape:
                return self.holds(left.element, right.element, depth)
            case Array(element, shape), Vector(b):
                return self.holds(Array(element, shape[1:]) if len(shape) > 1 else element, b, depth)
            case Vector(a), Array(element, ()):
                return self.holds(a, element, depth)
            case Tuple(items), Vector(b):
                return all(self.holds(item, b, depth) for item in items)
            case Tuple(items), Tuple(others):
                return len(items) == len(others) and all(
                    self.holds(a, b, depth) for a, b in zip(items, others, strict=True)
                )
            case MapOf(a, b), MapOf(c, d):
                return self.holds(a, c, depth) and self.holds(b, d, depth)
            case MapOf(), MapType(fields, None):
                return not fields
            case MapType(), MapType():
                return self._records(left, right, depth)
            case FnType(), FnType():
                return self._functions(left, right, depth)
            case ResourceType(), _:
                return right is RESOURCE
            case _:
                return (right is NUMBER and left in (INT, FLOAT)) or (
                    right is FN and isinstance(left, FnType)
                )

    def _records(self, left: MapType, right: MapType, depth: int) -> bool:
        mine = {key: (kind, optional) for key, kind, optional in left.fields}
        for key, kind, optional in right.fields:
            found = mine.pop(key, None)
            if found is None:
                if not optional or (left.rest is not None and not self.holds(left.rest, kind, depth)):
                    return False
                continue
            if (found[1] and not optional) or not self.holds(found[0], kind, depth):
                return False
        if right.rest is None:
            return True
        others = [kind for kind, _ in mine.values()]
        return all(self.holds(kind, right.rest, depth) for kind in [*others, left.rest or ANY])

    def _functions(self, left: FnType, right: FnType, depth: int) -> bool:
        if len(left.params) > len(right.params) or not self.holds(left.result, right.result, depth):
            return False
        extra = right.params[len(left.params) :]
        if (extra or right.rest is not None) and left.rest is None:
            return False
        pairs = list(zip(right.params, left.params, strict=False))
        pairs += [
            (kind, left.rest) for kind in (*extra, right.rest) if kind is not None and left.rest is not None
        ]
        return all(self.holds(wanted, given, depth) for wanted, given in pairs)
