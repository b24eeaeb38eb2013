"""IR to code objects.

In: a module whose IR is verified, its source. Out: the code object of the module body. Each kind of node
has one arm in `write`; what is longer than an arm is in the rooms beside this file.
"""

from __future__ import annotations

from collections.abc import Callable
from types import CodeType
from typing import assert_never

from rtfs_runtime.values import Keyword
from rtfsc.backend import calls, control, functions, recovery
from rtfsc.backend.constants import write_constant
from rtfsc.backend.emitter import Emitter
from rtfsc.backend.frame import Frame, Unit, Want
from rtfsc.backend.gathering import write_gathered, write_gathering
from rtfsc.backend.lookups import is_look_up, needs
from rtfsc.backend.operations import write_filling_put
from rtfsc.backend.positions import Positions
from rtfsc.backend.unpacking import write_unpacked
from rtfsc.ir.kind_flow import Kinds
from rtfsc.ir.nodes import (
    Blocks,
    BuiltinRef,
    Call,
    Cast,
    Const,
    DefGlobal,
    Define,
    DefModule,
    Do,
    Expr,
    Fn,
    Fold,
    ForEach,
    Global,
    If,
    Import,
    Jump,
    Late,
    Let,
    Local,
    Map,
    Module,
    Op,
    Parallel,
    Raise,
    Scope,
    Try,
    Vector,
)
from rtfsc.source import SourceFile

# longer literals are built item by item: one instruction per literal would need a stack as deep as it is long
_WIDE = 64


def generate(
    module: Module, source: SourceFile, infer: Callable[[Module], Kinds] = lambda module: Kinds()
) -> CodeType:
    """Compile a module's body; running the code gives the value of its last form.

    `infer` finds kinds; without it every operand is tested.
    """
    return _generate(module, Positions(source), source.name, infer)


def _generate(
    module: Module, positions: Positions, filename: str, infer: Callable[[Module], Kinds]
) -> CodeType:
    unit = Unit(module, positions, filename, (write, infer))
    emitter = Emitter("<module>", filename, 1)
    frame = Frame(unit, emitter)
    functions.write_body(frame, lambda: _module_body(frame, module))
    return emitter.code_with(lambda: _prologue(frame))


def _module_body(frame: Frame, module: Module) -> None:
    for node in module.body[:-1]:
        frame.effect(node)
        if isinstance(node, DefGlobal) and node.name in module.constants:
            frame.unit.defined.add(node.name)
    if module.body:
        write(frame, module.body[-1], Want.RETURN)
    frame.emitter.const(None)
    frame.emitter.ret()


def _prologue(frame: Frame) -> None:
    """Bind the keywords, symbols and type checkers that the code asked for."""
    unit, emitter = frame.unit, frame.emitter
    functions.set_classes(frame)
    for items in unit.sets:
        for item in items:
            if isinstance(item, Keyword):
                unit.keywords[item.text] = None
    if not (unit.keywords or unit.symbols or unit.checks or unit.sets):
        return
    emitter.callee_global("#constants")
    emitter.glob("#module")
    emitter.const(tuple(unit.keywords))
    emitter.const(tuple(unit.symbols))
    emitter.const(tuple((name, data, prefix) for (data, prefix), name in unit.checks.items()))
    emitter.call(4)
    emitter.pop()
    for items, name in unit.sets.items():
        emitter.callee_global("#set_constant")
        write_constant(frame, items)
        emitter.call(1)
        emitter.store_global(name)


def write(frame: Frame, node: Expr, want: Want) -> None:
    """Write one node."""
    emitter = frame.emitter
    if emitter.dead:
        return
    before = emitter.at(frame.unit.positions.locate(node.span))
    _write(frame, node, want)
    emitter.at(before)


