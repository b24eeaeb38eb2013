"""Reading collections and strings as instructions.

In: calls of `count first rest nth get contains? empty? …` and of what patterns ask. Out: instructions for
tuples, strings and dicts, the builtin itself, out of line, for everything else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from types import MappingProxyType
from typing import Final

from rtfs_runtime import maps, vectors
from rtfs_runtime.values import Keyword
from rtfsc.backend.arithmetic import Writer
from rtfsc.backend.emitter import Mark, Region
from rtfsc.backend.frame import Frame
from rtfsc.backend.operands import (
    Operand,
    call_global,
    fast,
    guard,
    guard_natural,
    hold,
    may_be,
    on_failure,
    otherwise,
    push_item,
)
from rtfsc.ir import kinds
from rtfsc.ir.kinds import Kind
from rtfsc.ir.nodes import BuiltinRef, Call, Const, Expr, Op

_SIZED: Final = (kinds.TUPLE, kinds.STR, kinds.DICT)
_INDEXED: Final = (kinds.TUPLE, kinds.STR)
KEYS: Final = (kinds.STR, kinds.INT, kinds.KEYWORD)

Fast = Callable[[list[Operand], Mark], None]
"""Writes the fast way of a call: given its operands, and where to go when they do not suit after all."""
Way = Callable[[Frame, list[Operand], str, Mark], None]
"""Writes a changed copy of its first operand: given a free local, and where to go when it cannot."""


def write_count(frame: Frame, node: Call, name: str) -> bool:
    """Write `count`; of the different elements of a collection no set is made."""
    kind = frame.unit.kinds.of(node.args[0])
    sized = _SIZED if kind & (sum(_SIZED) | kinds.BUFFER) else (kinds.SET,)
    match node.args[0]:
        case Call(callee=BuiltinRef(name="set" | "distinct" as inner), args=[values], site=None) as call:
            # what fails is the inner call
            before = frame.emitter.at(frame.unit.positions.locate(call.span))
            _write_count_different(frame, values, inner)
            frame.emitter.at(before)
            return True

    def write(operands: list[Operand], slow: Mark) -> None:
        operands[0].push(frame)
        if sized is not _SIZED:
            frame.emitter.attribute("members")
        frame.emitter.length()

    return fast(frame, node.args, name, sized, write)


def _write_count_different(frame: Frame, values: Expr, name: str) -> None:
    """Write how many different elements a collection has; C counts what it tells apart as we do."""
    emitter = frame.emitter
    kind = frame.unit.kinds.of(values)
    if kinds.within(kind, kinds.TUPLE) and kinds.within(kinds.element(kind), kinds.KEY | kinds.NIL):
        emitter.build_set()
        frame.value(values)
        emitter.set_update()
        emitter.length()
        return
    emitter.callee_global("#count_different")
    frame.value(values)
    emitter.const(name)
    emitter.call(2)


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


def write_nth(frame: Frame, node: Call, name: str) -> bool:
    """Write `nth` without a default."""
    if len(node.args) != 2 or not may_be(frame, node.args[1:], kinds.INT):
        return False
    frame.needed.update(map(id, node.args))
    return fast(frame, node.args, name, _INDEXED, item_at(frame))


def item_at(frame: Frame) -> Fast:
    """Write how an item is pushed that is at an existing index."""
    depth, outer = frame.emitter.depth, frame.emitter.region

    def write(operands: list[Operand], slow: Mark) -> None:
        emitter = frame.emitter
        items, index, *_ = operands
        guard(frame, index, (kinds.INT,), slow)
        guard_natural(frame, index, slow)
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
    source, key = map(frame.unit.kinds.of, node.args[:2])
    if source & kinds.BUFFER and key & kinds.INT:
        return _write_either(frame, node.args, name)
    if kinds.within(source, ~kinds.DICT):
        return False
    if len(node.args) == 2 and names_entry(node.args[1]) and id(node) not in frame.asked:
        return write_entry(frame, node.args, name)
    never_missing = not frame.unit.kinds.of(node) & kinds.NIL
    if len(node.args) == 2 and (id(node) in frame.needed or never_missing):
        return fast(frame, node.args, name, (kinds.DICT,), _existing_entry(frame))
    return fast(frame, node.args, name, (kinds.DICT,), entry_at(frame))


def _existing_entry(frame: Frame) -> Fast:
    """Write how the value at a key of a dict is pushed that is likely there."""

    def write(operands: list[Operand], slow: Mark) -> None:
        source, key = operands
        guard(frame, key, KEYS, slow)
        push_entry(frame, source, key, slow)

    return write


def names_entry(key: Expr) -> bool:
    """Tell whether a key is one that only maps have entries for."""
    return isinstance(key, Const) and isinstance(key.value, (str, Keyword))


def write_entry(frame: Frame, args: Sequence[Expr], name: str) -> bool:
    """Write the read of an entry that is likely there, of what is likely a map."""
    emitter = frame.emitter
    slow, done = Mark(), Mark()
    with frame.temps(len(args)) as temps:
        operands = hold(frame, args, temps)
        if emitter.dead:
            return True
        push_entry(frame, operands[0], operands[1], slow)
        emitter.mark(done)
        otherwise(frame, slow, done, lambda: call_global(frame, name, operands))
    return True


def push_entry(frame: Frame, source: Operand, key: Operand, slow: Mark) -> None:
    """Push what a map has under a key that nothing but maps has; a miss, and no map, go to `slow`."""
    emitter = frame.emitter
    region, outer = Region(Mark(), emitter.depth), emitter.region
    emitter.region = region
    source.push(frame)
    key.push(frame)
    emitter.subscript()
    emitter.region = outer
    on_failure(frame, region, slow)


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
    if source & kinds.BUFFER and key & kinds.INT:
        return _write_either(frame, node.args, name)
    return fast(frame, node.args, name, (kinds.DICT,), entry_at(frame))


def _write_either(frame: Frame, args: tuple[Expr, ...], name: str) -> bool:
    """Write a read of what may be a list that a loop fills, or else is likely a map."""
    emitter = frame.emitter
    other, slow, done = Mark(), Mark(), Mark()
    with frame.temps(len(args)) as temps:
        operands = hold(frame, args, temps)
        if emitter.dead:
            return True
        slow.depth = emitter.depth
        guard(frame, operands[0], (kinds.BUFFER, kinds.TUPLE), other)
        item_at(frame)(operands, slow)
        emitter.mark(done)

        def read_entry() -> None:
            guard(frame, operands[0], (kinds.DICT,), slow)
            entry_at(frame)(operands[:2] if name.startswith("#") else operands, slow)

        if operands[0].kind & kinds.DICT:
            otherwise(frame, other, done, read_entry)
        else:
            otherwise(frame, other, done, lambda: call_global(frame, name, operands))
        otherwise(frame, slow, done, lambda: call_global(frame, name, operands))
    return True


def write_assoc(frame: Frame, node: Call, name: str) -> bool:
    """Write `assoc` of keys to a small map, or of one index to a small vector."""
    if len(node.args) % 2 == 0 or len(node.args) > _MOST_ENTRIES:
        return False
    return _write_changed(frame, node.args, name)


def write_put(frame: Frame, node: Op) -> bool:
    """Write the change at the end of a path, or at a step of it."""
    return _write_changed(frame, node.args, "#put")


def _write_changed(frame: Frame, args: tuple[Expr, ...], name: str) -> bool:
    """Write a changed copy of the first argument; after it come key and value of each entry."""
    source, key = map(frame.unit.kinds.of, args[:2])
    # `put` names its operation last
    keys = args[1 : len(args) - 1 : 2]
    ways: list[tuple[Kind, Way]] = []
    if len(keys) == 1 and kinds.within(key, kinds.INT) and source & kinds.TUPLE:
        ways.append((kinds.TUPLE, _changed_tuple))
    if source & kinds.DICT and all(may_be(frame, [each], kinds.KEY) for each in keys):
        ways.append((kinds.DICT, _changed_dict))
    if not ways and not source & kinds.BUFFER:
        return False
    emitter = frame.emitter
    slow, done = Mark(), Mark()
    with frame.temps(len(args) + 1) as [made, *temps]:
        operands = hold(frame, args, temps)
        if emitter.dead:
            return True
        if source & kinds.BUFFER:
            call_global(frame, name, operands)
            return True
        slow.depth = emitter.depth

        def write(way: Way, kind: Kind, other: Mark) -> None:
            guard(frame, operands[0], (kind,), other)
            way(frame, operands, made, slow)

        (kind, way), *others = ways
        second = Mark()
        write(way, kind, second if others else slow)
        emitter.mark(done)
        for kind, way in others:
            otherwise(frame, second, done, partial(write, way, kind, slow))
        otherwise(frame, slow, done, lambda: call_global(frame, name, operands))
    return True


def _changed_dict(frame: Frame, operands: list[Operand], made: str, slow: Mark) -> None:
    """Push a copy of a small dict with more entries."""
    emitter = frame.emitter
    source, *entries = operands
    pairs = list(zip(entries[::2], entries[1::2], strict=False))
    for key, _ in pairs:
        guard(frame, key, KEYS, slow)
    _guard_small(frame, source, maps.PROMOTE_AT, slow)
    emitter.load_method(lambda: source.push(frame), "copy")
    emitter.call(0)
    emitter.store(made)
    for key, value in pairs:
        value.push(frame)
        emitter.load(made)
        key.push(frame)
        emitter.store_subscript()
    emitter.load(made)


def _changed_tuple(frame: Frame, operands: list[Operand], made: str, slow: Mark) -> None:
    """Push a copy of a small tuple with another item at an index."""
    emitter = frame.emitter
    source, index, value, *_ = operands
    guard(frame, index, (kinds.INT,), slow)
    guard_natural(frame, index, slow)
    _guard_small(frame, source, vectors.PROMOTE_AT, slow)
    emitter.build_list()
    source.push(frame)
    emitter.list_extend(1)
    emitter.store(made)
    outer = emitter.region
    region = Region(Mark(), slow.depth if slow.depth is not None else emitter.depth)
    emitter.region = region
    value.push(frame)
    emitter.load(made)
    index.push(frame)
    emitter.store_subscript()
    emitter.region = outer
    on_failure(frame, region, slow)
    emitter.load(made)
    emitter.list_to_tuple()


def _guard_small(frame: Frame, operand: Operand, limit: int, slow: Mark) -> None:
    operand.push(frame)
    frame.emitter.length()
    frame.emitter.const(limit)
    frame.emitter.compare("<")
    frame.emitter.jump_if_false(slow)


def write_merge(frame: Frame, node: Call, name: str) -> bool:
    """Write `merge` of two maps, the first one small."""
    if len(node.args) != 2 or not may_be(frame, node.args, kinds.DICT):
        return False

    def write(operands: list[Operand], slow: Mark) -> None:
        first, second = operands
        guard(frame, second, (kinds.DICT,), slow)
        _guard_small(frame, first, maps.PROMOTE_AT, slow)
        first.push(frame)
        second.push(frame)
        frame.emitter.binary("|")

    return fast(frame, node.args, name, (kinds.DICT,), write)


def write_conj(frame: Frame, node: Call, name: str) -> bool:
    """Write `conj` of one item to a small vector."""
    if len(node.args) != 2:
        return False

    def write(operands: list[Operand], slow: Mark) -> None:
        emitter = frame.emitter
        source, item = operands
        _guard_small(frame, source, vectors.PROMOTE_AT, slow)
        source.push(frame)
        item.push(frame)
        emitter.build_tuple(1)
        emitter.binary("+")

    return fast(frame, node.args, name, (kinds.TUPLE,), write)


# more keys than these are not worth their instructions
_MOST_ENTRIES: Final = 17


CLASS_TESTS: Final[Mapping[str, tuple[int, ...]]] = MappingProxyType(
    {
        "int?": (kinds.INT,),
        "float?": (kinds.FLOAT,),
        "number?": (kinds.INT, kinds.FLOAT),
        "string?": (kinds.STR,),
        "keyword?": (kinds.KEYWORD,),
        "list?": (kinds.LIST,),
        "vector?": (kinds.TUPLE, kinds.BIG_VECTOR),
        "map?": (kinds.DICT, kinds.BIG_MAP),
    }
)


def write_class_test(frame: Frame, node: Call, name: str) -> bool:
    """Write a question about the kind of a value."""
    wanted = CLASS_TESTS[name]
    mask = sum(wanted)
    kind = frame.unit.kinds.of(node.args[0])
    emitter = frame.emitter
    if not kind & mask:
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
        otherwise(frame, slow, done, lambda: emitter.const(False))
    return True


COLLECTIONS: Final[Mapping[str, Writer]] = MappingProxyType(
    {
        "count": write_count,
        "empty?": write_empty,
        **dict.fromkeys(("first", "last"), write_first),
        "rest": write_rest,
        "nth": write_nth,
        "get": write_get,
        "assoc": write_assoc,
        "conj": write_conj,
        "merge": write_merge,
        **dict.fromkeys(CLASS_TESTS, write_class_test),
    }
)
"""Writers by the name of the builtin; each tells whether it wrote the call."""
