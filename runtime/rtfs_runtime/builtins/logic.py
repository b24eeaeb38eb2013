"""Logic: the function values of `and`, `or`, `not`.

A direct call of `and` or `or` short-circuits, which is the compiler's matter.

In: values, of which only nil and false are falsy. Out: one of them, or a boolean.
"""

from __future__ import annotations

from rtfs_runtime.builtins.table import builtin


@builtin(
    "and",
    "[:fn [& :any] :any]",
    fails=False,
    examples=(("(and 1 nil 3)", "nil"), ('(and 0 "" [])', "[]"), ("(and)", "true")),
)
def all_of(*values: object) -> object:
    """Give the first falsy argument, else the last; true without arguments."""
    last: object = True
    for last in values:
        if last is None or last is False:
            return last
    return last


@builtin(
    "or",
    "[:fn [& :any] :any]",
    fails=False,
    examples=(
        ("(or nil false 7)", "7"),
        ("(or nil false)", "false"),
        ("(or)", "false"),
        ("(or true (/ 1 0))", "true"),
    ),
)
def any_of(*values: object) -> object:
    """Give the first truthy argument, else the last; false without arguments."""
    last: object = False
    for last in values:
        if last is not None and last is not False:
            return last
    return last


@builtin(
    "not",
    "[:fn [:any] :bool]",
    fails=False,
    intrinsic="not",
    examples=(("(not 0)", "false"), ("(not nil)", "true")),
)
def negate(value: object) -> bool:
    """Tell whether a value is falsy."""
    return value is None or value is False
