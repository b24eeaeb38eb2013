"""Equality and order.

In: values. Out: booleans. The rules of equality are `rtfs_runtime.equality`'s; the order of `sort` is
`rtfs_runtime.ordering`'s and not the one here (stdlib §1.6, §4).
"""

from __future__ import annotations

from typing import Any

from rtfs_runtime.builtins.table import builtin
from rtfs_runtime.equality import equal
from rtfs_runtime.errors import RtfsError, type_error
from rtfs_runtime.values import kind_name


@builtin(
    "=",
    "[:fn [:any & :any] :bool]",
    aliases=("==",),
    fails=False,
    intrinsic="equal",
    examples=(
        ("(= 3 3 3)", "true"),
        ("(= 1 1.0)", "false"),
        ("(= {:a 1 :b 2} {:b 2 :a 1})", "true"),
        ("(= nil false)", "false"),
    ),
)
def equals(first: object, *others: object) -> bool:
    """Tell whether every argument equals the first; kinds never mix."""
    return all(equal(first, each) for each in others)


@builtin(
    "!=",
    "[:fn [:any :any] :bool]",
    aliases=("not=",),
    fails=False,
    intrinsic="not_equal",
    examples=(("(!= 1 1.0)", "true"), ('(not= "a" "a")', "false"), ("(!= 1 2 3)", "!ArityMismatch")),
)
def differs(left: object, right: object) -> bool:
    """Tell whether two values differ."""
    return not equal(left, right)


def _incomparable(left: object, right: object, operation: str) -> RtfsError:
    return type_error("comparable types", f"{kind_name(left)} and {kind_name(right)}", operation)


def _comparable(left: object, right: object) -> bool:
    kind, other = left.__class__, right.__class__
    if kind is int or kind is float:
        return other is int or other is float
    return kind is str and other is str


_ORDER = "[:fn [[:union :number :string] [:union :number :string]] :bool]"


@builtin(
    "<",
    _ORDER,
    intrinsic="less",
    examples=(("(< 1 1.5)", "true"), ('(< "B" "a")', "true"), ("(< :a :b)", "!TypeError")),
)
def less(left: Any, right: Any) -> bool:
    """Tell whether a number or string is less than another."""
    if _comparable(left, right):
        return left < right  # type: ignore[no-any-return]
    raise _incomparable(left, right, "<")


@builtin(">", _ORDER, intrinsic="greater", examples=(("(> 2 1)", "true"), ('(> "a" 1)', "!TypeError")))
def greater(left: Any, right: Any) -> bool:
    """Tell whether a number or string is greater than another."""
    if _comparable(left, right):
        return left > right  # type: ignore[no-any-return]
    raise _incomparable(left, right, ">")


@builtin("<=", _ORDER, intrinsic="at_most", examples=(("(<= 2 2.0)", "true"), ("(<= {} {})", "!TypeError")))
def at_most(left: Any, right: Any) -> bool:
    """Tell whether a number or string is at most another."""
    if _comparable(left, right):
        return left <= right  # type: ignore[no-any-return]
    raise _incomparable(left, right, "<=")


@builtin(">=", _ORDER, intrinsic="at_least", examples=(("(>= 2.0 2)", "true"), ("(>= 1 2)", "false")))
def at_least(left: Any, right: Any) -> bool:
    """Tell whether a number or string is at least another."""
    if _comparable(left, right):
        return left >= right  # type: ignore[no-any-return]
    raise _incomparable(left, right, ">=")


@builtin(
    "compare", _ORDER.replace(":bool", ":int"), examples=(("(compare 1 2)", "-1"), ('(compare "b" "a")', "1"))
)
def compare(left: Any, right: Any) -> int:
    """Give -1, 0 or 1 as one number or string is less than, equal to or greater than another."""
    if _comparable(left, right):
        return (left > right) - (left < right)  # type: ignore[no-any-return]
    raise _incomparable(left, right, "compare")
