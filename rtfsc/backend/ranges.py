"""Ranges made in line: what counting loops run over, and vectors of numbers in sequence.

In: `count_items`, `range_items` and calls of `range`, of integers. Out: a call of Python's `range`, or its
numbers; what is too long for a collection, or does not step towards its end, goes to the function of the
runtime, out of line or at once.
"""

from __future__ import annotations

from rtfs_runtime.limits import MAX_ITEMS
from rtfsc.backend.emitter import Mark
from rtfsc.backend.frame import Frame
from rtfsc.backend.operands import Operand, call_global, fast
from rtfsc.ir import kinds
from rtfsc.ir.nodes import Call, Const, Expr, Op


def write_range(frame: Frame, node: Op) -> bool:
    """Write what a loop counts through; tell whether that was written."""
    args = node.args if node.name == "range_items" else node.args[:3]
    if not all(kinds.within(frame.unit.kinds.of(arg), kinds.INT) for arg in args):
        return False
    if node.name == "count_items":
        return _write_count(frame, node.args)
    if len(args) > 2:
        return False

    def write(operands: list[Operand], slow: Mark) -> None:
        _check_length(frame, operands, slow)
        call_global(frame, "#range", operands)

    return fast(frame, args, "#range_items", (kinds.INT,), write)


def write_numbers(frame: Frame, node: Call, name: str) -> bool:
    """Write `range` of integers, in steps upwards, as a vector."""
    if not all(kinds.within(frame.unit.kinds.of(arg), kinds.INT) for arg in node.args):
        return False
    if len(node.args) == 3 and not (isinstance(node.args[2], Const) and node.args[2].value > 0):  # type: ignore[operator]
        return False

    def write(operands: list[Operand], slow: Mark) -> None:
        _check_length(frame, operands[:2], slow)
        frame.emitter.callee_global("#tuple")
        call_global(frame, "#range", operands)
        frame.emitter.call(1)

    return fast(frame, node.args, name, (kinds.INT,), write)


def _check_length(frame: Frame, operands: list[Operand], slow: Mark) -> None:
    """Leave a range that is longer than a collection may be to the function that refuses it."""
    *starts, end = operands
    # one that starts at a natural number is no longer than its end says
    starts = [start for start in starts if not kinds.within(start.kind, kinds.NATURAL)]
    if isinstance(end.held, Const) and end.held.value <= MAX_ITEMS and not starts:  # type: ignore[operator]
        return
    slow.depth = frame.emitter.depth
    end.push(frame)
    for start in starts:
        start.push(frame)
        frame.emitter.binary("-")
    frame.emitter.const(MAX_ITEMS)
    frame.emitter.compare("<=")
    frame.emitter.jump_if_false(slow)


def _write_count(frame: Frame, args: tuple[Expr, ...]) -> bool:
    match args:
        case [start, end, Const(value=int() as step), Const(value=int() as way), Const(value=int() as more)]:
            pass
        case _:
            return False
    if step * way <= 0:
        return False
    emitter = frame.emitter
    emitter.callee_global("#range")
    plain = step == 1 and isinstance(start, Const) and start.value == 0
    if not plain:
        frame.value(start)
    frame.value(end)
    if more:
        emitter.const(more)
        emitter.binary("+")
    if step != 1:
        emitter.const(step)
    emitter.call(1 if plain else 2 if step == 1 else 3)
    return True
