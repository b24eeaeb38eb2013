"""The types that inference computes with: how they join, narrow and are taken apart.

In: types. Out: types. Here a type means exactly the values it names: `:float` holds no integer and a record
has its keys as written, other than in an annotation, whose check also lets integers and string keys pass
(`relations.strict` gives the exact type of what an annotation lets pass). A union has at most one member of
each kind, so that chains of joins are short; containers are known four levels deep. Everything is remembered
by identity, as types are interned. A record whose `rest` is `:never` has no other keys. Functions are `:fn`;
names, arrays, conditions and signatures occur in annotations only.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Final, TypeGuard

from rtfs_runtime.types import (
    ANY,
    BOOL,
    FLOAT,
    INT,
    LIST,
    MAP,
    NEVER,
    NIL,
    NUMBER,
    STRING,
    SYMBOL,
    VECTOR,
    Any,
    Enum,
    Field,
    ListOf,
    MapKey,
    MapOf,
    MapType,
    Never,
    Prim,
    Tuple,
    Type,
    Union,
    Val,
    Vector,
    union,
)
from rtfs_runtime.values import Keyword, Symbol, kind_name

# one bit for each kind of value, `host-object` the last
KINDS: Final[Mapping[str, int]] = MappingProxyType(
    {
        name: 1 << place
        for place, name in enumerate(
            (
                "int", "float", "string", "bool", "nil", "keyword", "symbol", "fn", "vector", "list", "map",
                "set", "timestamp", "uuid", "resource-handle", "error", "host",
            )
        )
    }
)  # fmt: skip
ALL: Final = (1 << len(KINDS)) - 1
NUMBERS: Final = KINDS["int"] | KINDS["float"]
SEQUENCES: Final = KINDS["vector"] | KINDS["list"]
CALLABLE: Final = KINDS["fn"] | KINDS["keyword"]
FALSY_KINDS: Final = KINDS["nil"] | KINDS["bool"]
_OF_NAME: Final[Mapping[str, int]] = MappingProxyType({**KINDS, "number": NUMBERS})
_OF_KIND_NAME: Final[Mapping[str, int]] = MappingProxyType(
    {"integer": KINDS["int"], "boolean": KINDS["bool"], "function": KINDS["fn"], **KINDS}
)
_PRIMS: Final[Mapping[int, Type]] = MappingProxyType(
    {
        **{bit: Prim(name) for name, bit in KINDS.items() if name not in ("vector", "list", "map", "host")},
        KINDS["vector"]: VECTOR,
        KINDS["list"]: LIST,
        KINDS["map"]: MAP,
    }
)
_BITS: Final = tuple(_PRIMS)

DEEPEST: Final = 4
WIDEST_TUPLE: Final = 8
WIDEST_RECORD: Final = 24
MOST_LITERALS: Final = 24
TRUE: Final = Val(True)
FALSE: Final = Val(False)

Members = Mapping[int, Type]
"""A type by kind: for each bit the part of the type that is of that kind."""


@lru_cache(1 << 14)
def kinds(kind: Type) -> int:
    """Give the kinds that values of a type can be of, as bits of `KINDS`."""
    match kind:
        case Prim(name):
            return _OF_NAME[name]
        case Any():
            return ALL
        case Never():
            return 0
        case Union(members):
            found = 0
            for member in members:
                found |= kinds(member)
            return found
        case Val() | Enum():
            found = 0
            for value in kind.values:
                found |= kind_of_value(value)
            return found
        case Vector() | Tuple():
            return KINDS["vector"]
        case ListOf():
            return KINDS["list"]
        case MapType() | MapOf():
            return KINDS["map"]
        case _:
            raise AssertionError(f"inference does not compute with {kind!r}")


def kind_of_value(value: object) -> int:
    """Give the bit of a value's kind."""
    return _OF_KIND_NAME.get(kind_name(value), KINDS["host"])


