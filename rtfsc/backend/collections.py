"""Reading collections and strings as instructions.

In: calls of `count first rest nth get contains? empty? …` and of what patterns ask. Out: instructions for
tuples, strings and dicts, the builtin itself, out of line, for everything else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from rtfs_runtime import maps, vectors
from rtfs_runtime.builtins.operands import KEY_KINDS
from rtfsc.backend.arithmetic import Writer
from rtfsc.backend.emitter import Mark, Region
from rtfsc.backend.frame import Frame
from rtfsc.backend.operands import (
    Operand,
    call_global,
    fast,
    guard,
    hold,
    may_be,
    on_failure,
    otherwise,
    push_item,
)
from rtfsc.ir import kinds
from rtfsc.ir.nodes import Call, Const, Op, Vector

_SIZED: Final = (kinds.TUPLE, kinds.STR, kinds.DICT)
_INDEXED: Final = (kinds.TUPLE, kinds.STR)
KEYS: Final = (kinds.STR, kinds.INT, kinds.KEYWORD)

Fast = Callable[[list[Operand], Mark], None]
"""Writes the fast way of a call: given its operands, and where to go when they do not suit after all."""


def write_count(frame: Frame, node: Call, name: str) -> bool:
    """Write `count`."""

    def write(operands: list[Operand], slow: Mark) -> None:
        operands[0].push(frame)
        frame.emitter.length()

    return fast(frame, node.args, name, _SIZED, write)


def write_empty(frame: Frame, node: Call, name: str) -> bool:
    """Write `empty?`."""

    def write(operands: list[Operand], slow: Mark) -> None:
        operands[0].push(frame)
        frame.emitter.negation()

    return fast(frame, node.args, name, _SIZED, write)


def write_first(frame: Frame, node: Call, name: str) -> bool:
    """Write `first`, and `last` of a vector."""

    def write(operands: list[Operand], slow: Mark) -> None:
        push_item(frame, operands[0], 0 if name == "first" else -1)

    return fast(frame, node.args, name, _INDEXED if name == "first" else (kinds.TUPLE,), write)


def write_rest(frame: Frame, node: Call, name: str) -> bool:
    """Write `rest`."""

    def write(operands: list[Operand], slow: Mark) -> None:
        operands[0].push(frame)
        frame.emitter.const(1)
        frame.emitter.const(None)
        frame.emitter.slice()

    return fast(frame, node.args, name, _INDEXED, write)


def write_reverse(frame: Frame, node: Call, name: str) -> bool:
    """Write `reverse`."""

    def write(operands: list[Operand], slow: Mark) -> None:
        operands[0].push(frame)
        frame.emitter.reversal()

    return fast(frame, node.args, name, _INDEXED, write)


def write_part(frame: Frame, node: Call, name: str) -> bool:
    """Write `take` and `drop`."""
    amount, source = node.args
    if not may_be(frame, [amount], kinds.INT) or not may_be(frame, [source], kinds.TUPLE | kinds.STR):
        return False
    emitter = frame.emitter
    slow, done = Mark(), Mark()
    with frame.temps(2) as temps:
        operands = hold(frame, node.args, temps)
        if emitter.dead:
            return True
        slow.depth = emitter.depth
        count, items = operands
        guard(frame, items, _INDEXED, slow)
        guard(frame, count, (kinds.INT,), slow)
        if not kinds.within(count.kind, kinds.NATURAL):
            count.push(frame)
            emitter.const(0)
            emitter.compare(">=")
            emitter.jump_if_false(slow)
        items.push(frame)
        if name == "take":
            emitter.const(None)
            count.push(frame)
        else:
            count.push(frame)
            emitter.const(None)
        emitter.slice()
        emitter.mark(done)
        otherwise(frame, slow, done, lambda: call_global(frame, name, operands))
    return True


def write_nth(frame: Frame, node: Call, name: str) -> bool:
    """Write `nth` without a default."""
    if len(node.args) != 2 or not may_be(frame, node.args[1:], kinds.INT):
        return False
    return fast(frame, node.args, name, _INDEXED, item_at(frame))


def item_at(frame: Frame) -> Fast:
    """Write how an item is pushed that is at an existing index."""
    depth, outer = frame.emitter.depth, frame.emitter.region

    def write(operands: list[Operand], slow: Mark) -> None:
        emitter = frame.emitter
        items, index, *_ = operands
        guard(frame, index, (kinds.INT,), slow)
        if not kinds.within(index.kind, kinds.NATURAL):
            index.push(frame)
            emitter.const(0)
            emitter.compare(">=")
            emitter.jump_if_false(slow)
        region = Region(Mark(), depth)
        emitter.region = region
        items.push(frame)
        index.push(frame)
        emitter.subscript()
        emitter.region = outer
        on_failure(frame, region, slow)

    return write


def write_get(frame: Frame, node: Call, name: str) -> bool:
    """Write `get` in a map, by a key whose class is known or likely."""
    if len(node.args) not in (2, 3) or not may_be(frame, node.args[1:2], kinds.KEY):
        return False
    if kinds.within(frame.unit.kinds.of(node.args[0]), ~kinds.DICT):
        return False
    return fast(frame, node.args, name, (kinds.DICT,), entry_at(frame))


def entry_at(frame: Frame) -> Fast:
    """Write how the value at a key of a dict is pushed, or what stands for an absent one."""

    def write(operands: list[Operand], slow: Mark) -> None:
        source, key, *others = operands
        guard(frame, key, KEYS, slow)
        frame.emitter.load_method(lambda: source.push(frame), "get")
        for operand in (key, *others):
            operand.push(frame)
        frame.emitter.call(1 + len(others))

    return write


def write_old_value(frame: Frame, node: Op) -> bool:
    """Write the read of what `update` or the next step along a path changes."""
    source, key = map(frame.unit.kinds.of, node.args[:2])
    name = "#" + node.name
    if kinds.within(source, kinds.TUPLE | kinds.BUFFER) and key & kinds.INT:
        return fast(frame, node.args, name, (kinds.TUPLE,), item_at(frame))
    if not key & kinds.KEY:
        return False
    return fast(frame, node.args, name, (kinds.DICT,), entry_at(frame))


def write_assoc(frame: Frame, node: Call, name: str) -> bool:
    """Write `assoc` of keys to a small map."""
    count = len(node.args)
    if (
        count % 2 == 0
        or count > _MOST_ENTRIES
        or not all(may_be(frame, [key], kinds.KEY) for key in node.args[1::2])
    ):
        return False
    return fast(frame, node.args, name, (kinds.DICT,), copy_with(frame))


def write_put(frame: Frame, node: Op) -> bool:
    """Write the change at the end of a path, or at a step of it."""
    if not may_be(frame, node.args[1:2], kinds.KEY):
        return False
    return fast(frame, node.args, "#put", (kinds.DICT,), copy_with(frame))


def copy_with(frame: Frame) -> Fast:
    """Write how a small dict is copied with more entries: after it key and value of each."""

    def write(operands: list[Operand], slow: Mark) -> None:
        emitter = frame.emitter
        source, *entries = operands
        pairs = list(zip(entries[::2], entries[1::2], strict=False))
        for key, _ in pairs:
            guard(frame, key, KEYS, slow)
        source.push(frame)
        emitter.length()
        emitter.const(maps.PROMOTE_AT)
        emitter.compare("<")
        emitter.jump_if_false(slow)
        with frame.temps() as [made]:
            emitter.load_method(lambda: source.push(frame), "copy")
            emitter.call(0)
            emitter.store(made)
            for key, value in pairs:
                value.push(frame)
                emitter.load(made)
                key.push(frame)
                emitter.store_subscript()
            emitter.load(made)

    return write


def write_conj(frame: Frame, node: Call, name: str) -> bool:
    """Write `conj` of one item to a small vector."""
    if len(node.args) != 2:
        return False

    def write(operands: list[Operand], slow: Mark) -> None:
        emitter = frame.emitter
        source, item = operands
        source.push(frame)
        emitter.length()
        emitter.const(vectors.PROMOTE_AT)
        emitter.compare("<")
        emitter.jump_if_false(slow)
        source.push(frame)
        item.push(frame)
        emitter.build_tuple(1)
        emitter.binary("+")

    return fast(frame, node.args, name, (kinds.TUPLE,), write)


# more keys than these are not worth their instructions
_MOST_ENTRIES: Final = 17
# longer vectors are left to the builtin, which knows the limit of all together
_LONG: Final = 1 << 20


def write_concat(frame: Frame, node: Call, name: str) -> bool:
    """Write `concat` of a few vectors."""
    count = len(node.args)
    if not 2 <= count <= 8 or not may_be(frame, node.args, kinds.TUPLE):
        return False
    emitter = frame.emitter
    slow, done = Mark(), Mark()
    with frame.temps(count) as temps:
        operands = hold(frame, node.args, temps)
        if emitter.dead:
            return True
        slow.depth = emitter.depth
        for operand, arg in zip(operands, node.args, strict=True):
            guard(frame, operand, (kinds.TUPLE,), slow)
            if not isinstance(arg, Vector):
                operand.push(frame)
                emitter.length()
                emitter.const(_LONG)
                emitter.compare("<")
                emitter.jump_if_false(slow)
        emitter.build_list()
        for operand in operands:
            operand.push(frame)
            emitter.list_extend(1)
        emitter.list_to_tuple()
        emitter.mark(done)
        otherwise(frame, slow, done, lambda: call_global(frame, name, operands))
    return True


def write_contains(frame: Frame, node: Call, name: str) -> bool:
    """Write `contains?` of a map, or of a set, whose members are keys of a dict."""
    if len(node.args) != 2 or not may_be(frame, node.args[1:], kinds.KEY):
        return False
    kind = frame.unit.kinds.of(node.args[0])
    likely = kinds.SET if kind & kinds.SET and not kind & kinds.DICT else kinds.DICT

    def write(operands: list[Operand], slow: Mark) -> None:
        source, key = operands
        guard(frame, key, KEYS, slow)
        key.push(frame)
        source.push(frame)
        if likely == kinds.SET:
            frame.emitter.attribute("members")
        frame.emitter.contains()

    return fast(frame, node.args, name, (likely,), write)


# a longer set is built where it is asked for: a module makes all of its sets when it is loaded
_FEW: Final = 64


def write_set(frame: Frame, node: Call, name: str) -> bool:
    """Write a set of constants: made once, when the module is loaded."""
    match node.args:
        case [Const(value=tuple() as items)]:
            pass
        case [Vector(items=parts)] if all(isinstance(part, Const) for part in parts):
            items = tuple([part.value for part in parts if isinstance(part, Const)])
        case _:
            return False
    if not 0 < len(items) <= _FEW or not KEY_KINDS.issuperset(map(type, items)):
        return False
    frame.emitter.glob(frame.unit.set_name(items))
    return True


CLASS_TESTS: Final[Mapping[str, tuple[int, ...]]] = MappingProxyType(
    {
        "int?": (kinds.INT,),
        "float?": (kinds.FLOAT,),
        "number?": (kinds.INT, kinds.FLOAT),
        "string?": (kinds.STR,),
        "keyword?": (kinds.KEYWORD,),
        "list?": (kinds.LIST,),
        "vector?": (kinds.TUPLE,),
        "map?": (kinds.DICT,),
    }
)
_OPEN: Final = frozenset({"vector?", "map?"})


def write_class_test(frame: Frame, node: Call, name: str) -> bool:
    """Write a question about the kind of a value."""
    wanted = CLASS_TESTS[name]
    mask = sum(wanted)
    kind = frame.unit.kinds.of(node.args[0])
    emitter = frame.emitter
    if not kind & mask:
        if name in _OPEN and kind & kinds.OTHER:
            return False
        frame.effect(node.args[0])
        emitter.const(False)
        return True
    slow, done = Mark(), Mark()
    with frame.temps() as temps:
        operands = hold(frame, node.args, temps)
        if emitter.dead:
            return True
        guard(frame, operands[0], wanted, slow)
        emitter.const(True)
        emitter.mark(done)

        def no() -> None:
            if name in _OPEN:
                call_global(frame, name, operands)
            else:
                emitter.const(False)

        otherwise(frame, slow, done, no)
    return True


COLLECTIONS: Final[Mapping[str, Writer]] = MappingProxyType(
    {
        "count": write_count,
        "empty?": write_empty,
        **dict.fromkeys(("first", "last"), write_first),
        "rest": write_rest,
        "reverse": write_reverse,
        **dict.fromkeys(("take", "drop"), write_part),
        "nth": write_nth,
        "get": write_get,
        "contains?": write_contains,
        "assoc": write_assoc,
        "conj": write_conj,
        "concat": write_concat,
        "set": write_set,
        **dict.fromkeys(CLASS_TESTS, write_class_test),
    }
)
"""Writers by the name of the builtin; each tells whether it wrote the call."""