def _write(frame: Frame, node: Expr, want: Want) -> None:
    """Write what hands its own parts on as they are wanted; the rest leaves a value."""
    emitter = frame.emitter
    match node:
        case Call() | Local() | Const():
            if want is not Want.EFFECT or isinstance(node, Call):
                _push(frame, node)
                frame.finish(want)
        case If():
            control.write_if(frame, node, want)
        case Let() if write_gathering(frame, node, want):
            pass
        case Let(var=var, init=init, body=body):
            held = frame.item_slot(init)
            if control.asks(body, var):
                frame.asked.add(id(init))
            elif is_look_up(init) and needs(body, var):
                frame.needed.add(id(init))
            if held is not None:
                frame.put(var, held)
            elif not write_unpacked(frame, node):
                frame.value(init)
                emitter.store(frame.slot(var))
            write(frame, body, want)
        case Do(items=items):
            for item in items[:-1]:
                frame.effect(item)
            write(frame, items[-1], want)
        case Blocks():
            control.write_blocks(frame, node, want)
        case Fold():
            control.write_fold(frame, node, want)
        case Cast(proven=True, value=value):
            write(frame, value, want)
        case Jump():
            control.write_jump(frame, node)
        case Scope(vars=variables, body=body):
            functions.open_scope(frame, variables)
            write(frame, body, want)
        case Raise(value=value, again=again):
            recovery.write_raise(frame, value, again=again)
        case Define() | DefGlobal():
            keep = want is not Want.EFFECT
            if isinstance(node, Define):
                frame.value(node.value)
                functions.define(frame, node.var, keep=keep)
            else:
                _write_global(frame, node, keep=keep)
            if keep:
                frame.finish(want)
        case BuiltinRef() | Fn() | Op(name="grown") if want is Want.EFFECT:
            pass
        case Op() if write_gathered(frame, node, want):
            pass
        case Op(name="list_put" | "dict_put", args=[Local(), *_]) if want is Want.EFFECT:
            write_filling_put(frame, node, keep=False)
        case _:
            _push(frame, node)
            frame.finish(want)


Value = (
    Local | Const | Call | Op | Global | BuiltinRef | Fn | Vector | Map | Cast | Late | Try | ForEach
    | Parallel | Import | DefModule
)  # fmt: skip


def _push(frame: Frame, node: Value) -> None:
    """Write a node whose value is left on the stack."""
    emitter = frame.emitter
    match node:
        case Local(var=var):
            functions.load(frame, var)
        case Const(value=value):
            write_constant(frame, value)
        case Call():
            calls.write_call(frame, node)
        case Op():
            held = frame.item_slot(node)
            if held is None:
                calls.write_op(frame, node)
            else:
                emitter.load(held)
        case Global(name=name) | BuiltinRef(name=name):
            emitter.glob(name)
        case Fn():
            functions.write_function(frame, node)
        case Vector(items=items):
            _write_vector(frame, items)
        case Map(keys=keys, values=values):
            _write_map(frame, keys, values)
        case Cast():
            calls.write_cast(frame, node)
        case Late(var=var):
            functions.load_late(frame, var)
        case Try():
            recovery.write_try(frame, node)
        case ForEach():
            control.write_for_each(frame, node)
        case Parallel(names=names, branches=branches):
            if names:
                _write_map(frame, tuple(Keyword(name) for name in names), branches)
            else:
                _write_vector(frame, branches)
        case Import(module=module, bindings=bindings):
            emitter.callee_global("#import")
            emitter.glob("#module")
            emitter.const(module)
            emitter.const(bindings)
            emitter.call(3)
        case DefModule(module=inner):
            _write_module(frame, inner)
        case _:
            assert_never(node)


def _write_vector(frame: Frame, items: tuple[Expr, ...]) -> None:
    emitter = frame.emitter
    if len(items) <= _WIDE:
        for item in items:
            frame.value(item)
        emitter.build_tuple(len(items))
        return
    emitter.build_list()
    for item in items:
        frame.value(item)
        emitter.list_append(1)
    emitter.list_to_tuple()


def _write_map(frame: Frame, keys: tuple[object, ...], values: tuple[Expr, ...]) -> None:
    emitter = frame.emitter
    wide = len(keys) > _WIDE
    if wide:
        emitter.build_map(0)
    for key, value in zip(keys, values, strict=True):
        write_constant(frame, key)
        frame.value(value)
        if wide:
            emitter.map_add(1)
    if not wide:
        emitter.build_map(len(keys))


def _write_global(frame: Frame, node: DefGlobal, *, keep: bool) -> None:
    emitter = frame.emitter
    unit = frame.unit
    name = node.name
    # a hint on a function nested in the value has its own link; the global's own is made here
    if isinstance(node.value, Fn) and name in unit.linked:
        emitter.callee_global("#link")
        emitter.glob("#module")
        emitter.const(name)
        functions.write_function(frame, node.value, link=False)
        emitter.call(3)
    else:
        frame.value(node.value)
    if keep:
        emitter.copy()
    emitter.store_global(name)


def _write_module(frame: Frame, inner: Module) -> None:
    emitter = frame.emitter
    emitter.callee_global("#define_module")
    emitter.glob("#module")
    emitter.const(inner.name)
    unit = frame.unit
    emitter.const(_generate(inner, unit.positions, unit.filename, unit.infer))
    emitter.const(inner.interface.to_text())
    emitter.call(4)
