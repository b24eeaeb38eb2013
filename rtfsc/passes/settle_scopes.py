"""Make scopes lets where nothing in them is needed before it is defined.

Before: local functions are variables of a `Scope`, which live in cells, for they may see each other. After:
a scope whose variables are all defined first, each from earlier ones only, is a chain of `Let`s.
    (scope [f] (do (define f (fn f [x] x)) (f 1)))  =>  (let f (fn f [x] x) (f 1))
"""

from __future__ import annotations

from dataclasses import replace

from rtfsc.ir.nodes import Const, Define, DefModule, Do, Expr, Late, Let, Local, Module, Scope, Var
from rtfsc.ir.walk import descendants, free_vars, map_children
from rtfsc.options import Options


def run(module: Module, options: Options) -> Module:
    """Settle the scopes of every form."""
    body = tuple([_rewrite(node, options) for node in module.body])
    if all(new is old for new, old in zip(body, module.body, strict=True)):
        return module
    return replace(module, body=body)


def _rewrite(node: Expr, options: Options) -> Expr:
    def below(child: Expr) -> Expr:
        return _rewrite(child, options)

    node = map_children(node, below)
    if isinstance(node, DefModule):
        inner = run(node.module, options)
        return node if inner is node.module else replace(node, module=inner)
    return _settled(node) if isinstance(node, Scope) else node


def _settled(scope: Scope) -> Expr:
    body = _let(scope.body, set(scope.vars))
    return scope if body is None else _bound(body, set(scope.vars))


def _let(node: Expr, open_: set[Var]) -> Expr | None:
    """Make lets of the definitions that a body begins with; None when a variable stays open, or is needed
    before it is defined."""
    if not open_:
        return node
    match node:
        case Define(var=var, value=value) if var in open_:
            node = Do((node, Local(var, span=node.span)), span=node.span)
            return _let(node, open_)
        case Do(items=[Define(var=var, value=value), *rest]) if var in open_:
            if not open_.isdisjoint(free_vars(value)):
                return None
            following = rest[0] if len(rest) == 1 else Do(tuple(rest), span=node.span)
            body = _let(following, open_ - {var})
            # a variable may be defined again: only one definition can be a let
            if body is None or var in _defined(body):
                return None
            return Let(var, value, body, span=node.span)
        case Let(init=init, body=inner) if open_.isdisjoint(free_vars(init)):
            body = _let(inner, open_)
            return None if body is None else replace(node, body=body)
        case _:
            return None


def _defined(node: Expr) -> set[Var]:
    return {part.var for part in descendants(node) if isinstance(part, Define)}


def _bound(node: Expr, known: set[Var]) -> Expr:
    """Say that variables are bound where that was not sure."""
    if isinstance(node, Late) and node.var in known:
        return Local(node.var, span=node.span)
    if isinstance(node, Const):
        return node
    return map_children(node, lambda child: _bound(child, known))
