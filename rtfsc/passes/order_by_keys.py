"""Compute the keys by which elements are ordered, or grouped, in a loop of the program's own.

Before: any IR. After: `sort-by`, `group-by` and `partition-by` with a function that can be written at the
place are a `map` and an operation on what it gave; `sort` by a function that compares one and the same of
both elements sorts by that.
    (sort-by (fn [r] (- (:n r))) rows)
    =>  (let s rows (op sorted_by (map (fn [r] (- (:n r))) (op items s "sort-by")) s))
    (sort (fn [a b] (> (:n a) (:n b))) rows)
    =>  (let s rows (let r (try (op sorted_as (map :n s) s ">") (catch e nil)) (if (nil? r) (sort … s) r)))

The language says in which order the elements are compared, as far as a function that compares may fail, or
give an answer that makes no order: `sorted_as` gives nil unless all keys are numbers, none of them NaN, or
all are strings. Then, and when a key fails, the elements are sorted as was written, so the function must be
pure.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from rtfs_runtime.builtins import BUILTINS
from rtfs_runtime.values import Keyword
from rtfsc.ir.census import occurs, things
from rtfsc.ir.combinators import is_plain
from rtfsc.ir.nodes import (
    BuiltinRef,
    Call,
    Const,
    DefGlobal,
    Expr,
    Fn,
    Global,
    If,
    Let,
    Local,
    Map,
    Module,
    Op,
    Try,
    Var,
)
from rtfsc.ir.purity import Purity
from rtfsc.ir.walk import again, alike, free_vars, known_functions, map_children, with_forms
from rtfsc.options import Options
from rtfsc.passes.copying import Copier
from rtfsc.source import Span

_BY_KEYS: Final = {"sort-by": "sorted_by", "group-by": "grouped_by", "partition-by": "parted_by"}
_ORDERING: Final = things("sort", *_BY_KEYS)
_ORDERS: Final = {"<": ("<", ">"), ">": (">", "<"), "compare": ("<", ">"), "-": ("-", "~")}
"""What a comparison of the keys of two elements sorts by, and what it does with the elements exchanged."""


def run(module: Module, options: Options) -> Module:
    """Rewrite the calls of every form."""
    orderer = _Orderer(module)
    forms = [orderer.top(at, node) for at, node in enumerate(module.body)]
    return with_forms(module, forms, lambda inner: run(inner, options), orderer.copier.next_id)


class _Orderer:
    def __init__(self, module: Module) -> None:
        self.copier = Copier(module.next_id)
        self._functions = known_functions(module)
        self._places = {node.name: at for at, node in enumerate(module.body) if isinstance(node, DefGlobal)}
        self._purity = Purity(self._functions)
        self._at = 0

    def top(self, at: int, node: Expr) -> Expr:
        """Rewrite one form of the module."""
        self._at = at
        return self.rewrite(node)

    def rewrite(self, node: Expr) -> Expr:
        """Rewrite an expression from the leaves up."""
        if not occurs(node) & _ORDERING:
            return node
        node = map_children(node, self.rewrite)
        match node:
            case Call(callee=BuiltinRef(name=name), args=[function, source], site=None):
                name = BUILTINS[name].name
                if name in _BY_KEYS and (_is_written(function, 1) or self._is_known(function)):
                    return self._by_keys(name, function, source, node.span)
                if name == "sort" and isinstance(function, Fn) and _is_written(function, 2):
                    return self._sorted(node, function, source)
        return node

    def _is_known(self, function: Expr) -> bool:
        """Tell whether an expression surely gives a function of the module that takes one argument."""
        if not isinstance(function, Global) or function.name not in self._functions:
            return False
        # an earlier form could meet it undefined
        return self._functions[function.name].takes(1) and self._places[function.name] < self._at

    def _by_keys(self, name: str, function: Expr, source: Expr, span: Span) -> Expr:
        held = self.copier.var("source")
        items = Op("items", (Local(held, span=source.span), Const(name, span=span)), span=span)
        keys = Call(BuiltinRef("map", span=span), (function, items), span=span)
        made: Expr = Op(_BY_KEYS[name], (keys, Local(held, span=span)), span=span)
        if name == "group-by":
            absent = Call(BuiltinRef("nil?", span=span), (Local(held, span=span),), span=span)
            made = If(absent, Map((), (), span=span), made, span=span)
        return Let(held, source, made, span=span)

    def _sorted(self, call: Call, function: Fn, source: Expr) -> Expr:
        found = _comparison(function)
        if found is None:
            return call
        key, order = found
        if not self._purity.holds(function):
            return call
        span = call.span
        held, result, error = [self.copier.var(name) for name in ("source", "sorted", "error")]
        items: Expr = Local(held, span=span)
        keys = self._keys(key, items)
        ordered = Op("sorted_as", (keys, again(items), Const(order, span=span)), span=span)
        tried = Try(ordered, error, Const(None, span=span), None, span=span)
        absent = Call(BuiltinRef("nil?", span=span), (Local(result, span=span),), span=span)
        plain = replace(call, args=(function, again(items)))
        made = Let(result, tried, If(absent, plain, Local(result, span=span), span=span), span=span)
        return Let(held, source, made, span=span)

    def _keys(self, key: Fn, items: Expr) -> Expr:
        span = key.span
        function: Expr = key
        match key.body:
            case Local():
                return items
            case Call(callee=Const(value=Keyword()) as keyword, args=[Local()]):
                # looked up in C
                function = keyword
            case body:
                # the plain call keeps the original
                params, body = self.copier.copy_block(key.params, body)
                function = replace(key, params=params, body=body)
        return Call(BuiltinRef("map", span=span), (function, items), span=span)


def _is_written(function: Expr, count: int) -> bool:
    """Tell whether a loop may run a function at the place."""
    match function:
        case Fn(params=params):
            return len(params) == count and is_plain(function)
        case BuiltinRef(name=name):
            return BUILTINS[name].takes(count)
        case _:
            return False


def _comparison(function: Fn) -> tuple[Fn, str] | None:
    """Give the function of one element whose results a function compares, and how; None for others."""
    first, second = function.params
    sides: dict[Var, Var] = {first: first, second: second}
    bindings: list[tuple[Var, Expr]] = []
    body = function.body
    while isinstance(body, Let):
        of = _side(body.init, sides)
        if of is None:
            return None
        sides[body.var] = of
        bindings.append((body.var, body.init))
        body = body.body
    match body:
        case Call(callee=BuiltinRef(name=name), args=[left, right], site=None) if name in _ORDERS:
            straight, exchanged = _ORDERS[name]
        case _:
            return None
    one, other = _side(left, sides), _side(right, sides)
    if one is None or other is None or one == other:
        return None
    for var, init in reversed(bindings):
        if sides[var] == one:
            left = Let(var, init, left, span=init.span)
        else:
            right = Let(var, init, right, span=init.span)
    if not alike(left, right, {one: other}):
        return None
    return replace(
        function, params=(one,), param_names=(), param_types=(), body=left
    ), straight if one == first else exchanged


def _side(node: Expr, sides: dict[Var, Var]) -> Var | None:
    """Give the parameter that an expression asks, if it is one and the other is not."""
    found = {sides.get(var) for var in free_vars(node)}
    return found.pop() if len(found) == 1 else None
