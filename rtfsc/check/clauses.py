"""What the checker says of `match`: values that no clause takes, clauses that are never reached.

In: the `Let` that lowering makes of a `match`. Out: warnings W104 and W105. A value counts as left out only
when the subject is declared to be able to have it.
"""

from __future__ import annotations

from collections.abc import Iterator

from rtfs_runtime.types import ANY, BOOL, NEVER, NIL, Enum, Type, Val, print_type
from rtfsc.check.infer import Types
from rtfsc.check.lattice import is_within, members
from rtfsc.check.relations import shown_key, strict
from rtfsc.check.reports import Report
from rtfsc.ir.nodes import Blocks, Const, Expr, If, Let, Map, Vector
from rtfsc.source import Diagnostic


def clause_findings(types: Types, node: Let) -> Iterator[Diagnostic]:
    """Give the warnings about one `match`."""
    if not isinstance(node.body, Blocks) or isinstance(node.init, (Const, Vector, Map)):
        return
    if types.of(node.init) is NEVER:
        return
    declared = types.declared(node)
    if declared is not None:
        left = types.leftover(node)
        values = _left_out(left, strict(declared))
        if values:
            listed = ", ".join(values)
            message = f"match takes no {listed}, which {print_type(declared)} allows"
            hints = (f"Every value has a clause → {values[0]} … or _ …",)
            yield Report("W104", "MatchError").at(node, message, hints)
    for block in node.body.blocks[:-1]:
        unreached = _unreached(types, block.body)
        if unreached is not None:
            message = "This clause is never reached: no value comes to it that it takes"
            hints = ("The clauses before it, or the type of the subject, leave nothing → remove it",)
            yield Report("W105", "MatchError").at(unreached, message, hints)


def _left_out(left: Type, whole: Type) -> list[str]:
    """List the values and kinds of a closed type that no clause takes."""
    if left is ANY or left is NEVER or whole is ANY:
        return []
    mine, all_parts = members(left), members(whole)
    found: list[str] = []
    for bit, part in mine.items():
        match part:
            case Val() | Enum():
                found += [_value(value) for value in part.values]
            case _ if part is NIL:
                found.append("nil")
            case _ if part is BOOL:
                found += ["true", "false"]
            case _ if len(mine) < len(all_parts) and is_within(all_parts.get(bit, ANY), part):
                # some kinds have clauses, this one has none
                found.append(print_type(part))
    return found


def _value(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else shown_key(value)


def _unreached(types: Types, body: Expr) -> Expr | None:
    """Give what is never reached of a clause: its body, or a pattern that never fits."""
    if not types.is_reached(body):
        return body.test if isinstance(body, If) else body
    node: Expr = body
    while True:
        match node:
            case If(test=test, then=then):
                if not types.is_reached(then):
                    return test
                node = then
            case Let(body=inner):
                node = inner
            case _:
                return None
