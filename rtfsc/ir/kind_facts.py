"""Which integers are known to be at least as large as others, from tests and from the bounds of loops.

In: comparisons, and what loops count between. Out: entries of the environment: beside the kind of a
variable, the pair `(x, y)` with another one, or with a number, says that x - y is not negative where both are
integers, and `("has", m, k)` that a map has a key. A variable keeps its value, and one that a loop binds anew
was under no fact on the first way into the loop: so no fact outlives the value it was learnt of. Those that
may be defined again are left out. Loops that fill a map in place take no key away from a map that is read.
"""

from __future__ import annotations

from collections.abc import Callable

from rtfs_runtime.builtins import BUILTINS
from rtfsc.ir import kinds
from rtfsc.ir.kind_states import Env
from rtfsc.ir.kinds import ANY, NATURAL, NEGATIVE, Kind
from rtfsc.ir.nodes import BuiltinRef, Call, Const, Expr, Local, Op, Var

Side = Var | int | None
"""A variable, a number, or anything else."""

# by name: whether the left side is the larger one where the test holds, and whether it cannot be equal
_ORDER = {"<": (False, True), "<=": (False, False), ">": (True, True), ">=": (True, False)}
_SIGNS = {"pos?": ">", "neg?": "<"}


def side(node: Expr, changing: set[Var]) -> Side:
    """Give what facts can say of an operand."""
    match node:
        case Local(var=var) if var not in changing:
            return var
        case Const(value=int() as value) if value.__class__ is int:
            return value
        case _:
            return None


def is_comparison(node: Expr) -> bool:
    """Tell whether a node compares two values, or one with 0."""
    match node:
        case Call(callee=BuiltinRef(name=name), args=[_, _]):
            return name in _ORDER
        case Call(callee=BuiltinRef(name=name), args=[_]):
            return name in _SIGNS
        case _:
            return False


def learn(node: Call, ways: tuple[Env, Env], of: Callable[[Expr], Kind], changing: set[Var]) -> None:
    """Note what follows where a comparison holds, and where it does not.

    It says nothing of floats: NaN is neither less than another number nor at least as large.
    """
    assert isinstance(node.callee, BuiltinRef)
    name = node.callee.name
    operands = [(side(arg, changing), of(arg)) for arg in node.args]
    if len(operands) < 2:
        name = _SIGNS[name]
        operands.append((0, NATURAL))
    left, right = operands
    is_left, strict = _ORDER[name]
    note(ways[0], left if is_left else right, right if is_left else left, strict=strict)
    # not less is at least, and so on
    note(ways[1], right if is_left else left, left if is_left else right, strict=not strict)


def note(env: Env, high: tuple[Side, Kind], low: tuple[Side, Kind], *, strict: bool) -> None:
    """Note that one side is at least as large as another one, or `strict`ly larger."""
    var, _ = high
    other, kind = low
    if not isinstance(var, Var):
        return
    if kinds.within(kind, NATURAL):
        env[var] = env.get(var, ANY) & ~NEGATIVE
        if strict:
            env[var, 1] = NATURAL
    if isinstance(other, int):
        other += strict
        if other > 0:
            env[var, 1] = NATURAL
    if other is not None:
        env[var, other] = NATURAL


def bound(env: Env, var: Var, items: Expr, of: Callable[[Expr], Kind], changing: set[Var]) -> None:
    """Note what the ends that a loop counts between say of its variable."""
    low: Side = None
    high: Side = None
    match items:
        case Op(name="times" | "range_items", args=[end]):
            low, high = 0, side(end, changing)
        case Op(name="range_items", args=[start, end]):
            low, high = side(start, changing), side(end, changing)
        case Op(name="count_items", args=[start, end, step, Const(value=way), _]):
            low, high = side(start, changing), side(end, changing)
            if not kinds.within(of(step), NATURAL if way == 1 else NEGATIVE):
                # it moves away from its start on the other side
                low = None
            if way == -1:
                low, high = high, low
    note(env, (var, ANY), (low, ANY), strict=False)
    note(env, (high, ANY), (var, ANY), strict=False)


def is_natural_difference(env: Env, node: Call, name: str, changing: set[Var]) -> bool:
    """Tell whether a subtraction of integers surely gives a natural number."""
    name = BUILTINS[name].name
    if name not in ("-", "dec"):
        return False
    operands = [side(arg, changing) for arg in node.args] + [1] * (name == "dec")
    if len(operands) != 2:
        return False
    left, right = operands
    return isinstance(left, Var) and right is not None and (left, right) in env


def contained(node: Call, changing: set[Var]) -> tuple[object, ...] | None:
    """Give the fact that a map has a key, as asked for by `contains?` and needed by `get`; None where one of
    them may be another one next time."""
    if not isinstance(node.callee, BuiltinRef) or node.callee.name not in ("contains?", "get"):
        return None
    match node.args:
        case [Local(var=source), Local(var=key)] if not {source, key} & changing:
            return "has", source, key
        case _:
            return None
