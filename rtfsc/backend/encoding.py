"""Laid out instructions to a code object.

In: instructions in their last order, and what else their code object says. Out: the code object. The
`bytecode` library encodes each instruction (once in a process), the table of handlers and the code object;
numbers of names and constants, sizes of jumps and the table of positions are found here. The library's own
way, from `Bytecode`, checks an instruction three times and keeps a location for each code unit: that was
nearly half of a compilation.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import accumulate
from types import CodeType
from typing import Any, Final, NamedTuple

from bytecode import CompilerFlags, ConcreteBytecode, ConcreteInstr
from bytecode.concrete import ExceptionTableEntry
from bytecode.instr import FreeVar, const_key

from rtfsc.backend.assembly import Op, Region
from rtfsc.backend.linetable import line_table
from rtfsc.backend.positions import Position

_LOCALS: Final = frozenset({"LOAD_FAST", "LOAD_FAST_CHECK", "STORE_FAST"})
_PAIRS: Final = frozenset({"LOAD_FAST_LOAD_FAST", "STORE_FAST_LOAD_FAST", "STORE_FAST_STORE_FAST"})
_NAMES: Final = frozenset({"LOAD_GLOBAL", "STORE_GLOBAL", "LOAD_ATTR", "STORE_ATTR", "LOAD_METHOD"})
_ATOMS: Final = frozenset({str, int, bool, type(None)})
_KEPT_ENCODINGS: Final = 1 << 15


class Head(NamedTuple):
    """What a code object says beside its instructions."""

    name: str
    filename: str
    first_line: int
    params: Sequence[str]
    variadic: bool
    freevars: Sequence[str]
    stack_size: int


def encode(head: Head, ops: Sequence[Op]) -> CodeType:
    """Make the code object; instructions without a position get its first line."""
    start: list[Op] = [("RESUME", 0, False, None, None)]
    if head.freevars:
        start.insert(0, ("COPY_FREE_VARS", len(head.freevars), False, None, None))
    return _Encoding(head, [*start, *ops]).code()


@lru_cache(_KEPT_ENCODINGS)
def _encoded(name: str, number: int | None) -> bytes:
    """Let the library encode an instruction, prefixes and room for the interpreter's caches included."""
    instruction = ConcreteInstr(name) if number is None else ConcreteInstr(name, number)
    return instruction.assemble() + bytes(2 * instruction.use_cache_opcodes())


class _Encoding:
    """One code object on its way: each instruction's bytes, and tables of what instructions number."""

    def __init__(self, head: Head, ops: list[Op]) -> None:
        self._head = head
        self._locals = {name: number for number, name in enumerate(head.params)}
        self._names: dict[str, int] = {}
        self._constants: list[object] = []
        self._constant_numbers: dict[object, int] = {}
        # where marks are, as the number of the instruction after them
        self._places: dict[int, int] = {}
        self._ops: list[Op] = []
        for op in ops:
            if op[0]:
                self._ops.append(op)
            else:
                self._places[id(op[1])] = len(self._ops)
        self._chunks: list[bytes] = []

    def code(self) -> CodeType:
        """Encode, and let the library make the object."""
        self._encode()
        offsets = self._resolve_jumps()
        head = self._head
        shell = ConcreteBytecode(
            consts=tuple(self._constants),
            names=tuple(self._names),
            varnames=self._locals,
            exception_table=list(self._handlers(offsets)),
        )
        shell.name = shell.qualname = head.name
        shell.filename = head.filename
        shell.first_lineno = head.first_line
        shell.argcount = len(head.params) - head.variadic
        shell.freevars = list(head.freevars)
        flags = CompilerFlags.OPTIMIZED | CompilerFlags.NEWLOCALS
        if head.variadic:
            flags |= CompilerFlags.VARARGS
        if head.freevars:
            flags |= CompilerFlags.NESTED
        shell.flags = flags
        code = shell.to_code(head.stack_size, compute_exception_stack_depths=False)
        table = line_table(self._runs(), head.first_line)
        return code.replace(co_code=b"".join(self._chunks), co_linetable=table)

    def _encode(self) -> None:
        late: list[tuple[int, str, FreeVar]] = []
        for index, (name, arg, is_jump, _, _) in enumerate(self._ops):
            if is_jump:
                self._chunks.append(_encoded(name, 0))
            elif arg.__class__ is FreeVar:
                self._chunks.append(b"")
                late.append((index, name, arg))
            else:
                self._chunks.append(_encoded(name, self._number(name, arg)))
        # free variables are numbered after the locals, all of which are known now
        for index, name, var in late:
            number = len(self._locals) + self._head.freevars.index(var.name)
            self._chunks[index] = _encoded(name, number)

    def _number(self, name: str, arg: Any) -> int | None:
        if name in _LOCALS:
            return self._locals.setdefault(arg, len(self._locals))
        if name == "LOAD_CONST":
            return self._constant(arg)
        if name in _NAMES:
            if arg.__class__ is str:
                return self._names.setdefault(arg, len(self._names))
            flag, text = arg
            number = self._names.setdefault(text, len(self._names))
            return number << 1 | int(flag)
        if name in _PAIRS:
            first, second = (self._locals.setdefault(part, len(self._locals)) for part in arg)
            return first << 4 | second
        return None if arg is None else int(arg)

    def _constant(self, value: object) -> int:
        kind = value.__class__
        if kind in _ATOMS:
            key: object = (kind, value)
        else:
            # equal code objects may differ in their positions
            key = (CodeType, id(value)) if kind is CodeType else const_key(value)
        number = self._constant_numbers.setdefault(key, len(self._constants))
        if number == len(self._constants):
            self._constants.append(value)
        return number

    def _resolve_jumps(self) -> list[int]:
        """Set the distances of jumps; give the offset of each instruction, in bytes, and the end.

        Longer jumps need prefixes, which make others longer: nothing ever shrinks, so this ends.
        """
        jumps = [(index, op[0], self._places[id(op[1])]) for index, op in enumerate(self._ops) if op[2]]
        while True:
            grown = False
            offsets = list(accumulate(map(len, self._chunks), initial=0))
            for index, name, place in jumps:
                distance = offsets[place] - offsets[index + 1]
                chunk = _encoded(name, (-distance if "BACKWARD" in name else distance) // 2)
                grown = grown or len(chunk) > len(self._chunks[index])
                self._chunks[index] = chunk
            if not grown:
                return offsets

    def _handlers(self, offsets: list[int]) -> Iterator[ExceptionTableEntry]:
        """Give an entry for each run of instructions in one region."""
        first = 0
        region: Region | None = None
        for index, op in enumerate([*self._ops, None]):
            found = None if op is None else op[4]
            if found is region:
                continue
            if region is not None:
                yield ExceptionTableEntry(
                    offsets[first] // 2,
                    offsets[index] // 2 - 1,
                    offsets[self._places[id(region.handler)]] // 2,
                    region.depth,
                    region.lasti,
                )
            first, region = index, found

    def _runs(self) -> Iterator[tuple[Position, int]]:
        start: Position = (self._head.first_line, None, None, None)
        current = start
        units = 0
        for op, chunk in zip(self._ops, self._chunks, strict=True):
            position = op[3] or start
            if position is not current and position != current:
                yield current, units
                current, units = position, 0
            units += len(chunk) // 2
        yield current, units
