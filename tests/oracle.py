"""A small interpreter of the resolved IR: what compiled programs are compared with.

In: a module as `rtfsc.lower` gives it (or any pass: the nodes are the same), its source, a session. Out: the
value of its last form, or an `RtfsError` whose `oracle_place` is the line and column it was raised at. It
takes the meaning of each node at its word: no frames, no slots, no fast paths. Builtins and the functions of
the ABI are the runtime's own. Depth is Python's: for programs of a page.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, assert_never

from rtfs_runtime import abi, loader
from rtfs_runtime.calls import arity_of, call_error, keyword_get
from rtfs_runtime.errors import RtfsError, undefined
from rtfs_runtime.loader import ModuleInstance
from rtfs_runtime.native import fail
from rtfs_runtime.session import Session
from rtfs_runtime.types import check
from rtfs_runtime.values import Keyword, List, kind_name
from rtfsc.ir import nodes as ir
from rtfsc.ir.nodes import Expr, Module, Var
from rtfsc.source import SourceFile

_UNSET: Final = object()
# these functions of the ABI are handed the module they act for
_OF_MODULE: Final = frozenset({"lookup"})


class Cell:
    """A variable of a `Scope`: empty until it is defined."""

    def __init__(self) -> None:
        self.value: object = _UNSET


class Jumped:
    """What a tail position gives that goes on in another block."""

    def __init__(self, label: int, args: list[object]) -> None:
        self.label = label
        self.args = args


Locals = dict[Var, object]


def run(module: Module, source: SourceFile, session: Session) -> object:
    """Run a module.

    Raises: RtfsError.
    """
    instance = ModuleInstance(module.name, module.interface, source.name)
    value = _Interpreter(source, session, instance).module(module)
    session.instances[module.name] = instance
    return value


class _Interpreter:
    """Runs the code of one module. `names` are variables in sight: every binding makes a new dict, so that a
    closure keeps what it saw."""

    def __init__(self, source: SourceFile, session: Session, instance: ModuleInstance) -> None:
        self.source = source
        self.session = session
        self.instance = instance
        self.builtins = session.namespace

    def module(self, module: Module) -> object:
        value: object = None
        for node in module.body:
            value = self.value(node, {})
        return value

    def value(self, node: Expr, names: Locals) -> object:
        """Evaluate; an error that has no place yet was raised by this very node."""
        try:
            return self.plain(node, names)
        except BaseException as error:
            found = fail(error)
            if not hasattr(found, "oracle_place"):
                found.oracle_place = self.source.line_column(node.span[0])  # type: ignore[attr-defined]
            if found is error:
                raise
            raise found from None

    def values(self, items: tuple[Expr, ...], names: Locals) -> list[object]:
        return [self.value(item, names) for item in items]

    def plain(self, node: Expr, names: Locals) -> object:
        match node:
            case ir.Const(value=value):
                return value
            case ir.Local(var=var) | ir.Late(var=var):
                return _content(names[var], var)
            case ir.Global(name=name):
                return self.named(name)
            case ir.BuiltinRef(name=name):
                return self.builtins[name]
            case ir.If(test=test, then=then, orelse=orelse):
                found = self.value(test, names)
                return self.value(orelse if found is None or found is False else then, names)
            case ir.Do(items=items):
                return self.values(items, names)[-1]
            case ir.Let(var=var, init=init, body=body):
                return self.value(body, {**names, var: self.value(init, names)})
            case ir.Scope(vars=variables, body=body):
                return self.value(body, {**names, **{var: Cell() for var in variables}})
            case ir.Define(var=var, value=value):
                cell = names[var]
                assert isinstance(cell, Cell)
                cell.value = self.value(value, names)
                return cell.value
            case ir.DefGlobal(name=name, value=value):
                made = self.instance.globals[name] = self.value(value, names)
                return made
            case ir.Fn():
                return self.function(node, names)
            case ir.Call():
                return self.call(node, names)
            case ir.Op(name=name, args=args):
                given = self.values(args, names)
                return self.builtins["#" + name](*([self.instance] if name in _OF_MODULE else []), *given)
            case ir.Vector(items=items):
                return tuple(self.values(items, names))
            case ir.Map(keys=keys, values=values):
                return dict(zip(keys, self.values(values, names), strict=True))
            case ir.Cast(value=value, want=want, prefix=prefix):
                return check(self.value(value, names), want, prefix)
            case _:
                return self.control(node, names)

    def control(
        self,
        node: ir.Try | ir.Raise | ir.Blocks | ir.Jump | ir.ForEach | ir.Parallel | ir.Import | ir.DefModule,
        names: Locals,
    ) -> object:
        match node:
            case ir.Try(final=None):
                return self.catch(node, names)
            case ir.Try():
                return self.finish(node, names)
            case ir.Raise(value=value, again=again):
                found: Any = self.value(value, names)
                raise found if again else self.builtins["#thrown"](found)
            case ir.Blocks():
                return self.blocks(node, names)
            case ir.Jump(label=label, args=args):
                return Jumped(label, self.values(args, names))
            case ir.ForEach():
                return self.for_each(node, names)
            case ir.Parallel(names=keys, branches=branches):
                found = self.values(branches, names)
                return dict(zip(map(Keyword, keys), found, strict=True)) if keys else tuple(found)
            case ir.Import(module=module, bindings=bindings):
                return loader.import_into(self.session, self.instance, module, bindings)
            case ir.DefModule(module=module):
                run(module, self.source, self.session)
                return loader.description(module.interface)
            case _:
                assert_never(node)

    def named(self, name: str) -> object:
        found = self.instance.globals.get(name, self.builtins.get(name, _UNSET))
        if found is _UNSET:
            raise undefined(name)
        return found

    def function(self, fn: ir.Fn, names: Locals) -> Callable[..., object]:
        """Make a Python function of the same arity and name: the runtime asks functions for both."""

        def body(*args: object) -> object:
            given: Locals = dict(zip(fn.params, args, strict=False))
            if fn.rest is not None:
                given[fn.rest] = List(args[len(fn.params) :])
            return self.value(fn.body, {**seen, **given})

        params = [f"p{number}" for number in range(len(fn.params))] + (["*rest"] if fn.rest else [])
        listed = ", ".join(params)
        made: Callable[..., object] = eval(f"lambda {listed}: body({listed})", {"body": body})
        made.__name__ = made.__qualname__ = fn.name
        seen = names if fn.self_var is None else {**names, fn.self_var: made}
        return made

    def call(self, node: ir.Call, names: Locals) -> object:
        # the name of what is called has no place of its own: the call is what fails
        callee = self.plain if isinstance(node.callee, ir.Global | ir.Local) else self.value
        function: Any = callee(node.callee, names)
        args = self.values(node.args, names)
        if isinstance(function, Keyword) and len(args) in (1, 2):
            return keyword_get(function, *args)
        if isinstance(function, Keyword) or kind_name(function) != "function":
            raise call_error(TypeError(), function, len(args))
        low, high = arity_of(function)
        if len(args) < low or (high is not None and len(args) > high):
            raise call_error(TypeError(), function, len(args))
        return function(*args)

    def catch(self, node: ir.Try, names: Locals) -> object:
        if node.var is None or node.handler is None:
            return self.value(node.body, names)
        try:
            return self.value(node.body, names)
        except BaseException as error:
            found = abi.caught(error)
        return self.value(node.handler, {**names, node.var: found})

    def finish(self, node: ir.Try, names: Locals) -> object:
        assert node.final is not None
        try:
            found = self.catch(node, names)
        except BaseException as error:
            failed = abi.pending(error)
            self.value(node.final, names)
            raise failed from None
        self.value(node.final, names)
        return found

    def blocks(self, node: ir.Blocks, names: Locals) -> object:
        known = {block.label: block for block in node.blocks}
        block, args = node.blocks[0], self.values(node.args, names)
        while True:
            found = self.value(block.body, {**names, **dict(zip(block.params, args, strict=True))})
            if not isinstance(found, Jumped) or found.label not in known:
                return found
            block, args = known[found.label], found.args

    def for_each(self, node: ir.ForEach, names: Locals) -> object:
        items: Any = self.value(node.items, names)
        found: list[Any] = [self.value(node.body, {**names, node.var: item}) for item in items]
        match node.mode:
            case "collect":
                return tuple(found)
            case "flatten":
                return tuple(item for part in found for item in part)
            case "last":
                return found[-1] if found else None
            case _:
                return None


def _content(found: object, var: Var) -> object:
    if not isinstance(found, Cell):
        return found
    if found.value is _UNSET:
        raise undefined(var.name)
    return found.value


def place_of(error: RtfsError) -> tuple[int, int] | None:
    """Give the line and column of an error that `run` raised."""
    return getattr(error, "oracle_place", None)
