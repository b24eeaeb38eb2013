"""Give functions of numbers a second body that knows its numbers.

Before: a function tests its arguments where they are used. After: where its parameters are used as numbers, a
known function tests them once and calls its twin, whose parameters are `trusted`; calls whose arguments are
known to be numbers call the twin themselves.
    (def fib (fn fib [n] (if (< n 2) n (+ (fib (- n 1)) …))))  =>  (def "#numbers fib" (fn fib [n] {trusted}
    (if (< n 2) n (+ ("#numbers fib" (- n 1)) …))))  (def fib (fn fib [n] (if (number? n) ("#numbers fib"
    n) (if (< n 2) …))))  (the call of the twin is an `Op`: it leaves no trace of its own)

Arguments that are no numbers find the body they always had: what it gives and raises stays. A twin is made
where it has a loop, or is called by somebody who knows the arguments; not where it would only be called
through its test. Functions of the delegable set have no twin.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from rtfs_runtime.types import ANY, FLOAT, INT, NUMBER, Type
from rtfsc.ir import kinds
from rtfsc.ir.kind_flow import Kinds, infer_kinds
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
    Jump,
    Let,
    Local,
    Module,
    Op,
    Var,
)
from rtfsc.ir.walk import TWIN, again, descendants, known_functions, map_children, rewrite_modules
from rtfsc.options import Options
from rtfsc.passes.copying import Copier

_ARITHMETIC: Final = frozenset({"+", "-", "*", "inc", "dec", "abs", "max", "min", "zero?", "pos?", "neg?"})
_ORDER: Final = frozenset({"<", "<=", ">", ">="})
_OF_INTEGERS: Final = frozenset({"mod", "%", "quot", "even?", "odd?", "range"})
_OF_FLOATS: Final = frozenset({"/", "sqrt"})
_TESTS: Final[dict[Type, str]] = {INT: "int?", FLOAT: "float?", NUMBER: "number?"}
# larger functions gain less, and are written twice
_LARGEST: Final = 400
# a chain of functions may lose its twins one by one: what is left by then stays, at the cost of some bytes
_ROUNDS: Final = 4
# one in so many nodes must be an operand that is known to be a number
_WEIGHT: Final = 12


def run(module: Module, options: Options) -> Module:
    """Make twins in a module and in those nested in it."""
    body = rewrite_modules(module.body, lambda inner: run(inner, options))
    if any(new is not old for new, old in zip(body, module.body, strict=True)):
        module = replace(module, body=body)
    known = known_functions(module)
    wanted = {name: types for name, fn in known.items() if (types := _numbers(fn))}
    # a definition that is met twice, or whose name is taken, keeps its body
    wanted = {name: types for name, types in wanted.items() if TWIN + name not in module.constants}
    if not wanted:
        return module
    copier = Copier(module.next_id)
    twins = {name: _twin(known[name], types, copier) for name, types in wanted.items()}
    return _with_twins(module, twins, copier)


def _with_twins(module: Module, twins: dict[str, Fn], copier: Copier) -> Module:
    """Add the twins that pay."""
    for rounds_left in reversed(range(_ROUNDS)):
        made = _insert(module, twins, copier)
        known = infer_kinds(made)
        calls = _calls_by_name(made)
        good = {name: fn for name, fn in twins.items() if _pays(known, name, fn, calls)}
        if len(good) == len(twins) or not rounds_left:
            break
        twins = good
        if not twins:
            return module
    body = tuple([_direct(node, known, twins) for node in made.body])
    return replace(made, body=body)


def _insert(module: Module, twins: dict[str, Fn], copier: Copier) -> Module:
    body: list[Expr] = []
    for node in module.body:
        if isinstance(node, DefGlobal) and node.name in twins and isinstance(node.value, Fn):
            twin = twins[node.name]
            body.append(DefGlobal(TWIN + node.name, twin, span=node.span))
            fn = node.value
            args = tuple([Local(var, span=fn.span) for var in fn.params])
            target = Global(TWIN + node.name, span=fn.span)
            call: Expr = Op("hand_over", (target, *args), span=fn.body.span)
            for arg, kind in zip(reversed(args), reversed(twin.param_types), strict=True):
                if kind is not ANY:
                    test = Call(BuiltinRef(_TESTS[kind], span=fn.span), (again(arg),), span=fn.span)
                    call = _when(test, call, fn.body)
            body.append(replace(node, value=replace(fn, body=call)))
        else:
            body.append(node)
    constants = module.constants | {TWIN + name for name in twins}
    return replace(module, body=tuple(body), next_id=copier.next_id, constants=constants)


def _when(test: Expr, call: Expr, body: Expr) -> If:
    """Call the twin when one more test holds; all tests that fail lead to the one body."""
    if isinstance(call, If):
        both = If(test, call.test, Const(False, span=body.span), span=body.span)
        return replace(call, test=both)
    return If(test, call, body, span=body.span)


def _twin(fn: Fn, types: tuple[Type, ...], copier: Copier) -> Fn:
    params, body = copier.copy_block(fn.params, fn.body)
    return replace(fn, params=params, body=body, param_types=types, trusted=True)


def _fits(call: Call, known: Kinds, twin: Fn) -> bool:
    return len(call.args) == len(twin.params) and all(
        kinds.within(known.of(arg), kinds.of_type(kind)) or kind is ANY
        for arg, kind in zip(call.args, twin.param_types, strict=True)
    )


def _pays(known: Kinds, name: str, twin: Fn, calls: Mapping[str, list[Call]]) -> bool:
    """Tell whether a twin is worth its bytes: all its calls of itself are direct, and it has some, or a loop,
    or another caller that knows."""
    loops = any(isinstance(part, Fold | ForEach | Jump) for part in descendants(twin.body))
    own = [part for part in descendants(twin.body) if _calls(part, name)]
    if not all(isinstance(call, Call) and _fits(call, known, twin) for call in own):
        return False
    if own or loops:
        return True
    return any(_fits(call, known, twin) for call in calls.get(name, ()))


def _calls_by_name(module: Module) -> dict[str, list[Call]]:
    """List the calls of each global."""
    found: dict[str, list[Call]] = {}
    for node in module.body:
        for part in descendants(node):
            match part:
                case Call(callee=Global(name=name), site=None):
                    found.setdefault(name, []).append(part)
    return found


def _calls(node: Expr, name: str) -> bool:
    match node:
        case Call(callee=Global(name=called), site=None):
            return called == name
        case _:
            return False


def _direct(node: Expr, known: Kinds, twins: dict[str, Fn]) -> Expr:
    """Let calls that know their arguments call the twin."""

    def go(node: Expr) -> Expr:
        match node:
            case Call(callee=Global(name=name) as callee, site=None) if name in twins:
                fits = _fits(node, known, twins[name])
                done = map_children(node, go)
                return replace(done, callee=replace(callee, name=TWIN + name)) if fits else done  # type: ignore[arg-type]
            case _:
                return map_children(node, go)

    return go(node)


# -- which parameters are numbers


def _numbers(fn: Fn) -> tuple[Type, ...] | None:
    """Give the types that parameters are used as; None when nothing is to be gained."""
    if fn.rest is not None or fn.self_var is not None or not fn.params:
        return None
    uses = _Uses()
    count = 0
    for part in descendants(fn.body):
        uses.see(part)
        count += 1
    if count > _LARGEST:
        return None
    if uses.weight(fn.params) * _WEIGHT < count:
        # testing once saves little of what the function does
        return None
    types = tuple([uses.type_of(param) for param in fn.params])
    return types if any(kind is not ANY for kind in types) else None


class _Uses:
    """How variables are used; those that take each other's values are one group."""

    def __init__(self) -> None:
        self._group: dict[Var, Var] = {}
        self._hints: dict[Var, set[str]] = {}
        self._params: dict[int, tuple[Var, ...]] = {}
        self._operands: dict[Var, int] = {}

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
                self._operands[arg.var] = self._operands.get(arg.var, 0) + 1

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

    def weight(self, params: tuple[Var, ...]) -> int:
        """Count the operands that take their values from parameters used as numbers."""
        groups = {self._find(param) for param in params if self.type_of(param) is not ANY}
        return sum(count for var, count in self._operands.items() if self._find(var) in groups)

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
