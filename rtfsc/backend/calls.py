"""Calls: of known functions, of builtins that become instructions, of keywords, of anything.

In: `Call`, `Op`, `Cast`. Out: instructions. A call whose callee is not known while compiling lies in a
range of its own: when the call itself fails (wrong count, no function), the handler, out of line, names
callee and count. A call that works pays nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from rtfs_runtime.builtins import BUILTINS
from rtfs_runtime.types import Prim
from rtfs_runtime.values import Keyword
from rtfsc.backend.arithmetic import ARITHMETIC, Writer
from rtfsc.backend.collections import COLLECTIONS, entry_at, push_entry
from rtfsc.backend.conversions import CONVERSIONS
from rtfsc.backend.emitter import Mark, Region
from rtfsc.backend.frame import Frame
from rtfsc.backend.functions import load
from rtfsc.backend.operands import TAKE_LISTS, Operand, call_global, guard, hold, otherwise
from rtfsc.backend.operations import write_operation
from rtfsc.backend.slices import SLICES
from rtfsc.backend.texts import TEXTS
from rtfsc.backend.wholes import WHOLES
from rtfsc.ir import kinds
from rtfsc.ir.nodes import BuiltinRef, Call, Cast, Const, Expr, Global, Local, Op

_INTRINSICS: Final[Mapping[str, Writer]] = MappingProxyType(
    {**ARITHMETIC, **COLLECTIONS, **CONVERSIONS, **SLICES, **TEXTS, **WHOLES}
)


def write_call(frame: Frame, node: Call) -> None:
    """Push the value of a call."""
    match node.callee:
        case Const(value=Keyword()) if len(node.args) in (1, 2):
            _write_lookup(frame, node, node.callee)
        case BuiltinRef(name="call") if _names_capability(node.args):
            # the name of its own tells the runtime that this code calls only what its constants name
            _write_direct(frame, "#call", node.args)
        case BuiltinRef(name=name):
            # an alias is written as its builtin; a count that is wrong is the builtin's to refuse
            row = BUILTINS[name]
            writer = _INTRINSICS.get(row.name)
            if writer is None or not row.takes(len(node.args)) or not writer(frame, node, row.name):
                _write_direct(frame, name, node.args)
        case Global(name=name):
            slot = name if node.site is None or name not in frame.unit.linked else f"{name}@{node.site}"
            known = frame.unit.functions.get(name)
            if known is not None and known.takes(len(node.args)):
                _write_direct(frame, slot, node.args, known=True)
            else:
                _write_guarded(frame, lambda: frame.emitter.glob(slot), node.args, reload=True)
        case Local(var=var):
            _write_guarded(frame, lambda: load(frame, var), node.args, reload=True)
        case callee:
            _write_guarded(frame, lambda: frame.value(callee), node.args, reload=False)


def _names_capability(args: tuple[Expr, ...]) -> bool:
    return bool(args) and isinstance(args[0], Const) and isinstance(args[0].value, (Keyword, str))


def _write_direct(frame: Frame, name: str, args: tuple[Expr, ...], *, known: bool = False) -> None:
    """Write a call of a function of the runtime, or a `known` one of the module: twins take lists."""
    emitter = frame.emitter
    emitter.callee_global(name)
    for arg in args:
        if frame.unit.kinds.of(arg) & kinds.BUFFER and not known and name not in TAKE_LISTS:
            emitter.callee_global("#settled")
            frame.value(arg)
            emitter.call(1)
        else:
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


def write_op(frame: Frame, node: Op) -> None:
    """Push the value of a function of the ABI."""
    name, args = node.name, node.args
    if name == "hand_over":
        _write_handing_over(frame, args)
        return
    if write_operation(frame, node):
        return
    if name != "lookup":
        _write_direct(frame, "#" + name, args)
        return
    emitter = frame.emitter
    emitter.callee_global("#lookup")
    emitter.glob("#module")
    for arg in args:
        frame.value(arg)
    emitter.call(1 + len(args))


def _write_handing_over(frame: Frame, args: tuple[Expr, ...]) -> None:
    """Write a call of a function that takes this one's place: this frame is to leave no trace."""
    emitter = frame.emitter
    target = args[0]
    assert isinstance(target, Global)
    outer = emitter.region
    region = Region(Mark(), emitter.depth)
    emitter.region = region
    _write_direct(frame, target.name, args[1:], known=True)
    emitter.region = outer
    frame.outline(lambda: frame.handle(region, outer, lambda: frame.translate("#handed_over", lambda: 0)))


def write_cast(frame: Frame, node: Cast) -> None:
    """Check a value; it stays on the stack."""
    emitter = frame.emitter
    kind = frame.unit.kinds.of(node.value)
    if kinds.conforms(kind, node.want):
        frame.value(node.value)
        return
    check = frame.unit.check_name(node.want, node.prefix)
    fast = _CLASS_OF.get(node.want.name) if isinstance(node.want, Prim) else None
    if fast is None or not kind & fast[0]:
        emitter.callee_global(check)
        frame.value(node.value)
        emitter.call(1)
        return
    slow, done = Mark(), Mark()
    with frame.temps() as temps:
        operands = hold(frame, (node.value,), temps)
        if emitter.dead:
            return
        guard(frame, operands[0], fast, slow)
        operands[0].push(frame)
        emitter.mark(done)
        otherwise(frame, slow, done, lambda: call_global(frame, check, operands))


_CLASS_OF: Final[Mapping[str, tuple[int, ...]]] = MappingProxyType(
    {
        "int": (kinds.INT,),
        "float": (kinds.FLOAT,),
        "number": (kinds.INT, kinds.FLOAT),
        "string": (kinds.STR,),
        "keyword": (kinds.KEYWORD,),
    }
)


def _write_lookup(frame: Frame, node: Call, key: Const) -> None:
    """Write `(:k m)` as one subscript in a range of its own, everything unusual out of line."""
    emitter = frame.emitter
    slow, done = Mark(), Mark()
    asked = len(node.args) == 2 or id(node) in frame.asked
    with frame.temps(len(node.args)) as temps:
        source, *default = hold(frame, node.args, temps)
        if emitter.dead:
            return
        operands = [Operand(key, kinds.KEYWORD), source, *default]
        if not asked:
            push_entry(frame, source, operands[0], slow)
        elif source.kind & kinds.DICT:
            # a miss is likely, and costs less by a method than by a handler
            guard(frame, source, (kinds.DICT,), slow)
            entry_at(frame)([source, operands[0], *default], slow)
        else:
            call_global(frame, "#keyword_get", operands)
        emitter.mark(done)
        otherwise(frame, slow, done, lambda: call_global(frame, "#keyword_get", operands))
