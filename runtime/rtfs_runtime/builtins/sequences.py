"""Reading sequences: sizes, elements, slices.

In: vectors, lists, sets, strings (their characters are one-code-point strings). Out: elements, or sequences
of the kind that came in. What builds new collections is in `building`, what calls functions in `loops`.
"""

from __future__ import annotations

from itertools import chain

from rtfs_runtime.builtins.operands import (
    index_error,
    integer,
    like,
    sequence,
    sequence_or_text,
    text_of,
)
from rtfs_runtime.builtins.table import builtin
from rtfs_runtime.equality import canonical_key, equal, place_of
from rtfs_runtime.errors import type_error
from rtfs_runtime.limits import MAX_ITEMS, check_items
from rtfs_runtime.maps import BigMap, is_key, is_map
from rtfs_runtime.sets import set_has
from rtfs_runtime.values import Keyword, List, Set, kind_name
from rtfs_runtime.vectors import BigVector, vec_pop

_SIZED = frozenset({tuple, str, dict, List, Set, BigVector, BigMap})


def _size(value: object, operation: str) -> int:
    if value.__class__ in _SIZED:
        return len(value)  # type: ignore[arg-type]
    raise type_error("vector, list, string, or map", kind_name(value), operation)


@builtin(
    "count",
    "[:fn [:any] :int]",
    aliases=("len",),
    intrinsic="count",
    examples=(("(count {:a 1 :b 2})", "2"), ('(count "çà")', "2"), ("(count nil)", "!TypeError")),
)
def count(value: object) -> int:
    """Count elements, entries, or code points."""
    return _size(value, "count")


@builtin(
    "length",
    "[:fn [:any] :int]",
    examples=(("(length [1 2])", "2"), ('(length "çà")', "4"), ("(length nil)", "!TypeError")),
)
def length(value: object) -> int:
    """Count elements or entries; for a string, the bytes of its UTF-8 form."""
    if isinstance(value, str):
        return len(value) if value.isascii() else len(value.encode("utf-8", "surrogatepass"))
    return _size(value, "length")


@builtin(
    "empty?",
    "[:fn [:any] :bool]",
    fails=False,
    examples=(("(empty? nil)", "true"), ("(empty? ())", "true"), ("(empty? 0)", "false")),
)
def is_empty(value: object) -> bool:
    """Tell whether a value is nil, or a collection or string without elements."""
    return value is None or (value.__class__ in _SIZED and not len(value))  # type: ignore[arg-type]


@builtin(
    "not-empty",
    "[:fn [:any] :any]",
    fails=False,
    examples=(("(not-empty [])", "nil"), ("(not-empty [1])", "[1]")),
)
def not_empty(value: object) -> object:
    """Give the value itself, or nil when it is empty."""
    return None if is_empty(value) else value


@builtin(
    "first",
    "[:fn [:any] :any]",
    intrinsic="first",
    examples=(('(first "été")', '"é"'), ("(first [])", "nil"), ("(first nil)", "!TypeError")),
)
def first(value: object) -> object:
    """Give the first element or character, nil when there is none."""
    items = sequence_or_text(value, "first")
    return items[0] if items else None


@builtin("second", "[:fn [:any] :any]", examples=(("(second [1 2])", "2"), ("(second [1])", "nil")))
def second(value: object) -> object:
    """Give the second element or character, nil when there is none."""
    items = sequence_or_text(value, "second")
    return items[1] if len(items) > 1 else None


@builtin(
    "rest",
    "[:fn [:any] :any]",
    intrinsic="rest",
    examples=(('(rest "abc")', '"bc"'), ("(rest [1 2 3])", "[2 3]"), ("(rest (list 1 2))", "(2)")),
)
def rest(value: object) -> object:
    """Give all but the first element, in the kind that came in."""
    items = sequence_or_text(value, "rest")
    return like(items[1:], value)


@builtin(
    "last",
    "[:fn [:any] :any]",
    examples=(("(last [4 5 6])", "6"), ("(last [])", "nil"), ('(last "")', '""')),
)
def last(value: object) -> object:
    """Give the last element, nil when there is none; of a string the last character, or `""`."""
    if value.__class__ is BigVector:
        return value[-1]
    items = sequence_or_text(value, "last")
    if isinstance(items, str):
        return items[-1:]
    return items[-1] if items else None


