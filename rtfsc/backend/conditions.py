"""Tests as jumps: questions whose answer nobody keeps.

In: calls of `nil? int? vector? = …` where only the way that control takes matters. Out: instructions that go
on where the test holds and jump where it does not, without making the boolean.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from rtfs_runtime.builtins import BUILTINS
from rtfsc.backend.collections import CLASS_TESTS
from rtfsc.backend.emitter import Mark
from rtfsc.backend.equality import compare_first
from rtfsc.backend.frame import Frame
from rtfsc.backend.operands import guard, hold, may_be
from rtfsc.ir import kinds
from rtfsc.ir.nodes import BuiltinRef, Call, Const, Expr, Op

Condition = Callable[[Frame, tuple[Expr, ...], str, Mark], bool]


def write_condition(frame: Frame, node: Call | Op, orelse: Mark) -> bool:
    """Go on when a test holds, else jump; tell whether this test can be written so."""
    if isinstance(node, Op):
        return node.name == "is_exactly" and _exactly(frame, node.args, orelse)
    assert isinstance(node.callee, BuiltinRef)
    row = BUILTINS[node.callee.name]
    writer = CONDITIONS.get(row.name)
    return writer is not None and row.takes(len(node.args)) and writer(frame, node.args, row.name, orelse)


def _nil(frame: Frame, args: tuple[Expr, ...], name: str, orelse: Mark) -> bool:
    frame.asked.add(id(args[0]))
    frame.value(args[0])
    frame.emitter.jump_if_not_none(orelse)
    return True


def _class(frame: Frame, args: tuple[Expr, ...], name: str, orelse: Mark) -> bool:
    wanted = CLASS_TESTS[name]
    if not may_be(frame, args, sum(wanted)):
        return False
    with frame.temps() as temps:
        operands = hold(frame, args, temps)
        if not frame.emitter.dead:
            guard(frame, operands[0], wanted, orelse)
    return True


def _exactly(frame: Frame, args: tuple[Expr, ...], orelse: Mark) -> bool:
    value, *names = args
    wanted = [kinds.EXACT[str(name.value)] for name in names if isinstance(name, Const)]
    if not may_be(frame, args[:1], sum(wanted)):
        frame.effect(value)
        frame.emitter.jump(orelse)
        return True
    with frame.temps() as temps:
        operands = hold(frame, (value,), temps)
        if not frame.emitter.dead:
            guard(frame, operands[0], wanted, orelse)
    return True


def _number(frame: Frame, args: tuple[Expr, ...], name: str, orelse: Mark) -> bool:
    if len(args) != 2:
        return False
    of = frame.unit.kinds.of
    for kind in (kinds.INT, kinds.FLOAT):
        if any(kinds.within(of(arg), kind) for arg in args) and may_be(frame, args, kind):
            if all(kinds.within(of(arg), kind) for arg in args):
                return False
            compare_first(frame, args, kind, orelse)
            return True
    return False


CONDITIONS: Final[Mapping[str, Condition]] = MappingProxyType(
    {
        "nil?": _nil,
        "=": _number,
        **dict.fromkeys(CLASS_TESTS, _class),
    }
)
"""Writers by the name of the builtin; each tells whether it wrote the test."""
