"""Divide integers as integers where only the whole quotient is asked for, or it is known to be whole.

Before: any IR. After: `(int (/ a b))` and `(floor (/ a b))` are one operation, as is a division in a branch
that is taken only when nothing is left of it; a remainder only compared with zero may have either sign.
    (int (/ (+ lo hi) 2))  =>  (op quotient (+ lo hi) 2)
    (if (even? n) (/ n 2) …)  =>  (if (even? n) (op exact_quotient n 2) …)
    (= 0 (mod n d))  =>  (= 0 (op residue n d))
    (/ (- n (mod n d)) d)  =>  (if (natural n, positive d) (quot n d) (op exact_quotient (- n (mod n d)) d))

The operations take any operands and give, or raise, what the calls would. A variable never changes, so what
a test said of it holds in the whole branch.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final, TypeAlias

from rtfs_runtime.builtins import BUILTINS
from rtfsc.ir.census import occurs, things
from rtfsc.ir.nodes import BuiltinRef, Call, Const, Expr, If, Local, Module, Op
from rtfsc.ir.walk import again, map_children, with_forms
from rtfsc.options import Options

_CUT: Final = {"int": "quotient", "floor": "floor_quotient"}
_DIVISIONS: Final = things("/", "mod")
_ASK_ZERO: Final = frozenset({"=", "!=", "zero?"})
_Fact: TypeAlias = tuple[object, object]
"""A variable, and what divides it: an integer or another variable."""


def run(module: Module, options: Options) -> Module:
    """Rewrite the divisions of every form."""
    forms = [_rewrite(node, frozenset()) for node in module.body]
    return with_forms(module, forms, lambda inner: run(inner, options))


def _rewrite(node: Expr, facts: frozenset[_Fact]) -> Expr:
    if not occurs(node) & _DIVISIONS:
        return node
    match node:
        case If(test=test):
            found = facts.union(_facts(test))
            if found != facts:
                parts = (_rewrite(test, facts), _rewrite(node.then, found), _rewrite(node.orelse, facts))
                return If(*parts, span=node.span)
        case Call(callee=BuiltinRef(name=name), args=[Call() as inner], site=None) if _is(inner, "/"):
            cut = _CUT.get(BUILTINS[name].name)
            if cut is not None:
                return Op(cut, tuple([_rewrite(arg, facts) for arg in inner.args]), span=inner.span)
        case Call(callee=BuiltinRef(name=name), args=args, site=None) if BUILTINS[name].name in _ASK_ZERO:
            if any(map(_is_zero, args)) or BUILTINS[name].name == "zero?":
                args = tuple([_residue(arg) for arg in args])
                if any(new is not old for new, old in zip(args, node.args, strict=True)):
                    node = replace(node, args=args)
        case Call(args=[Call(args=[Local(), Call(args=[Local(), _])]), _]) if _is_whole(node):
            return _quotient(node)
        case Call(args=[Local() as left, right]) if _is(node, "/") and (left.var, _divisor(right)) in facts:
            return Op("exact_quotient", node.args, span=node.span)
    return map_children(node, lambda child: _rewrite(child, facts))


def _is_whole(node: Call) -> bool:
    """Tell whether a number less what a divisor leaves of it is divided by that divisor."""
    match node.args:
        case [Call(args=[Local(var=var), Call(args=[Local(var=same), inner]) as rest]) as less, outer]:
            if var != same or _divisor(inner) is None or _divisor(inner) != _divisor(outer):
                return False
            return _is(node, "/") and _is(less, "-") and _is(rest, "mod")
        case _:
            return False


def _quotient(node: Call) -> Expr:
    """Divide once where both are integers and none is negative."""
    span, zero = node.span, Const(0, span=node.span)
    less, divisor = node.args
    assert isinstance(less, Call)
    number = less.args[0]

    def ask(name: str, *args: Expr) -> Expr:
        return Call(BuiltinRef(name, span=span), tuple(map(again, args)), span=span)

    test = ask(">=", number, zero)
    for asked in (ask(">", divisor, zero), ask("int?", divisor), ask("int?", number)):
        test = If(asked, test, Const(False, span=span), span=span)
    return If(test, ask("quot", number, divisor), Op("exact_quotient", node.args, span=span), span=span)


def _is_zero(node: Expr) -> bool:
    return isinstance(node, Const) and node.value.__class__ is int and node.value == 0


def _residue(node: Expr) -> Expr:
    """Write a remainder of which it is only asked whether it is zero: its sign does not matter."""
    return Op("residue", node.args, span=node.span) if isinstance(node, Call) and _is(node, "mod") else node


def _is(node: Expr, name: str) -> bool:
    """Tell whether a node is a call of a builtin with two arguments."""
    match node:
        case Call(callee=BuiltinRef(name=found), args=[_, _], site=None):
            return BUILTINS[found].name == name
        case _:
            return False


def _facts(test: Expr) -> tuple[_Fact, ...]:
    """Say what divides what when a test holds."""
    match test:
        case If(test=first, then=second, orelse=Const(value=False)):
            return (*_facts(first), *_facts(second))
        case Call(callee=BuiltinRef(name="even?"), args=[Local(var=var)]):
            return ((var, 2),)
        case (
            Call(callee=BuiltinRef(name="=" | "=="), args=[Call() as call, Const(value=0 as zero)])
            | Call(callee=BuiltinRef(name="=" | "=="), args=[Const(value=0 as zero), Call() as call])
        ) if zero.__class__ is int:
            return _divided(call)
        case Call(callee=BuiltinRef(name="zero?"), args=[Call() as call]):
            return _divided(call)
        case _:
            return ()


def _divided(call: Call) -> tuple[_Fact, ...]:
    match call.args:
        case [Local(var=var), right] if _is(call, "mod"):
            divisor = _divisor(right)
            return () if divisor is None else ((var, divisor),)
        case _:
            return ()


def _divisor(node: Expr) -> object:
    match node:
        case Const(value=int() as value) if value.__class__ is int:
            return value
        case Local(var=var):
            return var
        case _:
            return None
