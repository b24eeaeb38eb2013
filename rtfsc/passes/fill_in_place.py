"""Let loops fill the vector or map that they build, instead of making a new one at each step.

Before: a loop carries a collection that it starts with fresh, changes by `conj`, `assoc`, `into` or a
written-out `update` only, reads but never keeps, and gives at its end. After: the loop carries a list or dict
of its own, changed in place, and gives a vector or map of it at its end.
    (fold L w items [m] [{}] (jump L (assoc m w (+ 1 (get m w 0)))) m)
    =>  (fold L w items [m] [(op dict_new)] (jump L (op dict_put m w (+ 1 (get m w 0)) "assoc")) m)

Nobody else ever sees the collection: each step uses the last version once, reads come before the change, no
closure captures it, and what fails leaves the loop for good. A loop inside may go on filling it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from rtfs_runtime.builtins import BUILTINS
from rtfs_runtime.values import Keyword
from rtfsc.ir import kinds
from rtfsc.ir.kind_flow import Kinds, infer_kinds
from rtfsc.ir.nodes import (
    Blocks,
    BuiltinRef,
    Call,
    Const,
    DefGlobal,
    Do,
    Expr,
    Fn,
    Fold,
    Global,
    If,
    Jump,
    Late,
    Let,
    Local,
    Map,
    Module,
    Op,
    Raise,
    Var,
    Vector,
)
from rtfsc.ir.walk import descendants, known_functions, map_children, rewrite_modules
from rtfsc.options import Options
from rtfsc.passes.copying import Copier

# builtins that give a tuple or dict nobody else holds
_FRESH: Final = frozenset(
    {"vector", "map", "filter", "keep", "mapcat", "range", "repeat", "concat", "vec", "hash-map", "into"}
)
_READS_OF_LISTS: Final = frozenset({"count", "nth", "first", "last", "empty?", "get"})
_READS_OF_DICTS: Final = frozenset(
    {"count", "get", "contains?", "empty?", "keys", "vals", "entries", "get-in"}
)
_READS_OF_SETS: Final = frozenset({"count", "contains?", "empty?"})
_LIST: Final = "list"
_SET: Final = "set"
_DICT: Final = "dict"


class _NoWay(Exception):
    """The collection is used in a way that sees the difference."""


def run(module: Module, options: Options) -> Module:
    """Fill in place in every form."""
    filler = _Filler(module)
    body = filler.all_forms()
    inner = rewrite_modules(body, lambda inner: run(inner, options))
    if len(inner) == len(module.body) and all(
        new is old for new, old in zip(inner, module.body, strict=True)
    ):
        return module
    return replace(
        module, body=inner, next_id=filler.copier.next_id, constants=module.constants | filler.names
    )


class _Filler:
    def __init__(self, module: Module) -> None:
        self.copier = Copier(module.next_id)
        self._module = module
        self.twins = _Twins(known_functions(module), self.copier)
        self._known: Kinds | None = None
        self.names: set[str] = set()

    def all_forms(self) -> tuple[Expr, ...]:
        """Rewrite the forms of the module; twins stand before the functions they are of."""
        while True:
            refused = len(self.twins.refused)
            self.twins.made.clear()
            rewritten = [self.rewrite(node) for node in self._module.body]
            if len(self.twins.refused) == refused:
                break
        body: list[Expr] = []
        for node in rewritten:
            if isinstance(node, DefGlobal):
                for name, fn in self.twins.made.get(node.name, {}).items():
                    self.names.add(name)
                    body.append(DefGlobal(name, fn, span=node.span))
            body.append(node)
        return tuple(body)

    def _kind(self, node: Expr) -> int:
        # most modules have no loop that asks
        if self._known is None:
            self._known = infer_kinds(self._module)
        return self._known.of(node)

    def rewrite(self, node: Expr) -> Expr:
        """Rewrite loops, outer ones first: an inner one may go on filling what an outer one began."""
        if isinstance(node, Fold | Blocks):
            for at, arg in enumerate(node.args):
                start = self._start(arg)
                if start is not None:
                    try:
                        loop = self._filled(node, at, start)
                    except _NoWay:
                        continue
                    return self.rewrite(loop)
        return map_children(node, self.rewrite)

    def _start(self, arg: Expr) -> tuple[str, Expr] | None:
        """Give the way a collection is filled and how the filling starts, if it is fresh."""
        span = arg.span
        match arg:
            case Call(callee=BuiltinRef(name="assoc"), args=[base, key, value]):
                start = self._start(base)
                if start is None:
                    return self._start_of(arg)
                way, made = start
                if way == _SET:
                    return None
                return way, Op(f"{way}_put", (made, key, value, Const("assoc", span=span)), span=span)
            case Vector(items=()) | Const(value=()):
                return _LIST, Op("list_new", (), span=span)
            case Map(keys=()) | Const(value={}) if not (isinstance(arg, Const) and arg.value):
                return _DICT, Op("dict_new", (), span=span)
            case Vector() | Const(value=tuple()):
                return _LIST, Op("list_of", (arg,), span=span)
            case Map():
                return _DICT, arg
            case Call(callee=BuiltinRef(name="set"), args=[Vector(items=()) | Const(value=())]):
                return _SET, Op("dict_new", (), span=span)
            case Call(callee=BuiltinRef(name="set"), args=[source]):
                return _SET, Op("set_of", (source,), span=span)
            case Call(callee=BuiltinRef(name=name)) if BUILTINS[name].name in _FRESH | {"conj"}:
                return self._start_of(arg)
            case Let() | Fold() | Op(name="list_tuple") if _gives_fresh(arg):
                return self._start_of(arg)
            case _:
                return None

    def _start_of(self, arg: Expr) -> tuple[str, Expr] | None:
        kind = self._kind(arg)
        if kinds.within(kind, kinds.TUPLE) and kind:
            return _LIST, Op("list_of", (arg,), span=arg.span)
        if kinds.within(kind, kinds.DICT) and kind:
            return _DICT, Op("dict_of", (arg,), span=arg.span)
        return None

    def _filled(self, loop: Fold | Blocks, at: int, start: tuple[str, Expr]) -> Expr:
        """Rewrite a loop so that it fills the collection at one place of its arguments."""
        way, first = start
        params = loop.params if isinstance(loop, Fold) else loop.blocks[0].params
        label = loop.label if isinstance(loop, Fold) else loop.blocks[0].label
        rewriter = _Rewriter(way, self.twins)
        args = (*loop.args[:at], first, *loop.args[at + 1 :])
        done = rewriter.loop(replace(loop, args=args), (params[at], at, {label: at}), rewriter.leave)
        if not rewriter.changes:
            raise _NoWay
        return done


_Key = tuple[str, int, int]
"""How a twin fills: the way, the place of the collection among the arguments, their number."""


class _Twins:
    """Functions that take a collection, fill it in place and give it back: twins of known functions."""

    def __init__(self, functions: Mapping[str, Fn], copier: Copier) -> None:
        self._functions = functions
        self._copier = copier
        self.made: dict[str, dict[str, Fn]] = {}
        self.refused: set[tuple[str, _Key]] = set()

    def twin(self, name: str, key: _Key) -> str:
        """Name the twin of a function, making it when it is asked for first."""
        way, at, count = key
        fn = self._functions.get(name)
        made = self.made.setdefault(name, {})
        called = f"#{way} {at} {name}"
        if called in made:
            return called
        if fn is None or fn.rest is not None or len(fn.params) != count or (name, key) in self.refused:
            raise _NoWay
        # calls of itself find it
        made[called] = fn
        params, body = self._copier.copy_block(fn.params, fn.body)
        taken = self._copier.var(params[at].name)
        rewriter = _Rewriter(way, self)
        try:
            body = rewriter.tail(body, (params[at], -1, {}), rewriter.change)
            if not rewriter.changes:
                raise _NoWay
        except _NoWay:
            # twins made meanwhile that call it must go, too
            self.refused.add((name, key))
            self.made.clear()
            raise
        local = Op(f"{way}_taken", (Local(taken, span=fn.span),), span=fn.span)
        body = Let(params[at], local, body, span=fn.body.span)
        made[called] = replace(fn, params=(*params[:at], taken, *params[at + 1 :]), body=body)
        return called


def _gives_fresh(node: Expr) -> bool:
    """Tell whether all ends of an expression are vectors that were just made."""
    match node:
        case Let(body=body):
            return _gives_fresh(body)
        case Fold(body=body, done=done):
            return _gives_fresh(done) and _only_jumps(body)
        case Op(name="list_tuple"):
            return True
        case _:
            return False


def _only_jumps(node: Expr) -> bool:
    match node:
        case Jump() | Raise():
            return True
        case If(then=then, orelse=orelse):
            return _only_jumps(then) and _only_jumps(orelse)
        case Do(items=items):
            return _only_jumps(items[-1])
        case Let(body=body):
            return _only_jumps(body)
        case Fold(body=body, done=done):
            return _only_jumps(body) and _only_jumps(done)
        case Blocks(blocks=blocks):
            return all(_only_jumps(block.body) for block in blocks)
        case _:
            return False


_Where = tuple[Var, int, dict[int, int]]
"""The variable that holds the collection here, its place among the parameters of the innermost loop, and for
each loop that carries it, by label, its place there."""
_Leaf = Callable[[Expr, Var], Expr]


class _Rewriter:
    """Rewrites one loop; raises `_NoWay` when a use forbids it."""

    def __init__(self, way: str, twins: _Twins) -> None:
        self._way = way
        self._twins = twins
        reads = {_LIST: _READS_OF_LISTS, _DICT: _READS_OF_DICTS, _SET: _READS_OF_SETS}
        self._reads = reads[way]
        self.changes = 0

    def loop(self, node: Fold | Blocks, where: _Where, leaf: _Leaf) -> Expr:
        """Rewrite the parts of a loop that carries the collection as `where` says."""
        var, _, labels = where
        if isinstance(node, Fold):
            body = self.tail(node.body, where, leaf)
            return replace(node, body=body, done=self.tail(node.done, where, leaf))
        first, *others = node.blocks
        blocks = [replace(first, body=self.tail(first.body, where, leaf))]
        for block in others:
            # a block beside the first one sees no parameter of it
            if _uses(block.body, var):
                raise _NoWay
            blocks.append(replace(block, body=self.tail(block.body, (var, -1, labels), leaf)))
        return replace(node, blocks=tuple(blocks))

    def tail(self, node: Expr, where: _Where, leaf: _Leaf) -> Expr:
        """Rewrite what stands in tail position."""
        var, _, labels = where

        def go(node: Expr) -> Expr:
            return self.tail(node, where, leaf)

        match node:
            case If(test=test, then=then, orelse=orelse):
                return replace(node, test=self.read(test, var), then=go(then), orelse=go(orelse))
            case Let(init=init, body=body):
                return replace(node, init=self.read(init, var), body=go(body))
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

    def inner(self, node: Fold | Blocks, where: _Where, leaf: _Leaf, go: Callable[[Expr], Expr]) -> Expr:
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

    def carried(self, node: Fold | Blocks, at: int, here: tuple[Var, dict[int, int]], leaf: _Leaf) -> Expr:
        """Rewrite a loop inside that takes the collection over; the outer variable is not used in it."""
        var, labels = here
        args = [self.read(arg, var) for arg in node.args[:at]]
        args.append(self.change(node.args[at], var))
        if any(_uses(arg, var) for arg in node.args[at + 1 :]):
            raise _NoWay
        args += node.args[at + 1 :]
        params = node.params if isinstance(node, Fold) else node.blocks[0].params
        label = node.label if isinstance(node, Fold) else node.blocks[0].label
        if isinstance(node, Fold):
            if _uses(node.items, var) or _uses(node.body, var) or _uses(node.done, var):
                raise _NoWay
        elif any(_uses(block.body, var) for block in node.blocks):
            raise _NoWay
        return self.loop(replace(node, args=tuple(args)), (params[at], at, {**labels, label: at}), leaf)

    def jump(self, node: Jump, var: Var, at: int) -> Expr:
        args = [self.read(arg, var) for arg in node.args[:at]]
        args.append(self.change(node.args[at], var))
        if any(_uses(arg, var) for arg in node.args[at + 1 :]):
            raise _NoWay
        return replace(node, args=(*args, *node.args[at + 1 :]))

    # -- expressions that give the collection on

    def is_change(self, node: Expr, var: Var) -> bool:
        """Tell whether an expression gives the collection on, changed or not."""
        match node:
            case Local(var=found):
                return found == var
            case Call(callee=BuiltinRef(), args=[base, *_]):
                return self.is_change(base, var) and _name(node) in _CHANGES
            case Op(name="put", args=[base, *_]):
                return self.is_change(base, var)
            case Call(callee=Global(), args=args, site=None):
                return any(self.is_change(arg, var) for arg in args)
            case If(then=then, orelse=orelse):
                return self.is_change(then, var) or self.is_change(orelse, var)
            case Let(body=body):
                return self.is_change(body, var)
            case Do(items=items):
                return self.is_change(items[-1], var)
            case Fold() | Blocks():
                return any(self.is_change(arg, var) for arg in node.args)
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
            case Let(init=init, body=body):
                return replace(node, init=self.read(init, var), body=self.change(body, var))
            case Do(items=items):
                first = tuple([self.read(item, var) for item in items[:-1]])
                return replace(node, items=(*first, self.change(items[-1], var)))
            case Call(callee=BuiltinRef(), args=[base, *others]) if _name(node) in _CHANGES:
                return self.step(node, base, tuple(others), var)
            case Op(name="put", args=[base, key, value, operation]) if self._way != _SET:
                made = self.change(base, var)
                if not isinstance(base, Local) and (_uses(key, var) or _uses(value, var)):
                    # they would see the change before this one
                    raise _NoWay
                self.changes += 1
                args = (made, self.read(key, var), self.read(value, var), operation)
                return Op(f"{self._way}_put", args, span=node.span)
            case Call(callee=Global(), site=None):
                return self.handed(node, var)
            case Fold() | Blocks():

                def never(node: Expr) -> Expr:
                    raise _NoWay

                return self.inner(node, (var, -1, {}), self.change, never)
            case Raise(value=value):
                return replace(node, value=self.read(value, var))
            case _:
                raise _NoWay

    def handed(self, node: Call, var: Var) -> Expr:
        """Hand the collection to a function that fills it as well, by its twin that does so in place."""
        places = [at for at, arg in enumerate(node.args) if self.is_change(arg, var)]
        if len(places) != 1:
            raise _NoWay
        (at,) = places
        assert isinstance(node.callee, Global)
        twin = self._twins.twin(node.callee.name, (self._way, at, len(node.args)))
        args = [self.read(arg, var) for arg in node.args[:at]]
        args.append(self.change(node.args[at], var))
        if any(_uses(arg, var) for arg in node.args[at + 1 :]):
            raise _NoWay
        self.changes += 1
        callee = replace(node.callee, name=twin)
        return replace(node, callee=callee, args=(*args, *node.args[at + 1 :]))

    def step(self, node: Call, base: Expr, others: tuple[Expr, ...], var: Var) -> Expr:
        """Rewrite one change."""
        made = self.change(base, var)
        if isinstance(base, Local):
            others = tuple([self.read(other, var) for other in others])
        elif any(_uses(other, var) for other in others):
            # they would see the change before this one
            raise _NoWay
        name, span = _name(node), node.span
        self.changes += 1
        if name == "conj" and self._way == _LIST and others:
            if any(_uses(other, var) for other in others[1:]):
                # they would see what is pushed before them
                raise _NoWay
            for other in others:
                made = Op("list_push", (made, other), span=span)
            return made
        if name == "conj" and self._way == _SET and len(others) == 1:
            return Op("set_put", (made, others[0], Const("conj", span=span)), span=span)
        if name == "assoc" and len(others) == 2 and self._way != _SET:
            operation = Const("assoc", span=span)
            return Op(f"{self._way}_put", (made, *others, operation), span=span)
        if name == "into" and self._way == _LIST and len(others) == 1:
            items = Op("elements", (others[0], Const("into", span=span)), span=span)
            return Op("list_extend", (made, items), span=span)
        raise _NoWay

    # -- expressions that read the collection

    def read(self, node: Expr, var: Var) -> Expr:
        """Check that an expression only looks at the collection."""
        if not _uses(node, var):
            return node
        match node:
            case Call(callee=BuiltinRef(), args=[Local(var=found), *others]) if found == var:
                if _name(node) not in self._reads or (self._way == _LIST and _name(node) == "get"):
                    raise _NoWay
                for other in others:
                    self.read(other, var)
                if self._way == _SET and _name(node) == "contains?":
                    return Op("set_has", node.args, span=node.span)
                return node
            case Call(callee=Const(value=Keyword()), args=[Local(var=found), *others]) if found == var:
                if self._way != _DICT:
                    raise _NoWay
                for other in others:
                    self.read(other, var)
                return node
            case Op(name="old_value" | "path_value" as name, args=[Local(var=found), key]) if found == var:
                if self._way == _SET or (self._way == _LIST and name == "path_value"):
                    raise _NoWay
                return replace(node, args=(node.args[0], self.read(key, var)))
            case Local() | Late() | Fn():
                raise _NoWay
            case _:
                return map_children(node, lambda child: self.read(child, var))

    def leave(self, node: Expr, var: Var) -> Expr:
        """Rewrite the end of the outermost loop: there the collection is a value again."""
        if not _uses(node, var):
            return node
        match node:
            case Local():
                if self._way == _DICT:
                    return node
                return Op("list_tuple" if self._way == _LIST else "set_from", (node,), span=node.span)
            case Fn() | Late():
                raise _NoWay
            case Call(callee=BuiltinRef(), args=[Local(var=found), *others]) if (
                found == var and _name(node) in self._reads and _name(node) != "get" and self._way == _LIST
            ):
                return replace(node, args=(node.args[0], *(self.leave(other, var) for other in others)))
            case _:
                return map_children(node, lambda child: self.leave(child, var))


_CHANGES: Final = frozenset({"conj", "assoc", "into"})


def _name(call: Call) -> str:
    assert isinstance(call.callee, BuiltinRef)
    return BUILTINS[call.callee.name].name


def _uses(node: Expr, var: Var) -> bool:
    return any(isinstance(part, Local | Late) and part.var == var for part in descendants(node))
