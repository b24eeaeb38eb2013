"""Let loops fill the vector or map that they build, instead of making a new one at each step.

Before: a loop carries a collection that it starts with fresh, changes by `conj`, `assoc`, `into`, a
written-out `update` or what `fill_ways` lists only, reads but never keeps, and gives at its end. After: the
loop carries a list or dict of its own, changed in place, and gives a vector or map of it at its end.
    (fold L w items [m] [{}] (jump L (assoc m w (+ 1 (get m w 0)))) m)
    =>  (fold L w items [m] [(op dict_new)] (jump L (op dict_put m w (+ 1 (get m w 0)) "assoc")) m)

A loop that starts with a value that others may hold fills a copy of it, where that is small:
    (fold L w items [m] [v] …)  =>  (if (op is_exactly v "dict") … (fold … [(op dict_of v)] …) (fold … [v] …))

A function that was put into the loop could not be called after all once it has changed the collection: a pure
loop whose start is still there is run again as it was, when it fails; else the function's twin is called.
    (fold L w items [m] [{}] (jump L (try (assoc m w 1) (catch e (f m w)))) m)
    =>  (try (fold L w items [m] [(op dict_new)] (jump L (op dict_put m w 1 "assoc")) m) (catch e (fold … )))

What stands in the collection and is changed is the loop's own as well: see `nesting`.

Nobody else ever sees the collection: each step uses the last version once, reads come before the change, no
closure captures it, and what fails leaves the loop for good. A loop inside may go on filling it.
"""

from __future__ import annotations

from collections.abc import Set
from dataclasses import replace
from functools import partial
from typing import Final

from rtfs_runtime.builtins import BUILTINS
from rtfsc.ir import kinds
from rtfsc.ir.census import occurs, size, things
from rtfsc.ir.kind_flow import Kinds, infer_kinds
from rtfsc.ir.nodes import (
    Block,
    Blocks,
    BuiltinRef,
    Call,
    Const,
    DefGlobal,
    Do,
    Expr,
    Fold,
    If,
    Jump,
    Let,
    Local,
    Map,
    Module,
    Op,
    Raise,
    Try,
    Var,
    Vector,
)
from rtfsc.ir.purity import Purity
from rtfsc.ir.recursion import Cycles
from rtfsc.ir.walk import again, descendants, known_functions, map_children, with_forms
from rtfsc.options import Options
from rtfsc.passes.copying import Copier
from rtfsc.passes.fill_twins import NoWay, Twins
from rtfsc.passes.fill_ways import CHANGES, DICT, LIST, SET, changed_as, may_be, name_of
from rtfsc.passes.filling import Rewriter
from rtfsc.passes.nesting import NestRewriter
from rtfsc.passes.nests import Nests, find_nests

# builtins that give a tuple or dict nobody else holds
_FRESH: Final = frozenset(
    {"vector", "map", "filter", "keep", "mapcat", "range", "repeat", "concat", "vec", "hash-map", "into"}
)

_LOOPS: Final = things(Fold, Blocks)
# what can be evaluated twice
_SIMPLE: Final = (Const, Local, Vector, Map)
# a copy of more than this may cost more than the changes: it is not known how many there will be
_SMALL: Final = 256
_SMALL_NEST: Final = 1 << 14
# loops are written twice
_LARGEST: Final = 300


def run(module: Module, options: Options) -> Module:
    """Fill in place in every form."""
    filler = _Filler(module)
    body = filler.all_forms()
    made = with_forms(module, body, lambda inner: run(inner, options), filler.copier.next_id)
    return replace(made, constants=module.constants | filler.names) if filler.names else made


