"""Which expressions act on nothing outside themselves.

In: the known functions of a module. Out: `Purity`. Pure here means that running an expression once more, or
in another order with other pure ones, cannot be told from running it as written, but for the time it takes:
it may fail, and may not end.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from rtfs_runtime.builtins import BUILTINS
from rtfs_runtime.values import Keyword
from rtfsc.ir import nodes
from rtfsc.ir.census import among, things
from rtfsc.ir.nodes import BuiltinRef, Call, Const, Expr, Fn, Global

_PURE_OPS: Final = frozenset(
    {
        "map_view", "map_get", "map_has", "map_without", "is_map", "is_seq", "is_seq_least", "seq_items",
        "seq_at", "seq_exact", "seq_least", "seq_rest", "seq_size", "seq_view", "seq_head", "equal",
        "conforms", "for_items", "times", "list", "is_kind", "has_key", "match_failure", "arity_failure",
        "invalid_arguments", "check_items", "items", "vector_items", "range_items",
        "count_items", "count_end",
        "check_room", "elements", "list_of", "list_new", "list_append", "list_push", "list_put",
        "list_pop", "list_rest", "list_cut", "list_take", "list_drop", "list_drop_last",
        "list_sort", "dict_drop", "dict_merge", "dict_pour", "set_drop", "set_join",
        "list_extend", "list_tuple", "list_taken", "dict_taken", "dict_new", "dict_of", "dict_put",
        "set_of", "set_put", "set_has", "set_from", "set_taken", "old_value", "path_value", "put",
        "seq_from", "is_exactly", "quotient", "floor_quotient", "exact_quotient", "residue",
        "sorted_by", "sorted_as", "grouped_by", "parted_by",
        "raw", "settled", "listed", "owned", "owned_new", "is_owned", "disown", "grown", "members",
        "list_with", "set_with", "owned_set", "set_extend",
        "nest_list", "nest_dict",
    }
)  # fmt: skip
FILLING: Final = frozenset(
    {
        "list_push", "list_pop", "list_rest", "list_extend", "list_put", "list_cut", "list_take", "list_drop",
        "list_drop_last", "list_sort", "dict_put", "dict_drop", "dict_merge", "dict_pour",
        "set_put", "set_extend", "set_drop", "set_join", "grown",
    }
)  # fmt: skip
"""What changes its first argument in place, and gives it."""
_KEEP: Final = frozenset({"complement", "partial", "comp", "juxt", "every-pred", "fnil", "constantly"})
_ACTS: Final = (nodes.DefGlobal, nodes.Import, nodes.DefModule, nodes.Parallel)
# every other node is pure when its parts are
_ASKED: Final = things(Call, nodes.Op, Fn, *_ACTS)


class Purity:
    """Answers for one module."""

    def __init__(self, functions: Mapping[str, Fn]) -> None:
        self._functions = functions
        self._known: dict[str, bool] = {}

    def holds(self, node: Expr) -> bool:
        """Tell whether an expression is pure."""
        # a loop, not a generator: 3.12 counts those, and functions may call each other to any depth
        for part in among(node, _ASKED):  # noqa: SIM110
            if not self._is_pure(part):
                return False
        return True

    def _is_pure(self, node: Expr) -> bool:
        match node:
            case Call(callee=callee, args=args, site=site):
                # a call with metadata of its own may be answered by a model
                return site is None and self._calls_purely(callee, args)
            case nodes.Op(name=name):
                return name in _PURE_OPS
            case Fn(hint=hint):
                return hint is None or hint.target == "local"
            case _:
                return not isinstance(node, _ACTS)

    def _calls_purely(self, callee: Expr, args: tuple[Expr, ...]) -> bool:
        match callee:
            case BuiltinRef(name=name):
                called = called_argument(name, len(args))
                return _is_pure_builtin(name) and (called is None or self._is_harmless(args[called]))
            case Const(value=Keyword()) | Fn():
                return True
            case Global(name=name) if name in self._functions:
                return self._is_pure_function(name)
            case _:
                return False

    def _is_harmless(self, function: Expr) -> bool:
        """Tell whether a builtin may call what stands for a function."""
        match function:
            case BuiltinRef(name=name):
                return _is_pure_builtin(name) and called_argument(name, 1) is None
            case Global(name=name):
                return name in self._functions and self._is_pure_function(name)
            case Fn() | Const(value=Keyword()):
                # the body of a function that is written here is looked at as a part
                return True
            case _:
                return False

    def _is_pure_function(self, name: str) -> bool:
        found = self._known.get(name)
        if found is None:
            size = len(self._known)
            # calls of itself add nothing
            self._known[name] = True
            found = self.holds(self._functions[name].body)
            if not found:
                # what was found meanwhile may rest on it
                while len(self._known) > size:
                    self._known.popitem()
                self._known[name] = False
        return found


def _is_pure_builtin(name: str) -> bool:
    row = BUILTINS[name]
    return row.effect == "pure" and not row.host


def called_argument(name: str, count: int) -> int | None:
    """Say which argument a builtin calls, if any; those that only keep a function call none."""
    row = BUILTINS[name]
    if row.name in _KEEP:
        return None
    if row.name == "sort":
        return 0 if count == 2 else None
    if row.name in ("update", "update-in"):
        return 2 if count > 2 else None
    return 0 if count and (":fn :keyword" in row.type or "[:fn [:fn]" in row.type) else None
