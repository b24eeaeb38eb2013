"""Which Python classes a value may have, as far as code generation cares.

A kind is a set of classes in the low bits of an integer; each higher group of bits says the same of what is
one level deeper (the elements of a sequence, the values of a map, and what those hold). Below the last level
nothing is known. A value outside its kind must be impossible. Join is `|`; NEVER, no bits, is the kind of
what does not come back. Kinds tell representations apart that are one type to the language: a tuple from a
big vector. What builtins make of kinds is in `kind_rules`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
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


def holding(base: Kind, element: Kind) -> Kind:
    """Make the kind of a collection that holds elements of a kind."""
    return base | (element & _KEPT) << _STEP


def element(kind: Kind) -> Kind:
    """Give the kind of what a collection holds: the elements of a sequence, the values of a map."""
    found = kind >> _STEP
    if kind & STR:
        found |= STR
    return found | BASE << _LAST if found & _ABOVE_LAST else found


def items(kind: Kind) -> Kind:
    """Give the kind of what is met element by element, entries of a map being vectors of key and value."""
    found = element(kind) if kind & ~MAP else NEVER
    return found | holding(TUPLE, KEY | element(kind)) if kind & MAP else found


def within(kind: Kind, base: Kind) -> bool:
    """Tell whether a value of a kind surely has one of some classes."""
    return not kind & (BASE | BUFFER) & ~base


def narrowed(kind: Kind, base: Kind) -> Kind:
    """Keep some classes only."""
    kind &= base | ~(BASE | BUFFER)
    return kind if kind & HOLDERS else kind & (BASE | BUFFER)


def conforms(kind: Kind, want: Type) -> bool:
    """Tell whether a value of a kind surely conforms to a type."""
    match want:
        case types.Any():
            return True
        case types.Prim(name=name):
            return name in _PRIMS and within(kind, _PRIMS[name])
        case types.Vector(element=item):
            return within(kind, VECTOR) and conforms(element(kind), item)
        case types.Union(members=members):
            return any(conforms(kind, member) for member in members)
        case _:
            return False


ATOMS: Final = {type(None): NIL, bool: BOOL, int: INT, float: FLOAT, str: STR, Keyword: KEYWORD}


def of_constant(value: object, depth: int = _DEPTH) -> Kind:
    """Give the kind of a constant, looked into to some depth."""
    if type(value) is int:
        return NATURAL if value >= 0 else NEGATIVE
    atom = ATOMS.get(type(value))
    if atom is not None:
        return atom
    if isinstance(value, tuple | dict):
        parts = value.values() if isinstance(value, dict) else value
        held = union(of_constant(part, depth - 1) for part in parts) if depth > 1 else ANY
        return holding(DICT if isinstance(value, dict) else TUPLE, held)
    return LIST | ANYTHING_HELD if isinstance(value, List) else ANY


def union(kinds: Iterable[Kind]) -> Kind:
    """Join kinds."""
    total = 0
    for kind in kinds:
        total |= kind
    return total


_PRIMS: Final = {
    "int": INT, "number": NUMBER, "string": STR, "bool": BOOL, "nil": NIL, "keyword": KEYWORD,
    # an integer passes for a float
    "float": NUMBER,
}  # fmt: skip


EXACT: Final[Mapping[str, Kind]] = MappingProxyType({"tuple": TUPLE, "str": STR, "dict": DICT, "int": INT})
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
        case types.Enum(values=values):
            return union(map(of_constant, values))
        case types.Never():
            return NEVER
        case _:
            return ANY