@builtin("butlast", "[:fn [:any] :any]", examples=(("(butlast [1 2 3])", "[1 2]"), ("(butlast [])", "[]")))
def butlast(value: object) -> object:
    """Give all but the last element, in the kind that came in."""
    if value.__class__ is BigVector:
        return vec_pop(value)
    return like(sequence_or_text(value, "butlast")[:-1], value)


_UNSET = object()


@builtin(
    "nth",
    "[:fn [:any :int & :any] :any]",
    intrinsic="nth",
    raises=("TypeError", "IndexOutOfBounds"),
    examples=(
        ("(nth [10 20] 1)", "20"),
        ("(nth [10 20] 5 :none)", ":none"),
        ("(nth [10 20] -1)", "!IndexOutOfBounds"),
    ),
)
def nth(value: object, index: int, default: object = _UNSET) -> object:
    """Give the element at an index, or the default out of range."""
    items: object = value if value.__class__ is BigVector else sequence_or_text(value, "nth")
    integer(index, "nth")
    size = len(items)  # type: ignore[arg-type]
    if 0 <= index < size:
        return items[index]  # type: ignore[index]
    if default is _UNSET:
        raise index_error(index, size)
    return default


@builtin(
    "subvec",
    "[:fn [:any :int & :int] :any]",
    raises=("TypeError", "IndexOutOfBounds"),
    examples=(("(subvec [1 2 3 4] 1 3)", "[2 3]"), ("(subvec [1 2] 3)", "!IndexOutOfBounds")),
)
def subvec(value: object, start: int, end: int = _UNSET) -> object:  # type: ignore[assignment]
    """Cut a vector or list from an index up to but excluding another; both must be in range."""
    items = sequence(value, "subvec")
    size = len(items)
    stop = size if end is _UNSET else integer(end, "subvec")
    if 0 <= integer(start, "subvec") <= stop <= size:
        return like(items[start:stop], value)
    raise index_error(start, size)


@builtin(
    "take",
    "[:fn [:int :any] :any]",
    examples=(('(take 2 "hello")', '"he"'), ("(take 9 [1 2])", "[1 2]"), ("(take -1 [1 2])", "[1 2]")),
)
def take(amount: int, value: object) -> object:
    """Give the first elements, in the kind that came in; a negative amount gives all."""
    integer(amount, "take")
    items = sequence_or_text(value, "take")
    return like(items if amount < 0 else items[:amount], value)


@builtin(
    "drop",
    "[:fn [:int :any] :any]",
    examples=(("(drop 1 [1 2 3])", "[2 3]"), ("(drop -1 [1 2])", "[]"), ('(drop 1 "abc")', '"bc"')),
)
def drop(amount: int, value: object) -> object:
    """Give all but the first elements, in the kind that came in; a negative amount leaves nothing."""
    integer(amount, "drop")
    items = sequence_or_text(value, "drop")
    return like(items[len(items) :] if amount < 0 else items[amount:], value)


@builtin(
    "take-last",
    "[:fn [:int :any] :any]",
    examples=(("(take-last 2 [1 2 3])", "[2 3]"), ("(take-last 0 [1])", "[]")),
)
def take_last(amount: int, value: object) -> object:
    """Give the last elements, in the kind that came in."""
    items = sequence_or_text(value, "take-last")
    return like(items[max(0, len(items) - max(0, integer(amount, "take-last"))) :], value)


@builtin(
    "drop-last",
    "[:fn [:int :any] :any]",
    examples=(("(drop-last 1 [1 2 3])", "[1 2]"), ("(drop-last 9 [1])", "[]")),
)
def drop_last(amount: int, value: object) -> object:
    """Give all but the last elements, in the kind that came in."""
    items = sequence_or_text(value, "drop-last")
    return like(items[: max(0, len(items) - max(0, integer(amount, "drop-last")))], value)


@builtin(
    "reverse", "[:fn [:any] :any]", examples=(("(reverse [1 2 3])", "[3 2 1]"), ('(reverse "añb")', '"bña"'))
)
def reverse(value: object) -> object:
    """Turn a sequence or string around."""
    return like(sequence_or_text(value, "reverse")[::-1], value)


_NO_NUMBER = frozenset({str, Keyword})
_OWN_KEY = _NO_NUMBER | {int}
"""Kinds whose values are their own canonical keys and hash in C."""


def _meet_in_a_dict(items: tuple[object, ...]) -> bool:
    """Tell whether equal elements, and only those, meet as keys of a dict."""
    kinds = {each.__class__ for each in items}
    if float not in kinds:
        return kinds <= _OWN_KEY
    kinds.discard(float)
    return kinds <= _NO_NUMBER and not any(map(_is_nan, items))


