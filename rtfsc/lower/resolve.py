"""The last step of lowering: names that a later definition gave a meaning, calls with a count that cannot
be right.

In: the body of a unit and all its definitions. Out: the body in which a name looked up at run time is a
`Global` where the unit defines it somewhere, and a call of a builtin or keyword with a wrong count raises
after its operands. Names with no meaning are warned of.
"""

from __future__ import annotations

from collections.abc import Callable
from difflib import get_close_matches

from rtfs_runtime.values import Keyword
from rtfsc.ir.nodes import BuiltinRef, Call, Const, Expr, Global, Op, Raise
from rtfsc.ir.walk import map_children
from rtfsc.lower.specials import SPECIALS
from rtfsc.lower.unit import Unit, sequence
from rtfsc.source import Diagnostic


def resolve(unit: Unit, body: list[Expr]) -> tuple[Expr, ...]:
    """Finish the expressions of a unit."""
    finish = _finisher(unit)
    return tuple([finish(node) for node in body])


def _finisher(unit: Unit) -> Callable[[Expr], Expr]:
    names = unit.definitions.names
    builtins = unit.context.builtins
    warned: set[str] = set()
    constants = unit.definitions.constants()

    def finish(node: Expr) -> Expr:
        match node:
            case Op(name="lookup", args=[Const(value=str() as name)]):
                if name in names:
                    return Global(name, span=node.span)
                if name not in warned:
                    warned.add(name)
                    _warn(unit, node, name)
                return node
            case BuiltinRef(name=name):
                return Global(name, span=node.span) if name in names else node
            case Call():
                done = map_children(node, finish)
                assert isinstance(done, Call)
                return check(done)
        return map_children(node, finish)

    def check(call: Call) -> Expr:
        count = len(call.args)
        match call.callee:
            case BuiltinRef(name=name):
                row = builtins[name]
                if row.takes(count):
                    return call
                function, expected = row.name, row.expected
            case Const(value=Keyword(text=text)):
                if 1 <= count <= 2:
                    return call
                function, expected = ":" + text, "1 or 2"
            case Global(name=name) if name in constants:
                _check_count(unit, call, name)
                return call
            case _:
                return call
        span = call.span
        _warn_count(unit, call, function, (expected, ""))
        operands = (Const(function, span=span), Const(expected, span=span), Const(count, span=span))
        return sequence([*call.args, Raise(Op("arity_failure", operands, span=span), span=span)], span)

    return finish


def _check_count(unit: Unit, call: Call, name: str) -> None:
    """Warn of a call whose function, defined once in the unit, takes another number of arguments."""
    row = unit.definitions.functions.get(name)
    if row is None:
        return
    least, count = len(row.params), len(call.args)
    if count == least or (row.rest is not None and count > least):
        return
    expected = f"at least {least}" if row.rest is not None else str(least)
    shown = " ".join((*row.params, *(("&", row.rest) if row.rest is not None else ())))
    _warn_count(unit, call, name, (expected, f"({name} {shown})"))


def _warn_count(unit: Unit, call: Call, name: str, wanted: tuple[str, str]) -> None:
    expected, usage = wanted
    message = f"Arity mismatch in {name}: expected {expected}, got {len(call.args)}"
    hints = (f"{name} is called with the wrong number of arguments → {usage}",) if usage else ()
    unit.context.warn.append(Diagnostic("W004", message, call.span, hints, severity="warning"))


def _warn(unit: Unit, node: Expr, name: str) -> None:
    known = sorted({*unit.definitions.names, *unit.context.builtins, *SPECIALS})
    near = get_close_matches(name, known, n=3)
    hints = (f"Did you mean one of these? → {', '.join(near)}",) if near else ()
    message = f"Undefined symbol: {name} is defined neither here nor in an import"
    unit.context.warn.append(Diagnostic("W001", message, node.span, hints, severity="warning"))
