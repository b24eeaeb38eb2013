"""Functions about functions: apply, update, and what makes functions of functions.

In: functions or keywords. Out: what they give, or new functions.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from itertools import count
from types import FunctionType
from typing import Any, Final

from rtfs_runtime.builtins.arithmetic import fold_integers
from rtfs_runtime.builtins.maps import old_value, put, rebuild
from rtfs_runtime.builtins.operands import (
    Items,
    bad_key,
    caller,
    flat,
    mapping,
    sequence,
)
from rtfs_runtime.builtins.table import BUILTINS, builtin
from rtfs_runtime.errors import generic
from rtfs_runtime.maps import BigMap, is_key, is_map
from rtfs_runtime.values import Symbol, kind_name

_FUNCTION = "[:union :fn :keyword]"
_MAPS: Final = frozenset({dict, BigMap})


@builtin(
    "apply",
    f"[:fn [{_FUNCTION} :any & :any] :any]",
    examples=(
        ("(apply + 1 2 [3 4])", "10"),
        ("(apply vector [{:a 1} 2])", "[:a 1 2]"),
        ("(apply + [])", "!ArityMismatch"),
        ("(apply + 1 2)", "!TypeError"),
    ),
)
def apply(function: Any, first: object, *others: object) -> object:
    """Call a function with the leading arguments and the elements of the last one.

    Maps give their keys and values alternating: the last argument itself, and elements of it
    (programs of the original host rely on the latter).
    """
    if not others and first.__class__ is tuple and first and function.__class__ is FunctionType:
        found = fold_integers(function, first)
        if found is not None:
            return found
    leading = (first, *others[:-1]) if others else ()
    arguments = (*leading, *_spread(others[-1] if others else first))
    return caller(function, len(arguments), "apply")(*arguments)


def _spread(value: Any) -> Items | str:
    if value.__class__ is tuple:
        items: Items = value
    elif value is None:
        return ()
    elif isinstance(value, str):
        return value
    elif is_map(value):
        return tuple([part for pair in value.items() for part in pair])
    else:
        items = sequence(value, "apply", "vector, list, string, map, or nil")
    if _MAPS.isdisjoint(map(type, items)):
        return items
    flat: list[object] = []
    for item in items:
        if is_map(item):
            for pair in item.items():
                flat += pair
        else:
            flat.append(item)
    return tuple(flat)


def _function(value: Any, count: int, operation: str) -> Callable[..., Any]:
    """Give what `update` calls; a string names a global of the calling module, or a builtin (ruling 14)."""
    if not isinstance(value, str):
        return caller(value, count, operation)
    frame = sys._getframe(1)
    while frame is not None and "#module" not in frame.f_globals:
        frame = frame.f_back  # type: ignore[assignment]
    found = None
    if frame is not None:
        names = frame.f_globals
        found = names.get(value) or names.get("__builtins__", {}).get(value)
    elif value in BUILTINS and not BUILTINS[value].host:
        # called from Python: there is no module, and no host
        found = BUILTINS[value].function
    # names with these characters are the compiler's own, which no symbol can spell
    if value[:1] in "#:'_" or found is None or kind_name(found) != "function":
        raise generic(f"{operation}: no function named {value}")
    return caller(found, count, operation)


@builtin(
    "update",
    "[:fn [:any :any [:union :fn :keyword :string] & :any] :any]",
    raises=("TypeError", "IndexOutOfBounds", "Generic"),
    examples=(
        ("(update {:n 1} :n + 10 20)", "{:n 31}"),
        ("(update [5 6] 0 dec)", "[4 6]"),
        ("(update [5 6] 2 dec)", "!IndexOutOfBounds"),
        ('(update {:n 1} :n "inc")', "{:n 2}"),
    ),
)
def update(value: Any, key: Any, function: Any, *others: object) -> object:
    """Set a key, or an existing index, to what the function makes of its value (nil when absent)."""
    call = _function(function, 1 + len(others), "update")
    return put(value, key, call(old_value(value, key), *others), "update")


@builtin(
    "update-in",
    "[:fn [:any [:vector :any] [:union :fn :keyword :string] & :any] :any]",
    raises=("TypeError", "IndexOutOfBounds", "Generic"),
    examples=(("(update-in {:a {:n 1}} [:a :n] + 10)", "{:a {:n 11}}"),),
)
def update_in(value: Any, path: object, function: Any, *others: object) -> object:
    """Set the end of a path to what the function makes of its value; missing maps on the way are made."""
    call = _function(function, 1 + len(others), "update-in")
    return rebuild(value, path, lambda old: call(old, *others), "update-in")


@builtin(
    "update-vals",
    f"[:fn [:map {_FUNCTION}] :map]",
    examples=(("(update-vals {:a 1 :b 2} inc)", "{:a 2 :b 3}"),),
)
def update_vals(value: Any, function: Any) -> object:
    """Replace every value of a map by what the function makes of it."""
    call = caller(function, 1, "update-vals")
    return {key: call(content) for key, content in mapping(value, "update-vals").items()}


@builtin(
    "update-keys",
    f"[:fn [:map {_FUNCTION}] :map]",
    examples=(
        ("(update-keys {:a 1 :b 2} name)", '{"a" 1 "b" 2}'),
        ("(update-keys {:a 1} list)", "!TypeError"),
    ),
)
def update_keys(value: Any, function: Any) -> object:
    """Replace every key of a map by what the function makes of it; of equal ones the last wins."""
    call = caller(function, 1, "update-keys")
    made: dict[object, object] = {}
    for key, content in mapping(value, "update-keys").items():
        name = call(key)
        if not is_key(name):
            raise bad_key(name, "update-keys")
        made[name] = content
    return made


@builtin(
    "merge-with",
    f"[:fn [{_FUNCTION} :map & :map] :map]",
    examples=(("(merge-with + {:a 1 :b 2} {:a 10})", "{:a 11 :b 2}"),),
)
def merge_with(function: Any, first: object, *others: object) -> object:
    """Merge maps; where a key is met again, the function joins the two values."""
    call = caller(function, 2, "merge-with")
    made = dict(flat(mapping(first, "merge-with")))
    for other in others:
        for key, content in mapping(other, "merge-with").items():
            made[key] = call(made[key], content) if key in made else content
    return made


@builtin(
    "identity",
    "[:fn [:any] :any]",
    aliases=("process-data",),
    fails=False,
    examples=(("(identity [1])", "[1]"), ("(identity)", "!ArityMismatch")),
)
def identity(value: object) -> object:
    """Give the argument."""
    return value


@builtin(
    "with-meta",
    "[:fn [:any :map] :any]",
    examples=(('(with-meta [1] {:source "a"})', "[1]"), ("(with-meta [1] 2)", "!TypeError")),
)
def with_meta(value: object, metadata: object) -> object:
    """Give the value: metadata is no part of a value, and nothing reads it."""
    mapping(metadata, "with-meta")
    return value


@builtin("constantly", "[:fn [:any] :fn]", fails=False, examples=(("((constantly 5) 1 2)", "5"),))
def constantly(value: object) -> Callable[..., object]:
    """Make a function that takes any arguments and gives one value."""

    def constant(*_arguments: object) -> object:
        return value

    return constant


@builtin(
    "complement",
    f"[:fn [{_FUNCTION}] :fn]",
    examples=(("((complement even?) 3)", "true"), ("(complement 5)", "!TypeError")),
)
def complement(function: Any) -> Callable[..., bool]:
    """Make a function that tells whether another gives a falsy value."""
    of_one = caller(function, 1, "complement")

    def opposite(*arguments: object) -> bool:
        call = of_one if len(arguments) == 1 else caller(function, len(arguments), "complement")
        got = call(*arguments)
        return got is None or got is False

    return opposite


@builtin(
    "partial",
    f"[:fn [{_FUNCTION} & :any] :fn]",
    examples=(("((partial - 10) 3)", "7"), ("((partial +) 1 2)", "3")),
)
def partial(function: Any, *leading: object) -> Callable[..., object]:
    """Make a function that calls another with leading arguments in front of its own."""
    with_one = caller(function, len(leading) + 1, "partial")

    def applied(*arguments: object) -> object:
        if len(arguments) == 1:
            return with_one(*leading, *arguments)
        return caller(function, len(leading) + len(arguments), "partial")(*leading, *arguments)

    return applied


@builtin(
    "comp",
    f"[:fn [& {_FUNCTION}] :fn]",
    examples=(("((comp inc (fn [x] (* 2 x))) 5)", "11"), ("((comp) 5)", "5")),
)
def compose(*functions: Any) -> Callable[..., object]:
    """Make a function that calls the last one with its arguments and each one before with the result."""
    if not functions:
        return identity
    calls = [caller(each, 1, "comp") for each in functions[-2::-1]]
    first = functions[-1]
    of_one = caller(first, 1, "comp")

    def composed(*arguments: object) -> object:
        call_first = of_one if len(arguments) == 1 else caller(first, len(arguments), "comp")
        value = call_first(*arguments)
        for call in calls:
            value = call(value)
        return value

    return composed


@builtin("juxt", f"[:fn [{_FUNCTION} & {_FUNCTION}] :fn]", examples=(("((juxt inc dec) 5)", "[6 4]"),))
def juxt(first: Any, *others: Any) -> Callable[..., object]:
    """Make a function that gives the vector of what several functions give for its arguments."""
    functions = (first, *others)
    for each in functions:
        caller(each, 1, "juxt")

    def side_by_side(*arguments: object) -> object:
        return tuple([caller(each, len(arguments), "juxt")(*arguments) for each in functions])

    return side_by_side


@builtin(
    "every-pred", f"[:fn [{_FUNCTION} & {_FUNCTION}] :fn]", examples=(("((every-pred odd? pos?) 3)", "true"),)
)
def every_predicate(first: Any, *others: Any) -> Callable[[object], bool]:
    """Make a function that tells whether all functions give truthy values for its argument."""
    calls = [caller(each, 1, "every-pred") for each in (first, *others)]

    def satisfied(value: object) -> bool:
        for call in calls:
            got = call(value)
            if got is None or got is False:
                return False
        return True

    return satisfied


@builtin("some-fn", f"[:fn [{_FUNCTION} & {_FUNCTION}] :fn]", examples=(("((some-fn :a :b) {:b 2})", "2"),))
def some_function(first: Any, *others: Any) -> Callable[[object], object]:
    """Make a function that gives the first truthy value that the functions give for its argument, or nil."""
    calls = [caller(each, 1, "some-fn") for each in (first, *others)]

    def tried(value: object) -> object:
        for call in calls:
            got = call(value)
            if got is not None and got is not False:
                return got
        return None

    return tried


@builtin(
    "fnil",
    f"[:fn [{_FUNCTION} :any] :fn]",
    examples=(("((fnil inc 0) nil)", "1"), ("(update {} :n (fnil inc 0))", "{:n 1}")),
)
def fnil(function: Any, default: object) -> Callable[..., object]:
    """Make a function that calls another with a default where its first argument is nil."""
    caller(function, 1, "fnil")

    def patched(first: object, *others: object) -> object:
        argument = default if first is None else first
        return caller(function, 1 + len(others), "fnil")(argument, *others)

    return patched


_numbers = count(1)


@builtin(
    "gensym", "[:fn [] :symbol]", fails=False, effect="reads", examples=(("(symbol? (gensym))", "true"),)
)
def gensym() -> Symbol:
    """Give a new symbol that no program writes."""
    return Symbol(f"g__{next(_numbers)}")


@builtin("force", "[:fn [:fn] :any]", examples=(("(force (delay (+ 1 2)))", "3"),))
def force(delayed: Any) -> object:
    """Give the value of a `delay`, computing it the first time."""
    return caller(delayed, 0, "force")()
