"""Which entry goes when a cache is full: one order per eviction policy.

In: keys as they are added, touched and removed. Out: the key to evict next. Entries themselves, time and
locks are left to `memory`.
"""

from __future__ import annotations

import heapq
from abc import ABC, abstractmethod
from collections import OrderedDict
from collections.abc import Callable, Mapping
from itertools import count
from types import MappingProxyType
from typing import Final, Generic, TypeVar

from rtfs_runtime.cache.layer import EvictionPolicy

K = TypeVar("K")

# how many removed keys a heap may hold beside as many present ones
_SLACK: Final = 64


class Order(ABC, Generic[K]):
    """The order of the keys of one cache."""

    @abstractmethod
    def add(self, key: K, expires_s: float) -> None:
        """Take a key that is not there."""

    @abstractmethod
    def remove(self, key: K) -> None:
        """Forget a key that is there."""

    @abstractmethod
    def victim(self) -> K:
        """Give the key to evict next; there is one."""

    # most orders do not care; those that do override it
    def touch(self, key: K) -> None:
        """Note that a key that is there was read."""


class _Fifo(Order[K]):
    """What came first goes first."""

    def __init__(self) -> None:
        # a plain dict finds its first key in linear time once many before it were removed
        self._keys: OrderedDict[K, None] = OrderedDict()

    def add(self, key: K, expires_s: float) -> None:
        self._keys[key] = None

    def remove(self, key: K) -> None:
        del self._keys[key]

    def victim(self) -> K:
        return next(iter(self._keys))


class _Lru(_Fifo[K]):
    """What was not read for longest goes first."""

    def touch(self, key: K) -> None:
        self._keys.move_to_end(key)


class _Lfu(Order[K]):
    """What was read least goes first; of several, what was not read for longest."""

    def __init__(self) -> None:
        self._counts: dict[K, int] = {}
        self._same: dict[int, OrderedDict[K, None]] = {}

    def add(self, key: K, expires_s: float) -> None:
        self._place(key, 1)

    def touch(self, key: K) -> None:
        reads = self._counts[key]
        self.remove(key)
        self._place(key, reads + 1)

    def remove(self, key: K) -> None:
        reads = self._counts.pop(key)
        same = self._same[reads]
        del same[key]
        if not same:
            del self._same[reads]

    def victim(self) -> K:
        # there are as many groups as there are different counts: at most the square root of all reads
        return next(iter(self._same[min(self._same)]))

    def _place(self, key: K, reads: int) -> None:
        self._counts[key] = reads
        same = self._same.get(reads)
        if same is None:
            same = self._same[reads] = OrderedDict()
        same[key] = None


class _Random(Order[K]):
    """Any goes."""

    def __init__(self, random_below: Callable[[int], int]) -> None:
        self._random_below = random_below
        self._keys: list[K] = []
        self._places: dict[K, int] = {}

    def add(self, key: K, expires_s: float) -> None:
        self._places[key] = len(self._keys)
        self._keys.append(key)

    def remove(self, key: K) -> None:
        place = self._places.pop(key)
        last = self._keys.pop()
        if place < len(self._keys):
            self._keys[place] = last
            self._places[last] = place

    def victim(self) -> K:
        return self._keys[self._random_below(len(self._keys))]


class _Ttl(Order[K]):
    """What goes stale soonest goes first; of several, what came first."""

    def __init__(self) -> None:
        self._numbers = count()
        self._heap: list[tuple[float, int, K]] = []
        self._present: dict[K, tuple[float, int]] = {}

    def add(self, key: K, expires_s: float) -> None:
        stamp = (expires_s, next(self._numbers))
        self._present[key] = stamp
        heapq.heappush(self._heap, (*stamp, key))

    def remove(self, key: K) -> None:
        del self._present[key]
        # removed keys stay in the heap until they come up, or until they outnumber the others
        if len(self._heap) > 2 * len(self._present) + _SLACK:
            self._heap = [(*stamp, key) for key, stamp in self._present.items()]
            heapq.heapify(self._heap)

    def victim(self) -> K:
        while True:
            expires_s, number, key = self._heap[0]
            if self._present.get(key) == (expires_s, number):
                return key
            heapq.heappop(self._heap)


_ORDERS: Final[Mapping[EvictionPolicy, Callable[[], Order[object]]]] = MappingProxyType(
    {"LRU": _Lru, "LFU": _Lfu, "FIFO": _Fifo, "TTL": _Ttl}
)


def make_order(policy: EvictionPolicy, random_below: Callable[[int], int]) -> Order[K]:
    """Make the order of a policy; `random_below` draws from 0 up to a limit, for RANDOM."""
    if policy == "RANDOM":
        return _Random(random_below)
    return _ORDERS[policy]()  # type: ignore[return-value]
