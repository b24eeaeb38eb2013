"""What the functions of the ABI give that lowering calls by name (`Op`).

In: the name, the types of its arguments, the arguments themselves. Out: the type, and the effect beside that
of the arguments. A name that is not known here may do anything.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from rtfs_runtime.types import ANY, BOOL, ERROR, FN, INT, LIST, MAP, NEVER, NIL, VECTOR, Type
from rtfsc.check.lattice import (
    KINDS,
    SEQUENCES,
    element,
    field,
    is_key_literal,
    item_at,
    join,
    join_all,
    kinds,
    list_of,
    members,
    only,
    vector_of,
)
from rtfsc.ir.nodes import Const, Effect, Expr

Given = tuple[Type, Effect]
_MAP_LIKE: Final = KINDS["map"] | KINDS["error"]


def _literal(node: Expr) -> object:
    return node.value if isinstance(node, Const) else None


def _elements(kind: Type) -> Type:
    return ANY if kind is ANY else element(only(kind, SEQUENCES))


def _items(types: list[Type], args: tuple[Expr, ...]) -> Given:
    return vector_of(_elements(types[0])), Effect.PURE


def _exact_items(types: list[Type], args: tuple[Expr, ...]) -> Given:
    return _sized_items(types[0], _literal(args[1]), exact=True)


def _least_items(types: list[Type], args: tuple[Expr, ...]) -> Given:
    return _sized_items(types[0], _literal(args[1]), exact=False)


def _sized_items(kind: Type, count: object, *, exact: bool) -> Given:
    assert isinstance(count, int)
    having = kinds(kind)
    if not having & SEQUENCES:
        return NEVER, Effect.FAILS
    part = members(kind).get(KINDS["vector"]) if having == KINDS["vector"] else None
    if part is None or part.tag != "tuple":
        return vector_of(_elements(kind)), Effect.FAILS
    size = len(part.kids)
    if size == count or (size > count and not exact):
        return part, Effect.PURE
    return NEVER, Effect.FAILS


def _item(types: list[Type], args: tuple[Expr, ...]) -> Given:
    index = _literal(args[1])
    assert isinstance(index, int)
    return ANY if types[0] is ANY else item_at(types[0], index), Effect.PURE


def _rest_items(types: list[Type], args: tuple[Expr, ...]) -> Given:
    item, source = _elements(types[0]), kinds(types[2])
    found: Type = list_of(item) if source & KINDS["list"] else NEVER
    return join(found, vector_of(item)) if source & KINDS["vector"] else found, Effect.PURE


def _map_view(types: list[Type], args: tuple[Expr, ...]) -> Given:
    having = kinds(types[0])
    found = only(types[0], KINDS["map"])
    if having & KINDS["error"]:
        found = MAP
    return found, Effect.FAILS if having & ~_MAP_LIKE else Effect.PURE


def _map_get(types: list[Type], args: tuple[Expr, ...]) -> Given:
    key = _literal(args[1])
    if types[0] is ANY or not is_key_literal(key):
        return ANY, Effect.PURE
    found, may_lack = field(types[0], key)
    return join(found, NIL) if may_lack else found, Effect.PURE


def _for_items(types: list[Type], args: tuple[Expr, ...]) -> Given:
    return _if_kind(types[0], SEQUENCES, vector_of(_elements(types[0])))


def _times(types: list[Type], args: tuple[Expr, ...]) -> Given:
    return _if_kind(types[0], KINDS["int"], vector_of(INT))


def _if_kind(kind: Type, bits: int, result: Type) -> Given:
    having = kinds(kind)
    return result if having & bits else NEVER, Effect.FAILS if having & ~bits else Effect.PURE


def _list(types: list[Type], args: tuple[Expr, ...]) -> Given:
    return list_of(join_all(types)), Effect.PURE


def _conforms(types: list[Type], args: tuple[Expr, ...]) -> Given:
    # a pattern may turn out to be no regular expression
    data = _literal(args[1])
    fails = isinstance(data, tuple) and "matches-regex" in data
    return BOOL, Effect.FAILS if fails else Effect.PURE


_OUTSIDE: Final = Effect.READS | Effect.FAILS
_FIXED: Final[Mapping[str, Given]] = MappingProxyType(
    {
        **dict.fromkeys(
            ("equal", "is_seq", "is_seq_least", "is_map", "map_has", "is_kind", "has_key"),
            (BOOL, Effect.PURE),
        ),
        **dict.fromkeys(("arity_failure", "match_failure", "invalid_arguments"), (ERROR, Effect.PURE)),
        **dict.fromkeys(("lookup", "context", "resource_ref", "get_shorthand"), (ANY, _OUTSIDE)),
        "map_without": (MAP, Effect.PURE),
        "delay": (FN, Effect.PURE),
        "make_struct": (FN, Effect.PURE),
        "check_items": (NIL, Effect.FAILS),
        "loop_guard": (INT, Effect.FAILS),
        "splice_items": (VECTOR, Effect.FAILS),
        "splice_list": (LIST, Effect.PURE),
        "splice_vector": (VECTOR, Effect.PURE),
        "push_hints": (NIL, Effect.UNKNOWN),
        "pop_hints": (NIL, Effect.UNKNOWN),
    }
)  # fmt: skip
_RULES: Final[Mapping[str, Callable[[list[Type], tuple[Expr, ...]], Given]]] = MappingProxyType(
    {
        "seq_items": _items,
        "seq_exact": _exact_items,
        "seq_least": _least_items,
        "seq_at": _item,
        "seq_rest": _rest_items,
        "map_view": _map_view,
        "map_get": _map_get,
        "for_items": _for_items,
        "times": _times,
        "list": _list,
        "conforms": _conforms,
    }
)
_ANYTHING: Final[Given] = (ANY, Effect.UNKNOWN)


def of_operation(name: str, types: list[Type], args: tuple[Expr, ...]) -> Given:
    """Give the type and the effect of a call of the ABI."""
    if NEVER in types:
        return NEVER, Effect.PURE
    rule = _RULES.get(name)
    return rule(types, args) if rule is not None else _FIXED.get(name, _ANYTHING)
