"""Which Python classes a value may have, as far as code generation cares.

A kind is a set of classes in the low bits of an integer; each higher group of bits says the same of what is
one level deeper (the elements of a sequence, the values of a map, and what those hold). Below the last level
nothing is known. A value outside its kind must be impossible. NEVER, no bits, is the kind of what does not
come back. Kinds tell representations apart that are one type to the language: a tuple from a big vector. A
kind may be `Detailed`: it knows what lies under some keys or at some places. The operators of integers give
plain kinds, which hold as well; `join` keeps details. What builtins make of kinds is in `kind_rules`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Final

from rtfs_runtime import types
from rtfs_runtime.types import Type
from rtfs_runtime.values import Keyword, List

Kind = int

NEVER: Final = 0
(
    NIL, BOOL, NATURAL, NEGATIVE, FLOAT, STR, KEYWORD, TUPLE, LIST, DICT, SET, BUFFER, BIG_VECTOR, BIG_MAP,
    OTHER,
) = (1 << bit for bit in range(15))  # fmt: skip
"""NATURAL and NEGATIVE are integers; BUFFER is a Python list that a loop fills and nobody else sees; OTHER is
every class not named."""
INT: Final = NATURAL | NEGATIVE
BASE: Final = (1 << 15) - 1 & ~BUFFER
EVERY: Final = BASE | BUFFER
NUMBER: Final = INT | FLOAT
KEY: Final = INT | STR | KEYWORD
VECTOR: Final = TUPLE | BIG_VECTOR
MAP: Final = DICT | BIG_MAP
HOLDERS: Final = TUPLE | LIST | DICT | SET | BUFFER | BIG_VECTOR | BIG_MAP | OTHER
SEQUENCE: Final = TUPLE | LIST | SET | STR | BIG_VECTOR
"""What is seen element by element by everybody; maps are entries to some."""

_STEP: Final = 16
_DEPTH: Final = 4
_LAST: Final = _STEP * (_DEPTH - 1)
_KEPT: Final = (1 << _LAST) - 1
# what holds something that is deeper than the last level, in a kind that has just been taken out
_ABOVE_LAST: Final = HOLDERS << _LAST - _STEP
ANY: Final = sum(BASE << level * _STEP for level in range(_DEPTH))
ANYTHING_HELD: Final = ANY & ~BASE
"""The part of a kind that says of what a collection holds that it may be anything."""


# records in vectors in records: what lies deeper is held plainly
_DEEPEST: Final = 3
_MOST_PARTS: Final = 16


class Detailed(int):
    """A kind that knows more: if the value is a vector or map, it has all `parts`, by place or key, of these
    kinds; all that it holds has the kind `held`."""

    parts: Mapping[object, Kind]
    held: Kind
    depth: int

    def __eq__(self, other: object) -> bool:
        if other.__class__ is not Detailed:
            return False
        return int(self) == int(other) and self.parts == other.parts and self.held == other.held

    def __ne__(self, other: object) -> bool:
        return not self == other

    __hash__ = int.__hash__


_NO_PARTS: Final[Mapping[object, Kind]] = MappingProxyType({})


def detailed(kind: Kind, parts: Mapping[object, Kind], held: Kind) -> Kind:
    """Add details to a plain kind, if there are any that it does not have; those that are too deep are left
    out."""
    depth = 1 + max([part.depth for part in (held, *parts.values()) if isinstance(part, Detailed)], default=0)
    if depth > _DEEPEST:
        depth = _DEEPEST
        held, parts = _cut(held, depth - 1), {key: _cut(part, depth - 1) for key, part in parts.items()}
    if (not parts and held.__class__ is int) or len(parts) > _MOST_PARTS:
        return kind
    made = Detailed(kind)
    made.parts, made.held, made.depth = parts, held, depth
    return made


def _cut(kind: Kind, depth: int) -> Kind:
    """Leave details out that are deeper."""
    if not isinstance(kind, Detailed) or kind.depth <= depth:
        return kind
    if not depth:
        return int(kind)
    parts = {key: _cut(part, depth - 1) for key, part in kind.parts.items()}
    return detailed(int(kind), parts, _cut(kind.held, depth - 1))


def join(left: Kind, right: Kind) -> Kind:
    """Give the kind of what has one of two kinds."""
    if left is right or not right:
        return left
    if left.__class__ is int and right.__class__ is int:
        return left | right
    if not left:
        return right
    if not isinstance(left, Detailed):
        left, right = right, left
    assert isinstance(left, Detailed)
    if not isinstance(right, Detailed):
        # what holds nothing has no details
        if not right & HOLDERS:
            return detailed(left | right, left.parts, left.held)
        return detailed(left | right, _NO_PARTS, join(left.held, element(right)))
    parts = {key: join(part, right.parts[key]) for key, part in left.parts.items() if key in right.parts}
    return detailed(left | right, parts, join(left.held, right.held))


def part(kind: Kind, key: object) -> Kind | None:
    """Give the kind of what surely lies under a key or at a place; None where nothing is known of it."""
    if not isinstance(kind, Detailed) or key.__class__ is bool or not within(kind, VECTOR | MAP):
        return None
    return kind.parts.get(key)


def holding(base: Kind, element: Kind) -> Kind:
    """Make the kind of a collection that holds elements of a kind."""
    made = base | (element & _KEPT) << _STEP
    return made if element.__class__ is int else detailed(made, _NO_PARTS, element)


def element(kind: Kind) -> Kind:
    """Give the kind of what a collection holds: the elements of a sequence, the values of a map."""
    if isinstance(kind, Detailed) and not kind & STR:
        return kind.held
    found = kind >> _STEP
    if kind & STR:
        found |= STR
    return found | BASE << _LAST if found & _ABOVE_LAST else found


def items(kind: Kind) -> Kind:
    """Give the kind of what is met element by element, entries of a map being vectors of key and value."""
    found = element(kind) if kind & ~MAP else NEVER
    return join(found, entry(kind)) if kind & MAP else found


def entry(kind: Kind) -> Kind:
    """Give the kind of an entry of a map: a vector of key and value."""
    return of_vector((KEY, element(kind)))


def within(kind: Kind, base: Kind) -> bool:
    """Tell whether a value of a kind surely has one of some classes."""
    return not kind & (BASE | BUFFER) & ~base


def narrowed(kind: Kind, base: Kind) -> Kind:
    """Keep some classes only."""
    found = kind & (base | ~(BASE | BUFFER))
    if not found & HOLDERS:
        return found & (BASE | BUFFER)
    return detailed(found, kind.parts, kind.held) if isinstance(kind, Detailed) else found


def conforms(kind: Kind, want: Type) -> bool:
    """Tell whether a value of a kind surely conforms to a type."""
    match want:
        case types.Any():
            return True
        case types.Prim(name=name):
            return name in _PRIMS and within(kind, _PRIMS[name])
        case types.Vector(element=item):
            return within(kind, VECTOR) and conforms(element(kind), item)
        case types.ListOf(element=item):
            return within(kind, LIST) and conforms(element(kind), item)
        case types.MapOf(key=key, value=item):
            return within(kind, MAP) and conforms(KEY, key) and conforms(element(kind), item)
        case types.MapType(fields=fields, rest=rest):
            return (
                within(kind, MAP)
                and (rest is None or conforms(element(kind), rest))
                and all(_has_field(kind, field) for field in fields)
            )
        case types.Union(members=members):
            # a value of each class may conform to another member
            return any(conforms(kind, member) for member in members) or all(
                any(conforms(one, member) for member in members) for one in _each_class(kind)
            )
        case types.Alias(target=target):
            # where it stands inside itself it has no target
            return target is not None and conforms(kind, target)
        case _:
            return False


def _each_class(kind: Kind) -> list[Kind]:
    """Take a kind of several classes, not of all, apart; there is nothing else that could conform to a union
    when its members do not take the whole."""
    ones = [1 << bit for bit in range(15) if kind & 1 << bit]
    return [narrowed(kind, one) for one in ones] if 1 < len(ones) < _STEP - 2 else [ANY]


def _has_field(kind: Kind, field: types.Field) -> bool:
    key, want, optional = field
    found = part(kind, key)
    if found is None:
        return optional and conforms(element(kind), want)
    return conforms(found, want)


ATOMS: Final = {type(None): NIL, bool: BOOL, int: INT, float: FLOAT, str: STR, Keyword: KEYWORD}


def of_constant(value: object, depth: int = _DEPTH) -> Kind:
    """Give the kind of a constant, looked into to some depth."""
    if type(value) is int:
        return NATURAL if value >= 0 else NEGATIVE
    atom = ATOMS.get(type(value))
    if atom is not None:
        return atom
    if isinstance(value, (tuple, dict)):
        if depth == 1:
            return holding(DICT if isinstance(value, dict) else TUPLE, ANY)
        if isinstance(value, dict):
            return of_map({key: of_constant(part, depth - 1) for key, part in value.items()})
        return of_vector([of_constant(part, depth - 1) for part in value])
    return LIST | ANYTHING_HELD if isinstance(value, List) else ANY


def union(kinds: Iterable[Kind]) -> Kind:
    """Join kinds."""
    total = NEVER
    for kind in kinds:
        total = join(total, kind)
    return total


def of_vector(items: Sequence[Kind]) -> Kind:
    """Give the kind of a vector of items of some kinds."""
    held = union(items)
    made = holding(TUPLE, held)
    # one kind at all places says nothing more
    return detailed(made, dict(enumerate(items)), held) if any(item != held for item in items) else made


def of_map(values: Mapping[object, Kind]) -> Kind:
    """Give the kind of a map with these values."""
    held = union(values.values())
    return detailed(holding(DICT, held), values, held)


_PRIMS: Final = {
    "int": INT, "number": NUMBER, "string": STR, "bool": BOOL, "nil": NIL, "keyword": KEYWORD,
    # an integer passes for a float
    "float": NUMBER,
}  # fmt: skip


EXACT: Final[Mapping[str, Kind]] = MappingProxyType(
    {"tuple": TUPLE, "str": STR, "dict": DICT, "int": INT, "list": BUFFER, "set": SET}
)
"""The kinds that `is_exactly` asks for, by their names."""


def of_type(want: Type) -> Kind:
    """Give the kind of a value that conforms to a type."""
    match want:
        case types.Prim(name=name):
            return _PRIMS.get(name, ANY)
        case types.Vector(element=item):
            return holding(VECTOR, of_type(item))
        case types.Union(members=members):
            return union(map(of_type, members))
        case types.MapOf(value=item):
            return holding(MAP, of_type(item))
        case types.MapType():
            # a field may stand under a string as well as under a keyword: nothing is known of it
            return holding(MAP, ANY)
        case types.ListOf(element=item):
            return holding(LIST, of_type(item))
        case types.Tuple(items=items):
            found = of_vector(list(map(of_type, items)))
            return join(found, holding(BIG_VECTOR, element(found)))
        case types.And(base=base):
            return of_type(base)
        case types.Alias(target=target):
            return ANY if target is None else of_type(target)
        case types.Enum(values=values):
            return union(map(of_constant, values))
        case types.Never():
            return NEVER
        case _:
            return ANY
