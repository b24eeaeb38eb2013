"""L2: what a model answered to a request, by the digest of the whole request.

In: requests, who would answer them, and how to ask. Out: replies, each with a `Lookup` that says where it
came from and why. Hot entries are in memory, cold ones in SQLite; a cold hit becomes hot. One computation per
key at a time. Never kept: errors, answers cut short, answers sampled without a seed unless a rule says so.
Whether an answer is good enough to be used is left to the dispatcher. Source: delegation §4.
"""

from __future__ import annotations

import threading
from collections.abc import Awaitable, Callable
from typing import Final, NamedTuple, TypeAlias

from rtfs_runtime.cache.cold import ColdStore
from rtfs_runtime.cache.flight import SingleFlight, WaitTimeout
from rtfs_runtime.cache.inference_result import (
    KEPT_REASONS,
    About,
    InferenceResult,
    read_result,
    result_of,
    write_result,
)
from rtfs_runtime.cache.layer import CacheConfig, CacheLayer, CacheStats, SerializationError
from rtfs_runtime.cache.memory import MemoryCache
from rtfs_runtime.cache.request_key import Answerer, RequestKey, key_of
from rtfs_runtime.cache.sqlite import Entry, Labels
from rtfs_runtime.host.world import REAL
from rtfs_runtime.providers.base import ModelReply, ModelRequest, ProviderError
from rtfs_runtime.trace import Usage

DEFAULT_CONFIG: Final = CacheConfig(max_size=2000, ttl_s=7200.0, persistence=True)
COLD_ENTRIES: Final = 100_000
# the failures that are one caller's own, of its time, its wish to go on or its budget
_OWN_FAILURES: Final = ("timeout", "cancelled", "policy")


class Use(NamedTuple):
    """How the rule of a call uses this layer.

    Shape: `sampled` keeps answers of a temperature above 0 without a seed. `off` asks the model every time
           and keeps nothing.
    Units: `ttl_s` None is as configured.
    """

    ttl_s: float | None = None
    min_confidence: float = 0.0
    sampled: bool = False
    off: bool = False


class Lookup(NamedTuple):
    """What became of one look-up.

    Shape: `layer` is where the answer was: hot, cold, flight (another caller was asking the same just then),
           or nothing. `saved` is what the model took when it answered.
    """

    hit: bool
    layer: str
    why: str
    key: bytes = b""
    saved: Usage = Usage()


Infer: TypeAlias = Callable[[ModelRequest], ModelReply]
InferAsync: TypeAlias = Callable[[ModelRequest], Awaitable[ModelReply]]
Answered: TypeAlias = "tuple[ModelReply, Lookup]"
AS_CONFIGURED: Final = Use()


