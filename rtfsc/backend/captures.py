"""Which variables closures see.

In: a module's IR. Out: `Captures`: for each function its free variables in order of first use, and the
variables of `Scope`s that need a cell because a closure or an early read may meet them before they are set.
"""

from __future__ import annotations

from typing import Final

from rtfsc.ir.nodes import BuiltinRef, Const, Expr, Fn, Global, Late, Local, Module, Var
from rtfsc.ir.walk import BINDING, bound_vars, children

# half of all nodes
_NAMELESS: Final = frozenset({Const, BuiltinRef, Global})


class Captures:
    """`free[id(fn)]` are the free variables of a function; `celled` the variables that live in a cell of
    their own."""

    def __init__(self, module: Module) -> None:
        self.free: dict[int, tuple[Var, ...]] = {}
        self.celled: set[Var] = set()
        self.uses: dict[Var, int] = {}
        self._owner: dict[Var, int] = {}
        self._open: list[dict[Var, None]] = []
        self._open.append({})
        for node in module.body:
            self._visit(node)

    def _bind(self, *variables: Var) -> None:
        for var in variables:
            self._owner[var] = len(self._open)

    def _use(self, var: Var) -> None:
        self.uses[var] = self.uses.get(var, 0) + 1
        for level in range(self._owner[var], len(self._open)):
            self._open[level][var] = None

    def _visit(self, node: Expr) -> None:
        match node:
            case Local(var=var):
                self._use(var)
                return
            case Late(var=var):
                self._use(var)
                self.celled.add(var)
                return
            case Fn():
                self._function(node)
                return
        if node.__class__ in BINDING:
            self._bind(*bound_vars(node))
        for child in children(node):
            if child.__class__ not in _NAMELESS:
                self._visit(child)

    def _function(self, fn: Fn) -> None:
        self._open.append({})
        self._bind(*bound_vars(fn))
        if fn.self_var is not None:
            # it belongs to the enclosing level: the function captures itself through a cell
            self._owner[fn.self_var] = len(self._open) - 1
        self._visit(fn.body)
        free = self._open.pop()
        self.free[id(fn)] = tuple(free)
        self.celled.update(free)
