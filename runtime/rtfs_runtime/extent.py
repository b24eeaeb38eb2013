"""How much there is to write when a value becomes text: what is shared counts each time.

In: a value and the most parts that may be written. Out: nothing, or LimitExceeded. Sixty lines of a plan make
a vector that holds itself twice sixty times over: its text would fill the memory long before it ends.
"""

from __future__ import annotations

from typing import Any, Final

from rtfs_runtime.errors import LimitExceeded
from rtfs_runtime.maps import BigMap
from rtfs_runtime.values import List, Set
from rtfs_runtime.vectors import BigVector

_CONTAINERS: Final = frozenset({tuple, dict, List, Set, BigVector, BigMap})


def check_extent(value: object, most: int) -> None:
    """Refuse a value of more than `most` parts: atoms, and containers, which are one more each.

    Cost: linear in the number of distinct containers and their elements.
    """
    counts: dict[int, int] = {}
    open_ones = [_Open(value, counts)]
    while open_ones:
        top = open_ones[-1]
        for each in top.left:
            if id(each) not in counts:
                open_ones.append(_Open(each, counts))
                break
        else:
            container = open_ones.pop().container
            found = 1 + len(container) + sum([counts[id(each)] for each in top.inner])
            if found > most:
                raise LimitExceeded("output size", f"{most} parts")
            counts[id(container)] = found


def _elements(container: Any) -> Any:
    kind = container.__class__
    return container.values() if kind is dict or kind is BigMap else container


class _Open:
    """A container being counted: the containers in it, and those of them that are left."""

    __slots__ = ("container", "inner", "left")

    def __init__(self, container: Any, counts: dict[int, int]) -> None:
        self.container = container
        self.inner = [each for each in _elements(container) if each.__class__ in _CONTAINERS]
        for each in self.inner:
            # most hold atoms only
            if _CONTAINERS.isdisjoint(map(type, _elements(each))):
                counts[id(each)] = 1 + len(each)  # type: ignore[arg-type]
        self.left = iter(self.inner)
