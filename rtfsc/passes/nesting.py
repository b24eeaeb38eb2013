"""How loops that fill a collection in place fill the vectors and maps in it as well.

In: a loop, or the body of a function, and the variable that holds the outer collection. Out: the same,
where the first change of a vector or map in it puts a copy there that is the loop's own, and later changes
change that:
    (assoc m k (conj (get m k []) x))
    =>  (let v (op raw (get m k []))
          (if (op is_exactly v "list") (do (op list_push v x) m)
            (op dict_put m k (op listed (conj v x)) "assoc")))

A vector that is the loop's own is a Python list, others are tuples: the class tells. The places of maps that
are the loop's own stand in a Python set beside the collection. At the end lists become vectors again, and
maps are what they are. What is read out of the collection is only looked at, before the next change.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from rtfs_runtime.values import Keyword
from rtfsc.ir.nodes import (
    BuiltinRef,
    Call,
    Const,
    Do,
    Expr,
    Global,
    If,
    Late,
    Let,
    Local,
    Op,
    Try,
    Var,
)
from rtfsc.ir.walk import again, bind, descendants
from rtfsc.passes.fill_twins import Bound, Leaf, NoWay, Part, Twins, Where
from rtfsc.passes.fill_ways import DICT, LIST, SET, Step, name_of
from rtfsc.passes.filling import Rewriter
from rtfsc.passes.nest_steps import Change, Spot, any_same, is_one_of, is_other, is_whole, moved
from rtfsc.passes.nests import Nests, adds_one, changes, is_same

# what codegen asks of tuples and lists, or of dicts, in line
_LOOKS: Final = frozenset({"nth", "get", "count", "first", "last", "empty?", "contains?", "nil?", "not"})
_LOOKING_OPS: Final = frozenset({"old_value", "path_value", "map_get", "map_has", "is_map", "seq_at"})
# the same collection, as a pattern looks at it
_VIEWS: Final = frozenset({"seq_exact", "seq_least", "map_view"})
# what takes as long as a copy, or gives what has nothing of the collection
_CONSUMERS: Final = frozenset(
    {"keys", "vals", "entries", "=", "==", "not=", "+", "-", "*", "/", "inc", "dec", "mod", "quot", "rem"}
    | {"<", ">", "<=", ">=", "abs", "even?", "odd?", "zero?", "pos?", "neg?", "str"}
)
_CONSUMING_OPS: Final = frozenset({"items", "elements", "for_items", "equal", "residue", "exact_quotient"})


class NestRewriter(Rewriter):
    """Rewrites one loop, or function, whose collection holds collections that are changed."""

    def __init__(
        self, way: str, twins: Twins, nests: Nests, *, owned: Var | None = None, again: bool = False
    ) -> None:
        super().__init__(way, twins, again=again)
        if way == SET:
            raise NoWay
        self._nests = nests
        self.called = f"{way} in {nests.text()}"
        self.owned = self.places = owned or twins.copier.var("owned")
        # whether something in the collection is changed
        self.nested = False
        # variables for what stands in the collection, with its key where that is known
        self._views: dict[Var, Expr | None] = {}
        self._reads = self._reads - {"vals", "entries", "get-in", "first", "last", "nth", "get", "seq_at"}

    def like(self, owned: Var | None) -> Rewriter:
        return NestRewriter(self.way, self._twins, self._nests, owned=owned)

    def sees(self, node: Expr, var: Var) -> bool:
        views = self._views
        return any(
            isinstance(part, (Local, Late)) and (part.var == var or part.var in views)
            for part in descendants(node)
        )

    def bound(self, node: Let, var: Var) -> Expr:
        if self._is_inner(node.init, var):
            self._views[node.var] = self._key_of(node.init, var)
            return self._inner(node.init, var)
        return self.read(node.init, var)

    # -- what stands in the collection

    def _place(self, node: Expr, var: Var) -> tuple[Expr | None] | None:
        """Give the key, alone in a tuple, that an expression reads in the collection."""
        match node:
            case Call(callee=BuiltinRef(), args=[Local(var=found), key, *_], site=None) if found == var:
                return (key,) if name_of(node) in ("nth", "get") else None
            case Call(callee=BuiltinRef(), args=[Local(var=found)], site=None) if found == var:
                return (None,) if name_of(node) in ("first", "last") else None
            case Call(callee=Const(value=Keyword()) as key, args=[Local(var=found), *_]) if found == var:
                return (key,)
            case Op(name="old_value" | "path_value" | "map_get", args=[Local(var=found), key, *_]) if (
                found == var
            ):
                return (key,)
        return None

    def _is_inner(self, node: Expr, var: Var) -> bool:
        """Tell whether an expression gives what stands in the collection and may be changed there."""
        place = self._place(node, var)
        if place is not None:
            return self._nests.has(place[0])
        match node:
            case Local(var=found):
                return found in self._views
            case If(then=then, orelse=orelse):
                return self._is_inner(then, var) or self._is_inner(orelse, var)
            case Let(init=init, body=body):
                if self._is_inner(init, var):
                    self._views[node.var] = self._key_of(init, var)
                return self._is_inner(body, var)
            case Op(name=name, args=[first, *_]):
                return name in _VIEWS and self._is_inner(first, var)
        return False

    def _key_of(self, node: Expr, var: Var) -> Expr | None:
        """Give the key of what stands in the collection, if it can be named again."""
        place = self._place(node, var)
        if place is not None:
            return place[0]
        match node:
            case Local(var=found):
                return self._views[found]
            case If(then=then, orelse=orelse):
                inner = [side for side in (then, orelse) if self._is_inner(side, var)]
                first, *others = [self._key_of(side, var) for side in inner]
                return first if all(is_same(first, other) for other in others) else None
            case Let(body=body):
                return self._key_of(body, var)
            case Op(args=[first, *_]):
                return self._key_of(first, var)
        return None

    def _inner(self, node: Expr, var: Var) -> Expr:
        """Rewrite an expression that gives what stands in the collection, or what stands for it there."""
        if not self._is_inner(node, var):
            return self.read(node, var)
        if self._place(node, var) is not None:
            assert isinstance(node, (Call, Op))
            if self.way == LIST and (
                node.name == "map_get" if isinstance(node, Op) else isinstance(node.callee, Const)
            ):
                raise NoWay
            others = tuple([self.read(arg, var) for arg in node.args[1:]])
            return self._raw(replace(node, args=(node.args[0], *others)))
        match node:
            case If(test=test, then=then, orelse=orelse):
                sides = (self._inner(then, var), self._inner(orelse, var))
                return If(self._asked(test, var), *sides, span=node.span)
            case Let(body=body):
                return replace(node, init=self.bound(node, var), body=self._inner(body, var))
            case Op(args=[first, *_]):
                rest = [self.read(other, var) for other in node.args[1:]]
                return self._raw(replace(node, args=(self._inner(first, var), *rest)))
            case _:
                return node

    def _raw(self, node: Expr) -> Expr:
        return Op("raw", (node,), span=node.span) if self._nests.lists else node

    def _settled(self, node: Expr, var: Var) -> Expr:
        """Rewrite an expression that must give a value."""
        if self._is_inner(node, var):
            return Op("settled", (self._inner(node, var),), span=node.span)
        return self.read(node, var)

    def _asked(self, node: Expr, var: Var) -> Expr:
        """Rewrite a test."""
        return self._inner(node, var)

    def read(self, node: Expr, var: Var) -> Expr:
        if not self.sees(node, var):
            return node
        match node:
            case _ if self._is_inner(node, var):
                # it would be kept
                raise NoWay
            case Let():
                init = self.bound(node, var)
                return replace(node, init=init, body=self.read(node.body, var))
            case If(test=test, then=then, orelse=orelse):
                sides = (self.read(then, var), self.read(orelse, var))
                return If(self._asked(test, var), *sides, span=node.span)
            case Call(callee=BuiltinRef(), args=args, site=None) if name_of(
                node
            ) in _CONSUMERS and not self._reads_whole(node, var):
                return replace(node, args=tuple([self._settled(arg, var) for arg in args]))
            case Call(callee=BuiltinRef() | Const(value=Keyword()), args=[first, *others], site=None) if (
                self._is_inner(first, var)
            ):
                if isinstance(node.callee, BuiltinRef) and name_of(node) not in _LOOKS:
                    raise NoWay
                return self._looked(node, first, others, var)
            case Op(name=name, args=[first, *others]) if self._is_inner(first, var):
                if name in _LOOKING_OPS:
                    return self._looked(node, first, others, var)
                if name not in _CONSUMING_OPS:
                    raise NoWay
                return replace(node, args=tuple([self._settled(arg, var) for arg in node.args]))
            case Call(callee=Global(), site=None):
                return self.looked_at(node, var)
            case Op(name=name, args=args) if name in _CONSUMING_OPS:
                return replace(node, args=tuple([self._settled(arg, var) for arg in args]))
            case _:
                return super().read(node, var)

    def looked_at(self, node: Call, var: Var) -> Expr:
        assert isinstance(node.callee, Global)
        name, args = node.callee.name, node.args
        looks = self._twins.looks
        return replace(
            node,
            args=tuple(
                [
                    self._inner(arg, var)
                    # a list would have to be copied
                    if not self._nests.lists and self._is_inner(arg, var) and looks.only(name, at, len(args))
                    else self.read(arg, var)
                    for at, arg in enumerate(args)
                ]
            ),
        )

    def given_up(self, node: Expr, var: Var) -> Expr:
        return self._settled(node, var) if self._is_inner(node, var) else super().given_up(node, var)

    def whole(self, node: Expr) -> Expr:
        return Op(f"nest_{self.way}", (node,), span=node.span) if self._nests.lists else super().whole(node)

    def _looked(self, node: Call | Op, first: Expr, rest: Sequence[Expr], var: Var) -> Expr:
        others = [self.read(other, var) for other in rest]
        return replace(node, args=(self._inner(first, var), *others))

    def _reads_whole(self, node: Call, var: Var) -> bool:
        match node.args:
            case [Local(var=found), *_]:
                return found == var
        return False

    # -- changes

    def tail(self, node: Expr, where: Where, leaf: Leaf) -> Expr:
        return super().tail(moved(node), where, leaf)

    def change(self, node: Expr, var: Var) -> Expr:
        return super().change(moved(node), var)

    def step(self, node: Call, base: Expr, others: tuple[Expr, ...], var: Var) -> Expr:
        if name_of(node) != "assoc" or len(others) % 2 or not others:
            return super().step(node, base, others, var)
        pairs = list(zip(others[::2], others[1::2], strict=True))
        if len(pairs) == 1:
            return self.put(node, base, (*pairs[0], Const("assoc", span=node.span)), var)
        made = self.change(base, var)
        if not isinstance(made, Local):
            raise NoWay
        return self._several(node, made, pairs, var)

    def handed(self, node: Call, var: Var, part: Part | None = None) -> Expr:
        self.nested = True
        return super().handed(node, var, part)

    def put(self, node: Expr, base: Expr, entry: tuple[Expr, ...], var: Var) -> Expr:
        key, value, operation = entry
        if not isinstance(base, Local):
            made = self.change(base, var)
            if self.sees(key, var) or self.sees(value, var):
                raise NoWay
            return self._put_whole(Spot(made, key, operation, key), value)
        base = self.change(base, var)
        if not isinstance(key, (Const, Local)):
            local = Local(self._twins.copier.var("key"), span=key.span)
            placed = self._placed(Spot(base, local, operation, key), value, var)
            return Let(local.var, self.read(key, var), placed, span=node.span)
        return self._placed(Spot(base, self.read(key, var), operation, key), value, var)

    def _placed(self, spot: Spot, value: Expr, var: Var) -> Expr:
        """Put a value at a place of the collection, or change what stands there."""
        if not self._is_changed(spot, value, var):
            return self._put_whole(spot, self.read(value, var))
        match value:
            case Let(body=body):
                init = self.bound(value, var)
                return replace(value, init=init, body=self._placed(spot, moved(body), var))
            case If(test=test, then=then, orelse=orelse):
                sides = (self._placed(spot, then, var), self._placed(spot.again(), orelse, var))
                return If(self._asked(test, var), *sides, span=value.span)
            case Try(body=body, handler=Call() as call):
                args = tuple([self.given_up(arg, var) for arg in call.args])
                failed = self._put_whole(spot.again(), replace(call, args=args))
                return replace(value, body=self._placed(spot, body, var), handler=failed)
            case Call() | Op():
                return self._changed(spot, value, var)
            case _:
                raise NoWay

    def _is_changed(self, spot: Spot, value: Expr, var: Var) -> bool:
        """Tell whether a value is, on some way, what stands at the place, changed."""
        if not self._nests.has(spot.key):
            return False
        match value:
            case Let(init=init, body=body):
                if self._is_inner(init, var):
                    self._views[value.var] = self._key_of(init, var)
                return self._is_changed(spot, body, var)
            case If(then=then, orelse=orelse):
                return self._is_changed(spot, then, var) or self._is_changed(spot, orelse, var)
            case Try(body=body, handler=Call(callee=Global()) as call, final=None):
                return call.span == value.span and is_whole(body) and self._is_changed(spot, body, var)
            case Call() | Op():
                for change in changes(value):
                    assert isinstance(change, (Call, Op))
                    base = change.args[0]
                    return self._is_inner(base, var) and is_same(self._key_of(base, var), spot.written)
        return False

    def _put_whole(self, spot: Spot, value: Expr) -> Expr:
        """Put a value of others at a place."""
        span = value.span
        self.changes += 1
        made = spot.put(self.way, value)
        if not (self._nests.maps or self._nests.sets) or not self._nests.has(spot.key):
            return made
        if not isinstance(spot.base, Local) or not isinstance(spot.key, (Const, Local)):
            raise NoWay
        disown = Op("disown", (again(spot.key), Local(self.places, span=span)), span=span)
        return Do((made, disown, again(spot.base)), span=span)

    def _changed(self, spot: Spot, value: Call | Op, var: Var) -> Expr:
        """Change what stands at a place."""
        bound: Bound = []
        change = self._evaluated(value, bound, var)
        return bind(bound, self._done(spot, change, None))

    def _evaluated(self, value: Call | Op, bound: Bound, var: Var) -> Change:
        """Evaluate what a change is made of, before it is made."""
        base, *args = value.args
        operation = args.pop() if isinstance(value, Op) else Const("assoc", span=value.span)
        inner = self._inner(base, var)
        if not isinstance(inner, Local):
            bound.append((self._twins.copier.var("inner"), inner))
            inner = Local(bound[-1][0], span=base.span)
        return Change(value, inner.var, [self._given(arg, bound, var) for arg in args], operation)

    def _given(self, arg: Expr, bound: Bound, var: Var) -> Expr:
        made = self.read(arg, var)
        if isinstance(made, (Const, Local)):
            return made
        bound.append((self._twins.copier.var("part"), made))
        return Local(bound[-1][0], span=arg.span)

    def _done(self, spot: Spot, change: Change, same: Expr | None) -> Expr:
        """Make a change: in place, if what stands there is the loop's own, else by a copy, which is from then
        on. `same` tells whether something else was put there meanwhile."""
        may_list, may_map = self._nests.modes(change.value)
        may_set = self._nests.sets and adds_one(change.value)
        span = change.value.span
        view, places = Local(change.view, span=span), Local(self.places, span=span)
        self.changes += 1
        self.nested = True
        made: Expr = spot.put(self.way, change.owned(spot.key, places, may_map=may_map, may_set=may_set))
        owned: Expr = Op("is_owned", (again(spot.key), again(places)), span=span)
        tests: list[tuple[Expr, str]] = []
        if may_map and self._nests.sets:
            tests.append((If(is_one_of(view, "dict"), owned, Const(False, span=span), span=span), DICT))
        elif may_map:
            tests.append((owned, DICT))
        if may_set:
            known = Op("is_owned", (again(spot.key), again(places)), span=span)
            tests.append(
                (
                    If(
                        is_one_of(Local(change.view, span=span), "set"),
                        known,
                        Const(False, span=span),
                        span=span,
                    ),
                    SET,
                )
            )
        if may_list:
            tests.append((is_one_of(Local(change.view, span=span), "list"), LIST))
        for test, way in tests:
            if same is not None:
                test = If(again(same), Const(False, span=span), test, span=span)
            # the variable for what was changed tells what stands in the collection now, but for a set
            now = change.copied() if way == SET else again(view)
            grown = Op("grown", (again(spot.base), now), span=span)
            made = If(test, Do((*change.in_place(way), grown), span=span), made, span=span)
        return made

    def _several(self, node: Call, base: Local, pairs: list[tuple[Expr, Expr]], var: Var) -> Expr:
        """Rewrite an `assoc` of several keys: all its arguments are evaluated before the first change."""
        bound: Bound = []
        steps: list[tuple[Spot, Change | Expr]] = []
        # changes, and how much is evaluated before them
        waiting: list[tuple[int, Change]] = []
        for key, value in pairs:
            given = self._given(key, bound, var)
            spot = Spot(again(base), given, Const("assoc", span=node.span), key)
            while isinstance(value, Let) and self._is_changed(spot, value, var):
                bound.append((value.var, self.bound(value, var)))
                value = value.body
            if isinstance(value, (Call, Op)) and self._is_changed(spot, value, var):
                change = self._evaluated(value, bound, var)
                waiting.append((len(bound), change))
                steps.append((spot, change))
            else:
                steps.append((spot, self._given(value, bound, var)))
        self._check(waiting, bound, first=isinstance(steps[0][1], Change))
        made: Expr = again(base)
        for at, (spot, step) in enumerate(steps):
            if not isinstance(step, Change):
                done = self._put_whole(spot, step)
            else:
                others = [other for other in steps[:at] if not is_other(other[0].key, spot.key)]
                if not all(isinstance(other, Change) and step.covers(other) for _, other in others):
                    raise NoWay
                done = self._done(spot, step, any_same([other.key for other, _ in others], spot.key))
            made = done if at == 0 else Do((made, done), span=node.span)
        return bind(bound, made)

    def _check(self, waiting: list[tuple[int, Change]], bound: Bound, *, first: bool) -> None:
        """Let changes that will fail do so before what is evaluated after them, and before other changes are
        made: the `first` one has none before it."""
        for number, (at, change) in reversed(list(enumerate(waiting))):
            if at < len(bound) or number > 0 or not first:
                test = change.cannot_fail()
                if test is None:
                    raise NoWay
                span = change.value.span
                failing = If(test, Const(None, span=span), change.copied(), span=span)
                bound.insert(at, (self._twins.copier.var("checked"), failing))

    def is_view(self, node: Let, var: Var) -> bool:
        return self.way == DICT and super().is_view(node, var)

    def step_of(self, node: Expr) -> Step | None:
        return None

    def exchanged(self, node: Call, base: Expr, others: tuple[Expr, ...], var: Var) -> Expr | None:
        return None

    # -- the end

    def leave(self, node: Expr, var: Var) -> Expr:
        match node:
            case Local(var=found) if found == var:
                return self.whole(node)
            case Local(var=found) if found in self._views:
                return Op("settled", (node,), span=node.span)
            case Local():
                return node
        return super().leave(node, var)
