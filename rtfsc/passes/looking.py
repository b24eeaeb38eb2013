"""Which functions only look at a map that they are given: they neither keep it nor give it back.

In: the known functions of a module. Out: answers. What stands in the map may be kept.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from rtfs_runtime.values import Keyword
from rtfsc.ir.nodes import (
    Blocks,
    BuiltinRef,
    Call,
    Const,
    Expr,
    Fn,
    Fold,
    Global,
    If,
    Jump,
    Late,
    Let,
    Local,
    Op,
    Var,
)
from rtfsc.ir.walk import children
from rtfsc.passes.fill_ways import name_of

LOOKS: Final = frozenset({"get", "count", "contains?", "empty?", "nil?", "not", "keys", "vals", "entries"})
LOOKING_OPS: Final = frozenset({"old_value", "path_value", "map_get", "map_has", "is_map"})
# the same map, as a pattern looks at it
_VIEWS: Final = frozenset({"map_view"})


class Looks:
    """Answers for one module."""

    def __init__(self, functions: Mapping[str, Fn]) -> None:
        self._functions = functions
        self._known: dict[tuple[str, int], bool] = {}
        # the parameters of loops, by their labels
        self._params: dict[int, tuple[Var, ...]] = {}

    def only(self, name: str, at: int, count: int) -> bool:
        """Tell whether a function, called with `count` arguments, only looks at the one at a place."""
        fn = self._functions.get(name)
        if fn is None or fn.rest is not None or len(fn.params) != count:
            return False
        found = self._known.get((name, at))
        if found is None:
            size = len(self._known)
            # calls of itself add nothing
            self._known[name, at] = True
            found = self._looks(fn.body, {fn.params[at]})
            if not found:
                # what was found meanwhile may rest on it
                while len(self._known) > size:
                    self._known.popitem()
                self._known[name, at] = False
        return found

    def _looks(self, node: Expr, held: set[Var]) -> bool:
        """Tell whether an expression only looks at what some variables hold."""
        match node:
            case Local(var=var) | Late(var=var):
                return var not in held
            case Let(var=var, init=init, body=body) if _is_held(init, held):
                held.add(var)
                return self._looks(body, held)
            case If(test=Local(), then=then, orelse=orelse):
                return self._looks(then, held) and self._looks(orelse, held)
            case Call(callee=BuiltinRef() | Const(value=Keyword()), args=[first, *others], site=None) if (
                _is_held(first, held)
            ):
                known = not isinstance(node.callee, BuiltinRef) or name_of(node) in LOOKS
                return known and self._all_look(others, held)
            case Op(name=name, args=[first, *others]) if _is_held(first, held):
                return name in LOOKING_OPS and self._all_look(others, held)
            case Blocks(args=args, blocks=blocks):
                for block in blocks:
                    self._params[block.label] = block.params
                return self._enters(blocks[0].params, args, held) and self._all_look(
                    [block.body for block in blocks], held
                )
            case Fold(label=label, params=params, args=args):
                self._params[label] = params
                return self._enters(params, args, held) and self._all_look(
                    (node.items, node.body, node.done), held
                )
            case Jump(label=label, args=args):
                # what is handed on goes on in the place it began in
                return all(
                    param in held if _is_held(arg, held) else self._looks(arg, held)
                    for param, arg in zip(self._params[label], args, strict=True)
                )
            case Call(callee=Global(name=name), args=args, site=None):
                given = [at for at, arg in enumerate(args) if _is_held(arg, held)]
                others = [arg for at, arg in enumerate(args) if at not in given]
                return all(self.only(name, at, len(args)) for at in given) and self._all_look(others, held)
            case _:
                return self._all_look(children(node), held)

    def _enters(self, params: Sequence[Var], args: Sequence[Expr], held: set[Var]) -> bool:
        """Let the parameters of a loop hold what they are given."""
        given = [_is_held(arg, held) for arg in args]
        held.update(param for param, is_given in zip(params, given, strict=True) if is_given)
        return self._all_look([arg for arg, is_given in zip(args, given, strict=True) if not is_given], held)

    def _all_look(self, nodes: Sequence[Expr], held: set[Var]) -> bool:
        # a loop, not a generator: 3.12 counts those, and expressions may nest to any depth
        for node in nodes:  # noqa: SIM110
            if not self._looks(node, held):
                return False
        return True


def _is_held(node: Expr, held: set[Var]) -> bool:
    match node:
        case Local(var=var):
            return var in held
        case Op(name=name, args=[first, *_]) if name in _VIEWS:
            return _is_held(first, held)
        case _:
            return False
