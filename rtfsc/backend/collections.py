"""Reading collections and strings as instructions.

In: calls of `count first rest nth get contains? empty? …` and of what patterns ask. Out: instructions for
tuples, strings and dicts, the builtin itself, out of line, for everything else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Final

from rtfsc.backend.arithmetic import Writer, equal
from rtfsc.backend.emitter import Mark, Region
from rtfsc.backend.frame import Frame
from rtfsc.backend.operands import Operand, call_global, guard, hold, may_be, otherwise
from rtfsc.ir import kinds
from rtfsc.ir.nodes import Call, Const, Expr, Op

_SIZED: Final = (kinds.TUPLE, kinds.STR, kinds.DICT)
_INDEXED: Final = (kinds.TUPLE, kinds.STR)


def _fast(
    frame: Frame,
    args: Sequence[Expr],
    name: str,
    wanted: Sequence[int],
    write: Callable[[list[Operand], Mark], None],
) -> bool:
    """Write a call that has a fast way when its first argument has one of some classes."""
    mask = kinds.BUFFER
    for each in wanted:
        mask |= each
    if not may_be(frame, args[:1], mask):
        return False
    emitter = frame.emitter
    slow, done = Mark(), Mark()
    with frame.temps(len(args)) as temps:
        operands = hold(frame, args, temps)
        if emitter.dead:
            return True
        slow_depth = emitter.depth
        if not operands[0].kind & kinds.BUFFER:
            guard(frame, operands[0], wanted, slow)
        write(operands, slow)
        emitter.mark(done)
        assert slow.depth in (None, slow_depth)
        otherwise(frame, slow, done, lambda: call_global(frame, name, operands))
    return True


def write_count(frame: Frame, node: Call, name: str) -> bool:
    """Write `count`."""

    def write(operands: list[Operand], slow: Mark) -> None:
        call_global(frame, "#len", operands)

    return _fast(frame, node.args, name, _SIZED, write)


def write_empty(frame: Frame, node: Call, name: str) -> bool:
    """Write `empty?`."""

    def write(operands: list[Operand], slow: Mark) -> None:
        operands[0].push(frame)
        frame.emitter.negation()

    return _fast(frame, node.args, name, _SIZED, write)


def write_first(frame: Frame, node: Call, name: str) -> bool:
    """Write `first`, and `last` of a vector."""

    def write(operands: list[Operand], slow: Mark) -> None:
        emitter = frame.emitter
        none, end = Mark(), Mark()
        operands[0].push(frame)
        emitter.truth()
        emitter.jump_if_false(none)
        operands[0].push(frame)
        emitter.const(0 if name == "first" else -1)
        emitter.subscript()
        emitter.jump(end)
        emitter.mark(none)
        emitter.const(None)
        emitter.mark(end)

    return _fast(frame, node.args, name, _INDEXED if name == "first" else (kinds.TUPLE,), write)


def write_rest(frame: Frame, node: Call, name: str) -> bool:
    """Write `rest`."""

    def write(operands: list[Operand], slow: Mark) -> None:
        operands[0].push(frame)
        frame.emitter.const(1)
        frame.emitter.const(None)
        frame.emitter.slice()

    return _fast(frame, node.args, name, _INDEXED, write)


def write_nth(frame: Frame, node: Call, name: str) -> bool:
    """Write `nth` without a default."""
    if len(node.args) != 2 or not may_be(frame, node.args[1:], kinds.INT):
        return False
    depth, outer = frame.emitter.depth, frame.emitter.region

    def write(operands: list[Operand], slow: Mark) -> None:
        emitter = frame.emitter
        items, index = operands
        guard(frame, index, (kinds.INT,), slow)
        if not (
            isinstance(index.held, Const) and isinstance(index.held.value, int) and index.held.value >= 0
        ):
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
        _on_failure(frame, region, slow)

    return _fast(frame, node.args, name, _INDEXED, write)


def _on_failure(frame: Frame, region: Region, slow: Mark) -> None:
    """Leave what failed in a region to the builtin, which raises what the language says."""
    emitter, outer = frame.emitter, frame.emitter.region
    slow.depth = region.depth

    def failed() -> None:
        emitter.region = outer
        emitter.handler(region)
        emitter.push_exc_info()
        emitter.pop()
        emitter.pop_except()
        emitter.jump(slow)

    frame.outline(failed)


def write_get(frame: Frame, node: Call, name: str) -> bool:
    """Write `get` in a map, by a key whose class is known or likely."""
    if len(node.args) not in (2, 3) or not may_be(frame, node.args[1:2], kinds.KEY):
        return False
    key_kind = frame.unit.kinds.of(node.args[1])
    if kinds.within(frame.unit.kinds.of(node.args[0]), ~kinds.DICT):
        return False

    def write(operands: list[Operand], slow: Mark) -> None:
        if not kinds.within(key_kind, kinds.KEY):
            guard(frame, operands[1], (kinds.STR, kinds.INT, kinds.KEYWORD), slow)
        source, *others = operands
        frame.emitter.load_method(lambda: source.push(frame), "get")
        for operand in others:
            operand.push(frame)
        frame.emitter.call(len(others))

    return _fast(frame, node.args, name, (kinds.DICT,), write)


def write_contains(frame: Frame, node: Call, name: str) -> bool:
    """Write `contains?` of a map."""
    if len(node.args) != 2 or not may_be(frame, node.args[1:], kinds.KEY):
        return False

    def write(operands: list[Operand], slow: Mark) -> None:
        source, key = operands
        guard(frame, key, (kinds.STR, kinds.INT, kinds.KEYWORD), slow)
        key.push(frame)
        source.push(frame)
        frame.emitter.contains()

    return _fast(frame, node.args, name, (kinds.DICT,), write)


_CLASS_TESTS: Final[Mapping[str, tuple[int, ...]]] = MappingProxyType(
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
    wanted = _CLASS_TESTS[name]
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
        "nth": write_nth,
        "get": write_get,
        "contains?": write_contains,
        **dict.fromkeys(_CLASS_TESTS, write_class_test),
    }
)
"""Writers by the name of the builtin; each tells whether it wrote the call."""


def write_pattern_op(frame: Frame, node: Op) -> bool:
    """Write what patterns ask of a value; tell whether it was written."""
    emitter = frame.emitter
    args = node.args
    match node.name:
        case "equal" if len(args) == 2:
            return equal(frame, args[0], args[1])
        case "seq_at":
            frame.value(args[0])
            frame.value(args[1])
            emitter.subscript()
            return True
        case "seq_items":
            return _fast(
                frame, args, "#seq_items", (kinds.TUPLE,), lambda operands, slow: operands[0].push(frame)
            )
        case "is_seq" | "seq_exact" if isinstance(args[1], Const):
            return _sized(frame, node, exact=True)
        case "is_seq_least" | "seq_least" if isinstance(args[1], Const):
            return _sized(frame, node, exact=False)
        case "map_view":
            return _fast(
                frame, args, "#map_view", (kinds.DICT,), lambda operands, slow: operands[0].push(frame)
            )
        case "items" | "vector_items":
            return _fast(
                frame, args, "#" + node.name, (kinds.TUPLE,), lambda operands, slow: operands[0].push(frame)
            )
        case "list_new":
            emitter.build_list()
            return True
        case "dict_new":
            emitter.build_map(0)
            return True
        case "list_push":
            frame.value(args[0])
            frame.value(args[1])
            emitter.list_append(1)
            return True
        case "list_extend":
            frame.value(args[0])
            frame.value(args[1])
            emitter.list_extend(1)
            return True
        case "dict_put" | "list_put":
            return _write_put(frame, node)
        case "list_tuple":
            frame.value(args[0])
            emitter.list_to_tuple()
            return True
        case "is_map":
            return _fast(frame, args, "#is_map", (kinds.DICT,), lambda operands, slow: emitter.const(True))
    return False


def _write_put(frame: Frame, node: Op) -> bool:
    """Write a change in place of a dict or list that a loop fills; the collection stays on the stack."""
    emitter = frame.emitter
    slow, done = Mark(), Mark()
    *args, operation = node.args
    assert isinstance(operation, Const)
    with frame.temps(3) as temps:
        operands = hold(frame, args, temps)
        if emitter.dead:
            return True
        held, key, value = operands
        depth, outer = emitter.depth, emitter.region
        likely = (kinds.INT,) if node.name == "list_put" else (kinds.STR, kinds.INT, kinds.KEYWORD)
        if not key.kind & sum(likely):
            call_global(frame, str(operation.value), operands)
            return True
        guard(frame, key, likely, slow)
        region = Region(Mark(), depth)
        if node.name == "list_put":
            if not (isinstance(key.held, Const) and isinstance(key.held.value, int) and key.held.value >= 0):
                key.push(frame)
                emitter.const(0)
                emitter.compare(">=")
                emitter.jump_if_false(slow)
            emitter.region = region
        value.push(frame)
        held.push(frame)
        key.push(frame)
        emitter.store_subscript()
        emitter.region = outer
        if node.name == "list_put":
            _on_failure(frame, region, slow)
        held.push(frame)
        emitter.mark(done)
        # the builtin refuses the key as it would have been refused
        otherwise(frame, slow, done, lambda: call_global(frame, str(operation.value), operands))
    return True


def _sized(frame: Frame, node: Op, *, exact: bool) -> bool:
    """Write a test of a size: its answer, or the sequence itself where a misfit is an error."""
    emitter = frame.emitter
    asks = node.name in ("is_seq", "is_seq_least")

    def write(operands: list[Operand], slow: Mark) -> None:
        call_global(frame, "#len", operands[:1])
        operands[1].push(frame)
        emitter.compare("==" if exact else ">=")
        if not asks:
            emitter.jump_if_false(slow)
            operands[0].push(frame)

    return _fast(frame, node.args, "#" + node.name, (kinds.TUPLE,), write)
