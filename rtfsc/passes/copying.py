"""Copies of IR with variables and labels of their own.

In: an expression and the next free number. Out: an equal expression in which everything bound inside has a
new number, as the rule that numbers are unique in a module asks of a pass that duplicates code.
"""

from __future__ import annotations

from dataclasses import replace

from rtfsc.ir.nodes import (
    Block,
    Blocks,
    Define,
    Expr,
    Fn,
    Fold,
    ForEach,
    Jump,
    Late,
    Let,
    Local,
    Scope,
    Try,
    Var,
)
from rtfsc.ir.walk import Fresh, map_children


class Copier(Fresh):
    """Copies, with numbers from `next_id` on."""

    def copy_block(self, params: tuple[Var, ...], body: Expr) -> tuple[tuple[Var, ...], Expr]:
        """Copy parameters and the body that uses them."""
        names = {var: self.var(var.name) for var in params}
        return tuple([names[var] for var in params]), self._copy(body, names, {})

    def _copy(self, node: Expr, names: dict[Var, Var], labels: dict[int, int]) -> Expr:
        def below(child: Expr) -> Expr:
            made = self._copy(child, names, labels)
            # nothing is counted twice
            made.census, made.size = child.census, child.size  # type: ignore[misc]
            return made

        def bind(var: Var) -> Var:
            names[var] = new = self.var(var.name)
            return new

        # a number is bound once, so one table serves the whole copy
        match node:
            case Local(var=var) | Late(var=var):
                # a new node even when the variable stays: a `Local` stands in one place
                return node.__class__(names.get(var, var), span=node.span)
            case Let(var=var, init=init, body=body):
                return Let(bind(var), below(init), below(body), span=node.span)
            case ForEach(var=var):
                return map_children(replace(node, var=bind(var)), below)
            case Scope(vars=variables):
                return map_children(replace(node, vars=tuple([bind(var) for var in variables])), below)
            case Define(var=var):
                return map_children(replace(node, var=names.get(var, var)), below)
            case Try(var=Var() as var):
                return map_children(replace(node, var=bind(var)), below)
            case Fn():
                own = bind(node.self_var) if node.self_var is not None else None
                params = tuple([bind(var) for var in node.params])
                rest = bind(node.rest) if node.rest is not None else None
                return map_children(replace(node, self_var=own, params=params, rest=rest), below)
            case Blocks(args=args, blocks=blocks):
                for block in blocks:
                    labels[block.label] = self.number()
                copied = tuple(
                    [
                        Block(labels[b.label], tuple([bind(var) for var in b.params]), below(b.body))
                        for b in blocks
                    ]
                )
                return replace(node, args=tuple([below(arg) for arg in args]), blocks=copied)
            case Fold(label=label, var=var, params=params):
                labels[label] = self.number()
                bound = replace(
                    node, label=labels[label], var=bind(var), params=tuple([bind(param) for param in params])
                )
                return map_children(bound, below)
            case Jump(label=label):
                return map_children(replace(node, label=labels.get(label, label)), below)
            case _:
                return map_children(node, below)