def _is_nan(value: object) -> bool:
    return value.__class__ is float and value != value


@builtin(
    "distinct",
    "[:fn [:any] :any]",
    examples=(
        ("(distinct [1 2 1 3 2])", "[1 2 3]"),
        ('(distinct [2 2.0 2 "a" "a"])', '[2 2 "a"]'),
        ('(distinct "hello")', '"helo"'),
    ),
)
def distinct(value: object) -> object:
    """Keep the first of equal elements, in the kind that came in."""
    if value.__class__ is tuple and {each.__class__ for each in value} <= _OWN_KEY:
        # without a call more, since most often few are looked at
        return tuple(dict.fromkeys(value))
    items = sequence_or_text(value, "distinct")
    if isinstance(items, str):
        return "".join(dict.fromkeys(items))
    if _meet_in_a_dict(items):
        return like(tuple(dict.fromkeys(items)), value)
    found: dict[object, object] = {}
    for item in items:
        found.setdefault(canonical_key(item), item)
    return like(tuple(found.values()), value)


@builtin(
    "contains?",
    "[:fn [:any :any] :bool]",
    examples=(
        ("(contains? [5 6] 6)", "true"),
        ("(contains? {:a nil} :a)", "true"),
        ('(contains? "abc" 1)', "false"),
        ("(contains? nil 1)", "!TypeError"),
    ),
)
def contains(value: object, item: object) -> bool:
    """Tell whether a vector, list or set has an element, a map a key, a string a part."""
    if value.__class__ is tuple:
        return place_of(value, item) is not None
    if is_map(value):
        return is_key(item) and item in value
    if isinstance(value, str):
        return isinstance(item, str) and item in value
    if isinstance(value, Set):
        return set_has(value, item)
    return place_of(sequence(value, "contains?", "vector, list, string, or map"), item) is not None


def chunks(items: tuple[object, ...], size: object, operation: str) -> tuple[tuple[object, ...], ...]:
    """Cut into chunks of a size that must be a positive integer."""
    if size.__class__ is not int or size <= 0:
        actual = "non-positive integer" if size.__class__ is int else kind_name(size)
        raise type_error("positive integer", actual, operation)
    step: int = size
    return tuple([items[at : at + step] for at in range(0, len(items), step)])


@builtin(
    "partition",
    "[:fn [:int :any] [:vector :any]]",
    aliases=("partition-all",),
    examples=(("(partition 2 [1 2 3])", "[[1 2] [3]]"), ("(partition 0 [1])", "!TypeError")),
)
def partition(size: int, value: object) -> object:
    """Cut a sequence into vectors of a size; the last may be shorter."""
    return chunks(sequence(value, "partition"), size, "partition")


@builtin(
    "take-nth",
    "[:fn [:int :any] :any]",
    examples=(("(take-nth 2 [1 2 3 4 5])", "[1 3 5]"), ("(take-nth 0 [1])", "!TypeError")),
)
def take_nth(step: int, value: object) -> object:
    """Give the first element and every one that is a number of steps on, in the kind that came in."""
    items = sequence_or_text(value, "take-nth")
    if integer(step, "take-nth", "positive integer") <= 0:
        raise type_error("positive integer", "non-positive integer", "take-nth")
    return like(items[::step], value)


@builtin(
    "dedupe",
    "[:fn [:any] :any]",
    examples=(("(dedupe [1 1 2 1])", "[1 2 1]"), ("(dedupe [1 1.0 true])", "[1 1 true]")),
)
def dedupe(value: object) -> object:
    """Leave out elements that equal the one before, in the kind that came in."""
    items = sequence_or_text(value, "dedupe")
    kept = [item for at, item in enumerate(items) if not at or not equal(item, items[at - 1])]
    return "".join(kept) if isinstance(items, str) else like(tuple(kept), value)  # type: ignore[arg-type]


@builtin("split-at", "[:fn [:int :any] [:vector :any]]", examples=(("(split-at 1 [1 2 3])", "[[1] [2 3]]"),))
def split_at(index: int, value: object) -> object:
    """Give the first elements and the others as a vector of two."""
    items = sequence_or_text(value, "split-at")
    at = max(0, integer(index, "split-at"))
    return (like(items[:at], value), like(items[at:], value))


