"""Functions of the ABI as instructions: what patterns ask of values, and loops that fill collections.

In: `Op`s. Out: instructions, the function itself, out of line, for what is unusual.
"""

from __future__ import annotations

from typing import Final

from rtfsc.backend.arithmetic import write_whole_quotient
from rtfsc.backend.collections import (
    KEYS,
    Fast,
    names_entry,
    push_entry,
    write_entry,
    write_old_value,
    write_put,
)
from rtfsc.backend.emitter import Mark, Region
from rtfsc.backend.equality import equal
from rtfsc.backend.frame import Frame
from rtfsc.backend.lookups import STRICT_OPS
from rtfsc.backend.operands import (
    Operand,
    call_global,
    fast,
    guard,
    hold,
    on_failure,
    otherwise,
    push_item,
    push_value,
)
from rtfsc.backend.ranges import write_range
from rtfsc.ir import kinds
from rtfsc.ir.nodes import Const, Expr, Op
from rtfsc.ir.purity import FILLING

# operations that change a list or dict, which operands of other calls would have to be made values of
_CALLED: Final = FILLING - {
    "list_push", "list_put", "list_extend", "dict_put", "set_put", "set_extend", "grown",
}  # fmt: skip


def write_operation(frame: Frame, node: Op) -> bool:
    """Write an operation; tell whether it was written."""
    args = node.args
    match node.name:
        case (
            "list_new" | "dict_new" | "list_push" | "list_extend" | "list_tuple" | "list_taken" | "dict_taken"
        ):
            _write_filling(frame, node.name, args)
            return True
        case name if name in _CALLED:
            frame.emitter.callee_global("#" + name)
            for arg in args:
                frame.value(arg)
            frame.emitter.call(len(args))
            return True
        case "equal" if len(args) == 2:
            return equal(frame, args[0], args[1])
        case "seq_at" | "seq_from":
            _write_part(frame, node)
            return True
        case "seq_rest":
            _write_rest(frame, args)
            return True
        case "seq_size":
            _write_size(frame, args)
            return True
        case "old_value" | "path_value":
            return write_old_value(frame, node)
        case "quotient" | "floor_quotient" | "exact_quotient" | "residue":
            return write_whole_quotient(frame, node)
        case "count_items" | "range_items":
            return write_range(frame, node)
        case "put":
            return write_put(frame, node)
        case "dict_put" | "list_put":
            return write_filling_put(frame, node, keep=True)
        case "set_put":
            _write_set_put(frame, args)
            return True
        case "raw" | "grown" | "settled" | "disown" | "is_owned" | "members":
            _write_nest(frame, node)
            return True
        case _:
            return _write_question(frame, node)


def _write_question(frame: Frame, node: Op) -> bool:
    """Write what patterns and loops ask of a value that is likely a tuple or dict."""
    name, args = node.name, node.args
    match name:
        case "seq_head":
            return _likely(frame, node, kinds.TUPLE, lambda held, slow: push_item(frame, held[0], 0))
        case "seq_items" | "seq_view" | "items" | "vector_items" | "elements" | "map_view":
            likely = kinds.DICT if name == "map_view" else kinds.TUPLE
            if name in STRICT_OPS:
                frame.needed.add(id(args[0]))
            return _likely(frame, node, likely, lambda held, slow: held[0].push(frame))
        case "is_seq" | "seq_exact" if isinstance(args[1], Const):
            return _sized(frame, node, exact=True)
        case "is_seq_least" | "seq_least" if isinstance(args[1], Const):
            return _sized(frame, node, exact=False)
        case "map_get" if names_entry(args[1]):
            return write_entry(frame, args, "#map_get")
        case "map_get":
            return _likely(
                frame, node, kinds.DICT, lambda held, slow: push_entry(frame, held[0], held[1], slow)
            )
        case "list_with":
            return _likely(frame, node, kinds.TUPLE, lambda held, slow: _list_with(frame, held))
        case "map_has":
            return _likely(frame, node, kinds.DICT, lambda held, slow: _has(frame, held))
        case "set_has":
            _write_set_has(frame, args)
            return True
        case "is_map":
            return _likely(frame, node, kinds.DICT, lambda held, slow: frame.emitter.const(True))
    return False


def _likely(frame: Frame, node: Op, kind: int, write: Fast) -> bool:
    """Write an operation that has a fast way when its first operand has one class."""
    return fast(frame, node.args, "#" + node.name, (kind,), write)


def _write_part(frame: Frame, node: Op) -> None:
    """Write an item of a sequence, or all from an index on."""
    for arg in node.args:
        frame.value(arg)
    if node.name == "seq_at":
        frame.emitter.subscript()
    else:
        frame.emitter.const(None)
        frame.emitter.slice()


def _write_rest(frame: Frame, args: tuple[Expr, ...]) -> None:
    """Write what is left of a sequence: `args` are its items, an index, and itself, which may be a list."""
    emitter = frame.emitter
    slow, done = Mark(), Mark()
    with frame.temps(3) as temps:
        operands = hold(frame, args, temps)
        if emitter.dead:
            return
        items, start, source = operands
        if not source.kind & kinds.TUPLE:
            call_global(frame, "#seq_rest", operands)
            return
        if source.kind & kinds.LIST:
            guard(frame, source, (kinds.TUPLE,), slow)
        items.push(frame)
        start.push(frame)
        emitter.const(None)
        emitter.slice()
        emitter.mark(done)
        otherwise(frame, slow, done, lambda: call_global(frame, "#seq_rest", operands))


