"""Equality as instructions.

In: two expressions. Out: their comparison by identity, by one instruction, or by the walk through both, as
far as their classes are known.
"""

from __future__ import annotations

from typing import Final

from rtfs_runtime.values import Keyword
from rtfsc.backend.emitter import Mark
from rtfsc.backend.frame import Frame
from rtfsc.backend.operands import call_global, guard, hold, may_be, otherwise
from rtfsc.ir import kinds
from rtfsc.ir.nodes import Const, Expr, Vector

# atoms that are equal only when they are the same object
_IDENTICAL: Final = (type(None), bool, Keyword)
_NAMES: Final = kinds.NIL | kinds.STR | kinds.KEYWORD
_ATOMIC: Final = _NAMES | kinds.INT | kinds.BOOL
_SAME_IN_C: Final = _NAMES | kinds.TUPLE | kinds.DICT
_ATOMS: Final = (kinds.STR, kinds.INT, kinds.KEYWORD)


def equal(frame: Frame, left: Expr, right: Expr, *, invert: bool = False) -> bool:
    """Write equality: by identity, by class and value, or by the walk through both."""
    if isinstance(left, Const) and not isinstance(right, Const):
        left, right = right, left
    emitter = frame.emitter
    of = frame.unit.kinds.of
    if _by_identity(frame, right) or _by_identity(frame, left):
        frame.value(left)
        frame.value(right)
        emitter.is_same(invert=invert)
        return True
    for one in (right, left):
        for kind in (kinds.INT, kinds.STR, kinds.FLOAT):
            if kinds.within(of(one), kind):
                _equal_atoms(frame, (left, right), kind, invert=invert)
                return True
    if _compares_in_c(of(left), of(right)):
        frame.value(left)
        frame.value(right)
        emitter.compare("!=" if invert else "==")
        return True
    for at, side in ((1, right), (0, left)):
        if isinstance(side, Vector) and all(kinds.within(of(item), _ATOMIC) for item in side.items):
            _equal_vectors(frame, (left, right), at, invert=invert)
            return True
    _equal_any(frame, (left, right), invert=invert)
    return True


def _compares_in_c(left: kinds.Kind, right: kinds.Kind) -> bool:
    """Tell whether Python's `==` is the language's: numbers have one class that has no NaN, collections one
    representation, and nothing nests deeper than kinds do."""
    both = left | right
    while kinds.within(both, _SAME_IN_C | kinds.BOOL) or kinds.within(both, _SAME_IN_C | kinds.INT):
        if not both & kinds.HOLDERS:
            return True
        both = kinds.element(both)
    return False


def _equal_vectors(frame: Frame, sides: tuple[Expr, Expr], at: int, *, invert: bool) -> None:
    """Write equality where one side is a vector of atoms: what Python takes for unequal is unequal."""
    emitter = frame.emitter
    if not may_be(frame, sides, kinds.TUPLE):
        _equal_any(frame, sides, invert=invert)
        return
    slow, no, done = Mark(), Mark(), Mark()
    with frame.temps(2) as temps:
        operands = hold(frame, sides, temps)
        if emitter.dead:
            return

        def by_parts() -> None:
            call_global(frame, "#equal", operands)
            if invert:
                emitter.negation()

        guard(frame, operands[1 - at], (kinds.TUPLE,), slow)
        for operand in operands:
            operand.push(frame)
        emitter.compare("==")
        emitter.jump_if_false(no)
        if kinds.element(operands[at].kind) & (kinds.INT | kinds.BOOL):
            # 1, 1.0 and true may have been taken for each other
            by_parts()
        else:
            emitter.const(not invert)
        emitter.mark(done)
        otherwise(frame, no, done, lambda: emitter.const(invert))
        otherwise(frame, slow, done, by_parts)


def _by_identity(frame: Frame, node: Expr) -> bool:
    if isinstance(node, Const):
        return isinstance(node.value, _IDENTICAL)
    return kinds.within(frame.unit.kinds.of(node), kinds.KEYWORD | kinds.BOOL | kinds.NIL)


def _equal_atoms(frame: Frame, sides: tuple[Expr, Expr], kind: int, *, invert: bool) -> None:
    """Write equality where one side has one class of atoms."""
    emitter = frame.emitter
    if not may_be(frame, sides, kind):
        for side in sides:
            frame.effect(side)
        emitter.const(invert)
        return
    # nothing else equals a string
    if kind == kinds.STR or all(kinds.within(frame.unit.kinds.of(side), kind) for side in sides):
        for side in sides:
            frame.value(side)
        emitter.compare("!=" if invert else "==")
        return
    no, done = Mark(), Mark()
    if compare_first(frame, sides, kind, no):
        emitter.const(not invert)
        emitter.mark(done)
        otherwise(frame, no, done, lambda: emitter.const(invert))


def compare_first(frame: Frame, sides: tuple[Expr, Expr], kind: int, no: Mark) -> bool:
    """Go on when two sides, one of which is a number of a kind, are equal, else jump to `no`; tell whether
    this is reached.

    Numbers of other kinds compare equal too: classes are asked for where the values are equal, which is rare.
    """
    emitter = frame.emitter
    with frame.temps(2) as temps:
        operands = hold(frame, sides, temps)
        if emitter.dead:
            return False
        for operand in operands:
            operand.push(frame)
        emitter.compare("==")
        emitter.jump_if_false(no)
        for operand in operands:
            guard(frame, operand, (kind,), no)
    return True


def _equal_any(frame: Frame, sides: tuple[Expr, Expr], *, invert: bool) -> None:
    """Write equality of what may be anything: of atoms in line, where they are that likely."""
    emitter = frame.emitter
    walk, done = Mark(), Mark()
    with frame.temps(2) as temps:
        operands = hold(frame, sides, temps)
        if emitter.dead:
            return

        def by_parts() -> None:
            call_global(frame, "#equal", operands)
            if invert:
                emitter.negation()

        if not all(operand.kind & kinds.KEY for operand in operands):
            by_parts()
            return
        for operand in operands:
            guard(frame, operand, _ATOMS, walk)
        for operand in operands:
            operand.push(frame)
        emitter.compare("!=" if invert else "==")
        emitter.mark(done)
        otherwise(frame, walk, done, by_parts)
