"""Parts of vectors and strings as instructions.

In: calls of `take drop take-last drop-last reverse substring second`. Out: slices of tuples and strings, the
builtin itself, out of line, for everything else: it raises what the language says.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from rtfsc.backend.arithmetic import Writer
from rtfsc.backend.emitter import Mark
from rtfsc.backend.frame import Frame
from rtfsc.backend.operands import Operand, call_global, fast, guard, guard_natural, hold, may_be, otherwise
from rtfsc.ir import kinds
from rtfsc.ir.nodes import Call, Const


def write_end(frame: Frame, node: Call, name: str) -> bool:
    """Write `take`, `drop`, and by a constant `take-last` and `drop-last`."""
    count, source = node.args
    from_end = name in ("take-last", "drop-last")
    if not may_be(frame, (count,), kinds.INT) or not may_be(frame, (source,), kinds.TUPLE | kinds.STR):
        return False
    if from_end and not (isinstance(count, Const) and isinstance(count.value, int) and count.value > 0):
        return False
    emitter = frame.emitter
    slow, done = Mark(), Mark()
    with frame.temps(2) as temps:
        operands = hold(frame, node.args, temps)
        if emitter.dead:
            return True
        amount, items = operands
        guard(frame, amount, (kinds.INT,), slow)
        guard_natural(frame, amount, slow)
        guard(frame, items, (kinds.TUPLE, kinds.STR), slow)
        items.push(frame)
        if name in ("take", "drop-last"):
            emitter.const(None)
        if isinstance(count, Const) and from_end:
            emitter.const(-count.value)  # type: ignore[operator]
        else:
            amount.push(frame)
        if name in ("drop", "take-last"):
            emitter.const(None)
        emitter.slice()
        emitter.mark(done)
        otherwise(frame, slow, done, lambda: call_global(frame, name, operands))
    return True


def write_reverse(frame: Frame, node: Call, name: str) -> bool:
    """Write `reverse`."""

    def write(operands: list[Operand], slow: Mark) -> None:
        operands[0].push(frame)
        frame.emitter.reversal()

    return fast(frame, node.args, name, (kinds.TUPLE, kinds.STR), write)


def write_butlast(frame: Frame, node: Call, name: str) -> bool:
    """Write `butlast`."""

    def write(operands: list[Operand], slow: Mark) -> None:
        operands[0].push(frame)
        frame.emitter.const(None)
        frame.emitter.const(-1)
        frame.emitter.slice()

    return fast(frame, node.args, name, (kinds.TUPLE, kinds.STR), write)


def write_substring(frame: Frame, node: Call, name: str) -> bool:
    """Write `substring` and `subvec` with their ends in range."""
    if not may_be(frame, node.args[1:], kinds.INT):
        return False

    def write(operands: list[Operand], slow: Mark) -> None:
        emitter = frame.emitter
        text, *ends = operands
        for end in ends:
            guard(frame, end, (kinds.INT,), slow)
        guard_natural(frame, ends[0], slow)
        if len(ends) > 1:
            _at_least(frame, ends[1], ends[0], slow)
        text.push(frame)
        emitter.length()
        ends[-1].push(frame)
        emitter.compare(">=")
        emitter.jump_if_false(slow)
        text.push(frame)
        for end in ends:
            end.push(frame)
        if len(ends) == 1:
            emitter.const(None)
        emitter.slice()

    return fast(frame, node.args, name, (kinds.STR if name == "substring" else kinds.TUPLE,), write)


def _at_least(frame: Frame, operand: Operand, least: Operand, slow: Mark) -> None:
    operand.push(frame)
    least.push(frame)
    frame.emitter.compare(">=")
    frame.emitter.jump_if_false(slow)


def write_second(frame: Frame, node: Call, name: str) -> bool:
    """Write `second`."""

    def write(operands: list[Operand], slow: Mark) -> None:
        emitter = frame.emitter
        none, end = Mark(), Mark()
        operands[0].push(frame)
        emitter.length()
        emitter.const(1)
        emitter.compare(">")
        emitter.jump_if_false(none)
        operands[0].push(frame)
        emitter.const(1)
        emitter.subscript()
        emitter.jump(end)
        emitter.mark(none)
        emitter.const(None)
        emitter.mark(end)

    return fast(frame, node.args, name, (kinds.TUPLE, kinds.STR), write)


SLICES: Final[Mapping[str, Writer]] = MappingProxyType(
    {
        **dict.fromkeys(("take", "drop", "take-last", "drop-last"), write_end),
        "reverse": write_reverse,
        **dict.fromkeys(("substring", "subvec"), write_substring),
        "butlast": write_butlast,
        "second": write_second,
    }
)
"""Writers by the name of the builtin; each tells whether it wrote the call."""
