"""Quick acceptance: yes to most values that conform to a type, without a place or a message in mind.

In: a type. Out: the classes whose instances surely conform, and a test that says yes to what surely conforms.
What the test does not accept is for the walk of `type_checks`, which knows all rules and what to say: a test
may be too narrow, never too wide. Measured: a record of five fields in a third of the walk's time.
"""

from __future__ import annotations

from collections.abc import Callable
from types import BuiltinFunctionType, FunctionType
from typing import Any as PythonAny
from typing import Final, TypeAlias

from rtfs_runtime.errors import RtfsError
from rtfs_runtime.maps import BigMap
from rtfs_runtime.type_predicates import PREDICATES
from rtfs_runtime.type_terms import (
    Alias,
    And,
    Any,
    Enum,
    ListOf,
    MapOf,
    MapType,
    Predicate,
    Prim,
    Term,
    Tuple,
    Union,
    Val,
    Vector,
)
from rtfs_runtime.values import Keyword, List, Resource, Set, Symbol, Timestamp, Uuid
from rtfs_runtime.vectors import BigVector

Test: TypeAlias = Callable[[PythonAny], bool]

# deeper types are for the walk, which needs no stack
_DEEPEST: Final = 16
_MISSING: Final = object()

KINDS: Final[dict[str, frozenset[type]]] = {
    "int": frozenset({int}),
    "float": frozenset({float, int}),
    "number": frozenset({int, float}),
    "string": frozenset({str}),
    "bool": frozenset({bool}),
    "nil": frozenset({type(None)}),
    "keyword": frozenset({Keyword}),
    "symbol": frozenset({Symbol}),
    "timestamp": frozenset({Timestamp}),
    "uuid": frozenset({Uuid}),
    "resource-handle": frozenset({Resource}),
    "set": frozenset({Set}),
    "fn": frozenset({FunctionType, BuiltinFunctionType}),
    "error": frozenset({RtfsError}),
}
"""The classes of the kinds without structure; functions and errors may be of other classes too."""


class _All(frozenset[type]):
    """The classes of `any`."""

    __slots__ = ()

    def __contains__(self, item: object) -> bool:
        return True


def classes_of(kind: Term) -> frozenset[type] | None:
    """Give the classes whose instances surely conform, whatever they hold; None when there are none."""
    match kind:
        case Any():
            return _All()
        case Prim(name):
            return KINDS[name]
        case Vector(Any()):
            return frozenset({tuple, BigVector})
        case ListOf(Any()):
            return frozenset({List})
        case MapType((), None):
            return frozenset({dict, BigMap})
        case Union(members):
            parts = [KINDS[member.name] for member in members if isinstance(member, Prim)]
            return frozenset().union(*parts) if parts else None
        case _:
            return None


def acceptor(kind: Term, depth: int = _DEEPEST) -> Test | None:
    """Give the test of a type; None where no value is surely accepted."""
    if not depth:
        return None
    found = None if isinstance(kind, Union) else classes_of(kind)
    if found is not None:
        return _anything if isinstance(kind, Any) else lambda value: value.__class__ in found
    match kind:
        case Alias(target=target):
            # where it stands inside itself it has no target
            return None if target is None else acceptor(target, depth - 1)
        case Vector(element):
            each = _elements(element, depth)
            return each and (lambda value: value.__class__ is tuple and each(value))
        case ListOf(item):
            every = _elements(item, depth)
            return every and (lambda value: value.__class__ is List and every(value.items))
        case MapOf(key, held):
            keys, values = _elements(key, depth), _elements(held, depth)
            if keys is None or values is None:
                return None
            return lambda value: value.__class__ is dict and keys(value) and values(value.values())
        case Tuple(items=items):
            return _tuple([acceptor(part, depth - 1) for part in items])
        case MapType():
            return _record(kind, depth)
        case Union(members):
            return _any_of([acceptor(part, depth - 1) for part in members])
        case And(base, checks):
            return _all_of([acceptor(part, depth - 1) for part in (base, *checks)])
        case Predicate(name, operands) if name != "matches-regex":
            test = PREDICATES[name].test
            return lambda value: test(value, operands) is None
        case Enum() | Val():
            atoms = frozenset([atom for atom in kind.values if atom.__class__ in (Keyword, str)])
            return lambda value: (value.__class__ is Keyword or value.__class__ is str) and value in atoms
        case _:
            return None


def _accepts(test: Test, value: object) -> bool:
    return test(value)


def _anything(_value: object) -> bool:
    return True


def _elements(kind: Term, depth: int) -> Test | None:
    """Give the test of all elements of an iterable."""
    if isinstance(kind, Any):
        return _anything
    if isinstance(kind, Prim):
        accepts = KINDS[kind.name].issuperset
        return lambda values: accepts(map(type, values))
    each = acceptor(kind, depth - 1)
    return each and (lambda values: all(map(each, values)))


def _tuple(tests: list[Test | None]) -> Test | None:
    each = [test for test in tests if test is not None]
    if len(each) < len(tests):
        return None

    def accepts(value: PythonAny) -> bool:
        if value.__class__ is not tuple or len(value) != len(each):
            return False
        return all(map(_accepts, each, value))

    return accepts


def _any_of(tests: list[Test | None]) -> Test | None:
    each = [test for test in tests if test is not None]
    return (lambda value: any(test(value) for test in each)) if each else None


def _all_of(tests: list[Test | None]) -> Test | None:
    each = [test for test in tests if test is not None]
    # a later part may be sound for what an earlier one takes only: one by one
    return None if len(each) < len(tests) else lambda value: all(test(value) for test in each)


def _record(kind: MapType, depth: int) -> Test | None:
    """Give the test of a dict with the fields under their own keys; a keyword's text may stand for it, which
    is left to the walk, as are other entries where they are looked at."""
    rows = []
    for key, field, optional in kind.fields:
        test = acceptor(field, depth - 1)
        if test is None and not optional:
            return None
        rows.append((key, test, key.text if isinstance(key, Keyword) else key, optional))
    is_closed = kind.rest is not None

    def accepts(value: PythonAny) -> bool:
        if value.__class__ is not dict:
            return False
        found = 0
        for key, test, text, optional in rows:
            part = value.get(key, _MISSING)
            if part is _MISSING:
                if not optional or text in value:
                    return False
            elif test is None or not test(part):
                return False
            else:
                found += 1
        return not is_closed or found == len(value)

    return accepts