@lru_cache(1 << 14)
def members(kind: Type) -> Members:
    """Take a type apart by kind. `any` and what is not computed with gives whole kinds."""
    found: dict[int, Type] = {}
    match kind:
        case Union(parts):
            for part in parts:
                for bit, member in members(part).items():
                    found[bit] = _join_member(bit, found[bit], member) if bit in found else member
        case Val() | Enum():
            groups: dict[int, list[object]] = {}
            for value in kind.values:
                groups.setdefault(kind_of_value(value), []).append(value)
            found = {bit: literals(values) for bit, values in groups.items()}
        case Vector() | Tuple() | ListOf() | MapType() | MapOf():
            found = {kinds(kind): kind}
        case _:
            having = kinds(kind)
            found = {bit: _PRIMS[bit] for bit in _BITS if having & bit}
    return MappingProxyType(found)


def from_members(parts: Members) -> Type:
    """Put a type together from its parts by kind."""
    kept = {bit: part for bit, part in parts.items() if part is not NEVER}
    if len(kept) == 1:
        return next(iter(kept.values()))
    # in the order of the bits, so that equal types are one object
    ordered = [kept[bit] for bit in _BITS if bit in kept]
    if len(ordered) > 1 and ordered[0] is INT and ordered[1] is FLOAT:
        ordered[:2] = [NUMBER]
    return union(ordered)


def literals(values: Iterable[object]) -> Type:
    """Give the type of some literals of one kind: the kind itself for floats, and when they are many."""
    listed = list(dict.fromkeys(values))
    bit = kind_of_value(listed[0])
    if bit == KINDS["float"] or len(listed) > MOST_LITERALS or (bit == KINDS["bool"] and len(listed) == 2):
        return _PRIMS[bit]
    return Val(listed[0]) if len(listed) == 1 else Enum(listed)


def join(left: Type, right: Type) -> Type:
    """Find a type that holds both, precise by kind."""
    if left is right or right is NEVER:
        return left
    if left is NEVER:
        return right
    if left is ANY or right is ANY:
        return ANY
    return _join(left, right)


@lru_cache(1 << 14)
def _join(left: Type, right: Type) -> Type:
    mine, other = members(left), members(right)
    found = dict(mine)
    changed = False
    for bit, part in other.items():
        old = found.get(bit)
        new = part if old is None else _join_member(bit, old, part)
        if new is not old:
            found[bit] = new
            changed = True
    # the left side itself comes back when it holds the right one: nothing grew
    return from_members(found) if changed else left


def _join_member(bit: int, left: Type, right: Type) -> Type:
    if left is right:
        return left
    whole = _PRIMS[bit]
    if left is whole or right is whole:
        return whole
    match left, right:
        case ((Val() | Enum()), (Val() | Enum())):
            if set(right.values) <= set(left.values):
                return left
            return literals((*left.values, *right.values))
        case (Tuple(mine), Tuple(other)) if len(mine) == len(other):
            return tuple_of([join(a, b) for a, b in zip(mine, other, strict=True)])
        case (MapType(), MapType()):
            return _join_records(left, right)
        case ((MapType() | MapOf()), (MapType() | MapOf())):
            (key, value), (other_key, other_value) = map_entries(left), map_entries(right)
            return map_of(join(key, other_key), join(value, other_value))
    if bit == KINDS["vector"]:
        return vector_of(join(element(left), element(right)))
    if bit == KINDS["list"]:
        return list_of(join(element(left), element(right)))
    return whole


def _join_records(left: MapType, right: MapType) -> Type:
    mine = {key: (kind, optional) for key, kind, optional in left.fields}
    other = {key: (kind, optional) for key, kind, optional in right.fields}
    fields: list[Field] = []
    for key in dict.fromkeys((*mine, *other)):
        a = mine.get(key) or _absent(left)
        b = other.get(key) or _absent(right)
        if a is not None and b is not None:
            fields.append((key, join(a[0], b[0]), a[1] or b[1]))
    if left.rest is None or right.rest is None:
        return record(fields, None)
    return record(fields, join(left.rest, right.rest))


def _absent(kind: MapType) -> tuple[Type, bool] | None:
    """Say what a record has at a key that it does not name; None for anything."""
    return None if kind.rest is None else (kind.rest, True)


