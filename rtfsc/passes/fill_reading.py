"""How what reads a collection, that a loop fills in place, is rewritten.

In: an expression, and the variable that holds the collection. Out: the same, reading what is being filled;
or `NoWay`, when something would keep it or see a later change.
"""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import replace
from typing import Final

from rtfs_runtime.values import Keyword
from rtfsc.ir.nodes import BuiltinRef, Call, Const, Expr, Fn, Global, Late, Let, Local, Op, Try, Var
from rtfsc.ir.walk import descendants, free_vars, map_children, uses
from rtfsc.passes.fill_twins import Bound, NoWay, Twins, renamed
from rtfsc.passes.fill_ways import DICT, LIST, SET, name_of

_READS: Final = {
    LIST: frozenset(
        {"count", "nth", "first", "last", "empty?", "get", "seq_at", "seq_exact", "seq_least", "seq_size"}
    ),
    DICT: frozenset({"count", "get", "contains?", "empty?", "keys", "vals", "entries", "get-in"}),
    SET: frozenset({"count", "contains?", "empty?"}),
}


# reads that cannot fail, whatever else they are given
_SAFE: Final = {
    LIST: frozenset({"count", "first", "last", "empty?"}),
    DICT: frozenset({"count", "contains?", "empty?"}),
    SET: _READS[SET],
}


class Reader:
    """Rewrites what only looks at the collection of one loop."""

    def __init__(self, way: str, twins: Twins) -> None:
        self.way = way
        self._twins = twins
        self._reads = _READS[way]

    def sees(self, node: Expr, var: Var) -> bool:
        """Tell whether an expression uses the collection."""
        return uses(node, var)

    def bound(self, node: Let, var: Var) -> Expr:
        """Rewrite what a binding binds that only looks at the collection."""
        return self.read(node.init, var)

    def read(self, node: Expr, var: Var) -> Expr:
        """Check that an expression only looks at the collection."""
        if not self.sees(node, var):
            return node
        match node:
            case Call(callee=BuiltinRef(), args=[Local(var=found), *others]) if found == var:
                if name_of(node) not in self._reads:
                    raise NoWay
                args = (node.args[0], *[self.read(other, var) for other in others])
                if self.way == SET and name_of(node) == "contains?":
                    return Op("set_has", args, span=node.span)
                return replace(node, args=args)
            case Call(callee=Const(value=Keyword()), args=[Local(var=found), *others]) if found == var:
                if self.way != DICT:
                    raise NoWay
                return replace(node, args=(node.args[0], *[self.read(other, var) for other in others]))
            case Op(name="old_value" | "path_value", args=[Local(var=found), key]) if found == var:
                if self.way == SET:
                    raise NoWay
                return replace(node, args=(node.args[0], self.read(key, var)))
            case Op(name=name, args=[Local(var=found), Const()]) if found == var and name in self._reads:
                return node
            case Op(name="map_get" | "map_has", args=[Local(var=found), Const()]) if found == var:
                if self.way != DICT:
                    raise NoWay
                return node
            case Try(handler=Call(callee=Global(), args=args) as call, final=None) if call.span == node.span:
                # it fails as what was put here has failed, so that what it is given is a value is enough
                args = tuple([self.given_up(arg, var) for arg in args])
                return replace(node, body=self.read(node.body, var), handler=replace(call, args=args))
            case Call(callee=Global(), site=None):
                return self.looked_at(node, var)
            case Local() | Late() | Fn():
                raise NoWay
            case _:
                return map_children(node, lambda child: self.read(child, var))

    def after(self, nodes: Sequence[Expr], var: Var, bound: Bound) -> list[Expr]:
        """Rewrite what is evaluated after a change but looks at the collection as it was: that is bound to be
        read before, where it cannot fail."""
        made: list[Expr] = []
        for node in nodes:
            if self.sees(node, var):
                free = set(free_vars(node))
                node = self._read_before(node, (var, free), bound)
                if self.sees(node, var):
                    raise NoWay
            made.append(node)
        return made

    def _read_before(self, node: Expr, known: tuple[Var, Set[Var]], bound: Bound) -> Expr:
        var, free = known
        match node:
            case Call(callee=BuiltinRef(), args=[Local(var=found), *others]) if (
                found == var and name_of(node) in _SAFE[self.way]
            ):
                if not all(
                    isinstance(each, Const) or (isinstance(each, Local) and each.var in free)
                    for each in others
                ):
                    raise NoWay
                local = Local(self._twins.copier.var("before"), span=node.span)
                bound.append((local.var, self.read(node, var)))
                return local
            case _:
                return map_children(node, lambda child: self._read_before(child, known, bound))

    def looked_at(self, node: Call, var: Var) -> Expr:
        """Rewrite the call of a function that may look at the collection, but does not keep it."""
        assert isinstance(node.callee, Global)
        name, callee, args = node.callee.name, node.callee, list(node.args)
        for at, arg in enumerate(args):
            if not (isinstance(arg, Local) and arg.var == var):
                args[at] = self.read(arg, var)
            elif self.way == DICT:
                if not self._twins.looks.only(name, at, len(args)):
                    raise NoWay
            elif callee is node.callee:
                # what looks at a vector or a set is written for that
                callee = replace(callee, name=self.looking(name, at, len(args)))
            else:
                raise NoWay
        return replace(node, callee=callee, args=tuple(args))

    def looking(self, name: str, at: int, count: int) -> str:
        """Name the twin of a function that looks at the collection."""
        raise NotImplementedError

    def given_up(self, node: Expr, var: Var) -> Expr:
        """Rewrite an argument of a call after which the collection is not used again."""
        if isinstance(node, Local) and node.var == var:
            return self.whole(node)
        return self.read(node, var)

    def whole(self, node: Expr) -> Expr:
        """Make a value of the collection."""
        if self.way == DICT:
            return node
        return Op("list_tuple" if self.way == LIST else "set_from", (node,), span=node.span)

    def leave(self, node: Expr, var: Var) -> Expr:
        """Rewrite the end of the outermost loop: there the collection is a value again."""
        if not self.sees(node, var):
            return node
        if any(isinstance(part, Fn) and uses(part, var) for part in descendants(node)):
            # a function that is made at the end captures the value
            value = Local(self._twins.copier.var(var.name), span=node.span)
            body = self.leave(renamed(node, var, value.var), var)
            return Let(value.var, self.whole(Local(var, span=node.span)), body, span=node.span)
        match node:
            case Local():
                return self.whole(node)
            case Fn() | Late():
                raise NoWay
            case Call(callee=BuiltinRef(), args=[Local(var=found), *others]) if (
                found == var and name_of(node) in self._reads and self.way == LIST
            ):
                return replace(node, args=(node.args[0], *(self.leave(other, var) for other in others)))
            case _:
                return map_children(node, lambda child: self.leave(child, var))
