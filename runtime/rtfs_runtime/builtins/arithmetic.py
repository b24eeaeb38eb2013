"""Arithmetic: integers of any size and IEEE doubles, kept apart from booleans.

In: numbers. Out: numbers, or the errors of stdlib §3. An integer that no float can hold, met in mixed
arithmetic, leaves as Python's OverflowError, as from compiled instructions; `rtfs_runtime.native` names it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from itertools import chain
from types import MappingProxyType
from typing import Any, Final

from rtfs_runtime.builtins.operands import integer, number
from rtfs_runtime.builtins.table import builtin
from rtfs_runtime.errors import RtfsError, generic, invalid_argument, type_error
from rtfs_runtime.limits import check_bits
from rtfs_runtime.values import kind_name

Number = int | float

MAX_INT64: Final = (1 << 63) - 1
MIN_INT64: Final = -(1 << 63)
_KINDS: Final = frozenset({int, float})
_INTEGERS: Final = frozenset({int})
_LARGE: Final = 1 << 512
"""Integers up to it are not worth the look at their size before they are multiplied."""
_EXACT: Final = 2.0**52
"""Floats below it may have a fraction."""
_MANY: Final = 8
"""Arguments from which on checking all of them in C costs less than a loop."""


def _are_integers(items: tuple[object, ...]) -> bool:
    return {each.__class__ for each in items} <= _INTEGERS


def truncate(value: float) -> int:
    """Convert a float to an integer, toward zero; NaN gives 0, an infinity the 64-bit limit (ruling 8)."""
    if value != value:
        return 0
    if value - value != 0.0:
        return MAX_INT64 if value > 0 else MIN_INT64
    return int(value)


@builtin(
    "+",
    "[:fn [:number & :number] :number]",
    intrinsic="add",
    raises=("TypeError", "Generic"),
    examples=(("(+ 1 2 3)", "6"), ("(+ 1 2.0)", "3"), ('(+ 3 "x")', "!TypeError"), ("(+)", "!ArityMismatch")),
)
def add(first: Number, *others: Number) -> Number:
    """Sum the arguments: an integer unless one is a float."""
    total = number(first, "+")
    if len(others) >= _MANY and total.__class__ is int and _are_integers(others):
        return sum(others, total)
    for each in others:
        if each.__class__ is not int and each.__class__ is not float:
            raise type_error("number", kind_name(each), "+")
        total += each
    return total


@builtin(
    "-",
    "[:fn [:number & :number] :number]",
    intrinsic="subtract",
    raises=("TypeError", "Generic"),
    examples=(("(- 9)", "-9"), ("(- 20 5 1)", "14"), ("(- 9007199254740993 1)", "9007199254740992")),
)
def subtract(first: Number, *others: Number) -> Number:
    """Subtract the others from the first, or negate the only one."""
    total = number(first, "-")
    if not others:
        return -total
    for each in others:
        if each.__class__ is not int and each.__class__ is not float:
            raise type_error("number", kind_name(each), "-")
        total -= each
    return total


@builtin(
    "*",
    "[:fn [:number & :number] :number]",
    intrinsic="multiply",
    raises=("TypeError", "Generic"),
    examples=(("(* 6 7)", "42"), ("(* 2 2.5)", "5"), ("(* 2 nil)", "!TypeError")),
)
def multiply(first: Number, *others: Number) -> Number:
    """Multiply the arguments: an integer unless one is a float."""
    total = number(first, "*")
    for each in others:
        if each.__class__ is not int and each.__class__ is not float:
            raise type_error("number", kind_name(each), "*")
        total = _product(total, each)
    return total


def _product(left: Number, right: Number) -> Number:
    if not -_LARGE < left < _LARGE and left.__class__ is int and right.__class__ is int:
        check_bits(left.bit_length() + right.bit_length())
    return left * right


@builtin(
    "/",
    "[:fn [:number & :number] :number]",
    intrinsic="divide",
    raises=("TypeError", "DivisionByZero", "Generic"),
    examples=(("(/ 7 2)", "3.5"), ("(/ 6.0 3)", "2"), ("(/ 5.0)", "5"), ("(/ 4 0.0)", "!DivisionByZero")),
)
def divide(first: Number, *others: Number) -> Number:
    """Divide the first by the others in turn; a whole result is an integer, whatever the operands were.

    Whole quotients of integers are exact at any size; a whole float beyond 64 bits stays a float.
    """
    total = number(first, "/")
    for each in others:
        if each.__class__ is int:
            if each == 0:
                raise RtfsError("DivisionByZero")
            if total.__class__ is int:
                quotient, left = divmod(total, each)
                total = total / each if left else quotient
                continue
        elif each.__class__ is not float:
            raise type_error("number", kind_name(each), "/")
        elif each == 0.0:
            raise RtfsError("DivisionByZero")
        total /= each
    if total.__class__ is float and MIN_INT64 <= total <= MAX_INT64 and total.is_integer():
        return int(total)
    return total


@builtin(
    "mod",
    "[:fn [:number :number] :number]",
    aliases=("%", "rem"),
    raises=("TypeError", "DivisionByZero", "Generic"),
    examples=(
        ("(mod -11 4)", "-3"),
        ("(mod 11 -4)", "3"),
        ("(mod -7.5 2)", "-1.5"),
        ("(mod 5 0)", "!DivisionByZero"),
    ),
)
def mod(left: Number, right: Number) -> Number:
    """Give the remainder of the division truncated toward zero: it has the sign of the dividend."""
    number(left, "mod")
    if number(right, "mod") == 0:
        raise RtfsError("DivisionByZero")
    if left.__class__ is int and right.__class__ is int:
        left_over = abs(left) % abs(right)
        return -left_over if left < 0 else left_over
    try:
        return math.fmod(left, right)
    except ValueError:
        return math.nan


@builtin(
    "quot",
    "[:fn [:int :int] :int]",
    raises=("TypeError", "DivisionByZero"),
    examples=(("(quot 11 4)", "2"), ("(quot -11 4)", "-2"), ("(quot 1 0)", "!DivisionByZero")),
)
def quotient(left: int, right: int) -> int:
    """Divide integers, truncated toward zero: what `mod` leaves is the rest."""
    integer(left, "quot")
    if integer(right, "quot") == 0:
        raise RtfsError("DivisionByZero")
    whole = abs(left) // abs(right)
    return whole if (left < 0) is (right < 0) else -whole


@builtin(
    "inc",
    "[:fn [:number] :number]",
    intrinsic="inc",
    raises=("Generic",),
    examples=(("(inc 41)", "42"), ("(inc nil)", "!Generic")),
)
def inc(value: Number) -> Number:
    """Add one."""
    if value.__class__ is int or value.__class__ is float:
        return value + 1
    raise generic("inc expects a number")


@builtin(
    "dec",
    "[:fn [:number] :number]",
    intrinsic="dec",
    raises=("Generic",),
    examples=(("(dec 1)", "0"), ("(dec 0.5)", "-0.5")),
)
def dec(value: Number) -> Number:
    """Subtract one."""
    if value.__class__ is int or value.__class__ is float:
        return value - 1
    raise generic("dec expects a number")


def _all_numbers(first: object, others: tuple[object, ...], operation: str) -> None:
    if first.__class__ not in _KINDS or not {each.__class__ for each in others} <= _KINDS:
        raise generic(f"{operation} expects numbers")


@builtin(
    "max",
    "[:fn [:any & :any] :any]",
    raises=("Generic",),
    examples=(
        ("(max 3 9 2)", "9"),
        ("(max 2 2.0)", "2"),
        ('(max "solo")', '"solo"'),
        ('(max 1 "x")', "!Generic"),
    ),
)
def maximum(first: Any, *others: Any) -> Any:
    """Give the largest number; of equal ones the first.

    A NaN never replaces another number; one argument alone is not checked.
    """
    if not others:
        return first
    _all_numbers(first, others, "max")
    return max(chain((first,), others))


@builtin(
    "min",
    "[:fn [:any & :any] :any]",
    raises=("Generic",),
    examples=(("(min 3 1 2)", "1"), ("(min 2.0 2)", "2")),
)
def minimum(first: Any, *others: Any) -> Any:
    """Give the smallest number; of equal ones the first.

    A NaN never replaces another number; one argument alone is not checked.
    """
    if not others:
        return first
    _all_numbers(first, others, "min")
    return min(chain((first,), others))


@builtin("abs", "[:fn [:number] :number]", examples=(("(abs -5)", "5"), ("(abs -2.5)", "2.5")))
def absolute(value: Number) -> Number:
    """Give the absolute value."""
    return abs(number(value, "abs"))


@builtin(
    "sqrt",
    "[:fn [:number] :float]",
    raises=("TypeError", "InvalidArgument"),
    examples=(("(sqrt 81)", "9"), ("(type-name (sqrt 81))", '"float"'), ("(sqrt -4)", "!InvalidArgument")),
)
def sqrt(value: Number) -> float:
    """Give the square root, a float."""
    if number(value, "sqrt") < 0:
        raise invalid_argument("sqrt of a negative number")
    try:
        return math.sqrt(value)
    except OverflowError:
        return to_double(math.isqrt(int(value)))


def to_double(value: Number) -> float:
    """Convert to a float; an integer that none can hold gives an infinity, as in IEEE arithmetic."""
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


@builtin(
    "pow",
    "[:fn [:number :number] :number]",
    examples=(("(pow 3 4)", "81"), ("(pow 2 -2)", "0.25"), ("(pow -8 0.333)", "NaN"), ("(pow 0 0)", "1")),
)
def power(base: Number, exponent: Number) -> Number:
    """Raise to a power: an integer for an integer and a non-negative integer, else a float."""
    number(base, "pow")
    number(exponent, "pow")
    if base.__class__ is int and exponent.__class__ is int and exponent >= 0:
        if not -2 < base < 2:
            check_bits((abs(base).bit_length() - 1) * exponent)
        return base**exponent  # type: ignore[no-any-return]
    return _float_power(base, exponent)


def _float_power(base: Number, exponent: Number) -> float:
    """Compute as C's `pow`: no errors, infinities and NaN instead."""
    try:
        return math.pow(base, exponent)
    except ValueError:
        if base != 0:
            return math.nan
        odd = (exponent.__class__ is int and exponent % 2 == 1) or exponent % 2.0 == 1.0
        return math.copysign(math.inf, base) if odd else math.inf
    except OverflowError:
        if base.__class__ is int and exponent.__class__ is int:
            # the base alone may be past what a float holds
            return 0.0 if abs(base) > 1 else 1.0
        odd = exponent % 2 == 1
        return -math.inf if base < 0 and odd else math.inf


