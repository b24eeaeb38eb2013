"""Look-ups that are likely to find something: of those whose value must not be nil.

In: the value of a variable, and what is done with it. Out: whether nil would be an error, so that the key is
read as one that is there, and a miss costs more.
"""

from __future__ import annotations

from typing import Final

from rtfs_runtime.builtins import BUILTINS
from rtfsc.ir.nodes import BuiltinRef, Call, Do, Expr, Fold, ForEach, If, Let, Local, Op, Var
from rtfsc.ir.walk import uses

# what fails when one of the operands is nil
_STRICT: Final = frozenset(
    {"+", "-", "*", "/", "mod", "inc", "dec", "abs", "<", "<=", ">", ">=", "even?", "odd?", "nth"}
)
STRICT_OPS: Final = frozenset({"items", "vector_items", "for_items", "seq_items", "seq_exact", "seq_least"})


def is_look_up(node: Expr) -> bool:
    """Tell whether an expression looks up a key that may be anything."""
    return isinstance(node, Call) and isinstance(node.callee, BuiltinRef) and node.callee.name == "get"


def needs(node: Expr, var: Var) -> bool:
    """Tell whether the first thing that an expression does with a variable is to fail when it is nil."""
    following: Expr | None = node
    while following is not None:
        match following:
            case Call(callee=BuiltinRef(name=name), args=args) if _is_operand(args, var):
                return BUILTINS[name].name in _STRICT
            case Op(name=name, args=args) if _is_operand(args, var):
                return name in STRICT_OPS
            case Let(init=init, body=body):
                following = init if uses(init, var) else body
            case If(test=part) | Fold(items=part) | ForEach(items=part):
                following = part
            case Call(args=parts) | Op(args=parts) | Do(items=parts):
                following = next((part for part in parts if uses(part, var)), None)
            case _:
                return False
    return False


def _is_operand(args: tuple[Expr, ...], var: Var) -> bool:
    return any(isinstance(arg, Local) and arg.var == var for arg in args)
