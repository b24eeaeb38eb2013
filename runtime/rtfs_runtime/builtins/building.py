"""Making collections: from nothing, from elements, from other collections.

In: values. Out: new vectors, lists, sets and maps; what comes in is never changed.
"""

from __future__ import annotations

from typing import Any, Final

from rtfs_runtime import sets
from rtfs_runtime.builtins.arithmetic import truncate
from rtfs_runtime.builtins.operands import (
    KEY_KINDS,
    Items,
    bad_key,
    flat,
    integer,
    like,
    number,
    sequence,
    sequence_or_text,
)
from rtfs_runtime.builtins.table import builtin
from rtfs_runtime.equality import OWN_KEY
from rtfs_runtime.errors import arity_error, type_error
from rtfs_runtime.limits import check_items
from rtfs_runtime.maps import BigMap, Map, is_key, is_map, map_assoc
from rtfs_runtime.sets import make_set, plain_set, set_conj, set_disj, set_extend, set_select, set_union
from rtfs_runtime.values import List, Set, kind_name
from rtfs_runtime.vectors import BigVector, vec_conj, vec_extend


@builtin(
    "vector",
    "[:fn [& :any] [:vector :any]]",
    fails=False,
    intrinsic="vector",
    examples=(("(vector 1 [2] nil)", "[1 [2] nil]"),),
)
def vector(*items: object) -> Items:
    """Make a vector of the arguments."""
    return items


@builtin(
    "list", "[:fn [& :any] [:list :any]]", fails=False, examples=(("(list 1 2)", "(1 2)"), ("(list)", "()"))
)
def make_list(*items: object) -> List:
    """Make a list of the arguments."""
    return List(items)


@builtin(
    "vec",
    "[:fn [:any] [:vector :any]]",
    examples=(("(vec (list 1 2))", "[1 2]"), ("(vec {:a 1})", "[[:a 1]]")),
)
def vec(value: object) -> object:
    """Make a vector of the elements, characters or entries."""
    return value if value.__class__ is BigVector else tuple(elements(value, "vec"))


@builtin("set", "[:fn [:any] :any]", examples=(("(set [1 1 2])", "(set [1 2])"), ("(set nil)", "!TypeError")))
def as_set(value: object) -> Set:
    """Make a set of the elements, characters or entries."""
    if value.__class__ is tuple and {each.__class__ for each in value} <= OWN_KEY:
        return plain_set(value)
    return value if isinstance(value, Set) else make_set(elements(value, "set"))


def count_different(value: object, operation: str) -> int:
    """Count the different elements that `set` or `distinct` would give."""
    items = elements(value, "set") if operation == "set" else sequence_or_text(value, "distinct")
    if {each.__class__ for each in items} <= OWN_KEY:
        return len(set(items))
    return len(make_set(items))


def group(value: object, operation: str) -> Set:
    """Give a set that is one."""
    if isinstance(value, Set):
        return value
    raise type_error("set", kind_name(value), operation)


@builtin(
    "disj",
    "[:fn [:any :any & :any] :any]",
    examples=(("(disj (set [1 2 3]) 2 9)", "(set [1 3])"), ("(disj [1] 1)", "!TypeError")),
)
def disj(value: object, first: object, *others: object) -> Set:
    """Leave elements out of a set; those that are not in it are ignored."""
    found = group(value, "disj")
    for item in (first, *others):
        found = set_disj(found, item)
    return found


@builtin(
    "union",
    "[:fn [:any & :any] :any]",
    examples=(("(union (set [1 2]) (set [2 3]))", "(set [1 2 3])"), ("(union [1] [2])", "!TypeError")),
)
def union(first: object, *others: object) -> Set:
    """Give the set of what is in any of the sets, in the order it is met."""
    return set_union([group(each, "union") for each in (first, *others)])


@builtin(
    "intersection",
    "[:fn [:any & :any] :any]",
    examples=(("(intersection (set [1 2 3]) (set [3 2]))", "(set [2 3])"),),
)
def intersection(first: object, *others: object) -> Set:
    """Give the set of what is in all of the sets, in the order of the first."""
    rest = [group(each, "intersection") for each in others]
    return set_select(group(first, "intersection"), rest, common=True)


@builtin(
    "difference",
    "[:fn [:any & :any] :any]",
    examples=(("(difference (set [1 2 3]) (set [2]))", "(set [1 3])"),),
)
def difference(first: object, *others: object) -> Set:
    """Give the set of what is in the first set and in none of the others."""
    rest = [group(each, "difference") for each in others]
    return set_select(group(first, "difference"), rest, common=False)


@builtin(
    "subset?",
    "[:fn [:any :any] :bool]",
    examples=(("(subset? (set [1]) (set [1 2]))", "true"), ("(subset? (set [1.0]) (set [1]))", "false")),
)
def is_subset(part: object, whole: object) -> bool:
    """Tell whether every element of a set is in another."""
    outer = group(whole, "subset?")
    return sets.is_subset(group(part, "subset?"), outer)


