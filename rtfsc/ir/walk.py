"""Ways over the IR that several rooms need.

In: nodes. Out: their children, copies with other children, results folded from the leaves up, free
variables, fresh numbers. Meaning is left to the callers. A nested module is a unit of its own: a
`DefModule` has no children here. Nothing here recurses: the depth of a program is the caller's affair.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import fields, replace
from operator import attrgetter, is_
from types import MappingProxyType
from typing import Any, Final, TypeVar

from rtfs_runtime.values import List
from rtfsc.ir import nodes
from rtfsc.ir.nodes import (
    Block,
    Blocks,
    DefModule,
    Expr,
    Fn,
    ForEach,
    Late,
    Let,
    Local,
    Module,
    Scope,
    Try,
    Var,
)

T = TypeVar("T")

GIVEN: Final = "#given "
"""What the name of a twin begins with that has functions built in which its function is given."""
TWIN: Final = "#known "
"""What the name of a twin of a function begins with, which knows its arguments: no program can spell it."""

# the one place that says where expressions hang in a node, in order of evaluation
CHILD_FIELDS: Final[Mapping[type, tuple[str, ...]]] = MappingProxyType(
    {
        nodes.Const: (),
        nodes.Local: (),
        nodes.Late: (),
        nodes.Global: (),
        nodes.BuiltinRef: (),
        nodes.Import: (),
        nodes.DefModule: (),
        nodes.Let: ("init", "body"),
        nodes.Scope: ("body",),
        nodes.Define: ("value",),
        nodes.DefGlobal: ("value",),
        nodes.If: ("test", "then", "orelse"),
        nodes.Do: ("items",),
        nodes.Fn: ("body",),
        nodes.Call: ("callee", "args"),
        nodes.Op: ("args",),
        nodes.Vector: ("items",),
        nodes.Map: ("values",),
        nodes.Cast: ("value",),
        nodes.Try: ("body", "handler", "final"),
        nodes.Raise: ("value",),
        nodes.Blocks: ("args", "blocks"),
        nodes.Jump: ("args",),
        nodes.ForEach: ("items", "body"),
        nodes.Fold: ("args", "items", "body", "done"),
        nodes.Parallel: ("branches",),
    }
)


# what the constructor of a node takes in order; `span` goes by name
_OWN_FIELDS: Final[Mapping[type, tuple[str, ...]]] = MappingProxyType(
    {
        kind: tuple([row.name for row in fields(kind) if row.init and row.name != "span"])
        for kind in CHILD_FIELDS
    }
)


# nodes whose children are all in one field of several: that field
_SEVERAL: Final[Mapping[type, str]] = MappingProxyType(
    {
        nodes.Do: "items",
        nodes.Op: "args",
        nodes.Vector: "items",
        nodes.Map: "values",
        nodes.Jump: "args",
        nodes.Parallel: "branches",
    }
)
# nodes whose children are in fields of both kinds, or may be absent: the list of them
_MIXED: Final[Mapping[type, Callable[[Any], Sequence[Expr]]]] = MappingProxyType(
    {
        nodes.Call: lambda node: (node.callee, *node.args),
        nodes.Try: lambda node: [part for part in (node.body, node.handler, node.final) if part is not None],
        nodes.Blocks: lambda node: [*node.args, *[block.body for block in node.blocks]],
        nodes.Fold: lambda node: (*node.args, node.items, node.body, node.done),
    }
)


# nodes without variables or labels of their own
_NAMELESS: Final = frozenset(
    {nodes.Const, nodes.Global, nodes.BuiltinRef, nodes.If, nodes.Call, nodes.Op, nodes.Vector, nodes.Map}
)


def _lister(kind: type) -> Callable[[Any], Sequence[Expr]]:
    """Give the quickest way to the children of a kind of node: every pass asks for those of every node."""
    below = CHILD_FIELDS[kind]
    if not below:
        return lambda node: ()
    if kind in _MIXED:
        return _MIXED[kind]
    found: Callable[[Any], Any] = attrgetter(_SEVERAL.get(kind, below[0]), *below[1:])
    return found if kind in _SEVERAL or len(below) > 1 else lambda node: (found(node),)


LEAVES: Final = frozenset({nodes.Const, Local, nodes.Global, nodes.BuiltinRef})
"""Nodes that never have children: most are one of these."""

_LISTERS: Final = {kind: _lister(kind) for kind in CHILD_FIELDS}


def children(node: Expr) -> Sequence[Expr]:
    """List the expressions directly below a node, in order of evaluation."""
    return _LISTERS[node.__class__](node)


def map_children(node: Expr, change: Callable[[Expr], Expr]) -> Expr:
    """Replace each child by what `change` gives; the same object comes back when nothing changed."""
    kind = node.__class__
    below = CHILD_FIELDS[kind]
    # most nodes are leaves, and most of the others stay as they are
    if not below:
        return node
    if isinstance(node, nodes.Call):
        return _map_call(node, change)
    if kind not in _MIXED:
        old = _LISTERS[kind](node)
        new = [change(child) for child in old]
        if all(map(is_, old, new)):
            return node
        changes: dict[str, Any] = (
            {_SEVERAL[kind]: tuple(new)} if kind in _SEVERAL else dict(zip(below, new, strict=True))
        )
    else:
        changes = _mixed_changes(node, change)
        if not changes:
            return node
    # `dataclasses.replace` takes three times as long, and was a twentieth of a compilation
    make: Callable[..., Expr] = kind
    own = [changes[name] if name in changes else getattr(node, name) for name in _OWN_FIELDS[kind]]
    return make(*own, span=node.span)


def _map_call(node: nodes.Call, change: Callable[[Expr], Expr]) -> Expr:
    callee, args = change(node.callee), [change(arg) for arg in node.args]
    if callee is node.callee and all(map(is_, args, node.args)):
        return node
    return nodes.Call(callee, tuple(args), node.site, span=node.span)


def _mixed_changes(node: Expr, change: Callable[[Expr], Expr]) -> dict[str, Any]:
    changes: dict[str, Any] = {}
    for name in CHILD_FIELDS[node.__class__]:
        old: Any = getattr(node, name)
        if old is None:
            continue
        new = _map_tuple(old, change) if old.__class__ is tuple else change(old)
        if new is not old:
            changes[name] = new
    return changes


def _rewrite_modules(body: Iterable[Expr], change: Callable[[Module], Module]) -> tuple[Expr, ...]:
    """Rewrite the modules nested in the forms of a module; a form whose module stays is the same object."""
    found = []
    for node in body:
        if isinstance(node, DefModule):
            inner = change(node.module)
            node = node if inner is node.module else replace(node, module=inner)
        found.append(node)
    return tuple(found)


def with_forms(
    module: Module, forms: Iterable[Expr], inner: Callable[[Module], Module], next_id: int = 0
) -> Module:
    """Give a module other forms, and to those nested in it what `inner` makes of them; the same object comes
    back when no form is new."""
    body = _rewrite_modules(forms, inner)
    if len(body) == len(module.body) and all(map(is_, body, module.body)):
        return module
    return replace(module, body=body, next_id=max(module.next_id, next_id))


def _map_tuple(old: tuple[Any, ...], change: Callable[[Expr], Expr]) -> tuple[Any, ...]:
    new = [_map_block(part, change) if part.__class__ is Block else change(part) for part in old]
    # by identity: `==` would walk both trees
    return old if all(map(is_, old, new)) else tuple(new)


def _map_block(block: Block, change: Callable[[Expr], Expr]) -> Block:
    body = change(block.body)
    return block if body is block.body else replace(block, body=body)


def again(node: Expr) -> Expr:
    """Give an expression that binds nothing for one more place: a `Local` stands in one place only."""
    return Local(node.var, span=node.span) if isinstance(node, Local) else map_children(node, again)


def uses(node: Expr, var: Var) -> bool:
    """Tell whether a variable is read anywhere in an expression."""
    return any(isinstance(part, (nodes.Local, nodes.Late)) and part.var == var for part in descendants(node))


def descendants(node: Expr) -> Iterator[Expr]:
    """Give the node and everything below it, each before its children, in order of evaluation."""
    todo = [node]
    while todo:
        node = todo.pop()
        yield node
        if node.__class__ not in LEAVES:
            todo += _LISTERS[node.__class__](node)[::-1]


def bind(bound: Sequence[tuple[Var, Expr]], body: Expr) -> Expr:
    """Bind variables, in order, to what is evaluated before a body."""
    for var, init in reversed(bound):
        body = nodes.Let(var, init, body, span=body.span)
    return body


def evaluated(node: Expr) -> Iterator[Expr]:
    """Give the node and what is below it, but what only runs when functions made here are called;
    in no order."""
    todo = [node]
    while todo:
        node = todo.pop()
        yield node
        if not isinstance(node, Fn):
            todo += children(node)


def fold(node: Expr, combine: Callable[[Expr, list[T]], T]) -> T:
    """Compute from the leaves up: `combine` gets a node and the results of its children, in order."""
    results: list[T] = []
    todo: list[tuple[Expr, int]] = [(node, -1)]
    while todo:
        node, count = todo.pop()
        if count < 0:
            below = children(node)
            todo.append((node, len(below)))
            todo.extend([(child, -1) for child in reversed(below)])
        else:
            start = len(results) - count
            results[start:] = [combine(node, results[start:])]
    return results[0]


BINDING: Final = frozenset({Let, Fn, ForEach, nodes.Fold, Scope, Try, Blocks})
"""The nodes that bind variables: most do not, and are asked more often than all others."""


def bound_vars(node: Expr) -> tuple[Var, ...]:
    """List the variables that this node itself binds for what is below it."""
    match node:
        case Let(var=var) | ForEach(var=var):
            return (var,)
        case Fn(params=params, rest=rest, self_var=self_var):
            return (*params, *(var for var in (rest, self_var) if var is not None))
        case Scope(vars=variables):
            return variables
        case Try(var=Var() as var):
            return (var,)
        case nodes.Fold(var=var, params=params):
            return (var, *params)
        case Blocks(blocks=blocks):
            return tuple([var for block in blocks for var in block.params])
        case _:
            return ()


def free_vars(node: Expr) -> tuple[Var, ...]:
    """List the variables used but not bound in a node, such as what a function captures, in order of first
    use."""
    used: dict[Var, None] = {}
    bound: set[Var] = set()
    for part in descendants(node):
        if isinstance(part, (Local, Late, nodes.Define)):
            used[part.var] = None
        elif part.__class__ in BINDING:
            bound.update(bound_vars(part))
    # a variable has one binding in its module, so the order of binding and use does not matter
    return tuple([var for var in used if var not in bound])


def alike(left: Expr, right: Expr, names: dict[Var, Var]) -> bool:
    """Tell whether two expressions differ in nothing but variables, which `names` maps: those of the right
    one are found under those of the left one."""
    todo = [(left, right)]
    while todo:
        one, other = todo.pop()
        kind = one.__class__
        if kind is not other.__class__ or not (kind in _NAMELESS or kind in (Local, Let)):
            return False
        below = CHILD_FIELDS[kind]
        for field in _OWN_FIELDS[kind]:
            mine, yours = getattr(one, field), getattr(other, field)
            if field == "var":
                if isinstance(one, Let):
                    names[mine] = yours
                elif names.get(mine, mine) != yours:
                    return False
            elif field not in below and not _same_field(mine, yours):
                return False
        inner, others = children(one), children(other)
        if len(inner) != len(others):
            return False
        todo.extend(zip(inner, others, strict=True))
    return True


def _same_field(one: object, other: object) -> bool:
    # 0.0 and -0.0 are equal, and what quoted data holds is not looked at
    alike = one.__class__ is other.__class__ and one == other
    return alike and not isinstance(one, (tuple, dict, List)) and repr(one) == repr(other)


def map_tails(node: Expr, change: Callable[[Expr], Expr]) -> Expr:
    """Replace what stands in tail position, jumps and raises left as they are."""

    def go(node: Expr) -> Expr:
        return map_tails(node, change)

    match node:
        case nodes.If(then=then, orelse=orelse):
            return replace(node, then=go(then), orelse=go(orelse))
        case nodes.Do(items=items):
            return replace(node, items=(*items[:-1], go(items[-1])))
        case Let(body=body) | Scope(body=body):
            return replace(node, body=go(body))
        case Blocks(blocks=blocks):
            return replace(node, blocks=tuple([replace(block, body=go(block.body)) for block in blocks]))
        case nodes.Fold(body=body, done=done):
            return replace(node, body=go(body), done=go(done))
        case nodes.Jump() | nodes.Raise():
            return node
        case _:
            return change(node)


def jumps_back(node: Blocks) -> bool:
    """Tell whether blocks may be entered again: the clauses of a `match` only jump ahead."""
    entered: set[int] = set()
    for block in node.blocks:
        entered.add(block.label)
        if any(isinstance(part, nodes.Jump) and part.label in entered for part in tails(block.body)):
            return True
    return False


def tails(node: Expr) -> Iterator[Expr]:
    """Give what stands in tail position, in order: a jump is nowhere else."""
    todo = [node]
    while todo:
        match todo.pop():
            case nodes.If(then=then, orelse=orelse):
                todo += (orelse, then)
            case nodes.Do(items=items):
                todo.append(items[-1])
            case Let(body=body) | Scope(body=body):
                todo.append(body)
            case Blocks(blocks=blocks):
                todo += [block.body for block in reversed(blocks)]
            case nodes.Fold(body=body, done=done):
                todo += (done, body)
            case end:
                yield end


def known_functions(module: nodes.Module) -> dict[str, Fn]:
    """Give the functions that a call of their global surely reaches: defined once, and never delegated."""
    delegable = frozenset(module.interface.delegable)
    return {
        node.name: node.value
        for node in module.body
        if isinstance(node, nodes.DefGlobal)
        and isinstance(node.value, Fn)
        and node.name in module.constants
        and node.name not in delegable
    }


class Fresh:
    """Numbers for new variables and labels of a module, from its `next_id` on."""

    def __init__(self, next_id: int) -> None:
        self.next_id = next_id

    def number(self) -> int:
        """Take a number, for a label."""
        self.next_id += 1
        return self.next_id - 1

    def var(self, name: str) -> Var:
        """Make a new variable."""
        return Var(name, self.number())
