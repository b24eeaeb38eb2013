"""Make each branch of `parallel` and `step-parallel` a function of its own, so that the runtime can run
branches that wait side by side.

Before: branches stand in `Parallel` nodes. After: `Parallel` nodes are left only where no branch can do
anything but compute; the others are `Op`s, whose operands are the names and one function of no arguments
for each branch.
    (parallel [a (ask 1)] [b 2])  =>  op parallel '["a" "b"] (fn [] (ask 1)) (fn [] 2)
"""

from __future__ import annotations

from typing import Final

from rtfs_runtime.abi import ABI
from rtfs_runtime.builtins import BUILTINS
from rtfs_runtime.values import Keyword
from rtfsc.ir.census import occurs, things
from rtfsc.ir.nodes import (
    BuiltinRef,
    Call,
    Const,
    DefGlobal,
    DefModule,
    Expr,
    Fn,
    Global,
    Import,
    Late,
    Module,
    Op,
    Parallel,
)
from rtfsc.ir.walk import descendants, map_children, with_forms
from rtfsc.options import Options

_BRANCHES: Final = things(Parallel)


def run(module: Module, options: Options) -> Module:
    """Make branches functions."""
    return with_forms(module, map(_rewrite, module.body), lambda inner: run(inner, options))


def _rewrite(node: Expr) -> Expr:
    if not occurs(node) & _BRANCHES:
        return node
    node = map_children(node, _rewrite)
    if not isinstance(node, Parallel) or all(map(_only_computes, node.branches)):
        return node
    names = node.names or tuple(str(place) for place in range(1, len(node.branches) + 1))
    branches = tuple(
        Fn(name, (), None, branch, span=branch.span)
        for name, branch in zip(names, node.branches, strict=True)
    )
    return Op("parallel", (Const(node.names, span=node.span), *branches), span=node.span)


def _only_computes(branch: Expr) -> bool:
    """Tell whether a branch surely has no effect: it calls nothing but builtins that can call nothing."""
    return all(map(_is_quiet, descendants(branch)))


def _is_quiet(node: Expr) -> bool:
    match node:
        case Global() | Late() | DefGlobal() | DefModule() | Import():
            return False
        case Op(name=name):
            return "#" + name in ABI
        case Call(callee=BuiltinRef(name=name)):
            row = BUILTINS[name]
            return row.effect == "pure" and ":any" not in row.type and row.type.count(":fn") == 1
        case Call(callee=callee):
            return isinstance(callee, Const) and isinstance(callee.value, Keyword)
        case _:
            return True
