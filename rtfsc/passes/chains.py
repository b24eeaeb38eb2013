"""Chains of calls that become one loop, and the pieces of such loops.

In: calls of `map filter remove …`, taken apart. Out: what a loop runs through, its jumps, its counter, and
the chain as it was. Which chains become loops is for `fuse_loops` to say.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final, NamedTuple

from rtfsc.ir.nodes import (
    BuiltinRef,
    Call,
    Const,
    Expr,
    Fn,
    Fold,
    Jump,
    Let,
    Local,
    Map,
    Op,
    Var,
    Vector,
)
from rtfsc.ir.walk import children, map_children
from rtfsc.source import Span

_TAKES_TEXT: Final = frozenset(
    {"map", "keep", "mapcat", "reduce", "every?", "some?", "not-any?", "map-indexed"}
)


class Stage(NamedTuple):
    """One call of a chain: the function it applies, None for `count` and `into`."""

    name: str
    function: Expr | None
    call: Call


class Chain(NamedTuple):
    """A chain from its source to its end; `initial` is that of `reduce`."""

    source: Expr
    stages: tuple[Stage, ...]
    initial: Expr | None


class Loop(NamedTuple):
    """Where a body goes on: the label and parameters of the loop that it stands in."""

    label: int
    params: tuple[Var, ...]


class End(NamedTuple):
    """What the end of a chain does with an element; whether functions are copied; the buffer it fills, and
    what counts the elements, if anything does."""

    finish: Callable[[Expr, Loop], Expr]
    copy: bool
    buffer: Var | None
    counter: Var | None


def gives_entries(stage: Stage) -> bool:
    """Tell whether a stage is a `map` to vectors of two, written out."""
    if stage.name != "map" or not isinstance(stage.function, Fn):
        return False
    body = stage.function.body
    while isinstance(body, Let):
        body = body.body
    return isinstance(body, Vector) and len(body.items) == 2


def elements(chain: Chain, source: Expr) -> Op:
    """Give the elements of the source of a chain, which its first stage may refuse."""
    first = chain.stages[0]
    name = "items" if first.name in _TAKES_TEXT else "vector_items"
    return Op(name, (source, Const(first.name, span=source.span)), span=first.call.span)


def is_literal(node: Expr) -> bool:
    """Tell whether an expression is a literal that may as well be written twice."""
    return isinstance(node, (Vector, Map)) and all(
        isinstance(part, (Const, Local)) for part in children(node)
    )


def bounds_of(node: Expr) -> tuple[Expr, ...] | None:
    """Give the arguments of a call of `range`."""
    match node:
        case Call(callee=BuiltinRef(name="range"), args=args) if 1 <= len(args) <= 3:
            return args
        case _:
            return None


def counting(loop: Fold, index: Var) -> Fold:
    """Let a loop, whose jumps hand a counter on as their last argument, count."""

    def counted(node: Expr) -> Expr:
        if isinstance(node, Jump) and node.label == loop.label:
            *others, last = node.args
            more = Call(BuiltinRef("+", span=node.span), (last, Const(1, span=node.span)), span=node.span)
            return replace(node, args=(*others, more))
        return map_children(node, counted)

    start = Const(0, span=loop.span)
    return replace(loop, params=(*loop.params, index), args=(*loop.args, start), body=counted(loop.body))


def go_next(loop: Loop, span: Span) -> Jump:
    """Make the jump to the next element, which hands on what the loop has."""
    return Jump(loop.label, tuple([Local(var, span=span) for var in loop.params]), span=span)


def plain_chain(stages: tuple[Stage, ...], source: Expr, initial: Expr | None) -> Expr:
    """Write the chain as it was, over a source that was evaluated."""
    for stage in stages:
        args = (*stage.call.args[:-1], source)
        if stage.name == "reduce" and initial is not None:
            args = (args[0], initial, source)
        source = replace(stage.call, args=args)
    return source
