"""Sorting: by the order of all values, by keys, by a function that compares.

In: vectors, lists, strings. Out: the same kind, sorted; equal elements keep their order.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from rtfs_runtime.builtins import compare
from rtfs_runtime.builtins.loops import results
from rtfs_runtime.builtins.operands import Items, caller, like, sequence_or_text
from rtfs_runtime.builtins.table import builtin
from rtfs_runtime.ordering import sort_values

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
    value = first if second is _UNSET else second
    items = sequence_or_text(value, "sort")
    kept = tuple(items)
    found = _ascending(kept) if second is _UNSET else _compared(first, kept)
    return "".join(found) if isinstance(items, str) else like(tuple(found), value)


def _ascending(items: Items) -> list[Any]:
    kinds = set(map(type, items))
    if kinds <= _TEXTS or kinds <= _NUMBERS:
        return sorted(items)
    return list(sort_values(items))


def _compared(function: Any, items: Items) -> list[Any]:
    if function is compare.less or function is compare.greater:
        kinds = set(map(type, items))
        if kinds <= _NUMBERS or kinds <= _TEXTS:
            return sorted(items, reverse=function is compare.greater)
    return _merge_sort(caller(function, 2, "sort"), list(items))


def _merge_sort(call: Callable[[Any, Any], Any], items: list[Any]) -> list[Any]:
    """Sort by calling the function from Python bytecode, which `sorted` would call from C."""
    size = len(items)
    width = 1
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
    at = 0
    size = len(left)
    for item in right:
        while at < size:
            got = call(item, left[at])
            if got is True or (got is not False and _is_before(got)):
                break
            merged.append(left[at])
            at += 1
        merged.append(item)
    merged += left[at:]


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
    keys = tuple(results(function, items, "sort-by"))
    places = range(len(items))
    if second is _UNSET:
        found = sort_places(keys)
    else:
        before = caller(first, 2, "sort-by")
        found = _merge_sort(lambda left, right: before(keys[left], keys[right]), list(places))
    return like(tuple([items[place] for place in found]), value)


def sort_places(keys: Items) -> list[int]:
    """Give the places of keys in ascending order."""
    kinds = set(map(type, keys))
    if kinds <= _TEXTS or kinds <= _NUMBERS:
        return sorted(range(len(keys)), key=keys.__getitem__)  # type: ignore[arg-type]
    # the place stands behind its key in a vector: it decides nothing but where keys are equal
    pairs: list[Any] = sort_values([(key, place) for place, key in enumerate(keys)])
    return [place for _, place in pairs]