@builtin(
    "superset?",
    "[:fn [:any :any] :bool]",
    examples=(("(superset? (set [1 2]) (set [1]))", "true"), ("(superset? [1] (set [1]))", "!TypeError")),
)
def is_superset(whole: object, part: object) -> bool:
    """Tell whether every element of another set is in a set."""
    outer = group(whole, "superset?")
    return sets.is_subset(group(part, "superset?"), outer)


@builtin("hash-set", "[:fn [& :any] :any]", fails=False, examples=(("(hash-set 1 2 1)", "(set [1 2])"),))
def hash_set(*items: object) -> Set:
    """Make a set of the arguments."""
    return make_set(items)


@builtin(
    "hash-map",
    "[:fn [& :any] :map]",
    raises=("TypeError", "ArityMismatch"),
    examples=(
        ("(hash-map :a 1 :a 2)", "{:a 2}"),
        ("(hash-map :a)", "!ArityMismatch"),
        ("(hash-map 1.5 :x)", "!TypeError"),
    ),
)
def hash_map(*pairs: object) -> Map:
    """Make a map of alternating keys and values; of equal keys the last wins."""
    if len(pairs) == 2 and pairs[0].__class__ in KEY_KINDS:
        return {pairs[0]: pairs[1]}
    if len(pairs) % 2:
        raise arity_error("hash-map", "an even number", len(pairs))
    return _checked(pairs[::2], pairs[1::2], "hash-map")


def _checked(keys: Items, values: Items, operation: str) -> dict[object, object]:
    """Make a dict of keys and values, the longer of which is cut, when all keys may be keys."""
    if len(keys) > len(values):
        keys = keys[: len(values)]
    if not KEY_KINDS.issuperset(map(type, keys)):
        raise bad_key(next(key for key in keys if not is_key(key)), operation)
    return dict(zip(keys, values, strict=False))


def elements(value: object, operation: str) -> Items | str:
    """Give the elements of a sequence, the characters of a string, the entries of a map as vectors of two."""
    if value.__class__ is dict or value.__class__ is BigMap:
        return tuple(value.items())
    return sequence_or_text(value, operation)


def entry(value: object, operation: str) -> tuple[Any, object]:
    """Give the key and value of a vector of two whose first is a key."""
    pair = value if value.__class__ is tuple else tuple(value) if value.__class__ is BigVector else ()
    if len(pair) != 2:
        raise type_error("[key value] vector", kind_name(value), operation)
    key, content = pair
    if not is_key(key):
        raise bad_key(key, operation)
    return key, content


@builtin(
    "conj",
    "[:fn [:any :any & :any] :any]",
    intrinsic="conj",
    examples=(
        ("(conj [1] 2 3)", "[1 2 3]"),
        ("(conj (list 1) 2)", "(1 2)"),
        ("(conj {:a 1} [:b 2])", "{:a 1 :b 2}"),
        ("(conj nil 1)", "!TypeError"),
    ),
)
def conj(value: Any, first: object, *others: object) -> object:
    """Append to a vector or list, add to a set, put [key value] pairs into a map."""
    kind = value.__class__
    if kind is tuple or kind is BigVector:
        return vec_extend(value, (first, *others)) if others else vec_conj(value, first)
    if kind is List:
        return List((*value.items, first, *others))
    if kind is dict or kind is BigMap:
        for item in (first, *others):
            value = map_assoc(value, *entry(item, "conj"))
        return value
    if kind is Set:
        for item in (first, *others):
            value = set_conj(value, item)
        return value
    raise type_error("vector, list, map, or set", kind_name(value), "conj")


@builtin(
    "cons",
    "[:fn [:any :any] :any]",
    examples=(("(cons 0 [1])", "[0 1]"), ("(cons 0 (list 1))", "(0 1)"), ('(cons "a" "bc")', "!TypeError")),
)
def cons(item: object, value: object) -> object:
    """Put an element in front of a vector or list."""
    return like((item, *sequence(value, "cons")), value)


@builtin(
    "concat",
    "[:fn [& :any] [:vector :any]]",
    raises=(),
    examples=(('(concat [1] "ab" nil 2)', '[1 "a" "b" nil 2]'), ("(concat (list 1 2) [3])", "[1 2 3]")),
)
def concat(*values: object) -> object:
    """Join vectors, lists, sets and the characters of strings; anything else is one element."""
    found: list[object] = []
    for value in values:
        kind = value.__class__
        if kind is tuple or kind is str or kind is List or kind is BigVector or kind is Set:
            check_items(len(found) + len(value))  # type: ignore[arg-type]
            found += value  # type: ignore[arg-type]
        else:
            found.append(value)
    return tuple(found)


