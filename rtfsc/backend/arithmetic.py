"""Arithmetic and comparison as instructions.

In: calls of `+ - * / mod inc dec < = even? max …`. Out: instructions for numbers (and strings, where order
and equality take them), the builtin itself, out of line, for everything else: it raises what the language
says.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from rtfsc.backend.constants import write_constant
from rtfsc.backend.emitter import Mark, Region
from rtfsc.backend.equality import equal
from rtfsc.backend.frame import Frame
from rtfsc.backend.operands import Operand, call_global, guard, hold, is_simple, may_be, on_failure, otherwise
from rtfsc.ir import kinds
from rtfsc.ir.nodes import Call, Const, Expr, Op

_INTS: Final = (kinds.INT,)
_NUMBERS: Final = (kinds.INT, kinds.FLOAT)
_LARGE_BITS: Final = 4096
"""Products of so many bits are not worth a call that looks at their size."""
# of how many the largest is found in line: the code doubles with each
_FEW: Final = 3


def _likely(frame: Frame, args: tuple[Expr, ...]) -> tuple[int, ...]:
    """Order the classes of numbers: floats first beside a float."""
    if any(kinds.within(frame.unit.kinds.of(arg), kinds.FLOAT) for arg in args):
        return _NUMBERS[::-1]
    return _NUMBERS


def write_sum(frame: Frame, node: Call, name: str) -> bool:
    """Write `+ - *` of two or more arguments, `inc` and `dec`."""
    args = node.args
    op = {"inc": "+", "dec": "-"}.get(name, name)
    if name in ("inc", "dec"):
        args = (*args, Const(1, span=node.span))
    if len(args) < 2 or not may_be(frame, args, kinds.NUMBER):
        return False
    emitter = frame.emitter
    frame.needed.update(map(id, args))
    known = [kinds.within(frame.unit.kinds.of(arg), kinds.NUMBER) for arg in args]
    if all(known) and all(is_simple(frame, arg) for arg in args[2:]):
        for at, arg in enumerate(args):
            frame.value(arg)
            if at:
                emitter.binary(op)
        _bound(frame, node)
        return True
    slow, done = Mark(), Mark()
    with frame.temps(len(args)) as temps:
        operands = hold(frame, args, temps)
        if emitter.dead:
            return True
        likely = _likely(frame, args)
        for operand in operands:
            guard(frame, operand, likely, slow)
        for at, operand in enumerate(operands):
            operand.push(frame)
            if at:
                emitter.binary(op)
        _bound(frame, node)
        emitter.mark(done)
        otherwise(frame, slow, done, lambda: call_global(frame, name, operands[: len(node.args)]))
    return True


def _bound(frame: Frame, node: Call) -> None:
    """Have the size of the product on the stack looked at, where it may grow from itself and is large."""
    if id(node) not in frame.unit.growing or frame.emitter.dead:
        return
    emitter = frame.emitter
    large, back = Mark(), Mark()
    with frame.temps() as [product]:
        emitter.store(product)
        if kinds.within(frame.unit.kinds.of(node), kinds.INT):
            # 9 ns against 13 to 23: no comparison of two large numbers is ever specialised
            emitter.load_method(lambda: emitter.load(product), "bit_length")
            emitter.call(0)
            emitter.const(_LARGE_BITS)
            emitter.compare(">")
            emitter.jump_if_true(large)
        else:
            for sign, order in ((1, ">"), (-1, "<")):
                emitter.load(product)
                emitter.const(sign << _LARGE_BITS)
                emitter.compare(order)
                emitter.jump_if_true(large)
        emitter.mark(back)
        emitter.load(product)

    def check() -> None:
        emitter.mark(large)
        emitter.callee_global("#check_product")
        emitter.load(product)
        emitter.call(1)
        emitter.pop()
        emitter.jump(back)

    frame.outline(check)


def write_negation(frame: Frame, node: Call, name: str) -> bool:
    """Write `(- x)`."""
    if len(node.args) != 1:
        return write_sum(frame, node, name)

    def negate(operands: list[Operand]) -> None:
        operands[0].push(frame)
        frame.emitter.negative()

    return write_numeric(frame, node, name, (_likely(frame, node.args), negate))


def write_numeric(
    frame: Frame,
    node: Call | Op,
    name: str,
    fast: tuple[tuple[int, ...], Callable[[list[Operand]], None]],
    also: Callable[[list[Operand], Mark], None] | None = None,
) -> bool:
    """Write an operation that has a fast way for some classes; `also` adds tests of its own."""
    wanted, write = fast
    mask = 0
    for each in wanted:
        mask |= each
    if not may_be(frame, node.args, mask):
        return False
    frame.needed.update(map(id, node.args))
    emitter = frame.emitter
    slow, done = Mark(), Mark()
    with frame.temps(len(node.args)) as temps:
        operands = hold(frame, node.args, temps)
        if emitter.dead:
            return True
        for operand in operands:
            guard(frame, operand, wanted, slow)
        if also is not None:
            also(operands, slow)
        write(operands)
        emitter.mark(done)
        otherwise(frame, slow, done, lambda: call_global(frame, name, operands))
    return True


def write_order(frame: Frame, node: Call, name: str) -> bool:
    """Write `< <= > >=`: of two numbers or two strings."""
    if len(node.args) != 2:
        return False
    of = [frame.unit.kinds.of(arg) for arg in node.args]
    mask = kinds.STR if any(kinds.within(kind, kinds.STR) for kind in of) else kinds.NUMBER
    if all(kinds.within(kind, mask) for kind in of):
        for arg in node.args:
            frame.value(arg)
        frame.emitter.compare(name)
        return True
    wanted = (kinds.STR,) if mask == kinds.STR else _likely(frame, node.args)

    def write(operands: list[Operand]) -> None:
        for operand in operands:
            operand.push(frame)
        frame.emitter.compare(name)

    return write_numeric(frame, node, name, (wanted, write))


def write_mod(frame: Frame, node: Call, name: str) -> bool:
    """Write `mod` and `quot` of integers: a dividend that is not negative, a positive divisor."""
    if len(node.args) != 2:
        return False
    emitter = frame.emitter

    def positive(operands: list[Operand], slow: Mark) -> None:
        # Python rounds down, the language toward zero; 0 fails in both
        for operand in operands:
            if not kinds.within(operand.kind, kinds.NATURAL):
                operand.push(frame)
                emitter.const(0)
                emitter.compare(">=")
                emitter.jump_if_false(slow)

    def write(operands: list[Operand]) -> None:
        for operand in operands:
            operand.push(frame)
        emitter.binary("//" if name == "quot" else "%")

    return write_numeric(frame, node, name, (_INTS, write), positive)


def write_parity(frame: Frame, node: Call, name: str) -> bool:
    """Write `even?` and `odd?` of an integer."""

    def write(operands: list[Operand]) -> None:
        operands[0].push(frame)
        frame.emitter.const(2)
        frame.emitter.binary("%")
        frame.emitter.const(0)
        frame.emitter.compare("==" if name == "even?" else "!=")

    return write_numeric(frame, node, name, (_INTS, write))


def write_sign(frame: Frame, node: Call, name: str) -> bool:
    """Write `zero? pos? neg?`."""

    def write(operands: list[Operand]) -> None:
        operands[0].push(frame)
        frame.emitter.const(0)
        frame.emitter.compare({"zero?": "==", "pos?": ">", "neg?": "<"}[name])

    return write_numeric(frame, node, name, (_likely(frame, node.args), write))


def write_extreme(frame: Frame, node: Call, name: str) -> bool:
    """Write `max` and `min` of some: a later one only when it is beyond the best so far."""
    if not 2 <= len(node.args) <= _FEW:
        return False
    emitter = frame.emitter
    order = ">" if name == "max" else "<"

    def choose(best: Operand, others: list[Operand], end: Mark) -> None:
        """Push the best of all; each way of the comparisons knows where its best one is."""
        if not others:
            best.push(frame)
            return
        keep = Mark()
        others[0].push(frame)
        best.push(frame)
        emitter.compare(order)
        emitter.jump_if_false(keep)
        choose(others[0], others[1:], end)
        emitter.jump(end)
        emitter.mark(keep)
        choose(best, others[1:], end)

    def write(operands: list[Operand]) -> None:
        end = Mark()
        choose(operands[0], operands[1:], end)
        emitter.mark(end)

    return write_numeric(frame, node, name, (_likely(frame, node.args), write))


# greater whole quotients are left to the builtin, which knows from where on they stay floats
_LARGEST_WHOLE: Final = float(1 << 53)


def write_quotient(frame: Frame, node: Call, name: str) -> bool:
    """Write `/` of two numbers: a quotient that is whole is an integer.

    Integers are tried for a remainder first. A division that fails is left to the builtin: it knows quotients
    of integers no float can hold.
    """
    if len(node.args) != 2 or not may_be(frame, node.args, kinds.NUMBER):
        return False
    emitter = frame.emitter
    slow, done = Mark(), Mark()
    depth, outer = emitter.depth, emitter.region
    with frame.temps(3) as [left, right, quotient]:
        operands = hold(frame, node.args, (left, right))
        if emitter.dead:
            return True
        for operand in operands:
            guard(frame, operand, _likely(frame, node.args), slow)
        region = Region(Mark(), depth)
        emitter.region = region
        if all(operand.kind & kinds.INT for operand in operands):
            _whole(frame, operands, done)
        for operand in operands:
            operand.push(frame)
        emitter.binary("/")
        emitter.region = outer
        emitter.store(quotient)
        emitter.load_method(lambda: emitter.load(quotient), "is_integer")
        emitter.call(0)
        # of integers with a remainder it is whole only because it was rounded
        whole = Mark() if any(kinds.within(operand.kind, kinds.FLOAT) for operand in operands) else slow
        emitter.jump_if_true(whole)
        emitter.load(quotient)
        emitter.mark(done)
        on_failure(frame, region, slow)
        if whole is not slow:
            otherwise(frame, whole, done, lambda: _as_integer(frame, quotient, slow))
        otherwise(frame, slow, done, lambda: call_global(frame, name, operands))
    return True


def _as_integer(frame: Frame, quotient: str, slow: Mark) -> None:
    """Push the integer that a whole float is, unless it is large."""
    emitter = frame.emitter
    for bound, comparison in ((-_LARGEST_WHOLE, ">="), (_LARGEST_WHOLE, "<=")):
        emitter.load(quotient)
        emitter.const(bound)
        emitter.compare(comparison)
        emitter.jump_if_false(slow)
    emitter.callee_global("#int")
    emitter.load(quotient)
    emitter.call(1)


def _whole(frame: Frame, operands: list[Operand], done: Mark) -> None:
    """Push the quotient of integers and go to `done` when nothing is left; else go on."""
    emitter = frame.emitter
    other = Mark()
    for operand in operands:
        if not kinds.within(operand.kind, kinds.INT):
            # one float is enough for the general way
            operand.push(frame)
            emitter.attribute("__class__")
            emitter.glob("#int")
            emitter.is_same()
            emitter.jump_if_false(other)
    for operand in operands:
        operand.push(frame)
    emitter.binary("%")
    emitter.truth()
    emitter.jump_if_true(other)
    for operand in operands:
        operand.push(frame)
    emitter.binary("//")
    emitter.jump(done)
    emitter.mark(other)


# a quotient of smaller integers, rounded to a float, is never rounded up to the next integer
_EXACT: Final = 1 << 53


def write_whole_quotient(frame: Frame, node: Op) -> bool:
    """Write a division of integers whose quotient is cut, or known to be whole, or that is asked whether
    anything is left."""
    if not may_be(frame, node.args, kinds.INT):
        return False
    emitter = frame.emitter

    def small(operands: list[Operand], slow: Mark) -> None:
        left, right = operands
        tests: list[tuple[Operand, str, int]] = [(left, "<", _EXACT)]
        if not kinds.within(left.kind, kinds.NATURAL):
            tests.insert(0, (left, ">=", 0))
        if not (isinstance(right.held, Const) and right.held.value > 0):  # type: ignore[operator]
            tests.append((right, ">", 0))
        for operand, name, limit in tests:
            operand.push(frame)
            emitter.const(limit)
            emitter.compare(name)
            emitter.jump_if_false(slow)

    def write(operands: list[Operand]) -> None:
        for operand in operands:
            operand.push(frame)
        emitter.binary("%" if node.name == "residue" else "//")

    also = small if node.name in ("quotient", "floor_quotient") else None
    return write_numeric(frame, node, "#" + node.name, (_INTS, write), also)


def write_equal(frame: Frame, node: Call, name: str) -> bool:
    """Write `=` and `not=` of two."""
    if len(node.args) != 2:
        return False
    return equal(frame, node.args[0], node.args[1], invert=name not in ("=", "=="))


def write_nil(frame: Frame, node: Call, name: str) -> bool:
    """Write `nil?`, `true?`, `false?`."""
    frame.value(node.args[0])
    write_constant(frame, {"nil?": None, "true?": True, "false?": False}[name])
    frame.emitter.is_same()
    return True


Writer = Callable[[Frame, Call, str], bool]

ARITHMETIC: Final[Mapping[str, Writer]] = MappingProxyType(
    {
        **dict.fromkeys(("+", "*", "inc", "dec"), write_sum),
        "-": write_negation,
        "/": write_quotient,
        **dict.fromkeys(("mod", "quot"), write_mod),
        **dict.fromkeys(("<", "<=", ">", ">="), write_order),
        **dict.fromkeys(("even?", "odd?"), write_parity),
        **dict.fromkeys(("zero?", "pos?", "neg?"), write_sign),
        **dict.fromkeys(("max", "min"), write_extreme),
        **dict.fromkeys(("=", "!="), write_equal),
        **dict.fromkeys(("nil?", "true?", "false?"), write_nil),
    }
)
"""Writers by the name of the builtin; each tells whether it wrote the call."""
