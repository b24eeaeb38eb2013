"""L3: the answer to a question that says the same in other words.

In: queries, after L2 found nothing. Out: the L2 result of a like one that the guards let pass, with how like
it is and why; what was seen of a function decides how like it must be (`evidence`). Off for every function
until its rule turns it on. An answer is never served on likeness alone. Source: delegation §4.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from hashlib import sha256
from typing import TYPE_CHECKING, Final, NamedTuple

from rtfs_runtime.cache.cold import ColdStore
from rtfs_runtime.cache.embedding import DIMENSIONS, Embedder, MiniLm
from rtfs_runtime.cache.evidence import (
    DEFAULT_THRESHOLD,
    LOWEST,
    Seen,
    Trust,
    bin_of,
    trust,
)
from rtfs_runtime.cache.guards import refusal
from rtfs_runtime.cache.inference_result import InferenceResult
from rtfs_runtime.cache.l2_inference import Answered, Infer, InferenceCache, Lookup, Use, add_usage
from rtfs_runtime.cache.l3_query import GUARDS_VERSION, Likeness, Query, quotes
from rtfs_runtime.cache.layer import (
    CacheConfig,
    CacheError,
    CacheLayer,
    CacheStats,
    ConfigError,
    check_config,
)
from rtfs_runtime.cache.request_key import Answerer
from rtfs_runtime.cache.sqlite import ANY_LABELS, Entry, Labels
from rtfs_runtime.cache.vector_index import Neighbour, VectorIndex
from rtfs_runtime.host.world import REAL
from rtfs_runtime.providers.base import ModelReply, ModelRequest
from rtfs_runtime.trace import Usage

if TYPE_CHECKING:
    from rtfs_runtime.cache.embedding import Vector

DEFAULT_CONFIG: Final = CacheConfig(max_size=1000, ttl_s=3600.0)
LONGEST_TTL_S: Final = 86_400.0
_SCOPES: Final = 256
_CANDIDATES: Final = 8
_FIRST_CHECKS: Final = 5
_VECTOR_BYTES: Final = 4 * DIMENSIONS
_SHOWN_CHARS: Final = 100


class Match(NamedTuple):
    """The likest earlier question that the guards let pass, and what answered it."""

    likeness: float
    text: str
    key: bytes
    result: InferenceResult


class Parts(NamedTuple):
    """What else a semantic cache is made of: its encoder, whom to warn, chance."""

    embedder: Embedder | None = None
    warn: Callable[[str], None] = lambda _text: None
    random: Callable[[], float] = REAL.random


class Inquiry(NamedTuple):
    """One question to L3 with the rules for it; `same` compares two answers."""

    query: Query
    rule: Likeness = Likeness()
    use: Use = Use()
    same: Callable[[str, str], bool] = lambda one, other: one.strip() == other.strip()


class SemanticCache(CacheLayer[Query, bytes]):
    """Keys of L2 by question.

    Shape: `cold` None keeps questions and what was seen of functions in memory only. `warn` is told when a
           function switches its likeness off, and when the encoder cannot be had.
    Units: `clock` gives seconds since the Unix epoch.
    Cost:  a look takes 5 ms on one core, nearly all of it for the encoder; 0.5 ms of it for 10,000 entries.
    Thread: any.
    """

    def __init__(
        self,
        answers: InferenceCache,
        clock: Callable[[], float],
        config: CacheConfig = DEFAULT_CONFIG,
        cold: ColdStore | None = None,
        parts: Parts | None = None,
    ) -> None:
        if config.ttl_s is None or config.ttl_s > LONGEST_TTL_S:
            raise ConfigError(f"ttl_s of L3 must be at most {LONGEST_TTL_S:g}, not {config.ttl_s}")
        parts = parts or Parts()
        self._answers = answers
        self._clock = clock
        self._config = check_config(config)._replace(persistence=cold is not None)
        self._cold = cold
        self._embedder = parts.embedder or MiniLm()
        self._warn = parts.warn
        self._random = parts.random
        self._lock = threading.RLock()
        self._scopes: OrderedDict[bytes, VectorIndex] = OrderedDict()
        self._seen: dict[str, dict[str, float]] = {}
        self._off: set[str] = set()
        self._hits = self._misses = self._puts = self._invalidations = self._evictions = 0
        self._served, self._saved = 0, Usage()
        self._told: dict[str, float] = {}
        self._broken = False

    # what the dispatcher calls

    def answer(self, request: ModelRequest, answerer: Answerer, infer: Infer, inquiry: Inquiry) -> Answered:
        """Answer from L2, else from a question that says the same, else by `infer`.

        Raises: what `InferenceCache.answer` raises.
        """
        found = self._answers.look(request, answerer, inquiry.use)
        if found is not None:
            return found
        match, why, served = self._find(inquiry)
        if match is not None and served:
            if not self._is_checked(inquiry):
                saved = match.result.usage
                with self._lock:
                    self._served += 1
                    self._saved = add_usage(self._saved, saved)
                return match.result.reply(), Lookup(True, "l3", why, match.key, saved)
            why = f"{why}, asked all the same to compare"
        reply, lookup = self._answers.ask(request, answerer, infer, inquiry.use)
        if not lookup.hit:
            if match is not None:
                self._learn(inquiry, match, reply)
            self._keep(inquiry, lookup.key, reply)
        return reply, lookup._replace(why=f"{lookup.why}; {why}")

    def trusted(self, query: Query, rule: Likeness) -> Trust:
        """Tell how like a question of this function must be, from what was seen so far."""
        return trust(self.seen(query), rule.max_error, _least(rule))

    def seen(self, query: Query) -> Seen:
        """Give what was seen of the function of a query."""
        return read_seen(self._counts(_function_of(query)))

    # the protocol and its views

    def get_semantic(
        self, query: Query, least: float = DEFAULT_THRESHOLD
    ) -> tuple[InferenceResult, float] | None:
        """Give the answer to the likest question that passes, and how like it is."""
        match = self._match(query, least)
        self._count(hit=match is not None)
        return None if match is None else (match.result, match.likeness)

    def put_semantic(self, query: Query, answer: bytes, ttl_s: float | None = None) -> None:
        """Keep the L2 key of a question's answer."""
        vector = self._embed(query.text)
        if vector is None:
            return
        now_s = self._clock()
        lasts_s = min(self._lasts_s() if ttl_s is None else ttl_s, LONGEST_TTL_S)
        with self._lock:
            index = self._index(query)
            before = index.evictions
            index.add(Neighbour(query.text, answer, now_s), vector)
            self._evictions += index.evictions - before
            self._puts += 1
        if self._cold is not None:
            labels = Labels(query.model, query.function, query.tenant, query.scope)
            value = answer + vector.tobytes() + query.text.encode("utf-8", "surrogatepass")
            self._cold.put(Entry(self._entry_key(query), value, now_s, now_s + lasts_s, labels))

    def get_similar_entries(self, query: Query, least: float) -> list[tuple[str, float, str]]:
        """Give like questions: text, likeness, and why the guards refuse it or nothing."""
        vector = self._embed(query.text)
        if vector is None:
            return []
        with self._lock:
            near = self._index(query).nearest(vector, least, _CANDIDATES)
        return [(one.text, likeness, refusal(query.text, one.text)) for likeness, one in near]

    def invalidate_semantic(self, query: Query) -> bool:
        """Forget exactly this question; tell whether it was there."""
        return self.invalidate(query)

    def get(self, key: Query) -> bytes | None:
        """Give the L2 key that is kept for exactly this question."""
        with self._lock:
            found = self._index(key).get(key.text)
            if found is not None and self._is_stale(found):
                found = None
            self._count(hit=found is not None)
            return None if found is None else found.answer

    def put(self, key: Query, value: bytes) -> None:
        """Keep the L2 key of a question's answer."""
        self.put_semantic(key, value)

    def invalidate(self, key: Query) -> bool:
        """Forget exactly this question; tell whether it was there."""
        with self._lock:
            gone = self._index(key).remove(key.text)
            self._invalidations += gone
        if self._cold is not None:
            self._cold.remove(self._entry_key(key))
        return gone

    def clear(self) -> None:
        """Forget every question, on disk too; what was seen of functions stays."""
        with self._lock:
            self._scopes.clear()
        if self._cold is not None:
            self._cold.clear()

    def stats(self) -> CacheStats:
        """Tell what happened so far; with a file, `size` is its own."""
        with self._lock:
            size = sum(len(index) for index in self._scopes.values())
            counts = CacheStats(
                self._hits,
                self._misses,
                self._puts,
                self._invalidations,
                self._evictions,
            )
        return counts._replace(
            size=size if self._cold is None else self._cold.count(),
            capacity=self._config.max_size,
        )

    def config(self) -> CacheConfig:
        """Give the configuration; `max_size` counts the questions of one scope."""
        return self._config

    def close(self) -> None:
        """Write what waits, add to the counts on disk, and close the file."""
        if self._cold is not None:
            counts = self._totals()
            self._cold.add_counts({name: now - self._told.get(name, 0) for name, now in counts.items()})
            self._told = counts
            self._cold.close()

    # how

    def _find(self, inquiry: Inquiry) -> tuple[Match | None, str, bool]:
        """Give the likest question that passes, why it is or is not served, and whether it is."""
        query, rule = inquiry.query, inquiry.rule
        believed = self.trusted(query, rule)
        match = self._match(query, LOWEST)
        if match is None:
            self._count(hit=False)
            return None, "nothing like it was asked", False
        shown = f"like {_brief(query.text)!r} is {_brief(match.text)!r} ({match.likeness:.3f})"
        if believed.threshold is None:
            self._say_off(query, believed, rule)
            self._count(hit=False)
            return match, f"{shown}, but likeness is off for this function", False
        threshold = believed.threshold if rule.threshold is None else max(rule.threshold, believed.threshold)
        served = match.likeness >= threshold
        self._count(hit=served)
        return match, f"{shown}{'' if served else f', under {threshold:.2f}'}", served

    def _match(self, query: Query, least: float) -> Match | None:
        vector = self._embed(query.text)
        if vector is None:
            return None
        with self._lock:
            index = self._index(query)
            for likeness, near in index.nearest(vector, least, _CANDIDATES):
                if near.text == query.text or self._is_stale(near) or refusal(query.text, near.text):
                    continue
                result = self._answers.peek(near.answer)
                if result is not None:
                    index.touch(near.text)
                    return Match(likeness, near.text, near.answer, result)
        return None

    def _is_checked(self, inquiry: Inquiry) -> bool:
        """Tell whether a hit is asked for all the same: often at first, then a share of them."""
        _, count = self.seen(inquiry.query).above(_least(inquiry.rule))
        share = max(inquiry.rule.check_share, _FIRST_CHECKS / (_FIRST_CHECKS + count))
        return self._random() < share

    def _learn(self, inquiry: Inquiry, match: Match, reply: ModelReply) -> None:
        same = inquiry.same(match.result.output, reply.text)
        name = f"{'right' if same else 'wrong'}\t{bin_of(min(match.likeness, 1.0))}"
        function = _function_of(inquiry.query)
        with self._lock:
            counts = self._counts(function)
            counts[name] = counts.get(name, 0) + 1
        if self._cold is not None:
            self._cold.add_counts({f"{function}\t{name}": 1})
        believed = self.trusted(inquiry.query, inquiry.rule)
        if believed.threshold is None:
            self._say_off(inquiry.query, believed, inquiry.rule)
        else:
            self._off.discard(function)

    def _keep(self, inquiry: Inquiry, key: bytes, reply: ModelReply) -> None:
        if not key or self._answers.peek(key) is None:
            return
        if inquiry.rule.any_result and quotes(inquiry.query.text, reply.text):
            return
        self.put_semantic(inquiry.query, key, inquiry.rule.ttl_s)

    def _say_off(self, query: Query, believed: Trust, rule: Likeness) -> None:
        function = _function_of(query)
        if function in self._off:
            return
        self._off.add(function)
        self._warn(
            f"likeness is off for {query.function} [{query.model}]: of {believed.seen} pairs seen "
            f"{believed.wrong} had another answer, so up to {believed.bound:.1%} may be wrong, "
            f"and {rule.max_error:.1%} is allowed"
        )

    def _embed(self, text: str) -> Vector | None:
        if self._broken:
            return None
        try:
            return self._embedder.embed(text)
        except CacheError as error:
            self._broken = True
            self._warn(f"likeness is not used: {error}")
            return None

    def _entry_key(self, query: Query) -> bytes:
        text = query.text.encode("utf-8", "surrogatepass")
        return sha256(b"%b %b %b" % (query.scope, self._embedder.version.encode(), text)).digest()

    def _index(self, query: Query) -> VectorIndex:
        index = self._scopes.get(query.scope)
        if index is not None:
            self._scopes.move_to_end(query.scope)
            return index
        index = self._scopes[query.scope] = VectorIndex(DIMENSIONS, self._config.max_size)
        if len(self._scopes) > _SCOPES:
            self._scopes.popitem(last=False)
        for entry in [] if self._cold is None else self._cold.find(ANY_LABELS._replace(input=query.scope)):
            self._load(index, entry, query)
        return index

    def _load(self, index: VectorIndex, entry: Entry, query: Query) -> None:
        import numpy

        if len(entry.value) < 32 + _VECTOR_BYTES:
            return
        text = entry.value[32 + _VECTOR_BYTES :].decode("utf-8", "surrogatepass")
        # the key names the encoder: vectors of another one stay where they are
        if entry.key == self._entry_key(query._replace(text=text)):
            vector = numpy.frombuffer(entry.value, numpy.float32, DIMENSIONS, 32)
            index.add(Neighbour(text, entry.value[:32], entry.created_s), vector)

    def _is_stale(self, near: Neighbour) -> bool:
        return self._clock() - near.created_s >= self._lasts_s()

    def _lasts_s(self) -> float:
        return LONGEST_TTL_S if self._config.ttl_s is None else self._config.ttl_s

    def _counts(self, function: str) -> dict[str, float]:
        with self._lock:
            counts = self._seen.get(function)
            if counts is None:
                stored = {} if self._cold is None else self._cold.counts()
                prefix = function + "\t"
                counts = {
                    name.removeprefix(prefix): n for name, n in stored.items() if name.startswith(prefix)
                }
                self._seen[function] = counts
            return counts

    def _totals(self) -> dict[str, float]:
        with self._lock:
            tokens = self._saved.input_tokens + self._saved.output_tokens
            return {"served": self._served, "saved_tokens": tokens, "saved_usd": self._saved.cost_usd or 0.0}

    def _count(self, *, hit: bool) -> None:
        with self._lock:
            self._hits += hit
            self._misses += not hit


def read_seen(counts: dict[str, float]) -> Seen:
    """Read the counts of one function as they are stored."""
    found: dict[str, dict[int, int]] = {"right": {}, "wrong": {}}
    for name, count in counts.items():
        outcome, _, place = name.partition("\t")
        if outcome in found and place.isdigit():
            found[outcome][int(place)] = int(count)
    return Seen(found["right"], found["wrong"])


def _function_of(query: Query) -> str:
    return "\t".join((GUARDS_VERSION, query.function, query.model, query.tenant))


def _least(rule: Likeness) -> float:
    return DEFAULT_THRESHOLD if rule.threshold is None else rule.threshold


def _brief(text: str) -> str:
    return text if len(text) <= _SHOWN_CHARS else text[: _SHOWN_CHARS - 1] + "…"
