"""Invariants of the IR, checked after lowering and after every pass.

In: a module and the name of the stage that made it. Out: nothing, or an AssertionError that names the stage
and the node: a broken invariant is a bug of ours, never of the program. Iterative, so that it can check
whatever can be built.

1. A number is bound once, by one variable or one label, and is below the module's `next_id`.
2. `Local` and `Late` are in scope, in their own function or an enclosing one.
3. `Define` sets a variable of an enclosing `Scope` of the same function.
4. `Jump` goes to an enclosing block of the same function, from tail position, with as many arguments as the
   block has parameters.
5. `Do` and `Blocks` are not empty; the entry has the arguments its block wants; `Try` has a handler exactly
   when it has a variable, and at least a handler or a `final`; keys and values of `Map`, names and branches
   of `Parallel`, names, types and parameters of `Fn` go together.
6. A `Local` stands in one place: what is inferred of a node goes by its identity, and different things are
   known of one variable in different places.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from rtfsc.ir.nodes import (
    Blocks,
    Define,
    DefModule,
    Do,
    Expr,
    Fn,
    Fold,
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
Labels = Mapping[int, int]
"""The blocks that a jump may enter, and how many parameters they have."""
_NO_LABELS: Final[Labels] = {}
_Step = Callable[[], None]


def verify(module: Module, stage: str) -> None:
    """Check the invariants of a module and of those nested in it.

    Raises: AssertionError, naming the stage and the offending node.
    """
    modules = [module]
    while modules:
        unit = modules.pop()
        verifier = _Verifier(stage, unit)
        verifier.run()
        modules.extend(verifier.nested)


class _Verifier:
    def __init__(self, stage: str, module: Module) -> None:
        self.nested: list[Module] = []
        self._stage = stage
        self._module = module
        self._taken: set[int] = set()
        self._bound: set[Var] = set()
        self._placed: set[int] = set()
        # variables of a `Scope` and the depth of the function it stands in
        self._scoped: dict[Var, int] = {}
        self._depth = 0
        self._todo: list[_Step] = []

    def run(self) -> None:
        for node in self._module.body:
            self._todo.append(self._visit(node))
            while self._todo:
                self._todo.pop()()

    def _require(self, holds: bool, node: Expr, what: str) -> None:
        if not holds:
            shown = print_expr(node)[:_LONGEST_SHOWN]
            raise AssertionError(
                f"after {self._stage}, in {self._module.name or 'the program'}: {what}: {shown}"
            )

    def _take(self, number: int, node: Expr) -> None:
        self._require(number not in self._taken, node, f"number {number} is bound twice")
        self._require(
            0 <= number < self._module.next_id, node, f"number {number} is not below {self._module.next_id}"
        )
        self._taken.add(number)

    def _visit(self, node: Expr, labels: Labels = _NO_LABELS) -> _Step:
        def step() -> None:
            self._check(node, labels)
            for var in bound_vars(node):
                self._take(var.id, node)
            self._todo.extend(reversed(self._below(node, labels)))

        return step

    def _below(self, node: Expr, labels: Labels) -> list[_Step]:
        """List what to do for the children: `labels` goes on only to those in tail position."""
        match node:
            case If(test=test, then=then, orelse=orelse):
                return [self._visit(test), self._visit(then, labels), self._visit(orelse, labels)]
            case Do(items=items):
                return [*map(self._visit, items[:-1]), self._visit(items[-1], labels)]
            case Let(var=var, init=init, body=body):
                return [self._visit(init), *self._within((var,), self._visit(body, labels))]
            case Scope(vars=variables, body=body):
                self._scoped.update(dict.fromkeys(variables, self._depth))
                return self._within(variables, self._visit(body, labels))
            case Fn(body=body):
                return [self._enter, *self._within(bound_vars(node), self._visit(body)), self._leave]
            case Try(body=body, var=var, handler=handler, final=final):
                steps = [self._visit(body)]
                if var is not None and handler is not None:
                    steps += self._within((var,), self._visit(handler))
                return steps if final is None else [*steps, self._visit(final)]
            case ForEach(var=var, items=source, body=body):
                return [self._visit(source), *self._within((var,), self._visit(body))]
            case Blocks():
                return self._blocks(node, labels)
            case Fold():
                return self._fold(node, labels)
            case DefModule(module=module):
                self.nested.append(module)
                return []
            case _:
                return [self._visit(child) for child in children(node)]

    def _blocks(self, node: Blocks, labels: Labels) -> list[_Step]:
        inner = dict(labels)
        for block in node.blocks:
            self._take(block.label, node)
            inner[block.label] = len(block.params)
        steps = [self._visit(arg) for arg in node.args]
        for block in node.blocks:
            steps += self._within(block.params, self._visit(block.body, inner))
        return steps

    def _fold(self, node: Fold, labels: Labels) -> list[_Step]:
        self._take(node.label, node)
        inner = {**labels, node.label: len(node.params)}
        return [
            *map(self._visit, node.args),
            self._visit(node.items),
            *self._within((node.var, *node.params), self._visit(node.body, inner)),
            *self._within(node.params, self._visit(node.done, labels)),
        ]

    def _within(self, variables: tuple[Var, ...], step: _Step) -> list[_Step]:
        def bind() -> None:
            self._bound.update(variables)

        def unbind() -> None:
            self._bound.difference_update(variables)

        return [bind, step, unbind]

    def _enter(self) -> None:
        self._depth += 1

    def _leave(self) -> None:
        self._depth -= 1

    def _check(self, node: Expr, labels: Labels) -> None:
        match node:
            case Local(var=var) | Late(var=var):
                self._require(var in self._bound, node, "a variable that nothing binds here")
                self._require(id(node) not in self._placed, node, "one node in two places")
                self._placed.add(id(node))
            case Define(var=var):
                here = var in self._bound and self._scoped.get(var) == self._depth
                self._require(here, node, "no Scope of this function has the variable")
            case Jump(label=label, args=args):
                self._require(label in labels, node, "a jump to no block around, or not from tail position")
                self._require(labels[label] == len(args), node, f"the block wants {labels[label]} arguments")
            case Do(items=items):
                self._require(bool(items), node, "an empty sequence")
            case Blocks(args=args, blocks=blocks):
                self._require(bool(blocks), node, "Blocks without a block")
                self._require(len(blocks[0].params) == len(args), node, "the entry wants other arguments")
            case Try(var=var, handler=handler, final=final):
                self._require((var is None) == (handler is None), node, "a handler goes with a variable")
                self._require(handler is not None or final is not None, node, "neither handler nor final")
            case Fold(params=params, args=args):
                self._require(len(params) == len(args), node, "the loop wants other arguments")
            case ForEach(mode=mode):
                self._require(mode in MODES, node, f"no such mode: {mode}")
            case Map(keys=keys, values=values):
                self._require(len(keys) == len(values), node, "keys and values do not go together")
                self._require(len(set(keys)) == len(keys), node, "a key twice")
            case Parallel(names=names, branches=branches):
                self._require(
                    not names or len(names) == len(branches), node, "names and branches do not go together"
                )
            case Fn(params=params, param_types=types, param_names=names):
                self._require(len(types) in (0, len(params)), node, "as many types as parameters")
                self._require(len(names) >= len(params) or not names, node, "as many names as parameters")
            case _:
                pass
