"""Make calls of `map filter remove keep mapcat reduce count every? …` loops, a chain of them one loop.

Before: a chain is nested calls of builtins. After: where each function is written at the call, is a builtin,
a keyword or a known function, the chain is a `Fold` without collections in between.
    (reduce + 0 (map f (filter even? xs)))  =>  (let s xs (try (fold L x (op items s) [a] [0] (if (even? x)
    (jump L (+ a (f x))) (jump L a)) a) (catch e (reduce + 0 (map f (filter even? s))))))

The plain chain runs each stage to its end before the next: when one of several stages fails, another one may
have had to fail before it. So a loop of several stages that fails is left to the plain chain, which raises
what the language says (ruling 19); its functions must therefore be pure, and not lead to the function that
the chain stands in. One stage alone keeps its order and needs neither. Functions of the delegable set are
called through their slots and are never a stage.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from rtfs_runtime.builtins import BUILTINS
from rtfs_runtime.values import Keyword
from rtfsc.ir.census import occurs, things
from rtfsc.ir.combinators import is_plain
from rtfsc.ir.nodes import (
    BuiltinRef,
    Call,
    Const,
    DefGlobal,
    Do,
    Expr,
    Fn,
    Fold,
    ForEach,
    Global,
    If,
    Jump,
    Let,
    Local,
    Map,
    Module,
    Op,
    Try,
    Var,
    Vector,
)
from rtfsc.ir.purity import Purity
from rtfsc.ir.recursion import Cycles
from rtfsc.ir.walk import (
    again,
    bind,
    known_functions,
    map_children,
    map_tails,
    with_forms,
)
from rtfsc.options import Options
from rtfsc.passes.chains import (
    Chain,
    End,
    Loop,
    Stage,
    bounds_of,
    counting,
    elements,
    gives_entries,
    go_next,
    is_literal,
    plain_chain,
)
from rtfsc.passes.copying import Copier
from rtfsc.source import Span

# what may stand in the middle of a chain
_STAGES: Final = frozenset({"map", "filter", "remove", "keep", "mapcat"})
_ENDS: Final = frozenset({"reduce", "count", "every?", "some?", "not-any?", "into"})
# what may follow `map-indexed`: it does not matter to them whether that gives a list or a vector
_AFTER_INDEXED: Final = frozenset({"map", "keep", "mapcat", "reduce"})
# alone they give the kind that came in, and are loops over vectors; no stage is before the second and third
_LIKE_SOURCE: Final = frozenset({"remove", "map-indexed", "take-while"})
_FIRST: Final = frozenset({"map-indexed", "take-while"})
_WANTED: Final = things(ForEach, *_LIKE_SOURCE, *_STAGES, *_ENDS)


def run(module: Module, options: Options) -> Module:
    """Make loops of chains."""
    fuser = _Fuser(module)
    body = tuple([fuser.top(at, node) for at, node in enumerate(module.body)])
    return with_forms(module, body, lambda inner: run(inner, options), fuser.copier.next_id)


class _Fuser:
    def __init__(self, module: Module) -> None:
        self.copier = Copier(module.next_id)
        self._functions = known_functions(module)
        self._places = {node.name: at for at, node in enumerate(module.body) if isinstance(node, DefGlobal)}
        self._purity = Purity(self._functions)
        self._cycles = Cycles(self._functions)
        self._at = 0
        self._form: Expr
        self._own: Expr | None = None

    def top(self, at: int, node: Expr) -> Expr:
        """Rewrite one form of the module."""
        self._at = at
        self._form = node
        self._own = node.value if isinstance(node, DefGlobal) else None
        return self.rewrite(node)

    def rewrite(self, node: Expr) -> Expr:
        """Rewrite the outermost chains of an expression, and what stands in them."""
        if not occurs(node) & _WANTED:
            return node
        if isinstance(node, Call) and isinstance(node.callee, BuiltinRef):
            chain = self._chain(node)
            if chain is not None:
                return self._fused(node, chain)
        node = map_children(node, self.rewrite)
        if isinstance(node, ForEach) and isinstance(node.items, Op) and node.items.name == "for_items":
            bounds = bounds_of(node.items.args[0])
            if bounds is not None:
                return replace(node, items=Op("range_items", bounds, span=node.items.span))
        return node

    # -- finding chains

    def _chain(self, call: Call) -> Chain | None:
        """Take a chain apart, as far in as one loop may reach."""
        last = self._stage(call, _ENDS | _STAGES | _LIKE_SOURCE)
        if last is None:
            return None
        stages = [last]
        source = call.args[-1]
        while isinstance(source, Call) and len(stages) < 8 and stages[-1].name not in _FIRST:
            names = _STAGES | {"map-indexed"} if stages[-1].name in _AFTER_INDEXED else _STAGES
            stage = self._stage(source, names)
            if stage is None or not self._may_precede(stage, stages):
                break
            stages.append(stage)
            source = source.args[-1]
        removes = all(each.name == "remove" for each in stages[1:])
        if removes and (last.name == "count" or (last.name == "remove" and len(stages) > 1)):
            # `count` alone is no loop, and `remove` gives the kind that came in: a string for a string
            return None
        if last.name == "into" and (len(stages) < 2 or not gives_entries(stages[1])):
            return None
        initial = call.args[1] if last.name == "reduce" else None
        return Chain(source, tuple(reversed(stages)), initial)

    def _may_precede(self, stage: Stage, later: list[Stage]) -> bool:
        """Tell whether a stage may run interleaved with those after it."""
        if later[0].name in ("every?", "some?", "not-any?"):
            # they stop early: what the stage would do to the other elements must not be left out
            return False
        if stage.name == "remove" and later[-1].name == "filter":
            return False
        functions = [each.function for each in (stage, *later) if each.function is not None]
        pure = all(self._is_pure(function) for function in functions)
        return pure and not self._cycles.lead_back(functions, self._form)

    def _is_pure(self, function: Expr) -> bool:
        if isinstance(function, Fn):
            return self._purity.holds(function)
        count = BUILTINS[function.name].min_args if isinstance(function, BuiltinRef) else 1
        args = tuple([Const(None, span=function.span) for _ in range(max(count, 1))])
        return self._purity.holds(Call(function, args, span=function.span))

    def _stage(self, call: Expr, names: frozenset[str]) -> Stage | None:
        if not (isinstance(call, Call) and isinstance(call.callee, BuiltinRef)):
            return None
        name = BUILTINS[call.callee.name].name
        wanted = {"count": 1, "reduce": 3}.get(name, 2)
        if name not in names or len(call.args) != wanted:
            return None
        if name == "count" or (name == "into" and isinstance(call.args[0], Map) and not call.args[0].keys):
            return Stage(name, None, call)
        function = call.args[0]
        count = 2 if name in ("reduce", "map-indexed") else 1
        return Stage(name, function, call) if self._applies(function, count) else None

    def _applies(self, function: Expr, count: int) -> bool:
        """Tell whether applying a function can be written as a call at the place."""
        match function:
            case Fn(params=params):
                return len(params) == count and is_plain(function)
            case BuiltinRef(name=name):
                return BUILTINS[name].takes(count)
            case Const(value=Keyword()):
                return count == 1
            case Global(name=name):
                # defined before this runs: by an earlier form, or by this one, when it is the function
                fn = self._functions.get(name)
                return (
                    fn is not None and fn.takes(count) and (self._places[name] < self._at or fn is self._own)
                )
            case _:
                return False

    # -- writing loops

    def _fused(self, call: Call, chain: Chain) -> Expr:
        # what `remove` takes and the loop does not, a string, is left to the plain chain as well
        several = len(chain.stages) > 1 and (
            chain.stages[0].name == "remove" or chain.stages[1].name != "count"
        )
        bounds = bounds_of(chain.source)
        kept = len(chain.stages) == 1 and chain.stages[0].name in _LIKE_SOURCE and bounds is None
        held: list[tuple[Var, Expr]] = []

        def hold(node: Expr, name: str) -> Expr:
            if isinstance(node, (Const, Local)) or is_literal(node):
                return node
            var = self.copier.var(name)
            held.append((var, self.rewrite(node)))
            return Local(var, span=node.span)

        # the arguments of `reduce` are evaluated before its collection is
        initial = hold(chain.initial, "initial") if chain.initial is not None else None
        if bounds is not None:
            args = tuple([hold(arg, "bound") for arg in bounds])
            span = chain.source.span
            source: Expr = Call(BuiltinRef("range", span=span), args, span=span)
            items = Op("range_items", tuple(map(again, args)), span=span)
        else:
            source = hold(chain.source, "source")
            items = elements(chain, again(source))
        begin = None if initial is None else again(initial)
        made = self._loop(chain._replace(source=items, initial=begin), call.span, copy=several or kept)
        if kept:
            asked = Op("is_exactly", (again(source), Const("tuple", span=call.span)), span=call.span)
            made = If(asked, made, plain_chain(chain.stages, again(source), None), span=call.span)
        if several:
            plain = plain_chain(chain.stages, source, initial)
            error = self.copier.var("error")
            made = Try(made, error, plain, None, span=call.span)
        for var, value in reversed(held):
            made = Let(var, value, made, span=call.span)
        return made

    def _loop(self, chain: Chain, span: Span, *, copy: bool) -> Expr:
        last = chain.stages[-1]
        item = self.copier.var("item")
        index = self.copier.var("index") if chain.stages[0].name == "map-indexed" else None
        counters = () if index is None else (index,)
        if last.name in _STAGES | _LIKE_SOURCE:
            buffer = self.copier.var("buffer")

            def keep(value: Expr, loop: Loop) -> Expr:
                appended = Op("list_append", (Local(buffer, span=span), value), span=span)
                return Do((appended, go_next(loop, span)), span=span)

            loop = Loop(self.copier.number(), counters)
            body = self._body(chain.stages, Local(item, span=span), loop, End(keep, copy, buffer, index))
            done = Op("list_tuple", (Local(buffer, span=span),), span=span)
            made = Fold(loop.label, item, chain.source, (), (), body, done, span=span)
            if index is not None:
                made = counting(made, index)
            return Let(buffer, Op("list_new", (), span=span), made, span=span)
        if last.name == "into":
            return self._map_of(chain, (item, index), span, copy=copy)
        total = self.copier.var("total")
        ends: dict[str, Expr] = {
            "reduce": Local(total, span=span),
            "count": Local(total, span=span),
            "every?": Const(True, span=span),
        }
        done_value = ends.get(last.name) or Const(last.name == "not-any?", span=span)
        carries = last.name in ("reduce", "count")
        loop = Loop(self.copier.number(), ((total,) if carries else ()) + counters)
        initial = chain.initial or Const(0, span=span)
        finish = self._finish(last, copy=copy)
        stages = chain.stages[:-1]
        body = self._body(stages, Local(item, span=span), loop, End(finish, copy, None, index))
        params, args = ((total,), (initial,)) if carries else ((), ())
        made = Fold(loop.label, item, chain.source, params, args, body, done_value, span=span)
        return made if index is None else counting(made, index)

    def _map_of(self, chain: Chain, names: tuple[Var, Var | None], span: Span, *, copy: bool) -> Expr:
        """Write the loop that puts the entries, which the last `map` writes out, into a new map."""
        *stages, entries, _ = chain.stages
        item, index = names
        buffer = self.copier.var("buffer")

        def put(value: Expr, loop: Loop) -> Expr:
            def written(tail: Expr) -> Expr:
                assert isinstance(tail, Vector)
                operands = (Local(buffer, span=span), *tail.items, Const("into", span=span))
                return Do((Op("dict_put", operands, span=tail.span), go_next(loop, span)), span=span)

            return map_tails(self._applied(entries, (value,), copy=copy), written)

        loop = Loop(self.copier.number(), () if index is None else (index,))
        body = self._body(tuple(stages), Local(item, span=span), loop, End(put, copy, None, index))
        made = Fold(loop.label, item, chain.source, (), (), body, Local(buffer, span=span), span=span)
        if index is not None:
            made = counting(made, index)
        return Let(buffer, Op("dict_new", (), span=span), made, span=span)

    def _finish(self, last: Stage, *, copy: bool) -> Callable[[Expr, Loop], Expr]:
        """Give what the end of a chain does with an element."""
        span = last.call.span

        def finish(value: Expr, loop: Loop) -> Expr:
            if last.name in ("every?", "some?", "not-any?"):
                assert last.function is not None
                test = self._applied(last, (value,), copy=copy)
                stop = Const(last.name == "some?", span=span)
                ways = (go_next(loop, span), stop) if last.name == "every?" else (stop, go_next(loop, span))
                return If(test, *ways, span=span)
            total = Local(loop.params[0], span=span)
            if last.function is None:
                more: Expr = Call(BuiltinRef("+", span=span), (total, Const(1, span=span)), span=span)
            else:
                more = self._applied(last, (total, value), copy=copy)
            others = tuple([Local(param, span=span) for param in loop.params[1:]])
            return map_tails(more, lambda tail: Jump(loop.label, (tail, *others), span=span))

        return finish

    def _body(
        self,
        stages: tuple[Stage, ...],
        item: Expr,
        loop: Loop,
        end: End,
    ) -> Expr:
        """Write what happens to one element from the first of `stages` on."""
        if not stages:
            return end.finish(item, loop)
        stage, *others = stages
        span = stage.call.span
        rest = tuple(others)
        if stage.name in ("filter", "remove"):
            test = self._applied(stage, (again(item),), copy=end.copy)
            go_on, skip = self._body(rest, item, loop, end), go_next(loop, span)
            ways = (go_on, skip) if stage.name == "filter" else (skip, go_on)
            return If(test, *ways, span=span)
        if stage.name == "take-while":
            assert end.buffer is not None
            taken = Op("list_tuple", (Local(end.buffer, span=span),), span=span)
            test = self._applied(stage, (again(item),), copy=end.copy)
            return If(test, end.finish(item, loop), taken, span=span)
        if stage.name == "mapcat":
            return self._spread(stage, item, rest, (loop, end))
        value = self.copier.var("value")
        local = Local(value, span=span)
        if stage.name == "map-indexed":
            assert end.counter is not None
            applied = self._applied(stage, (Local(end.counter, span=span), item), copy=end.copy)
        else:
            applied = self._applied(stage, (item,), copy=end.copy)
        if stage.name == "keep":
            absent = Call(BuiltinRef("nil?", span=span), (local,), span=span)
            kept = self._body(rest, again(local), loop, end)
            after: Expr = If(absent, go_next(loop, span), kept, span=span)
        else:
            after = self._body(rest, local, loop, end)
        return Let(value, applied, after, span=span)

    def _spread(self, stage: Stage, item: Expr, rest: tuple[Stage, ...], into: tuple[Loop, End]) -> Expr:
        """Write the loop over what `mapcat` turns an element into; if a loop makes that, it is this one."""
        loop, end = into
        span = stage.call.span
        inner = Loop(self.copier.number(), tuple([self.copier.var(var.name) for var in loop.params]))
        back: Expr = Jump(loop.label, tuple([Local(var, span=span) for var in inner.params]), span=span)
        if end.buffer is not None:
            # what elements turn into may be more than memory holds
            room = Op("check_room", (Local(end.buffer, span=span),), span=span)
            back = Do((room, back), span=span)
        bound, made = self._unfolded(stage, item, copy=end.copy)
        chain = self._chain(made) if isinstance(made, Call) and isinstance(made.callee, BuiltinRef) else None
        if chain is not None and len(chain.stages) == 1 and chain.stages[0].name in _STAGES:
            items, rest = self._items(chain), (*chain.stages, *rest)
        else:
            items = Op("items", (self.rewrite(made), Const("mapcat", span=span)), span=span)
        each = self.copier.var("item")
        args = tuple([Local(var, span=span) for var in loop.params])
        body = self._body(rest, Local(each, span=span), inner, end)
        found: Expr = Fold(inner.label, each, items, inner.params, args, body, back, span=span)
        for var, value in reversed(bound):
            found = Let(var, value, found, span=span)
        return found

    def _unfolded(self, stage: Stage, item: Expr, *, copy: bool) -> tuple[list[tuple[Var, Expr]], Expr]:
        """Apply the function of a stage: give what is bound first, and its value, not yet rewritten."""
        function = stage.function
        assert function is not None
        if not isinstance(function, Fn):
            return [], Call(function, (item,), span=stage.call.span)
        params, body = function.params, function.body
        if copy:
            params, body = self.copier.copy_block(params, body)
        bound: list[tuple[Var, Expr]] = [(params[0], item)]
        while isinstance(body, Let):
            bound.append((body.var, self.rewrite(body.init)))
            body = body.body
        return bound, body

    def _items(self, chain: Chain) -> Expr:
        """Give what a loop over the source of a chain runs through."""
        span = chain.source.span
        bounds = bounds_of(chain.source)
        if bounds is None:
            return elements(chain, self.rewrite(chain.source))
        return Op("range_items", tuple(map(self.rewrite, bounds)), span=span)

    def _applied(self, stage: Stage, args: tuple[Expr, ...], *, copy: bool) -> Expr:
        function = stage.function
        assert function is not None
        if not isinstance(function, Fn):
            return Call(function, args, span=stage.call.span)
        params, body = function.params, function.body
        if copy:
            # the plain chain keeps the original
            params, body = self.copier.copy_block(params, body)
        return bind(list(zip(params, args, strict=True)), self.rewrite(body))
