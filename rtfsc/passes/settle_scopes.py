"""Make scopes lets where nothing in them is needed before it is defined.

Before: local functions are variables of a `Scope`, which live in cells, for they may see each other. After:
a scope whose variables are all defined first, each from earlier ones only, is a chain of `Let`s.
    (scope [f] (do (define f (fn f [x] x)) (f 1)))  =>  (let f (fn f [x] x) (f 1))
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Final

from rtfsc.ir.census import occurs, things
from rtfsc.ir.nodes import Define, Do, Expr, Late, Let, Local, Module, Scope, Var
from rtfsc.ir.walk import descendants, free_vars, map_children, with_forms
from rtfsc.options import Options

_SCOPES: Final = things(Scope)


def run(module: Module, options: Options) -> Module:
    """Settle the scopes of every form."""
    forms = [_Settler(node).form for node in module.body]
    return with_forms(module, forms, lambda inner: run(inner, options))


class _Settler:
    """Scopes of one form; what is known of all of them is collected and applied in one walk, since scopes
    may be nested as deep as the form is long."""

    def __init__(self, form: Expr) -> None:
        self.form = form
        if not occurs(form) & _SCOPES:
            return
        # a variable may be defined again: only one definition can be a let
        self._definitions = Counter(part.var for part in descendants(form) if isinstance(part, Define))
        self._settled: set[Var] = set()
        form = self._rewrite(form)
        self.form = self._bound(form) if self._settled else form

    def _rewrite(self, node: Expr) -> Expr:
        if not occurs(node) & _SCOPES:
            return node
        node = map_children(node, self._rewrite)
        if not isinstance(node, Scope):
            return node
        body = self._let(node.body, set(node.vars))
        if body is None:
            return node
        self._settled.update(node.vars)
        return body

    def _let(self, node: Expr, open_: set[Var]) -> Expr | None:
        """Make lets of the definitions that a body begins with; None when a variable stays open, or is needed
        before it is defined."""
        if not open_:
            return node
        match node:
            case Define(var=var) if var in open_:
                return self._let(Do((node, Local(var, span=node.span)), span=node.span), open_)
            case Do(items=[Define(var=var, value=value), *rest]) if var in open_:
                if self._definitions[var] > 1 or not open_.isdisjoint(free_vars(value)):
                    return None
                following = rest[0] if len(rest) == 1 else Do(tuple(rest), span=node.span)
                body = self._let(following, open_ - {var})
                return None if body is None else Let(var, value, body, span=node.span)
            case Let(init=init, body=inner) if open_.isdisjoint(free_vars(init)):
                body = self._let(inner, open_)
                return None if body is None else replace(node, body=body)
            case _:
                return None

    def _bound(self, node: Expr) -> Expr:
        """Say that variables are bound where that was not sure."""
        if isinstance(node, Late):
            return Local(node.var, span=node.span) if node.var in self._settled else node
        return map_children(node, self._bound)
