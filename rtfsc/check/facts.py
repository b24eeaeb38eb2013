"""What a test that came out true or false says of the values it looked at.

In: the test, an expression, and how it came out. Out: changes to what is known of variables. Variables never
change, so that what is known of one holds wherever control can only come from there.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Protocol

from rtfs_runtime.builtins import BUILTINS
from rtfs_runtime.types import Type, from_data
from rtfs_runtime.values import Keyword
from rtfsc.check.lattice import (
    KINDS,
    NUMBERS,
    SEQUENCES,
    falsy,
    field,
    is_key_literal,
    meet,
    members,
    only,
    truthy,
    with_field,
    with_value,
    without,
    without_value,
)
from rtfsc.check.relations import fits, strict
from rtfsc.ir.nodes import BuiltinRef, Call, Const, Expr, If, Let, Local, Op

_PREDICATES: Final[Mapping[str, int]] = MappingProxyType(
    {
        **{
            f"{name}?": KINDS[name]
            for name in (
                "nil", "bool", "int", "float", "string", "keyword", "symbol", "vector", "list", "map", "fn",
            )
        },
        "number?": NUMBERS,
    }
)  # fmt: skip
_ATOMS: Final = (type(None), bool, int, str, Keyword)


class Known(Protocol):
    """What is known of variables while walking."""

    def read(self, node: Local) -> Type:
        """Give the type of a variable here."""
        ...

    def note(self, node: Local, kind: Type) -> None:
        """Narrow the type of a variable here."""
        ...

    def test_of(self, node: Local) -> Expr | None:
        """Give the expression that a variable has the value of, when that was a test."""
        ...


def assume(known: Known, test: Expr, *, truth: bool) -> None:
    """Note what follows from a test that came out true or false."""
    match test:
        case Local():
            kind = known.read(test)
            known.note(test, truthy(kind) if truth else falsy(kind))
            below = known.test_of(test)
            if below is not None:
                assume(known, below, truth=truth)
        case Call(callee=BuiltinRef(name=name), args=args):
            _builtin(known, BUILTINS[name].name, args, truth=truth)
        case Op(name=name, args=args):
            _operation(known, name, args, truth=truth)
        case Let(var=var, init=init, body=If(test=Local(var=tested)) as choice) if var == tested:
            # `and` and `or`: the variable is the first operand
            _chosen(known, choice, init, truth=truth)
        case If():
            _chosen(known, test, test.test, truth=truth)
        case _:
            pass


def _chosen(known: Known, choice: If, first: Expr, *, truth: bool) -> None:
    test, then, orelse = choice.test, choice.then, choice.orelse
    if truth and _is_surely(orelse, test, truth=False):
        assume(known, first, truth=True)
        assume(known, then, truth=True)
    elif not truth and _is_surely(then, test, truth=True):
        assume(known, first, truth=False)
        assume(known, orelse, truth=False)


def _is_surely(branch: Expr, test: Expr, *, truth: bool) -> bool:
    """Tell whether a branch has a truth of its own: a constant, or what the test looked at."""
    match branch, test:
        case Const(value=value), _:
            return (value is not None and value is not False) is truth
        case Local(var=var), Local(var=tested):
            return var == tested
        case _:
            return False


def _builtin(known: Known, name: str, args: tuple[Expr, ...], *, truth: bool) -> None:
    if len(args) == 2 and name in ("=", "!="):
        _equal(known, args, truth=truth is (name == "="))
        return
    if len(args) != 1:
        return
    (subject,) = args
    if name == "not":
        assume(known, subject, truth=not truth)
    elif isinstance(subject, Local):
        bits = _PREDICATES.get(name)
        if bits is not None:
            kind = known.read(subject)
            known.note(subject, only(kind, bits) if truth else without(kind, bits))
        elif name in ("true?", "false?"):
            _value(known, subject, name == "true?", truth=truth)


def _equal(known: Known, args: tuple[Expr, ...], *, truth: bool) -> None:
    left, right = args
    if isinstance(left, Const):
        left, right = right, left
    if isinstance(left, Local) and isinstance(right, Const) and isinstance(right.value, _ATOMS):
        _value(known, left, right.value, truth=truth)


def _value(known: Known, subject: Local, value: object, *, truth: bool) -> None:
    kind = known.read(subject)
    known.note(subject, with_value(kind, value) if truth else without_value(kind, value))


def _operation(known: Known, name: str, args: tuple[Expr, ...], *, truth: bool) -> None:
    if not args or not isinstance(args[0], Local):
        return
    subject = args[0]
    kind = known.read(subject)
    match name:
        case "equal":
            _equal(known, args, truth=truth)
        case "conforms" if isinstance(args[1], Const) and isinstance(args[1].value, tuple):
            want = from_data(args[1].value)
            if truth:
                known.note(subject, meet(kind, strict(want)))
            else:
                known.note(subject, _not_of(kind, want))
        case "is_seq" | "is_seq_least" if truth:
            known.note(subject, only(kind, SEQUENCES))
        case "is_map":
            bits = KINDS["map"] | KINDS["error"]
            known.note(subject, only(kind, bits) if truth else without(kind, bits))
        case "map_has" if truth and isinstance(args[1], Const) and is_key_literal(args[1].value):
            key = args[1].value
            known.note(subject, with_field(kind, key, field(kind, key)[0]))
        case _:
            pass


def _not_of(kind: Type, want: Type) -> Type:
    """Leave out what a check surely lets pass."""
    for bit, part in members(kind).items():
        if fits(part, want):
            kind = without(kind, bit)
    return kind
