"""Calls: of known functions, of builtins that become instructions, of keywords, of anything.

In: `Call`, `Op`, `Cast`. Out: instructions. A call whose callee is not known while compiling lies in a
range of its own: when the call itself fails (wrong count, no function), the handler, out of line, names
callee and count. A call that works pays nothing.
"""

from __future__ import annotations

from collections.abc import Callable

from rtfs_runtime.builtins import BUILTINS
from rtfs_runtime.types import Prim, Type
from rtfs_runtime.values import Keyword
from rtfsc.backend.constants import write_constant
from rtfsc.backend.emitter import Mark, Region
from rtfsc.backend.frame import Frame
from rtfsc.backend.functions import load
from rtfsc.ir.nodes import BuiltinRef, Call, Cast, Const, Expr, Global, Local, Op

_ARITHMETIC = frozenset("+-*")
_ORDER = frozenset({"<", "<=", ">", ">="})
_BOOLEAN_OPS = frozenset(
    {"is_seq", "is_seq_least", "is_map", "map_has", "equal", "conforms", "is_kind", "has_key"}
)
# atoms that are equal only when they are the same object
_IDENTICAL = (type(None), bool, Keyword)


def is_boolean(node: Expr) -> bool:
    """Tell whether the value of a node is surely an exact boolean."""
    match node:
        case Const(value=value):
            return isinstance(value, bool)
        case Op(name=name):
            return name in _BOOLEAN_OPS
        case Call(callee=BuiltinRef(name=name)):
            return BUILTINS[name].type.endswith(":bool]")
        case _:
            return False


def write_call(frame: Frame, node: Call) -> None:
    """Push the value of a call."""
    match node.callee:
        case Const(value=Keyword()) if len(node.args) in (1, 2):
            _write_lookup(frame, node.callee.value, node.args)
        case BuiltinRef(name=name):
            if not _write_intrinsic(frame, name, node.args):
                _write_direct(frame, name, node.args)
        case Global(name=name):
            slot = name if node.site is None or name not in frame.unit.linked else f"{name}@{node.site}"
            known = frame.unit.functions.get(name)
            if known is not None and known.takes(len(node.args)):
                _write_direct(frame, slot, node.args)
            else:
                _write_guarded(frame, lambda: frame.emitter.glob(slot), node.args, reload=True)
        case Local(var=var):
            _write_guarded(frame, lambda: load(frame, var), node.args, reload=True)
        case callee:
            _write_guarded(frame, lambda: frame.value(callee), node.args, reload=False)


def _write_direct(frame: Frame, name: str, args: tuple[Expr, ...]) -> None:
    emitter = frame.emitter
    emitter.callee_global(name)
    for arg in args:
        frame.value(arg)
    emitter.call(len(args))


def _write_guarded(frame: Frame, callee: Callable[[], None], args: tuple[Expr, ...], *, reload: bool) -> None:
    """Write a call with a handler for a call that fails; `reload` says that the callee may simply be pushed
    again."""
    emitter = frame.emitter
    depth = emitter.depth
    with frame.temps() as [name]:
        push = callee
        if not reload:
            callee()
            emitter.store(name)

            def push() -> None:
                emitter.load(name)

        emitter.before_callee()
        push()
        emitter.after_callee()
        for arg in args:
            frame.value(arg)
        if emitter.dead:
            return
        outer = emitter.region
        region = Region(Mark(), depth)
        emitter.region = region
        emitter.call(len(args))
        emitter.region = outer

        def operands() -> int:
            push()
            emitter.const(len(args))
            return 2

        frame.outline(lambda: frame.handle(region, outer, lambda: frame.translate("#call_error", operands)))


def write_op(frame: Frame, name: str, args: tuple[Expr, ...]) -> None:
    """Push the value of a function of the ABI."""
    if name != "lookup":
        _write_direct(frame, "#" + name, args)
        return
    emitter = frame.emitter
    emitter.callee_global("#lookup")
    emitter.glob("#module")
    for arg in args:
        frame.value(arg)
    emitter.call(1 + len(args))


def write_cast(frame: Frame, node: Cast) -> None:
    """Check a value; it stays on the stack."""
    emitter = frame.emitter
    check = frame.unit.check_name(node.want, node.prefix)
    fast = _class_of(node.want)
    if fast is None:
        emitter.callee_global(check)
        frame.value(node.value)
        emitter.call(1)
        return
    slow, done = Mark(), Mark()
    frame.value(node.value)
    with frame.temps() as [name]:
        emitter.store(name)
        _guard(frame, name, fast, slow)
        emitter.load(name)
        emitter.mark(done)

        def check_it() -> None:
            emitter.mark(slow)
            emitter.callee_global(check)
            emitter.load(name)
            emitter.call(1)
            emitter.jump(done)

        frame.outline(check_it)


def _class_of(want: Type) -> str | None:
    if isinstance(want, Prim):
        return {"int": "#int", "string": "#str", "float": "#float"}.get(want.name)
    return None