class _Filler:
    def __init__(self, module: Module) -> None:
        self.copier = Copier(module.next_id)
        self._module = module
        self._functions = known_functions(module)
        self.twins = Twins(self._functions, self.copier)
        self._known: Kinds | None = None
        self._purity = Purity(self._functions)
        self._cycles = Cycles(self._functions)
        self._form: Expr
        self.names: set[str] = set()
        # how many loops around this place run as they were
        self._plain = 0
        # loops that others start with, by their identity before and after: both are kept alive
        self._done: dict[int, tuple[Expr, Expr]] = {}
        # what loops, by their labels, change inside of collections
        self._nests: dict[int, Nests | None] = {}

    def all_forms(self) -> tuple[Expr, ...]:
        """Rewrite the forms of the module; twins stand before the functions they are of."""
        while True:
            refused = len(self.twins.refused)
            self.twins.made.clear()
            self._done.clear()
            rewritten = [self._top(node) for node in self._module.body]
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

    def _top(self, node: Expr) -> Expr:
        self._form = node
        return self.rewrite(node)

    def _kind(self, node: Expr) -> int:
        # most modules have no loop that asks
        if self._known is None:
            self._known = infer_kinds(self._module)
        return self._known.of(node)

    def rewrite(self, node: Expr) -> Expr:
        """Rewrite loops, outer ones first: an inner one may go on filling what an outer one began."""
        if not occurs(node) & _LOOPS:
            return node
        if id(node) in self._done:
            return self._done[id(node)][1]
        if isinstance(node, (Fold, Blocks)):
            for at, arg in enumerate(node.args):
                start = self._start(arg)
                if start is not None:
                    try:
                        return self._filled_whole(node, at, start)
                    except NoWay:
                        continue
                chosen = self._chosen(node, at)
                if chosen is not None:
                    return chosen
        return map_children(node, self.rewrite)

    def _chosen(self, loop: Fold | Blocks, at: int) -> Expr | None:
        """Give a loop that fills a copy of what it starts with, where that is small, else runs as it was."""
        arg, span = loop.args[at], loop.span
        param = loop.params[at] if isinstance(loop, Fold) else loop.blocks[0].params[at]
        if self._plain or isinstance(arg, Const):
            return None
        way = changed_as(loop, param, self._kind, self._functions)
        if way is None or not may_be(way, self._kind(arg)):
            return None
        others = (*loop.args[:at], *loop.args[at + 1 :])
        if not all(isinstance(other, (Const, Local)) for other in others):
            return None
        if not isinstance(arg, Local):
            held = Local(self.copier.var("start"), span=arg.span)
            args = (*loop.args[:at], held, *loop.args[at + 1 :])
            chosen = self._chosen(replace(loop, args=args), at)
            return None if chosen is None else Let(held.var, self.rewrite(arg), chosen, span=span)
        if size(loop) > _LARGEST:
            return None
        start = (way, Op(f"{way}_of", (again(arg),), span=span))
        try:
            filled = self._filled_whole(self._copied(loop), at, start)
        except NoWay:
            return None
        # the copy is not asked again
        self._plain += 1
        plain = map_children(loop, self.rewrite)
        self._plain -= 1
        limit = Const(_SMALL_NEST if _nests(loop) else _SMALL, span=span)
        count = Call(BuiltinRef("count", span=span), (again(arg),), span=span)
        small = Call(BuiltinRef("<", span=span), (count, limit), span=span)
        exact = Op(
            "is_exactly", (again(arg), Const("tuple" if way == LIST else "dict", span=span)), span=span
        )
        test = If(exact, small, Const(False, span=span), span=span)
        return If(test, filled, plain, span=span)

    def _filled_whole(self, loop: Fold | Blocks, at: int, start: tuple[str, Expr]) -> Expr:
        """Give a loop that fills. Where functions were put into a pure loop, and it fails, it is run again as
        it was, if what it started with is still there."""
        kept = all(isinstance(part, _SIMPLE) for arg in loop.args for part in descendants(arg))
        small = not self._plain and size(loop) <= _LARGEST
        fit = kept and small and _has_calls_put_in(loop)
        again_too = fit and self._purity.holds(loop) and not self._cycles.lead_back((loop,), self._form)
        if again_too and _is_closed(loop):
            try:
                filled = self.rewrite(self._filled(self._copied(loop), at, start, again=True))
            except NoWay:
                pass
            else:
                self._plain += 1
                again = self.rewrite(self._copied(loop))
                self._plain -= 1
                return Try(filled, self.copier.var("error"), again, None, span=loop.span)
        return self.rewrite(self._filled(loop, at, start))

    def _copied(self, loop: Fold | Blocks) -> Fold | Blocks:
        _, copied = self.copier.copy_block((), loop)
        assert isinstance(copied, (Fold, Blocks))
        # nothing is known of the kinds in a copy
        self._nests[_label(copied)] = self._nests_of(loop)
        return copied

    def _nests_of(self, loop: Fold | Blocks) -> Nests | None:
        label = _label(loop)
        if label not in self._nests:
            self._nests[label] = find_nests(loop, self._functions, self._kind)
        return self._nests[label]

    def _start(self, arg: Expr) -> tuple[str, Expr] | None:
        """Give the way a collection is filled and how the filling starts, if it is fresh."""
        span = arg.span
        match arg:
            case Call(callee=BuiltinRef(name="assoc"), args=[base, key, value]):
                start = self._start(base)
                if start is None:
                    return self._start_of(arg)
                way, made = start
                if way == SET:
                    return None
                return way, Op(f"{way}_put", (made, key, value, Const("assoc", span=span)), span=span)
            case Vector(items=()) | Const(value=()):
                return LIST, Op("list_new", (), span=span)
            case Map(keys=()) | Const(value={}) if not (isinstance(arg, Const) and arg.value):
                return DICT, Op("dict_new", (), span=span)
            case Vector() | Const(value=tuple()):
                return LIST, Op("list_of", (arg,), span=span)
            case Map():
                return DICT, arg
            case Const(value=dict()):
                return DICT, Op("dict_of", (arg,), span=span)
            case Call(callee=BuiltinRef(name="set"), args=[Vector(items=()) | Const(value=())]):
                return SET, Op("dict_new", (), span=span)
            case Call(callee=BuiltinRef(name="set"), args=[source]):
                return SET, Op("set_of", (source,), span=span)
            case Call(callee=BuiltinRef(name=name)) if BUILTINS[name].name in _FRESH | {"conj"}:
                return self._start_of(arg)
            case Let() | Fold() | Op(name="list_tuple") if _gives_fresh(arg):
                return self._start_of(arg)
            case Fold() | Blocks():
                return self._filled_start(arg)
            case _:
                return None

    def _filled_start(self, loop: Fold | Blocks) -> tuple[str, Expr] | None:
        """Give a loop whose own map is filled in place: nobody else holds what it gives."""
        filled = self.rewrite(loop)
        self._done[id(loop)] = self._done[id(filled)] = (loop, filled)
        return (DICT, filled) if _gives_dict(filled) else None

    def _start_of(self, arg: Expr) -> tuple[str, Expr] | None:
        kind = self._kind(arg)
        if kinds.within(kind, kinds.TUPLE) and kind:
            return LIST, Op("list_of", (arg,), span=arg.span)
        if kinds.within(kind, kinds.DICT) and kind:
            return DICT, Op("dict_of", (arg,), span=arg.span)
        return None

    def _filled(self, loop: Fold | Blocks, at: int, start: tuple[str, Expr], *, again: bool = False) -> Expr:
        """Rewrite a loop so that it fills the collection at one place of its arguments."""
        way, first = start
        params = loop.params if isinstance(loop, Fold) else loop.blocks[0].params
        label = _label(loop)

        def done(rewriter: Rewriter, first: Expr) -> Expr:
            where = (params[at], at, {label: at})
            args = (*loop.args[:at], first, *loop.args[at + 1 :])
            made = rewriter.loop(replace(loop, args=args), where, partial(_end, rewriter))
            if not rewriter.changes:
                raise NoWay
            return made

        nests = self._nests_of(loop) if way != SET else None
        if nests is not None:
            nester = NestRewriter(way, self.twins, nests, again=again)
            try:
                held, places = self._owned_from_start(first, nests)
                made = done(nester, held)
                if nester.nested:
                    return Let(nester.places, Op("owned_new", places, span=loop.span), made, span=loop.span)
            except NoWay:
                pass
        return done(Rewriter(way, self.twins, again=again), first)

    def _owned_from_start(self, first: Expr, nests: Nests) -> tuple[Expr, tuple[Expr, ...]]:
        """Give what a loop starts with, and the places in it of fresh maps: those are its own already."""
        if not isinstance(first, Map):
            return first, ()
        values: list[Expr] = []
        places: list[Expr] = []
        for key, value in zip(first.keys, first.values, strict=True):
            place = Const(key, span=value.span)
            start = self._start(value) if nests.has(place) else None
            if start is not None and start[0] == DICT and nests.maps:
                places.append(place)
                value = start[1]
            elif start is not None and start[0] == LIST and nests.lists:
                value = start[1]
            values.append(value)
        return replace(first, values=tuple(values)), tuple(places)


