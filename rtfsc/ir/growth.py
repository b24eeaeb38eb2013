"""Products that may grow from themselves: `(recur (* x x))` doubles the digits of x at every turn.

In: a module, and the kinds of its values. Out: the products of which at least two factors may have come from
that very product. Any other product grows by what its other factors bring, which takes a program as long as
the number gets large; those that are found here fill the memory within forty turns, so the back end bounds
them. A value is followed wherever it may go: through locals, loops, known functions, collections; what
unknown functions are given and give is thrown together.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import repeat
from typing import Final, TypeGuard

from rtfs_runtime.builtins import BUILTINS
from rtfsc.ir import kinds, nodes
from rtfsc.ir.census import among, things
from rtfsc.ir.components import components
from rtfsc.ir.kind_flow import Kinds
from rtfsc.ir.nodes import BuiltinRef, Call, Const, Expr, Fn, Global, Module, Var
from rtfsc.ir.walk import children, descendants, known_functions

# a node by its identity, a local, a global by its name
Key = int | Var | str

_PRODUCTS: Final = things("*")
_GIVEN: Final = "#given to a function that is not known"
_RESULT: Final = "#result of a function that is not known"
_RAISED: Final = "#raised"
_COLLECTIONS: Final = kinds.HOLDERS
_SIZES: Final = frozenset({"count", "length", "string-length", "index-of"})
_CALLS_FIRST: Final = ("[:fn [[:union :fn", "[:fn [:fn")
# a third of all nodes
_FROM_NOWHERE: Final = frozenset({Const, BuiltinRef})
_EACH_ALONE: Final = frozenset(
    {
        "map", "filter", "remove", "keep", "mapcat", "map-indexed", "every?", "some?", "not-any?",
        "not-every?", "take-while", "drop-while", "split-with", "group-by", "sort-by", "partition-by",
    }
)  # fmt: skip
"""Builtins that never call their function with what it gave before."""


def growing_products(module: Module, known: Kinds) -> frozenset[int]:
    """Give the identities of the calls of `*` that may grow from themselves.

    Cost: linear in the size of the module, nothing where it multiplies by constants only.
    """
    products = [
        node
        for part in module.body
        for node in among(part, _PRODUCTS)
        if _is_product(node) and known.of(node) & kinds.INT
    ]
    if not products:
        return frozenset()
    flow = _Flow(module, known)
    # what products come from, but do not lead to, is in none of their components
    roots = [id(node) for node in products if id(node) in flow.graph]
    place = {key: at for at, group in enumerate(components(flow.graph, roots)) for key in group}
    return frozenset(
        id(node)
        for node in products
        if sum(place.get(id(factor)) == place.get(id(node), -1) for factor in node.args) > 1
    )


def _is_product(node: Expr) -> TypeGuard[Call]:
    return (
        isinstance(node, Call)
        and isinstance(node.callee, BuiltinRef)
        and node.callee.name == "*"
        and sum(not isinstance(factor, Const) for factor in node.args) > 1
    )


class _Flow:
    """Where values go, as a graph."""

    def __init__(self, module: Module, known: Kinds) -> None:
        self.graph: dict[Key, list[Key]] = {_GIVEN: [], _RESULT: [], _RAISED: []}
        self._kinds = known
        self._functions = known_functions(module)
        # functions, and mentions of them, whose calls are all seen
        self._called = {id(fn) for fn in self._functions.values()}
        self._labels: dict[int, tuple[Var, ...]] = {}
        for part in module.body:
            for node in descendants(part):
                if node.__class__ not in _FROM_NOWHERE:
                    self._node(node)

    def _add(self, source: Key, target: Key) -> None:
        self.graph.setdefault(source, []).append(target)
        self.graph.setdefault(target, [])

    def _bind(self, args: Iterable[Expr], params: Iterable[Var]) -> None:
        for arg, param in zip(args, params, strict=False):
            self._add(id(arg), param)

    def _give(self, node: Expr, *parts: Expr | None) -> None:
        """Let the values of parts be a node's own, or in it, unless that can hold no integer."""
        if self._kinds.of(node) & (kinds.INT | _COLLECTIONS):
            for part in parts:
                if part is not None:
                    self._add(id(part), id(node))

    def _node(self, node: Expr) -> None:
        match node:
            case nodes.Local(var=var) | nodes.Late(var=var):
                self._add(var, id(node))
            case Call():
                self._call(node)
            case nodes.Let(var=var, init=init, body=body):
                self._add(id(init), var)
                self._give(node, body)
            case nodes.If(then=then, orelse=orelse):
                self._give(node, then, orelse)
            case nodes.Do(items=items):
                self._give(node, items[-1])
            case nodes.Define(var=var, value=value):
                self._add(id(value), var)
                self._give(node, value)
            case nodes.Blocks() | nodes.Jump() | nodes.Fold() | nodes.ForEach():
                self._loop(node)
            case Global() | nodes.DefGlobal() | Fn():
                self._definition(node)
            case nodes.Try(body=body, var=caught, handler=handler):
                self._give(node, body, handler)
                if caught is not None:
                    self._add(_RAISED, caught)
            case nodes.Raise(value=value):
                self._add(id(value), _RAISED)
            case _:
                self._give(node, *children(node))

    def _loop(self, node: nodes.Blocks | nodes.Jump | nodes.Fold | nodes.ForEach) -> None:
        match node:
            case nodes.Blocks(args=args, blocks=blocks):
                self._labels.update((block.label, block.params) for block in blocks)
                self._bind(args, blocks[0].params)
                self._give(node, *(block.body for block in blocks))
            case nodes.Jump(label=label, args=args):
                self._bind(args, self._labels[label])
            case nodes.Fold(label=label, params=params, args=args, var=var, items=items):
                self._labels[label] = params
                self._bind((*args, items), (*params, var))
                self._give(node, node.body, node.done)
            case nodes.ForEach(var=var, items=items, body=body):
                self._add(id(items), var)
                self._give(node, body)

    def _definition(self, node: Global | nodes.DefGlobal | Fn) -> None:
        match node:
            case nodes.DefGlobal(name=name, value=value):
                self._add(id(value), name)
                self._give(node, value)
            case Global(name=name):
                self._add(name, id(node))
                fn = self._functions.get(name)
                if fn is not None and id(node) not in self._called:
                    self._anybody_calls(fn)
            case Fn():
                if id(node) not in self._called:
                    self._anybody_calls(node)

    def _anybody_calls(self, fn: Fn) -> None:
        for param in _params(fn):
            self._add(_GIVEN, param)
        self._add(id(fn.body), _RESULT)

    def _call(self, node: Call) -> None:
        callee, args = node.callee, node.args
        fn = self._functions.get(callee.name) if isinstance(callee, Global) else None
        if fn is not None:
            self._called.add(id(callee))
            self._bind(args, fn.params)
            if fn.rest is not None:
                self._bind(args[len(fn.params) :], repeat(fn.rest))
            self._give(node, fn.body)
            return
        if isinstance(callee, BuiltinRef):
            self._builtin(node, callee.name)
            return
        # a constant is a keyword
        if not isinstance(callee, Const):
            self._unknown(node, args)
        self._give(node, *args)

    def _builtin(self, node: Call, name: str) -> None:
        args = node.args
        name, kind = BUILTINS[name].name, BUILTINS[name].type
        if name == "mod":
            # the remainder is below the divisor
            self._give(node, *args[1:])
            return
        if name not in _SIZES:
            self._give(node, *args)
        if kind.startswith(_CALLS_FIRST) and not kind.endswith(":fn]"):
            self._callback(node, args[0], args[1:], again=name not in _EACH_ALONE)
        elif ":fn" in kind[4:]:
            self._unknown(node, args)

    def _callback(self, node: Call, callback: Expr, others: tuple[Expr, ...], *, again: bool) -> None:
        """Let a builtin call a function with its other arguments, and with what it gave `again`."""
        fn = self._functions.get(callback.name) if isinstance(callback, Global) else callback
        if isinstance(fn, Fn):
            self._called.add(id(callback))
            for param in _params(fn):
                for source in (*others, fn.body) if again else others:
                    self._add(id(source), param)
            self._add(id(fn.body), id(node))
        elif not isinstance(fn, (BuiltinRef, Const)):
            self._unknown(node, others)

    def _unknown(self, node: Call, args: tuple[Expr, ...]) -> None:
        for arg in args:
            self._add(id(arg), _GIVEN)
        self._add(_RESULT, id(node))


def _params(fn: Fn) -> tuple[Var, ...]:
    return fn.params if fn.rest is None else (*fn.params, fn.rest)
