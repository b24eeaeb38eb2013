"""Rules for maps, and for what they share with vectors.

In: the types of operands, literal keys. Out: types of values and of maps.
"""

from __future__ import annotations

from typing import Final

from rtfs_runtime.types import ANY, MAP, NEVER, NIL, VECTOR, MapType, Type, union
from rtfs_runtime.values import Keyword
from rtfsc.check.lattice import (
    KINDS,
    field,
    is_key_literal,
    join,
    join_all,
    kinds,
    map_entries,
    map_of,
    members,
    only,
    record,
    vector_of,
    with_field,
)
from rtfsc.check.rules.sequences import entry
from rtfsc.check.rules.table import KEYS, MAPS, STRINGS, VECTORS, Operands, Outcome, element_of, if_kind, rule


@rule("get")
def _get(operands: Operands) -> Outcome:
    kind, key = operands.types[:2]
    default = operands.types[2] if len(operands.types) == 3 else NIL
    having = kinds(kind)
    found: Type = NEVER
    if having & KINDS["error"]:
        found = ANY
    if having & VECTORS:
        found = join(found, join(element_of(only(kind, VECTORS)), default))
    if having & MAPS:
        found = join(found, looked_up(kind, operands.constant(1), default))
    safe = (not having & ~MAPS and not kinds(key) & ~KEYS) or (
        not having & ~VECTORS and not kinds(key) & ~KINDS["int"]
    )
    return Outcome(found, not safe)


def looked_up(kind: Type, key: object, default: Type) -> Type:
    if is_key_literal(key):
        found, may_lack = field(kind, key)
        return join(found, default) if may_lack else found
    return join(map_entries(kind)[1], default)


def of_keyword(key: Keyword, types: list[Type]) -> Outcome:
    """Give what a keyword gives when it is called."""
    kind = types[0]
    default = types[1] if len(types) == 2 else NIL
    having = kinds(kind)
    found: Type = ANY if having & KINDS["error"] else NEVER
    if having & KINDS["nil"]:
        found = join(found, default)
    if having & MAPS:
        found = join(found, looked_up(kind, key, default))
    return Outcome(found, bool(having & ~(MAPS | KINDS["nil"] | KINDS["error"])))


@rule("assoc")
def _assoc(operands: Operands) -> Outcome:
    kind, *pairs = operands.types
    having = kinds(kind)
    found: Type = NEVER
    if having & VECTORS:
        found = vector_of(join(element_of(only(kind, VECTORS)), join_all(pairs[1::2])))
    if not having & MAPS:
        return Outcome(found, True)
    made = only(kind, MAPS)
    safe = not having & ~MAPS and len(pairs) % 2 == 0
    for at in range(1, len(operands.types) - 1, 2):
        key = operands.constant(at)
        value = operands.types[at + 1]
        safe = safe and not kinds(operands.types[at]) & ~KEYS
        if is_key_literal(key):
            made = with_field(made, key, value)
        else:
            made = map_of(ANY, join(map_entries(made)[1], value))
    return Outcome(join(found, made), not safe)


@rule("dissoc")
def _dissoc(operands: Operands) -> Outcome:
    kind = operands.types[0]
    part = members(kind).get(MAPS) if kind is not ANY else None
    if not isinstance(part, MapType):
        return if_kind(kind, MAPS, MAP if part is None else part)
    dropped = [operands.constant(at) for at in range(1, len(operands.types))]
    if all(is_key_literal(key) for key in dropped):
        fields = [row for row in part.fields if all(not _same_key(row[0], key) for key in dropped)]
        return if_kind(kind, MAPS, record(fields, part.rest))
    fields = [(key, there, True) for key, there, _ in part.fields]
    return if_kind(kind, MAPS, record(fields, part.rest))


def _same_key(left: object, right: object) -> bool:
    return left.__class__ is right.__class__ and left == right


@rule("merge")
def _merge(operands: Operands) -> Outcome:
    types = operands.types
    having = 0
    for kind in types:
        having |= kinds(kind)
        if not kinds(kind) & MAPS:
            return Outcome(NEVER, True)
    made = only(types[0], MAPS)
    for kind in types[1:]:
        part = members(kind).get(MAPS)
        if not isinstance(part, MapType) or part.rest is not NEVER or any(o for _, _, o in part.fields):
            keys, values = map_entries(made)
            more = map_entries(kind)
            made = map_of(join(keys, more[0]), join(values, more[1]))
            continue
        for key, there, _ in part.fields:
            made = with_field(made, key, there)
    return Outcome(made, bool(having & ~MAPS))


@rule("keys")
def _keys(operands: Operands) -> Outcome:
    return if_kind(operands.types[0], MAPS, vector_of(map_entries(operands.types[0])[0]))


@rule("vals")
def _vals(operands: Operands) -> Outcome:
    return if_kind(operands.types[0], MAPS, vector_of(map_entries(operands.types[0])[1]))


@rule("entries")
def _all_entries(operands: Operands) -> Outcome:
    return if_kind(operands.types[0], MAPS, vector_of(entry(operands.types[0])))


@rule("update-vals")
def _update_vals(operands: Operands) -> Outcome:
    keys, values = map_entries(operands.types[0])
    found = operands.apply(1, [values])
    return if_kind(operands.types[0], MAPS, map_of(keys, found))


@rule("update")
def _update(operands: Operands) -> Outcome:
    kind, _, function = operands.types[:3]
    if kinds(function) & STRINGS or kinds(kind) & ~MAPS:
        return Outcome(ANY if kind is ANY else only(MAP_OR_VECTOR, kinds(kind)), True)
    key = operands.constant(1)
    old = looked_up(kind, key, NIL)
    new = operands.apply(2, [old, *operands.types[3:]])
    if is_key_literal(key):
        return Outcome(with_field(kind, key, new), False)
    return Outcome(map_of(ANY, join(map_entries(kind)[1], new)), bool(kinds(operands.types[1]) & ~KEYS))


MAP_OR_VECTOR: Final = union((MAP, VECTOR))
