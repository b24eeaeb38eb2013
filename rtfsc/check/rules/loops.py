"""Rules for builtins that call a function for each element.

In: the types of operands; the function is walked with the elements that it gets. Out: types of collections.
"""

from __future__ import annotations

from rtfs_runtime.types import ANY, BOOL, INT, STRING, Type
from rtfsc.check.lattice import KINDS, join, kinds, map_of, vector_of, without
from rtfsc.check.rules.sequences import like, same
from rtfsc.check.rules.table import ITERABLE, STRINGS, Operands, Outcome, element_of, if_kind, rule


def _each(operands: Operands, at: int = 0) -> Type:
    """Give the type of what operand `at` gives for an element of the one after it."""
    return operands.apply(at, [element_of(operands.types[at + 1])])


@rule("map")
def _map(operands: Operands) -> Outcome:
    return Outcome(vector_of(_each(operands)), bool(kinds(operands.types[1]) & ~ITERABLE))


@rule("map-indexed")
def _map_indexed(operands: Operands) -> Outcome:
    kind = operands.types[1]
    found = operands.apply(0, [INT, element_of(kind)])
    made = like(without(kind, STRINGS), found)
    return if_kind(kind, ITERABLE, join(made, vector_of(found)) if kinds(kind) & STRINGS else made)


@rule("filter")
def _filter(operands: Operands) -> Outcome:
    _each(operands)
    kind = operands.types[1]
    bits = ITERABLE & ~STRINGS
    return if_kind(kind, bits, vector_of(element_of(without(kind, STRINGS))))


@rule("remove", "take-while", "drop-while")
def _keep_kind(operands: Operands) -> Outcome:
    _each(operands)
    return same(operands.types[1])


@rule("every?", "some?", "not-any?")
def _test_each(operands: Operands) -> Outcome:
    _each(operands)
    return if_kind(operands.types[1], ITERABLE, BOOL)


@rule("keep")
def _keep(operands: Operands) -> Outcome:
    found = without(_each(operands), KINDS["nil"])
    return if_kind(operands.types[1], ITERABLE, vector_of(found))


@rule("mapcat")
def _mapcat(operands: Operands) -> Outcome:
    found = _each(operands)
    fails = bool(kinds(found) & ~ITERABLE or kinds(operands.types[1]) & ~ITERABLE)
    return Outcome(vector_of(element_of(found)), fails)


@rule("group-by")
def _group_by(operands: Operands) -> Outcome:
    _each(operands)
    kind = operands.types[1]
    return if_kind(kind, ITERABLE | KINDS["nil"], map_of(ANY, vector_of(element_of(kind))))


@rule("partition-by")
def _partition_by(operands: Operands) -> Outcome:
    _each(operands)
    kind = operands.types[1]
    return if_kind(kind, ITERABLE, vector_of(vector_of(element_of(kind))))


@rule("reduce")
def _reduce(operands: Operands) -> Outcome:
    kind = operands.types[-1]
    item = element_of(kind)
    if len(operands.types) == 2:
        return Outcome(operands.accumulate(item, item), True)
    return if_kind(kind, ITERABLE, operands.accumulate(operands.types[1], item))


@rule("reductions")
def _reductions(operands: Operands) -> Outcome:
    found = _reduce(operands)
    return Outcome(vector_of(found.type), found.fails and bool(kinds(operands.types[-1]) & ~ITERABLE))


@rule("sort")
def _sort(operands: Operands) -> Outcome:
    kind = operands.types[-1]
    if len(operands.types) == 2:
        item = element_of(kind)
        operands.apply(0, [item, item])
    return Outcome(like(kind, element_of(kind)), True)


@rule("sort-by")
def _sort_by(operands: Operands) -> Outcome:
    kind = operands.types[-1]
    key = operands.apply(0, [element_of(kind)])
    if len(operands.types) == 3:
        operands.apply(1, [key, key])
    found = like(without(kind, STRINGS), element_of(kind))
    return Outcome(join(found, vector_of(STRING)) if kinds(kind) & STRINGS else found, True)
