"""Compute what is known already, and take out what nothing needs.

Before: any IR. After: copies of locals and constants are gone, as are bindings that nobody reads and whose
value cannot fail; calls of a few builtins on constants are constants; branches on constants are chosen;
tests ask only what they need.
    (let x 2 (if (let a (> n 1) (if a (< n 9) a)) (* x 3) n))  =>  (if (if (> n 1) (< n 9) false) 6 n)
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from rtfs_runtime.builtins import BUILTINS
from rtfs_runtime.errors import RtfsError
from rtfs_runtime.values import Keyword
from rtfsc.ir.census import occurs, things
from rtfsc.ir.nodes import (
    Block,
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
    If,
    Jump,
    Late,
    Let,
    Local,
    Map,
    Module,
    Op,
    Raise,
    Try,
    Var,
    Vector,
)
from rtfsc.ir.walk import CHILD_FIELDS, descendants, map_children, with_forms
from rtfsc.options import Options

_FOLDED: Final = frozenset(
    {"+", "-", "*", "inc", "dec", "mod", "quot", "<", "<=", ">", ">=", "=", "!=", "not", "max", "min", "abs",
     "nil?", "even?", "odd?", "zero?", "pos?", "neg?"}
)  # fmt: skip
_WANTED: Final = things(Let, If, Do, *_FOLDED)
_COPIED: Final = things(Local)
_BINDING: Final = things(Let)
_ATOMS: Final = (type(None), bool, int, float, str, Keyword)
# a folded number is written into the artifact
_WIDEST: Final = 256


def run(module: Module, options: Options) -> Module:
    """Simplify every form."""
    forms = [_Simplifier(node).rewrite(node) for node in module.body]
    return with_forms(module, forms, lambda inner: run(inner, options))


class _Simplifier:
    def __init__(self, node: Expr) -> None:
        self._uses: dict[Var, int] = {}
        # uses are asked of what is bound
        for part in descendants(node) if occurs(node) & _BINDING else ():
            if isinstance(part, (Local, Late)):
                self._uses[part.var] = self._uses.get(part.var, 0) + 1
        self._copies: dict[Var, Local | Const] = {}

    def rewrite(self, node: Expr) -> Expr:
        """Simplify from the leaves up, what is known on the way down in hand."""
        if not occurs(node) & ((self._copies and _WANTED | _COPIED) or _WANTED):
            return node
        match node:
            case Local(var=var):
                copy = self._copies.get(var)
                return node if copy is None else replace(copy, span=node.span)
            case Let():
                return self._let(node)
            case If():
                return self._if(node)
            case Call(callee=BuiltinRef(name=name)):
                return self._call(map_children(node, self.rewrite), name)
            case Do():
                return self._do(map_children(node, self.rewrite))
            case _:
                return map_children(node, self.rewrite)

    def _let(self, node: Let) -> Expr:
        if self._uses.get(node.var) == 1 and not isinstance(node.init, (Local, Const)):
            # before both are simplified: of a chain of bindings each would be moved through all the others
            moved = _moved(node.body, node.var, node.init)
            if moved is not None:
                return self.rewrite(moved)
        init = self.rewrite(node.init)
        if isinstance(init, Local) or (isinstance(init, Const) and isinstance(init.value, _ATOMS)):
            self._copies[node.var] = init
            if isinstance(init, Local):
                # the binding was a use of its own
                self._uses[init.var] = self._uses.get(init.var, 1) - 1 + self._uses.get(node.var, 0)
            return self.rewrite(node.body)
        body = self.rewrite(node.body)
        if isinstance(body, Local) and body.var == node.var:
            return init
        uses = self._uses.get(node.var)
        if not uses and _is_idle(init):
            return body
        if uses == 1:
            moved = _moved(body, node.var, init)
            if moved is not None:
                return moved
        return node if init is node.init and body is node.body else replace(node, init=init, body=body)

    def _if(self, node: If) -> Expr:
        test = _asked(self.rewrite(node.test))
        while isinstance(test, Call) and _is_not(test):
            test = _asked(test.args[0])
            node = replace(node, then=node.orelse, orelse=node.then)
        if isinstance(test, Const):
            return self.rewrite(node.orelse if test.value is None or test.value is False else node.then)
        then, orelse = self.rewrite(node.then), self.rewrite(node.orelse)
        if test is node.test and then is node.then and orelse is node.orelse:
            return node
        return replace(node, test=test, then=then, orelse=orelse)

    def _call(self, node: Expr, name: str) -> Expr:
        assert isinstance(node, Call)
        name = BUILTINS[name].name
        if name not in _FOLDED or not all(_is_atom(arg) for arg in node.args):
            return node
        try:
            value = BUILTINS[name].function(*[arg.value for arg in node.args if isinstance(arg, Const)])
        except (RtfsError, ArithmeticError, TypeError):
            # it fails, or has another number of arguments: that is for the program to meet
            return node
        if isinstance(value, int) and value.bit_length() > _WIDEST:
            return node
        return Const(value, span=node.span)

    def _do(self, node: Expr) -> Expr:
        assert isinstance(node, Do)
        kept = (*(item for item in node.items[:-1] if not _is_idle(item)), node.items[-1])
        if len(kept) == 1:
            return kept[0]
        return node if len(kept) == len(node.items) else replace(node, items=kept)


# the children that are surely evaluated, and before anything else of the node
_FIRST: Final[dict[type, tuple[str, ...]]] = {
    **{
        kind: fields
        for kind, fields in CHILD_FIELDS.items()
        if kind in (Call, Op, Vector, Map, Cast, Jump, Raise)
    },
    If: ("test",),
    Let: ("init",),
    Blocks: ("args",),
    Fold: ("args", "items"),
    ForEach: ("items",),
    Do: ("items",),
}


def _moved(node: Expr, var: Var, init: Expr) -> Expr | None:
    """Put a value where its only use is, if nothing but idle parts is evaluated before; else None."""
    if isinstance(node, Local):
        return init if node.var == var else None
    for name in _FIRST.get(node.__class__, ()):
        below: Any = getattr(node, name)
        parts = below if isinstance(below, tuple) else (below,)
        for at, part in enumerate(parts):
            if isinstance(part, Block):
                return None
            if _is_idle(part) and not (isinstance(part, Local) and part.var == var):
                continue
            moved = _moved(part, var, init)
            if moved is None:
                return None
            new = (*parts[:at], moved, *parts[at + 1 :]) if isinstance(below, tuple) else moved
            return replace(node, **{name: new})  # type: ignore[arg-type]
    return None


def _is_idle(node: Expr) -> bool:
    """Tell whether evaluating a node does nothing and cannot fail."""
    return isinstance(node, (Const, Local, BuiltinRef, Fn))


def _is_atom(node: Expr) -> bool:
    return isinstance(node, Const) and isinstance(node.value, _ATOMS)


def _is_not(node: Call) -> bool:
    return isinstance(node.callee, BuiltinRef) and node.callee.name == "not" and len(node.args) == 1


def _asked(node: Expr) -> Expr:
    """Give a test that holds when the given one does: `and` and `or` need not keep the value they gave."""
    match node:
        case Let(var=var, init=init, body=If(test=Local(var=tested), then=then, orelse=Local(var=kept))) if (
            var == tested == kept and not _mentions(then, var)
        ):
            no = Const(False, span=node.span)
            return If(_asked(init), _asked(then), no, span=node.span)
        case Let(
            var=var, init=init, body=If(test=Local(var=tested), then=Local(var=kept), orelse=orelse)
        ) if var == tested == kept and not _mentions(orelse, var):
            yes = Const(True, span=node.span)
            return If(_asked(init), yes, _asked(orelse), span=node.span)
        case Call() if _is_not(node):
            inner = _asked(node.args[0])
            return node if inner is node.args[0] else replace(node, args=(inner,))
        case Try(body=body, handler=handler, final=None) if handler is not None:
            new_body, new_handler = _asked(body), _asked(handler)
            changed = new_body is not body or new_handler is not handler
            return replace(node, body=new_body, handler=new_handler) if changed else node
        case If(then=then, orelse=orelse):
            new_then, new_else = _asked(then), _asked(orelse)
            changed = new_then is not then or new_else is not orelse
            return replace(node, then=new_then, orelse=new_else) if changed else node
        case _:
            return node


def _mentions(node: Expr, var: Var) -> bool:
    return any(isinstance(part, (Local, Late)) and part.var == var for part in descendants(node))
