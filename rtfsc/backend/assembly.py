"""Instructions in their last order: ranges of handlers, jumps, pairs of local accesses.

In: what an `Emitter` wrote. Out: the same as each CPython wants it, marks still in their places.
"""

from __future__ import annotations

import sys
from typing import Any

from rtfsc.backend.positions import Position

VERSION = sys.version_info[:2]
_INVERSE = {
    "POP_JUMP_IF_TRUE": "POP_JUMP_IF_FALSE",
    "POP_JUMP_IF_FALSE": "POP_JUMP_IF_TRUE",
    "POP_JUMP_IF_NONE": "POP_JUMP_IF_NOT_NONE",
    "POP_JUMP_IF_NOT_NONE": "POP_JUMP_IF_NONE",
}
_FUSED = {
    ("LOAD_FAST", "LOAD_FAST"): "LOAD_FAST_LOAD_FAST",
    ("STORE_FAST", "LOAD_FAST"): "STORE_FAST_LOAD_FAST",
    ("STORE_FAST", "STORE_FAST"): "STORE_FAST_STORE_FAST",
}
_LOCAL = frozenset({"LOAD_FAST", "STORE_FAST"})
# these raise nothing, so a range may begin with one of them
_SAFE = frozenset({"LOAD_FAST", "LOAD_CONST", "PUSH_NULL", "COPY", "SWAP", *_FUSED.values()})
# a fused pair has four bits for each local's index
_FUSIBLE_LOCALS = 16


class Mark:
    """A place to jump to; `depth` is the stack depth there, known from the first jump or fall-through."""

    __slots__ = ("depth", "placed")

    def __init__(self, depth: int | None = None) -> None:
        self.depth = depth
        self.placed = False


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
    """Order instructions; each jump says which way it goes."""
    out: list[Op] = []
    placed: set[int] = set()
    for op in _called_inside(_fused(_threaded(ops), params)):
        name, mark, is_jump, location, region = op
        if is_jump and name != "FOR_ITER":
            out += _directed(name, mark, location, region, back=id(mark) in placed)
            continue
        if name == "":
            placed.add(id(mark))
        out.append(op)
    return out


def _directed(
    name: str, mark: Mark, location: Position | None, region: Region | None, *, back: bool
) -> list[Op]:
    if name == "JUMP":
        return [("JUMP_BACKWARD" if back else "JUMP_FORWARD", mark, True, location, region)]
    if VERSION < (3, 12):
        way = "JUMP_BACKWARD_" if back else "JUMP_FORWARD_"
        return [(name.replace("JUMP_", way), mark, True, location, region)]
    if not back:
        return [(name, mark, True, location, region)]
    over = Mark()
    return [
        (_INVERSE[name], over, True, location, region),
        ("JUMP_BACKWARD", mark, True, location, region),
        ("", over, False, None, region),
    ]


def _threaded(ops: list[Op]) -> list[Op]:
    """Let jumps to a jump go where that one goes, and leave out jumps to what follows anyway."""
    places = {id(op[1]): index for index, op in enumerate(ops) if op[0] == ""}

    def following(index: int) -> int:
        while index < len(ops) and ops[index][0] == "":
            index += 1
        return index

    out: list[Op] = []
    for index, op in enumerate(ops):
        name, mark, is_jump, location, region = op
        if not is_jump or name == "FOR_ITER":
            out.append(op)
            continue
        for _ in range(len(_INVERSE)):
            at = following(places[id(mark)])
            if at >= len(ops) or ops[at][0] != "JUMP" or ops[at][1] is mark:
                break
            back = places[id(ops[at][1])] <= index
            # from 3.12 on no conditional jump goes back: it would become two
            if back and name != "JUMP" and VERSION >= (3, 12):
                break
            mark = ops[at][1]
        if name == "JUMP" and index < places[id(mark)] <= following(index + 1):
            continue
        out.append((name, mark, is_jump, location, region))
    return out


def _fused(ops: list[Op], params: list[str]) -> list[Op]:
    # from 3.13 on the compiler, not the interpreter, makes pairs of local accesses
    if VERSION < (3, 13):
        return ops
    locals_ = set(params)
    # a cell is pushed as a local, but named by a FreeVar
    locals_.update(op[1] for op in ops if op[0] in _LOCAL and isinstance(op[1], str))
    if len(locals_) > _FUSIBLE_LOCALS:
        return ops
    out: list[Op] = []
    for op in ops:
        before = out[-1] if out else None
        pair = _FUSED.get((before[0], op[0])) if before is not None else None
        if (
            before is not None
            and pair is not None
            and before[4] is op[4]
            and isinstance(before[1], str)
            and isinstance(op[1], str)
        ):
            out[-1] = (pair, (before[1], op[1]), False, before[3], op[4])
        else:
            out.append(op)
    return out


def _called_inside(ops: list[Op]) -> list[Op]:
    """Let no range begin with a call.

    From 3.13 on, what a called function raises is looked up one unit before the call: in a range that ends
    there, whose handler may read locals that are not set.
    """
    if VERSION < (3, 13):
        return ops
    out: list[Op] = []
    before: Op | None = None
    for op in ops:
        region = op[4]
        if op[0] == "CALL" and before is not None and before[4] is not region:
            if out[-1] is before and before[0] in _SAFE:
                out[-1] = (*before[:4], region)
            else:
                out.append(("NOP", None, False, op[3], region))
        out.append(op)
        if op[0]:
            before = op
    return out
