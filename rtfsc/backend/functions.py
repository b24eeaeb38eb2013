"""Functions, closures and local variables.

In: `Fn`, `Scope`, `Define` and variable nodes. Out: instructions. RTFS variables never change, so a closure
captures values: it gets cells of its own, made when it is made, and the locals it captured stay fast
locals. Only variables of a `Scope` (recursive functions, local definitions) live in a cell from the start,
because a closure may see them before they are set.
"""

from __future__ import annotations

from collections.abc import Callable
from types import CodeType
from typing import Final

from rtfs_runtime.interface import Function
from rtfs_runtime.types import annotation_text
from rtfsc.backend.emitter import Emitter, Mark, Region
from rtfsc.backend.frame import Frame, Unit, Want
from rtfsc.ir.census import among, things
from rtfsc.ir.nodes import Call, Cast, Const, Effect, Expr, Fn, Global, Let, Var

_GLOBALS: Final = things(Global)


def write_body(frame: Frame, write: Callable[[], None]) -> None:
    """Write a code object's body and the handler around it.

    The handler turns native exceptions into RTFS errors and drops frames of the runtime from the traceback.
    """
    emitter = frame.emitter
    region = Region(Mark(), 0)
    emitter.region = region
    write()
    frame.flush()
    emitter.at(None)
    frame.handle(region, None, lambda: frame.translate("#fail", lambda: 0))
    frame.flush()


def write_function(frame: Frame, fn: Fn, *, link: bool = True) -> None:
    """Push a function. `link` lets an anonymous function with a hint become a stub of its model."""
    emitter = frame.emitter
    delegated = link and fn.hint is not None and fn.hint.target != "local"
    if delegated:
        emitter.callee_global("#link_fn")
        emitter.glob("#module")
        emitter.const(_contract(frame, fn).to_text())
    _write_closure(frame, fn)
    if delegated:
        emitter.call(3)


def _contract(frame: Frame, fn: Fn) -> Function:
    """Describe a function that no interface describes, as its model is told of it."""
    body: Expr = fn.body
    while isinstance(body, (Cast, Let)):
        body = body.value if isinstance(body, Cast) else body.body
    text = body.value if isinstance(body, Const) and isinstance(body.value, str) else None
    return Function(
        fn.name,
        fn.param_names,
        tuple(annotation_text(kind) for kind in fn.param_types),
        None if fn.rest is None else fn.rest.name,
        annotation_text(fn.rest_type),
        annotation_text(fn.return_type),
        fn.doc or text or "",
        fn.hint,
        int(Effect.UNKNOWN),
        text is not None,
        (),
        frame.unit.positions.line(fn.span[0]),
    )


def _write_closure(frame: Frame, fn: Fn) -> None:
    emitter = frame.emitter
    free = frame.unit.captures.free[id(fn)]
    code = _compile(frame.unit, fn, free)
    if not free:
        emitter.make_function(code, closure=False)
        return
    with frame.temps() as [own]:
        for var in free:
            if var == fn.self_var:
                _new_cell(frame)
                emitter.copy()
                emitter.store(own)
            else:
                _push_cell(frame, var)
        emitter.build_tuple(len(free))
        emitter.make_function(code, closure=True)
        if fn.self_var in free:
            emitter.copy()
            emitter.load(own)
            emitter.store_attribute("cell_contents")


def _new_cell(frame: Frame) -> None:
    frame.emitter.callee_global("#cell")
    frame.emitter.call(0)


def _push_cell(frame: Frame, var: Var) -> None:
    emitter = frame.emitter
    if var in frame.free:
        emitter.cell(frame.free[var])
    elif var in frame.cells:
        emitter.load(frame.cells[var])
    else:
        emitter.callee_global("#cell")
        emitter.load(frame.slot(var))
        emitter.call(1)


def _compile(unit: Unit, fn: Fn, free: tuple[Var, ...]) -> CodeType:
    line = unit.positions.line(fn.span[0])
    emitter = Emitter(fn.name, unit.filename, line)
    frame = Frame(unit, emitter)
    params = [*fn.params, fn.rest] if fn.rest is not None else list(fn.params)
    emitter.params = [frame.slot(var) for var in params]
    emitter.variadic = fn.rest is not None
    frame.free = {var: frame.slot(var) for var in free}
    emitter.freevars = list(frame.free.values())
    frame.recurs = any(_calls(part, fn.name) for part in among(fn.body, _GLOBALS))
    write_body(frame, lambda: _function_body(frame, fn.rest, fn.body))
    return emitter.code_with(lambda: set_classes(frame))


def _calls(node: Expr, name: str) -> bool:
    match node:
        case Call(callee=Global(name=found)):
            # a twin is named after its function
            return found.rpartition(" ")[2] == name
        case _:
            return False


def set_classes(frame: Frame) -> None:
    """Set the locals that hold the class last seen, which the body asked for."""
    for (_, _, likely), local in frame.first_classes.items():
        frame.emitter.glob(likely)
        frame.emitter.store(local)


def _function_body(frame: Frame, rest: Var | None, body: Expr) -> None:
    emitter = frame.emitter
    if rest is not None:
        emitter.callee_global("#List")
        emitter.load(frame.slot(rest))
        emitter.call(1)
        emitter.store(frame.slot(rest))
    frame.unit.write(frame, body, Want.RETURN)


def load(frame: Frame, var: Var) -> None:
    """Push a variable that is bound."""
    if var in frame.free:
        frame.emitter.deref(frame.free[var])
    elif var in frame.cells:
        frame.emitter.load_checked(frame.slot(var))
    else:
        frame.emitter.load(frame.slot(var))


def load_late(frame: Frame, var: Var) -> None:
    """Push a variable that may not be set yet: then UndefinedSymbol."""
    emitter = frame.emitter
    if var in frame.free:
        emitter.deref(frame.free[var])
        return
    emitter.callee_global("#late")
    emitter.load(frame.cells[var])
    emitter.const(var.name)
    emitter.call(2)


def open_scope(frame: Frame, variables: tuple[Var, ...]) -> None:
    """Make the cells of a scope's variables; each time the scope is entered they are new."""
    for var in variables:
        if var in frame.unit.captures.celled:
            frame.cells[var] = frame.slot(var) + "~cell"
            _new_cell(frame)
            frame.emitter.store(frame.cells[var])


def define(frame: Frame, var: Var, *, keep: bool) -> None:
    """Pop the value of a scope's variable; with `keep` it stays on the stack as well."""
    emitter = frame.emitter
    if keep:
        emitter.copy()
    if var in frame.cells:
        emitter.copy()
        emitter.load(frame.cells[var])
        emitter.store_attribute("cell_contents")
    emitter.store(frame.slot(var))
