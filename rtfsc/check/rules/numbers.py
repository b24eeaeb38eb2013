"""Rules for arithmetic and order.

In: the types of operands. Out: types of numbers and booleans.
"""

from __future__ import annotations

from rtfs_runtime.types import BOOL, FLOAT, INT, NEVER, NUMBER, Type
from rtfsc.check.lattice import KINDS, NUMBERS, join_all, kinds, only
from rtfsc.check.rules.table import STRINGS, Operands, Outcome, rule


@rule("+", "-", "*")
def _arithmetic(operands: Operands) -> Outcome:
    return _numeric(operands.types)


def _numeric(types: list[Type]) -> Outcome:
    every, some = 0, 0
    mixed = False
    for kind in types:
        having = kinds(kind)
        if not having & NUMBERS:
            return Outcome(NEVER, True)
        every |= having
        if having & NUMBERS == KINDS["float"]:
            some |= KINDS["float"]
        mixed = mixed or bool(having & ~NUMBERS)
    # an integer that no float can hold fails in mixed arithmetic
    fails = mixed or every & NUMBERS == NUMBERS
    if every & NUMBERS == KINDS["int"]:
        return Outcome(INT, fails)
    return Outcome(FLOAT if some else NUMBER, fails)


@rule("inc", "dec")
def _step(operands: Operands) -> Outcome:
    (kind,) = operands.types
    number = only(kind, NUMBERS)
    return Outcome(number, number is not kind)


@rule("/")
def _quotient(operands: Operands) -> Outcome:
    return Outcome(NUMBER if _numeric(operands.types).type is not NEVER else NEVER, True)


@rule("mod")
def _remainder(operands: Operands) -> Outcome:
    return Outcome(_numeric(operands.types).type, True)


@rule("pow")
def _power(operands: Operands) -> Outcome:
    found = _numeric(operands.types).type
    # a negative exponent makes a float of integers
    return Outcome(NUMBER if found is INT else found, True)


@rule("max", "min")
def _extreme(operands: Operands) -> Outcome:
    if len(operands.types) == 1:
        return Outcome(operands.types[0], False)
    found = [only(kind, NUMBERS) for kind in operands.types]
    if NEVER in found:
        return Outcome(NEVER, True)
    return Outcome(join_all(found), found != operands.types)


@rule("abs")
def _absolute(operands: Operands) -> Outcome:
    return _step(operands)


@rule("even?", "odd?", "zero?", "pos?", "neg?")
def _number_test(operands: Operands) -> Outcome:
    return _of_number(operands, BOOL)


@rule("floor", "ceil", "round")
def _whole(operands: Operands) -> Outcome:
    return _of_number(operands, INT)


def _of_number(operands: Operands, result: Type) -> Outcome:
    having = kinds(operands.types[0])
    return Outcome(result if having & NUMBERS else NEVER, bool(having & ~NUMBERS))


@rule("<", ">", "<=", ">=")
def _order(operands: Operands) -> Outcome:
    return _comparison(operands, BOOL)


@rule("compare")
def _compare(operands: Operands) -> Outcome:
    return _comparison(operands, INT)


def _comparison(operands: Operands, result: Type) -> Outcome:
    left, right = (kinds(kind) for kind in operands.types)
    numbers = left & NUMBERS and right & NUMBERS
    strings = left & STRINGS and right & STRINGS
    if not numbers and not strings:
        return Outcome(NEVER, True)
    return Outcome(result, bool((left | right) & ~NUMBERS and (left | right) & ~STRINGS))