def _write_filling(frame: Frame, name: str, args: tuple[Expr, ...]) -> None:
    """Write a step of a loop that fills a collection in place; the collection stays on the stack."""
    emitter = frame.emitter
    if name == "list_new":
        emitter.build_list()
    elif name == "dict_new":
        emitter.build_map(0)
    for arg in args:
        frame.value(arg)
    if name == "list_push":
        emitter.list_append(1)
    elif name == "list_extend":
        emitter.list_extend(1)
    elif name == "list_tuple":
        emitter.list_to_tuple()


def _write_nest(frame: Frame, node: Op) -> None:
    """Write what is asked and said of collections in one that a loop fills."""
    emitter = frame.emitter
    if node.name == "is_owned":
        if not fast(frame, node.args, "#is_owned", KEYS, lambda held, slow: _has(frame, held[::-1])):
            emitter.const(False)
        return
    may_be_list = bool(frame.unit.kinds.of(node.args[0]) & kinds.BUFFER)
    if node.name in ("raw", "grown", "members") or (node.name == "settled" and not may_be_list):
        frame.value(node.args[0])
        if node.name == "members":
            emitter.attribute("members")
        return
    with frame.temps(len(node.args)) as temps:
        operands = hold(frame, node.args, temps)
        if emitter.dead:
            return
        if node.name == "settled":
            push_value(frame, operands[0])
        else:
            emitter.load_method(lambda: operands[1].push(frame), "discard")
            operands[0].push(frame)
            emitter.call(1)


def _has(frame: Frame, held: list[Operand]) -> None:
    source, key = held
    key.push(frame)
    source.push(frame)
    frame.emitter.contains()


def _write_set_has(frame: Frame, args: tuple[Expr, ...]) -> None:
    """Write whether an element is among the members of a set; they stand in a local, and are asked second."""
    turned = args[::-1]
    if not fast(frame, turned, "#set_has", KEYS, lambda held, slow: _has(frame, held[::-1])):
        with frame.temps(2) as temps:
            operands = hold(frame, turned, temps)
            if not frame.emitter.dead:
                call_global(frame, "#set_has", operands)


def _list_with(frame: Frame, held: list[Operand]) -> None:
    source, item = held
    frame.emitter.build_list()
    source.push(frame)
    frame.emitter.list_extend(1)
    item.push(frame)
    frame.emitter.list_append(1)


def _write_set_put(frame: Frame, args: tuple[Expr, ...]) -> None:
    """Write how an element goes into the members of a set; they stay on the stack."""
    emitter = frame.emitter
    slow, done = Mark(), Mark()
    with frame.temps(2) as temps:
        members, item = hold(frame, args[:2], temps)
        if emitter.dead:
            return
        slow.depth = emitter.depth
        if item.kind & kinds.KEY:
            # such an element is its own key
            guard(frame, item, KEYS, slow)
            item.push(frame)
            members.push(frame)
            item.push(frame)
            emitter.store_subscript()
            members.push(frame)
            emitter.mark(done)
            otherwise(frame, slow, done, lambda: call_global(frame, "#set_put", [members, item]))
        else:
            call_global(frame, "#set_put", [members, item])


def _write_size(frame: Frame, args: tuple[Expr, ...]) -> None:
    """Write how many items a sequence has: `args` are its view and itself."""
    emitter = frame.emitter
    slow, done = Mark(), Mark()
    with frame.temps(2) as temps:
        view, subject = hold(frame, args, temps)
        slow.depth = emitter.depth
        view.push(frame)
        emitter.truth()
        emitter.jump_if_false(slow)
        view.push(frame)
        emitter.length()
        emitter.mark(done)
        otherwise(frame, slow, done, lambda: call_global(frame, "#seq_size", [subject]))


def write_filling_put(frame: Frame, node: Op, *, keep: bool) -> bool:
    """Write a change in place of a dict or list that a loop fills; with `keep` it stays on the stack."""
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
        likely = (kinds.INT,) if node.name == "list_put" else KEYS
        # the key is refused as it would have been refused
        refused = [*operands, Operand(operation, kinds.STR)]
        if not key.kind & sum(likely):
            call_global(frame, "#put", refused)
            if not keep:
                emitter.pop()
            return True
        guard(frame, key, likely, slow)
        region = Region(Mark(), depth)
        if node.name == "list_put":
            if not kinds.within(key.kind, kinds.NATURAL):
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
            on_failure(frame, region, slow)
        if keep:
            held.push(frame)
        emitter.mark(done)

        def refuse() -> None:
            call_global(frame, "#put", refused)
            if not keep:
                emitter.pop()

        otherwise(frame, slow, done, refuse)
    return True


def _sized(frame: Frame, node: Op, *, exact: bool) -> bool:
    """Write a test of a size: its answer, or the sequence itself where a misfit is an error."""
    emitter = frame.emitter
    asks = node.name in ("is_seq", "is_seq_least")

    def write(operands: list[Operand], slow: Mark) -> None:
        operands[0].push(frame)
        emitter.length()
        operands[1].push(frame)
        emitter.compare("==" if exact else ">=")
        if not asks:
            emitter.jump_if_false(slow)
            operands[0].push(frame)

    return fast(frame, node.args, "#" + node.name, (kinds.TUPLE,), write)
