"""In which way a loop may fill what it carries: as a list, a dict, or the members of a set.

In: a loop and one of its parameters. Out: a guess of the way, by what the loop and the functions it calls
write. Correctness does not hang on it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Set
from types import MappingProxyType
from typing import Final, NamedTuple

from rtfs_runtime.builtins import BUILTINS
from rtfsc.ir import kinds
from rtfsc.ir.census import among, things
from rtfsc.ir.nodes import (
    Block,
    Blocks,
    BuiltinRef,
    Call,
    Const,
    Expr,
    Fn,
    Fold,
    Global,
    Local,
    Op,
    Var,
)
from rtfsc.source import Span

LIST: Final = "list"
SET: Final = "set"
DICT: Final = "dict"
CHANGES: Final = frozenset({"conj", "assoc", "into", "concat"})
"""Builtins that give a changed collection."""


class _Row(NamedTuple):
    """How a builtin changes a collection in place: by an operation, "" for none, given the collection and
    what else the builtin is given."""

    operation: str
    # whether loops are rewritten for it
    counts: bool = True
    least: int = 1
    most: int = 1
    # the collection stands behind what else there is
    last: bool = False
    # the operation takes each argument by itself: the builtin refuses none
    each: bool = False


class Step(NamedTuple):
    """A call that changes a collection, taken apart."""

    row: _Row
    base: Expr
    others: Sequence[Expr]

    def made(self, base: Expr, others: Sequence[Expr], span: Span) -> Expr:
        """Write the change in place."""
        if not self.row.operation:
            return base
        if not self.row.each:
            return Op(self.row.operation, (base, *others), span=span)
        for other in others:
            base = Op(self.row.operation, (base, other), span=span)
        return base


_SHORTER: Final = _Row("list_pop", counts=False, least=0, most=0)
_ROWS: Final[Mapping[str, Mapping[str, _Row]]] = MappingProxyType(
    {
        LIST: {
            "butlast": _SHORTER,
            "rest": _SHORTER._replace(operation="list_rest"),
            "vec": _SHORTER._replace(operation=""),
            "subvec": _Row("list_cut", counts=False, most=2),
            "take": _Row("list_take", counts=False, last=True),
            "drop": _Row("list_drop", counts=False, last=True),
            "drop-last": _Row("list_drop_last", counts=False, last=True),
            "sort": _Row("list_sort", least=0, most=0),
        },
        DICT: {
            "dissoc": _Row("dict_drop", most=8, each=True),
            "merge": _Row("dict_merge"),
        },
        SET: {"disj": _Row("set_drop", most=8, each=True), "union": _Row("set_join")},
    }
)
_FOLLOWED: Final = things(
    "conj", "into", "concat", "dissoc", "merge", "assoc", "nth", "#put", Fold, Blocks, Global
)


def name_of(call: Call) -> str:
    """Name the builtin that is called."""
    assert isinstance(call.callee, BuiltinRef)
    return BUILTINS[call.callee.name].name


def step_of(node: Expr, way: str) -> Step | None:
    """Take a call apart that changes a collection otherwise than by one of `CHANGES`."""
    match node:
        case Op(name="seq_rest", args=[Local(var=var), Const() as amount, Local(var=found) as source]):
            return Step(_ROWS[LIST]["drop"], source, (amount,)) if way == LIST and var == found else None
    if not isinstance(node, Call) or not isinstance(node.callee, BuiltinRef) or node.site is not None:
        return None
    row = _ROWS[way].get(name_of(node))
    if row is None or not row.least < len(node.args) <= row.most + 1:
        return None
    *others, base = node.args if row.last else (*node.args[1:], node.args[0])
    if row.last and not all(isinstance(other, Const | Local) for other in others):
        # they are evaluated before the collection
        return None
    return Step(row, base, others)


def changed_as(
    loop: Expr, param: Var, kind_of: Callable[[Expr], int], functions: Mapping[str, Fn]
) -> str | None:
    """Guess what a loop, or a function it calls, changes in a parameter: a vector by `conj` and by
    integers, or where it reads by `nth`, else a map; None when it changes nothing."""
    held = {param}
    todo, called = [loop], set[str]()
    by_keys: str | None = None
    has_places = False
    while todo:
        for part in among(todo.pop(), _FOLLOWED):
            match part:
                case Call(callee=BuiltinRef(name=name), args=[Local(var=var), *keys]) if var in held:
                    name = BUILTINS[name].name
                case Op(name="put" as name, args=[Local(var=var), *keys]) if var in held:
                    pass
                case Fold(params=params, args=args) | Blocks(blocks=[Block(params=params), *_], args=args):
                    # a loop inside goes on with it
                    held.update(_taken_over(params, args, held))
                    continue
                case Call(callee=Global(name=name), args=args, site=None) if name in functions:
                    more = _taken_over(functions[name].params, args, held)
                    held.update(more)
                    if more and name not in called:
                        called.add(name)
                        todo.append(functions[name].body)
                    continue
                case _:
                    continue
            if name in ("conj", "into", "concat"):
                return LIST
            if name in ("dissoc", "merge"):
                return DICT
            has_places |= name == "nth"
            if name in ("assoc", "put") and keys and by_keys is None:
                by_keys = LIST if kinds.within(kind_of(keys[0]), kinds.INT) else DICT
    return LIST if by_keys and has_places else by_keys


def _taken_over(params: Sequence[Var], args: Sequence[Expr], held: Set[Var]) -> list[Var]:
    """List the parameters that are given what variables hold."""
    return [
        param for param, arg in zip(params, args, strict=False) if isinstance(arg, Local) and arg.var in held
    ]


def may_be(way: str, kind: int) -> bool:
    """Tell whether a value of a kind may be filled in a way."""
    return bool(kind & (kinds.TUPLE if way == LIST else kinds.DICT))
