"""Give functions that take functions a twin for each function they are given.

Before: any IR; a function that is given to another one is called by the name of a parameter. After: where
what is given is known, a twin is called that has it built in; what it captures is passed on.
    (def times (fn times [f n] (f (f n))))  (times (fn [x] (+ x k)) 2)
    =>  (def "#given 7 times" (fn times [n k] (let f (fn [x] (+ x k)) (f (f n)))))  ("#given 7 times" 2 k)

Only parameters that are merely called have something built in: which function it is, nobody can tell. A twin
has the name and the places of its function, so errors come as they did. Calls stand in later forms than the
function: an earlier one could meet it undefined. Functions of the delegable set have no twin.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final, NamedTuple

from rtfs_runtime.builtins import BUILTINS
from rtfs_runtime.types import ANY
from rtfs_runtime.values import Keyword
from rtfsc.ir.census import among, things
from rtfsc.ir.combinators import is_plain
from rtfsc.ir.nodes import (
    Block,
    Blocks,
    BuiltinRef,
    Call,
    Const,
    DefGlobal,
    Define,
    Expr,
    Fn,
    Global,
    Jump,
    Late,
    Let,
    Local,
    Module,
    Var,
)
from rtfsc.ir.purity import called_argument
from rtfsc.ir.walk import (
    GIVEN,
    descendants,
    free_vars,
    known_functions,
    map_children,
    with_forms,
)
from rtfsc.options import Options
from rtfsc.passes.copying import Copier

# larger functions gain less
_LARGEST: Final = 150
# how much a module may grow by twins
_GROWTH: Final = 2_000
# a twin may call other functions with what it was given, and these again
_DEEPEST: Final = 3
_CALLS: Final = things(Call)


def run(module: Module, options: Options) -> Module:
    """Make twins in a module and in those nested in it."""
    module = with_forms(module, module.body, lambda inner: run(inner, options))
    takers = {
        name: taker for name, fn in known_functions(module).items() if (taker := _taker(name, fn)) is not None
    }
    return _Baker(module, takers).run() if takers else module


class _Taker(NamedTuple):
    """A function some of whose parameters are only called."""

    fn: Fn
    # by the place of a parameter: with how many arguments it is called
    places: Mapping[int, frozenset[int]]
    size: int


def _taker(name: str, fn: Fn) -> _Taker | None:
    local = fn.hint is None or fn.hint.target == "local"
    if not fn.params or not local or fn.rest is not None or fn.self_var is not None:
        return None
    if not any(_calls_a_local(part) for part in among(fn.body, _CALLS)):
        return None
    fn = replace(fn, body=_without_constant_params(fn.body))
    size, seen = 0, dict.fromkeys(fn.params, 0)
    called: dict[Var, list[int | None]] = {var: [] for var in fn.params}
    for part in descendants(fn.body):
        size += 1
        if isinstance(part, Local) and part.var in seen:
            seen[part.var] += 1
        elif isinstance(part, Call):
            for var, count in _called(part, name, fn.params):
                if var in called:
                    called[var].append(count)
    places = {
        at: frozenset([count for count in called[var] if count is not None])
        for at, var in enumerate(fn.params)
        if called[var] and len(called[var]) == seen[var]
    }
    return _Taker(fn, places, size) if places and size <= _LARGEST else None


def _calls_a_local(node: Expr) -> bool:
    match node:
        case Call(callee=Local()):
            return True
        case Call(callee=BuiltinRef(name=name), args=args):
            at = called_argument(name, len(args))
            return at is not None and isinstance(args[at], Local)
        case _:
            return False


def _called(call: Call, own: str, params: tuple[Var, ...]) -> list[tuple[Var, int | None]]:
    """List the locals that a call calls, and with how many arguments, or lets others call: a builtin, or its
    own function that takes it in the same place."""
    match call.callee:
        case Local(var=var):
            return [(var, len(call.args))]
        case BuiltinRef(name=name):
            at = called_argument(name, len(call.args))
            given = call.args[at] if at is not None else None
            return [(given.var, None)] if isinstance(given, Local) else []
        case Global(name=name) if name == own and call.site is None and len(call.args) == len(params):
            return [
                (param, None)
                for param, arg in zip(params, call.args, strict=True)
                if isinstance(arg, Local) and arg.var == param
            ]
    return []


def _without_constant_params(node: Expr) -> Expr:
    """Take out the parameters of loops that each turn passes on as they are: what stands for them is bound
    outside."""
    node = map_children(node, _without_constant_params)
    if not isinstance(node, Blocks) or len(node.blocks) != 1:
        return node
    [block] = node.blocks
    jumps = [part for part in descendants(block.body) if isinstance(part, Jump) and part.label == block.label]
    fixed: dict[Var, Local] = {}
    for at, (param, arg) in enumerate(zip(block.params, node.args, strict=True)):
        passed = [jump.args[at] for jump in jumps]
        if isinstance(arg, Local) and all(isinstance(each, Local) and each.var == param for each in passed):
            fixed[param] = arg
    if not fixed:
        return node
    kept = [at for at, param in enumerate(block.params) if param not in fixed]

    def go(node: Expr) -> Expr:
        if isinstance(node, Local) and node.var in fixed:
            return replace(node, var=fixed[node.var].var)
        if isinstance(node, Jump) and node.label == block.label:
            node = replace(node, args=tuple([node.args[at] for at in kept]))
        return map_children(node, go)

    inner = Block(block.label, tuple([block.params[at] for at in kept]), go(block.body))
    return replace(node, args=tuple([node.args[at] for at in kept]), blocks=(inner,))


class _Baker:
    def __init__(self, module: Module, takers: dict[str, _Taker]) -> None:
        self._module = module
        self._takers = takers
        self._functions = known_functions(module)
        self._copier = Copier(module.next_id)
        self._defined: set[str] = set()
        self._bound: dict[Var, Fn] = {}
        self._twins: list[DefGlobal] = []
        # a twin serves all calls with the same functions; these are kept, since they are known by identity
        self._shared: dict[tuple[object, ...], tuple[str, object]] = {}
        self._left = _GROWTH
        self._depth = 0

    def run(self) -> Module:
        """Rewrite form by form; twins stand before the first form that calls them."""
        body: list[Expr] = []
        names: list[str] = []
        for node in self._module.body:
            done = self._rewrite(node)
            names += [twin.name for twin in self._twins]
            body += self._twins
            body.append(done)
            self._twins = []
            if isinstance(node, DefGlobal):
                self._defined.add(node.name)
        if not names:
            return self._module
        constants = self._module.constants.union(names)
        return replace(self._module, body=tuple(body), next_id=self._copier.next_id, constants=constants)

    def _rewrite(self, node: Expr) -> Expr:
        match node:
            case Let(var=var, init=Fn() as fn) if _may_be_built_in(fn):
                self._bound[var] = fn
            case Call(callee=Global(name=name), site=None) if name in self._takers and name in self._defined:
                call = map_children(node, self._rewrite)
                assert isinstance(call, Call)
                return self._baked(call, name)
        return map_children(node, self._rewrite)

    def _baked(self, call: Call, name: str) -> Expr:
        taker = self._takers[name]
        if len(call.args) != len(taker.fn.params):
            return call
        given = {
            at: found
            for at, counts in taker.places.items()
            if (found := self._given(call.args[at])) is not None and _takes(found, counts)
        }
        if not given or self._depth >= _DEEPEST:
            return call
        captured = list(dict.fromkeys(var for found in given.values() for var in free_vars(found)))
        key = (name, *((at, _name(found)) for at, found in given.items()))
        if key not in self._shared:
            self._left -= taker.size + sum(1 for found in given.values() for _ in descendants(found))
            if self._left < 0:
                return call
            self._shared[key] = self._make_twin(name, given, captured), given
        twin, _ = self._shared[key]
        args = [arg for at, arg in enumerate(call.args) if at not in given]
        args += [Local(var, span=call.span) for var in captured]
        return replace(call, callee=replace(call.callee, name=twin), args=tuple(args))  # type: ignore[arg-type]

    def _given(self, arg: Expr) -> Expr | None:
        """Give the function that an argument is, if it may be built in."""
        match arg:
            case Fn():
                return arg if _may_be_built_in(arg) else None
            case Local(var=var):
                return self._bound.get(var)
            case Global(name=name):
                return arg if name in self._functions and name in self._defined else None
            case BuiltinRef() | Const(value=Keyword()):
                return arg
            case _:
                return None

    def _make_twin(self, name: str, given: dict[int, Expr], captured: list[Var]) -> str:
        """Define a twin that has functions built in and takes what they capture."""
        fn, copier = self._takers[name].fn, self._copier
        twin = f"{GIVEN}{copier.number()} {name}"
        params, body = copier.copy_block(fn.params, fn.body)
        passed: list[Var] = [copier.var(var.name) for var in captured]
        built_in = {params[at]: found for at, found in given.items()}
        own = _OwnCalls(name, twin, {at: params[at] for at in given}, tuple(passed))
        body = own.rewrite(body)
        for param, found in built_in.items():
            if isinstance(found, Fn):
                inner, value = copier.copy_block(tuple(captured), found)
                body = Let(param, value, body, span=body.span)
                for var, source in zip(inner, passed, strict=True):
                    body = Let(var, Local(source, span=body.span), body, span=body.span)
            else:
                body = _put(body, param, found)
        kept = [at for at in range(len(params)) if at not in given]
        names = [*(fn.param_names[at] for at in kept), *(var.name for var in passed)]
        types = fn.param_types and (*(fn.param_types[at] for at in kept), *(ANY for _ in passed))
        self._depth += 1
        made = replace(
            fn,
            params=(*(params[at] for at in kept), *passed),
            param_names=tuple(names),
            param_types=types,
            body=self._rewrite(body),
            trusted=True,
        )
        self._depth -= 1
        self._twins.append(DefGlobal(twin, made, span=fn.span))
        return twin


class _OwnCalls:
    """Lets a twin call itself where its function called itself with what was given."""

    def __init__(self, name: str, twin: str, given: Mapping[int, Var], passed: tuple[Var, ...]) -> None:
        self._name = name
        self._twin = twin
        self._given = given
        self._passed = passed

    def rewrite(self, node: Expr) -> Expr:
        """Rewrite the calls in an expression."""
        node = map_children(node, self.rewrite)
        match node:
            case Call(callee=Global(name=name) as callee, args=args, site=None) if name == self._name:
                if not all(at < len(args) and _is(args[at], var) for at, var in self._given.items()):
                    return node
                kept = [arg for at, arg in enumerate(args) if at not in self._given]
                passed = [Local(var, span=node.span) for var in self._passed]
                return replace(node, callee=replace(callee, name=self._twin), args=(*kept, *passed))
            case _:
                return node


def _is(node: Expr, var: Var) -> bool:
    return isinstance(node, Local) and node.var == var


def _put(node: Expr, var: Var, found: Expr) -> Expr:
    """Put a global or a constant where a variable is read."""
    if isinstance(node, Local):
        return replace(found, span=node.span) if node.var == var else node
    return map_children(node, lambda child: _put(child, var, found))


def _may_be_built_in(fn: Fn) -> bool:
    """Tell whether a function is nothing but its code and the values of variables that are bound by now."""
    return is_plain(fn) and not any(isinstance(part, (Late, Define)) for part in descendants(fn.body))


def _takes(found: Expr, counts: frozenset[int]) -> bool:
    """Tell whether what is built in may be called with so many arguments; functions say it themselves."""
    match found:
        case BuiltinRef(name=name):
            row = BUILTINS[name]
            return all(row.min_args <= count <= (row.max_args or count) for count in counts)
        case Const():
            return counts <= {1, 2}
        case _:
            return True


def _name(found: Expr) -> object:
    match found:
        case Global(name=name) | BuiltinRef(name=name):
            return type(found), name
        case Const(value=value):
            return value
        case _:
            return id(found)
