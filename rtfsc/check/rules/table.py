"""The table of rules: what builtins give, more exactly than the types in their rows say.

In: the inferred types of operands. Out: the type of the result, and whether the call may fail. A rule knows
one family of builtins; a builtin without a rule has its row. Rules hold for every value: the tests call each
builtin with values of all kinds and compare.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Final, NamedTuple, Protocol

from rtfs_runtime.builtins import BUILTINS
from rtfs_runtime.type_reader import read_type
from rtfs_runtime.types import (
    ANY,
    LIST,
    MAP,
    NEVER,
    NUMBER,
    RESOURCE,
    SET,
    STRING,
    TIMESTAMP,
    UUID,
    VECTOR,
    FnType,
    Prim,
    Type,
    union,
)
from rtfsc.check.lattice import KINDS, NUMBERS, element, join_all, kinds, members

STRINGS: Final = KINDS["string"]
MAPS: Final = KINDS["map"]
VECTORS: Final = KINDS["vector"]
ITERABLE: Final = KINDS["vector"] | KINDS["list"] | KINDS["set"] | STRINGS
SIZED: Final = ITERABLE | MAPS
KEYS: Final = KINDS["keyword"] | STRINGS | KINDS["int"]
NOTHING: Final = object()


class Operands(Protocol):
    """The operands of one call, as a rule sees them."""

    @property
    def types(self) -> list[Type]:
        """Their types."""
        ...

    def constant(self, index: int) -> object:
        """Give the value of a literal operand; `NOTHING` for others."""
        ...

    def apply(self, index: int, args: list[Type]) -> Type:
        """Give the type of what an operand gives when the builtin calls it."""
        ...

    def accumulate(self, first: Type, item: Type) -> Type:
        """Give the type of the totals of a fold by operand 0."""
        ...


class Outcome(NamedTuple):
    """What a call gives, and whether it may fail."""

    type: Type
    fails: bool


Rule = Callable[[Operands], Outcome]
_rules: dict[str, Rule] = {}
RULES: Final[Mapping[str, Rule]] = MappingProxyType(_rules)
"""By the name of a row; aliases are rows of the same name."""


def rule(*names: str) -> Callable[[Rule], Rule]:
    """Enter the decorated rule for builtins, by the names of their rows."""

    def enter(function: Rule) -> Rule:
        for name in names:
            assert name in BUILTINS and name not in _rules, name
            _rules[name] = function
        return function

    return enter


@lru_cache(1 << 10)
def signature(name: str) -> FnType:
    """Give the type of a builtin as its row says it."""
    found = read_type(BUILTINS[name].type)
    assert isinstance(found, FnType)
    return found


# a text function takes what has a text, and what takes a vector mostly takes any sequence
_WIDER: Final[Mapping[Type, Type]] = MappingProxyType(
    {
        STRING: union((STRING, TIMESTAMP, UUID, RESOURCE)),
        VECTOR: union((VECTOR, LIST, SET)),
        # maps and sets look up
        Prim("fn"): union((Prim("fn"), MAP, SET)),
    }
)


def asked(name: str, index: int) -> Type:
    """Give the type that a builtin's row asks of an operand."""
    kind = signature(name)
    found = kind.params[index] if index < len(kind.params) else kind.rest
    return ANY if found is None else found


@lru_cache(1 << 12)
def accepted(name: str, index: int) -> Type:
    """Give the type of what a builtin may take as an operand: what its row asks for, read widely."""
    found = asked(name, index)
    if found is ANY or BUILTINS[name].host:
        return ANY
    return join_all([_WIDER.get(part, part) for part in members(found).values()])


_ORDERS: Final = frozenset({"<", ">", "<=", ">=", "compare"})


def implied(name: str, index: int, types: list[Type]) -> Type:
    """Give the type that an operand must have had when a call gave a value."""
    if name in _ORDERS:
        other = kinds(types[1 - index])
        if not other & ~NUMBERS:
            return NUMBER
        if not other & ~STRINGS:
            return STRING
    return accepted(name, index)


def of_builtin(name: str, operands: Operands) -> Outcome:
    """Give what a call of a builtin gives."""
    found = RULES.get(name)
    if found is not None:
        return found(operands)
    row = BUILTINS[name]
    return Outcome(signature(name).result, row.fails)


def if_kind(kind: Type, bits: int, result: Type) -> Outcome:
    """Give a result for values of some kinds; others fail."""
    having = kinds(kind)
    return Outcome(result if having & bits else NEVER, bool(having & ~bits))


def element_of(kind: Type) -> Type:
    """Give the type of elements; of a value of unknown kind anything."""
    return ANY if kind is ANY else element(kind)


CALLS_OPERANDS: Final = frozenset({"sort", "sort-by"}) | frozenset(
    name
    for name, row in BUILTINS.items()
    if ":fn" in row.type.removeprefix("[:fn") and not row.type.endswith(":fn]")
)
"""The builtins that may call an operand, beside those that only make functions of functions."""
