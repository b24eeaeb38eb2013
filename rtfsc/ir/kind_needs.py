"""What builtins and operations ask of their arguments, and give to the functions that they call.

In: kinds of arguments. Out: kinds that they have when nothing failed, the two sides of predicates, what
functions are given, and what is made of their results.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from rtfs_runtime.builtins import BUILTINS
from rtfsc.ir.kinds import (
    ANY,
    BOOL,
    BUFFER,
    EVERY,
    FLOAT,
    INT,
    KEY,
    KEYWORD,
    LIST,
    MAP,
    NATURAL,
    NIL,
    NUMBER,
    SEQUENCE,
    STR,
    TUPLE,
    VECTOR,
    Kind,
    element,
    holding,
    items,
    within,
)

_PER_ITEM: Final = frozenset(
    {
        "map", "filter", "remove", "keep", "mapcat", "group-by", "sort-by", "every?", "some?", "some",
        "not-any?", "not-every?", "take-while", "drop-while", "partition-by", "split-with",
    }
)  # fmt: skip


def given(name: str, args: list[Kind]) -> list[Kind]:
    """Give the kinds of what a builtin gives to the function that is its first argument; none where that is
    not known."""
    if (name in _PER_ITEM and len(args) == 2) or name == "map":
        return list(map(items, args[1:]))
    if name == "map-indexed" and len(args) == 2:
        return [NATURAL, items(args[1])]
    return [ANY, items(args[2])] if name == "reduce" and len(args) == 3 else []


def of_calls(name: str, result: Kind) -> Kind | None:
    """Give the kind of what a builtin makes of the results of its first argument; None where that is not
    what it gives."""
    if name in ("map", "keep", "map-indexed"):
        return holding(TUPLE, result)
    return holding(TUPLE, element(result)) if name == "mapcat" and within(result, SEQUENCE) else None


_ARITHMETIC: Final = frozenset(
    {"+", "-", "*", "/", "mod", "inc", "dec", "abs", "sqrt", "even?", "odd?", "zero?", "pos?", "neg?"}
)
_ORDER: Final = frozenset({"<", "<=", ">", ">="})


def wanted(name: str, args: list[Kind]) -> list[Kind] | None:
    """Say which classes the arguments of a builtin have when it did not fail; None when that says nothing."""
    name = BUILTINS[name].name
    if name in _ARITHMETIC:
        return [NUMBER] * len(args)
    if name == "quot":
        return [INT] * len(args)
    if name in _ORDER and len(args) == 2:
        left, right = args
        if within(left, NUMBER) or within(right, NUMBER):
            return [NUMBER, NUMBER]
        return [STR, STR] if within(left, STR) or within(right, STR) else [NUMBER | STR] * 2
    if name in ("max", "min") and len(args) > 1:
        return [NUMBER] * len(args)
    if name == "nth" and len(args) == 2:
        return [ANY | BUFFER, INT]
    if name in ("get", "assoc"):
        return [ANY | BUFFER, KEY]
    return None


_PREDICATES: Final[Mapping[str, Kind]] = MappingProxyType(
    {
        "nil?": NIL,
        "bool?": BOOL,
        "true?": BOOL,
        "int?": INT,
        "float?": FLOAT,
        "number?": NUMBER,
        "string?": STR,
        "keyword?": KEYWORD,
        "list?": LIST,
        "vector?": VECTOR,
        "map?": MAP,
    }
)
_TWO_SIDED: Final = frozenset({"nil?", "bool?", "int?", "float?", "number?", "string?", "keyword?", "list?"})


def predicate(name: str) -> tuple[Kind, Kind] | None:
    """Give the classes for which a predicate holds, and those for which it does not."""
    name = BUILTINS[name].name
    yes = _PREDICATES.get(name)
    if yes is None:
        return None
    return yes, EVERY & ~yes if name in _TWO_SIDED else EVERY


OP_NEEDS: Final[Mapping[str, tuple[Kind, ...]]] = MappingProxyType(
    {
        "dict_put": (ANY | BUFFER, KEY),
        "list_put": (ANY | BUFFER, INT),
        **dict.fromkeys(("quotient", "floor_quotient", "exact_quotient", "residue"), (NUMBER, NUMBER)),
    }
)
"""Which classes the first operands of some operations have when they did not fail."""
