"""Invariants of the IR, checked after lowering and after every pass.

In: a module and the name of the stage that made it. Out: nothing, or an AssertionError that names the stage
and the node: a broken invariant is a bug of ours, never of the program. Iterative, so that it can check
whatever can be built.

1. A number is bound once: by one variable or one label.
2. `Local` and `Late` are in scope, in their own function or an enclosing one.
3. `Define` sets a variable of an enclosing `Scope` of the same function.
4. `Jump` goes to an enclosing block of the same function, from tail position, with as many arguments as the
block has parameters. 5. `Do` and `Blocks` are not empty; the entry has the arguments its block wants; `Try`
has a handler exactly when it has a
   variable, and at least a handler or a `final`; keys and values of `Map`, names and branches of `Parallel`
   go together.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from rtfsc.ir.nodes import (
    Blocks,
    Define,
    DefModule,
    Do,
    Expr,
    Fn,
    ForEach,
    If,
    Jump,
    Late,
    Let,
    Local,
    Map,
    Module,
    Parallel,
    Scope,
    Try,
    Var,
)  # fmt: skip
from rtfsc.ir.printer import print_expr
from rtfsc.ir.walk import bound_vars, children

MODES: Final = frozenset({"collect", "flatten", "last", "nil"})
_LONGEST_SHOWN: Final = 400


@dataclass(frozen=True, slots=True)
class _Place:
    """What holds where a node stands: variables that `Define` may set, blocks that `Jump` may enter,
    whether it is a tail."""

    definable: frozenset[Var] = frozenset()
    blocks: tuple[tuple[int, int], ...] = ()
    tail: bool = False

    def operand(self) -> _Place:
        """Give the place of an operand."""
        return replace(self, tail=False) if self.tail else self


class _Checker:
    """Checks one module, with a stack of its own: the IR may be as deep as the source."""

    def __init__(self, stage: str) -> None:
        self._stage = stage
        self._numbers: set[int] = set()
        self._bound: set[Var] = set()

    def module(self, module: Module) -> None:
        """Check all of it; a use may stand before its binding only in text, never in scope."""
        todo: list[tuple[Expr, _Place]] = [(node, _Place(tail=True)) for node in reversed(module.body)]
        uses: list[Local | Late] = []
        while todo:
            node, place = todo.pop()
            if isinstance(node, Local | Late):
                uses.append(node)
            self._node(node, place)
            todo.extend(reversed(list(_below(node, place))))
        for use in uses:
            self._require(use.var in self._bound, use, "a variable that nothing binds")

    def _require(self, holds: bool, node: Expr, what: str) -> None:
        assert holds, f"after {self._stage}: {what}: {print_expr(node)[:_LONGEST_SHOWN]}"

    def _take(self, number: int, node: Expr) -> None:
        self._require(number not in self._numbers, node, f"the number {number} is bound twice")
        self._numbers.add(number)

    def _node(self, node: Expr, place: _Place) -> None:
        for var in bound_vars(node):
            self._take(var.id, node)
            self._bound.add(var)
        match node:
            case Define(var=var):
                self._require(var in place.definable, node, "a definition outside of its scope")
            case Jump(label=label, args=args):
                self._require(place.tail, node, "a jump from where control must come back")
                self._require(
                    (label, len(args)) in place.blocks,
                    node,
                    "a jump to no block around, or with a wrong count",
                )
            case Do(items=items):
                self._require(bool(items), node, "an empty sequence")
            case Blocks(args=args, blocks=blocks):
                self._require(
                    bool(blocks) and len(args) == len(blocks[0].params), node, "an entry that does not fit"
                )
                for block in blocks:
                    self._take(block.label, node)
            case Try(handler=handler, final=final):
                self._require((node.var is None) == (handler is None), node, "a handler without its variable")
                self._require(handler is not None or final is not None, node, "a try without a purpose")
            case Map(keys=keys, values=values):
                self._require(len(keys) == len(values), node, "keys without values")
            case Parallel(names=names, branches=branches):
                self._require(not names or len(names) == len(branches), node, "names without branches")
            case ForEach(mode=mode):
                self._require(mode in MODES, node, "an unknown mode")


def _below(node: Expr, place: _Place) -> Iterator[tuple[Expr, _Place]]:
    """Give the children of a node, each with its place."""
    operand = place.operand()
    match node:
        case If(test=test, then=then, orelse=orelse):
            yield from ((test, operand), (then, place), (orelse, place))
        case Do(items=items):
            yield from ((item, operand) for item in items[:-1])
            yield from ((item, place) for item in items[-1:])
        case Let(init=init, body=body):
            yield from ((init, operand), (body, place))
        case Scope(vars=variables, body=body):
            yield body, replace(place, definable=place.definable | frozenset(variables))
        case Blocks(args=args, blocks=blocks):
            inner = replace(
                place,
                tail=True,
                blocks=(() if not place.tail else place.blocks)
                + tuple((b.label, len(b.params)) for b in blocks),
            )
            yield from ((arg, operand) for arg in args)
            yield from ((block.body, inner) for block in blocks)
        case Try(body=body, handler=handler, final=final):
            yield from (
                (part, replace(operand, blocks=())) for part in (body, handler, final) if part is not None
            )
        case Fn(body=body):
            yield body, _Place(tail=True)
        case DefModule(module=module):
            yield from ((part, _Place(tail=True)) for part in module.body)
        case _:
            yield from ((child, operand) for child in children(node))


def verify(module: Module, stage: str) -> None:
    """Check the invariants above; `stage` is named in the message.

    Raises: AssertionError, for a mistake of ours.
    """
    _Checker(stage).module(module)
