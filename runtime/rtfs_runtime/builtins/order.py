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
from rtfs_runtime.ordering import comparable, sort_by_keys, sort_values

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
        kinds = set(map(type, first))
        if kinds <= _NUMBERS or kinds <= _TEXTS:
            return tuple(sorted(first))
    value = first if second is _UNSET else second
    items = sequence_or_text(value, "sort")
    kept = tuple(items)
    found: list[Any] = sort_values(kept) if second is _UNSET else _compared(first, kept)
    return "".join(found) if isinstance(items, str) else like(tuple(found), value)


def _compared(function: Any, items: Items) -> list[Any]:
    if function is compare.less or function is compare.greater:
        kinds = set(map(type, items))
        if kinds <= _NUMBERS or kinds <= _TEXTS:
            return sorted(items, reverse=function is compare.greater)
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
    kept = tuple(items)
    if second is _UNSET:
        return like(tuple(sort_by_keys(kept, comparable(keys))), value)
    before = caller(first, 2, "sort-by")
    places = _merge_sort(lambda left, right: before(keys[left], keys[right]), list(range(len(kept))))
    return like(tuple(map(kept.__getitem__, places)), value)
