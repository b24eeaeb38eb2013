"""Vectors taken apart into locals.

In: a `Let` whose value is a vector of a known size, read only item by item. Out: one instruction for all
items; a vector of another size, or what is no tuple, goes through the function that knows the error.
"""

from __future__ import annotations

from typing import Final

from rtfsc.backend.emitter import Mark, Region
from rtfsc.backend.frame import Frame
from rtfsc.backend.operands import call_global, guard, hold, on_failure, otherwise
from rtfsc.ir import kinds
from rtfsc.ir.nodes import Const, Expr, Fn, Late, Let, Local, Op, Var
from rtfsc.ir.walk import descendants

_WIDEST: Final = 16


def write_unpacked(frame: Frame, node: Let) -> bool:
    """Bind the items of a vector instead of the vector; tell whether that was written."""
    match node.init:
        case Op(name="seq_exact", args=[source, Const(value=int() as size) as count]) if 0 < size <= _WIDEST:
            pass
        case _:
            return False
    read = _items_read(node.body, node.var)
    if not read or not frame.unit.kinds.of(source) & kinds.TUPLE:
        return False
    emitter = frame.emitter
    before = emitter.at(frame.unit.positions.locate(node.init.span))
    depth, outer = emitter.depth, emitter.region
    slow, done = Mark(), Mark()
    frame.needed.add(id(source))
    with frame.temps(2) as temps:
        operands = hold(frame, (source, count), temps)
        if emitter.dead:
            emitter.at(before)
            return True
        guard(frame, operands[0], (kinds.TUPLE,), slow)
        region = Region(Mark(), depth)
        emitter.region = region
        operands[0].push(frame)
        emitter.unpack(size)
        emitter.region = outer
        on_failure(frame, region, slow)
        emitter.mark(done)

        def checked() -> None:
            call_global(frame, "#seq_exact", operands)
            emitter.unpack(size)

        otherwise(frame, slow, done, checked)
    emitter.at(before)
    slot = frame.slot(node.var)
    for at in range(size):
        if at in read:
            emitter.store(f"{slot}~{at}")
        else:
            emitter.pop()
    frame.unpacked[node.var] = slot
    return True


def _items_read(body: Expr, var: Var) -> set[object]:
    """List the places at which a vector is read; nothing when it is used in another way."""
    read: set[object] = set()
    uses = reads = 0
    for part in descendants(body):
        match part:
            case Local(var=found) if found == var:
                uses += 1
            case Late(var=found) if found == var:
                return set()
            case Op(name="seq_at", args=[Local(var=found), Const(value=at)]) if found == var:
                reads += 1
                read.add(at)
            case Fn(body=inner):
                # a closure takes the vector along
                for below in descendants(inner):
                    if isinstance(below, Local) and below.var == var:
                        return set()
    return read if uses == reads else set()
