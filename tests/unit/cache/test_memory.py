"""The layer in memory against a plain model: a list of entries, searched from end to end."""

from __future__ import annotations

import math
import threading
from typing import NamedTuple

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from rtfs_runtime.cache.layer import CacheConfig, ConfigError, EvictionPolicy
from rtfs_runtime.cache.memory import MemoryCache

KEYS = st.integers(0, 6)


class Kept(NamedTuple):
    key: int
    value: int
    expires_s: float
    reads: int
    touched: int
    number: int


class Model:
    """What the policies mean, written without regard to cost."""

    def __init__(self, policy: EvictionPolicy, size: int, ttl_s: float | None) -> None:
        self.policy = policy
        self.size = size
        self.ttl_s = ttl_s
        self.kept: list[Kept] = []
        self.now_s = 0.0
        self.clock = 0
        self.evicted = self.hits = self.misses = 0
        # the order in which RANDOM sees its keys is its own affair: the model is told what it drew
        self.drawn: int | None = None

    def find(self, key: int) -> Kept | None:
        return next((one for one in self.kept if one.key == key), None)

    def get(self, key: int) -> int | None:
        found = self.find(key)
        if found is not None and found.expires_s <= self.now_s:
            self.kept.remove(found)
            self.evicted += 1
            found = None
        if found is None:
            self.misses += 1
            return None
        self.hits += 1
        self.clock += 1
        place = self.kept.index(found)
        self.kept[place] = found._replace(reads=found.reads + 1, touched=self.clock)
        return found.value

    def victim(self) -> Kept:
        order = {
            "LRU": lambda one: one.touched,
            "LFU": lambda one: (one.reads, one.touched),
            "FIFO": lambda one: one.number,
            "TTL": lambda one: (one.expires_s, one.number),
        }
        return min(self.kept, key=order[self.policy])

    def put(self, key: int, value: int, ttl_s: float | None) -> None:
        found = self.find(key)
        if found is not None:
            self.kept.remove(found)
        elif len(self.kept) == self.size:
            victim = self.find(self.drawn) if self.drawn is not None else self.victim()
            assert victim is not None
            self.kept.remove(victim)
            self.evicted += 1
        lasts_s = self.ttl_s if ttl_s is None else ttl_s
        expires_s = math.inf if lasts_s is None else self.now_s + lasts_s
        self.clock += 1
        self.kept.append(Kept(key, value, expires_s, 0, self.clock, self.clock))


class MemoryAgainstModel(RuleBasedStateMachine):
    policy: EvictionPolicy = "LRU"

    @initialize(size=st.integers(1, 5), ttl_s=st.none() | st.integers(1, 5), draw=st.integers(0, 100))
    def start(self, size: int, ttl_s: float | None, draw: int) -> None:
        self.model = Model(self.policy, size, ttl_s)
        config = CacheConfig(size, ttl_s, self.policy)
        self.draw = draw
        self.cache: MemoryCache[int, int] = MemoryCache(config, lambda: self.model.now_s, self.below)

    def below(self, limit: int) -> int:
        return self.draw % limit

    @rule(key=KEYS, value=st.integers(), ttl_s=st.none() | st.integers(1, 9))
    def put(self, key: int, value: int, ttl_s: float | None) -> None:
        before = {one.key for one in self.model.kept}
        self.cache.put(key, value, ttl_s)
        if self.policy == "RANDOM":
            gone = before - set(self.cache._entries)
            self.model.drawn = next(iter(gone), None)
        self.model.put(key, value, ttl_s)

    @rule(key=KEYS)
    def get(self, key: int) -> None:
        assert self.cache.get(key) == self.model.get(key)

    @rule(key=KEYS)
    def peek(self, key: int) -> None:
        found = self.model.find(key)
        live = found is not None and found.expires_s > self.model.now_s
        assert self.cache.peek(key) == (found.value if live and found is not None else None)

    @rule(key=KEYS)
    def invalidate(self, key: int) -> None:
        found = self.model.find(key)
        assert self.cache.invalidate(key) == (found is not None)
        if found is not None:
            self.model.kept.remove(found)

    @rule(limit=st.integers())
    def invalidate_some(self, limit: int) -> None:
        gone = [one for one in self.model.kept if one.value > limit]
        assert self.cache.invalidate_where(lambda _, value: value > limit) == len(gone)
        for one in gone:
            self.model.kept.remove(one)

    @rule()
    def clear(self) -> None:
        self.cache.clear()
        self.model.kept.clear()

    @rule(seconds=st.integers(0, 4))
    def wait(self, seconds: int) -> None:
        self.model.now_s += seconds

    @invariant()
    def same_entries(self) -> None:
        if not hasattr(self, "cache"):
            return
        live = [(one.key, one.value) for one in self.model.kept if one.expires_s > self.model.now_s]
        assert sorted(self.cache.items()) == sorted(live)
        stats = self.cache.stats()
        assert (stats.hits, stats.misses, stats.evictions, stats.size) == (
            self.model.hits, self.model.misses, self.model.evicted, len(live),
        )  # fmt: skip
        assert len(self.cache._entries) <= self.model.size


def machine(policy: EvictionPolicy) -> type:
    made = type(f"Memory{policy}", (MemoryAgainstModel,), {"policy": policy})
    test: type = made.TestCase
    test.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
    return test


TestLru = machine("LRU")
TestLfu = machine("LFU")
TestFifo = machine("FIFO")
TestRandom = machine("RANDOM")
TestTtl = machine("TTL")


@pytest.mark.parametrize("policy", ["LRU", "LFU", "FIFO", "RANDOM", "TTL"])
def test_a_long_life_leaves_nothing_behind(policy: EvictionPolicy) -> None:
    cache: MemoryCache[int, int] = MemoryCache(CacheConfig(50, 10, policy), lambda: 0.0)
    for number in range(5_000):
        cache.put(number % 130, number)
        cache.get(number % 7)
        cache.invalidate(number % 11)
    # what removed keys leave behind would be room lost for ever
    kept = [value for value in vars(cache._order).values() if hasattr(value, "__len__")]
    assert all(len(each) <= 200 for each in kept)
    assert cache.stats().size <= 50


def test_threads_share_it() -> None:
    cache: MemoryCache[int, int] = MemoryCache(CacheConfig(20), lambda: 0.0)

    def use(start: int) -> None:
        for step in range(20):
            key = (start + step) % 40
            cache.put(key, key)
            assert cache.get(key) in (key, None)

    threads = [threading.Thread(target=use, args=(number,)) for number in range(1000)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    stats = cache.stats()
    assert stats.size == 20
    assert stats.puts == 20_000
    assert stats.hits + stats.misses == 20_000
    assert len(cache.items()) == 20


@pytest.mark.parametrize(
    ("config", "named"),
    [
        (CacheConfig(max_size=0), "max_size"),
        (CacheConfig(ttl_s=0), "ttl_s"),
        (CacheConfig(ttl_s=math.nan), "ttl_s"),
        (CacheConfig(eviction_policy="MRU"), "LRU, LFU, FIFO, RANDOM, TTL"),  # type: ignore[arg-type]
        (CacheConfig(confidence_threshold=1.5), "confidence_threshold"),
    ],
)
def test_a_senseless_configuration_is_refused(config: CacheConfig, named: str) -> None:
    with pytest.raises(ConfigError, match=named):
        MemoryCache(config, lambda: 0.0)


def test_without_a_bound_nothing_is_evicted() -> None:
    cache: MemoryCache[int, int] = MemoryCache(CacheConfig(None), lambda: 0.0)
    for number in range(3000):
        cache.put(number, number)
    assert cache.stats().size == 3000
