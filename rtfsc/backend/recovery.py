"""Errors: raising, catching, the part that runs in any case.

In: `Try`, `Raise`. Out: instructions. What a `try` throws itself, and its clauses only look at, is a jump to
them: no exception is raised. An error that a clause may pass on is raised, for the sake of its position.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from rtfsc.backend.emitter import Mark, Region
from rtfsc.backend.frame import Frame
from rtfsc.ir import kinds
from rtfsc.ir.nodes import BuiltinRef, Call, Const, Expr, Late, Local, Map, Op, Try, Var
from rtfsc.ir.walk import descendants, uses

_LOOKS: Final = frozenset({"get", "getMessage", "is_kind", "has_key"})
# what is written in few characters: as a message it is within every limit
_SHORT: Final = kinds.NIL | kinds.BOOL | kinds.FLOAT | kinds.KEYWORD


def write_raise(frame: Frame, value: Expr, *, again: bool) -> None:
    """Write a raise."""
    emitter = frame.emitter
    if again:
        frame.value(value)
        emitter.reraise()
        return
    region = emitter.region
    # deeper on the stack there may be a call that has been begun: its NULL cannot be popped
    if region is not None and region in frame.catches and emitter.depth == region.depth:
        _go_to_clauses(frame, value, *frame.catches[region])
        return
    emitter.callee_global("#thrown")
    frame.value(value)
    emitter.call(1)
    emitter.raise_()


def _go_to_clauses(frame: Frame, value: Expr, clauses: Mark, bound: Var | None) -> None:
    """Write a throw that the clauses of its own `try` take."""
    emitter = frame.emitter
    if bound is None and _is_short(frame, value):
        frame.effect(value)
    else:
        emitter.callee_global("#thrown")
        frame.value(value)
        emitter.call(1)
        if bound is None:
            emitter.pop()
        else:
            emitter.store(frame.slot(bound))
    emitter.jump(clauses)


def _is_short(frame: Frame, value: Expr) -> bool:
    match value:
        case Map(values=values):
            return all(_is_short(frame, each) for each in values)
        case Const(value=constant):
            return not isinstance(constant, (tuple, dict))
        case _:
            return kinds.within(frame.unit.kinds.of(value), _SHORT)


def write_try(frame: Frame, node: Try) -> None:
    """Write a try; its value is on the stack afterwards."""
    if node.final is None:
        write_catch(frame, node, frame.value)
    else:
        _write_finally(frame, node, node.final)


def write_catch(frame: Frame, node: Try, write: Callable[[Expr], None]) -> None:
    """Write a body and the clauses that take its errors, each by `write`."""
    emitter = frame.emitter
    if node.var is None or node.handler is None:
        write(node.body)
        return
    outer, clauses, end = emitter.region, Mark(), Mark()
    region = Region(Mark(), emitter.depth)
    bound = node.var if uses(node.handler, node.var) else None
    if bound is None or _is_looked_at(node.handler, bound):
        frame.catches[region] = (clauses, bound)
    emitter.region = region
    write(node.body)
    emitter.region = outer
    emitter.jump(end)
    _write_bound(frame, region, bound)
    emitter.mark(clauses)
    write(node.handler)
    if bound is not None and not emitter.dead:
        # its traceback holds this frame: as in Python, only the collector of cycles would free both
        emitter.const(None)
        emitter.store(frame.slot(bound))
    emitter.mark(end)


def _is_looked_at(handler: Expr, var: Var) -> bool:
    """Tell whether clauses do no more with an error than ask what it is and holds."""
    found = looks = 0
    for part in descendants(handler):
        match part:
            case Local(var=each) | Late(var=each):
                found += each == var
            case (
                Call(callee=BuiltinRef(name=name), args=[Local(var=each), *_])
                | Op(name=name, args=[Local(var=each), *_])
            ):
                looks += each == var and name in _LOOKS
            case Call(callee=Const(), args=[Local(var=each), *_]):
                looks += each == var
    return found == looks


def _write_bound(frame: Frame, region: Region, var: Var | None) -> None:
    """Write the beginning of the handler of a region: the error is bound, or only known to be one."""
    emitter = frame.emitter

    def bind() -> None:
        # the exception state is restored before the clause runs: the clause is ordinary code
        emitter.callee_global("#caught")
        emitter.copy(3)
        emitter.call(1)
        if var is None:
            emitter.pop()
        else:
            emitter.store(frame.slot(var))
        emitter.pop()
        emitter.pop_except()

    frame.handle(region, emitter.region, bind)


def _write_finally(frame: Frame, node: Try, final: Expr) -> None:
    """Write the final part once: it is entered with a value or with an exception to raise again."""
    emitter = frame.emitter
    outer, last, done = emitter.region, Mark(), Mark()
    region = Region(Mark(), emitter.depth)
    with frame.temps(2) as [value, pending]:
        emitter.region = region
        write_catch(frame, node, frame.value)
        emitter.region = outer
        emitter.store(value)
        emitter.const(None)
        emitter.store(pending)
        emitter.jump(last)

        def put_aside() -> None:
            # a limit gives no final part a chance to run on: `#pending` raises it at once
            emitter.callee_global("#pending")
            emitter.copy(3)
            emitter.call(1)
            emitter.store(pending)
            emitter.pop()
            emitter.pop_except()

        frame.handle(region, outer, put_aside)
        emitter.const(None)
        emitter.store(value)
        emitter.mark(last)
        frame.effect(final)
        emitter.load(pending)
        emitter.jump_if_none(done)
        emitter.load(pending)
        emitter.const(None)
        emitter.store(pending)
        emitter.reraise()
        emitter.mark(done)
        emitter.load(value)
