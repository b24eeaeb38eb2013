"""Builtins on maps, and those that maps share with vectors: get, assoc, update.

In: maps (and vectors where the reference says so). Out: values, or new maps in insertion order.
"""

from __future__ import annotations

from typing import Any

from rtfs_runtime.builtins.operands import KEY_KINDS, bad_key, flat, index_error, integer, mapping, sequence
from rtfs_runtime.builtins.table import builtin
from rtfs_runtime.errors import RtfsError, arity_error, type_error
from rtfs_runtime.maps import PROMOTE_AT, BigMap, Map, is_key, is_map, map_assoc, map_dissoc
from rtfs_runtime.values import Keyword, error_map, kind_name
from rtfs_runtime.vectors import PROMOTE_AT as VECTOR_PROMOTE_AT
from rtfs_runtime.vectors import BigVector, vec_assoc


@builtin(
    "get",
    "[:fn [:any :any & :any] :any]",
    intrinsic="get",
    examples=(
        ("(get {:a nil} :a 9)", "nil"),
        ('(get {:a 1} "a" :no)', ":no"),
        ("(get [10 20] -1)", "nil"),
        ("(get nil :a 1)", "!TypeError"),
    ),
)
def get(value: Any, key: Any, default: object = None) -> object:
    """Give the value at a key of a map or an index of a vector, else the default."""
    kind = value.__class__
    if kind is dict or kind is BigMap:
        if key.__class__ is Keyword or key.__class__ is str or key.__class__ is int:
            return value.get(key, default)
        raise bad_key(key, "get")
    if kind is tuple or kind is BigVector or kind is list:
        integer(key, "get", "integer index")
        return value[key] if 0 <= key < len(value) else default
    if isinstance(value, RtfsError):
        if not is_key(key):
            raise bad_key(key, "get")
        return error_map(value).get(key, default)
    raise type_error("map or vector", kind_name(value), "get")


_ABSENT = object()


def _step(value: Any, key: Any) -> object:
    """Go one step along a path; `_ABSENT` where there is nothing."""
    kind = value.__class__
    if kind is dict or kind is BigMap:
        return value.get(key, _ABSENT) if is_key(key) else _ABSENT
    if kind is tuple or kind is BigVector or kind is list:
        # a list is a vector that a loop fills
        return value[key] if key.__class__ is int and 0 <= key < len(value) else _ABSENT
    if isinstance(value, RtfsError) and is_key(key):
        return error_map(value).get(key, _ABSENT)
    return _ABSENT


@builtin(
    "get-in",
    "[:fn [:any [:vector :any] & :any] :any]",
    examples=(
        ('(get-in {:a [{"b" 5}]} [:a 0 "b"])', "5"),
        ("(get-in {:a 1} [:x :y] :d)", ":d"),
        ("(get-in {1 :x} [1])", ":x"),
    ),
)
def get_in(value: Any, path: object, default: object = None) -> object:
    """Follow a path of keys and indices; the default where it leads nowhere."""
    for key in sequence(path, "get-in"):
        if value.__class__ is dict and key.__class__ in KEY_KINDS:
            value = value.get(key, _ABSENT)
        else:
            value = _step(value, key)
        if value is _ABSENT:
            return default
    return value


@builtin(
    "find",
    "[:fn [:map :any] :any]",
    examples=(
        ("(find {:a nil} :a)", "[:a nil]"),
        ("(find {:a 1} :b)", "nil"),
        ("(find {:a 1} [1])", "nil"),
        ("(find [1] 0)", "!TypeError"),
    ),
)
def find(value: Map, key: Any) -> object:
    """Give the [key value] entry of a key, or nil."""
    source = mapping(value, "find")
    return (key, source[key]) if is_key(key) and key in source else None


@builtin(
    "assoc",
    "[:fn [:any :any :any & :any] :any]",
    intrinsic="assoc",
    raises=("TypeError", "IndexOutOfBounds", "ArityMismatch"),
    examples=(
        ("(assoc {:n 1} :n 2)", "{:n 2}"),
        ("(assoc [7 8] 1 :x)", "[7 :x]"),
        ("(assoc [7 8] 2 :x)", "!IndexOutOfBounds"),
        ("(assoc nil :a 1)", "!TypeError"),
    ),
)
def assoc(value: Any, key: object, content: object, *pairs: object) -> object:
    """Set keys of a map, or existing indices of a vector, from the left to the right."""
    if len(pairs) % 2:
        raise arity_error("assoc", "an odd number", 3 + len(pairs))
    if value.__class__ is dict and len(value) < PROMOTE_AT:
        if key.__class__ not in KEY_KINDS:
            raise bad_key(key, "assoc")
        made = value.copy()
        made[key] = content
        for at in range(0, len(pairs), 2):
            if pairs[at].__class__ not in KEY_KINDS:
                raise bad_key(pairs[at], "assoc")
            made[pairs[at]] = pairs[at + 1]
        return made
    value = put(value, key, content, "assoc")
    for at in range(0, len(pairs), 2):
        value = put(value, pairs[at], pairs[at + 1], "assoc")
    return value


def put(value: Any, key: Any, content: object, operation: str) -> Any:
    """Set one key of a map, or one existing index of a vector; along a path nil is an empty map."""
    if value is None and operation in ("update-in", "assoc-in"):
        value = {}
    kind = value.__class__
    if kind is tuple and key.__class__ is int and 0 <= key < len(value) < VECTOR_PROMOTE_AT:
        made = list(value)
        made[key] = content
        return tuple(made)
    if kind is dict or kind is BigMap:
        if key.__class__ is Keyword or key.__class__ is str or key.__class__ is int:
            return map_assoc(value, key, content)
        raise bad_key(key, operation)
    if kind is tuple or kind is BigVector:
        if not 0 <= integer(key, operation, "integer index") < len(value):
            raise index_error(key, len(value))
        return vec_assoc(value, key, content)
    raise type_error("map or vector", kind_name(value), operation)


