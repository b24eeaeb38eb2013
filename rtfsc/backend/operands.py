"""Operands of what is written as instructions, and the tests of their classes.

In: argument nodes. Out: operands that can be pushed as often as needed, and guards: one test in line for
the likely class, the others out of line. A value whose kind is known is not tested.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from rtfsc.backend.emitter import Mark, Region
from rtfsc.backend.frame import Frame
from rtfsc.ir import kinds
from rtfsc.ir.kinds import Kind
from rtfsc.ir.nodes import Const, Expr, Global, Local

CLASSES = {
    kinds.INT: "#int",
    kinds.FLOAT: "#float",
    kinds.STR: "#str",
    kinds.TUPLE: "#tuple",
    kinds.DICT: "#dict",
    kinds.KEYWORD: "#Keyword",
    kinds.LIST: "#List",
    kinds.SET: "#Set",
    kinds.BIG_VECTOR: "#BigVector",
    kinds.BIG_MAP: "#BigMap",
    kinds.BUFFER: "#list_of",
}

# of constants that have one of these classes, nothing is asked: they are read where they are used
_UNGUARDED: Final = frozenset(CLASSES)


class Operand(NamedTuple):
    """An argument that was evaluated: the name of a local, or what is constant, and its kind."""

    held: str | Const | Global
    kind: Kind

    def push(self, frame: Frame) -> None:
        """Push it."""
        if isinstance(self.held, str):
            frame.emitter.load(self.held)
        else:
            frame.value(self.held)


def is_simple(frame: Frame, arg: Expr) -> bool:
    """Tell whether an argument can be pushed again as it is."""
    return isinstance(arg, Const) or (
        isinstance(arg, Local) and arg.var not in frame.free and arg.var not in frame.cells
    )


def hold(frame: Frame, args: Sequence[Expr], temps: Sequence[str]) -> list[Operand]:
    """Evaluate arguments in order."""
    held = []
    for arg, temp in zip(args, temps, strict=True):
        kind = frame.unit.kinds.of(arg)
        if isinstance(arg, Const):
            held.append(Operand(arg, kind))
        elif isinstance(arg, Local) and is_simple(frame, arg):
            held.append(Operand(frame.slot(arg.var), kind))
        elif (item := frame.item_slot(arg)) is not None:
            held.append(Operand(item, kind))
        elif isinstance(arg, Global) and arg.name in frame.unit.defined and kind & kinds.BASE in _UNGUARDED:
            held.append(Operand(arg, kind))
        else:
            frame.value(arg)
            frame.emitter.store(temp)
            held.append(Operand(temp, kind))
    return held


def may_be(frame: Frame, args: Sequence[Expr], wanted: Kind) -> bool:
    """Tell whether all arguments may have some classes: else no guard could hold."""
    return all(frame.unit.kinds.of(arg) & wanted for arg in args)


def guard(frame: Frame, operand: Operand, wanted: Sequence[Kind], slow: Mark) -> None:
    """Go on when an operand has one of the wanted classes, likely ones first, else jump to `slow`."""
    mask = 0
    for each in wanted:
        mask |= each
    if kinds.within(operand.kind, mask):
        return
    possible = [each for each in wanted if each & operand.kind]
    assert possible, "a guard that cannot hold: see `may_be`"
    emitter = frame.emitter
    # jumped to from here or from out of line
    slow.depth = emitter.depth
    if kinds.within(operand.kind, mask | kinds.NIL):
        operand.push(frame)
        emitter.jump_if_none(slow)
        return
    if len(possible) == 1:
        _test(frame, operand, CLASSES[possible[0]])
        emitter.jump_if_false(slow)
        return
    other, back = Mark(), Mark()
    # in a loop values tend to have the class that the last one had: a local holds it; a constant of a class
    # that nobody asks for, such as a symbol, is not worth one
    held = operand.held
    last = None
    if frame.hot_loops and isinstance(held, str):
        last = frame.last_class((held, mask), CLASSES[possible[0]])
    _test(frame, operand, CLASSES[possible[0]], last)
    emitter.jump_if_false(other)
    emitter.mark(back)

    def try_others() -> None:
        emitter.mark(other)
        for each in possible if last is not None else possible[1:]:
            following = Mark()
            _test(frame, operand, CLASSES[each])
            emitter.jump_if_false(following)
            if last is not None:
                emitter.glob(CLASSES[each])
                emitter.store(last)
            emitter.jump(back)
            emitter.mark(following)
        emitter.jump(slow)

    frame.outline(try_others)


def guard_natural(frame: Frame, operand: Operand, slow: Mark) -> None:
    """Go on when an integer is not negative, else jump to `slow`."""
    if not kinds.within(operand.kind, kinds.NATURAL):
        operand.push(frame)
        frame.emitter.const(0)
        frame.emitter.compare(">=")
        frame.emitter.jump_if_false(slow)


def _test(frame: Frame, operand: Operand, name: str, local: str | None = None) -> None:
    """Write the test for a class: a global, or what a local holds."""
    operand.push(frame)
    # the cheapest exact test: no call, and a boolean is no integer
    frame.emitter.attribute("__class__")
    if local is None:
        frame.emitter.glob(name)
    else:
        frame.emitter.load(local)
    frame.emitter.is_same()


def otherwise(frame: Frame, slow: Mark, done: Mark, write: Callable[[], None]) -> None:
    """Out of line: where a guard failed, push the value in the general way."""
    if slow.depth is None:
        return
    emitter = frame.emitter

    def write_it() -> None:
        emitter.mark(slow)
        write()
        emitter.jump(done)

    frame.outline(write_it)


TAKE_LISTS: Final = frozenset({"get", "#path_value", "#check_room", "#nest_list"})
"""Functions of the runtime that take a list that a loop fills; others see values only."""


def call_global(frame: Frame, name: str, operands: Sequence[Operand]) -> None:
    """Push what a global gives for operands."""
    frame.emitter.callee_global(name)
    for operand in operands:
        if name in TAKE_LISTS:
            operand.push(frame)
        else:
            push_value(frame, operand)
    frame.emitter.call(len(operands))


def push_value(frame: Frame, operand: Operand) -> None:
    """Push an operand for a function of the runtime, which sees values only: no list that a loop fills."""
    if not operand.kind & kinds.BUFFER:
        operand.push(frame)
        return
    frame.emitter.callee_global("#tuple" if kinds.within(operand.kind, kinds.BUFFER) else "#settled")
    operand.push(frame)
    frame.emitter.call(1)


def fast(
    frame: Frame,
    args: Sequence[Expr],
    name: str,
    wanted: Sequence[int],
    write: Callable[[list[Operand], Mark], None],
) -> bool:
    """Write a call that has a fast way when its first argument has one of some classes."""
    if kinds.TUPLE in wanted:
        # a list is read as a tuple is
        wanted = (*wanted, kinds.BUFFER)
    if not may_be(frame, args[:1], sum(wanted)):
        return False
    emitter = frame.emitter
    slow, done = Mark(), Mark()
    with frame.temps(len(args)) as temps:
        operands = hold(frame, args, temps)
        if emitter.dead:
            return True
        slow_depth = emitter.depth
        guard(frame, operands[0], wanted, slow)
        write(operands, slow)
        emitter.mark(done)
        assert slow.depth in (None, slow_depth)
        otherwise(frame, slow, done, lambda: call_global(frame, name, operands))
    return True


def on_failure(frame: Frame, region: Region, slow: Mark) -> None:
    """Leave what failed in a region to the builtin, which raises what the language says."""
    emitter, outer = frame.emitter, frame.emitter.region
    slow.depth = region.depth

    def failed() -> None:
        emitter.region = outer
        emitter.handler(region)
        # nothing runs while the error is at hand: it need not be the one that is handled
        emitter.pop()
        emitter.jump(slow)

    frame.outline(failed)


def leave_large(frame: Frame, depth: int, limit: int, slow: Mark) -> None:
    """Leave a string or vector on top that is not shorter than a limit, and what was pushed since a depth."""
    emitter = frame.emitter
    large = Mark()
    emitter.measure()
    emitter.const(limit)
    emitter.compare("<")
    emitter.jump_if_false(large)
    slow.depth = depth

    def leave() -> None:
        emitter.mark(large)
        while emitter.depth > depth:
            emitter.pop()
        emitter.jump(slow)

    frame.outline(leave)


def push_item(frame: Frame, operand: Operand, place: int) -> None:
    """Push the first or last item of a sequence, or nil when it has none."""
    emitter = frame.emitter
    none, end = Mark(), Mark()
    operand.push(frame)
    emitter.truth()
    emitter.jump_if_false(none)
    operand.push(frame)
    emitter.const(place)
    emitter.subscript()
    emitter.jump(end)
    emitter.mark(none)
    emitter.const(None)
    emitter.mark(end)
