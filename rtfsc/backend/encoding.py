"""Laid out instructions to a code object.

In: instructions in their last order, and what else their code object says. Out: the code object. The
`bytecode` library encodes each instruction (once in a process), the table of handlers and the code object;
numbers of names and constants, sizes of jumps and the table of positions are found here. The library's own
way, from `Bytecode`, checks an instruction three times and keeps a location for each code unit: that was
nearly half of a compilation.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import accumulate
from types import CodeType
from typing import Any, Final, NamedTuple

from bytecode import CompilerFlags, ConcreteBytecode, ConcreteInstr
from bytecode.concrete import ExceptionTableEntry
from bytecode.instr import FreeVar, const_key

from rtfsc.backend.assembly import VERSION, Mark, Op, Region
from rtfsc.backend.linetable import line_table
from rtfsc.backend.positions import Position

_INVERSE: Final = {
    "POP_JUMP_IF_TRUE": "POP_JUMP_IF_FALSE",
    "POP_JUMP_IF_FALSE": "POP_JUMP_IF_TRUE",
    "POP_JUMP_IF_NONE": "POP_JUMP_IF_NOT_NONE",
    "POP_JUMP_IF_NOT_NONE": "POP_JUMP_IF_NONE",
}
# what the argument of an instruction is a number of; others have their number, or none
_NUMBERED: Final = {
    "LOAD_CONST": "constant",
    **dict.fromkeys(("LOAD_FAST", "LOAD_FAST_CHECK", "STORE_FAST"), "local"),
    **dict.fromkeys(("LOAD_FAST_LOAD_FAST", "STORE_FAST_LOAD_FAST", "STORE_FAST_STORE_FAST"), "pair"),
    **dict.fromkeys(("LOAD_GLOBAL", "STORE_GLOBAL", "LOAD_ATTR", "STORE_ATTR", "LOAD_METHOD"), "name"),
}
_JUMPS_FOLLOWED: Final = 4
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
        self._chunks: list[bytes] = []
        self._jumps: list[tuple[int, str, Mark]] = []
        # where a position and a region begin, as the number of an instruction
        self._positions: list[tuple[int, Position | None]] = []
        self._regions: list[tuple[int, Region | None]] = [(0, None)]
        self._encode(ops)

    def code(self) -> CodeType:
        """Resolve jumps, and let the library make the object."""
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
        table = line_table(self._runs(offsets), head.first_line)
        return code.replace(co_code=b"".join(self._chunks), co_linetable=table)

    def _encode(self, ops: list[Op]) -> None:
        # a quarter of all instructions name a local: no call for those
        chunks, locals_, numbered = self._chunks, self._locals, _NUMBERED.get
        late: list[tuple[int, str, FreeVar]] = []
        last_position: Position | str | None = ""
        last_region: Region | None = None
        for name, arg, is_jump, position, region in ops:
            if not name:
                arg.place = len(chunks)
                continue
            # most follow one of the same position, which is the same object
            if position is not last_position:
                self._positions.append((len(chunks), position))
                last_position = position
            if region is not last_region:
                self._regions.append((len(chunks), region))
                last_region = region
            if is_jump:
                self._jumps.append((len(chunks), name, arg))
                chunks.append(b"")
            elif arg.__class__ is FreeVar:
                late.append((len(chunks), name, arg))
                chunks.append(b"")
            else:
                kind = numbered(name)
                if kind is None:
                    number = arg
                elif kind == "local":
                    number = locals_.setdefault(arg, len(locals_))
                else:
                    number = self._number(kind, arg)
                chunks.append(_encoded(name, number))
        # free variables are numbered after the locals, all of which are known now
        for index, name, var in late:
            number = len(self._locals) + self._head.freevars.index(var.name)
            chunks[index] = _encoded(name, number)

    def _number(self, kind: str, arg: Any) -> int:
        if kind == "constant":
            return self._constant(arg)
        if kind == "pair":
            first, second = (self._locals.setdefault(part, len(self._locals)) for part in arg)
            assert first < 16 and second < 16, arg
            return first << 4 | second
        if arg.__class__ is str:
            return self._names.setdefault(arg, len(self._names))
        flag, text = arg
        number = self._names.setdefault(text, len(self._names))
        return number << 1 | int(flag)

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
        """Write the jumps; give the offset of each instruction, in bytes, and of the end.

        Longer jumps need prefixes, which make others longer: nothing ever shrinks, so this ends.
        """
        onwards = {index: mark for index, name, mark in self._jumps if name == "JUMP"}
        jumps = []
        for index, name, mark in self._jumps:
            place = _place(index, name, mark, onwards)
            # what follows is reached anyway
            if name != "JUMP" or place != index + 1:
                jumps.append((index, name, place))
                self._chunks[index] = _jump(name, place <= index, 0)
        while True:
            grown = False
            offsets = list(accumulate(map(len, self._chunks), initial=0))
            for index, name, place in jumps:
                chunk = _jump(name, place <= index, abs(offsets[place] - offsets[index + 1]) // 2)
                if len(chunk) > len(self._chunks[index]):
                    grown = True
                self._chunks[index] = chunk
            if not grown:
                return offsets

    def _handlers(self, offsets: list[int]) -> Iterator[ExceptionTableEntry]:
        """Give an entry for each run of instructions in one region."""
        ends = [first for first, _ in self._regions[1:]]
        for (first, region), end in zip(self._regions, [*ends, len(self._chunks)], strict=True):
            start, stop = offsets[first] // 2, offsets[end] // 2
            if region is not None and start < stop:
                target = offsets[region.handler.place] // 2
                yield ExceptionTableEntry(start, stop - 1, target, region.depth, region.lasti)

    def _runs(self, offsets: list[int]) -> Iterator[tuple[Position, int]]:
        ends = [first for first, _ in self._positions[1:]]
        for (first, position), end in zip(self._positions, [*ends, len(self._chunks)], strict=True):
            yield position or (self._head.first_line, None, None, None), (offsets[end] - offsets[first]) // 2


def _place(index: int, name: str, mark: Mark, onwards: Mapping[int, Mark]) -> int:
    """Give where a jump goes: to where the jump goes that it would meet."""
    if name == "FOR_ITER":
        return mark.place
    for _ in range(_JUMPS_FOLLOWED):
        following = onwards.get(mark.place)
        if following is None or following is mark:
            break
        # from 3.12 on no conditional jump goes back: it would become two
        if name != "JUMP" and VERSION >= (3, 12) and following.place <= index:
            break
        mark = following
    return mark.place


@lru_cache(_KEPT_ENCODINGS)
def _jump(name: str, back: bool, distance: int) -> bytes:
    """Encode a jump over so many code units, from its end."""
    if name == "JUMP":
        return _encoded("JUMP_BACKWARD" if back else "JUMP_FORWARD", distance)
    if VERSION < (3, 12) and name != "FOR_ITER":
        return _encoded(name.replace("JUMP_", "JUMP_BACKWARD_" if back else "JUMP_FORWARD_"), distance)
    if not back:
        return _encoded(name, distance)
    backwards = _encoded("JUMP_BACKWARD", distance)
    return _encoded(_INVERSE[name], len(backwards) // 2) + backwards
