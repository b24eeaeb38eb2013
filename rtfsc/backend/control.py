"""Branches, blocks and loops.

In: `If`, `Blocks`, `Jump`, `ForEach`. Out: instructions. Only nil and false are false, so a
test of a value that is not surely a boolean compares with both; conditional jumps need exact booleans from
3.13 on.
"""

from __future__ import annotations

from rtfsc.backend.conditions import write_condition
from rtfsc.backend.emitter import Mark
from rtfsc.backend.frame import Frame, Want
from rtfsc.backend.functions import load
from rtfsc.backend.gathering import write_extension
from rtfsc.backend.operands import is_simple
from rtfsc.backend.recovery import write_catch
from rtfsc.backend.wholes import write_sum
from rtfsc.ir import kinds
from rtfsc.ir.nodes import (
    Block,
    Blocks,
    BuiltinRef,
    Call,
    Const,
    Do,
    Expr,
    Fold,
    ForEach,
    If,
    Jump,
    Let,
    Local,
    Op,
    Try,
    Var,
)
from rtfsc.ir.purity import FILLING
from rtfsc.ir.walk import jumps_back, uses


def write_if(frame: Frame, node: If, want: Want) -> None:
    """Write a choice."""
    emitter = frame.emitter
    orelse, end = Mark(), Mark()
    write_test(frame, node.test, orelse)
    frame.unit.write(frame, node.then, want)
    emitter.jump(end)
    emitter.mark(orelse)
    frame.unit.write(frame, node.orelse, want)
    emitter.mark(end)


_ASKS = frozenset({"nil?", "not"})


def asks(node: Expr, var: Var) -> bool:
    """Tell whether the first thing an expression does is to ask whether a variable is something."""
    if not isinstance(node, If):
        return False
    while isinstance(node, If):
        node = node.test
    while isinstance(node, Call) and isinstance(node.callee, BuiltinRef) and node.callee.name in _ASKS:
        node = node.args[0]
    return isinstance(node, Local) and node.var == var


def write_test(frame: Frame, node: Expr, orelse: Mark) -> None:
    """Write a test: fall through when the value is true, jump when it is nil or false."""
    emitter = frame.emitter
    if emitter.dead:
        return
    match node:
        case Const(value=value):
            if value is None or value is False:
                emitter.jump(orelse)
        case If(test=test, then=then, orelse=Const(value=None | False)):
            write_test(frame, test, orelse)
            write_test(frame, then, orelse)
        case If(test=test, then=then, orelse=other):
            second, end = Mark(), Mark()
            write_test(frame, test, second)
            write_test(frame, then, orelse)
            emitter.jump(end)
            emitter.mark(second)
            write_test(frame, other, orelse)
            emitter.mark(end)
        case Let(var=var, init=init, body=body):
            frame.value(init)
            emitter.store(frame.slot(var))
            write_test(frame, body, orelse)
        case Do(items=items):
            for item in items[:-1]:
                frame.effect(item)
            write_test(frame, items[-1], orelse)
        case Try(var=Var() as var, handler=handler, final=None) if handler is not None and not uses(
            handler, var
        ):
            write_catch(frame, node, lambda part: write_test(frame, part, orelse))
        case Call(callee=BuiltinRef(name="not"), args=[operand]):
            end = Mark()
            write_test(frame, operand, end)
            emitter.jump(orelse)
            emitter.mark(end)
        case Call(callee=BuiltinRef()) | Op() if write_condition(frame, node, orelse):
            pass
        case Local():
            _test_local(frame, node, orelse)
        case _ if kinds.within(frame.unit.kinds.of(node), kinds.BOOL):
            frame.value(node)
            emitter.jump_if_false(orelse)
        case _:
            frame.asked.add(id(node))
            frame.value(node)
            with frame.temps() as [name]:
                emitter.store(name)
                _test(frame, name, orelse)


def _test_local(frame: Frame, node: Local, orelse: Mark) -> None:
    var, kind = node.var, frame.unit.kinds.of(node)
    if kinds.within(kind, kinds.BOOL):
        load(frame, var)
        frame.emitter.jump_if_false(orelse)
    elif not kind & kinds.BOOL:
        if kind & kinds.NIL:
            load(frame, var)
            frame.emitter.jump_if_none(orelse)
    elif var in frame.free or var in frame.cells:
        load(frame, var)
        with frame.temps() as [name]:
            frame.emitter.store(name)
            _test(frame, name, orelse)
    else:
        _test(frame, frame.slot(var), orelse)


def _test(frame: Frame, name: str, orelse: Mark) -> None:
    emitter = frame.emitter
    emitter.load(name)
    emitter.jump_if_none(orelse)
    emitter.load(name)
    emitter.const(False)
    emitter.is_same()
    emitter.jump_if_true(orelse)


