"""The nodes of the IR.

In: nothing. Out: `Expr`, a closed union of node classes, and `Module`. `rtfsc.lower` builds them, passes
rewrite them, `rtfsc.backend` writes them as instructions. Names are resolved: a `Var` is one binding,
unique in its module. Every node has a span: character offsets of what the user wrote. Types and effects are
beside the nodes: `rtfsc.check.infer`.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple, TypeAlias, TypeVar, dataclass_transform

from rtfs_runtime.interface import Hint, Interface
from rtfs_runtime.types import ANY, Type
from rtfsc.source import Span


class Effect(enum.IntFlag):
    """What evaluating a node may do (ruling 19). PURE: nothing but give a value."""

    PURE = 0
    FAILS = 1
    LOOPS = 2
    READS = 4
    WRITES = 8
    UNKNOWN = 15


class Var(NamedTuple):
    """One local binding: the name as written and a number unique in the module.

    A tuple, since it is the key of most tables of the compiler, and a dataclass is hashed by Python code.
    """

    name: str
    id: int


_T = TypeVar("_T")


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def node(cls: type[_T]) -> type[_T]:
    """Make a class of nodes: frozen for the type checker, equal to itself only.

    A frozen dataclass takes twice as long to fill and four times to define; comparing trees is for nobody.
    """
    return dataclass(slots=True, eq=False, repr=False)(cls)


@node
class Node:
    """What every node has. `census` and `size` are for `rtfsc.ir.census`, which finds them when asked."""

    span: Span = field(kw_only=True)
    census: int = field(init=False, default=0)
    size: int = field(init=False, default=0)


@node
class Const(Node):
    """A constant: an atom, or quoted data built of tuples, `List`s and dicts."""

    value: object


@node
class Local(Node):
    """A local that is surely bound here."""

    var: Var


@node
class Late(Node):
    """A local of an enclosing `Scope` that may not be defined yet: then UndefinedSymbol at run time."""

    var: Var


@node
class Global(Node):
    """A global looked up when executed: this module's, imported (`m/f`), else UndefinedSymbol."""

    name: str


@node
class BuiltinRef(Node):
    """A row of BUILTINS that nothing in the module shadows."""

    name: str


@node
class Let(Node):
    """Bind `var` to the value of `init` in `body`."""

    var: Var
    init: Expr
    body: Expr


@node
class Scope(Node):
    """Introduce variables that `Define` nodes inside `body` set (letrec*, local `def` and `defn`)."""

    vars: tuple[Var, ...]
    body: Expr


@node
class Define(Node):
    """Set a variable of an enclosing `Scope` of the same function; the value is the value set."""

    var: Var
    value: Expr


@node
class DefGlobal(Node):
    """Set a global of this module; the value is the value set. `looks` is for `rtfsc.ir.looks`."""

    name: str
    value: Expr
    looks: list[Any] = field(init=False, default_factory=list)


@node
class If(Node):
    """Choose by truthiness: only nil and false are false."""

    test: Expr
    then: Expr
    orelse: Expr


@node
class Do(Node):
    """Evaluate in order; the value is the last one's. At least one item."""

    items: tuple[Expr, ...]


@node
class Fn(Node):
    """A function. Patterns, casts and defaults of parameters are in `body` already.

    `name` is what messages show (`"<fn>"` when anonymous). `self_var` is the name by which a named `fn` sees
    itself inside its own body only. `param_names` are as written, for signatures (`"[a b]"` for a pattern).
    `trusted`: a pass made it, and all calls of it are in its module.
    """

    name: str
    params: tuple[Var, ...]
    rest: Var | None
    body: Expr
    self_var: Var | None = None
    param_names: tuple[str, ...] = ()
    param_types: tuple[Type, ...] = ()
    rest_type: Type = ANY
    return_type: Type = ANY
    doc: str = ""
    hint: Hint | None = None
    trusted: bool = False

    def takes(self, count: int) -> bool:
        """Tell whether a call may have so many arguments."""
        return count == len(self.params) if self.rest is None else count >= len(self.params)


@node
class Call(Node):
    """Call a value. `site` is set where the call has metadata of its own (a slot of its own, `f@site`)."""

    callee: Expr
    args: tuple[Expr, ...]
    site: int | None = None


@node
class Op(Node):
    """Call a function of `rtfs_runtime.abi` by name."""

    name: str
    args: tuple[Expr, ...]


@node
class Vector(Node):
    """A vector literal."""

    items: tuple[Expr, ...]


