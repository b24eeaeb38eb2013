"""The state of one walk of inference over the nodes of a form.

In: nodes, in order of evaluation; how to visit each class of node (`visit.VISITS`). Out: types and effects in
`Tables`. What tests on the way say of variables holds where control can only come from there. Loops are
walked once in a round; a round in which something turned out wider than it was taken for before is repeated.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol, TypeAlias

from rtfs_runtime.types import ANY, NEVER, Type
from rtfsc.check.lattice import join, kinds, meet
from rtfsc.check.tables import PURE, Given, Tables
from rtfsc.ir.nodes import Expr, Fn, Local, Var

Visit: TypeAlias = "Callable[[Walk, Any], Type]"


class Globals(Protocol):
    """What a walk asks of other forms."""

    def value(self, name: str, index: int) -> Given:
        """Give the type of a global and what reading it may do, for the form with an index."""
        ...

    def call(self, name: str, types: list[Type]) -> Given | None:
        """Give what a call of a global function gives, None when nothing is known of it."""
        ...

    def returns(self, name: str) -> Type | None:
        """Give the annotation that the results of a global function have passed, if any."""
        ...


class LocalFunction:
    """A local function that is only ever called: what its calls give, and what they get."""

    __slots__ = ("effect", "fn", "params", "result", "walking")

    def __init__(self, fn: Fn, param: Type) -> None:
        self.fn = fn
        self.params: list[Type] = [param for _ in fn.params]
        self.result: Type = NEVER
        self.effect = PURE
        self.walking = False


class Walk:
    """Walks one form, round by round."""

    def __init__(self, tables: Tables, outer: Globals, index: int, visits: Mapping[type, Visit]) -> None:
        self.tables = tables
        self.outer = outer
        self.index = index
        self._visits = visits
        self.changed = False
        self.exact = True
        self.effect = PURE
        # variables by number: what is known here, which is another's equal, what test one is the outcome of,
        # what annotation one has passed; those of a `Scope` may be set again and are not narrowed
        self.narrowed: dict[int, Type] = {}
        self.same: dict[int, int] = {}
        self.tests: dict[int, Expr] = {}
        self.wants: dict[int, Type] = {}
        self.settable: set[int] = set()
        self.dead = False
        self.functions: dict[int, LocalFunction] = {}
        self.scopes = 0
        self.scanned: set[int] = set()
        self.blocks = Labels()
        self.totals: dict[int, Type] = {}

    def begin(self, *, exact: bool) -> None:
        """Start a round. One that is not exact takes what loops change for unknown, and is the last."""
        self.changed = False
        self.exact = exact
        self.effect = PURE
        self.narrowed = {}
        self.blocks.begin()

    def visit(self, node: Expr) -> Type:
        """Give the type of a node; note it and the effect of evaluating the node."""
        before = self.effect
        self.effect = PURE
        kind = self._visits[node.__class__](self, node)
        self.tables.note(node, kind, self.effect)
        self.effect |= before
        return kind

    def visit_all(self, listed: tuple[Expr, ...]) -> list[Type]:
        """Give the types of several nodes."""
        return [self.visit(node) for node in listed]

    def aside(self, node: Expr) -> Type:
        """Visit what need not run to its end: what it says of variables holds in it only."""
        known = self.narrowed
        self.narrowed = dict(known)
        kind = self.visit(node)
        self.narrowed = known
        return kind

    def grew(self) -> None:
        """Ask for another round."""
        self.changed = self.changed or self.exact

    # variables

    def read(self, node: Local) -> Type:
        """Give the type of a variable as it is known here."""
        key = node.var.id
        key = self.same.get(key, key)
        found = self.narrowed.get(key)
        return self.tables.variables.get(key, ANY) if found is None else found

    def note(self, node: Local, kind: Type) -> None:
        """Narrow a variable; when nothing is left of it, control does not come here."""
        key = self.same.get(node.var.id, node.var.id)
        if key in self.settable:
            return
        self.narrowed[key] = kind
        if kind is NEVER:
            self.dead = True

    def learn(self, node: Local, kind: Type) -> None:
        """Note what must hold of a variable for what was just evaluated to have given a value."""
        old = self.read(node)
        if old is ANY or kinds(old) & ~kinds(kind):
            key = self.same.get(node.var.id, node.var.id)
            if key not in self.settable:
                self.narrowed[key] = meet(old, kind)

    def test_of(self, node: Local) -> Expr | None:
        """Give the test whose outcome a variable holds."""
        return self.tests.get(node.var.id)

    def bind(self, var: Var, kind: Type) -> bool:
        """Let a variable hold values of a type too; tell whether it held others before."""
        variables = self.tables.variables
        old = variables.get(var.id)
        if old is None:
            variables[var.id] = kind
            return False
        new = join(old, kind)
        variables[var.id] = new
        return new is not old


class Labels:
    """The blocks around: their parameters, and what is known at the jumps to those that are still to come."""

    __slots__ = ("arriving", "entered", "heads", "params", "subjects")

    def __init__(self) -> None:
        self.params: dict[int, tuple[Var, ...]] = {}
        # those that something jumps back to: what was known at the jumps before need not hold in them
        self.heads: set[int] = set()
        # the last blocks of `match` forms: the subject, and the node that the report is about
        self.subjects: dict[int, tuple[Local, int]] = {}
        self.begin()

    def begin(self) -> None:
        """Start a round."""
        self.entered: set[int] = set()
        self.arriving: dict[int, dict[int, Type]] = {}

    def arrive(self, label: int, known: dict[int, Type]) -> None:
        """Note a jump to a block that is still to come."""
        old = self.arriving.get(label)
        if old is None:
            self.arriving[label] = dict(known)
            return
        self.arriving[label] = {key: join(kind, known[key]) for key, kind in old.items() if key in known}
