"""Functions that builtins make of others, as functions written out.

In: a call of `partial`, `comp`, `complement` or `constantly`, and the parameters that its value is to have.
Out: a function that does the same, for a place where it is only called. What is combined must surely be a
function that takes what it gets: else the builtin fails, or what it makes does.
    (comp inc (partial * 2))  =>  (fn [x] (inc (* 2 x)))
"""

from __future__ import annotations

from collections.abc import Callable

from rtfs_runtime.builtins import BUILTINS
from rtfs_runtime.types import ANY
from rtfs_runtime.values import Keyword
from rtfsc.ir.nodes import BuiltinRef, Call, Const, Expr, Fn, Global, Local, Var
from rtfsc.ir.walk import uses
from rtfsc.source import Span

Known = Callable[[str], Fn | None]
"""Gives the function that a global surely is when the place at hand runs."""


def written_out(made: Expr, params: tuple[Var, ...], known: Known, span: Span) -> Fn | None:
    """Write out the function that a builtin makes; None for any other expression.

    `span` is that of the call in which it is called: builtins have no frame, so their errors come from there.
    """
    if not isinstance(made, Call):
        return None
    body = _applied(made, tuple([Local(param, span=span) for param in params]), known, span)
    if body is None:
        return None
    names, types = tuple([param.name for param in params]), (ANY,) * len(params)
    return Fn("<fn>", params, None, body, param_names=names, param_types=types, span=span)


def _applied(function: Expr, args: tuple[Expr, ...], known: Known, span: Span) -> Expr | None:
    """Write the call of a function; None where it might fail for its own sake."""
    match function:
        case Call(callee=BuiltinRef(name=name), args=parts, site=None):
            return _applied_made(BUILTINS[name].name, parts, args, (known, span))
        case BuiltinRef(name=name):
            fits = BUILTINS[name].takes(len(args))
        case Global(name=name):
            fn = known(name)
            fits = fn is not None and fn.takes(len(args))
        case Fn():
            fits = is_plain(function) and function.takes(len(args))
        case Const(value=Keyword()):
            fits = len(args) in (1, 2)
        case _:
            return None
    return Call(function, args, span=span) if fits else None


def _applied_made(
    name: str, parts: tuple[Expr, ...], args: tuple[Expr, ...], place: tuple[Known, Span]
) -> Expr | None:
    known, span = place
    match name, parts:
        case "partial", [function, *leading] if all(isinstance(each, (Const, Local)) for each in leading):
            return _applied(function, (*leading, *args), known, span)
        case "comp", [*others, first]:
            value = _applied(first, args, known, span)
            for function in reversed(others):
                value = None if value is None else _applied(function, (value,), known, span)
            return value
        case "complement", [function]:
            value = _applied(function, args, known, span)
            return None if value is None else Call(BuiltinRef("not", span=span), (value,), span=span)
        case "constantly", [Const() | Local() as value]:
            return value
        case _:
            return None


def is_plain(fn: Fn) -> bool:
    """Tell whether calling a function is the same as running its body, its parameters bound."""
    local = fn.hint is None or fn.hint.target == "local"
    return local and fn.rest is None and (fn.self_var is None or not uses(fn.body, fn.self_var))