@node
class Map(Node):
    """A map literal; keys are keywords, strings or integers, without duplicates (the last one won)."""

    keys: tuple[object, ...]
    values: tuple[Expr, ...]


RETURN_PREFIX: Final = "fn return: "
"""How the message of a cast begins that checks what a function gives."""


@node
class Cast(Node):
    """Check that the value conforms to `want`, or raise TypeValidationError; `prefix` starts its message.

    `proven`: the check surely passes, is not written, and only says what the value is.
    """

    value: Expr
    want: Type
    prefix: str
    proven: bool = False


@node
class Try(Node):
    """Run `body`; bind an error to `var` and run `handler`; run `final` in any case.

    `handler` is the whole choice among the catch clauses; it ends in `Raise(…, again=True)` when none
    matches. `var` and `handler` are both None when there is only a `final`.
    """

    body: Expr
    var: Var | None
    handler: Expr | None
    final: Expr | None


@node
class Raise(Node):
    """Raise: `again` re-raises a caught error as it was, else the value is thrown (language §3.9.6)."""

    value: Expr
    again: bool = False


@node
class Block:
    """A labelled piece of code with parameters, entered by `Jump`."""

    label: int
    params: tuple[Var, ...]
    body: Expr


@node
class Blocks(Node):
    """Enter the first block with `args`; the value is that of whichever block ends without a jump.

    A `Jump` may stand only in tail position of a block (through `If`, `Do`, `Let`, `Scope`, nested
    `Blocks`), never inside a `Try` body, an operand or another function. Loops, tail calls and the clauses
    of `match` are blocks.
    """

    args: tuple[Expr, ...]
    blocks: tuple[Block, ...]


@node
class Jump(Node):
    """Go on in an enclosing block, its parameters bound to `args` (all evaluated first)."""

    label: int
    args: tuple[Expr, ...]


@node
class ForEach(Node):
    """Run `body` for each item of `items` (a Python iterable that an `Op` gives), `var` fresh each time.

    `mode`: "collect" gives the vector of the values, "flatten" the concatenation of vectors that the body
    gives, "last" the last value or nil, "nil" nil.
    """

    var: Var
    items: Expr
    body: Expr
    mode: str


@node
class Fold(Node):
    """Run `body` for each item of `items` (a Python iterable that an `Op` gives), `params` bound to `args` at
    first; when no item is left the value is that of `done`, which sees the parameters.

    `body` goes on with the next item by a `Jump` to `label`; any other value of it ends the loop and is the
    value. Both stand in tail position. Only passes make this node.
    """

    label: int
    var: Var
    items: Expr
    params: tuple[Var, ...]
    args: tuple[Expr, ...]
    body: Expr
    done: Expr


@node
class Parallel(Node):
    """Branches by name; the value is a map from keywords. `names` empty: a vector (`step-parallel`)."""

    names: tuple[str, ...]
    branches: tuple[Expr, ...]


@node
class Import(Node):
    """Load a module and bind exports in this module's globals: (name here, name there) pairs.

    `results` and `values` are texts of kinds (`kind_text`) by the name there: what functions give, and what
    values are, as far as their module's interface says.
    """

    module: str
    bindings: tuple[tuple[str, str], ...]
    results: tuple[tuple[str, str], ...] = ()
    values: tuple[tuple[str, str], ...] = ()


@node
class DefModule(Node):
    """Define and register a module written inside another program; the value is its description map."""

    module: Module


Expr: TypeAlias = (
    Local
    | Const
    | Call
    | If
    | Let
    | Op
    | Global
    | BuiltinRef
    | Do
    | Fn
    | Vector
    | Map
    | Cast
    | Blocks
    | Jump
    | Late
    | Scope
    | Define
    | DefGlobal
    | Try
    | Raise
    | ForEach
    | Fold
    | Parallel
    | Import
    | DefModule
)


@dataclass(frozen=True, slots=True)
class Module:
    """A compile unit: its forms in order, what importers may know of it, and the next free number for a Var
    or label.

    `constants` are globals (defined exactly once at top level, never conditionally, never imported over): a
    call of one that is a function may be resolved while compiling. `is_module` says that the unit is one
    `(module …)` form. `memo` is where an analysis keeps what it found of this very module.
    """

    name: str
    body: tuple[Expr, ...]
    interface: Interface
    next_id: int
    constants: frozenset[str] = frozenset()
    is_module: bool = False
    memo: dict[str, Any] = field(init=False, repr=False, compare=False, default_factory=dict)
