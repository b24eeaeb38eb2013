"""Invariants of the IR, checked after lowering and after every pass.

In: a module and the name of the stage that made it. Out: nothing, or an AssertionError that names the stage and the node: a
broken invariant is a bug of ours, never of the program. Iterative, so that it can check whatever can be built.

1. A number is bound once: by one variable or one label.
2. `Local` and `Late` are in scope, in their own function or an enclosing one.
3. `Define` sets a variable of an enclosing `Scope` of the same function.
4. `Jump` goes to an enclosing block of the same function, from tail position, with as many arguments as the block has parameters.
5. `Do` and `Blocks` are not empty; the entry has the arguments its block wants; `Try` has a handler exactly when it has a
   variable, and at least a handler or a `final`; keys and values of `Map`, names and branches of `Parallel` go together.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from rtfsc.ir.nodes import (
    Blocks, Call, Define, DefModule, Do, Expr, Fn, ForEach, If, Jump, Late, Let, Local, Map, Module, Parallel, Scope, Try, Var,
)  # fmt: skip
from rtfsc.ir.printer import print_expr
from rtfsc.ir.walk import bound_vars, children

MODES: Final = frozenset({"collect", "flatten", "last", "nil"})
_LONGEST_SHOWN: Final = 400


@dataclass(frozen=True, slots=True)
class _Place:
    """What holds where a node stands: variables in scope, those that `Define` may set, blocks that `Jump` may enter."""

    bound: _Chain | None = None
    definable: _Chain | None = None
    blocks: tuple[dict[int, int], ...] = ()
    tail: bool = False


@dataclass(frozen=True, slots=True)
class _Chain:
    """Sets of variables, innermost first."""

    vars: frozenset[Var]
    outer: _Chain | None = field(repr=False)
