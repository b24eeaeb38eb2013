"""How loops and functions that fill a collection in place are rewritten.

In: a loop, or the body of a function, and the variable that holds the collection. Out: the same with the
changes made in place; or `NoWay`, when something would see the difference.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from rtfsc.ir.nodes import (
    Blocks,
    BuiltinRef,
    Call,
    Const,
    Do,
    Expr,
    Fold,
    Global,
    If,
    Jump,
    Let,
    Local,
    Op,
    Raise,
    Try,
    Var,
    Vector,
)
from rtfsc.ir.walk import again, bind, children
from rtfsc.passes.fill_reading import Reader
from rtfsc.passes.fill_twins import (
    LOOKS,
    Bound,
    Leaf,
    NoWay,
    Part,
    Twins,
    Where,
    call_taken_from,
    named,
    renamed,
    with_old,
    with_part,
)
from rtfsc.passes.fill_ways import CHANGES, DICT, LIST, SET, Step, name_of, step_of


class Rewriter(Reader):
    """Rewrites one loop; raises `NoWay` when a use forbids it."""

    def __init__(self, way: str, twins: Twins, *, again: bool = False) -> None:
        super().__init__(way, twins)
        # what fails is run again from the start, so that nothing here need call a function after all
        self._again = again
        self.changes = 0
        # what twins are told apart by
        self.called = way
        # what twins are handed beside the collection, first
        self.owned: Var | None = None

    def like(self, owned: Var | None) -> Rewriter:
        """Make the rewriter of a twin."""
        return Rewriter(self.way, self._twins)

    def loop(self, node: Fold | Blocks, where: Where, leaf: Leaf) -> Expr:
        """Rewrite the parts of a loop that carries the collection as `where` says."""
        var, _, labels = where
        if isinstance(node, Fold):
            body = self.tail(node.body, where, leaf)
            return replace(node, body=body, done=self.tail(node.done, where, leaf))
        first, *others = node.blocks
        blocks = [replace(first, body=self.tail(first.body, where, leaf))]
        for block in others:
            # a block beside the first one sees no parameter of it
            if self.sees(block.body, var):
                raise NoWay
            blocks.append(replace(block, body=self.tail(block.body, (var, -1, labels), leaf)))
        return replace(node, blocks=tuple(blocks))

    def tail(self, node: Expr, where: Where, leaf: Leaf) -> Expr:
        """Rewrite what stands in tail position."""
        var, _, labels = where

        def go(node: Expr) -> Expr:
            return self.tail(node, where, leaf)

        match node:
            case If(test=test, then=then, orelse=orelse):
                return replace(node, test=self.read(test, var), then=go(then), orelse=go(orelse))
            case Let() if self.is_view(node, var):
                return go(_without_view(node, var))
            case Let() if (parted := self.parted(node, var)) is not None:
                wrapped, taken, body = parted
                return wrapped(self.tail(body, (taken, where[1], labels), leaf))
            case Let() if self.is_renamed(node, var):
                body = self.tail(node.body, (node.var, where[1], labels), leaf)
                return replace(node, init=self.change(node.init, var), body=body)
            case Let(body=body):
                return replace(node, init=self.bound(node, var), body=go(body))
            case Do(items=items):
                first = tuple([self.read(item, var) for item in items[:-1]])
                return replace(node, items=(*first, go(items[-1])))
            case Fold() | Blocks():
                return self.inner(node, where, leaf, go)
            case Jump(label=label) if label in labels:
                return self.jump(node, var, labels[label])
            case Jump(args=args):
                return replace(node, args=tuple([self.read(arg, var) for arg in args]))
            case Raise(value=value):
                return replace(node, value=self.read(value, var))
            case _:
                return leaf(node, var)

    def inner(self, node: Fold | Blocks, where: Where, leaf: Leaf, go: Callable[[Expr], Expr]) -> Expr:
        """Rewrite a loop, or clauses of a match, that stand in the loop."""
        var, _, labels = where
        places = [at for at, arg in enumerate(node.args) if self.is_change(arg, var)]
        if len(places) == 1:
            at = places[0]
            return self.carried(node, at, (var, labels), leaf)
        args = tuple([self.read(arg, var) for arg in node.args])
        if isinstance(node, Fold):
            items = self.read(node.items, var)
            return replace(node, args=args, items=items, body=go(node.body), done=go(node.done))
        blocks = tuple([replace(block, body=go(block.body)) for block in node.blocks])
        return replace(node, args=args, blocks=blocks)

    def carried(self, node: Fold | Blocks, at: int, here: tuple[Var, dict[int, int]], leaf: Leaf) -> Expr:
        """Rewrite a loop inside that takes the collection over; the outer variable is not used in it."""
        var, labels = here
        bound, args = self.around(node.args, at, var)
        params = node.params if isinstance(node, Fold) else node.blocks[0].params
        label = node.label if isinstance(node, Fold) else node.blocks[0].label
        if isinstance(node, Fold):
            if self.sees(node.items, var) or self.sees(node.body, var) or self.sees(node.done, var):
                raise NoWay
        elif any(self.sees(block.body, var) for block in node.blocks):
            raise NoWay
        loop = self.loop(replace(node, args=args), (params[at], at, {**labels, label: at}), leaf)
        return bind(bound, loop)

    def jump(self, node: Jump, var: Var, at: int) -> Expr:
        bound, args = self.around(node.args, at, var)
        return bind(bound, replace(node, args=args))

    def around(self, nodes: Sequence[Expr], at: int, var: Var) -> tuple[Bound, tuple[Expr, ...]]:
        """Rewrite what is evaluated in order, of which one gives the collection on: give what is bound before
        that as well."""
        bound: Bound = []
        before = [self.read(node, var) for node in nodes[:at]]
        made = self.change(nodes[at], var)
        return bound, (*before, made, *self.after(nodes[at + 1 :], var, bound))

    # -- expressions that give the collection on

    def is_change(self, node: Expr, var: Var) -> bool:
        """Tell whether an expression gives the collection on, changed or not."""
        match node:
            case Local(var=found):
                return found == var
            case Call(callee=BuiltinRef(), args=[base, *_]) if name_of(node) in CHANGES:
                return self.is_change(base, var)
            case Op(name="put", args=[base, *_]):
                return self.is_change(base, var)
            case Call(callee=Global(), args=args, site=None):
                return any(self.is_change(arg, var) for arg in args)
            case If(then=then, orelse=orelse):
                return self.is_change(then, var) or self.is_change(orelse, var)
            case Let(body=body):
                held = node.var if self.is_renamed(node, var) else var
                return self.is_change(body, held)
            case Do(items=items):
                return self.is_change(items[-1], var)
            case Try(handler=Call() as again) if again.span == node.span:
                return self.is_change(again, var)
            case Fold() | Blocks():
                return any(self.is_change(arg, var) for arg in node.args)
            case _ if (step := self.step_of(node)) is not None:
                return self.is_change(step.base, var)
            case _:
                call = call_taken_from(node)
                return call is not None and any(self.is_change(arg, var) for arg in call.args)

    def is_renamed(self, node: Let, var: Var) -> bool:
        """Tell whether a binding takes the collection over: from there on the old variable is not used."""
        return self.is_change(node.init, var) and not self.sees(node.body, var)

    def parted(self, node: Let, var: Var) -> tuple[Callable[[Expr], Expr], Var, Expr] | None:
        """Hand the collection to a function that gives a vector with it, of which only items are taken: give
        what binds them for what follows, the variable for the collection, and what follows."""
        call = node.init
        if isinstance(call, Op) and call.name == "seq_exact":
            call = call.args[0]
        match call:
            case Call(callee=Global(name=name), args=args, site=None):
                pass
            case _:
                return None
        if not any(self.is_change(arg, var) for arg in args) or self.sees(node.body, var):
            return None
        for part in self._twins.parts(name, node):
            try:
                handed = self.handed(call, var, part)
            except NoWay:
                continue
            taken = self._twins.copier.var(var.name)
            span = call.span
            item = Op("seq_at", (Local(node.var, span=span), Const(part[0], span=span)), span=span)

            def wrapped(body: Expr, handed: Expr = handed, taken: Var = taken, item: Expr = item) -> Expr:
                return replace(node, init=handed, body=Let(taken, item, body, span=body.span))

            return wrapped, taken, with_part(node.body, node.var, part[0], taken)
        return None

    def part_of(self, part: Part) -> Leaf:
        """Make what rewrites the ends of a function that gives a vector with the collection as one part."""
        at, size = part

        def leaf(node: Expr, var: Var) -> Expr:
            match node:
                case Vector(items=items) if len(items) == size:
                    bound, items = self.around(items, at, var)
                    return bind(bound, replace(node, items=items))
                case Call(callee=Global(), site=None):
                    return self.handed(node, var, part)
                case _:
                    raise NoWay

        return leaf

    def is_view(self, node: Let, var: Var) -> bool:
        """Tell whether a binding is the collection as a pattern looks at it."""
        match node.init:
            case Op(name="map_view", args=[Local(var=found)]):
                return self.way == DICT and found == var
            case Op(name="seq_exact" | "seq_least", args=[Local(var=found), Const()]):
                return self.way == LIST and found == var
            case _:
                return False

    def change(self, node: Expr, var: Var) -> Expr:
        """Rewrite an expression that must give the collection on."""
        match node:
            case Local(var=found) if found == var:
                return node
            case If(test=test, then=then, orelse=orelse):
                ways = (self.change(then, var), self.change(orelse, var))
                return If(self.read(test, var), *ways, span=node.span)
            case Let() if self.is_view(node, var):
                return self.change(_without_view(node, var), var)
            case Let() if (parted := self.parted(node, var)) is not None:
                wrapped, taken, body = parted
                return wrapped(self.change(body, taken))
            case Let() if self.is_renamed(node, var):
                body = self.change(node.body, node.var)
                return replace(node, init=self.change(node.init, var), body=body)
            case Let(body=body):
                return replace(node, init=self.bound(node, var), body=self.change(body, var))
            case Do(items=items):
                first = tuple([self.read(item, var) for item in items[:-1]])
                return replace(node, items=(*first, self.change(items[-1], var)))
            case Call(callee=BuiltinRef(), args=[base, *others]) if name_of(node) in CHANGES:
                return self.step(node, base, tuple(others), var)
            case Try(handler=Call() as again, final=None) if again.span == node.span:
                # what was put where it is called cannot be called again after half of the changes
                return self.change(node.body if self._again else again, var)
            case Op(name="put", args=[base, *entry]) if self.way != SET:
                return self.put(node, base, tuple(entry), var)
            case Call(callee=Global(), site=None):
                return self.handed(node, var)
            case Fold() | Blocks():

                def never(node: Expr) -> Expr:
                    raise NoWay

                return self.inner(node, (var, -1, {}), self.change, never)
            case Raise(value=value):
                return replace(node, value=self.read(value, var))
            case _ if (step := self.step_of(node)) is not None:
                return self.stepped(node, step, var)
            case _ if call_taken_from(node) is not None:
                result = Local(self._twins.copier.var("result"), span=node.span)
                parted = self.parted(named(node, result), var)
                if parted is None:
                    raise NoWay
                wrapped, taken, body = parted
                return wrapped(self.change(body, taken))
            case _:
                raise NoWay

    def put(self, node: Expr, base: Expr, entry: tuple[Expr, ...], var: Var) -> Expr:
        """Rewrite the change of one place: its key, the value, the operation that messages name."""
        key, value, operation = entry
        bound: Bound = []
        made = self.change(base, var)
        if not isinstance(base, Local):
            # they would see the change before this one
            key, value = self.after((key, value), var, bound)
        self.changes += 1
        args = (made, self.read(key, var), self.read(value, var), operation)
        return bind(bound, Op(f"{self.way}_put", args, span=node.span))

    def looking(self, name: str, at: int, count: int) -> str:
        return self._twins.twin(name, (self.called, at, count, LOOKS), self)

    def handed(self, node: Call, var: Var, part: Part | None = None) -> Expr:
        """Hand the collection to a function that fills it as well, by its twin, which does so in place, and
        gives it back, or a vector with it as one part."""
        places = [at for at, arg in enumerate(node.args) if self.is_change(arg, var)]
        if len(places) != 1:
            raise NoWay
        (at,) = places
        assert isinstance(node.callee, Global)
        twin = self._twins.twin(node.callee.name, (self.called, at, len(node.args), part), self)
        bound, args = self.around(node.args, at, var)
        self.changes += 1
        if self.owned is not None:
            args = (Local(self.owned, span=node.span), *args)
        return bind(bound, replace(node, callee=replace(node.callee, name=twin), args=args))

    def step(self, node: Call, base: Expr, others: tuple[Expr, ...], var: Var) -> Expr:
        """Rewrite one change."""
        if name_of(node) == "assoc" and len(others) > 2:
            return self.several(node, base, others, var)
        exchanged = self.exchanged(node, base, others, var)
        if exchanged is not None:
            return exchanged
        bound: Bound = []
        made = self.change(base, var)
        if isinstance(base, Local):
            others = tuple([self.read(other, var) for other in others])
        else:
            others = tuple(self.after(others, var, bound))
        name, span = name_of(node), node.span
        if name == "concat" and self.way == LIST and all(isinstance(other, Vector) for other in others):
            name, others = "conj", tuple([item for other in others for item in children(other)])
        self.changes += 1
        if name == "conj" and self.way == LIST and others:
            for other in (others[0], *self.after(others[1:], var, bound)):
                made = Op("list_push", (made, other), span=span)
        elif name == "conj" and self.way == SET and len(others) == 1:
            made = Op("set_put", (made, others[0], Const("conj", span=span)), span=span)
        elif name == "assoc" and len(others) == 2 and self.way != SET:
            made = Op(f"{self.way}_put", (made, *others, Const("assoc", span=span)), span=span)
        elif name == "into" and self.way == DICT and len(others) == 1:
            made = Op("dict_pour", (made, others[0]), span=span)
        elif name == "into" and len(others) == 1:
            items = Op("elements", (others[0], Const("into", span=span)), span=span)
            made = Op(f"{self.way}_extend", (made, items), span=span)
        elif name == "concat" and self.way == LIST and others:
            made = Op("list_extend", (made, replace(node, args=others)), span=span)
        else:
            raise NoWay
        return bind(bound, made)

    def step_of(self, node: Expr) -> Step | None:
        """Take another change apart, if it can be made in place."""
        return step_of(node, self.way)

    def stepped(self, node: Expr, step: Step, var: Var) -> Expr:
        """Rewrite another change."""
        bound: Bound = []
        made = self.change(step.base, var)
        # they would see the change before this one, or the part of it that is made for another
        known = 0 if not isinstance(step.base, Local) else 1 if step.row.each else len(step.others)
        others = [self.read(other, var) for other in step.others[:known]]
        others += self.after(step.others[known:], var, bound)
        self.changes += step.row.counts
        return bind(bound, step.made(made, others, node.span))

    def several(self, node: Call, base: Expr, others: tuple[Expr, ...], var: Var) -> Expr:
        """Rewrite an `assoc` of several keys: all its arguments are evaluated before the first change."""
        if len(others) % 2 or not isinstance(base, Local) or self.way == SET:
            raise NoWay
        locals_ = [Local(self._twins.copier.var("part"), span=other.span) for other in others]
        made: Expr = self.change(base, var)
        operation = Const("assoc", span=node.span)
        for key, value in zip(locals_[::2], locals_[1::2], strict=True):
            made = Op(f"{self.way}_put", (made, key, value, operation), span=node.span)
        self.changes += 1
        for local, other in zip(reversed(locals_), reversed(others), strict=True):
            made = Let(local.var, self.read(other, var), made, span=node.span)
        return made

    def exchanged(self, node: Call, base: Expr, others: tuple[Expr, ...], var: Var) -> Expr | None:
        """Rewrite `(assoc (assoc v i a) j (nth v i))`: what the first change replaces is read before it."""
        match base:
            case Call(callee=BuiltinRef(name="assoc"), args=[Local(var=found), key, value]) if found == var:
                pass
            case _:
                return None
        if name_of(node) != "assoc" or self.way != LIST or not isinstance(key, (Local, Const)):
            return None
        if not any(self.sees(other, var) for other in others):
            return None
        span = base.span
        new, old = (Local(self._twins.copier.var(name), span=span) for name in ("new", "old"))
        others = tuple([with_old(other, (var, key), old) for other in others])
        if any(self.sees(other, var) for other in others):
            raise NoWay
        self.changes += 1
        operation = Const("assoc", span=span)
        first = Op("list_put", (base.args[0], key, new, operation), span=span)
        second = Op("list_put", (first, *others, operation), span=node.span)
        # it fails as the first change would
        read = Op("old_value", (again(base.args[0]), again(key), operation), span=span)
        return Let(new.var, self.read(value, var), Let(old.var, read, second, span=span), span=span)


def _without_view(node: Let, var: Var) -> Expr:
    """Let a pattern take the collection itself apart: views of dicts and lists are these."""
    body = renamed(node.body, node.var, var)
    if isinstance(node.init, Op) and node.init.name == "map_view":
        return body
    return Do((node.init, body), span=node.span)
