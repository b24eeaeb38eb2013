"""Arithmetic and comparison as instructions.

In: calls of `+ - * / mod inc dec < = even? max …`. Out: instructions for numbers (and strings, where order
and equality take them), the builtin itself, out of line, for everything else: it raises what the language
says.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from rtfs_runtime.values import Keyword
from rtfsc.backend.constants import write_constant
from rtfsc.backend.emitter import Mark, Region
from rtfsc.backend.frame import Frame
from rtfsc.backend.operands import Operand, call_global, guard, hold, is_simple, may_be, on_failure, otherwise
from rtfsc.ir import kinds
from rtfsc.ir.nodes import Call, Const, Expr, Op, Vector

# atoms that are equal only when they are the same object
_IDENTICAL: Final = (type(None), bool, Keyword)
_INTS: Final = (kinds.INT,)
_NUMBERS: Final = (kinds.INT, kinds.FLOAT)
_LARGE: Final = 1 << 512
"""Products up to it are not worth a call that looks at their size."""
# of how many the largest is found in line: the code doubles with each
_FEW: Final = 3
_ATOMS: Final = (kinds.STR, kinds.INT, kinds.KEYWORD)


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
        for sign, order in ((1, ">"), (-1, "<")):
            emitter.load(product)
            emitter.const(sign * _LARGE)
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

    return _numeric(frame, node, name, (_likely(frame, node.args), negate))


def _numeric(
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

    return _numeric(frame, node, name, (wanted, write))


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

    return _numeric(frame, node, name, (_INTS, write), positive)


def write_parity(frame: Frame, node: Call, name: str) -> bool:
    """Write `even?` and `odd?` of an integer."""

    def write(operands: list[Operand]) -> None:
        operands[0].push(frame)
        frame.emitter.const(2)
        frame.emitter.binary("%")
        frame.emitter.const(0)
        frame.emitter.compare("==" if name == "even?" else "!=")

    return _numeric(frame, node, name, (_INTS, write))


def write_sign(frame: Frame, node: Call, name: str) -> bool:
    """Write `zero? pos? neg?`."""

    def write(operands: list[Operand]) -> None:
        operands[0].push(frame)
        frame.emitter.const(0)
        frame.emitter.compare({"zero?": "==", "pos?": ">", "neg?": "<"}[name])

    return _numeric(frame, node, name, (_likely(frame, node.args), write))


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

    return _numeric(frame, node, name, (_likely(frame, node.args), write))


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
        emitter.jump_if_true(slow)
        emitter.load(quotient)
        emitter.mark(done)
        on_failure(frame, region, slow)
        otherwise(frame, slow, done, lambda: call_global(frame, name, operands))
    return True


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
    return _numeric(frame, node, "#" + node.name, (_INTS, write), also)


def write_equal(frame: Frame, node: Call, name: str) -> bool:
    """Write `=` and `not=` of two."""
    if len(node.args) != 2:
        return False
    return equal(frame, node.args[0], node.args[1], invert=name not in ("=", "=="))


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
    if isinstance(left, Vector):
        left, right = right, left
    if isinstance(right, Vector) and all(_is_plain(item) for item in right.items):
        _equal_vectors(frame, (left, right), invert=invert)
    else:
        _equal_any(frame, (left, right), invert=invert)
    return True


def _is_plain(node: Expr) -> bool:
    return isinstance(node, Const) and (node.value is None or isinstance(node.value, int | str | Keyword))


def _equal_vectors(frame: Frame, sides: tuple[Expr, Vector], *, invert: bool) -> None:
    """Write equality with a vector of constants: what Python takes for unequal is unequal."""
    emitter = frame.emitter
    other, vector = sides
    if not may_be(frame, (other,), kinds.TUPLE):
        _equal_any(frame, sides, invert=invert)
        return
    slow, no, done = Mark(), Mark(), Mark()
    with frame.temps() as temps:
        operands = hold(frame, (other,), temps)
        if emitter.dead:
            return

        def by_parts() -> None:
            emitter.callee_global("#equal")
            operands[0].push(frame)
            frame.value(vector)
            emitter.call(2)
            if invert:
                emitter.negation()

        guard(frame, operands[0], (kinds.TUPLE,), slow)
        operands[0].push(frame)
        frame.value(vector)
        emitter.compare("==")
        emitter.jump_if_false(no)
        if any(isinstance(item.value, int) for item in vector.items if isinstance(item, Const)):
            # 1.0 and true may have been taken for 1
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
