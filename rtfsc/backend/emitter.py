"""Write instructions for one code object, the same calls on every supported CPython.

In: one-line methods called in order, with marks, regions and source positions. Out: a real code object,
through the `bytecode` library. Everything that differs between CPython 3.11, 3.12 and 3.13 is in this file
and in `assembly` (codegen-limits §9).

Stack and handler depths are tracked here: letting the library compute them doubles the time and gets a
wrong depth for a range that opens with operands on the stack, which crashes 3.11. Code that cannot be
reached is not written.
"""

from __future__ import annotations

from collections.abc import Callable
from types import CodeType
from typing import Any

from bytecode import BinaryOp, Bytecode, Compare, Instr
from bytecode.instr import FreeVar, Intrinsic1Op

from rtfsc.backend.assembly import VERSION, Mark, Op, Region, lay_out
from rtfsc.backend.encoding import Head, encode
from rtfsc.backend.positions import Position

__all__ = ["VERSION", "Emitter", "Mark", "Region"]

_BINARY = {
    "+": int(BinaryOp.ADD),
    "-": int(BinaryOp.SUBTRACT),
    "*": int(BinaryOp.MULTIPLY),
    "/": int(BinaryOp.TRUE_DIVIDE),
    "//": int(BinaryOp.FLOOR_DIVIDE),
    "%": int(BinaryOp.REMAINDER),
    "|": int(BinaryOp.OR),
}
_COMPARE = {"<": "LT", "<=": "LE", "==": "EQ", "!=": "NE", ">": "GT", ">=": "GE"}


def _compare_number(name: str) -> int:
    """Ask the library, which knows the bits that each CPython puts beside the operator."""
    operator = Compare[name + ("_CAST" if VERSION >= (3, 13) else "")]
    concrete = Bytecode([Instr("COMPARE_OP", operator)]).to_concrete_bytecode(
        compute_exception_stack_depths=False
    )
    instruction = concrete[0]
    assert isinstance(instruction.arg, int)
    return instruction.arg


_COMPARE_NUMBERS = {sign: _compare_number(name) for sign, name in _COMPARE.items()}