@lru_cache(1 << 12)
def map_entries(kind: Type) -> tuple[Type, Type]:
    """Give the types of the keys and of the values of maps; `never` of what is no map."""
    part = members(kind).get(KINDS["map"])
    match part:
        case None:
            return NEVER, NEVER
        case MapOf(key, value):
            return key, value
        case MapType(fields, rest) if rest is NEVER:
            return join_all([literal(key) for key, _, _ in fields]), join_all([kind for _, kind, _ in fields])
        case _:
            return ANY, ANY


@lru_cache(1 << 14)
def depth(kind: Type) -> int:
    """Count the levels of containers in a type."""
    below = [depth(part) for part in kind.kids]
    deepest = max(below, default=0)
    return deepest + 1 if isinstance(kind, (Vector, Tuple, ListOf, MapType, MapOf)) else deepest


def clipped(kind: Type) -> Type:
    """Give the type of a part of a container: unknown where it would be too deep."""
    return ANY if depth(kind) >= DEEPEST else kind


def vector_of(item: Type) -> Type:
    """Make the type of vectors."""
    return Vector(clipped(item))


def list_of(item: Type) -> Type:
    """Make the type of lists."""
    return ListOf(clipped(item))


def tuple_of(items: list[Type]) -> Type:
    """Make the type of vectors with known elements, when they are few."""
    if len(items) <= WIDEST_TUPLE:
        return Tuple(map(clipped, items))
    return vector_of(join_all(items))


def map_of(key: Type, value: Type) -> Type:
    """Make the type of maps."""
    return MAP if key is ANY and value is ANY else MapOf(key, clipped(value))


def record(fields: Iterable[Field], rest: Type | None) -> Type:
    """Make the type of maps with known keys, when they are few."""
    listed = tuple((key, clipped(kind), optional) for key, kind, optional in fields)
    made = MapType(listed, None if rest is None else clipped(rest))
    return made if len(listed) <= WIDEST_RECORD else map_of(*map_entries(made))


def join_all(parts: Iterable[Type]) -> Type:
    """Find a type that holds all."""
    found: Type = NEVER
    for part in parts:
        found = join(found, part)
    return found


def literal(value: object) -> Type:
    """Give the type of a literal atom. Numbers are known by kind only: counters would never settle else."""
    key = (value.__class__, value) if value.__class__ in _LITERAL_CLASSES else None
    return ANY if key is None else _literal(key)


_LITERAL_CLASSES: Final = frozenset({type(None), bool, int, float, str, Keyword, Symbol})


@lru_cache(1 << 12)
def _literal(key: tuple[type, object]) -> Type:
    value = key[1]
    match value:
        case None:
            return NIL
        case bool():
            return BOOL
        case int():
            return INT
        case float():
            return FLOAT
        case Symbol():
            return SYMBOL
        case _:
            return Val(value)


@lru_cache(1 << 14)
def element(kind: Type) -> Type:
    """Give the type of the elements of what iterates: vectors, lists, sets, strings; `never` of others."""
    found: Type = NEVER
    for bit, part in members(kind).items():
        match part:
            case Vector(item) | ListOf(item):
                found = join(found, item)
            case Tuple(items):
                found = join(found, join_all(items))
            case _ if bit == KINDS["string"]:
                found = join(found, STRING)
            case _ if bit == KINDS["set"]:
                return ANY
    return found


def item_at(kind: Type, index: int) -> Type:
    """Give the type of an element of a vector or list that is long enough."""
    found: Type = NEVER
    for bit, part in members(kind).items():
        if bit & SEQUENCES:
            if isinstance(part, Tuple):
                found = join(found, part.items[index] if index < len(part.items) else NEVER)
            else:
                found = join(found, element(part))
    return found


def is_key_literal(value: object) -> TypeGuard[MapKey]:
    """Tell whether a literal can be a key of a map."""
    return value.__class__ in (Keyword, str, int)


