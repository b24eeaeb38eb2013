"""Give functions a second body that knows its arguments.

Before: a function tests its arguments where they are used. After: it has a twin, whose parameters are what
the calls in the module give them; calls that are known to fit call the twin. Where classes and signs alone
tell what fits, the function itself tests its arguments once and hands over.
    (def fib (fn fib [n] (if (< n 2) n (+ (fib (- n 1)) …))))  =>  (def "#known fib" (fn fib [n] {trusted}
    (if (< n 2) n (+ ("#known fib" (- n 1)) …))))  (def fib (fn fib [n] (if (int? n) ("#known fib"
    n) (if (< n 2) …))))  (the call of the twin is an `Op`: it leaves no trace of its own)

Other arguments find the body they always had: what it gives and raises stays. Where no call tells, what
parameters are used for does: numbers. A twin is made where it saves enough tests. Functions of the delegable
set have no twin.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final, NamedTuple

from rtfs_runtime.types import ANY, INT, NUMBER, Type
from rtfsc.ir import kinds
from rtfsc.ir.call_flow import fits
from rtfsc.ir.census import among, occurs, size, things
from rtfsc.ir.kind_flow import Kinds, infer_kinds
from rtfsc.ir.kinds import Kind
from rtfsc.ir.looks import hold_for
from rtfsc.ir.nodes import (
    Blocks,
    BuiltinRef,
    Call,
    Cast,
    Const,
    DefGlobal,
    Expr,
    Fn,
    Fold,
    ForEach,
    Global,
    If,
    Jump,
    Let,
    Local,
    Module,
    Op,
    Var,
)
from rtfsc.ir.walk import TWIN, again, known_functions, map_children, with_forms
from rtfsc.options import Options
from rtfsc.passes.copying import Copier

_ARITHMETIC: Final = frozenset({"+", "-", "*", "inc", "dec", "abs", "max", "min", "zero?", "pos?", "neg?"})
_ORDER: Final = frozenset({"<", "<=", ">", ">="})
_OF_INTEGERS: Final = frozenset({"mod", "%", "quot", "even?", "odd?", "range"})
_OF_FLOATS: Final = frozenset({"/", "sqrt"})
# larger functions gain less, and are written twice
_LARGEST: Final = 400
# a chain of functions may lose its twins one by one: what is left by then stays, at the cost of some bytes
_ROUNDS: Final = 4
# one in so many nodes must be an operand of which more is known
_WEIGHT: Final = 16
# a check of a type that is proven saves a call, a call of a twin what the twin saves
_CHECK: Final = 8
_CALL: Final = 4

_CALLED: Final = things(Global)
_LOOPS: Final = things(Fold, ForEach, Jump)
_PAYING: Final = things(Call, Op, Cast)
_USING: Final = things(Call, Op, Let, Blocks, Fold, Jump)


def run(module: Module, options: Options) -> Module:
    """Make twins in a module and in those nested in it."""
    module = with_forms(module, module.body, lambda inner: run(inner, options))
    wanted = {
        name: one
        for name, fn in known_functions(module).items()
        # a definition whose name is taken keeps its body
        if TWIN + name not in module.constants and (one := _candidate(fn)) is not None
    }
    return _Specialiser(module, wanted).run() if wanted else module


class _Candidate(NamedTuple):
    """A function that may have a twin."""

    fn: Fn
    size: int
    # what its parameters are used as
    used: tuple[Kind, ...]


def _candidate(fn: Fn) -> _Candidate | None:
    if fn.rest is not None or fn.self_var is not None or not fn.params:
        return None
    count = size(fn.body)
    if count > _LARGEST:
        return None
    uses = _Uses()
    for part in among(fn.body, _USING):
        uses.see(part)
    return _Candidate(fn, count, tuple([kinds.of_type(uses.type_of(param)) for param in fn.params]))


class _Specialiser:
    def __init__(self, module: Module, wanted: dict[str, _Candidate]) -> None:
        self._module = module
        self._wanted = wanted
        self._calls = _calls_by_name(module)
        self._open = infer_kinds(module)
        # with functions taken as their twins
        self._closed = self._open
        # the kinds of parameters: by calls where there are others than its own, else by uses
        self._given: dict[str, tuple[Kind, ...] | None] = {
            name: None if any(caller != name for caller, _ in self._calls.get(name, ())) else one.used
            for name, one in wanted.items()
        }

    def run(self) -> Module:
        """Make the twins that pay."""
        for rounds_left in reversed(range(_ROUNDS)):
            self._closed = infer_kinds(self._module, self._given)
            kept: dict[str, tuple[Kind, ...] | None] = {}
            for name in self._given:
                kept |= self._kept(name)
            if kept == self._given or not rounds_left:
                break
            self._given = kept
            if not kept:
                return self._module
        return self._inserted()

    def _kept(self, name: str) -> dict[str, tuple[Kind, ...] | None]:
        """Tell how the parameters of a twin are known from now on; nothing when it does not pay."""
        given, one = self._given[name], self._wanted[name]
        params = self._closed.params[name]
        if given is None and any(
            used != kinds.ANY and param & kinds.BASE == kinds.BASE
            for param, used in zip(params, one.used, strict=True)
        ):
            # calls bring anything: go by the uses
            return {name: one.used} if any(used != kinds.ANY for used in one.used) else {}
        if all(param == kinds.ANY for param in params) or kinds.NEVER in params:
            return {}
        return {name: given} if self._pays(name, one) else {}

    def _pays(self, name: str, one: _Candidate) -> bool:
        """Tell whether a twin is worth its bytes: all its calls of itself are direct, and it has some, or a
        loop, or another caller that knows."""
        known = 0
        for part in among(one.fn.body, _PAYING):
            match part:
                case Call(callee=BuiltinRef() | Const(), args=args) | Op(args=args):
                    known += sum(self._closed.of(arg) != self._open.of(arg) for arg in args)
                case Cast(value=value, want=want):
                    proven = [kinds.conforms(way.of(value), want) for way in (self._closed, self._open)]
                    known += _CHECK * (proven == [True, False])
                case Call(callee=Global(name=called), site=None) if called in self._given and called != name:
                    direct = [self._fits(part, way) for way in (self._closed, self._open)]
                    known += _CALL * (direct == [True, False])
        if known * _WEIGHT < one.size:
            return False
        calls = self._calls.get(name, ())
        own = [call for caller, call in calls if caller == name]
        if not all(self._fits(call, self._closed) for call in own):
            return False
        loops = occurs(one.fn.body) & _LOOPS
        return bool(own) or bool(loops) or any(self._fits(call, self._closed) for _, call in calls)

    def _fits(self, call: Call, known: Kinds) -> bool:
        assert isinstance(call.callee, Global)
        params = self._closed.params[call.callee.name]
        return len(call.args) == len(params) and fits(map(known.of, call.args), params)

    def _inserted(self) -> Module:
        module, copier = self._module, Copier(self._module.next_id)
        body: list[Expr] = []
        for node in module.body:
            if not isinstance(node, DefGlobal) or node.name not in self._given:
                # its parameters were taken to be anything
                done = self._direct(node, self._closed)
                if isinstance(node, DefGlobal) and isinstance(done, DefGlobal) and done is not node:
                    self._keep_look(node, done, self._closed)
                body.append(done)
                continue
            fn = node.value
            assert isinstance(fn, Fn)
            params, inner = copier.copy_block(fn.params, self._direct(fn.body, self._closed))
            made = replace(fn, params=params, body=inner, trusted=True)
            twin = DefGlobal(TWIN + node.name, made, span=node.span)
            self._keep_look(node, twin, self._closed)
            direct = self._direct(fn.body, self._open)
            own = self._handing_over(node.name, fn, direct)
            public = node if own is fn.body else replace(node, value=replace(fn, body=own))
            if own is direct and public is not node:
                self._keep_look(node, public, self._open)
            body += (twin, public)
        constants = module.constants | {TWIN + name for name in self._given}
        return replace(module, body=tuple(body), next_id=copier.next_id, constants=constants)

    def _keep_look(self, old: DefGlobal, new: DefGlobal, known: Kinds) -> None:
        """Let what was found of a definition hold for its copy, which calls twins."""

        def callee(name: str, args: list[Kind]) -> str:
            fitting = name in self._given and fits(args, self._closed.params[name])
            return TWIN + name if fitting else name

        value = old.value.body if isinstance(old.value, Fn) else old.value
        hold_for(known.looks[old.name], value, new, callee)

    def _direct(self, node: Expr, known: Kinds) -> Expr:
        """Let calls that know their arguments call the twin."""

        def go(node: Expr) -> Expr:
            if not occurs(node) & _CALLED:
                return node
            match node:
                case Call(callee=Global(name=name) as callee, site=None) if name in self._given:
                    suits = self._fits(node, known)
                    done = map_children(node, go)
                    assert isinstance(done, Call)
                    return replace(done, callee=replace(callee, name=TWIN + name)) if suits else done
                case _:
                    return map_children(node, go)

        return go(node)

    def _handing_over(self, twin: str, fn: Fn, body: Expr) -> Expr:
        """Give a body that calls the twin when all tests hold; all that fail lead to the one body."""
        tests = [_tests(kind) for kind in self._closed.params[twin]]
        if None in tests:
            return body
        span = body.span
        args = tuple([Local(var, span=fn.span) for var in fn.params])
        made = Op("hand_over", (Global(TWIN + twin, span=fn.span), *args), span=span)
        test: Expr | None = None
        for arg, names in zip(reversed(args), reversed(tests), strict=True):
            for name in reversed(names or ()):
                operands = (again(arg), Const(0, span=span))[: 1 + (name == _NOT_NEGATIVE)]
                asked = Call(BuiltinRef(name, span=fn.span), operands, span=fn.span)
                test = asked if test is None else If(asked, test, Const(False, span=span), span=span)
        return body if test is None else If(test, made, body, span=span)


def _tests(kind: Kind) -> tuple[str, ...] | None:
    """Name the questions that tell whether a value has a kind, such as one of these; None where what it holds
    were to be asked."""
    if kind == kinds.ANY:
        return ()
    for base, names in _TESTS.items():
        if kinds.within(kind, base):
            return names
    return None


# compared with 0
_NOT_NEGATIVE: Final = ">="
_TESTS: Final[dict[Kind, tuple[str, ...]]] = {
    kinds.NATURAL: ("int?", _NOT_NEGATIVE), kinds.INT: ("int?",), kinds.FLOAT: ("float?",),
    kinds.NUMBER: ("number?",), kinds.STR: ("string?",), kinds.KEYWORD: ("keyword?",),
}  # fmt: skip


def _calls_by_name(module: Module) -> dict[str, list[tuple[str, Call]]]:
    """List the calls of each global: the name of the form that they stand in, if it has one, and the call."""
    found: dict[str, list[tuple[str, Call]]] = {}
    for node in module.body:
        caller = node.name if isinstance(node, DefGlobal) else ""
        for part in among(node, _CALLED):
            match part:
                case Call(callee=Global(name=name), site=None):
                    found.setdefault(name, []).append((caller, part))
    return found


# -- which parameters are numbers


class _Uses:
    """How variables are used; those that take each other's values are one group."""

    def __init__(self) -> None:
        self._group: dict[Var, Var] = {}
        self._hints: dict[Var, set[str]] = {}
        self._params: dict[int, tuple[Var, ...]] = {}

    def see(self, node: Expr) -> None:
        """Learn from one node; blocks come before the jumps to them."""
        match node:
            case Call(callee=BuiltinRef(name=name), args=args):
                self._builtin(name, args)
            case Let(var=var, init=init):
                self._link((var,), (init,))
            case Blocks(args=args, blocks=blocks):
                self._params.update((block.label, block.params) for block in blocks)
                self._link(blocks[0].params, args)
            case Fold(label=label, params=params, args=args):
                self._params[label] = params
                self._link(params, args)
            case Jump(label=label, args=args):
                params = self._params.get(label, ())
                self._link(params, args)
                for param, arg in zip(params, args, strict=False):
                    if _counts(arg, param):
                        self._hints.setdefault(self._find(param), set()).add("int")
            case Op(
                name="times" | "range_items" | "quotient" | "floor_quotient" | "exact_quotient" | "residue",
                args=args,
            ):
                self._hint(args, "int")
            case Op(name="list_put", args=args):
                self._hint(args[1:2], "int")

    def _builtin(self, name: str, args: tuple[Expr, ...]) -> None:
        if name in _OF_INTEGERS:
            self._hint(args, "int")
        elif name in _OF_FLOATS:
            self._hint(args, "float")
        elif name in _ARITHMETIC:
            self._hint(args, "float" if any(_is_number(arg, float) for arg in args) else "number")
        elif name in ("=", "==") and any(_is_number(arg, int) for arg in args):
            self._hint(args, "int")
        elif name in _ORDER and len(args) == 2:
            if any(_is_number(arg, int) or _is_number(arg, float) or _is_sum(arg) for arg in args):
                self._hint(args, "number")
            left, right = args
            if isinstance(left, Local) and isinstance(right, Local):
                self._link((left.var,), (right,))
        elif name == "nth" and len(args) == 2:
            self._hint(args[1:], "int")

    def _hint(self, args: tuple[Expr, ...], hint: str) -> None:
        for arg in args:
            if isinstance(arg, Local):
                self._hints.setdefault(self._find(arg.var), set()).add(hint)

    def _link(self, variables: tuple[Var, ...], values: tuple[Expr, ...]) -> None:
        for var, value in zip(variables, values, strict=False):
            sources = value.args if _is_sum(value) and isinstance(value, Call) else (value,)
            for source in sources:
                if isinstance(source, Local):
                    self._unite(var, source.var)
                elif _is_number(source, float):
                    self._hints.setdefault(self._find(var), set()).add("float")

    def _find(self, var: Var) -> Var:
        while (above := self._group.get(var, var)) != var:
            var = above
        return var

    def _unite(self, left: Var, right: Var) -> None:
        left, right = self._find(left), self._find(right)
        if left != right:
            self._group[left] = right
            self._hints.setdefault(right, set()).update(self._hints.pop(left, ()))

    def type_of(self, var: Var) -> Type:
        """Give the type that a variable is used as."""
        hints = self._hints.get(self._find(var), set())
        if not hints:
            return ANY
        return INT if "int" in hints and "float" not in hints else NUMBER


def _is_number(node: Expr, kind: type) -> bool:
    return isinstance(node, Const) and type(node.value) is kind


def _counts(node: Expr, var: Var) -> bool:
    """Tell whether a variable is stepped by an integer: then it and its end are integers, likely."""
    match node:
        case Call(callee=BuiltinRef(name="inc" | "dec"), args=[Local(var=found)]):
            return found == var
        case Call(callee=BuiltinRef(name="+" | "-"), args=[Local(var=found), Const(value=int())]):
            return found == var
        case _:
            return False


def _is_sum(node: Expr) -> bool:
    return isinstance(node, Call) and isinstance(node.callee, BuiltinRef) and node.callee.name in _ARITHMETIC
