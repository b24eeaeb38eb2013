"""In which way a loop may fill what it carries: as a list, a dict, or the members of a set.

In: a loop and one of its parameters. Out: a guess of the way, by what the loop and the functions it calls
write. Correctness does not hang on it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Set
from typing import Final

from rtfs_runtime.builtins import BUILTINS
from rtfsc.ir import kinds
from rtfsc.ir.census import among, things
from rtfsc.ir.nodes import Block, Blocks, BuiltinRef, Call, Expr, Fn, Fold, Global, Local, Op, Var

LIST: Final = "list"
SET: Final = "set"
DICT: Final = "dict"
CHANGES: Final = frozenset({"conj", "assoc", "into", "concat"})
"""Builtins that give a changed collection."""

# "" gives the list as it is
_SHORTER: Final = {"butlast": "list_pop", "rest": "list_rest", "vec": ""}
_FOLLOWED: Final = things("conj", "into", "concat", "assoc", "nth", "#put", Fold, Blocks, Global)


def name_of(call: Call) -> str:
    """Name the builtin that is called."""
    assert isinstance(call.callee, BuiltinRef)
    return BUILTINS[call.callee.name].name


def shortened(node: Expr, way: str) -> tuple[str, Expr] | None:
    """Take apart a call that gives a list but for its last or first item: a stack or a queue. Give the
    operation that does so in place, and what the call is given."""
    match node:
        case Call(callee=BuiltinRef(), args=[base], site=None) if way == LIST and name_of(node) in _SHORTER:
            return _SHORTER[name_of(node)], base
        case _:
            return None


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