@builtin(
    "dissoc",
    "[:fn [:map :any & :any] :map]",
    examples=(("(dissoc {:a 1 :b 2} :b :zz 1.5)", "{:a 1}"), ("(dissoc [1] 0)", "!TypeError")),
)
def dissoc(value: Map, first: object, *others: object) -> Map:
    """Leave out keys; those that are absent or impossible are ignored."""
    found = mapping(value, "dissoc")
    for key in (first, *others):
        if is_key(key):
            found = map_dissoc(found, key)
    return found


@builtin(
    "merge",
    "[:fn [:map & :map] :map]",
    examples=(("(merge {:a {:x 1}} {:a {:y 2}})", "{:a {:y 2}}"), ("(merge {:a 1} nil)", "!TypeError")),
)
def merge(first: Map, *others: Map) -> Map:
    """Put all entries into one map; later ones win."""
    made = mapping(first, "merge")
    for other in others:
        mapping(other, "merge")
        if len(made) >= PROMOTE_AT and len(other) * 8 < len(made):
            # few entries into a big map: share what stays
            for key, content in other.items():
                made = map_assoc(made, key, content)
        else:
            made = flat(made) | flat(other)
    return made


@builtin(
    "keys",
    "[:fn [:map] [:vector :any]]",
    examples=(('(keys {"k" 1 :a 2})', '["k" :a]'), ("(keys nil)", "!TypeError")),
)
def keys(value: Map) -> object:
    """Give the keys in insertion order."""
    return tuple(mapping(value, "keys").keys())


@builtin(
    "vals", "[:fn [:map] [:vector :any]]", examples=(("(vals {:a 5})", "[5]"), ("(vals [1])", "!TypeError"))
)
def vals(value: Map) -> object:
    """Give the values in the order of their keys."""
    return tuple(mapping(value, "vals").values())


@builtin("entries", "[:fn [:map] [:vector :any]]", examples=(("(entries {:a 1 :b 2})", "[[:a 1] [:b 2]]"),))
def entries(value: Map) -> object:
    """Give the [key value] entries in insertion order."""
    return tuple(mapping(value, "entries").items())


@builtin(
    "select-keys",
    "[:fn [:map :any] :map]",
    examples=(("(select-keys {:a 1 :b 2 :c 3} [:a :c :z])", "{:a 1 :c 3}"),),
)
def select_keys(value: Map, wanted: object) -> Map:
    """Keep the keys that are listed, in the order of the list."""
    source = mapping(value, "select-keys")
    # most often few are listed: without a comprehension, which is a call
    kept: dict[object, object] = {}
    for key in sequence(wanted, "select-keys"):
        if key.__class__ in KEY_KINDS and key in source:
            kept[key] = source[key]
    return kept


@builtin(
    "rename-keys",
    "[:fn [:map :map] :map]",
    examples=(
        ("(rename-keys {:a 1 :b 2} {:a :x})", "{:x 1 :b 2}"),
        ("(rename-keys {:a 1} {:a 1.5})", "!TypeError"),
    ),
)
def rename_keys(value: Map, names: Map) -> Map:
    """Rename keys by a map from old to new; entries keep their places."""
    source = flat(mapping(value, "rename-keys"))
    new = flat(mapping(names, "rename-keys"))
    if not {each.__class__ for each in new.values()} <= KEY_KINDS:
        for key, name in new.items():
            if key in source and not is_key(name):
                raise bad_key(name, "rename-keys")
    return {new.get(key, key): content for key, content in source.items()}


@builtin(
    "assoc-in",
    "[:fn [:any [:vector :any] :any] :any]",
    raises=("TypeError", "IndexOutOfBounds"),
    examples=(("(assoc-in {} [:a :b] 1)", "{:a {:b 1}}"), ("(assoc-in {:a [1 2]} [:a 1] :x)", "{:a [1 :x]}")),
)
def assoc_in(value: object, path: object, content: object) -> object:
    """Set the value at the end of a path; maps that are missing on the way are made."""
    return rebuild(value, path, lambda _old: content, "assoc-in")


def rebuild(value: Any, path: object, change: Any, operation: str) -> Any:
    """Replace what is at the end of a path by what `change` makes of it (nil when absent)."""
    steps = sequence(path, operation)
    if not steps:
        return change(value)
    levels: list[Any] = []
    for key in steps:
        levels.append(value)
        value = path_value(value, key)
    value = change(value)
    for level, key in zip(reversed(levels), reversed(steps), strict=True):
        value = put(level, key, value, operation)
    return value


def path_value(value: Any, key: Any) -> Any:
    """Give what is one step along a path; nil where there is nothing."""
    found = _step(value, key)
    return None if found is _ABSENT else found


def old_value(value: Any, key: Any, operation: str = "update") -> Any:
    """Give what is to be changed: the value at a key (nil when absent), or at an existing index."""
    if value.__class__ is tuple or value.__class__ is BigVector:
        if not 0 <= integer(key, operation, "integer index") < len(value):
            raise index_error(key, len(value))
        return value[key]
    if not is_map(value):
        raise type_error("map or vector", kind_name(value), operation)
    if not is_key(key):
        raise bad_key(key, operation)
    return value.get(key)
