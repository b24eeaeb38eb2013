"""Put the bodies of small functions where they are called, and constants where they are named.

Before: any IR. After: a call of a function that is written at the call, is bound by a `let` and used once or
small, or is a small known function defined before, is its body; such a function given to `map` and the like
is written there.
    (def sq (fn sq [x] (* x x)))  (sq (+ a 1))  =>  (let x (+ a 1) (try (* x x) (catch e (sq x))))
So is what `partial`, `comp`, `complement` or `constantly` makes of known functions, which has no frame:
    (def triple (partial * 3))  (triple (+ a 1))  =>  (let x (+ a 1) (* 3 x))

A known function must be pure: should its body fail, the call is made after all, so that the error comes with
the frames it always had. One that may throw is not put anywhere: its errors are no rare ones, and each level
of functions put into each other would make twice as many of them; nor is one that may call itself.

What is known is put into later forms than its own only: an earlier one could meet it undefined.
Calls of the delegable set, and calls with metadata of their own, stay.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final, TypeGuard

from rtfs_runtime.builtins import BUILTINS
from rtfs_runtime.values import Keyword
from rtfsc.ir.census import among, occurs, things
from rtfsc.ir.combinators import is_plain, written_out
from rtfsc.ir.nodes import (
    Blocks,
    BuiltinRef,
    Call,
    Const,
    DefGlobal,
    Expr,
    Fn,
    Fold,
    ForEach,
    Global,
    If,
    Late,
    Let,
    Local,
    Map,
    Module,
    Raise,
    Try,
    Var,
    Vector,
)
from rtfsc.ir.purity import Purity
from rtfsc.ir.recursion import cycles
from rtfsc.ir.walk import (
    bind,
    descendants,
    evaluated,
    jumps_back,
    known_functions,
    map_children,
    with_forms,
)
from rtfsc.options import Options
from rtfsc.passes.copying import Copier
from rtfsc.source import Span

_SMALL: Final = 30
# how much a function may grow by what is put into it
_GROWTH: Final = 600
# larger ones are written once, where they are defined
_WIDEST: Final = 64

_COMBINE: Final = frozenset({"partial", "comp", "complement", "constantly"})
_WANTED: Final = things(Fn, Global, *_COMBINE)
_FUNCTIONS: Final = things(Fn)
_THROWS: Final = frozenset({"throw", "error", "assert"})
_THROWING: Final = things(Global, Raise, *_THROWS)
_LOOPS: Final = things(Blocks, Fold, ForEach)


def run(module: Module, options: Options) -> Module:
    """Inline in every form."""
    inliner = _Inliner(module)
    body = tuple([inliner.top(node) for node in module.body])
    return with_forms(module, body, lambda inner: run(inner, options), inliner.copier.next_id)


class _Inliner:
    def __init__(self, module: Module) -> None:
        self.copier = Copier(module.next_id)
        self._known = known_functions(module)
        self._purity = Purity(self._known)
        # those of earlier forms
        self._defined: dict[str, Fn] = {}
        self._stays = cycles(self._known).keys() | _throwing(self._known)
        self._constants = module.constants
        self._delegable = frozenset(module.interface.delegable)
        self._values: dict[str, Const] = {}
        self._made: dict[str, Expr] = {}
        self._small: dict[str, Fn] = {}
        self._uses: dict[Var, int] = {}
        # functions bound by lets: those that move to their only use, those that are copied to each
        self._locals: dict[Var, Fn] = {}
        self._copied: dict[Var, Fn] = {}
        self._left = 0

    def top(self, node: Expr) -> Expr:
        """Rewrite one form of the module; the function it defines may be put into later ones."""
        self._uses.clear()
        inside = node.value.body if isinstance(node, DefGlobal) and isinstance(node.value, Fn) else node
        # uses are asked of functions that are bound
        for part in descendants(inside) if occurs(inside) & _FUNCTIONS else ():
            if isinstance(part, (Local, Late)):
                self._uses[part.var] = self._uses.get(part.var, 0) + 1
        self._left = _GROWTH
        done = self.rewrite(node)
        if isinstance(done, DefGlobal) and isinstance(done.value, Fn) and done.name in self._known:
            fn = self._defined[done.name] = done.value
            # a loop is worth its call, and other passes may change it as a function
            plain = is_plain(fn) and done.name not in self._stays
            if plain and _size(fn.body) <= _SMALL and not _loops(fn.body) and self._purity.holds(fn.body):
                self._small[done.name] = fn
        elif isinstance(done, DefGlobal) and done.name in self._constants:
            if _is_atom(done.value):
                self._values[done.name] = done.value
            elif done.name not in self._delegable and _is_made(done.value):
                self._made[done.name] = done.value
        return done

    def rewrite(self, node: Expr) -> Expr:
        """Rewrite an expression."""
        if not self._locals and not self._copied and not occurs(node) & _WANTED:
            return node
        match node:
            case Let(var=var, init=Fn() as fn) if self._uses.get(var) == 1 and is_plain(fn):
                moved = self.rewrite(fn)
                assert isinstance(moved, Fn)
                self._locals[var] = moved
                return self._bound_once(node, var)
            case Let(var=var, init=Fn() as fn) if is_plain(fn) and _size(fn.body) <= _SMALL:
                moved = self.rewrite(fn)
                assert isinstance(moved, Fn)
                self._copied[var] = moved
                # a binding that nothing needs any more goes later
                return replace(node, init=moved, body=self.rewrite(node.body))
            case Call():
                return self._call(node)
            case Global(name=name) if name in self._values:
                return replace(self._values[name], span=node.span)
            case _:
                return map_children(node, self.rewrite)

    def _bound_once(self, node: Let, var: Var) -> Expr:
        """Rewrite the scope of a function that is used once; the binding goes when the use took it."""
        body = self.rewrite(node.body)
        fn = self._locals.pop(var, None)
        return body if fn is None else replace(node, init=fn, body=body)

    def _call(self, node: Call) -> Expr:
        if node.site is not None:
            return map_children(node, self.rewrite)
        args = tuple([self.rewrite(arg) for arg in node.args])
        if isinstance(node.callee, BuiltinRef) and node.args and _applies_first(node.callee.name):
            args = (self._written_out(node, args[0]), *args[1:])
        if isinstance(node.callee, Global):
            named = self._taken(node.callee.name)
            if named is not None and len(named.params) == len(args):
                return self._named(replace(node, args=args), named)
            made = self._made_out(node.callee.name, ("x",) * len(args), node.span)
            if made is not None:
                return bind(list(zip(made.params, args, strict=True)), made.body)
        fn = self._callee(node.callee, len(args))
        if fn is None:
            callee = self.rewrite(node.callee)
            if isinstance(callee, Const) and not isinstance(callee.value, Keyword):
                # no function: the error of calling it names it
                callee = node.callee
            same = callee is node.callee and all(new is old for new, old in zip(args, node.args, strict=True))
            return node if same else replace(node, callee=callee, args=args)
        return bind(list(zip(fn.params, args, strict=True)), fn.body)

    def _named(self, call: Call, fn: Fn) -> Expr:
        """Put a copy of a function with a name where it is called; should it fail, it is called after all, so
        that the traceback has its line."""
        params, body = self.copier.copy_block(fn.params, fn.body)
        if not all(_cannot_fail(part) for part in evaluated(body)):
            again = replace(call, args=tuple([Local(param, span=call.span) for param in params]))
            body = Try(body, self.copier.var("error"), again, None, span=call.span)
        return bind(list(zip(params, call.args, strict=True)), body)

    def _callee(self, callee: Expr, count: int) -> Fn | None:
        """Give the function that a call may be replaced by, whose only use this is."""
        match callee:
            case Fn() if is_plain(callee) and len(callee.params) == count:
                moved = self.rewrite(callee)
                assert isinstance(moved, Fn)
                return moved
            case Local(var=var) if var in self._locals and len(self._locals[var].params) == count:
                return self._locals.pop(var)
            case Local(var=var) if var in self._copied and len(self._copied[var].params) == count:
                return self._copy(self._copied[var])
        return None

    def _copy(self, fn: Fn) -> Fn | None:
        self._left -= _size(fn.body)
        if self._left < 0:
            return None
        _, copy = self.copier.copy_block((), fn)
        assert isinstance(copy, Fn)
        return copy

    def _taken(self, name: str) -> Fn | None:
        fn = self._small.get(name)
        if fn is None:
            return None
        self._left -= _size(fn.body)
        return fn if self._left >= 0 else None

    def _written_out(self, call: Call, rewritten: Expr) -> Expr:
        """Write a function out where a builtin applies it to each element."""
        given = call.args[0]
        match given:
            case Local(var=var) if var in self._locals:
                return self._locals.pop(var)
            case Local(var=var) if var in self._copied:
                return self._copy(self._copied[var]) or rewritten
            case Global(name=name):
                fn = self._taken(name)
                if fn is not None:
                    params = tuple([self.copier.var(var.name) for var in fn.params])
                    args = tuple([Local(param, span=given.span) for param in params])
                    body = self._named(Call(given, args, span=given.span), fn)
                    return replace(fn, params=params, body=body, self_var=None, hint=None, span=given.span)
                return self._made_out(name, _params_of(call), call.span) or rewritten
            case Call():
                params = tuple([self.copier.var(name) for name in _params_of(call)])
                made = written_out(rewritten, params, self._defined.get, call.span)
                return rewritten if made is None else self.rewrite(made)
        return rewritten

    def _made_out(self, name: str, names: tuple[str, ...], span: Span) -> Fn | None:
        """Write out the function that a global is, if a builtin made it of known ones."""
        made = self._made.get(name)
        if made is None:
            return None
        self._left -= _size(made)
        if self._left < 0:
            return None
        _, copy = self.copier.copy_block((), made)
        fn = written_out(copy, tuple([self.copier.var(each) for each in names]), self._defined.get, span)
        if fn is None:
            return None
        done = self.rewrite(fn)
        assert isinstance(done, Fn)
        return done


def _throwing(functions: Mapping[str, Fn]) -> frozenset[str]:
    """Name the functions in which, or in what they mention, an error is thrown on purpose."""
    mentioned: dict[str, list[str]] = {}
    found: list[str] = []
    for name, fn in functions.items():
        for part in among(fn.body, _THROWING):
            if isinstance(part, Global):
                mentioned.setdefault(part.name, []).append(name)
            elif _is_throw(part):
                found.append(name)
    throwing: set[str] = set()
    while found:
        name = found.pop()
        if name not in throwing:
            throwing.add(name)
            found += mentioned.get(name, ())
    return frozenset(throwing)


def _is_throw(node: Expr) -> bool:
    match node:
        case Raise(again=again):
            return not again
        case BuiltinRef(name=name):
            return BUILTINS[name].name in _THROWS
        case _:
            return False


def _params_of(call: Call) -> tuple[str, ...]:
    """Name the parameters of what a builtin applies."""
    assert isinstance(call.callee, BuiltinRef)
    return ("x", "y") if BUILTINS[call.callee.name].name in ("reduce", "map-indexed") else ("x",)


def _applies_first(name: str) -> bool:
    row = BUILTINS[name]
    return row.intrinsic in ("map", "filter", "reduce") or row.name in _APPLY


_APPLY: Final = frozenset(
    {"remove", "keep", "mapcat", "map-indexed", "every?", "some?", "not-any?"}
    | {"sort-by", "group-by", "partition-by", "sort"}
)


def _is_atom(node: Expr) -> TypeGuard[Const]:
    match node:
        case Const(value=str() as text):
            return len(text) <= _WIDEST
        case Const(value=int() as number):
            return number.bit_length() <= _WIDEST
        case _:
            return isinstance(node, Const) and isinstance(node.value, float | Keyword | None)


def _is_made(node: Expr) -> bool:
    """Tell whether an expression only combines what is named."""
    match node:
        case Call(callee=BuiltinRef(name=name), args=parts, site=None):
            return BUILTINS[name].name in _COMBINE and all(
                isinstance(part, (Const, BuiltinRef, Global)) or _is_made(part) for part in parts
            )
        case _:
            return False


def _cannot_fail(node: Expr) -> bool:
    match node:
        case Call(callee=BuiltinRef(name=name)):
            return not BUILTINS[name].fails
        case _:
            return isinstance(node, (Const, Local, Vector, Map, Fn, BuiltinRef, Let, If))


def _loops(node: Expr) -> bool:
    return any(
        jumps_back(part) if isinstance(part, Blocks) else isinstance(part, (Fold, ForEach))
        for part in among(node, _LOOPS)
    )


def _size(node: Expr) -> int:
    return sum(1 for part in descendants(node) if not isinstance(part, (Const, Local)))
