"""How inferred types relate to annotations, which a check at run time takes more widely.

In: an inferred type (`lattice`) and an annotation. Out: the exact type of what an annotation lets pass
(`strict`), whether every value of a type surely passes (`fits`), whether none can (`refusal`, with what is
wrong). Source: language §5.1-5.4: integers pass for floats, a key may be the string of the same name.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from rtfs_runtime.errors import RtfsError
from rtfs_runtime.types import (
    ANY,
    FN,
    NEVER,
    NUMBER,
    RESOURCE,
    STRING,
    Alias,
    And,
    Array,
    Enum,
    FnType,
    ListOf,
    MapOf,
    MapType,
    Predicate,
    Prim,
    ResourceType,
    Tuple,
    Type,
    Union,
    Val,
    Vector,
    compile_check,
    print_type,
    union,
)
from rtfs_runtime.values import Keyword
from rtfsc.check.lattice import (
    KINDS,
    element,
    field,
    join_all,
    kinds,
    list_of,
    map_of,
    members,
    record,
    tuple_of,
    vector_of,
)

MISSING: Final = "is missing"
"""How a refusal ends that is for a key that a record lacks."""

# how deep an annotation is looked into: below, it is `any`
_LEVELS: Final = 12


@lru_cache(1 << 12)
def strict(want: Type) -> Type:
    """Give the exact type of the values that pass the check of an annotation."""
    return _strict(want, _LEVELS)


def _strict(want: Type, levels: int) -> Type:
    if levels == 0:
        return ANY
    levels -= 1
    match want:
        case Prim("float"):
            return NUMBER
        case Union(alternatives):
            return join_all([_strict(each, levels) for each in alternatives])
        case Vector(item) | Array(item, ()):
            return vector_of(_strict(item, levels))
        case Array(item, shape):
            return vector_of(_strict(Array(item, shape[1:]) if len(shape) > 1 else item, levels))
        case ListOf(item):
            return list_of(_strict(item, levels))
        case Tuple(items):
            return tuple_of([_strict(item, levels) for item in items])
        case MapType():
            # a keyword may be absent where its text stands for it
            fields = [
                (key, _strict(kind, levels), optional or isinstance(key, Keyword))
                for key, kind, optional in want.fields
            ]
            return record(fields, _strict_rest(want, levels))
        case MapOf(key, value):
            return map_of(_strict(key, levels), _strict(value, levels))
        case And(base):
            return _strict(base, levels)
        case FnType():
            return FN
        case ResourceType():
            return union((STRING, RESOURCE))
        case Alias(_, target):
            # of a recursive type one level is known
            return ANY if target is None else _strict(target, levels)
        case Predicate():
            return ANY
        case _:
            return want


def _strict_rest(want: MapType, levels: int) -> Type | None:
    if want.rest is None:
        return None
    # what stands under the text of a key is held to that key's type
    texts = [kind for key, kind, _ in want.fields if isinstance(key, Keyword)]
    return join_all([_strict(kind, levels) for kind in (want.rest, *texts)])


def fits(kind: Type, want: Type) -> bool:
    """Tell whether every value of a type surely passes the check of an annotation."""
    return kind is want or want is ANY or kind is NEVER or _fits(kind, want, _LEVELS)


@lru_cache(1 << 12)
def _fits(kind: Type, want: Type, levels: int) -> bool:
    if kind is want or want is ANY or kind is NEVER:
        return True
    if kind is ANY or levels == 0:
        return False
    levels -= 1
    match want:
        case Prim("float"):
            return not kinds(kind) & ~kinds(NUMBER)
        case Prim():
            return not kinds(kind) & ~kinds(want)
        case And():
            return all(_fits(kind, part, levels) for part in want.kids)
        case Predicate():
            return False
        case Alias(_, target):
            # the name inside its own type is met again with nothing known of it: an honest no
            return target is not None and _fits(kind, target, levels)
        case _:
            return all(_member_fits(part, want, levels) for part in members(kind).values())


def _member_fits(part: Type, want: Type, levels: int) -> bool:
    match part, want:
        case _, Union(alternatives):
            return any(_fits(part, each, levels) for each in alternatives) or _values_fit(part, want)
        case ((Val() | Enum()), _):
            return _values_fit(part, want)
        case ((Vector() | Tuple()), Vector(item)):
            return _fits(element(part), item, levels)
        case ((Vector() | Tuple()), Array(item, shape)):
            return not shape and _fits(element(part), item, levels)
        case Tuple(items), Tuple(others):
            return len(items) == len(others) and all(
                _fits(a, b, levels) for a, b in zip(items, others, strict=True)
            )
        case ListOf(item), ListOf(other):
            return _fits(item, other, levels)
        case ((MapType() | MapOf()), MapType()):
            return _record_fits(part, want, levels)
        case MapOf(key, value), MapOf(keys, values):
            return _fits(key, keys, levels) and _fits(value, values, levels)
        case MapType(), MapOf(keys, values):
            return part.rest is NEVER and all(
                _values_fit(Val(key), keys) and _fits(there, values, levels) for key, there, _ in part.fields
            )
        case _, FnType():
            return part is FN
        case _, ResourceType():
            return not kinds(part) & ~(KINDS["string"] | KINDS["resource-handle"])
        case _:
            return False


def _values_fit(part: Type, want: Type) -> bool:
    return isinstance(part, (Val, Enum)) and all(passes(value, want) for value in part.values)


def passes(value: object, want: Type) -> bool:
    """Tell whether a literal surely passes a check; no where the check itself fails."""
    try:
        return compile_check(want)(value) is None
    except RtfsError:
        return False


def _record_fits(part: MapType | MapOf, want: MapType, levels: int) -> bool:
    for key, kind, optional in want.fields:
        there, may_lack = field(part, key)
        if not _fits(there, kind, levels):
            return False
        if may_lack and not (optional and _lacks_text(part, key)):
            return False
    if want.rest is None:
        return True
    if isinstance(part, MapOf):
        return _fits(part.value, want.rest, levels)
    named = {key for key, _, _ in want.fields}
    others = [there for key, there, _ in part.fields if key not in named]
    return all(_fits(there, want.rest, levels) for there in (*others, part.rest or ANY))


def _lacks_text(part: MapType | MapOf, key: object) -> bool:
    """Tell whether a map surely has nothing under the text of a keyword, which would be checked instead."""
    return not isinstance(key, Keyword) or field(part, key.text)[0] is NEVER


def refusal(kind: Type, want: Type) -> str | None:
    """Say why no value of a type can pass the check of an annotation; None where one may.

    Nothing is said of `never`: there is no value.
    """
    if kind is NEVER or kind is ANY or want is ANY:
        return None
    return _refusal(kind, want, _LEVELS)


@lru_cache(1 << 12)
def _refusal(kind: Type, want: Type, levels: int) -> str | None:
    if kind is NEVER or kind is ANY or levels == 0:
        return None
    found: str | None = None
    for part in members(kind).values():
        reason = _member_refusal(part, want, levels - 1)
        if reason is None:
            return None
        found = found or reason
    if found is not None and len(members(kind)) > 1:
        return _mismatch(kind, want)
    return found


def _mismatch(kind: Type, want: Type) -> str:
    return f"expected {print_type(want)}, got {shown(kind)}"


def _member_refusal(part: Type, want: Type, levels: int) -> str | None:
    if levels == 0:
        return None
    wrong = _mismatch(part, want)
    match part, want:
        case ((Val() | Enum()), _):
            return None if any(_may_pass(value, want) for value in part.values) else wrong
        case _, Union(alternatives):
            reasons = [_member_refusal(part, each, levels - 1) for each in alternatives]
            return None if None in reasons else wrong
        case _, And():
            reasons = [_member_refusal(part, each, levels - 1) for each in want.kids]
            return next((reason for reason in reasons if reason is not None), None)
        case _, Alias(_, target):
            return None if target is None else _member_refusal(part, target, levels - 1)
        case _, Predicate():
            return None
        case Tuple(), (Vector() | Tuple() | Array()):
            return _tuple_refusal(part, want, levels)
        case MapType(), MapType():
            return _record_refusal(part, want, levels)
    return wrong if not kinds(part) & kinds(strict(want)) else None


def literal_refusal(value: object, want: Type) -> str | None:
    """Say why a literal atom cannot pass the check of an annotation."""
    try:
        failure = compile_check(want)(value)
    except RtfsError:
        return None
    return None if failure is None else failure.replace(" at :", ":", 1)


def _may_pass(value: object, want: Type) -> bool:
    try:
        return compile_check(want)(value) is None
    except RtfsError:
        return True


def _tuple_refusal(part: Tuple, want: Vector | Tuple | Array, levels: int) -> str | None:
    if isinstance(want, Tuple):
        if len(part.items) != len(want.items):
            return f"expected {print_type(want)}, got a vector of {len(part.items)}"
        wanted = want.items
    elif isinstance(want, Array) and want.shape:
        return None
    else:
        wanted = (want.element,) * len(part.items)
    for index, (item, kind) in enumerate(zip(part.items, wanted, strict=True)):
        reason = _refusal(item, kind, levels)
        if reason is not None:
            return f"element {index}: {reason}"
    return None


def _record_refusal(part: MapType, want: MapType, levels: int) -> str | None:
    for key, kind, optional in want.fields:
        there, may_lack = field(part, key)
        if there is NEVER and not optional and _lacks_text(part, key):
            return f"required key {shown_key(key)} {MISSING}"
        if not may_lack:
            reason = _refusal(there, kind, levels)
            if reason is not None:
                return f"key {shown_key(key)}: {reason}"
    return None


def shown_key(key: object) -> str:
    """Show a key as programs write it."""
    return f":{key.text}" if isinstance(key, Keyword) else f'"{key}"' if isinstance(key, str) else str(key)


def shown(kind: Type) -> str:
    """Show an inferred type as one would say it: that a record has no other keys is left out."""
    match kind:
        case Val() | Enum():
            return " or ".join(map(shown_key, kind.values))
        case MapType(fields, rest) if rest is NEVER:
            return print_type(MapType(fields))
        case Union(parts):
            return " or ".join([shown(part) for part in parts])
        case _:
            return print_type(kind)