@builtin(
    "factorial",
    "[:fn [:int] :int]",
    aliases=("fact",),
    raises=("TypeError", "InvalidArgument"),
    examples=(
        ("(factorial 6)", "720"),
        ("(factorial -2)", "!InvalidArgument"),
        ("(factorial 4.0)", "!TypeError"),
    ),
)
def factorial(n: int) -> int:
    """Multiply the integers from 1 to `n`."""
    if integer(n, "factorial") < 0:
        raise invalid_argument("factorial of a negative number")
    if n > 20:
        check_bits(n * (n.bit_length() - 2))
    return math.factorial(n)


def _whole(value: Number, operation: str) -> int:
    found = number(value, operation)
    return found if found.__class__ is int else truncate(found)


@builtin("even?", "[:fn [:number] :bool]", examples=(("(even? 10)", "true"), ("(even? 4.9)", "true")))
def is_even(value: Number) -> bool:
    """Tell whether an integer, or a float without its fraction, is divisible by 2."""
    return _whole(value, "even?") % 2 == 0


@builtin("odd?", "[:fn [:number] :bool]", examples=(("(odd? 7)", "true"), ("(odd? -3)", "true")))
def is_odd(value: Number) -> bool:
    """Tell whether an integer, or a float without its fraction, is not divisible by 2."""
    return _whole(value, "odd?") % 2 == 1


