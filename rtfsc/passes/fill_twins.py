"""Twins of functions that take a collection, fill it in place, and give it back.

In: the known functions of a module, and a rewriter of what fills. Out: the twins, made when they are asked
for; `NoWay`, when something would see the difference. A twin may give the collection as one part of a vector:
a function of several results.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final, Protocol

from rtfs_runtime.types import ANY
from rtfsc.ir.nodes import BuiltinRef, Call, Const, Expr, Fn, Global, If, Late, Let, Local, Op, Var, Vector
from rtfsc.ir.walk import children, map_children
from rtfsc.passes.copying import Copier
from rtfsc.passes.looking import Looks


class NoWay(Exception):
    """The collection is used in a way that sees the difference."""


Part = tuple[int, int]
"""The place of the collection in a vector, and the size of that."""
_Key = tuple[str, int, int, Part | None]
"""How a twin fills: the name of its rewriter, the place of the collection among the arguments, how many there
are, and where in its result the collection stands."""
Where = tuple[Var, int, dict[int, int]]
"""The variable that holds the collection here, its place among the parameters of the innermost loop, and for
each loop that carries it, by label, its place there."""
Leaf = Callable[[Expr, Var], Expr]
"""Rewrites what stands at the end."""
LOOKS: Final[Part] = (-1, 0)
"""Stands for a part where a twin only looks at the collection, and gives what the function gives."""
_PLACES: Final = {"first": 0, "second": 1}
_MOST_PARTS: Final = 8


class _Rewriter(Protocol):
    way: str
    owned: Var | None
    changes: int

    def like(self, owned: Var | None) -> _Rewriter: ...
    def tail(self, node: Expr, where: Where, leaf: Leaf) -> Expr: ...
    def change(self, node: Expr, var: Var) -> Expr: ...
    def part_of(self, part: Part) -> Leaf: ...
    def read(self, node: Expr, var: Var) -> Expr: ...


class Twins:
    """The twins of one module."""

    def __init__(self, functions: Mapping[str, Fn], copier: Copier) -> None:
        self._functions = functions
        self.copier = copier
        self.made: dict[str, dict[str, Fn]] = {}
        self.refused: set[tuple[str, _Key]] = set()
        self.looks = Looks(functions)

    def twin(self, name: str, key: _Key, caller: _Rewriter) -> str:
        """Name the twin of a function, making it when it is asked for first."""
        way, at, count, part = key
        fn = self._functions.get(name)
        made = self.made.setdefault(name, {})
        called = f"#{way} {at} {_text(part)}{name}"
        if called in made:
            return called
        if fn is None or fn.rest is not None or len(fn.params) != count or (name, key) in self.refused:
            raise NoWay
        # calls of itself find it
        made[called] = fn
        params, body = self.copier.copy_block(fn.params, fn.body)
        taken = self.copier.var(params[at].name)
        owned = None if caller.owned is None else self.copier.var("owned")
        rewriter = caller.like(owned)
        try:
            if part == LOOKS:
                body = rewriter.read(body, params[at])
            else:
                leaf = rewriter.change if part is None else rewriter.part_of(part)
                body = rewriter.tail(body, (params[at], -1, {}), leaf)
                if not rewriter.changes:
                    raise NoWay
        except NoWay:
            # twins made meanwhile that call it must go, too
            self.refused.add((name, key))
            self.made.clear()
            raise
        local = Op(f"{caller.way}_taken", (Local(taken, span=fn.span),), span=fn.span)
        body = Let(params[at], local, body, span=fn.body.span)
        params = (*params[:at], taken, *params[at + 1 :])
        names, types = fn.param_names, fn.param_types
        if owned is not None:
            params, names, types = (owned, *params), (owned.name, *names), (ANY, *types)
        made[called] = replace(
            fn, params=params, param_names=names, param_types=types, body=body, trusted=True
        )
        return called

    def parts(self, name: str, node: Let) -> list[Part]:
        """List what a binding takes from the vector that a function gives; nothing where it keeps that."""
        fn = self._functions.get(name)
        size = None if fn is None else _size(fn.body)
        if size is None or (isinstance(node.init, Op) and _count(node.init) != size):
            return []
        taken: set[int] = set()
        if not _takes_parts(node.body, node.var, taken) or not all(at < size for at in taken):
            return []
        return [(at, size) for at in sorted(taken)]


def _text(part: Part | None) -> str:
    return "" if part is None else "looks " if part == LOOKS else f"part {part[0]} of {part[1]} "


def _size(body: Expr) -> int | None:
    """Give the size of the vector that stands first among the ends of a function."""
    todo = [body]
    while todo:
        match todo.pop():
            case Vector(items=items):
                return len(items) if 0 < len(items) <= _MOST_PARTS else None
            case Let(body=body):
                todo.append(body)
            case If(then=then, orelse=orelse):
                todo += (orelse, then)
    return None


def _count(node: Op) -> object:
    count = node.args[1]
    return count.value if isinstance(count, Const) else None


def _place(node: Expr, var: Var) -> int | None:
    """Give the place of the item that an expression takes from what a variable holds."""
    match node:
        case Op(name="seq_at", args=[Local(var=found), Const(value=int() as at)]) if found == var:
            return at
        case Call(callee=BuiltinRef(name="nth"), args=[Local(var=found), Const(value=int() as at)]) if (
            found == var and at.__class__ is int and at >= 0
        ):
            return at
        case Call(callee=BuiltinRef(name=name), args=[Local(var=found)]) if found == var:
            return _PLACES.get(name)
        case _:
            return None


Bound = list[tuple[Var, Expr]]
"""Variables and what they stand for, in the order of evaluation."""


def call_taken_from(node: Expr) -> Call | None:
    """Give the call of a function from whose result an expression takes an item."""
    match node:
        case Op(name="seq_at", args=[inner, _]) | Call(callee=BuiltinRef(), args=[inner, *_]):
            pass
        case _:
            return None
    if isinstance(inner, Op) and inner.name == "seq_exact":
        inner = inner.args[0]
    match inner:
        case Call(callee=Global(), site=None):
            return inner
        case _:
            return None


def named(node: Expr, result: Local) -> Let:
    """Bind what an expression takes an item from."""
    assert isinstance(node, (Op, Call))
    item = replace(node, args=(result, *node.args[1:]))
    return Let(result.var, node.args[0], item, span=node.span)


def _takes_parts(node: Expr, var: Var, taken: set[int]) -> bool:
    """Tell whether a variable serves only to take items, which are noted."""
    at = _place(node, var)
    if at is not None:
        taken.add(at)
        return True
    if isinstance(node, (Local, Late)):
        return node.var != var
    # a loop, not a generator: 3.12 counts those, and expressions may nest to any depth
    for child in children(node):  # noqa: SIM110
        if not _takes_parts(child, var, taken):
            return False
    return True


def with_part(node: Expr, var: Var, at: int, taken: Var) -> Expr:
    """Read a variable where an item is taken from another."""
    if _place(node, var) == at:
        return Local(taken, span=node.span)
    return map_children(node, lambda child: with_part(child, var, at, taken))


def renamed(node: Expr, var: Var, new: Var) -> Expr:
    """Read another variable."""
    if isinstance(node, Local):
        return replace(node, var=new) if node.var == var else node
    return map_children(node, lambda child: renamed(child, var, new))


def with_old(node: Expr, where: tuple[Var, Local | Const], old: Local) -> Expr:
    """Put a variable where the item at some place of a vector is read."""
    var, key = where
    match node:
        case Call(callee=BuiltinRef(name="nth"), args=[Local(var=found), at]) if found == var:
            same = (
                at.var == key.var
                if isinstance(at, Local) and isinstance(key, Local)
                else isinstance(at, Const) and isinstance(key, Const) and at.value == key.value
            )
            return old if same else node
        case _:
            return map_children(node, lambda child: with_old(child, where, old))
