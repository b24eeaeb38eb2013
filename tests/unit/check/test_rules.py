"""Rules of builtins against the builtins themselves, called with values of all kinds."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest

from rtfs_runtime.builtins import BUILTINS
from rtfs_runtime.errors import LimitExceeded, RtfsError
from rtfs_runtime.interface import EMPTY
from rtfs_runtime.native import to_rtfs_error
from rtfs_runtime.printer import display
from rtfs_runtime.sets import make_set
from rtfs_runtime.types import ANY, NEVER, Type, print_type
from rtfs_runtime.values import Keyword, List, Symbol, Timestamp
from rtfsc.check.infer import infer
from rtfsc.check.rules import CALLS_OPERANDS, RULES, accepted, implied, signature
from rtfsc.check.tables import constant
from rtfsc.ir.nodes import BuiltinRef, Call, Const, Effect, Expr, Global, If, Module
from rtfsc.source import Span
from tests.unit.check.values import holds

HERE = Span(0, 0)
A, B = Keyword("a"), Keyword("b")
VALUES: list[object] = [
    None, True, False, 0, 1, -3, 7, 10**400, 2.5, -0.5, float("nan"), "", "abc", "12", A, B, Symbol("s"),
    (), (1, 2), (2.5, 1), ("a", "b"), ((A, 1), (B, 2.5)), ((1, 2), ("x", "y")), ({A: 1}, {A: "x", B: 2}),
    (A, None), List(()), List((1, "x")), List((A, 1)), {}, {A: 1}, {A: 1, B: "x"}, {"k": 2, 5: (1,)},
    {A: {B: 1}}, make_set((1, A)), Timestamp("2026-01-02T03:04:05Z"), RtfsError("Generic", {"message": "m"}),
]  # fmt: skip
USUAL: list[object] = [A, 0, {A: 1}, (1, 2), VALUES[-1]]
SETS: list[object] = [make_set((1, A)), make_set((1,)), make_set(())]
FUNCTIONS = ("inc", "str", "identity", "odd?", "+", "vector", "<", "count", "list", "compare", "get")
TRIALS = 120


def operands(chance: random.Random, name: str) -> Iterator[tuple[object, Expr]]:
    """Give an argument and an expression for it, whose type often holds another value too."""
    kind = signature(name)
    row = BUILTINS[name]
    # some builtins take nothing but sets
    usual = SETS if chance.random() < 0.15 else USUAL
    share = 1.0 if usual is SETS else 0.4
    high = row.max_args if row.max_args is not None else row.min_args + 2
    for index in range(chance.randint(row.min_args, high)):
        asked = accepted(name, index)
        takes_function = name in CALLS_OPERANDS and (
            name == "sort" if asked is ANY else wanted_function(asked)
        )
        if takes_function and chance.random() < 0.9:
            function = chance.choice(FUNCTIONS)
            yield BUILTINS[function].function, BuiltinRef(function, span=HERE)
            continue
        fitting = [value for value in VALUES if asked is ANY or holds(value, asked)]
        if asked is ANY and chance.random() < share:
            fitting = usual
        value = chance.choice(fitting if fitting and chance.random() < 0.8 else VALUES)
        node: Expr = constant_node(value)
        if chance.random() < 0.5:
            test = Global("unknown", span=HERE)
            node = If(test, node, constant_node(chance.choice(VALUES)), span=HERE)
        yield value, node
    assert kind.tag == "fn"


def wanted_function(asked: Type) -> bool:
    return holds(BUILTINS["inc"].function, asked)


def constant_node(value: object) -> Expr:
    # an error value is no constant: nothing is known of it
    return Global("error", span=HERE) if isinstance(value, RtfsError) else Const(value, span=HERE)


@pytest.mark.parametrize("name", sorted({row.name for row in BUILTINS.values() if not row.host}))
def test_a_rule_holds_for_every_value(name: str) -> None:
    row = BUILTINS[name]
    chance = random.Random(name)
    succeeded = 0
    for _ in range(TRIALS):
        pairs = list(operands(chance, name))
        call = Call(BuiltinRef(name, span=HERE), tuple(node for _, node in pairs), span=HERE)
        types = infer(Module("m", (call,), EMPTY, 0))
        kind, effect = types.of(call), types.effect(call)
        values = [value for value, _ in pairs]
        shown = f"({name} {' '.join(map(display, values))})"
        try:
            found = row.function(*values)
        except LimitExceeded:
            continue
        except Exception as error:
            known = to_rtfs_error(error)
            assert isinstance(known, RtfsError)
            if known.kind == "InternalError":
                raise
            # limits are no effect
            assert effect & Effect.FAILS or "limit" in known.message, f"{shown} raises {known.kind}"
            continue
        succeeded += 1
        assert kind is not NEVER and holds(found, kind), (
            f"{shown} is {display(found)}, not {print_type(kind)}"
        )
        given = [types.of(node) for _, node in pairs]
        for index, value in enumerate(values):
            assert holds(value, implied(name, index, given)), f"{shown} takes operand {index}"
    assert succeeded or row.name in ("throw", "error", "Exception."), f"{name} was never called rightly"


def test_every_rule_is_of_a_builtin() -> None:
    assert set(RULES) <= {row.name for row in BUILTINS.values()}


def test_constants_have_their_types() -> None:
    for value in VALUES:
        assert holds(value, constant(value))
