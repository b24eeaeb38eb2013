"""Evaluate once what surely comes first and is asked for again.

Before: a look-up or a computation is written again where its value is known already. After: the first one is
a variable, which the others read.
    (if (> (call :w r) 3) (* (call :w r) h) 0)  =>  (let w (call :w r) (if (> w 3) (* w h) 0))

Only what runs before anything else that may fail is moved, and only to the start of the branch, body or loop
where it runs first: the same errors come in the same order, from the same places. What stays the same in a
loop and runs first in its first step comes before the loop. Functions inside keep their own: a variable that
they capture costs more.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Final

from rtfs_runtime.builtins import BUILTINS
from rtfs_runtime.values import Keyword
from rtfsc.ir.census import occurs, size, things
from rtfsc.ir.nodes import (
    Blocks,
    BuiltinRef,
    Call,
    Cast,
    Const,
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
    Parallel,
    Scope,
    Var,
    Vector,
)
from rtfsc.ir.walk import Fresh, bind, bound_vars, children, descendants, evaluated, map_children, with_forms
from rtfsc.options import Options

# what takes longer than reading a variable, and gives what was there before
_SHARED: Final = frozenset({"get", "get-in", "nth", "lower", "upper", "trim", "+", "-", "*", "mod", "quot"})
# each region is walked for each value that is shared in it
_LARGEST: Final = 400
_CALLS: Final = things(Call)
_ATOMS: Final = (int, float, str, Keyword, type(None))
_TOTAL: Final = frozenset({"is_exactly", "is_kind", "is_map", "is_seq"})
_STEPS: Final = frozenset({"+", "-"})

Key = tuple[object, ...]


def run(module: Module, options: Options) -> Module:
    """Share values in every form."""
    sharer = _Sharer(module)
    forms = [sharer.form(node) for node in module.body]
    return with_forms(module, forms, lambda inner: run(inner, options), sharer.fresh.next_id)


@dataclass(frozen=True, slots=True)
class _Value:
    """What an expression gives, told apart from others by `key`, and the variables that it reads."""

    key: Key
    reads: frozenset[Var]


class _Sharer:
    def __init__(self, module: Module) -> None:
        self.fresh = Fresh(module.next_id)
        self._constants = module.constants
        self._values: dict[int, _Value | None] = {}
        self._kept: list[Expr] = []
        self._changing: set[Var] = set()
        self._repeated: set[Key] = set()

    def form(self, node: Expr) -> Expr:
        """Share in one form."""
        if not occurs(node) & _CALLS:
            return node
        self._values, self._kept = {}, [node]
        self._changing = {var for part in descendants(node) for var in _changed(part)}
        found = Counter(value.key for part in descendants(node) if (value := self._shared(part)) is not None)
        self._repeated = {key for key, count in found.items() if count > 1}
        return self._rewrite(node) if self._repeated else node

    def _rewrite(self, node: Expr) -> Expr:
        """Share in every part that starts somewhere of its own."""
        if not occurs(node) & _CALLS:
            return node
        node = self._start(node)
        return map_children(node, self._rewrite)

    def _start(self, node: Expr) -> Expr:
        # conditions, branches that wait, and what loops go through, are known by their form
        match node:
            case Op() | Parallel():
                return node
            case If(test=apart) | Fold(items=apart) | ForEach(items=apart):
                return map_children(node, lambda child: child if child is apart else self._share(child))
            case _:
                return map_children(node, self._share)

    def _share(self, region: Expr) -> Expr:
        if not occurs(region) & _CALLS or size(region) > _LARGEST:
            return region
        lets: list[tuple[Var, Expr]] = []
        while (found := self._first(region)) is not None:
            first, value = found
            var = self.fresh.var("shared")
            region = self._replaced(region, value.key, var)
            lets.append((var, first))
        return bind(lets, region)

    def _first(self, region: Expr) -> tuple[Expr, _Value] | None:
        """Find what runs first and is written again in the region."""
        for part in _firsts(region):
            value = self._shared(part)
            if value is None or value.key not in self._repeated:
                continue
            same = [other for other in evaluated(region) if self._key(other) == value.key]
            if len(same) > 1 and value.reads.isdisjoint(_bound_in(region)):
                return part, value
        return None

    def _key(self, node: Expr) -> Key | None:
        value = self._shared(node)
        return None if value is None else value.key

    def _replaced(self, node: Expr, key: Key, var: Var) -> Expr:
        if isinstance(node, Fn):
            return node
        if self._key(node) == key:
            return Local(var, span=node.span)
        return map_children(node, lambda child: self._replaced(child, key, var))

    def _shared(self, node: Expr) -> _Value | None:
        """Say what a call gives that may be shared."""
        return self._value(node) if isinstance(node, Call) and _is_shared(node) else None

    def _value(self, node: Expr) -> _Value | None:
        if id(node) not in self._values:
            self._kept.append(node)
            self._values[id(node)] = self._find_value(node)
        return self._values[id(node)]

    def _find_value(self, node: Expr) -> _Value | None:
        match node:
            case Local(var=var):
                return None if var in self._changing else _Value((var,), frozenset((var,)))
            case Const(value=value) if isinstance(value, _ATOMS):
                return _Value((value.__class__, repr(value)), frozenset())
            case Global(name=name) if name in self._constants:
                return _Value(("global", name), frozenset())
            case BuiltinRef(name=name):
                return _Value(("builtin", BUILTINS[name].name), frozenset())
            case Call() | Vector():
                if isinstance(node, Call) and not _is_shared(node):
                    return None
                parts = [self._value(child) for child in children(node)]
                known = [part for part in parts if part is not None]
                if len(known) < len(parts):
                    return None
                reads = frozenset[Var]().union(*[part.reads for part in known])
                return _Value((node.__class__, *[part.key for part in known]), reads)
            case _:
                return None


def _is_shared(node: Call) -> bool:
    match node.callee:
        case Const(value=Keyword()):
            return node.site is None
        case BuiltinRef(name=name):
            # a step of a counter is as quick as a variable, and loops that count are known by it
            step = name in _STEPS and any(isinstance(arg, Const) for arg in node.args)
            return node.site is None and BUILTINS[name].name in _SHARED and not step
        case _:
            return False


def _changed(node: Expr) -> tuple[Var, ...]:
    """List the variables that are another value later: filled in place, or defined again."""
    match node:
        case Scope(vars=variables):
            return variables
        case Op(name=name, args=args) if name not in _TOTAL:
            return tuple([arg.var for arg in args if isinstance(arg, Local)])
        case _:
            return ()


def _bound_in(region: Expr) -> set[Var]:
    """Give what is bound inside of a region: what reads that cannot come before it."""
    return {var for part in evaluated(region) for var in bound_vars(part)}


def _firsts(region: Expr) -> list[Expr]:
    """List what runs first, in order: nothing before one of them may fail, but those that are before it."""
    found: list[Expr] = []
    _walk(region, found)
    return found


def _walk(node: Expr, found: list[Expr]) -> bool:
    """Tell whether the next part still comes first."""
    match node:
        case Local() | Const() | BuiltinRef() | Fn():
            return True
        case Call(callee=Const() | BuiltinRef(), args=args):
            found.append(node)
            for arg in args:
                if not _walk(arg, found):
                    break
            return False
        case Op(name=name, args=args):
            return all(_walk(arg, found) for arg in args) and name in _TOTAL
        case Vector(items=parts) | Map(values=parts) | Jump(args=parts):
            return all(_walk(part, found) for part in parts)
        case If(test=first) | Let(init=first) | Do(items=[first, *_]) | Cast(value=first):
            _walk(first, found)
            return False
        case Blocks(args=args, blocks=[entry, *_]):
            if all(_walk(arg, found) for arg in args):
                _walk(entry.body, found)
            return False
        case Fold(args=args, items=items):
            if all(_walk(arg, found) for arg in args):
                _walk(items, found)
            return False
        case _:
            return False
