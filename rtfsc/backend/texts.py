"""Strings as instructions.

In: calls of `str`. Out: instructions that join strings, the builtin itself, out of line, for long ones.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from rtfs_runtime.builtins.text import BLANKS, concatenate
from rtfs_runtime.limits import MAX_TEXT
from rtfs_runtime.values import Keyword
from rtfsc.backend.arithmetic import Writer
from rtfsc.backend.emitter import Mark, Region
from rtfsc.backend.frame import Frame
from rtfsc.backend.gathering import gathers_new_texts, write_list
from rtfsc.backend.operands import (
    Operand,
    call_global,
    guard,
    hold,
    leave_large,
    may_be,
    on_failure,
    otherwise,
)
from rtfsc.ir import kinds
from rtfsc.ir.nodes import Call, Const

# pieces longer than this are left to the builtin, which knows the limit of all together
_LONG: Final = 1 << 20
_SEPARATOR: Final = 16
# what has a short text
_SHORT: Final = kinds.INT | kinds.FLOAT | kinds.NIL | kinds.BOOL
# so many pieces are joined before their length is known: the text takes no more memory than they do
_AT_ONCE: Final = 3


def write_str(frame: Frame, node: Call, name: str) -> bool:
    """Write `str` of a few arguments: strings as they are, others by their text."""
    emitter = frame.emitter
    count = len(node.args)
    if count == 1:
        return _write_one(frame, node)
    if not 2 <= count <= 8 or not any(frame.unit.kinds.of(arg) & kinds.STR for arg in node.args):
        return False
    slow, done = Mark(), Mark()
    with frame.temps(count) as temps:
        operands = hold(frame, node.args, temps)
        if emitter.dead:
            return True
        pieces = [_text_of(frame, operand, temp) for operand, temp in zip(operands, temps, strict=True)]
        depth = emitter.depth
        may_be_long = [
            not (isinstance(piece.held, Const) or kinds.within(operand.kind, _SHORT))
            for operand, piece in zip(operands, pieces, strict=True)
        ]
        # two are joined by `+`: CPython lengthens a string in place where the result takes its name
        at_once = count > 2 and sum(may_be_long) <= _AT_ONCE
        for piece, long in zip(pieces, may_be_long, strict=True):
            piece.push(frame)
            if long and not at_once:
                leave_large(frame, depth, _LONG, slow)
        if count == 2:
            emitter.binary("+")
        else:
            emitter.build_string(count)
        if at_once and any(may_be_long):
            leave_large(frame, depth, _LONG, slow)
        emitter.mark(done)
        otherwise(frame, slow, done, lambda: call_global(frame, name, pieces))
    return True


def write_join(frame: Frame, node: Call, name: str) -> bool:
    """Write `join` of strings that a loop has made, with a constant between."""
    match node.args:
        case [Const(value=str() as between), texts] if len(between) <= _SEPARATOR:
            pass
        case _:
            return False
    if not gathers_new_texts(frame, texts):
        return False
    emitter = frame.emitter
    done, long = Mark(), Mark()
    emitter.load_method(lambda: emitter.const(between), "join")
    write_list(frame, texts)
    emitter.call(1)
    emitter.measure()
    emitter.const(MAX_TEXT)
    emitter.compare("<=")
    emitter.jump_if_false(long)
    emitter.mark(done)

    def refuse() -> None:
        emitter.callee_global("#checked_text")
        emitter.copy(3)
        emitter.call(1)
        emitter.swap()
        emitter.pop()

    otherwise(frame, long, done, refuse)
    return True


def _write_one(frame: Frame, node: Call) -> bool:
    """Write `str` of one argument: a string as it is, an integer by its digits."""
    if not frame.unit.kinds.of(node.args[0]) & (kinds.STR | kinds.INT):
        return False
    with frame.temps() as temps:
        operands = hold(frame, node.args, temps)
        if not frame.emitter.dead:
            _text_of(frame, operands[0], temps[0]).push(frame)
    return True


def _text_of(frame: Frame, operand: Operand, temp: str) -> Operand:
    """Write the test whether an operand is a string; out of line it becomes one."""
    emitter = frame.emitter
    if isinstance(operand.held, Const):
        value = operand.held.value
        if isinstance(value, str) and len(value) < _LONG:
            return operand
        if value is None or isinstance(value, (bool, float, Keyword)):
            return Operand(replace(operand.held, value=concatenate(value)), kinds.STR)
    elif kinds.within(operand.kind, kinds.STR):
        return operand
    text = Operand(temp, kinds.STR)
    if not operand.kind & kinds.STR or isinstance(operand.held, Const):
        _write_text(frame, operand, temp)
        return text
    if operand.held != temp:
        operand.push(frame)
        emitter.store(temp)
    other, back = Mark(), Mark()
    guard(frame, Operand(temp, operand.kind), (kinds.STR,), other)
    emitter.mark(back)

    def convert() -> None:
        emitter.mark(other)
        _write_text(frame, Operand(temp, operand.kind & ~kinds.STR), temp)
        emitter.jump(back)

    frame.outline(convert)
    return text


def _write_text(frame: Frame, operand: Operand, temp: str) -> None:
    """Write the text of what is no string into a local: of an integer by an instruction."""
    emitter = frame.emitter
    if not operand.kind & kinds.INT:
        call_global(frame, "#text", [operand])
        emitter.store(temp)
        return
    other, done = Mark(), Mark()
    depth, outer = emitter.depth, emitter.region
    guard(frame, operand, (kinds.INT,), other)
    region = Region(Mark(), depth)
    emitter.region = region
    operand.push(frame)
    emitter.format()
    emitter.region = outer
    on_failure(frame, region, other)
    emitter.store(temp)
    emitter.mark(done)

    def any_text() -> None:
        call_global(frame, "#text", [operand])
        emitter.store(temp)

    otherwise(frame, other, done, any_text)


_METHODS: Final = MappingProxyType(
    {
        "string-upper": "upper",
        "string-lower": "lower",
        "string-trim": "strip",
        "triml": "lstrip",
        "trimr": "rstrip",
        "starts-with?": "startswith",
    }
)
"""The methods of Python that do the same to strings."""


def write_method(frame: Frame, node: Call, name: str) -> bool:
    """Write a builtin that is a method of strings."""
    method = _METHODS[name]

    def write(strings: list[Operand]) -> None:
        frame.emitter.load_method(lambda: strings[0].push(frame), method)
        for operand in strings[1:]:
            operand.push(frame)
        if method.endswith("strip"):
            frame.emitter.const(BLANKS)
        frame.emitter.call(1 if method.endswith("strip") else len(strings) - 1)

    return _of_strings(frame, node, name, write)


def write_part(frame: Frame, node: Call, name: str) -> bool:
    """Write `string-contains`."""

    def write(strings: list[Operand]) -> None:
        strings[1].push(frame)
        strings[0].push(frame)
        frame.emitter.contains()

    return _of_strings(frame, node, name, write)


def write_place(frame: Frame, node: Call, name: str) -> bool:
    """Write `index-of` and `last-index-of` of a part of a string: Python gives -1 where there is none."""
    if len(node.args) != 2:
        return False

    def write(strings: list[Operand]) -> None:
        emitter = frame.emitter
        none, end = Mark(), Mark()
        emitter.load_method(lambda: strings[0].push(frame), "find" if name == "index-of" else "rfind")
        strings[1].push(frame)
        emitter.call(1)
        with frame.temps() as [place]:
            emitter.store(place)
            emitter.load(place)
            emitter.const(0)
            emitter.compare(">=")
            emitter.jump_if_false(none)
            emitter.load(place)
        emitter.jump(end)
        emitter.mark(none)
        emitter.const(None)
        emitter.mark(end)

    return _of_strings(frame, node, name, write)


def write_length(frame: Frame, node: Call, name: str) -> bool:
    """Write `string-length`."""

    def write(strings: list[Operand]) -> None:
        strings[0].push(frame)
        frame.emitter.length()

    return _of_strings(frame, node, name, write)


def write_replace(frame: Frame, node: Call, name: str) -> bool:
    """Write `replace` by a short constant."""
    match node.args:
        case [_, _, Const(value=str() as new)] if len(new) <= _SEPARATOR:
            pass
        case _:
            return False

    def write(strings: list[Operand]) -> None:
        frame.emitter.load_method(lambda: strings[0].push(frame), "replace")
        strings[1].push(frame)
        strings[2].push(frame)
        frame.emitter.call(2)

    return _of_strings(frame, node, name, write, short=True)


def write_split(frame: Frame, node: Call, name: str) -> bool:
    """Write `split` at a constant."""
    match node.args:
        case [_, Const(value=str() as between)] if between:
            pass
        case _:
            return False

    def write(strings: list[Operand]) -> None:
        frame.emitter.load_method(lambda: strings[0].push(frame), "split")
        strings[1].push(frame)
        frame.emitter.call(1)
        frame.emitter.list_to_tuple()

    return _of_strings(frame, node, name, write, short=True)


def _of_strings(
    frame: Frame, node: Call, name: str, write: Callable[[list[Operand]], None], *, short: bool = False
) -> bool:
    """Write what has a fast way when all arguments are strings; `short` bounds the first one."""
    if not may_be(frame, node.args, kinds.STR):
        return False
    emitter = frame.emitter
    slow, done = Mark(), Mark()
    with frame.temps(len(node.args)) as temps:
        operands = hold(frame, node.args, temps)
        if emitter.dead:
            return True
        for operand in operands:
            guard(frame, operand, (kinds.STR,), slow)
        if short:
            slow.depth = emitter.depth
            operands[0].push(frame)
            emitter.length()
            emitter.const(_LONG)
            emitter.compare("<")
            emitter.jump_if_false(slow)
        write(operands)
        emitter.mark(done)
        otherwise(frame, slow, done, lambda: call_global(frame, name, operands))
    return True


TEXTS: Final[Mapping[str, Writer]] = MappingProxyType(
    {
        "str": write_str,
        "join": write_join,
        "replace": write_replace,
        "split": write_split,
        "string-contains": write_part,
        "string-length": write_length,
        **dict.fromkeys(("index-of", "last-index-of"), write_place),
        **dict.fromkeys(_METHODS, write_method),
    }
)
"""Writers by the name of the builtin; each tells whether it wrote the call."""
