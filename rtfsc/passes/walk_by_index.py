"""Let loops that take the rest of a vector at each step count instead of copying it.

Before: a loop carries a vector or string, looks at its first items, and goes on with the rest of it. After:
where it starts with exactly a tuple (or a string), it carries an index; else it runs as it was.
    (blocks [xs 0] (block L [a n] (if (empty? a) n (jump L (rest a) (+ n (first a))))))
    =>  (let s xs (if (op is_exactly s "tuple" "str") (let z (count s) (blocks [0 0] (block L [i n]
    (if (>= i z) n (jump L (+ i 1) (+ n (op seq_at s i))))))) (blocks [s 0] …)))

Patterns with `&`, clauses of `match` and variables for the rest are followed. Where the loop needs the rest
itself, at its end or to raise, a slice is made; a loop that needs it on the way stays as it was.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from rtfs_runtime.builtins import BUILTINS
from rtfsc.ir import kinds
from rtfsc.ir.census import among, occurs, size, things
from rtfsc.ir.kind_flow import Kinds, infer_kinds
from rtfsc.ir.nodes import (
    Block,
    Blocks,
    BuiltinRef,
    Call,
    Const,
    Do,
    Expr,
    If,
    Jump,
    Late,
    Let,
    Local,
    Module,
    Op,
    Var,
)
from rtfsc.ir.walk import again, descendants, map_children, with_forms
from rtfsc.options import Options
from rtfsc.passes.copying import Copier
from rtfsc.source import Span

_LOOPS: Final = things(Blocks)
_JUMPS: Final = things(Jump)
# what gives less of a vector than there was
_STEPS: Final = things("rest", "drop", "#seq_rest")
# loops are written twice
_LARGEST: Final = 300
# what patterns ask, of vectors and lists only
_OF_PATTERNS: Final = frozenset(
    {"seq_view", "seq_least", "seq_exact", "seq_items", "seq_size", "seq_head", "seq_rest", "is_seq"}
    | {"is_seq_least"}
)


class _NoWay(Exception):
    """The loop needs the vector itself."""


def run(module: Module, options: Options) -> Module:
    """Rewrite the loops of every form."""
    indexer = _Indexer(module)
    forms = [indexer.rewrite(node) for node in module.body]
    return with_forms(module, forms, lambda inner: run(inner, options), indexer.copier.next_id)


class _Indexer:
    def __init__(self, module: Module) -> None:
        self.copier = Copier(module.next_id)
        self._module = module
        self._kinds: Kinds | None = None

    def rewrite(self, node: Expr) -> Expr:
        """Rewrite inner loops first."""
        if not occurs(node) & _LOOPS:
            return node
        node = map_children(node, self.rewrite)
        return self._stepped(node) if isinstance(node, Blocks) else node

    def _stepped(self, loop: Blocks) -> Expr:
        """Rewrite one loop, for each parameter that it steps through."""
        for at in range(len(loop.args)):
            if _walks(loop, at):
                found = self._indexed(loop, at)
                if found is not None:
                    return found
        return loop

    def _kind(self, node: Expr) -> int:
        # most modules have no loop that asks
        if self._kinds is None:
            self._kinds = infer_kinds(self._module)
        return self._kinds.of(node)

    def _indexed(self, loop: Blocks, at: int) -> Expr | None:
        kind = self._kind(loop.args[at])
        wanted = kinds.TUPLE if _asks_patterns(loop) else kinds.TUPLE | kinds.STR
        if not kind & wanted or size(loop) > _LARGEST:
            return None
        span = loop.span
        bound: list[tuple[Local, Expr]] = []
        args: list[Expr] = []
        for arg in loop.args[: at + 1]:
            if isinstance(arg, Const) or (isinstance(arg, Local) and len(args) < at):
                args.append(arg)
                continue
            local = Local(self.copier.var("start"), span=arg.span)
            bound.append((local, arg))
            args.append(local)
        start = args[at]
        if not isinstance(start, Local):
            return None
        loop = replace(loop, args=(*args, *loop.args[at + 1 :]))
        try:
            made = self._fast(loop, at, start)
        except _NoWay:
            return None
        if not kinds.within(kind, wanted):
            names = [Const(name, span=span) for name in ("tuple", "str")[: 2 if wanted & kinds.STR else 1]]
            made = If(Op("is_exactly", (again(start), *names), span=span), made, loop, span=span)
        for local, value in reversed(bound):
            made = Let(local.var, value, made, span=span)
        return made

    def _fast(self, loop: Blocks, at: int, start: Local) -> Expr:
        """Write a copy of a loop that carries an index."""
        span = loop.span
        _, copied = self.copier.copy_block((), loop)
        assert isinstance(copied, Blocks)
        first, *others = copied.blocks
        index, size = (Local(self.copier.var(name), span=span) for name in ("at", "size"))
        rewriter = _Rewriter((first.label, at), (start, index, size), first.params[at])
        params = (*first.params[:at], index.var, *first.params[at + 1 :])
        blocks = [Block(first.label, params, rewriter.tail(first.body))]
        blocks += [replace(block, body=rewriter.tail(block.body)) for block in others]
        args = (*copied.args[:at], Const(0, span=span), *copied.args[at + 1 :])
        # the other parameters may be stepped through, too
        made = self._stepped(Blocks(args, tuple(blocks), span=span))
        count = Call(BuiltinRef("count", span=span), (again(start),), span=span)
        return Let(size.var, count, made, span=span)


def _walks(loop: Blocks, at: int) -> bool:
    """Tell whether a loop may step through a parameter: the rewriter has the last word."""
    if not occurs(loop) & _STEPS:
        return False
    first = loop.blocks[0]
    # an unchanged parameter is no step
    return any(
        isinstance(part, Jump)
        and part.label == first.label
        and _may_step(part.args[at])
        and not _is(part.args[at], first.params[at])
        for part in among(loop, _JUMPS)
    )


def _may_step(arg: Expr) -> bool:
    return isinstance(arg, Local) or bool(isinstance(arg, (Call, Op)) and occurs(arg) & _STEPS)


def _is(node: Expr, var: Var) -> bool:
    return isinstance(node, Local) and node.var == var


def _asks_patterns(loop: Blocks) -> bool:
    return any(isinstance(part, Op) and part.name in _OF_PATTERNS for part in descendants(loop))


class _Rewriter:
    """Rewrites one loop; raises `_NoWay` where it needs the vector on the way."""

    def __init__(self, where: tuple[int, int], names: tuple[Local, Local, Local], param: Var) -> None:
        self._label, self._at = where
        self._start, self._index, self._size = names
        # variables that hold what is left from the index on, but for so many items
        self._views: dict[Var, int] = {param: 0}
        # how many items are left for sure
        self._least = 0

    def tail(self, node: Expr) -> Expr:
        """Rewrite what stands in tail position: where no way leads on, it may be the rest itself."""
        if not any(isinstance(part, Jump) and part.label == self._label for part in descendants(node)):
            return self.go(node, end=True)
        match node:
            case If(test=test, then=then, orelse=orelse):
                new = self.go(test, end=False)
                ways = [
                    self._knowing(self._implied(test, outcome=outcome), self.tail, branch)
                    for outcome, branch in ((True, then), (False, orelse))
                ]
                return If(new, *ways, span=node.span)
            case Let(init=init, body=body):
                if self._offset(init) is not None:
                    return self._named(node, self.tail)
                return replace(node, init=self.go(init, end=False), body=self.tail(body))
            case Do(items=items):
                first = tuple([self.go(item, end=False) for item in items[:-1]])
                return replace(node, items=(*first, self.tail(items[-1])))
            case Blocks(args=args, blocks=blocks):
                args = tuple([self.go(arg, end=False) for arg in args])
                # clauses are jumped to: what was known on the way is not known in them
                least, self._least = self._least, 0
                blocks = tuple([replace(block, body=self.tail(block.body)) for block in blocks])
                self._least = least
                return replace(node, args=args, blocks=blocks)
            case Jump(args=args) if node.label == self._label:
                offset = self._offset(args[self._at])
                if offset is None:
                    raise _NoWay
                args = tuple(
                    [
                        self._place(offset, node.span) if at == self._at else self.go(arg, end=False)
                        for at, arg in enumerate(args)
                    ]
                )
                return replace(node, args=args)
            case _:
                raise _NoWay

    def go(self, node: Expr, *, end: bool) -> Expr:
        """Rewrite an expression; `end` allows it to make a slice."""

        def below(child: Expr) -> Expr:
            return self.go(child, end=end)

        found = self._question(node)
        if found is not None:
            return found
        match node:
            case If(test=test, then=then, orelse=orelse):
                new = below(test)
                ways = [
                    self._knowing(self._implied(test, outcome=outcome), below, branch)
                    for outcome, branch in ((True, then), (False, orelse))
                ]
                return If(new, *ways, span=node.span)
            case Let(init=init) if self._offset(init) is not None:
                return self._named(node, below)
            case Late(var=var) if var in self._views:
                raise _NoWay
        offset = self._offset(node)
        if offset is None:
            return map_children(node, below)
        if not end:
            raise _NoWay
        check = self._check(node)
        sliced = self._slice(offset, node.span)
        return sliced if check is None else Do((check, sliced), span=node.span)

    def _knowing(self, least: int, change: Callable[[Expr], Expr], node: Expr) -> Expr:
        """Rewrite where so many items are left at least."""
        before, self._least = self._least, max(self._least, least)
        try:
            return change(node)
        finally:
            self._least = before

    def _named(self, node: Let, change: Callable[[Expr], Expr]) -> Expr:
        """Rewrite the scope of a variable for what is left."""
        offset = self._offset(node.init)
        assert offset is not None
        self._views[node.var] = offset
        check = self._check(node.init)
        if check is None:
            return change(node.body)
        assert isinstance(node.init, Op)
        body = self._knowing(offset + _count(node.init), change, node.body)
        return Do((check, body), span=node.span)

    # -- what is left of the vector

    def _offset(self, node: Expr) -> int | None:
        """Tell how many items after the index begins what an expression gives; None for other values."""
        match node:
            case Local(var=var):
                return self._views.get(var)
            case Call(callee=BuiltinRef(name=name), args=[inner], site=None) if _row(name) == "rest":
                return _plus(self._offset(inner), 1)
            case Call(callee=BuiltinRef(name=name), args=[Const(value=int() as more), inner], site=None) if (
                _row(name) == "drop" and more.__class__ is int and more >= 0
            ):
                return _plus(self._offset(inner), more)
            case Op(name="seq_view" | "seq_items", args=[inner]):
                return self._offset(inner)
            case Op(name="seq_least", args=[Local() as inner, Const()]):
                return self._offset(inner)
            case Op(name="seq_rest", args=[inner, Const(value=int() as more), _]):
                return _plus(self._offset(inner), more)
            case _:
                return None

    def _check(self, node: Expr) -> Expr | None:
        """Give what raises when a pattern wants more items than are left; None when there are enough."""
        match node:
            case Op(name="seq_least", args=[inner, count]):
                offset, span = self._offset(inner), node.span
                assert offset is not None
                if offset + _count(node) <= self._least:
                    return None
                failed = replace(node, args=(self._slice(offset, span), count))
                enough = self._has(offset + _count(node) - 1, span)
                return If(enough, Const(None, span=span), failed, span=span) if _count(node) else None
            case _:
                return None

    def _question(self, node: Expr) -> Expr | None:
        """Rewrite a question about what is left; None for anything else."""
        match node:
            case Call(callee=BuiltinRef(name=name), args=[inner, *others], site=None):
                name = _row(name)
            case Op(name=name, args=[inner, *others]):
                pass
            case _:
                return None
        offset, span = self._offset(inner), node.span
        if offset is None:
            return None
        match name, others:
            case "empty?", []:
                return Call(
                    BuiltinRef(">=", span=span), (self._place(offset, span), again(self._size)), span=span
                )
            case (("first" | "seq_head"), []):
                return self._item(offset, span)
            case "second", []:
                return self._item(offset + 1, span)
            case (("count" | "seq_size"), _):
                return self._left(offset, span)
            case "seq_at", [Const(value=int() as more)]:
                return Op("seq_at", (again(self._start), self._place(offset + more, span)), span=span)
            case (("is_seq" | "is_seq_least"), [Const() as size]):
                test = BuiltinRef("=" if name == "is_seq" else ">=", span=span)
                return Call(test, (self._left(offset, span), size), span=span)
            case _:
                return None

    def _implied(self, test: Expr, *, outcome: bool) -> int:
        """Tell how many items are left for sure when a test comes out so."""
        match test:
            case Call(callee=BuiltinRef(name=name), args=[inner], site=None) if _row(name) == "empty?":
                offset = self._offset(inner)
                return 0 if outcome or offset is None else offset + 1
            case If(test=first, then=Const(value=value), orelse=second) if isinstance(value, bool):
                if value is not outcome:
                    return max(self._implied(first, outcome=False), self._implied(second, outcome=outcome))
            case If(test=first, then=second, orelse=Const(value=value)) if isinstance(value, bool):
                if value is not outcome:
                    return max(self._implied(first, outcome=True), self._implied(second, outcome=outcome))
        return 0

    def _place(self, offset: int, span: Span) -> Expr:
        index = replace(self._index, span=span)
        if not offset:
            return index
        return Call(BuiltinRef("+", span=span), (index, Const(offset, span=span)), span=span)

    def _has(self, offset: int, span: Span) -> Expr:
        return Call(BuiltinRef("<", span=span), (self._place(offset, span), again(self._size)), span=span)

    def _item(self, offset: int, span: Span) -> Expr:
        item = Op("seq_at", (again(self._start), self._place(offset, span)), span=span)
        if offset < self._least:
            return item
        return If(self._has(offset, span), item, Const(None, span=span), span=span)

    def _left(self, offset: int, span: Span) -> Expr:
        left = Call(BuiltinRef("-", span=span), (again(self._size), self._place(offset, span)), span=span)
        return If(self._has(offset, span), left, Const(0, span=span), span=span)

    def _slice(self, offset: int, span: Span) -> Expr:
        return Op("seq_from", (again(self._start), self._place(offset, span)), span=span)


def _count(node: Op) -> int:
    """Give how many items a pattern wants."""
    match node.args:
        case [_, Const(value=int() as count)]:
            return count
    raise AssertionError(node)


def _plus(offset: int | None, more: int) -> int | None:
    return None if offset is None else offset + more


def _row(name: str) -> str:
    return BUILTINS[name].name
