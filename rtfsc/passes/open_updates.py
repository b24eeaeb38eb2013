"""Write out `update`, `update-in`, `assoc-in`, `get-in`, `reduce-kv` and `update-vals` at their calls.

Before: any IR. After: where function and path are written at the call, a change of a value at a key, or at
the end of a short path, is a read, a call of the function and a write for each step, which other passes and
the back end treat like those of the user; and what goes through a map is a `reduce` over its entries.
    (update m :n (fn [n] (+ n 1)))  =>  (op put m :n ((fn [n] (+ n 1)) (op old_value m :n)) "update")
    (assoc-in m [:a k] 1)  =>  (op put m :a (op put (op path_value m :a) k 1 "assoc-in") "assoc-in")
    (reduce-kv f 0 m)  =>  (if (map? m)
                             (reduce (fn [a e] (f a (op seq_at e 0) (op seq_at e 1))) 0 (entries m))
                             (reduce-kv vector 0 m))

What is no map is refused by the builtin, whichever function it is given.
Arguments are evaluated in their order; what is not plain is bound first. A function given by its name is one
that is surely defined by then. Strings, which name functions too, and functions that take another number of
arguments are left to the builtin. `(fnil f d)` is a call of f with d in the place of nil.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from rtfs_runtime.builtins import BUILTINS
from rtfs_runtime.types import ANY
from rtfs_runtime.values import Keyword
from rtfsc.ir.census import occurs, things
from rtfsc.ir.combinators import is_plain
from rtfsc.ir.nodes import (
    BuiltinRef,
    Call,
    Const,
    DefGlobal,
    Expr,
    Fn,
    Global,
    If,
    Let,
    Local,
    Map,
    Module,
    Op,
    Var,
    Vector,
)
from rtfsc.ir.walk import Fresh, again, bind, known_functions, map_children, with_forms
from rtfsc.options import Options
from rtfsc.source import Span

_LONGEST_PATH: Final = 4
_WANTED: Final = things("update", "update-in", "assoc-in", "get-in", "reduce-kv", "update-vals")


def run(module: Module, options: Options) -> Module:
    """Write out the changes in every form."""
    opener = _Opener(module)
    forms = [opener.top(node) for node in module.body]
    return with_forms(module, forms, lambda inner: run(inner, options), opener.fresh.next_id)


class _Opener:
    def __init__(self, module: Module) -> None:
        self.fresh = Fresh(module.next_id)
        self._functions = known_functions(module)
        self._defined: set[str] = set()

    def top(self, node: Expr) -> Expr:
        """Rewrite one form; the function it defines may be called by later ones."""
        done = self.rewrite(node)
        if isinstance(node, DefGlobal):
            self._defined.add(node.name)
        return done

    def rewrite(self, node: Expr) -> Expr:
        """Rewrite an expression."""
        if not occurs(node) & _WANTED:
            return node
        node = map_children(node, self.rewrite)
        match node:
            case Call(callee=BuiltinRef(name=name), args=args, site=None):
                pass
            case _:
                return node
        name = BUILTINS[name].name
        if name == "reduce-kv" and len(args) == 3 and self._applies(args[0], 3):
            return self._folded(node, args[0], args[1:])
        if name == "update-vals" and len(args) == 2 and self._applies(args[1], 1):
            return self._folded(node, args[1], args[:1])
        if name == "update" and len(args) > 2 and self._applies(args[2], len(args) - 2):
            return self._changed(node, (args[1],), args[2:], "update")
        path = _path(args[1]) if name in ("update-in", "assoc-in", "get-in") and len(args) > 1 else None
        if path is None:
            return node
        if name == "get-in" and len(args) in (2, 3):
            return self._read(node, path)
        if name == "assoc-in" and len(args) == 3:
            return self._changed(node, path, args[2:], name)
        if name == "update-in" and len(args) > 2 and self._applies(args[2], len(args) - 2):
            return self._changed(node, path, args[2:], name)
        return node

    def _applies(self, function: Expr, count: int) -> bool:
        match function:
            case Fn(rest=None, params=params, hint=hint):
                return len(params) == count and (hint is None or hint.target == "local")
            case BuiltinRef(name=name):
                return BUILTINS[name].takes(count) and not BUILTINS[name].host
            case Const(value=Keyword()):
                return count in (1, 2)
            case Global(name=name):
                return (
                    name in self._defined and name in self._functions and self._functions[name].takes(count)
                )
            case Call(callee=BuiltinRef(name="fnil"), args=[patched, _], site=None):
                return not isinstance(patched, Call) and self._applies(patched, count)
            case _:
                return False

    def _folded(self, node: Call, function: Expr, given: tuple[Expr, ...]) -> Expr:
        """Write what goes through the entries of a map, the last of `given`, as a `reduce` over them."""
        span = node.span
        bound: list[tuple[Var, Expr]] = []
        *initial, source = [self._plain(each, bound) for each in given]
        total, entry = self.fresh.var("total"), self.fresh.var("entry")
        key, value = [
            Op("seq_at", (Local(entry, span=span), Const(at, span=span)), span=span) for at in (0, 1)
        ]
        held = Local(total, span=span)
        if initial:
            body = _applied(function, (held, key, value), span)
        else:
            made = _applied(function, (value,), span)
            body = Call(BuiltinRef("assoc", span=span), (held, key, made), span=span)
        params = (total, entry)
        names = tuple([param.name for param in params])
        step = Fn("<fn>", params, None, body, param_names=names, param_types=(ANY, ANY), span=span)
        entries = Call(BuiltinRef("entries", span=span), (again(source),), span=span)
        begin = again(initial[0]) if initial else Map((), (), span=span)
        folded = Call(BuiltinRef("reduce", span=span), (step, begin, entries), span=span)
        other = BuiltinRef("vector", span=span)
        refused = (other, initial[0], again(source)) if initial else (again(source), other)
        test = Call(BuiltinRef("map?", span=span), (source,), span=span)
        return bind(bound, If(test, folded, replace(node, args=refused), span=span))

    def _read(self, node: Call, path: tuple[Expr, ...]) -> Expr:
        span = node.span
        bound: list[tuple[Var, Expr]] = []
        source = found = self._plain(node.args[0], bound)
        keys = [self._plain(key, bound) for key in path]
        default = [self._plain(each, bound) for each in node.args[2:]]
        for key in keys:
            found = Op("path_value", (found, key), span=span)
        if default:
            # nil may stand there as well as for what is not there: the builtin tells
            held = Local(self.fresh.var("found"), span=span)
            steps = Vector(tuple(map(again, keys)), span=span)
            asked = replace(node, args=(again(source), steps, *default))
            test = Call(BuiltinRef("nil?", span=span), (held,), span=span)
            found = Let(held.var, found, If(test, asked, again(held), span=span), span=span)
        return bind(bound, found)

    def _changed(self, node: Call, path: tuple[Expr, ...], given: tuple[Expr, ...], name: str) -> Expr:
        """Write the change of what is at the end of a path."""
        bound: list[tuple[Var, Expr]] = []
        levels = [self._plain(node.args[0], bound)]
        keys = [self._plain(key, bound) for key in path]
        function, *others = given
        default: Expr | None = None
        match function:
            case Call(callee=BuiltinRef(name="fnil"), args=[patched, given_default]) if name != "assoc-in":
                function, default = patched, self._plain(given_default, bound)
        others = [self._plain(other, bound) for other in others]
        read = "old_value" if name == "update" else "path_value"
        for at, key in enumerate(keys):
            if at + 1 < len(keys) or name != "assoc-in":
                levels.append(self._plain(Op(read, (again(levels[at]), again(key)), span=node.span), bound))
        # what `assoc-in` puts: steps along the path never fail, so they may come first
        made = function
        if name != "assoc-in":
            old = levels.pop()
            if default is not None:
                test = Call(BuiltinRef("nil?", span=node.span), (again(old),), span=node.span)
                old = self._plain(If(test, default, old, span=node.span), bound)
            made = Call(function, (old, *others), span=node.span)
        operation = Const(name, span=node.span)
        for level, key in zip(reversed(levels), reversed(keys), strict=True):
            made = Op("put", (level, key, made, operation), span=node.span)
        return bind(bound, made)

    def _plain(self, node: Expr, bound: list[tuple[Var, Expr]]) -> Expr:
        """Give what may stand in several places for an expression."""
        match node:
            case Const() | Local() | Vector(items=()) | Map(keys=()):
                return node
        local = Local(self.fresh.var("part"), span=node.span)
        bound.append((local.var, node))
        return local


def _applied(function: Expr, args: tuple[Expr, ...], span: Span) -> Expr:
    """Write the call of a function; what one written at the place is given is bound to its parameters."""
    if not (isinstance(function, Fn) and is_plain(function)):
        return Call(function, args, span=span)
    return bind(list(zip(function.params, args, strict=True)), function.body)


def _path(node: Expr) -> tuple[Expr, ...] | None:
    """Give the steps of a path that is written at the call."""
    match node:
        case Vector(items=items):
            steps = items
        case Const(value=tuple() as value):
            steps = tuple([Const(step, span=node.span) for step in value])
        case _:
            return None
    return steps if 1 <= len(steps) <= _LONGEST_PATH else None
