"""Scopes: which binding a name means at a place, and what may be done there.

In: names and bindings. Out: `Env`, the view a form has of its surroundings. Names of the unit itself, of
builtins and of imports are left to `unit`.
"""

from __future__ import annotations

from dataclasses import dataclass

from rtfsc.ir.nodes import Var


class Binding:
    """A local name. `sure`: set whenever control gets here. `open`: set on some ways. `used`: referred to
    so far."""

    __slots__ = ("function", "open", "sure", "used", "var")

    def __init__(self, var: Var, function: int, *, sure: bool = True) -> None:
        self.var = var
        self.function = function
        self.sure = sure
        self.open = sure
        self.used = False


@dataclass(slots=True)
class RecurTarget:
    """Where `recur` goes: a label with so many parameters. `what` is shown in messages."""

    label: int
    count: int
    what: str
    used: bool = False


class Frame:
    """Where `def` puts names: the body of a `let`, a function, a clause. None stands for the module's
    globals."""

    __slots__ = ("function", "names", "variables")

    def __init__(self, function: int, names: dict[str, Binding]) -> None:
        self.function = function
        self.names = names
        self.variables: dict[str, Binding] = {}

    def declare(self, name: str, var: Var) -> Binding:
        """Add a variable, not set yet."""
        binding = self.variables[name] = self.names[name] = Binding(var, self.function, sure=False)
        return binding


class Env:
    """What a form sees: names, where definitions go, where `recur` may go, whether it surely runs.

    Views of one scope share `names`, so a name added to one is seen through all. `function` numbers the
    function around, 0 outside of any; `depth` counts functions.
    """

    __slots__ = (
        "_branch",
        "_operand",
        "anonymous",
        "blocked",
        "certain",
        "depth",
        "frame",
        "function",
        "names",
        "parent",
        "recur",
    )

    def __init__(self, names: dict[str, Binding], parent: Env | None) -> None:
        self.names = names
        self.parent = parent
        self._operand: Env | None = None
        self._branch: Env | None = None
        if parent is None:
            self.frame: Frame | None = None
            self.function = 0
            self.depth = 0
            self.certain = True
            self.recur: RecurTarget | None = None
            self.blocked = "there is no loop or function around it"
            self.anonymous = False
        else:
            self._like(parent)

    def _like(self, other: Env) -> None:
        self.frame = other.frame
        self.function = other.function
        self.depth = other.depth
        self.certain = other.certain
        self.recur = other.recur
        self.blocked = other.blocked
        self.anonymous = other.anonymous

    def _view(self) -> Env:
        view = Env(self.names, self.parent)
        view._like(self)
        return view

    def operand(self) -> Env:
        """Give the view of an operand: no `recur` from here."""
        if self.recur is None:
            return self
        if self._operand is None:
            self._operand = self.without_recur("it is not in tail position")
        return self._operand

    def without_recur(self, why: str) -> Env:
        """Give a view from which `recur` is an error for the reason given."""
        view = self._view()
        view.recur = None
        if self.recur is not None:
            view.blocked = why
        return view

    def branch(self) -> Env:
        """Give the view of a part that may not run."""
        if not self.certain:
            return self
        if self._branch is None:
            self._branch = self._view()
            self._branch.certain = False
        return self._branch

    def child(self) -> Env:
        """Open a scope for names; definitions still go where they went."""
        return Env({}, self)

    def body(self) -> Env:
        """Open a scope for names and definitions."""
        env = Env({}, self)
        env.frame = Frame(env.function, env.names)
        env.certain = True
        return env

    def within_function(self, number: int, target: RecurTarget | None, *, anonymous: bool) -> Env:
        """Open the scope of a function's parameters and body."""
        env = Env({}, self)
        env.function = number
        env.depth = self.depth + 1
        env.recur = target
        env.blocked = "it is not in tail position"
        env.anonymous = anonymous
        env.frame = Frame(number, env.names)
        env.certain = True
        return env

    def with_recur(self, target: RecurTarget) -> Env:
        """Give a view in which `recur` goes to the target."""
        view = self._view()
        view.recur = target
        return view

    def find(self, name: str) -> Binding | None:
        """Find the binding of a name; a definition further down is seen from functions only."""
        scope: Env | None = self
        while scope is not None:
            binding = scope.names.get(name)
            if binding is not None and (binding.open or binding.function != self.function):
                return binding
            scope = scope.parent
        return None
