"""Checks at run time that cost nothing because inference proves that they pass.

Before: every annotation is a `Cast`. After: those that surely pass are marked as proven, and no code is
written for them; one around what a function gives is gone, so that calls in its place are tail calls. A check
of a parameter of a global function is never proven: anybody may call it.
    (fn f [n :int] :int (let [y :int (+ n 1)] (g y)))  =>  y's cast is proven, the one around (g y) gone when
    g gives integers
"""

from __future__ import annotations

from dataclasses import replace

from rtfsc.check.infer import Types
from rtfsc.ir.nodes import RETURN_PREFIX, Cast, DefModule, Expr, Module
from rtfsc.ir.walk import map_children


def without_proven_checks(module: Module, types: Types) -> Module:
    """Mark or drop the checks of a module, and of those written inside, that surely pass."""
    if not types.proves_any():
        return module

    def change(node: Expr) -> Expr:
        if isinstance(node, DefModule):
            inner = without_proven_checks(node.module, types)
            return node if inner is node.module else replace(node, module=inner)
        done = map_children(node, change)
        if not isinstance(node, Cast) or not types.proves(node):
            return done
        assert isinstance(done, Cast)
        return done.value if node.prefix == RETURN_PREFIX else replace(done, proven=True)

    body = tuple([change(node) for node in module.body])
    if all(new is old for new, old in zip(body, module.body, strict=True)):
        return module
    return replace(module, body=body)
