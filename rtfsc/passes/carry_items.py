"""Let loops carry the items of a small vector or map instead of the vector or map.

Before: a loop carries a value that it starts with as a literal and goes on with as a literal of the same
shape, or with some entries replaced, and mostly reads item by item. After: it carries the items, and makes
the whole where it is needed.
    (fold L x xs [p] [[0 1]] (let s (op seq_exact p 2) … (jump L [b (+ a b)])) p)
    =>  (fold L x xs [p0 p1] [0 1] … (jump L b (+ a b)) [p0 p1])
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Final

from rtfs_runtime.values import Keyword
from rtfsc.ir import kinds
from rtfsc.ir.census import occurs, things
from rtfsc.ir.kind_flow import Kinds, infer_kinds
from rtfsc.ir.nodes import (
    Block,
    Blocks,
    BuiltinRef,
    Call,
    Const,
    Expr,
    Fold,
    If,
    Jump,
    Late,
    Let,
    Local,
    Map,
    Module,
    Op,
    Var,
    Vector,
)
from rtfsc.ir.walk import Fresh, again, jumps_back, map_children, with_forms
from rtfsc.options import Options
from rtfsc.source import Span

_MOST: Final = 8
_LOOPS: Final = things(Fold, Blocks)
_PLACES: Final = {"first": 0, "second": 1}


class _NoWay(Exception):
    """The loop goes on with something of another shape."""


def run(module: Module, options: Options) -> Module:
    """Rewrite the loops of every form."""
    shared = _Shared(module)
    forms = [_rewrite(node, shared) for node in module.body]
    return with_forms(module, forms, lambda inner: run(inner, options), shared.fresh.next_id)


class _Shared:
    """New numbers, and kinds as soon as a loop asks for them."""

    def __init__(self, module: Module) -> None:
        self.fresh = Fresh(module.next_id)
        self._module = module
        self._kinds: Kinds | None = None

    def kind(self, node: Expr) -> int:
        """Give the kind of a node that stood in the module."""
        if self._kinds is None:
            self._kinds = infer_kinds(self._module)
        return self._kinds.of(node)


def _rewrite(node: Expr, shared: _Shared) -> Expr:
    """Rewrite inner loops first."""
    if not occurs(node) & _LOOPS:
        return node
    node = map_children(node, lambda child: _rewrite(child, shared))
    if not isinstance(node, Fold) and not (isinstance(node, Blocks) and jumps_back(node)):
        return node
    for at in reversed(range(len(node.args))):
        found = _carried(node, at, shared)
        node = node if found is None else found
    return node


def _carried(loop: Fold | Blocks, at: int, shared: _Shared) -> Fold | Blocks | None:
    """Rewrite a loop for one of its parameters; None when that is no way."""
    parts = _parts(loop.args[at])
    if parts is None or not 0 < len(parts) <= _MOST:
        return None
    first = loop if isinstance(loop, Fold) else loop.blocks[0]
    param, span = first.params[at], loop.span
    items = {key: Local(shared.fresh.var(param.name), span=span) for key in parts}
    carrier = _Carrier(
        (first.label, at), items, isinstance(loop.args[at], Map) or _is_map(loop.args[at]), shared
    )
    carrier.views.add(param)
    params = (*first.params[:at], *(local.var for local in items.values()), *first.params[at + 1 :])
    args = (*loop.args[:at], *parts.values(), *loop.args[at + 1 :])
    made: Fold | Blocks
    try:
        if isinstance(loop, Fold):
            body, done = carrier.go(loop.body), carrier.go(loop.done)
            made = replace(loop, params=params, args=args, body=body, done=done)
        else:
            blocks = [Block(first.label, params, carrier.go(loop.blocks[0].body))]
            blocks += [replace(block, body=carrier.go(block.body)) for block in loop.blocks[1:]]
            made = replace(loop, args=args, blocks=tuple(blocks))
    except _NoWay:
        return None
    return made if carrier.reads else None


def _is_map(node: Expr) -> bool:
    return isinstance(node, Const) and isinstance(node.value, dict)


def _parts(node: Expr) -> dict[object, Expr] | None:
    """Take a literal apart: its items by place or key."""
    match node:
        case Vector(items=items):
            return dict(enumerate(items))
        case Const(value=tuple() as items):
            return {at: Const(item, span=node.span) for at, item in enumerate(items)}
        case Map(keys=keys, values=values):
            return dict(zip(keys, values, strict=True))
        case Const(value=dict() as entries):
            return {key: Const(item, span=node.span) for key, item in entries.items()}
        case _:
            return None


def _is_idle(node: Expr) -> bool:
    return isinstance(node, (Const, Local))


@dataclass
class _Carrier:
    """Rewrites one loop; raises `_NoWay` where it goes on with another shape."""

    where: tuple[int, int]
    items: dict[object, Local]
    is_map: bool
    shared: _Shared
    # variables for the whole
    views: set[Var] = field(default_factory=set)
    # variables for an item
    copies: dict[Var, Local] = field(default_factory=dict)
    reads: int = 0

    def go(self, node: Expr) -> Expr:
        """Rewrite an expression."""
        match node:
            case Local(var=var) if var in self.views:
                return self._whole(node.span)
            case Local(var=var) if var in self.copies:
                return replace(self.copies[var], span=node.span)
            case Late(var=var) if var in self.views:
                raise _NoWay
            case Let(var=var, init=init, body=body) if self._is_view(init):
                self.views.add(var)
                return self.go(body)
            case Let(var=var, init=init, body=body) if (item := self._item(init)) is not None:
                self.reads += 1
                assert isinstance(item, Local)
                self.copies[var] = item
                return self.go(body)
            case Jump(label=label) if label == self.where[0]:
                return self._jump(node)
        found = self._item(node)
        if found is not None:
            self.reads += 1
            return replace(found, span=node.span)
        return map_children(node, self.go)

    def _is_view(self, node: Expr) -> bool:
        """Tell whether an expression gives the whole, and cannot fail."""
        match node:
            case Local(var=var):
                return var in self.views
            case Op(name="seq_exact", args=[inner, Const(value=count)]):
                return not self.is_map and count == len(self.items) and self._is_view(inner)
            case Op(name="map_view", args=[inner]):
                return self.is_map and self._is_view(inner)
            case _:
                return False

    def _item(self, node: Expr) -> Expr | None:
        """Give the variable for an item that is read; None for anything else."""
        match node:
            case Op(
                name="seq_at" | "map_get" | "old_value" | "path_value", args=[inner, Const(value=key), *_]
            ):
                pass
            case Call(callee=Const(value=Keyword() as key), args=[inner], site=None) if self.is_map:
                pass
            case Call(
                callee=BuiltinRef(name="nth" | "get" as name), args=[inner, Const(value=key)], site=None
            ) if name == "get" or not self.is_map:
                pass
            case Call(callee=BuiltinRef(name="first" | "second" as name), args=[inner]) if not self.is_map:
                key = _PLACES[name]
            case _:
                return None
        # True and 1.0 are no places
        if not self._is_view(inner) or isinstance(key, (bool, float, tuple, dict)):
            return None
        found = self.items.get(key)
        return None if found is None else again(found)

    def _whole(self, span: Span) -> Expr:
        locals_ = tuple([replace(local, span=span) for local in self.items.values()])
        return Map(tuple(self.items), locals_, span=span) if self.is_map else Vector(locals_, span=span)

    def _jump(self, node: Jump) -> Expr:
        """Rewrite a jump: what it evaluates stays in its order."""
        at = self.where[1]
        before, arg, after = node.args[:at], node.args[at], node.args[at + 1 :]
        parts = self._same(arg)
        if parts is not None:
            return replace(node, args=tuple(map(self.go, (*before, *parts.values(), *after))))
        bound: list[tuple[Var, Expr]] = []
        before = tuple([self._bound(each, bound) for each in before])
        if isinstance(arg, If):
            if not all(_is_idle(each) or self._counts(each) for each in after):
                raise _NoWay
            ways = [self._jump(replace(node, args=(*before, way, *after))) for way in (arg.then, arg.orelse)]
            made: Expr = If(self.go(arg.test), *ways, span=arg.span)
        else:
            values = self._values(arg, bound)
            placed = map(again, (*before, *values.values()))
            made = replace(node, args=(*placed, *map(self._placed, after)))
        for var, value in reversed(bound):
            made = Let(var, value, made, span=node.span)
        return made

    def _same(self, node: Expr) -> dict[object, Expr] | None:
        """Take a literal apart that has the shape of the one the loop starts with."""
        parts = _parts(node)
        if parts is None or list(parts) != list(self.items):
            return None
        return parts if (isinstance(node, Map) or _is_map(node)) is self.is_map else None

    def _bound(self, node: Expr, bound: list[tuple[Var, Expr]]) -> Expr:
        """Give what may be evaluated later, and more than once, for an expression."""
        made = self.go(node)
        if _is_idle(made) or self._counts(node):
            return made
        local = Local(self.shared.fresh.var("part"), span=node.span)
        bound.append((local.var, made))
        return local

    def _placed(self, node: Expr) -> Expr:
        """Rewrite what stands at the end of several ways, if it is as short as that."""
        made = self.go(node)
        return again(made) if _is_idle(node) or self._counts(node) else made

    def _counts(self, node: Expr) -> bool:
        """Tell whether an expression only adds to an integer: it cannot fail."""
        match node:
            case Call(callee=BuiltinRef(name="inc" | "dec" | "+" | "-"), args=args, site=None):
                of = self.shared.kind
                return all(_is_idle(arg) for arg in args) and all(
                    bool(of(arg)) and kinds.within(of(arg), kinds.INT) for arg in args
                )
            case _:
                return False

    def _values(self, node: Expr, bound: list[tuple[Var, Expr]]) -> dict[object, Expr]:
        """Give the items of what the loop goes on with."""
        match node:
            case Local(var=var) if var in self.views:
                return {key: again(local) for key, local in self.items.items()}
            case Let(var=var, init=init, body=body):
                if self._is_view(init):
                    self.views.add(var)
                else:
                    bound.append((var, self.go(init)))
                return self._values(body, bound)
            case Call(callee=BuiltinRef(name="assoc"), args=[base, *others], site=None) if (
                len(others) % 2 == 0
            ):
                values = self._values(base, bound)
                for key, value in zip(others[::2], others[1::2], strict=True):
                    name = key.value if isinstance(key, Const) else None
                    if isinstance(name, (bool, float, tuple, dict)) or name not in values:
                        raise _NoWay
                    values[name] = self._bound(value, bound)
                return values
            case Op(name="put", args=[base, Const(value=key), value, _]):
                values = self._values(base, bound)
                if isinstance(key, (bool, float, tuple, dict)) or key not in values:
                    raise _NoWay
                values[key] = self._bound(value, bound)
                return values
        parts = self._same(node)
        if parts is None:
            raise _NoWay
        return {key: self._bound(part, bound) for key, part in parts.items()}
