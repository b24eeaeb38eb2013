"""Builtins that call a function for each element.

In: a function or keyword, and a vector, list, set or string. Out: mostly vectors. Every call of a callback is
made by Python bytecode, never from C code (`map`, `sorted(key=…)`): that recursion has no guard on 3.11.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from operator import itemgetter
from types import FunctionType
from typing import Any

from rtfs_runtime.builtins.arithmetic import FOLDS, PAIRWISE, fold_integers
from rtfs_runtime.builtins.operands import KEY_KINDS, Items, caller, like, mapping, sequence, sequence_or_text
from rtfs_runtime.builtins.table import builtin
from rtfs_runtime.equality import equal
from rtfs_runtime.errors import RtfsError, generic
from rtfs_runtime.limits import MAX_ITEMS, check_items
from rtfs_runtime.maps import is_map
from rtfs_runtime.printer import to_str
from rtfs_runtime.values import Keyword, keyword_get

_LOOP = "[:fn [[:union :fn :keyword] :any] [:vector :any]]"
_UNSET = object()
_NAMES = frozenset({str, Keyword})
_FEW = 32


def one_argument(function: Any, operation: str) -> Callable[[Any], Any]:
    """Give what is called for each element; a keyword skips the checks of a general call."""
    if function.__class__ is not Keyword:
        return caller(function, 1, operation)

    def find(item: Any) -> object:
        return item.get(function) if item.__class__ is dict else keyword_get(function, item)

    return find


def results(function: Any, items: Items | str, operation: str) -> list[Any]:
    """Give what the function gives for each element."""
    if function.__class__ is not Keyword:
        call = caller(function, 1, operation)
        return [call(item) for item in items]
    found = _in_every_map(function, items)
    if found is None:
        elements: Iterable[Any] = items
        found = [
            item.get(function) if item.__class__ is dict else keyword_get(function, item) for item in elements
        ]
    return found


def _in_every_map(keyword: Keyword, items: Items | str) -> list[Any] | None:
    """Let C look a keyword up where every element is a map that has it; None elsewhere."""
    try:
        return [*map(itemgetter(keyword), items)]  # type: ignore[arg-type]
    except (KeyError, TypeError):
        return None


def two_arguments(function: Any, operation: str) -> Callable[[Any, Any], Any]:
    """Give what is called with a total and an element; variadic arithmetic has a form for exactly two."""
    if function.__class__ is FunctionType and function in PAIRWISE:
        return PAIRWISE[function]
    return caller(function, 2, operation)


@builtin(
    "map",
    _LOOP,
    aliases=("map-fn", "mapv"),
    intrinsic="map",
    examples=(
        ("(map inc [1 2])", "[2 3]"),
        ('(map string-upper "ab")', '["A" "B"]'),
        ("(map :a [{:a 1} {}])", "[1 nil]"),
        ("(map inc nil)", "!TypeError"),
    ),
)
def map_each(function: Any, value: object) -> object:
    """Give the vector of what the function gives for each element."""
    return tuple(results(function, sequence_or_text(value, "map"), "map"))


@builtin(
    "filter",
    _LOOP,
    aliases=("filterv",),
    intrinsic="filter",
    examples=(("(filter odd? [1 2 3])", "[1 3]"), ('(filter odd? "x")', "!TypeError")),
)
def keep_satisfying(function: Any, value: object) -> object:
    """Give the vector of the elements for which the function gives a truthy value."""
    call = one_argument(function, "filter")
    return tuple(
        [item for item in sequence(value, "filter") if (got := call(item)) is not None and got is not False]
    )


@builtin(
    "remove",
    "[:fn [[:union :fn :keyword] :any] :any]",
    examples=(("(remove odd? [1 2 3])", "[2]"), ('(remove (fn [c] (= c "a")) "abca")', '"bc"')),
)
def drop_satisfying(function: Any, value: object) -> object:
    """Drop the elements for which the function gives a truthy value; the kind stays."""
    call = one_argument(function, "remove")
    kept: list[Any] = [
        item for item in sequence_or_text(value, "remove") if (got := call(item)) is None or got is False
    ]
    return "".join(kept) if isinstance(value, str) else like(tuple(kept), value)


@builtin(
    "reduce",
    "[:fn [[:union :fn :keyword] :any & :any] :any]",
    intrinsic="reduce",
    raises=("TypeError", "Generic"),
    examples=(("(reduce + [1 2 3])", "6"), ("(reduce - 10 [1 2 3])", "4"), ("(reduce + [])", "!Generic")),
)
def fold(function: Any, initial: object, value: object = _UNSET) -> object:
    """Fold from the left, from an initial value or the first element."""
    call = two_arguments(function, "reduce")
    if value is _UNSET:
        items = sequence_or_text(initial, "reduce")
        if not items:
            raise generic("reduce of an empty collection without an initial value")
        total: object = items[0]
        items = items[1:]
    else:
        items = sequence_or_text(value, "reduce")
        total = initial
    if function.__class__ is FunctionType and function in FOLDS and items.__class__ is tuple:
        found = fold_integers(function, (total, *items))
        if found is not None:
            return found
    for item in items:
        total = call(total, item)
    return total


@builtin(
    "reductions",
    "[:fn [[:union :fn :keyword] :any & :any] [:vector :any]]",
    examples=(("(reductions + [1 2 3])", "[1 3 6]"),),
)
def folds(function: Any, initial: object, value: object = _UNSET) -> object:
    """Give the vector of all totals of a fold from the left."""
    call = two_arguments(function, "reductions")
    items = sequence_or_text(initial if value is _UNSET else value, "reductions")
    if value is _UNSET:
        if not items:
            return ()
        total: object = items[0]
        items = items[1:]
    else:
        total = initial
    totals = [total]
    for item in items:
        total = call(total, item)
        totals.append(total)
    return tuple(totals)


@builtin(
    "map-indexed",
    "[:fn [[:union :fn :keyword] :any] :any]",
    examples=(("(map-indexed (fn [i v] [i v]) [:p :q])", "[[0 :p] [1 :q]]"),),
)
def map_indexed(function: Any, value: object) -> object:
    """Give what the function gives for each index and element: a list for a list, else a vector."""
    call = two_arguments(function, "map-indexed")
    return like(
        tuple([call(at, item) for at, item in enumerate(sequence_or_text(value, "map-indexed"))]), value
    )


@builtin(
    "every?",
    "[:fn [[:union :fn :keyword] :any] :bool]",
    examples=(
        ("(every? odd? [1 3])", "true"),
        ("(every? odd? [])", "true"),
        ("(every? odd? nil)", "!TypeError"),
    ),
)
def is_every(function: Any, value: object) -> bool:
    """Tell whether the function gives a truthy value for all elements; stop at the first failure."""
    call = one_argument(function, "every?")
    for item in sequence_or_text(value, "every?"):
        got = call(item)
        if got is None or got is False:
            return False
    return True


@builtin(
    "some?",
    "[:fn [[:union :fn :keyword] :any] :bool]",
    aliases=("some", "any?"),
    examples=(("(some? even? [1 2])", "true"), ("(some? odd? [])", "false")),
)
def is_some(function: Any, value: object) -> bool:
    """Tell whether the function gives a truthy value for an element; stop at the first success."""
    call = one_argument(function, "some?")
    for item in sequence_or_text(value, "some?"):
        got = call(item)
        if got is not None and got is not False:
            return True
    return False


@builtin(
    "not-any?", "[:fn [[:union :fn :keyword] :any] :bool]", examples=(("(not-any? odd? [2 4])", "true"),)
)
def is_none(function: Any, value: object) -> bool:
    """Tell whether the function gives a truthy value for no element."""
    return not is_some(function, value)


@builtin(
    "not-every?",
    "[:fn [[:union :fn :keyword] :any] :bool]",
    examples=(("(not-every? odd? [1 2])", "true"), ("(not-every? odd? [])", "false")),
)
def is_not_every(function: Any, value: object) -> bool:
    """Tell whether the function gives a falsy value for an element; stop at the first one."""
    items = sequence_or_text(value, "not-every?")
    return _first_failure(function, items, "not-every?") < len(items)


@builtin(
    "reduce-kv",
    "[:fn [:fn :any :map] :any]",
    examples=(("(reduce-kv (fn [n k v] (+ n v)) 0 {:a 1 :b 2})", "3"), ("(reduce-kv + 0 [1])", "!TypeError")),
)
def fold_entries(function: Any, initial: object, value: object) -> object:
    """Fold a map from the left: the function is given the total, a key and its value."""
    call = caller(function, 3, "reduce-kv")
    total = initial
    for key, content in mapping(value, "reduce-kv").items():
        total = call(total, key, content)
    return total


@builtin("keep", _LOOP, examples=(("(keep :a [{:a 1} {} {:a false}])", "[1 false]"),))
def keep(function: Any, value: object) -> object:
    """Give the vector of what the function gives for each element, nil left out."""
    return tuple(
        [got for got in results(function, sequence_or_text(value, "keep"), "keep") if got is not None]
    )


@builtin(
    "keep-indexed",
    _LOOP,
    examples=(("(keep-indexed (fn [i v] (if (odd? i) v)) [:p :q :r])", "[:q]"),),
)
def keep_indexed(function: Any, value: object) -> object:
    """Give the vector of what the function gives for each index and element, nil left out."""
    call = two_arguments(function, "keep-indexed")
    items = sequence_or_text(value, "keep-indexed")
    return tuple([got for at, item in enumerate(items) if (got := call(at, item)) is not None])


@builtin(
    "mapcat",
    _LOOP,
    examples=(("(mapcat (fn [x] [x x]) [1 2])", "[1 1 2 2]"), ("(mapcat inc [1])", "!TypeError")),
)
def mapcat(function: Any, value: object) -> object:
    """Join the vectors and lists that the function gives for each element."""
    call = one_argument(function, "mapcat")
    found: list[object] = []
    for item in sequence_or_text(value, "mapcat"):
        got = call(item)
        found += got if got.__class__ is tuple else sequence_or_text(got, "mapcat")
        if len(found) > MAX_ITEMS:
            check_items(len(found))
    return tuple(found)


@builtin(
    "take-while",
    "[:fn [[:union :fn :keyword] :any] :any]",
    examples=(("(take-while odd? [1 3 4 5])", "[1 3]"),),
)
def take_while(function: Any, value: object) -> object:
    """Give the elements before the first one for which the function gives a falsy value."""
    items = sequence_or_text(value, "take-while")
    return like(items[: _first_failure(function, items, "take-while")], value)


@builtin(
    "split-with",
    "[:fn [[:union :fn :keyword] :any] [:vector :any]]",
    examples=(("(split-with odd? [1 3 4 5])", "[[1 3] [4 5]]"),),
)
def split_with(function: Any, value: object) -> object:
    """Give what `take-while` and `drop-while` give as a vector of two."""
    items = sequence_or_text(value, "split-with")
    at = _first_failure(function, items, "split-with")
    return (like(items[:at], value), like(items[at:], value))


@builtin(
    "drop-while",
    "[:fn [[:union :fn :keyword] :any] :any]",
    examples=(("(drop-while odd? [1 3 4 5])", "[4 5]"),),
)
def drop_while(function: Any, value: object) -> object:
    """Give the elements from the first one for which the function gives a falsy value."""
    items = sequence_or_text(value, "drop-while")
    return like(items[_first_failure(function, items, "drop-while") :], value)


def _first_failure(function: Any, items: Items | str, operation: str) -> int:
    call = one_argument(function, operation)
    for at, item in enumerate(items):
        got = call(item)
        if got is None or got is False:
            return at
    return len(items)


def _looked_up(keyword: Keyword, items: Items | str) -> list[Any]:
    """Look a keyword up in each element; here one that is no map has nothing."""
    found = _in_every_map(keyword, items)
    if found is None:
        elements: Iterable[Any] = items
        found = [
            item.get(keyword)
            if item.__class__ is dict
            else keyword_get(keyword, item)
            if is_map(item) or isinstance(item, RtfsError)
            else None
            for item in elements
        ]
    return found


def _grouped_by_keyword(keyword: Keyword, items: Items | str) -> dict[object, object] | None:
    """Group maps that all have the keyword, where its values are keys; None elsewhere."""
    groups: dict[object, list[object]] = defaultdict(list)
    elements: Iterable[Any] = items
    try:
        for item in elements:
            groups[item[keyword]].append(item)
    except (KeyError, TypeError):
        return None
    # nothing of another class equals a text or a keyword: the keys that are there say what all were
    kinds = {each.__class__ for each in groups}
    if not kinds <= _NAMES and not (
        kinds <= KEY_KINDS and {item[keyword].__class__ for item in elements} <= KEY_KINDS
    ):
        return None
    return {key: tuple(group) for key, group in groups.items()}


@builtin(
    "group-by",
    "[:fn [[:union :fn :keyword] :any] [:map-of :any [:vector :any]]]",
    examples=(("(group-by odd? [1 2 3])", '{"true" [1 3] "false" [2]}'), ("(group-by :t nil)", "{}")),
)
def group_by(function: Any, value: object) -> object:
    """Give the map from what the function gives to the vector of the elements it gives it for."""
    items = () if value is None else sequence_or_text(value, "group-by")
    if function.__class__ is Keyword and (found := _grouped_by_keyword(function, items)) is not None:
        return found
    keys = (
        _looked_up(function, items) if function.__class__ is Keyword else results(function, items, "group-by")
    )
    return grouped_by(keys, items)


def grouped_by(keys: Sequence[object], value: object) -> object:
    """Group the elements of a sequence or string by keys that stand at the same places."""
    if not {each.__class__ for each in keys} <= KEY_KINDS:
        keys = [key if key.__class__ in KEY_KINDS else to_str(key) for key in keys]
    groups: dict[object, list[object]] = defaultdict(list)
    for key, item in zip(keys, sequence_or_text(value, "group-by"), strict=True):
        groups[key].append(item)
    return {key: tuple(group) for key, group in groups.items()}


@builtin(
    "frequencies",
    "[:fn [:any] [:map-of :any :int]]",
    examples=(
        ("(frequencies [:a 1 :a])", "{:a 2 1 1}"),
        ("(frequencies [true nil true])", '{"true" 2 "nil" 1}'),
    ),
)
def frequencies(value: object) -> object:
    """Count equal elements; those that cannot be keys are counted by their text."""
    items = sequence_or_text(value, "frequencies")
    if not {each.__class__ for each in items} <= KEY_KINDS:
        items = tuple([item if item.__class__ in KEY_KINDS else to_str(item) for item in items])
    if len(items) > _FEW:
        return dict(Counter(items))
    # a Counter costs more than a few elements
    counts: dict[object, int] = {}
    for item in items:
        counts[item] = counts.get(item, 0) + 1
    return counts


@builtin(
    "partition-by",
    "[:fn [[:union :fn :keyword] :any] [:vector :any]]",
    examples=(("(partition-by even? [2 4 1 6])", "[[2 4] [1] [6]]"), ("(partition-by even? [])", "[]")),
)
def partition_by(function: Any, value: object) -> object:
    """Cut where what the function gives changes."""
    items = sequence_or_text(value, "partition-by")
    return parted_by(results(function, items, "partition-by"), items)


def parted_by(keys: Sequence[object], value: object) -> object:
    """Cut a sequence, or a string, where keys that stand at the same places change."""
    runs: list[tuple[object, ...]] = []
    run: list[object] = []
    known: object = None
    for key, item in zip(keys, sequence_or_text(value, "partition-by"), strict=True):
        if run and not (key == known if key.__class__ is known.__class__ in KEY_KINDS else equal(key, known)):
            runs.append(tuple(run))
            run = []
        known = key
        run.append(item)
    if run:
        runs.append(tuple(run))
    return tuple(runs)