@builtin("zero?", "[:fn [:number] :bool]", examples=(("(zero? 0)", "true"), ('(zero? "0")', "!TypeError")))
def is_zero(value: Number) -> bool:
    """Tell whether a number is zero."""
    return number(value, "zero?") == 0


@builtin("pos?", "[:fn [:number] :bool]", examples=(("(pos? 2)", "true"), ("(pos? 0)", "false")))
def is_positive(value: Number) -> bool:
    """Tell whether a number is greater than zero."""
    return number(value, "pos?") > 0


@builtin("neg?", "[:fn [:number] :bool]", examples=(("(neg? -0.5)", "true"), ("(neg? 0)", "false")))
def is_negative(value: Number) -> bool:
    """Tell whether a number is less than zero."""
    return number(value, "neg?") < 0


@builtin("floor", "[:fn [:number] :int]", examples=(("(floor -1.5)", "-2"), ("(floor 3)", "3")))
def floor(value: Number) -> int:
    """Give the greatest integer that is not above."""
    whole = _whole(value, "floor")
    return whole - 1 if whole > value > -math.inf else whole


@builtin("ceil", "[:fn [:number] :int]", examples=(("(ceil 1.2)", "2"), ("(ceil -1.2)", "-1")))
def ceil(value: Number) -> int:
    """Give the least integer that is not below."""
    whole = _whole(value, "ceil")
    return whole + 1 if whole < value < math.inf else whole


