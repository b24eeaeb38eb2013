"""Rules for sizes, elements, parts of sequences, and for making collections.

In: the types of operands. Out: types of elements and of sequences of the kind that came in.
"""

from __future__ import annotations

from rtfs_runtime.types import ANY, INT, MAP, NEVER, NIL, SET, STRING, Type
from rtfsc.check.lattice import (
    KINDS,
    element,
    item_at,
    join,
    join_all,
    kinds,
    list_of,
    map_entries,
    members,
    only,
    tuple_of,
    vector_of,
    without,
)
from rtfsc.check.rules.table import (
    ITERABLE,
    MAPS,
    SIZED,
    STRINGS,
    VECTORS,
    Operands,
    Outcome,
    element_of,
    if_kind,
    rule,
)


@rule("count", "length")
def _size(operands: Operands) -> Outcome:
    return if_kind(operands.types[0], SIZED, INT)


@rule("first")
def _first(operands: Operands) -> Outcome:
    return _element(operands.types[0], 0)


@rule("second")
def _second(operands: Operands) -> Outcome:
    return _element(operands.types[0], 1)


def _element(kind: Type, index: int) -> Outcome:
    having = kinds(kind)
    if not having & ITERABLE:
        return Outcome(NEVER, True)
    part = members(kind).get(VECTORS) if having & ITERABLE == VECTORS else None
    items = None if part is None else _items(part)
    if items is not None:
        found = items[index] if index < len(items) else NIL
    else:
        found = join(element_of(kind), NIL)
    return Outcome(found, bool(having & ~ITERABLE))


def _items(part: Type) -> tuple[Type, ...] | None:
    return part.kids if part.tag == "tuple" else None


@rule("last")
def _last(operands: Operands) -> Outcome:
    (kind,) = operands.types
    found = join(element_of(kind), NIL)
    return if_kind(kind, ITERABLE, join(found, STRING) if kinds(kind) & STRINGS else found)


@rule("nth")
def _nth(operands: Operands) -> Outcome:
    kind = operands.types[0]
    index = operands.constant(1)
    found = element_of(kind)
    if isinstance(index, int) and index >= 0 and kinds(kind) & ITERABLE == VECTORS:
        found = item_at(kind, index)
    if len(operands.types) == 3:
        found = join(element_of(kind), operands.types[2])
    return Outcome(found, True)


def like(kind: Type, item: Type) -> Type:
    """Give the type of a sequence of the kind that came in, with other elements."""
    found: Type = NEVER
    having = kinds(kind)
    if having & (VECTORS | KINDS["set"]):
        found = join(found, vector_of(item))
    if having & KINDS["list"]:
        found = join(found, list_of(item))
    return join(found, STRING) if having & STRINGS else found


def same(kind: Type) -> Outcome:
    return if_kind(kind, ITERABLE, like(kind, element_of(kind)))


@rule("rest", "butlast", "reverse", "distinct")
def _part(operands: Operands) -> Outcome:
    return same(operands.types[0])


@rule("take", "drop", "take-last", "drop-last")
def _amount(operands: Operands) -> Outcome:
    found = same(operands.types[1])
    return Outcome(found.type, found.fails or bool(kinds(operands.types[0]) & ~KINDS["int"]))


@rule("subvec")
def _cut(operands: Operands) -> Outcome:
    return Outcome(same(without(operands.types[0], STRINGS)).type, True)


@rule("partition")
def _partition(operands: Operands) -> Outcome:
    return Outcome(vector_of(vector_of(element_of(operands.types[1]))), True)


@rule("vector")
def _vector(operands: Operands) -> Outcome:
    return Outcome(tuple_of(operands.types), False)


@rule("list")
def _list(operands: Operands) -> Outcome:
    return Outcome(list_of(join_all(operands.types)), False)


@rule("vec")
def _vec(operands: Operands) -> Outcome:
    (kind,) = operands.types
    found = _poured(kind)
    return if_kind(kind, SIZED, vector_of(found))


def _poured(kind: Type) -> Type:
    """Give the type of the elements of a sequence, or of the entries of a map."""
    if kind is ANY:
        return ANY
    found = element(kind)
    return join(found, entry(kind)) if kinds(kind) & MAPS else found


def entry(kind: Type) -> Type:
    keys, values = map_entries(kind)
    return tuple_of([keys, values])


@rule("conj")
def _conj(operands: Operands) -> Outcome:
    kind, *added = operands.types
    bits = VECTORS | KINDS["list"] | KINDS["set"] | MAPS
    more = join_all(added)
    found: Type = NEVER
    having = kinds(kind)
    if having & VECTORS:
        found = join(found, vector_of(join(element_of(only(kind, VECTORS)), more)))
    if having & KINDS["list"]:
        found = join(found, list_of(join(element_of(only(kind, KINDS["list"])), more)))
    if having & KINDS["set"]:
        found = join(found, SET)
    if having & MAPS:
        found = join(found, MAP)
    return Outcome(found, bool(having & ~(bits & ~MAPS)))


@rule("cons")
def _cons(operands: Operands) -> Outcome:
    item, kind = operands.types
    bits = ITERABLE & ~STRINGS
    return if_kind(kind, bits, like(without(kind, STRINGS), join(item, element_of(kind))))


@rule("concat")
def _concat(operands: Operands) -> Outcome:
    found: Type = NEVER
    for kind in operands.types:
        found = join(found, join(element_of(kind), without(kind, ITERABLE)))
    # more elements than may be made is a limit, which no effect counts
    return Outcome(vector_of(found), False)


@rule("into")
def _into(operands: Operands) -> Outcome:
    kind, source = operands.types
    having = kinds(kind)
    items = _poured(source)
    found: Type = NEVER
    if having & VECTORS:
        found = join(found, vector_of(join(element_of(only(kind, VECTORS)), items)))
    if having & KINDS["list"]:
        found = join(found, list_of(join(element_of(only(kind, KINDS["list"])), items)))
    if having & KINDS["set"]:
        found = join(found, SET)
    return Outcome(join(found, MAP) if having & MAPS else found, True)


@rule("repeat")
def _repeat(operands: Operands) -> Outcome:
    return Outcome(vector_of(operands.types[1]), bool(kinds(operands.types[0]) & ~KINDS["int"]))


@rule("identity")
def _identity(operands: Operands) -> Outcome:
    return Outcome(operands.types[0], False)
