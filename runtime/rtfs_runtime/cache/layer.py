"""What every cache layer offers, and the data it tells about itself.

In: nothing. Out: `CacheLayer`, whose async twins are made here of the plain methods, so that both share one
code; `CacheConfig`, `CacheStats` and the errors. A broken store is a miss and a warning, never a failed call.
Source: delegation §4.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Generic, Literal, NamedTuple, TypeVar, get_args

K = TypeVar("K")
V = TypeVar("V")
T = TypeVar("T")

EvictionPolicy = Literal["LRU", "LFU", "FIFO", "RANDOM", "TTL"]


class CacheError(Exception):
    """A cache that cannot do what it was asked."""


class CacheFull(CacheError):
    """Nothing may be evicted and nothing more fits."""


class KeyNotFound(CacheError):
    """An operation that needs an entry found none."""


class SerializationError(CacheError):
    """A value cannot be written, or what is stored is not one."""


class StorageError(CacheError):
    """The store behind a layer failed."""


class ConfigError(CacheError):
    """A configuration makes no sense."""


class CacheConfig(NamedTuple):
    """How a layer keeps entries; `max_size` counts entries, None means without bound."""

    max_size: int | None = 1000
    ttl_s: float | None = None
    eviction_policy: EvictionPolicy = "LRU"
    persistence: bool = False
    confidence_threshold: float = 0.0


def check_config(config: CacheConfig) -> CacheConfig:
    """Give a configuration back.

    Raises: ConfigError when it makes no sense.
    """
    if config.max_size is not None and config.max_size < 1:
        raise ConfigError(f"max_size must be at least 1, not {config.max_size}; None is without bound")
    if config.ttl_s is not None and not config.ttl_s > 0:
        raise ConfigError(f"ttl_s must be more than 0, not {config.ttl_s}; None keeps entries for ever")
    if config.eviction_policy not in get_args(EvictionPolicy):
        known = ", ".join(get_args(EvictionPolicy))
        raise ConfigError(f"unknown eviction_policy {config.eviction_policy!r}; there are {known}")
    if not 0 <= config.confidence_threshold <= 1:
        raise ConfigError(f"confidence_threshold must be from 0 to 1, not {config.confidence_threshold}")
    return config


class CacheStats(NamedTuple):
    """What a layer did so far; `last_updated` is a time in seconds, None before anything happened."""

    hits: int = 0
    misses: int = 0
    puts: int = 0
    invalidations: int = 0
    evictions: int = 0
    size: int = 0
    capacity: int | None = None
    last_updated: float | None = None

    @property
    def hit_rate(self) -> float:
        """The share of look-ups that found something, from 0 to 1."""
        asked = self.hits + self.misses
        return self.hits / asked if asked else 0.0


class CacheLayer(ABC, Generic[K, V]):
    """One layer."""

    @abstractmethod
    def get(self, key: K) -> V | None:
        """Give the value of a key, None when there is none."""

    @abstractmethod
    def put(self, key: K, value: V) -> None:
        """Keep a value."""

    @abstractmethod
    def invalidate(self, key: K) -> bool:
        """Forget a key; tell whether it was there."""

    @abstractmethod
    def clear(self) -> None:
        """Forget everything."""

    @abstractmethod
    def stats(self) -> CacheStats:
        """Tell what happened so far."""

    @abstractmethod
    def config(self) -> CacheConfig:
        """Give the configuration."""

    async def get_async(self, key: K) -> V | None:
        """Do as `get`, off the event loop."""
        return await _threaded(self.get, key)

    async def put_async(self, key: K, value: V) -> None:
        """Do as `put`, off the event loop."""
        await _threaded(self.put, key, value)

    async def invalidate_async(self, key: K) -> bool:
        """Do as `invalidate`, off the event loop."""
        return await _threaded(self.invalidate, key)

    async def clear_async(self) -> None:
        """Do as `clear`, off the event loop."""
        await _threaded(self.clear)


async def _threaded(function: Callable[..., T], *args: object) -> T:
    # whoever awaits has asyncio already; the run path of others goes without
    from asyncio import to_thread

    return await to_thread(function, *args)