class InferenceCache(CacheLayer[bytes, InferenceResult]):
    """Replies by request.

    Shape: `cold` None keeps them in memory only.
    Units: `clock` gives seconds since the Unix epoch, `elapsed_s` is the clock of deadlines.
    Cost:  a hot hit 15 us, of which the key takes 10; a cold one 100 us.
    Thread: any, and any event loop.
    """

    def __init__(
        self,
        clock: Callable[[], float],
        config: CacheConfig = DEFAULT_CONFIG,
        cold: ColdStore | None = None,
        elapsed_s: Callable[[], float] = REAL.elapsed_s,
    ) -> None:
        self._clock = clock
        self._elapsed_s = elapsed_s
        self._config = config._replace(persistence=cold is not None)
        self._hot: MemoryCache[bytes, InferenceResult] = MemoryCache(config, clock)
        self._cold = cold
        self._counting = threading.Lock()
        self._hits = self._misses = self._puts = self._invalidations = 0
        self._saved = Usage(0, 0, 0.0)
        self._told: dict[str, float] = {}
        self._flights: SingleFlight[bytes, Answered] = SingleFlight(_is_shared)

    # what the dispatcher calls

    def answer(
        self, request: ModelRequest, answerer: Answerer, infer: Infer, use: Use = AS_CONFIGURED
    ) -> Answered:
        """Answer from the cache, else by `infer`, whose reply is kept; what `infer` raises is not.

        Raises: what `infer` raises; ProviderError timeout when the deadline comes while another caller asks.
        """
        return self.look(request, answerer, use) or self.ask(request, answerer, infer, use)

    def look(self, request: ModelRequest, answerer: Answerer, use: Use = AS_CONFIGURED) -> Answered | None:
        """Give what is kept for a request, if anything is."""
        key, _ = self._key(request, answerer, use)
        return None if key is None else self._look(key, use)

    def ask(
        self, request: ModelRequest, answerer: Answerer, infer: Infer, use: Use = AS_CONFIGURED
    ) -> Answered:
        """Answer by `infer` after `look` found nothing, once for all callers that ask the same just now."""
        key, why_not = self._key(request, answerer, use)
        if key is None:
            return infer(request), Lookup(False, "", why_not)

        def compute() -> Answered:
            return self._again(key, use) or self._keep(key, request, infer(request), use)

        try:
            answered, shared = self._flights.run(key.key, compute, lambda: self._left_s(request))
        except WaitTimeout:
            raise _late() from None
        return self._shared(answered) if shared else answered

    async def answer_async(
        self, request: ModelRequest, answerer: Answerer, infer: InferAsync, use: Use = AS_CONFIGURED
    ) -> Answered:
        """Do as `answer`, without blocking the event loop for a model; a look on disk is as short as a
        switch of threads."""
        key, why_not = self._key(request, answerer, use)
        if key is None:
            return await infer(request), Lookup(False, "", why_not)
        answered = self._look(key, use)
        if answered is not None:
            return answered

        async def compute() -> Answered:
            return self._again(key, use) or self._keep(key, request, await infer(request), use)

        try:
            answered, shared = await self._flights.run_async(key.key, compute, lambda: self._left_s(request))
        except WaitTimeout:
            raise _late() from None
        return self._shared(answered) if shared else answered

    # views

    def get_inference(self, request: ModelRequest, answerer: Answerer) -> InferenceResult | None:
        """Give the result of a request."""
        return self.get(key_of(request, answerer).key)

    def put_inference(self, request: ModelRequest, answerer: Answerer, result: InferenceResult) -> None:
        """Keep the result of a request."""
        key = key_of(request, answerer)
        self.put(key.key, result._replace(about=About.of(request, key.fingerprints())))

    def invalidate_inference(self, request: ModelRequest, answerer: Answerer) -> bool:
        """Forget the result of a request; tell whether there was one."""
        return self.invalidate(key_of(request, answerer).key)

    def get_model_results(self, model_id: str, tenant: str = "") -> dict[bytes, InferenceResult]:
        """Give what a model answered to a tenant, by key, oldest first."""
        hot = [
            (key, one)
            for key, one in self._hot.items()
            if one.about.model == model_id and one.about.tenant == tenant
        ]
        cold = [] if self._cold is None else self._cold.find(Labels(model_id, None, tenant, None))
        return _by_age(hot, cold)

    def get_input_results(self, request: ModelRequest) -> dict[bytes, InferenceResult]:
        """Give what any model answered to the tenant's same messages, by key, oldest first."""
        about = About.of(request, {})
        hot = [
            (key, one)
            for key, one in self._hot.items()
            if one.about.input == about.input and one.about.tenant == about.tenant
        ]
        cold = [] if self._cold is None else self._cold.find(Labels(None, None, about.tenant, about.input))
        return _by_age(hot, cold)

    def peek(self, key: bytes) -> InferenceResult | None:
        """Give what `get` would, but count nothing."""
        found, _ = self._find(key)
        return None if found is None or _is_under(found, self._config.confidence_threshold) else found

    # the protocol

    def get(self, key: bytes) -> InferenceResult | None:
        """Give a result, unless it is stale or its confidence is under the threshold."""
        found, _ = self._find(key)
        if found is not None and _is_under(found, self._config.confidence_threshold):
            found = None
        self._count(None if found is None else Usage())
        return found

    def put(self, key: bytes, value: InferenceResult, ttl_s: float | None = None) -> None:
        """Keep a result, for `ttl_s` seconds instead of as long as configured.

        Raises: SerializationError when it cannot be written; nothing is kept then.
        """
        lasts_s = self._config.ttl_s if ttl_s is None else ttl_s
        if self._cold is not None:
            about = value.about
            labels = Labels(about.model, about.function, about.tenant, about.input)
            expires_s = None if lasts_s is None else self._clock() + lasts_s
            self._cold.put(Entry(key, write_result(value), value.created_at, expires_s, labels))
        self._hot.put(key, value, lasts_s)
        with self._counting:
            self._puts += 1

    def invalidate(self, key: bytes) -> bool:
        """Forget a result; tell whether it was there."""
        hot = self._hot.invalidate(key)
        gone = (self._cold is not None and self._cold.remove(key)) or hot
        with self._counting:
            self._invalidations += gone
        return gone

    def clear(self) -> None:
        """Forget every result, on disk too."""
        self._hot.clear()
        if self._cold is not None:
            self._cold.clear()

    def stats(self) -> CacheStats:
        """Tell what happened so far; with a file, `size` and `capacity` are its own."""
        hot = self._hot.stats()
        with self._counting:
            counts = CacheStats(self._hits, self._misses, self._puts, self._invalidations)
        size, capacity = hot.size, hot.capacity
        if self._cold is not None:
            size, capacity = self._cold.count(), COLD_ENTRIES
        return counts._replace(
            evictions=hot.evictions, size=size, capacity=capacity, last_updated=hot.last_updated
        )

    def config(self) -> CacheConfig:
        """Give the configuration of the hot entries."""
        return self._config

    def flush(self) -> None:
        """Wait until every kept result is on disk."""
        if self._cold is not None:
            self._cold.flush()

    def close(self) -> None:
        """Flush, add to the counts on disk, and close the file."""
        if self._cold is not None:
            counts = self.totals()
            self._cold.add_counts({name: now - self._told.get(name, 0) for name, now in counts.items()})
            self._told = counts
            self._cold.close()

    def totals(self) -> dict[str, float]:
        """Give the counts of this process by name: what was asked for and what hits saved."""
        with self._counting:
            return {
                "hits": self._hits,
                "misses": self._misses,
                "puts": self._puts,
                "saved_tokens": self._saved.input_tokens + self._saved.output_tokens,
                "saved_usd": self._saved.cost_usd or 0.0,
            }

    # how

    def _key(self, request: ModelRequest, answerer: Answerer, use: Use) -> tuple[RequestKey | None, str]:
        if use.off:
            return None, "the rule switches L2 off"
        if request.sampling.temperature > 0 and request.sampling.seed is None and not use.sampled:
            return None, "sampled without a seed"
        try:
            return key_of(request, answerer), ""
        except SerializationError as error:
            return None, str(error)

    def _find(self, key: bytes) -> tuple[InferenceResult | None, str]:
        found = self._hot.get(key)
        if found is not None or self._cold is None:
            return found, "hot"
        entry = self._cold.get(key)
        if entry is None:
            return None, "cold"
        try:
            found = read_result(entry.value)
        except SerializationError:
            # written by a version that keeps other things
            return None, "cold"
        # what is left of its time: becoming hot makes nothing younger
        self._hot.put(key, found, None if entry.expires_s is None else entry.expires_s - self._clock())
        return found, "cold"

    def _look(self, key: RequestKey, use: Use) -> Answered | None:
        found, layer = self._find(key.key)
        if found is None or self._unfit(found, use):
            self._count(None)
            return None
        self._count(found.usage)
        age_s = max(self._clock() - found.created_at, 0.0)
        why = f"the same request was answered {age_s:.0f} s ago"
        return found.reply(), Lookup(True, layer, why, key.key, found.usage)

    def _again(self, key: RequestKey, use: Use) -> Answered | None:
        """Look once more: another caller's computation may have ended between the look and its own."""
        found = self._hot.peek(key.key)
        if found is None or self._unfit(found, use):
            return None
        return found.reply(), Lookup(
            True, "flight", "the same request was being answered", key.key, found.usage
        )

    def _unfit(self, found: InferenceResult, use: Use) -> str:
        """Tell why a result is not served, nothing when it is."""
        age_s = self._clock() - found.created_at
        if use.ttl_s is not None and age_s >= use.ttl_s:
            return f"the answer is {age_s:.0f} s old, the rule allows {use.ttl_s:g} s"
        least = max(use.min_confidence, self._config.confidence_threshold)
        if _is_under(found, least):
            return f"the answer's confidence {found.confidence:.2f} is under {least:.2f}"
        return ""

    def _keep(self, key: RequestKey, request: ModelRequest, reply: ModelReply, use: Use) -> Answered:
        before = self._hot.peek(key.key)
        why = "this request was not answered before" if before is None else self._unfit(before, use)
        missed = Lookup(False, "", why, key.key)
        if reply.stop_reason not in KEPT_REASONS:
            return reply, missed._replace(why=f"{why}; not kept: the answer was cut short")
        try:
            result = result_of(reply, self._clock(), About.of(request, key.fingerprints()))
            self.put(key.key, result, use.ttl_s)
        except SerializationError as error:
            # what a provider adds to its answer may be anything; such a request is asked each time
            return reply, missed._replace(why=f"{why}; not kept: {error}")
        return reply, missed

    def _count(self, saved: Usage | None) -> None:
        """Count a hit that saved something, or a miss."""
        with self._counting:
            if saved is None:
                self._misses += 1
            else:
                self._hits += 1
                self._saved = add_usage(self._saved, saved)

    def _shared(self, answered: Answered) -> Answered:
        """Make the hit of another caller's answer; the look before it was counted as a miss, and was one."""
        reply, lookup = answered
        saved = lookup.saved if lookup.hit else reply.usage
        with self._counting:
            self._saved = add_usage(self._saved, saved)
        why = "the same request was being answered"
        reply = reply._replace(usage=Usage(0, 0, 0.0), latency_s=0.0)
        return reply, Lookup(True, "flight", why, lookup.key, saved)

    def _left_s(self, request: ModelRequest) -> float | None:
        return None if request.deadline_s is None else max(request.deadline_s - self._elapsed_s(), 0.0)


def _is_under(result: InferenceResult, threshold: float) -> bool:
    return result.confidence is not None and result.confidence < threshold


def _is_shared(error: Exception) -> bool:
    return not (isinstance(error, ProviderError) and error.kind in _OWN_FAILURES)


def _late() -> ProviderError:
    return ProviderError("the deadline came while the same request was being answered", "timeout")


def add_usage(one: Usage, two: Usage) -> Usage:
    """Add what two answers took; an unknown price counts as nothing."""
    return Usage(
        one.input_tokens + two.input_tokens,
        one.output_tokens + two.output_tokens,
        (one.cost_usd or 0.0) + (two.cost_usd or 0.0),
    )


def _by_age(hot: list[tuple[bytes, InferenceResult]], cold: list[Entry]) -> dict[bytes, InferenceResult]:
    found = dict(hot)
    for entry in cold:
        if entry.key not in found:
            try:
                found[entry.key] = read_result(entry.value)
            except SerializationError:
                continue
    return dict(sorted(found.items(), key=lambda pair: (pair[1].created_at, pair[0])))