def field(kind: Type, key: MapKey) -> tuple[Type, bool]:
    """Give the type of what a map holds at a key, and whether it may be absent."""
    found: Type = NEVER
    optional = False
    part = members(kind).get(KINDS["map"])
    match part:
        case MapType():
            for name, kind_there, may_lack in part.fields:
                # keys 1 and true are no literals of the same kind
                if name == key and name.__class__ is key.__class__:
                    return kind_there, may_lack
            return (ANY if part.rest is None else part.rest), True
        case MapOf(_, value):
            return value, True
        case None:
            return found, optional
        case _:
            return ANY, True


def with_field(kind: Type, key: MapKey, value: Type) -> Type:
    """Give the type of a map in which a key has been set."""
    part = members(kind).get(KINDS["map"])
    match part:
        case MapType():
            fields = [
                (name, value if name == key else there, optional and name != key)
                for name, there, optional in part.fields
            ]
            if all(name != key for name, _, _ in fields):
                fields.append((key, value, False))
            return record(fields, part.rest)
        case MapOf(names, there):
            return map_of(join(names, literal(key)), join(there, value))
        case _:
            return MAP


def only(kind: Type, bits: int) -> Type:
    """Keep the values that are of some kinds."""
    if kind is ANY:
        whole = {bit: _PRIMS[bit] for bit in _BITS if bits & bit}
        return ANY if bits & KINDS["host"] else from_members(whole)
    having = kinds(kind)
    if not having & ~bits:
        return kind
    return from_members({bit: part for bit, part in members(kind).items() if bit & bits})


def without(kind: Type, bits: int) -> Type:
    """Leave out the values of some kinds; `any` stays, as its other half is not a type."""
    return kind if kind is ANY else only(kind, ALL & ~bits)


def truthy(kind: Type) -> Type:
    """Keep the values that count as true."""
    if kind is ANY or not kinds(kind) & FALSY_KINDS:
        return kind
    return without_value(without(kind, KINDS["nil"]), False)


def falsy(kind: Type) -> Type:
    """Keep nil and false."""
    if kind is ANY:
        return union((NIL, FALSE))
    return without_value(only(kind, FALSY_KINDS), True)


def with_value(kind: Type, value: object) -> Type:
    """Keep what equals an atom."""
    bit = kind_of_value(value)
    if not kinds(kind) & bit:
        return NEVER
    part = members(kind).get(bit)
    if isinstance(part, (Val, Enum)) and value not in part.values:
        return NEVER
    return Val(value) if value.__class__ is bool else literal(value)


def without_value(kind: Type, value: object) -> Type:
    """Leave out what equals an atom, where types can tell."""
    bit = kind_of_value(value)
    part = None if kind is ANY else members(kind).get(bit)
    if part is None:
        return kind
    if part is NIL:
        left: Type = NEVER
    elif part is BOOL:
        left = FALSE if value is True else TRUE
    elif isinstance(part, (Val, Enum)):
        values = [each for each in part.values if each != value]
        left = literals(values) if values else NEVER
    else:
        return kind
    return from_members({**members(kind), bit: left})


def meet(left: Type, right: Type) -> Type:
    """Find the values of both, kind by kind; where neither part is the narrower one, those of the right."""
    if left is ANY or left is right:
        return right
    if right is ANY:
        return left
    return _meet(left, right)


@lru_cache(1 << 14)
def _meet(left: Type, right: Type) -> Type:
    mine, other = members(left), members(right)
    found: dict[int, Type] = {}
    for bit, part in mine.items():
        there = other.get(bit)
        if there is not None:
            found[bit] = part if _join_member(bit, there, part) is there else _meet_member(part, there)
    return from_members(found)


def _meet_member(left: Type, right: Type) -> Type:
    if isinstance(left, (Val, Enum)) and isinstance(right, (Val, Enum)):
        both = [value for value in left.values if value in right.values]
        return literals(both) if both else NEVER
    if isinstance(left, Tuple) and isinstance(right, Tuple) and len(left.items) != len(right.items):
        return NEVER
    return right


def is_within(left: Type, right: Type) -> bool:
    """Tell whether the right type surely holds the left one."""
    return right is ANY or join(right, left) is right