@builtin(
    "round",
    "[:fn [:number] :int]",
    examples=(("(round 2.5)", "3"), ("(round -2.5)", "-3"), ("(round 0.4)", "0")),
)
def nearest(value: Number) -> int:
    """Give the nearest integer; halves go away from zero."""
    if value.__class__ is float and -_EXACT < value < _EXACT:
        whole = int(value)
        rest = value - whole
        return whole + 1 if rest >= 0.5 else whole - 1 if rest <= -0.5 else whole
    whole = _whole(value, "round")
    if 0.5 <= abs(value - whole) < 1:
        return whole - 1 if value < 0 else whole + 1
    return whole


def _add_two(left: Any, right: Any) -> Any:
    kind, other = left.__class__, right.__class__
    if (kind is int or kind is float) and (other is int or other is float):
        return left + right
    return add(left, right)


def _multiply_two(left: Any, right: Any) -> Any:
    kind, other = left.__class__, right.__class__
    if (kind is int or kind is float) and (other is int or other is float):
        return left * right if -_LARGE < left < _LARGE else _product(left, right)
    return multiply(left, right)


def _max_two(left: Any, right: Any) -> Any:
    kind, other = left.__class__, right.__class__
    if (kind is int or kind is float) and (other is int or other is float):
        return right if right > left else left
    return maximum(left, right)


def _min_two(left: Any, right: Any) -> Any:
    kind, other = left.__class__, right.__class__
    if (kind is int or kind is float) and (other is int or other is float):
        return right if right < left else left
    return minimum(left, right)


PAIRWISE: Final[Mapping[Any, Callable[[Any, Any], Any]]] = MappingProxyType(
    {add: _add_two, multiply: _multiply_two, maximum: _max_two, minimum: _min_two}
)
"""What a fold may call instead of a variadic function: `*others` makes a tuple at every call."""


def fold_integers(function: Any, items: tuple[object, ...]) -> Any:
    """Fold integers, of which there is one at least, by a builtin that C can fold; None where it cannot.

    Only integers: a sum of floats, which newer Pythons make more exact, must be that of the plain loop.
    """
    fold = FOLDS.get(function)
    return None if fold is None or not _are_integers(items) else fold(items)


FOLDS: Final[Mapping[Any, Callable[[Iterable[Any]], Any]]] = MappingProxyType(
    {add: sum, maximum: max, minimum: min}
)