@builtin(
    "into",
    "[:fn [:any :any] :any]",
    examples=(
        ("(into {} [[:a 1] [:b 2]])", "{:a 1 :b 2}"),
        ("(into [] {:a 1})", "[[:a 1]]"),
        ("(into (list 1) [2])", "(1 2)"),
    ),
)
def into(target: Any, source: object) -> object:
    """Pour the elements, characters or entries of one collection into another."""
    kind = target.__class__
    if kind is dict or kind is BigMap:
        made = poured(source)
        return flat(target) | made if target or made is source else made
    items = elements(source, "into")
    if kind is Set:
        return set_extend(target, items)
    if kind is not tuple and kind is not BigVector and kind is not List:
        raise type_error("vector, list, map, or set", kind_name(target), "into")
    check_items(len(target) + len(items))
    return List((*target, *items)) if kind is List else vec_extend(target, items)


def poured(source: object) -> dict[object, object]:
    """Give what `into` puts into a map."""
    if is_map(source):
        return flat(source)
    items = sequence(source, "into", "vector, list, or map")
    found = _made_of(items)
    return _entries(items) if found is None else found


def _made_of(items: Items) -> dict[object, object] | None:
    """Let C make a map of vectors of two; None where a key may not be one, or stands twice."""
    if not {each.__class__ for each in items} <= _VECTORS:
        return None
    try:
        found: dict[object, object] = dict(items)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return None
    # of two keys that Python takes for equal only the first would be looked at
    return found if len(found) == len(items) and {each.__class__ for each in found} <= KEY_KINDS else None


def _entries(items: Items) -> dict[object, object]:
    made: dict[object, object] = {}
    for item in items:
        key, content = entry(item, "into")
        made[key] = content
    return made


_VECTORS: Final = frozenset({tuple})
_UNSET = object()


@builtin(
    "range",
    "[:fn [:int & :int] [:vector :int]]",
    intrinsic="range",
    examples=(
        ("(range 3)", "[0 1 2]"),
        ("(range -1 2)", "[-1 0 1]"),
        ("(range 3 0 -1)", "[3 2 1]"),
        ("(range 0 5 0)", "[]"),
        ("(range 0.0 2)", "!TypeError"),
        ("(range 1 nil)", "!TypeError"),
    ),
)
def integer_range(start: int, end: int = _UNSET, step: int = 1) -> Items:  # type: ignore[assignment]
    """List integers up to but excluding an end, from 0 or a start; a step of 0 gives none."""
    return tuple(range_items(start, end, step))


def range_items(start: int, end: int = _UNSET, step: int = 1) -> range:  # type: ignore[assignment]
    """Give what `range` lists, for a loop that needs no list."""
    if end is _UNSET:
        start, end = 0, start
    integer(start, "range")
    integer(end, "range")
    return range(0) if integer(step, "range") == 0 else _limited(range(start, end, step))


def _limited(numbers: range) -> range:
    # len() of a range fails beyond 64 bits
    step = numbers.step
    check_items((numbers.stop - numbers.start) // step)
    return numbers


def _listed(numbers: range) -> Items:
    return tuple(_limited(numbers))


@builtin(
    "numbers",
    "[:fn [:number :number] [:vector :int]]",
    examples=(
        ("(numbers 2 4)", "[2 3 4]"),
        ("(numbers 1.9 3.9)", "[1 2 3]"),
        ('(numbers "1" 2)', "!TypeError"),
    ),
)
def numbers_through(start: float, end: float) -> Items:
    """List integers from one through another; floats lose their fractions first."""
    low, high = (
        each if each.__class__ is int else truncate(each)
        for each in (number(start, "numbers"), number(end, "numbers"))
    )
    return _listed(range(low, high + 1))


@builtin(
    "repeat",
    "[:fn [:int :any] [:vector :any]]",
    examples=(("(repeat 3 :a)", "[:a :a :a]"), ("(repeat -1 :a)", "[]")),
)
def repeat(amount: int, value: object) -> Items:
    """Make a vector of one value many times."""
    check_items(integer(amount, "repeat"))
    return (value,) * max(0, amount)


@builtin(
    "zipmap",
    "[:fn [:any :any] :map]",
    examples=(("(zipmap [:a :b] [1 2 3])", "{:a 1 :b 2}"), ("(zipmap [1.5] [1])", "!TypeError")),
)
def zipmap(keys: object, values: object) -> Map:
    """Make a map of keys and values that stand at the same place."""
    if keys.__class__ is not tuple or values.__class__ is not tuple:
        keys, values = sequence(keys, "zipmap"), sequence(values, "zipmap")
    return _checked(keys, values, "zipmap")


@builtin(
    "key", "[:fn [[:vector :any]] :any]", examples=(("(key [:k :v])", ":k"), ("(key [1])", "!TypeError"))
)
def key_of(value: object) -> object:
    """Give the key of a [key value] entry."""
    return entry(value, "key")[0]


@builtin("val", "[:fn [[:vector :any]] :any]", examples=(("(val [:k :v])", ":v"),))
def value_of(value: object) -> object:
    """Give the value of a [key value] entry."""
    return entry(value, "val")[1]
