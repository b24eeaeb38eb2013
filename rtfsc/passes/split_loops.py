"""Ask once, before a loop, for the class of what stays the same in it.

Before: a loop asks at each step for the class of variables that are bound outside of it. After: where they
have the likely classes the loop runs in a copy that knows them, else as it was.
    (fold L i … (jump L (+ n (nth v i))))  =>  (if (op is_exactly v "tuple") (fold …) (fold …))

What a variable is used for tells its likely class; a vector may be a string as well, and where nothing tells
them apart there are two copies. Loops in the copies are split further, those in the loop that stays are not,
nor those in functions that have twins (`specialise_entries`): there the twin is split.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from rtfs_runtime.builtins import BUILTINS
from rtfs_runtime.values import Keyword
from rtfsc.ir import kinds
from rtfsc.ir.census import occurs, size, things
from rtfsc.ir.kind_flow import Kinds, infer_kinds
from rtfsc.ir.nodes import (
    Blocks,
    BuiltinRef,
    Call,
    Const,
    DefGlobal,
    Define,
    Expr,
    Fold,
    ForEach,
    If,
    Let,
    Local,
    Module,
    Op,
    Var,
)
from rtfsc.ir.walk import TWIN, descendants, free_vars, jumps_back, map_children, with_forms
from rtfsc.options import Options
from rtfsc.passes.copying import Copier

_LOOPS: Final = things(Fold, Blocks, ForEach)
# loops are written twice, or three times
_LARGEST: Final = 160
_LARGEST_OF_TWO: Final = 80
_MOST: Final = 4
_FEWEST: Final = 2
_ARITHMETIC: Final = frozenset({"+", "-", "*", "/", "inc", "dec", "<", "<=", ">", ">=", "max", "min", "abs"})
_OF_INTEGERS: Final = frozenset({"mod", "quot", "even?", "odd?"})
_OF_TEXTS: Final = frozenset({"str", "upper", "lower", "index-of", "parse-int", "includes?", "subs"})
_SEQUENCE: Final = kinds.TUPLE | kinds.STR


def run(module: Module, options: Options) -> Module:
    """Split the loops of every form."""
    splitter = _Splitter(module)
    # of a function that has a twin the twin is what the module calls
    forms = [
        node
        if isinstance(node, DefGlobal) and TWIN + node.name in module.constants
        else splitter.rewrite(node)
        for node in module.body
    ]
    return with_forms(module, forms, lambda inner: run(inner, options), splitter.copier.next_id)


class _Splitter:
    def __init__(self, module: Module) -> None:
        self.copier = Copier(module.next_id)
        self._module = module
        self._kinds: Kinds | None = None
        # variables that a loop around this place was split for
        self._asked: frozenset[Var] = frozenset()

    def rewrite(self, node: Expr) -> Expr:
        """Split outer loops first: what stays the same in them is asked for once."""
        if not occurs(node) & _LOOPS:
            return node
        if not _is_loop(node):
            return map_children(node, self.rewrite)
        count = size(node)
        wishes = self._wishes(node) if count <= _LARGEST else {}
        outer, self._asked = self._asked, self._asked.union(wishes)
        inside = map_children(node, self.rewrite)
        self._asked = outer
        if not wishes:
            return inside
        ways = [{var: kind & ~kinds.STR or kind for var, kind in wishes.items()}]
        if count <= _LARGEST_OF_TWO and any(kind == _SEQUENCE for kind in wishes.values()):
            ways.append({var: kind & ~kinds.TUPLE or kind for var, kind in wishes.items()})
        made = self._copy(node)
        for at, way in enumerate(reversed(ways), 1):
            body = inside if at == len(ways) else self._copy(inside)
            made = If(_test(way, node), body, made, span=node.span)
        return made

    def _copy(self, node: Expr) -> Expr:
        return self.copier.copy_block((), node)[1]

    def _wishes(self, loop: Expr) -> dict[Var, int]:
        """Give the likely kinds of variables from outside that are not known to have them."""
        if self._kinds is None:
            self._kinds = infer_kinds(self._module)
        parts = list(descendants(loop))
        # what is defined on the way into the loop, or in it, cannot be asked before
        defined = {part.var for part in parts if isinstance(part, Define)}
        uses = _Uses(set(free_vars(loop)) - self._asked - defined, self._kinds)
        for part in parts:
            uses.see(part)
        return dict(list(uses.wishes().items())[:_MOST])


def _is_loop(node: Expr) -> bool:
    return jumps_back(node) if isinstance(node, Blocks) else isinstance(node, (Fold, ForEach))


def _test(way: dict[Var, int], loop: Expr) -> Expr:
    """Write the test that variables have the kinds of a way."""
    span = loop.span
    tests: list[Expr] = []
    for var, kind in way.items():
        local = Local(var, span=span)
        if kind == kinds.NUMBER:
            tests.append(Call(BuiltinRef("number?", span=span), (local,), span=span))
        else:
            names = [name for name, exact in kinds.EXACT.items() if exact & kind]
            consts = [Const(name, span=span) for name in names]
            tests.append(Op("is_exactly", (local, *consts), span=span))
    test = tests.pop()
    while tests:
        test = If(tests.pop(), test, Const(False, span=span), span=span)
    return test


@dataclass
class _Uses:
    """What a loop does with variables from outside."""

    free: set[Var]
    known: Kinds
    _wanted: dict[Var, int] = field(default_factory=dict)
    # variables for an item of another one
    _items: dict[Var, Var] = field(default_factory=dict)
    # what the items of a sequence are used as
    _as_text: set[Var] = field(default_factory=set)
    _as_other: set[Var] = field(default_factory=set)
    # how many questions need not be asked at each step
    _saved: int = 0

    def see(self, node: Expr) -> None:
        """Learn from one node; bindings come before uses."""
        match node:
            case Let(var=var, init=init):
                source = self._source(init)
                if source is not None:
                    self._items[var] = source
            case Call(callee=BuiltinRef(name=name), args=args, site=None):
                self._call(BUILTINS[name].name, args)
            case Call(callee=Const(value=Keyword()), args=[arg]):
                self._holds(arg, self._as_other)
            case Op(name="list_put", args=[_, key, *_]):
                self._wish(key, kinds.INT)
            case Op(name="quotient" | "floor_quotient" | "exact_quotient" | "residue", args=args):
                for arg in args:
                    self._wish(arg, kinds.INT)

    def _call(self, name: str, args: tuple[Expr, ...]) -> None:
        if name in ("nth", "count", "first", "rest", "last") and args:
            self._wish(args[0], _SEQUENCE if name != "last" else kinds.TUPLE)
            self._holds(args[0], self._as_other)
            if name == "nth" and len(args) == 2:
                self._wish(args[1], kinds.INT)
        elif name in ("get", "contains?") and len(args) > 1:
            self._wish(args[0], kinds.DICT)
            self._holds(args[0], self._as_other)
        elif name in _OF_INTEGERS or name in _ARITHMETIC:
            texts = any(kinds.within(self._known(arg), kinds.STR) for arg in args)
            for arg in args:
                self._holds(arg, self._as_text if texts else self._as_other)
                if not texts:
                    self._wish(arg, kinds.INT if name in _OF_INTEGERS else kinds.NUMBER)
        elif name in ("=", "!=") or name in _OF_TEXTS:
            for arg in args:
                if name in _OF_TEXTS or any(kinds.within(self._known(each), kinds.STR) for each in args):
                    self._holds(arg, self._as_text)

    def _known(self, node: Expr) -> int:
        return self.known.of(node)

    def _source(self, node: Expr) -> Var | None:
        """Give the variable whose item an expression gives."""
        match node:
            case Call(callee=BuiltinRef(name="nth" | "first"), args=[Local(var=var), *_]):
                return var
            case Local(var=var):
                return self._items.get(var)
            case _:
                return None

    def _holds(self, node: Expr, what: set[Var]) -> None:
        source = self._source(node)
        if source is not None:
            what.add(source)
            self._saved += source in self.free

    def _wish(self, node: Expr, kind: int) -> None:
        if isinstance(node, Local) and node.var in self.free:
            known = self._known(node)
            if not kinds.within(known, kind) and known & kind:
                self._saved += 1
                before = self._wanted.get(node.var, kind)
                # the narrower of two uses; what is used in two ways is left alone
                self._wanted[node.var] = before & kind

    def wishes(self) -> dict[Var, int]:
        """Give the kind that each variable had better have."""
        found: dict[Var, int] = {}
        if self._saved < _FEWEST:
            return found
        for var, kind in self._wanted.items():
            if kind == _SEQUENCE and (var in self._as_text) != (var in self._as_other):
                kind = kinds.STR if var in self._as_text else kinds.TUPLE
            if kind:
                found[var] = kind
        return found
