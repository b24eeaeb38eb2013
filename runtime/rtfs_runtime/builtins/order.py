"""Sorting: by the order of all values, by keys, by a function that compares.

In: vectors, lists, strings. Out: the same kind, sorted; equal elements keep their order.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from operator import ne
from types import FunctionType
from typing import Any, Final

from rtfs_runtime.builtins import compare
from rtfs_runtime.builtins.loops import results
from rtfs_runtime.builtins.operands import Items, caller, like, sequence, sequence_or_text
from rtfs_runtime.builtins.table import builtin
from rtfs_runtime.ordering import comparable, sort_by_keys, sort_values
from rtfs_runtime.values import List

_UNSET: Final = object()
_NUMBERS: Final = frozenset({int, float})
_TEXTS: Final = frozenset({str})


@builtin(
    "sort",
    "[:fn [:any & :any] :any]",
    examples=(
        ("(sort [3 1.5 2])", "[1.5 2 3]"),
        ('(sort "hello")', '"ehllo"'),
        ("(sort > [1 3 2])", "[3 2 1]"),
        ("(sort nil)", "!TypeError"),
    ),
)
def sort(first: Any, second: Any = _UNSET) -> object:
    """Sort a sequence, or the characters of a string: ascending, or by a function that compares two elements.

    The function tells whether its first argument comes before the second, by a boolean or a negative number.
    """
    if second is _UNSET and first.__class__ is tuple:
        # sorted without a detour, since most often few are sorted
        kinds = {each.__class__ for each in first}
        if kinds <= _NUMBERS or kinds <= _TEXTS:
            return tuple(sorted(first))
    value = first if second is _UNSET else second
    items = sequence_or_text(value, "sort")
    kept = tuple(items)
    found: list[Any] = sort_values(kept) if second is _UNSET else _compared(first, kept)
    return "".join(found) if isinstance(items, str) else like(tuple(found), value)


def _compared(function: Any, items: Items) -> list[Any]:
    order = _ORDERS.get(function) if function.__class__ is FunctionType else None
    found = None if order is None else _in_order(items, items, order)
    if found is not None:
        return found
    return _merge_sort(caller(function, 2, "sort"), list(items))


def _merge_sort(call: Callable[[Any, Any], Any], items: list[Any]) -> list[Any]:
    """Sort by calling the function from Python bytecode, which `sorted` would call from C."""
    size = len(items)
    for at in range(1, size, 2):
        got = call(items[at], items[at - 1])
        if got is True or (got is not False and _is_before(got)):
            items[at - 1 : at + 1] = items[at], items[at - 1]
    width = 2
    while width < size:
        merged: list[Any] = []
        for low in range(0, size, 2 * width):
            _merge(call, items[low : low + width], items[low + width : low + 2 * width], merged)
        items = merged
        width *= 2
    return items


def _merge(call: Callable[[Any, Any], Any], left: list[Any], right: list[Any], merged: list[Any]) -> None:
    if not right or not _is_before(call(right[0], left[-1])):
        # in order already
        merged += left
        merged += right
        return
    add = merged.append
    rest = iter(left)
    other = next(rest)
    for at, item in enumerate(right):
        while True:
            got = call(item, other)
            if got is True or (got is not False and _is_before(got)):
                add(item)
                break
            add(other)
            following = next(rest, _UNSET)
            if following is _UNSET:
                merged += right[at:]
                return
            other = following
    add(other)
    merged += rest


def _is_before(got: Any) -> bool:
    if got.__class__ is int or got.__class__ is float:
        return bool(got < 0)
    return got is not None and got is not False


@builtin(
    "sort-by",
    "[:fn [[:union :fn :keyword] :any & :any] :any]",
    examples=(("(sort-by (fn [x] (- x)) [1 3 2])", "[3 2 1]"), ('(sort-by identity "ba")', '["a" "b"]')),
)
def sort_by(function: Any, first: Any, second: Any = _UNSET) -> object:
    """Sort by what the function gives for each element; a comparing function may stand between.

    A string gives the vector of its characters.
    """
    value = first if second is _UNSET else second
    items = sequence_or_text(value, "sort-by")
    keys = results(function, items, "sort-by")
    if second is _UNSET:
        return sorted_by(keys, value)
    kept = tuple(items)
    order = _ORDERS.get(first) if first.__class__ is FunctionType else None
    found = None if order is None else _in_order(kept, keys, order)
    if found is None:
        before = caller(first, 2, "sort-by")
        places = _merge_sort(lambda left, right: before(keys[left], keys[right]), list(range(len(kept))))
        found = [kept[place] for place in places]
    return like(tuple(found), value)


def sorted_by(keys: Sequence[object], value: object) -> object:
    """Sort a sequence, or the characters of a string, by keys that stand at the same places."""
    items = tuple(sequence_or_text(value, "sort-by"))
    return like(tuple(sort_by_keys(items, comparable(keys))), value)


def sorted_as(keys: object, value: object, order: str) -> object:
    """Sort as a function would that compares the keys at the same places; nil where the keys do not tell.

    `order`: "<" and ">" compare; "-" subtracts, "~" the other way round.
    """
    if keys.__class__ is not tuple or (value.__class__ is not tuple and value.__class__ is not List):
        return None
    found = _in_order(sequence(value, "sort"), keys, order)
    return None if found is None else like(tuple(found), value)


def _in_order(items: Items, keys: Sequence[object], order: str) -> list[Any] | None:
    """Sort by the order of numbers or strings; None when the keys are neither, or one is no number."""
    kinds = {each.__class__ for each in keys}
    if order in ("-", "~"):
        # a difference of floats may be no number, one of an integer and a float may be too large
        if kinds != _INTEGERS:
            return None
    elif not kinds <= _TEXTS and (not kinds <= _NUMBERS or (float in kinds and any(map(ne, keys, keys)))):
        return None
    down = order in (">", "~")
    if keys is items:
        return sorted(items, reverse=down)
    # as in `sort_by_keys`: the key of an element is the next one
    return sorted(items, key=partial(next, iter(keys)), reverse=down)


_INTEGERS: Final = frozenset({int})
_ORDERS: Final = {compare.less: "<", compare.greater: ">", compare.compare: "<"}