def _guard(frame: Frame, local: str, name: str, orelse: Mark) -> None:
    emitter = frame.emitter
    emitter.load(local)
    # the cheapest exact test: no call, and a boolean is no integer
    emitter.attribute("__class__")
    emitter.glob(name)
    emitter.is_same()
    emitter.jump_if_false(orelse)


def _write_lookup(frame: Frame, key: object, args: tuple[Expr, ...]) -> None:
    """Write `(:k m)`: one subscript in a range of its own, everything unusual out of line."""
    emitter = frame.emitter
    if len(args) == 2:
        emitter.callee_global("#keyword_get")
        write_constant(frame, key)
        for arg in args:
            frame.value(arg)
        emitter.call(3)
        return
    depth, outer, done = emitter.depth, emitter.region, Mark()
    frame.value(args[0])
    with frame.temps() as [name]:
        emitter.store(name)
        if emitter.dead:
            return
        region = Region(Mark(), depth)
        emitter.region = region
        emitter.load(name)
        write_constant(frame, key)
        emitter.subscript()
        emitter.region = outer
        emitter.mark(done)

        def miss() -> None:
            emitter.region = outer
            emitter.handler(region)
            emitter.push_exc_info()
            emitter.pop()
            emitter.pop_except()
            emitter.callee_global("#keyword_get")
            write_constant(frame, key)
            emitter.load(name)
            emitter.call(2)
            emitter.jump(done)

        frame.outline(miss)


def _write_intrinsic(frame: Frame, name: str, args: tuple[Expr, ...]) -> bool:
    """Write a builtin as instructions where that keeps every rule; tell whether it was written."""
    if len(args) == 1:
        match name:
            case "inc" | "dec" if not isinstance(args[0], Const):
                _write_numeric(frame, name, (args[0], _one(args[0])), "+" if name == "inc" else "-")
                return True
            case "nil?":
                frame.value(args[0])
                frame.emitter.const(None)
                frame.emitter.is_same()
                return True
        return False
    if len(args) != 2:
        return False
    if name in _ARITHMETIC or name in _ORDER:
        if any(isinstance(arg, Const) and type(arg.value) is not int for arg in args):
            return False
        _write_numeric(frame, name, (args[0], args[1]), name)
        return True
    if name in ("=", "!=", "not="):
        return _write_equal(frame, args[0], args[1], invert=name != "=")
    return False


def _one(near: Expr) -> Expr:
    return Const(1, span=near.span)


def _write_numeric(frame: Frame, name: str, args: tuple[Expr, Expr], op: str) -> None:
    """Write an operation on two numbers: instructions when both are integers, the builtin, out of line,
    otherwise."""
    emitter = frame.emitter
    slow, done = Mark(), Mark()
    with frame.temps(2) as temps:
        operands = [_operand(frame, arg, temp) for arg, temp in zip(args, temps, strict=True)]
        if emitter.dead:
            return
        for operand in operands:
            if isinstance(operand, str):
                _guard(frame, operand, "#int", slow)
        _push(frame, operands)
        if op in _ARITHMETIC:
            emitter.binary(op)
        else:
            emitter.compare(op)
        emitter.mark(done)

        def call_builtin() -> None:
            emitter.mark(slow)
            emitter.callee_global(name)
            count = 1 if name in ("inc", "dec") else 2
            _push(frame, operands[:count])
            emitter.call(count)
            emitter.jump(done)

        frame.outline(call_builtin)


def _push(frame: Frame, operands: list[str | Const]) -> None:
    for operand in operands:
        if isinstance(operand, str):
            frame.emitter.load(operand)
        else:
            frame.emitter.const(operand.value)


def _operand(frame: Frame, arg: Expr, temp: str) -> str | Const:
    """Make an operand that can be pushed again: a constant, or the name of a local."""
    if isinstance(arg, Const):
        return arg
    if isinstance(arg, Local) and arg.var not in frame.free and arg.var not in frame.cells:
        return frame.slot(arg.var)
    frame.value(arg)
    frame.emitter.store(temp)
    return temp


def _write_equal(frame: Frame, left: Expr, right: Expr, *, invert: bool) -> bool:
    """Write `=` with one constant atom: by identity, or by class and value. Others call the builtin."""
    if isinstance(left, Const):
        left, right = right, left
    if not isinstance(right, Const) or isinstance(left, Const):
        return False
    emitter = frame.emitter
    atom = right.value
    if isinstance(atom, _IDENTICAL):
        frame.value(left)
        write_constant(frame, atom)
        emitter.is_same(invert=invert)
        return True
    if type(atom) not in (int, str):
        return False
    other, done = Mark(), Mark()
    with frame.temps() as [temp]:
        operand = _operand(frame, left, temp)
        if emitter.dead or not isinstance(operand, str):
            return True
        _guard(frame, operand, "#int" if type(atom) is int else "#str", other)
        emitter.load(operand)
        emitter.const(atom)
        emitter.compare("!=" if invert else "==")
        emitter.jump(done)
        emitter.mark(other)
        emitter.const(invert)
        emitter.mark(done)
    return True
