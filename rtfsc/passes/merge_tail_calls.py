"""Make tail calls jumps: a function's calls of itself, and calls within a group of functions that call each
other.

Before: calls in tail position are `Call`s. After: where the callee is known and belongs to the same group
(a strongly connected component of the tail-call graph), the call is a `Jump`; each member's body is
`Blocks` that hold fresh copies of the others. So recursion in tail position runs in constant space (ruling
11), and no call is left between members.
    (defn f [n] (if (= n 0) :end (f (- n 1))))  =>  fn f [n'] (blocks [n'] (L [n] (if (= n 0) :end (jump L
    (- n 1)))))

Known callees are constants of the module, functions defined in a `Scope`, and a named function inside
itself; never a function of the delegable set. Members of a group must be defined next to each other: a call
between two definitions could meet an undefined name.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from rtfsc.ir.census import occurs, things
from rtfsc.ir.components import components
from rtfsc.ir.nodes import (
    Block,
    Blocks,
    Call,
    Const,
    DefGlobal,
    Define,
    Do,
    Expr,
    Fn,
    Global,
    If,
    Import,
    Jump,
    Late,
    Let,
    Local,
    Module,
    Op,
    Scope,
    Var,
)
from rtfsc.ir.walk import descendants, free_vars, known_functions, map_children, tails, with_forms
from rtfsc.options import Options
from rtfsc.passes.copying import Copier

Key = str | Var
# copies of all members stand in every member: past this many nodes a group keeps its calls of one another
_LARGEST_GROUP = 4_000
_FUNCTIONS: Final = things(Fn)


@dataclass(frozen=True, slots=True)
class _Member:
    key: Key
    fn: Fn


def run(module: Module, options: Options) -> Module:
    """Make tail calls within a group jumps."""
    copier = Copier(module.next_id)
    rewriter = _Rewriter(copier)
    known = {name: _Member(name, fn) for name, fn in known_functions(module).items()}
    for names in _neighbours(module.body):
        members = [known[name] for name in names if name in known]
        # later input of a REPL may redefine one member: only a function's calls of itself are its own
        for group in [[member] for member in members] if options.interactive else [members]:
            rewriter.group(group)
    body = tuple(
        rewriter.rewrite(node, node.name if isinstance(node, DefGlobal) else None) for node in module.body
    )
    return with_forms(module, body, lambda inner: run(inner, options), copier.next_id)


def _neighbours(body: tuple[Expr, ...]) -> Iterator[list[str]]:
    """Give runs of names defined with nothing between them that could call one."""
    names: list[str] = []
    for node in body:
        if isinstance(node, DefGlobal) and isinstance(node.value, (Fn, Const)):
            names.append(node.name)
        elif not isinstance(node, (Import, Const)):
            yield names
            names = []
    yield names


class _Rewriter:
    """Rewrites functions of known groups; `groups` maps a key to the members of its group."""

    def __init__(self, copier: Copier) -> None:
        self._copier = copier
        self._groups: dict[Key, dict[Key, Fn]] = {}

    def group(self, members: list[_Member]) -> None:
        """Find the groups among functions that are defined next to each other."""
        functions = {member.key: member.fn for member in members}
        graph = {key: [k for k, _ in _tail_calls(fn.body, functions)] for key, fn in functions.items()}
        for component in components(graph):
            if len(component) == 1 and component[0] not in graph[component[0]]:
                continue
            group = {key: functions[key] for key in component}
            if len(group) > 1 and len(group) * _size(group) > _LARGEST_GROUP:
                for key in component:
                    if key in graph[key]:
                        self._groups[key] = {key: functions[key]}
                continue
            for key in component:
                self._groups[key] = group

    def rewrite(self, node: Expr, key: Key | None = None) -> Expr:
        """Rewrite every function below; `key` names the function that the node defines."""
        if not occurs(node) & _FUNCTIONS:
            return node
        match node:
            case DefGlobal(value=Fn() as fn):
                done = self._function(fn, key)
                return node if done is fn else replace(node, value=done)
            case Define(var=var, value=Fn() as fn):
                done = self._function(fn, var)
                return node if done is fn else replace(node, value=done)
            case Fn():
                return self._function(node, None)
            case Scope():
                self._scope(node)
        return map_children(node, self.rewrite)

    def _scope(self, node: Scope) -> None:
        bound: set[Var] = set()
        members: list[_Member] = []
        at: Expr = node.body
        pending = [at]
        while pending:
            at = pending.pop()
            match at:
                case Do(items=items):
                    pending.extend(reversed(items))
                case Let(var=var, init=Const() | Local() | Fn(), body=body):
                    bound.add(var)
                    pending.append(body)
                case Define(var=var, value=Fn() as fn) if var in node.vars:
                    members.append(_Member(var, fn))
                case _:
                    break
        defined = [member.key for member in members]
        self.group(
            [m for m in members if defined.count(m.key) == 1 and not bound.intersection(free_vars(m.fn))]
        )
        # the others may still call themselves
        for member in members:
            if member.key not in self._groups and defined.count(member.key) == 1:
                self.group([member])

    def _function(self, fn: Fn, key: Key | None) -> Fn:
        group = self._groups.get(key) if key is not None else None
        if group is None and fn.self_var is not None:
            key = fn.self_var
            if any(True for _ in _tail_calls(fn.body, {key: fn})):
                group = {key: fn}
        if group is None or key is None:
            body = self.rewrite(fn.body)
            return fn if body is fn.body else replace(fn, body=body)
        return self._merge(fn, key, group)

    def _merge(self, fn: Fn, key: Key, group: dict[Key, Fn]) -> Fn:
        copier = self._copier
        labels = {member: copier.number() for member in group}
        entry = tuple(copier.var(var.name) for var in fn.params)
        rest = copier.var(fn.rest.name) if fn.rest is not None else None
        blocks = []
        for member, other in sorted(group.items(), key=lambda item: item[0] != key):
            params, body = other.params + ((other.rest,) if other.rest is not None else ()), other.body
            if member != key:
                params, body = copier.copy_block(params, body)
            body = _jumps(body, group, labels)
            blocks.append(Block(labels[member], params, self.rewrite(body)))
        args = tuple(Local(var, span=fn.span) for var in (*entry, *((rest,) if rest is not None else ())))
        return replace(fn, params=entry, rest=rest, body=Blocks(args, tuple(blocks), span=fn.body.span))


def _size(group: dict[Key, Fn]) -> int:
    return sum(1 for fn in group.values() for _ in descendants(fn.body))


def _callee(node: Expr) -> Key | None:
    match node:
        case Call(callee=Global(name=name), site=None):
            return name
        case Call(callee=Local(var=var) | Late(var=var), site=None):
            return var
    return None


def _tail_calls(body: Expr, functions: dict[Key, Fn]) -> Iterator[tuple[Key, Call]]:
    for node in tails(body):
        key = _callee(node)
        if (
            key is not None
            and key in functions
            and isinstance(node, Call)
            and functions[key].takes(len(node.args))
        ):
            yield key, node


def _jumps(node: Expr, group: dict[Key, Fn], labels: dict[Key, int]) -> Expr:
    """Replace the tail calls of members."""

    def go(node: Expr) -> Expr:
        match node:
            case If(then=then, orelse=orelse):
                return replace(node, then=go(then), orelse=go(orelse))
            case Do(items=items):
                return replace(node, items=(*items[:-1], go(items[-1])))
            case Let(body=body) | Scope(body=body):
                return replace(node, body=go(body))
            case Blocks(blocks=blocks):
                return replace(node, blocks=tuple(replace(b, body=go(b.body)) for b in blocks))
            case Call(args=args):
                key = _callee(node)
                if key is not None and key in group and group[key].takes(len(args)):
                    return Jump(labels[key], _arguments(node, args, group[key]), span=node.span)
        return node

    return go(node)


def _arguments(call: Call, args: tuple[Expr, ...], fn: Fn) -> tuple[Expr, ...]:
    if fn.rest is None:
        return args
    count = len(fn.params)
    return (*args[:count], Op("list", args[count:], span=call.span))