def write_blocks(frame: Frame, node: Blocks, want: Want) -> None:
    """Write blocks: each once, after the first jump to it."""
    emitter = frame.emitter
    end = Mark()
    labels = frame.labels
    marks = {block.label: Mark() for block in node.blocks}
    for block in node.blocks:
        labels[block.label] = (marks[block.label], block.params, emitter.depth)
    _enter(frame, node.blocks[0].params, node.args)
    waiting: list[Block] = list(node.blocks)
    again = jumps_back(node)
    frame.loops += again
    # what calls itself as well runs most of its steps once: there is no last time to remember
    frame.hot_loops += again and not frame.recurs
    emitter.mark(marks[waiting[0].label])
    frame.unit.write(frame, waiting.pop(0).body, want)
    emitter.jump(end)
    while reached := [block for block in waiting if marks[block.label].depth is not None]:
        following = reached[0]
        waiting.remove(following)
        emitter.mark(marks[following.label])
        frame.unit.write(frame, following.body, want)
        emitter.jump(end)
    frame.loops -= again
    frame.hot_loops -= again and not frame.recurs
    emitter.mark(end)


def write_jump(frame: Frame, node: Jump) -> None:
    """Write a jump: all arguments are evaluated before any parameter changes."""
    mark, params, depth = frame.labels[node.label]
    _pass(frame, params, node.args)
    # iterators of the loops that are left
    while frame.emitter.depth > depth and not frame.emitter.dead:
        frame.emitter.pop()
    frame.emitter.jump(mark)


def write_fold(frame: Frame, node: Fold, want: Want) -> None:
    """Write a loop over an iterable with parameters of its own; its iterator stays on the stack meanwhile."""
    if write_extension(frame, node):
        frame.unit.write(frame, node.done, want)
        return
    if write_sum(frame, node):
        frame.finish(want)
        return
    emitter = frame.emitter
    top, end, out = Mark(), Mark(), Mark()
    _enter(frame, node.params, node.args)
    frame.value(node.items)
    emitter.get_iter()
    emitter.mark(top)
    frame.labels[node.label] = (top, node.params, emitter.depth)
    emitter.for_iter(end)
    emitter.store(frame.slot(node.var))
    inner = Want.RETURN if want is Want.RETURN else Want.VALUE
    frame.loops += 1
    frame.hot_loops += 1
    frame.unit.write(frame, node.body, inner)
    frame.hot_loops -= 1
    frame.loops -= 1
    if want is not Want.RETURN and not emitter.dead:
        emitter.swap()
        emitter.pop()
        if want is Want.EFFECT:
            emitter.pop()
        emitter.jump(out)
    emitter.end_for(end)
    frame.unit.write(frame, node.done, want)
    emitter.mark(out)


def _enter(frame: Frame, params: tuple[Var, ...], args: tuple[Expr, ...]) -> None:
    """Bind parameters where they are entered first; what is only passed on keeps its place."""
    uses = frame.unit.captures.uses
    moved: list[tuple[Var, Expr]] = []
    for param, arg in zip(params, args, strict=True):
        once = frame.loops == 0 and isinstance(arg, Local) and uses.get(arg.var) == 1
        if once and isinstance(arg, Local) and is_simple(frame, arg):
            frame.alias(param, arg.var)
        else:
            moved.append((param, arg))
    _pass(frame, tuple([param for param, _ in moved]), tuple([arg for _, arg in moved]))


def _pass(frame: Frame, params: tuple[Var, ...], args: tuple[Expr, ...]) -> None:
    emitter = frame.emitter
    moved: list[Var] = []
    for param, arg in zip(params, args, strict=True):
        if isinstance(arg, Local) and arg.var == param:
            continue
        if _is_change_of(arg, param):
            # what is filled in place stays where it is
            frame.effect(arg)
        else:
            frame.value(arg)
            moved.append(param)
    for param in reversed(moved):
        emitter.store(frame.slot(param))


def _is_change_of(node: Expr, var: Var) -> bool:
    """Tell whether a node gives a collection that a loop fills, changed in place or not."""
    match node:
        case Local(var=found):
            return found == var
        case Op(name=name, args=args) if name in FILLING:
            return _is_change_of(args[0], var)
        case If(then=then, orelse=orelse):
            return _is_change_of(then, var) and _is_change_of(orelse, var)
        case Let(body=body):
            return _is_change_of(body, var)
        case Do(items=items):
            return _is_change_of(items[-1], var)
        case _:
            return False


def write_for_each(frame: Frame, node: ForEach) -> None:
    """Write a loop over an iterable; the value is on the stack afterwards."""
    emitter = frame.emitter
    top, end = Mark(), Mark()
    gathers = node.mode in ("collect", "flatten")
    with frame.temps() as [last]:
        if gathers:
            emitter.build_list()
        else:
            emitter.const(None)
            emitter.store(last)
        frame.value(node.items)
        emitter.get_iter()
        emitter.mark(top)
        emitter.for_iter(end)
        emitter.store(frame.slot(node.var))
        frame.loops += 1
        frame.hot_loops += 1
        _for_body(frame, node, last)
        frame.hot_loops -= 1
        frame.loops -= 1
        emitter.jump(top)
        emitter.end_for(end)
        if gathers:
            emitter.list_to_tuple()
        else:
            emitter.load(last)


def _for_body(frame: Frame, node: ForEach, last: str) -> None:
    if node.mode == "nil":
        frame.effect(node.body)
        return
    frame.value(node.body)
    match node.mode:
        case "collect":
            frame.emitter.list_append(2)
        case "flatten":
            frame.emitter.list_extend(2)
        case _:
            frame.emitter.store(last)