class Emitter:
    """Instructions of one code object in the making."""

    def __init__(self, name: str, filename: str, first_line: int) -> None:
        self.name = name
        self.filename = filename
        self.first_line = first_line
        self.params: list[str] = []
        self.variadic = False
        self.freevars: list[str] = []
        self.region: Region | None = None
        self.depth = 0
        self.dead = False
        self._max_depth = 0
        self._ops: list[Op] = []
        self._at: Position | None = None

    # -- positions and places

    def at(self, location: Position | None) -> Position | None:
        """Set the position of what follows; give back the one before."""
        before = self._at
        self._at = location
        return before

    def mark(self, mark: Mark) -> None:
        """Place a mark here. Falling into it must agree with the jumps to it about the depth."""
        assert not mark.placed
        if self.dead:
            if mark.depth is None:
                mark.placed = True
                return
            self.dead = False
            self.depth = mark.depth
        elif mark.depth is None:
            mark.depth = self.depth
        else:
            assert mark.depth == self.depth, (mark.depth, self.depth)
        mark.placed = True
        self._ops.append(("", mark, False, None, self.region))

    def handler(self, region: Region) -> None:
        """Place the handler of a region: the exception is on top of the stack."""
        self.dead = False
        self.depth = region.depth + 1 + region.lasti
        self._grow(0)
        region.handler.depth = self.depth
        self.mark(region.handler)

    def _grow(self, change: int) -> None:
        self.depth += change
        self._max_depth = max(self._max_depth, self.depth)

    def _op(self, name: str, change: int, arg: Any = None) -> None:
        if self.dead:
            return
        depth = self.depth
        # two instructions may reach one more slot than the difference shows (a method and its receiver)
        reached = depth + (change if change > 1 else 1)
        if reached > self._max_depth:
            self._max_depth = reached
        self.depth = depth + change
        self._ops.append((name, arg, False, self._at, self.region))

    def _jump(self, name: str, mark: Mark, change: int) -> None:
        if self.dead:
            return
        self._grow(change)
        if mark.depth is None:
            mark.depth = self.depth
        assert mark.depth == self.depth, (name, mark.depth, self.depth)
        self._ops.append((name, mark, True, self._at, self.region))

    # -- values

    def load(self, name: str) -> None:
        """Push a local that is surely bound."""
        self._op("LOAD_FAST", 1, name)

    def load_checked(self, name: str) -> None:
        """Push a local; NameError when it is not bound."""
        self._op("LOAD_FAST" if VERSION < (3, 12) else "LOAD_FAST_CHECK", 1, name)

    def store(self, name: str) -> None:
        """Pop into a local."""
        self._op("STORE_FAST", -1, name)

    def const(self, value: object) -> None:
        """Push an atom that marshal can write."""
        self._op("LOAD_CONST", 1, value)

    def glob(self, name: str) -> None:
        """Push a global or builtin."""
        self._op("LOAD_GLOBAL", 1, (False, name))

    def store_global(self, name: str) -> None:
        """Pop into a global."""
        self._op("STORE_GLOBAL", -1, name)

    def deref(self, name: str) -> None:
        """Push the content of a free variable."""
        self._op("LOAD_DEREF", 1, FreeVar(name))

    def cell(self, name: str) -> None:
        """Push the cell of a free variable."""
        self._op("LOAD_CLOSURE" if VERSION < (3, 13) else "LOAD_FAST", 1, FreeVar(name))

    def pop(self) -> None:
        """Drop the top."""
        self._op("POP_TOP", -1)

    def copy(self, n: int = 1) -> None:
        """Push the n-th item from the top again."""
        self._op("COPY", 1, n)

    def swap(self, n: int = 2) -> None:
        """Exchange the top with the n-th item."""
        self._op("SWAP", 0, n)

    def binary(self, op: str) -> None:
        """Replace two numbers by their sum, difference, product, quotient or remainder, two dicts by `|`."""
        self._op("BINARY_OP", -1, _BINARY[op])

    def compare(self, op: str) -> None:
        """Replace two atoms by an exact boolean."""
        self._op("COMPARE_OP", -1, _COMPARE_NUMBERS[op])

    def is_same(self, *, invert: bool = False) -> None:
        """Replace two values by whether they are one object."""
        self._op("IS_OP", -1, int(invert))

    def negative(self) -> None:
        """Replace a number by its negative."""
        self._op("UNARY_NEGATIVE", 0)

    def truth(self) -> None:
        """Replace a value by whether Python takes it for true, to be tested by a jump."""
        if VERSION >= (3, 13):
            self._op("TO_BOOL", 0)

    def negation(self) -> None:
        """Replace a value by whether Python takes it for false."""
        self.truth()
        self._op("UNARY_NOT", 0)

    def measure(self) -> None:
        """Push the length of the sized value on top."""
        self._op("GET_LEN", 1)

    def length(self) -> None:
        """Replace a sized value by its length."""
        self.measure()
        self.swap()
        self.pop()

    def contains(self) -> None:
        """Replace a key and the container above it by whether the key is in there."""
        self._op("CONTAINS_OP", -1, 0)

    def slice(self) -> None:
        """Replace a sequence, a start and an end by the part between."""
        if VERSION < (3, 12):
            self._op("BUILD_SLICE", -1, 2)
            self._op("BINARY_SUBSCR", -1)
        else:
            self._op("BINARY_SLICE", -2)

    def reversal(self) -> None:
        """Replace a sequence by its items from the last to the first."""
        for part in (None, None, -1):
            self.const(part)
        self._op("BUILD_SLICE", -2, 3)
        self._op("BINARY_SUBSCR", -1)

    def subscript(self) -> None:
        """Replace container and key by the item."""
        self._op("BINARY_SUBSCR", -1)

    def store_subscript(self) -> None:
        """Pop a key, a container and a value below them; put the value under the key."""
        self._op("STORE_SUBSCR", -3)

    def attribute(self, name: str) -> None:
        """Replace an object by its attribute."""
        self._op("LOAD_ATTR", 0, (False, name) if VERSION >= (3, 12) else name)

    def store_attribute(self, name: str) -> None:
        """Pop an object and the value below it; set the attribute."""
        self._op("STORE_ATTR", -2, name)

    def unpack(self, n: int) -> None:
        """Replace a sequence by its items, the first one on top."""
        self._op("UNPACK_SEQUENCE", n - 1, n)

    def build_tuple(self, n: int) -> None:
        """Replace n items by a tuple."""
        self._op("BUILD_TUPLE", 1 - n, n)

    def format(self) -> None:
        """Replace an integer by its text; fails for one of very many digits."""
        if VERSION < (3, 13):
            self._op("FORMAT_VALUE", 0, 0)
        else:
            self._op("FORMAT_SIMPLE", 0)

    def build_string(self, n: int) -> None:
        """Replace n strings by one."""
        self._op("BUILD_STRING", 1 - n, n)

    def build_map(self, n: int) -> None:
        """Replace n pairs by a dict."""
        self._op("BUILD_MAP", 1 - 2 * n, n)

    def map_add(self, n: int) -> None:
        """Pop a value and its key into the dict that is then n-th from the top."""
        self._op("MAP_ADD", -2, n)

    def build_list(self) -> None:
        """Push an empty list."""
        self._op("BUILD_LIST", 1, 0)

    def list_append(self, n: int) -> None:
        """Pop an item onto the list that is then n-th from the top."""
        self._op("LIST_APPEND", -1, n)

    def list_extend(self, n: int) -> None:
        """Pop an iterable onto the end of the list that is then n-th from the top."""
        self._op("LIST_EXTEND", -1, n)

    def list_to_tuple(self) -> None:
        """Replace a list by a tuple."""
        if VERSION < (3, 12):
            self._op("LIST_TO_TUPLE", 0)
        else:
            self._op("CALL_INTRINSIC_1", 0, int(Intrinsic1Op.INTRINSIC_LIST_TO_TUPLE))

    def build_set(self) -> None:
        """Push an empty set of Python's."""
        self._op("BUILD_SET", 1, 0)

    def set_update(self) -> None:
        """Pop an iterable into the set below it."""
        self._op("SET_UPDATE", -1, 1)

    # -- calls: `callee_global(name)` or `before_callee(); <callee>; after_callee()`, then arguments,
    # then `call(n)`

    def callee_global(self, name: str) -> None:
        """Push a global to be called."""
        self._op("LOAD_GLOBAL", 2, (True, name))

    def before_callee(self) -> None:
        """Prepare for a computed callee."""
        if VERSION < (3, 13):
            self._op("PUSH_NULL", 1)

    def after_callee(self) -> None:
        """Finish a computed callee."""
        if VERSION >= (3, 13):
            self._op("PUSH_NULL", 1)

    def call(self, n: int) -> None:
        """Call with the n arguments on top."""
        if VERSION < (3, 12):
            self._op("PRECALL", 0, n)
        self._op("CALL", -1 - n, n)

    def load_method(self, push: Callable[[], None], name: str) -> None:
        """Push a method of what `push` pushes; arguments and `call` follow."""
        push()
        if VERSION < (3, 12):
            self._op("LOAD_METHOD", 1, name)
        else:
            self._op("LOAD_ATTR", 1, (True, name))

    def make_function(self, code: CodeType, *, closure: bool) -> None:
        """Push a function; with `closure` its tuple of cells is on the stack."""
        self.const(code)
        if VERSION < (3, 13):
            self._op("MAKE_FUNCTION", -1 if closure else 0, 8 if closure else 0)
            return
        self._op("MAKE_FUNCTION", 0)
        if closure:
            self._op("SET_FUNCTION_ATTRIBUTE", -1, 8)

    # -- control

    def jump(self, mark: Mark) -> None:
        """Go on at the mark."""
        self._jump("JUMP", mark, 0)
        self.dead = True

    def jump_if_true(self, mark: Mark) -> None:
        """Pop an exact boolean; jump when it is true."""
        self._jump("POP_JUMP_IF_TRUE", mark, -1)

    def jump_if_false(self, mark: Mark) -> None:
        """Pop an exact boolean; jump when it is false."""
        self._jump("POP_JUMP_IF_FALSE", mark, -1)

    def jump_if_none(self, mark: Mark) -> None:
        """Pop; jump when it was None."""
        self._jump("POP_JUMP_IF_NONE", mark, -1)

    def jump_if_not_none(self, mark: Mark) -> None:
        """Pop; jump when it was not None."""
        self._jump("POP_JUMP_IF_NOT_NONE", mark, -1)

    def ret(self) -> None:
        """Return the top."""
        self._op("RETURN_VALUE", -1)
        self.dead = True

    def get_iter(self) -> None:
        """Replace an iterable by its iterator."""
        self._op("GET_ITER", 0)

    def for_iter(self, end: Mark) -> None:
        """Push the next item, or drop the iterator and go to `end` (placed with `end_for`)."""
        if not self.dead:
            end.depth = self.depth - 1
            self._ops.append(("FOR_ITER", end, True, self._at, self.region))
            self._grow(1)

    def end_for(self, end: Mark) -> None:
        """Place the end of a `for_iter` loop."""
        self.mark(end)
        if VERSION == (3, 12):
            self._op("END_FOR", 0)
        elif VERSION >= (3, 13):
            self._op("END_FOR", 0)
            self._op("POP_TOP", 0)

    def raise_(self) -> None:
        """Raise the exception on top; its traceback gets an entry for this place."""
        self._op("RAISE_VARARGS", -1, 1)
        self.dead = True

    # -- handlers

    def push_exc_info(self) -> None:
        """Enter a handler: put the exception handled before below the one on top."""
        self._op("PUSH_EXC_INFO", 1)

    def pop_except(self) -> None:
        """Leave a handler: restore what `push_exc_info` put aside, which is on top."""
        self._op("POP_EXCEPT", -1)

    def reraise(self, lasti: int = 0) -> None:
        """Raise the exception on top as it is: no new entry in its traceback."""
        self._op("RERAISE", -1, lasti)
        self.dead = True

    # -- assembly

    def code_with(self, prologue: Callable[[], None]) -> CodeType:
        """Assemble with instructions before all others that were not known until the end."""
        body, self._ops = self._ops, []
        self.depth, self.dead, self.region = 0, False, None
        prologue()
        self._ops += body
        return self.code()

    def code(self) -> CodeType:
        """Assemble the code object."""
        head = Head(
            self.name,
            self.filename,
            self.first_line,
            self.params,
            self.variadic,
            self.freevars,
            self._max_depth + 2,
        )
        return encode(head, lay_out(self._ops, self.params))