def _label(loop: Fold | Blocks) -> int:
    return loop.label if isinstance(loop, Fold) else loop.blocks[0].label


def _end(rewriter: Rewriter, node: Expr, var: Var) -> Expr:
    """Rewrite the end of the outermost loop: a last change is made in place, too."""
    match node:
        case Call(callee=BuiltinRef(), args=[Local(var=found), *others]) if (
            found == var
            and name_of(node) in CHANGES
            and not any(rewriter.sees(other, var) for other in others)
        ):
            counted = rewriter.changes
            try:
                made = rewriter.whole(rewriter.change(node, var))
            except NoWay:
                # no change in place: one of the value
                made = rewriter.leave(node, var)
            # nothing is gained unless the loop changes the collection as well
            rewriter.changes = counted
            return made
    return rewriter.leave(node, var)


def _has_calls_put_in(loop: Expr) -> bool:
    return any(
        isinstance(part, Try) and isinstance(part.handler, Call) and part.handler.span == part.span
        for part in descendants(loop)
    )


def _is_closed(loop: Expr) -> bool:
    """Tell whether a loop goes on nowhere but in itself."""
    labels = {part.label for part in descendants(loop) if isinstance(part, (Fold, Block))}
    return all(part.label in labels for part in descendants(loop) if isinstance(part, Jump))


