"""Vectors that a loop gathers, as instructions.

In: the `Let` of a list that a loop only appends to, and that becomes a tuple at its end. Out: the loop with
the list on the stack, below its iterator, as in a comprehension of Python: an element costs one instruction.
"""

from __future__ import annotations

from typing import Final

from rtfsc.backend.emitter import Mark
from rtfsc.backend.frame import Frame, Want
from rtfsc.ir.census import among, things
from rtfsc.ir.nodes import Blocks, BuiltinRef, Call, Const, Do, Expr, Fold, If, Jump, Let, Local, Op, Var
from rtfsc.ir.walk import descendants

# longer lists are left to a function, which knows the limit
_LONG: Final = 1 << 20
_OPS: Final = things(Op)


def write_gathering(frame: Frame, node: Let, want: Want) -> bool:
    """Write the scope of a list that is gathered; tell whether it was written."""
    if not _is_gathering(frame, node):
        return False
    emitter = frame.emitter
    frame.gathered[node.var] = emitter.depth
    emitter.build_list()
    frame.unit.write(frame, node.body, want)
    return True


def gathers_new_texts(frame: Frame, node: Expr) -> bool:
    """Tell whether a loop gathers strings that nobody else holds.

    Together they take as much memory as the text that is joined of them.
    """
    return (
        isinstance(node, Let)
        and _is_gathering(frame, node)
        and all(
            _is_new_text(part.args[1])
            for part in descendants(node.body)
            if isinstance(part, Op) and part.name == "list_append" and _is(part.args[0], node.var)
        )
    )


def write_list(frame: Frame, node: Expr) -> None:
    """Push the list itself of what a loop gathers."""
    assert isinstance(node, Let)
    frame.unfinished.add(node.var)
    frame.value(node)


def write_gathered(frame: Frame, node: Op, want: Want) -> bool:
    """Write what is done to a list that is gathered; tell whether it was written."""
    emitter = frame.emitter
    match node:
        case Op(name="list_append" | "check_room" | "list_tuple", args=[Local(var=var) as buffer, *others]):
            place = frame.gathered.get(var)
        case _:
            return False
    if node.name == "list_append":
        if place is None:
            frame.value(buffer)
        frame.value(others[0])
        if emitter.dead:
            return True
        emitter.list_append(1 if place is None else emitter.depth - 1 - place)
        if place is None:
            emitter.pop()
        if want is not Want.EFFECT:
            emitter.const(None)
            frame.finish(want)
        return True
    if place is None:
        return False
    if node.name == "check_room":
        _write_room(frame, emitter.depth - place)
        emitter.const(None)
    elif var not in frame.unfinished:
        assert emitter.depth == place + 1
        emitter.list_to_tuple()
    frame.finish(want)
    return True


def _write_room(frame: Frame, place: int) -> None:
    """Write the test of the size of the list that is so far from the top."""
    emitter = frame.emitter
    full, back = Mark(), Mark()
    emitter.copy(place)
    emitter.measure()
    emitter.const(_LONG)
    emitter.compare("<")
    emitter.jump_if_false(full)
    emitter.mark(back)
    emitter.pop()

    def ask() -> None:
        emitter.mark(full)
        emitter.callee_global("#check_room")
        emitter.copy(3)
        emitter.call(1)
        emitter.pop()
        emitter.jump(back)

    frame.outline(ask)


def write_extension(frame: Frame, node: Fold) -> bool:
    """Write a loop that only appends each item to a list on the stack; tell whether it was written."""
    match node.body:
        case Do(
            items=(
                Op(name="list_append", args=(Local(var=buffer), Local(var=item))),
                Jump(label=label, args=()),
            )
        ) if item == node.var and label == node.label and buffer in frame.gathered:
            pass
        case _:
            return False
    emitter = frame.emitter
    frame.value(node.items)
    if not emitter.dead:
        emitter.list_extend(emitter.depth - 1 - frame.gathered[buffer])
    return True


def _is_gathering(frame: Frame, node: Let) -> bool:
    match node.init:
        case Op(name="list_new"):
            captures, var = frame.unit.captures, node.var
            uses = 0 if var in captures.celled else captures.uses.get(var)
            return _ends_as_tuple(node.body, var) and _needs(node.body, var) == uses
        case _:
            return False


def _is(node: Expr, var: Var) -> bool:
    return isinstance(node, Local) and node.var == var


def _is_new_text(node: Expr) -> bool:
    """Tell whether an expression makes a string: where it joins one with another that is not empty."""
    match node:
        case Call(callee=BuiltinRef(name="str"), args=args, site=None):
            return len(args) > 1 and any(isinstance(arg, Const) and arg.value for arg in args)
        case Let(body=body):
            return _is_new_text(body)
        case If(then=then, orelse=orelse):
            return _is_new_text(then) and _is_new_text(orelse)
        case _:
            return False


def _ends_as_tuple(node: Expr, var: Var) -> bool:
    """Tell whether each way through an expression that ends, ends with the tuple of a list."""
    match node:
        case Op(name="list_tuple", args=[Local(var=found)]):
            return found == var
        case Jump():
            return True
        case If(then=then, orelse=orelse):
            return _ends_as_tuple(then, var) and _ends_as_tuple(orelse, var)
        case Let(body=body):
            return _ends_as_tuple(body, var)
        case Do(items=items):
            return _ends_as_tuple(items[-1], var)
        case Blocks(blocks=blocks):
            return all(_ends_as_tuple(block.body, var) for block in blocks)
        case Fold(body=body, done=done):
            # an end in the middle of the loop would find its iterator on top
            return _goes_on(body) and _ends_as_tuple(done, var)
        case _:
            return False


def _goes_on(node: Expr) -> bool:
    """Tell whether each way through an expression ends with a jump."""
    match node:
        case Jump():
            return True
        case If(then=then, orelse=orelse):
            return _goes_on(then) and _goes_on(orelse)
        case Let(body=body):
            return _goes_on(body)
        case Do(items=items):
            return _goes_on(items[-1])
        case Blocks(blocks=blocks):
            return all(_goes_on(block.body) for block in blocks)
        case Fold(body=body, done=done):
            return _goes_on(body) and _goes_on(done)
        case _:
            return False


def _needs(node: Expr, var: Var) -> int:
    """Count the uses of a list that take it where it is."""
    found = 0
    for part in among(node, _OPS):
        match part:
            case Op(name="list_append" | "check_room" | "list_tuple", args=[Local(var=used), *_]):
                found += used == var
    return found
