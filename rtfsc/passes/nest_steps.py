"""Single changes of vectors and maps inside of a collection that a loop fills.

In: places of the collection, and what a change is made of. Out: the change, as one of the loop's own list
or dict, and as it was written; what must be known of keys and of the order of evaluation for that.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from rtfs_runtime.values import Keyword
from rtfsc.ir.nodes import (
    BuiltinRef,
    Call,
    Const,
    Do,
    Expr,
    If,
    Jump,
    Late,
    Let,
    Local,
    Map,
    Op,
    Var,
    Vector,
)
from rtfsc.ir.walk import again, descendants, map_children
from rtfsc.passes.fill_ways import SET, name_of
from rtfsc.passes.nests import adds_one, changes, entries


class Spot(NamedTuple):
    """A place in the collection, and the operation that changes it; it stands where the user wrote that.
    The key is a constant or a local, `written` as it was."""

    base: Expr
    key: Expr
    operation: Expr
    written: Expr

    def put(self, way: str, value: Expr) -> Expr:
        """Write how a value is put there."""
        args = (self.base, self.key, value, self.operation)
        return Op(f"{way}_put", args, span=self.operation.span)

    def again(self) -> Spot:
        """Give it for one more place."""
        return Spot(again(self.base), again(self.key), self.operation, self.written)


class Change(NamedTuple):
    """A change of what stands at a place, ready to be made: what it is made of stands in variables."""

    value: Call | Op
    view: Var
    given: list[Expr]
    operation: Expr

    def copied(self) -> Expr:
        """Write it as it was written."""
        span = self.value.span
        more = (self.operation,) if isinstance(self.value, Op) else ()
        args = (Op("settled", (Local(self.view, span=span),), span=span), *map(again, self.given), *more)
        return replace(self.value, args=args)

    def owned(self, key: Expr, places: Expr, *, may_map: bool, may_set: bool) -> Expr:
        """Write it as one of a copy that is from then on the loop's own."""
        span = self.value.span
        place = (again(key), again(places))
        if adds_one(self.value) and not may_map:
            args = (Local(self.view, span=span), again(self.given[0]))
            return Op("set_with", (*args, *place), span=span) if may_set else Op("list_with", args, span=span)
        made = self.copied()
        own = Op("owned", (made, *place), span=span) if may_map else Op("listed", (made,), span=span)
        return Op("owned_set", (own, *place), span=span) if may_set else own

    def in_place(self, way: str) -> tuple[Expr, ...]:
        """Write it as changes of the list or dict itself."""
        span = self.value.span
        if way == SET:
            members = Op("members", (Local(self.view, span=span),), span=span)
            return (Op("set_put", (members, again(self.given[0]), Const("conj", span=span)), span=span),)
        if isinstance(self.value, Call) and name_of(self.value) == "into":
            items = Op("elements", (again(self.given[0]), Const("into", span=span)), span=span)
            return (Op("list_extend", (Local(self.view, span=span), items), span=span),)
        if isinstance(self.value, Call) and name_of(self.value) == "conj":
            return tuple(
                [
                    Op("list_push", (Local(self.view, span=span), again(item)), span=span)
                    for item in self.given
                ]
            )
        return tuple(
            [
                Op(
                    f"{way}_put",
                    (Local(self.view, span=span), again(key), again(item), self.operation),
                    span=span,
                )
                for key, item in zip(self.given[::2], self.given[1::2], strict=True)
            ]
        )

    def covers(self, other: Change) -> bool:
        """Tell whether nothing is left of another change of the same thing once this one is made."""
        if not (_has_plain_keys(self.value) and _has_plain_keys(other.value)):
            return False
        # in their order, too: it is that of new entries
        own, others = (
            [key.value for key, _ in entries(change.value) if isinstance(key, Const)]
            for change in (self, other)
        )
        return bool(own) and own == others

    def cannot_fail(self) -> Expr | None:
        """Ask whether what is changed is such that the change cannot fail; None when that does not help."""
        span, view = self.value.span, Local(self.view, span=self.value.span)
        if isinstance(self.value, Call) and name_of(self.value) == "conj":
            return is_one_of(view, "tuple", "list", "set")
        keys = [again(key) for key in self.given[::2]]
        if not any(True for _ in entries(self.value)) or any(map(_is_place, keys)):
            return None
        made: Expr = Const(True, span=span)
        for key in reversed(keys):
            if isinstance(key, Local):
                named = Call(BuiltinRef("keyword?", span=span), (again(key),), span=span)
                known = If(is_one_of(key, "int", "str"), Const(True, span=span), named, span=span)
                made = If(known, made, Const(False, span=span), span=span)
        return If(is_one_of(view, "dict"), made, Const(False, span=span), span=span)


def _is_place(key: Expr) -> bool:
    return not isinstance(key, (Const, Local)) or (
        isinstance(key, Const) and not isinstance(key.value, (str, Keyword))
    )


def is_one_of(local: Local, *names: str) -> Expr:
    """Ask for the class of what a variable holds."""
    span = local.span
    return Op("is_exactly", (local, *[Const(name, span=span) for name in names]), span=span)


def moved(node: Expr) -> Expr:
    """Write a change that is bound by a name where it is used: once, and before anything else may fail."""
    while isinstance(node, Let) and any(True for _ in changes(node.init)):
        used = sum(
            isinstance(part, (Local, Late)) and part.var == node.var for part in descendants(node.body)
        )
        if used != 1 or not _leads_to(node.body, node.var):
            break
        node = _with(node.body, node.var, node.init)
    return node


def _with(node: Expr, var: Var, value: Expr) -> Expr:
    if isinstance(node, Local):
        return value if node.var == var else node
    return map_children(node, lambda child: _with(child, var, value))


def _leads_to(node: Expr, var: Var) -> bool:
    """Tell whether an expression reads a variable before anything in it may fail."""
    match node:
        case Local(var=found):
            return found == var
        case Let(init=init, body=body):
            parts: Sequence[Expr] = (init, body)
        case Call(callee=BuiltinRef() | Const(), args=args) | Op(args=args) | Jump(args=args):
            parts = args
        case Do(items=items) | Vector(items=items):
            parts = items
        case _:
            return False
    for part in parts:
        if _leads_to(part, var):
            return True
        if not _cannot_fail(part):
            return False
    return False


def _cannot_fail(node: Expr) -> bool:
    match node:
        case Vector(items=parts) | Map(values=parts) | Op(name="path_value", args=parts):
            return all(_cannot_fail(part) for part in parts)
        case _:
            return isinstance(node, (Const, Local, BuiltinRef))


def is_other(left: Expr, right: Expr) -> bool:
    """Tell whether two keys are surely not the same."""
    return isinstance(left, Const) and isinstance(right, Const) and left.value != right.value


def any_same(keys: list[Expr], key: Expr) -> Expr | None:
    """Ask whether a key is one of others."""
    made: Expr | None = None
    for each in reversed(keys):
        span = key.span
        test = Call(BuiltinRef("=", span=span), (again(key), again(each)), span=span)
        made = test if made is None else If(test, Const(True, span=span), made, span=span)
    return made


def is_whole(value: Expr) -> bool:
    """Tell whether the changes at the ends of a value are done whole, or not at all."""
    return all(len(list(entries(change))) < 2 or _has_plain_keys(change) for change in changes(value))


def _has_plain_keys(change: Expr) -> bool:
    return all(isinstance(key, Const) and isinstance(key.value, (str, Keyword)) for key, _ in entries(change))