@builtin(
    "interpose",
    "[:fn [:any :any] [:vector :any]]",
    examples=(("(interpose 0 [1 2 3])", "[1 0 2 0 3]"), ("(interpose 0 [1])", "[1]")),
)
def interpose(separator: object, value: object) -> object:
    """Put a separator between the elements."""
    items = sequence_or_text(value, "interpose")
    check_items(2 * len(items))
    found = [separator] * max(0, 2 * len(items) - 1)
    found[::2] = items
    return tuple(found)


@builtin(
    "interleave",
    "[:fn [:any :any & :any] [:vector :any]]",
    examples=(("(interleave [1 2 3] [:a :b])", "[1 :a 2 :b]"),),
)
def interleave(left: object, right: object, *others: object) -> object:
    """Take the first elements of each, then the second ones, until one is used up."""
    rows = [sequence_or_text(each, "interleave") for each in (left, right, *others)]
    check_items(len(rows) * min(len(row) for row in rows))
    return tuple([item for group in zip(*rows, strict=False) for item in group])


@builtin(
    "flatten", "[:fn [:any] [:vector :any]]", examples=(("(flatten [1 [2 (list 3 [4])]])", "[1 2 3 4]"),)
)
def flatten(value: object) -> object:
    """Lay out nested vectors and lists in one vector."""
    items = sequence(value, "flatten")
    while items and (kinds := {each.__class__ for each in items}) <= _NESTED:
        # all elements are sequences: C opens the whole level
        check_items(sum(map(len, items)))  # type: ignore[arg-type]
        if len(items) > _FIRST_LOOK and len(set(map(id, items))) * 2 <= len(items):
            _check_growth(items, 0)
        items = tuple(chain.from_iterable(items))  # type: ignore[arg-type]
    if not items or kinds.isdisjoint(_NESTED):
        return items
    return _flattened(items)


def _flattened(items: tuple[object, ...]) -> tuple[object, ...]:
    found: list[object] = []
    open_ones = [iter(items)]
    steps = 0
    while open_ones:
        for item in open_ones[-1]:
            steps += 1
            if not steps % _FIRST_LOOK:
                # shared parts multiply: twenty levels of [v v] are a million elements
                _check_growth(items, len(found))
            if item.__class__ in _NESTED:
                open_ones.append(iter(item))  # type: ignore[call-overload]
                break
            found.append(item)
        else:
            open_ones.pop()
    return tuple(found)


def _check_growth(items: tuple[object, ...], found: int) -> None:
    check_items(found)
    # imported here: hardly any program gets here, and every program loads this module
    from rtfs_runtime.extent import check_extent

    check_extent(items, 2 * MAX_ITEMS)


_NESTED = frozenset({tuple, List, BigVector})
_FIRST_LOOK = 1 << 16
"""Elements from which on it is worth to count what is still to come."""


@builtin(
    "index-of",
    "[:fn [:any :any] :any]",
    examples=(("(index-of [5 6] 6)", "1"), ('(index-of "abc" "c")', "2"), ("(index-of [5] 7)", "nil")),
)
def index_of(value: object, item: object) -> int | None:
    """Give the index of the first equal element, or of a part of a string; nil when there is none."""
    items = sequence_or_text(value, "index-of")
    if isinstance(items, str):
        at = items.find(text_of(item, "index-of"))
        return None if at < 0 else at
    return place_of(items, item)


@builtin(
    "last-index-of",
    "[:fn [:any :any] :any]",
    examples=(("(last-index-of [5 6 5] 5)", "2"), ('(last-index-of "abab" "b")', "3")),
)
def last_index_of(value: object, item: object) -> int | None:
    """Give the index of the last equal element, or of a part of a string; nil when there is none."""
    items = sequence_or_text(value, "last-index-of")
    if isinstance(items, str):
        at = items.rfind(text_of(item, "last-index-of"))
        return None if at < 0 else at
    place = place_of(items[::-1], item)
    return None if place is None else len(items) - 1 - place


@builtin(
    "distinct?",
    "[:fn [:any & :any] :bool]",
    raises=(),
    examples=(("(distinct? 1 2 3)", "true"), ("(distinct? 1 2 1)", "false"), ("(distinct? 1 1.0)", "true")),
)
def are_distinct(first: object, *others: object) -> bool:
    """Tell whether no two of the arguments are equal."""
    return len({canonical_key(each) for each in (first, *others)}) == 1 + len(others)
