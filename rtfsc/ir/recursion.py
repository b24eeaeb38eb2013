"""Which known functions may call themselves, by whatever way.

In: the known functions of a module. Out: for each function that may run within a call of itself, all
functions on the ways there. What is tried, and done once more in another way when it fails, must not lead to
itself: each level of a recursion would do it twice, and a failure at the bottom take time without end.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from rtfsc.ir.census import among, things
from rtfsc.ir.components import components
from rtfsc.ir.nodes import DefGlobal, Expr, Fn, Global

_NAMES: Final = things(Global)


class Cycles:
    """Answers for one module, found when somebody asks."""

    def __init__(self, functions: Mapping[str, Fn]) -> None:
        self._functions = functions
        self._found: dict[str, frozenset[str]] | None = None

    def lead_back(self, parts: Iterable[Expr], form: Expr) -> bool:
        """Tell whether parts of a form may call the function that it defines."""
        if not isinstance(form, DefGlobal) or form.name not in self._functions:
            return False
        if self._found is None:
            self._found = cycles(self._functions)
        around = self._found.get(form.name)
        return around is not None and not all(around.isdisjoint(mentioned(part)) for part in parts)


def cycles(functions: Mapping[str, Fn]) -> dict[str, frozenset[str]]:
    """Give the functions on the ways from a function to itself; a function that is on none has no entry.

    A function counts as called where it is mentioned.
    Cost: linear in the size of the functions.
    """
    graph = {name: sorted(mentioned(fn.body) & functions.keys()) for name, fn in functions.items()}
    return {
        name: frozenset(group)
        for group in components(graph)
        for name in group
        if len(group) > 1 or name in graph[name]
    }


def mentioned(node: Expr) -> set[str]:
    """Give the names of the globals in an expression."""
    return {part.name for part in among(node, _NAMES) if isinstance(part, Global)}