def _nests(loop: Expr) -> bool:
    return any(part is not loop and isinstance(part, (Fold, Blocks)) for part in descendants(loop))


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


_NEW_DICTS: Final = frozenset({"dict_new", "dict_of", "dict_put"})


def _gives_dict(loop: Expr) -> bool:
    """Tell whether all ends of a loop are a dict that it was filling: only such a loop starts with one."""
    if isinstance(loop, Let):
        return isinstance(loop.init, Op) and loop.init.name == "owned_new" and _gives_dict(loop.body)
    if not isinstance(loop, (Fold, Blocks)):
        return False
    params = loop.params if isinstance(loop, Fold) else loop.blocks[0].params
    own = {
        param
        for param, arg in zip(params, loop.args, strict=True)
        if isinstance(arg, Op) and arg.name in _NEW_DICTS
    }
    ends = [loop.body, loop.done] if isinstance(loop, Fold) else [block.body for block in loop.blocks]
    return bool(own) and all(_ends_in(end, own) for end in ends)


def _ends_in(node: Expr, own: Set[Var]) -> bool:
    """Tell whether control leaves an expression with one of some variables, or by a jump."""
    match node:
        case Local(var=var):
            return var in own
        case If(then=then, orelse=orelse):
            return _ends_in(then, own) and _ends_in(orelse, own)
        case Do(items=items):
            return _ends_in(items[-1], own)
        case Let(body=body):
            return _ends_in(body, own)
        case _:
            return isinstance(node, (Jump, Raise))


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
