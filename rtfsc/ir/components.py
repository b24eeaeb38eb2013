"""Strongly connected components: what reaches one another in a graph.

In: a graph, as a table from keys to those they lead to. Out: lists of keys, those that are led to first.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping
from typing import TypeVar

Key = TypeVar("Key", bound=Hashable)


def components(graph: Mapping[Key, Iterable[Key]], roots: Iterable[Key] | None = None) -> list[list[Key]]:
    """Find the strongly connected components (Tarjan), iteratively, of what `roots` reach, if given; what is
    reached must be in the graph."""
    index: dict[Key, int] = {}
    low: dict[Key, int] = {}
    stack: list[Key] = []
    on: set[Key] = set()
    out: list[list[Key]] = []
    for root in graph if roots is None else roots:
        if root in index:
            continue
        work: list[tuple[Key, Iterator[Key]]] = []

        def enter(key: Key, work: list[tuple[Key, Iterator[Key]]] = work) -> None:
            index[key] = low[key] = len(index)
            stack.append(key)
            on.add(key)
            work.append((key, iter(graph[key])))

        enter(root)
        while work:
            key, rest = work[-1]
            following = next(rest, None)
            if following is None:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[key])
                if low[key] == index[key]:
                    out.append(_unwind(stack, on, key))
            elif following not in index:
                enter(following)
            elif following in on:
                low[key] = min(low[key], index[following])
    return out


def _unwind(stack: list[Key], on: set[Key], root: Key) -> list[Key]:
    component = []
    while True:
        key = stack.pop()
        on.discard(key)
        component.append(key)
        if key == root:
            return component[::-1]
