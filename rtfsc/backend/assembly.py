"""What an `Emitter` writes, and its last order on CPython 3.13: pairs of local accesses, ranges around calls.

In: instructions as written. Out: the same, marks still in their places.
"""

from __future__ import annotations

import sys
from typing import Any

from rtfsc.backend.positions import Position

VERSION = sys.version_info[:2]
_FUSED = {
    ("LOAD_FAST", "LOAD_FAST"): "LOAD_FAST_LOAD_FAST",
    ("STORE_FAST", "LOAD_FAST"): "STORE_FAST_LOAD_FAST",
    ("STORE_FAST", "STORE_FAST"): "STORE_FAST_STORE_FAST",
}
_NAMING_LOCALS = frozenset({"LOAD_FAST", "LOAD_FAST_CHECK", "STORE_FAST"})
# these raise nothing, so a range may begin with one of them
_SAFE = frozenset({"LOAD_FAST", "LOAD_CONST", "PUSH_NULL", "COPY", "SWAP", *_FUSED.values()})
# a fused pair has four bits for each local's index
_FUSIBLE_LOCALS = 16


class Mark:
    """A place to jump to; `depth` is the stack depth there, known from the first jump or fall-through.

    `place` is the number of the instruction after it, once all are known.
    """

    __slots__ = ("depth", "place", "placed")

    def __init__(self, depth: int | None = None) -> None:
        self.depth = depth
        self.placed = False
        self.place = -1


class Region:
    """A range of instructions whose exceptions go to `handler`, with the stack cut to `depth` first."""

    __slots__ = ("depth", "handler", "lasti")

    def __init__(self, handler: Mark, depth: int, *, lasti: bool = False) -> None:
        self.handler = handler
        self.depth = depth
        self.lasti = lasti


# one written thing: (opcode or "" for a mark, argument or Mark, is_jump, position, region)
Op = tuple[str, Any, bool, Position | None, Region | None]


def lay_out(ops: list[Op], params: list[str]) -> list[Op]:
    """Order instructions."""
    return ops if VERSION < (3, 13) else _called_inside(_fused(ops, params))


def _fused(ops: list[Op], params: list[str]) -> list[Op]:
    # from 3.13 on the compiler, not the interpreter, makes pairs of local accesses
    numbers = {name: number for number, name in enumerate(params)}
    out: list[Op] = []
    # the access just before, when it may be the first of a pair
    before: Op | None = None
    for op in ops:
        name, arg = op[0], op[1]
        # a cell is pushed as a local, but named by a FreeVar
        if name not in _NAMING_LOCALS or not isinstance(arg, str):
            before = None
            out.append(op)
            continue
        # in order of first use, as they are numbered later
        fusible = numbers.setdefault(arg, len(numbers)) < _FUSIBLE_LOCALS
        pair = None
        if before is not None and fusible and before[4] is op[4]:
            pair = _FUSED.get((before[0], name))
        if before is not None and pair is not None:
            out[-1] = (pair, (before[1], arg), False, before[3], op[4])
            before = None
        else:
            out.append(op)
            before = op if fusible else None
    return out


def _called_inside(ops: list[Op]) -> list[Op]:
    """Let no range begin with a call.

    From 3.13 on, what a called function raises is looked up one unit before the call: in a range that ends
    there, whose handler may read locals that are not set.
    """
    calls = [at for at, op in enumerate(ops) if op[0] == "CALL"]
    for at in reversed(calls):
        if _begins_range(ops, at):
            before, (_, _, _, position, region) = ops[at - 1], ops[at]
            if before[0] in _SAFE:
                ops[at - 1] = (*before[:4], region)
            else:
                ops.insert(at, ("NOP", None, False, position, region))
    return ops


def _begins_range(ops: list[Op], at: int) -> bool:
    """Tell whether what may stand before an instruction, once jumps to what follows are left out, is in
    another region."""
    region = ops[at][4]
    while at:
        at -= 1
        name, _, _, _, other = ops[at]
        if name and other is not region:
            return True
        if name and name != "JUMP":
            break
    return False
