"""How inference visits calls and functions.

In: a walk, and a call or a function. Out: the type of the result; what a call may do gathers in the walk. A
function literal that a builtin calls is walked with the elements that it gets; a local function that is only
ever called, with what its calls give it; any other function with any arguments.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from rtfs_runtime.builtins import BUILTINS
from rtfs_runtime.types import ANY, FN, LIST, NEVER, Type
from rtfs_runtime.values import Keyword
from rtfsc.check.lattice import CALLABLE, KINDS, join, join_all, kinds, list_of
from rtfsc.check.relations import strict
from rtfsc.check.rules import CALLS_OPERANDS, NOTHING, Outcome, implied, of_builtin, of_keyword
from rtfsc.check.tables import FAILS, PURE, READS, RECURSIVE, UNKNOWN, WRITES
from rtfsc.check.walk import LocalFunction, Walk
from rtfsc.ir.nodes import BuiltinRef, Call, Const, Define, Expr, Fn, Global, Late, Local, Var
from rtfsc.ir.walk import descendants

_ROW_EFFECT: Final[Mapping[str, int]] = MappingProxyType(
    {"pure": PURE, "reads": READS, "writes": READS | WRITES}
)


def visit_function(walk: Walk, node: Fn) -> Type:
    """Visit a function that may be called with anything; making it does nothing."""
    walk_body(walk, node, None)
    return FN


def walk_body(walk: Walk, fn: Fn, types: list[Type] | None) -> Type:
    """Walk the body of a function whose arguments have some types (None: any); give its result."""
    if types is None or fn.self_var is not None:
        # what a function calls itself with is not looked at
        types = [ANY for _ in fn.params]
    for var, kind in zip(fn.params, types, strict=False):
        walk.tables.params.add(var.id)
        walk.bind(var, kind)
    if fn.rest is not None:
        extra = types[len(fn.params) :]
        walk.bind(fn.rest, list_of(join_all(extra)) if extra else LIST)
    own = None if fn.self_var is None else _own_name(walk, fn, fn.self_var)
    before = walk.effect
    walk.effect = PURE
    kind = walk.aside(fn.body)
    tables, key = walk.tables, id(fn)
    tables.results[key] = join(tables.results.get(key, NEVER), kind)
    tables.latent[key] = tables.latent.get(key, PURE) | walk.effect
    walk.effect = before
    if own is not None:
        _settle(walk, own, kind, tables.latent[key])
    return kind


def _own_name(walk: Walk, fn: Fn, var: Var) -> LocalFunction:
    walk.bind(var, FN)
    return walk.functions.setdefault(var.id, LocalFunction(fn, ANY))


def _settle(walk: Walk, own: LocalFunction, kind: Type, effect: int) -> None:
    new = join(own.result, kind)
    if new is not own.result or effect & ~own.effect:
        own.result = new
        own.effect |= effect
        walk.grew()


def find_functions(walk: Walk, form: Expr) -> None:
    """Find the local functions of a scope that are defined once and only ever called."""
    defined: dict[int, Fn | None] = {}
    uses: Counter[int] = Counter()
    for node in descendants(form):
        match node:
            case Local(var=var) | Late(var=var):
                uses[var.id] += 1
            case Call(callee=Local(var=var)) | Call(callee=Late(var=var)):
                uses[var.id] -= 1
            case Define(var=var, value=Fn() as fn) if var.id not in defined and not is_delegated(fn):
                defined[var.id] = fn
            case Define(var=var):
                defined[var.id] = None
            case _:
                pass
    for number, found in defined.items():
        if found is None:
            continue
        walk.tables.functions[number] = found
        if not uses[number]:
            walk.functions.setdefault(number, LocalFunction(found, NEVER))


def define_function(walk: Walk, own: LocalFunction) -> Type:
    """Visit the definition of a local function that is only ever called."""
    if not walk.exact:
        own.params = [ANY for _ in own.fn.params]
    walk.tables.note(own.fn, FN, PURE)
    if NEVER in own.params:
        # no call has been seen yet: the first one asks for another round
        return FN
    own.walking = True
    kind = walk_body(walk, own.fn, list(own.params))
    own.walking = False
    _settle(walk, own, kind, walk.tables.latent[id(own.fn)])
    return FN


def is_delegated(fn: Fn) -> bool:
    """Tell whether something else than its body may answer the calls of a function without a name."""
    return fn.hint is not None and fn.hint.target != "local"


def visit_call(walk: Walk, node: Call) -> Type:
    """Visit a call."""
    callee = node.callee
    walk.tables.sites[id(node)] = node
    if isinstance(callee, BuiltinRef):
        # not inside a class's call, which is one of C's and has a limit of its own
        operands = [_visit_operand(walk, arg) for arg in node.args]
        return _BuiltinCall(walk, node.args, operands).of(BUILTINS[callee.name].name)
    if isinstance(callee, Fn):
        walk.tables.note(callee, FN, PURE)
    elif not isinstance(callee, Const):
        walk.visit(callee)
    types = walk.visit_all(node.args)
    if NEVER in types:
        return NEVER
    if node.site is not None:
        walk.effect = UNKNOWN
        return ANY
    return apply(walk, callee, types)


def apply(walk: Walk, callee: Expr, types: list[Type]) -> Type:
    """Give the type of a call of what an expression gives, and count in what the call may do."""
    match callee:
        case Global(name=name):
            found = walk.outer.call(name, types)
            kind, effect = found if found is not None else (ANY, UNKNOWN)
            walk.effect |= effect
            return kind
        case Local(var=var) | Late(var=var) if var.id in walk.functions:
            return _apply_local(walk, walk.functions[var.id], types, is_late=isinstance(callee, Late))
        case Fn():
            return _apply_literal(walk, callee, types)
        case BuiltinRef(name=name):
            return _BuiltinCall(walk, (), types).of(BUILTINS[name].name)
        case Const(value=Keyword() as key) if 1 <= len(types) <= 2:
            return take(walk, of_keyword(key, types))
        case _:
            walk.effect = UNKNOWN
            return ANY


def take(walk: Walk, outcome: Outcome) -> Type:
    """Count in that something may fail."""
    if outcome.fails:
        walk.effect |= FAILS
    return outcome.type


def _apply_literal(walk: Walk, fn: Fn, types: list[Type]) -> Type:
    if not fn.takes(len(types)):
        walk.effect |= FAILS
        return NEVER
    kind = walk_body(walk, fn, types)
    if is_delegated(fn):
        walk.effect = UNKNOWN
        return strict(fn.return_type)
    walk.effect |= walk.tables.latent[id(fn)]
    return kind


def _apply_local(walk: Walk, own: LocalFunction, types: list[Type], *, is_late: bool) -> Type:
    fn = own.fn
    if not fn.takes(len(types)):
        walk.effect |= FAILS
        return NEVER
    for at, kind in enumerate(types[: len(fn.params)]):
        new = join(own.params[at], kind)
        if new is not own.params[at]:
            own.params[at] = new
            walk.grew()
    # in a circle of functions, one call goes to a function that is defined at or after the caller
    recursive = own.walking or is_late or fn.self_var is not None
    walk.effect |= own.effect | (RECURSIVE if recursive else PURE)
    if not walk.exact:
        walk.effect = UNKNOWN
        return ANY
    return own.result


def _visit_operand(walk: Walk, arg: Expr) -> Type:
    if isinstance(arg, Fn):
        # its body is visited when it is known what it is called with
        walk.tables.note(arg, FN, PURE)
        return FN
    return walk.visit(arg)


class _BuiltinCall:
    """The operands of a call of a builtin, for its rule."""

    def __init__(self, walk: Walk, args: tuple[Expr, ...], types: list[Type]) -> None:
        self._walk = walk
        self._args = args
        self._applied: set[int] = set()
        self.types = types

    def of(self, name: str) -> Type:
        """Give the type of the call."""
        walk = self._walk
        row = BUILTINS[name]
        count = len(self.types)
        if NEVER in self.types:
            kind: Type = NEVER
        elif not row.takes(count):
            walk.effect |= FAILS
            kind = NEVER
        else:
            kind = take(walk, of_builtin(name, self))
            walk.effect |= UNKNOWN if name == "call" else _ROW_EFFECT[row.effect]
            self._learn(name)
        for index, arg in enumerate(self._args):
            if isinstance(arg, Fn) and index not in self._applied:
                walk_body(walk, arg, None)
        if name in CALLS_OPERANDS and kind is not NEVER:
            for index, given in enumerate(self.types):
                if index not in self._applied and kinds(given) & KINDS["fn"]:
                    walk.effect = UNKNOWN
        return kind

    def _learn(self, name: str) -> None:
        """Note of variables what the call asks of its operands."""
        for index, arg in enumerate(self._args):
            if isinstance(arg, Local):
                asked = implied(name, index, self.types)
                if asked is not ANY:
                    self._walk.learn(arg, asked)

    def constant(self, index: int) -> object:
        """Give the value of a literal operand."""
        arg = self._args[index] if index < len(self._args) else None
        return arg.value if isinstance(arg, Const) else NOTHING

    def apply(self, index: int, args: list[Type]) -> Type:
        """Give the type of what an operand gives when it is called."""
        self._applied.add(index)
        if NEVER in args:
            # over nothing nothing is called, but what cannot be called is refused
            if kinds(self.types[index]) & ~CALLABLE:
                self._walk.effect |= FAILS
            return NEVER
        if index >= len(self._args):
            self._walk.effect = UNKNOWN
            return ANY
        return apply(self._walk, self._args[index], args)

    def accumulate(self, first: Type, item: Type) -> Type:
        """Give the type of the totals of a fold: what the rounds settle on."""
        walk = self._walk
        if not self._args or not walk.exact:
            return join(first, self.apply(0, [ANY if item is not NEVER else NEVER, item]))
        key = id(self._args[0])
        total = join(walk.totals.get(key, NEVER), first)
        new = join(total, self.apply(0, [total, item]))
        walk.totals[key] = new
        if new is not total:
            walk.grew()
        return new
