"""What the caches cost and save: latency of hits per layer, and a replayed workload under several caches.

Run: python -m benchmarks.caches [REQUESTS]. The workload draws intents by Zipf's law and says each in one of
its ways, in whatever case and with whatever courtesies; among them are pairs that look alike and have
different answers. Beside ours it goes through matching by one threshold, as other semantic caches do it, and
through LiteLLM's in-process cache where that is installed (`pip install litellm soundfile`; its cached path
imports its proxy). The model is simulated: its answer names the intent, its price is fixed; nothing is waited
for. Beside the time on the wall stands that of the thread, which other work on the machine changes less.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

import numpy

from rtfs_runtime import signing, trust
from rtfs_runtime.artifact import decode, join_signature
from rtfs_runtime.cache.embedding import DIMENSIONS, MiniLm
from rtfs_runtime.cache.l1_delegation import DelegationPlan
from rtfs_runtime.cache.l3_query import Likeness, Query
from rtfs_runtime.cache.l3_semantic import Inquiry, Parts, SemanticCache
from rtfs_runtime.cache.layer import CacheConfig
from rtfs_runtime.cache.manager import CacheManager
from rtfs_runtime.cache.request_key import Answerer
from rtfs_runtime.cache.vector_index import Neighbour, VectorIndex
from rtfs_runtime.delegation.target import LOCAL
from rtfs_runtime.providers.base import Message, ModelReply, ModelRequest
from rtfs_runtime.trace import Usage
from rtfs_runtime.trust import Trust
from rtfsc.driver import compile_text
from tests.likeness import rules_a
from tests.likeness.paraphrases import groups

PRICE_USD = 0.0004
MANY = 10_000
BY = Answerer("simulated", "1")
_LETTERS = str.maketrans("0123456789", "ghijklmnop")


class Asked(NamedTuple):
    """One request of the workload: what is said, and what is meant."""

    text: str
    intent: str


class Outcome(NamedTuple):
    """What became of a workload under one cache."""

    name: str
    hits: int
    asked: int
    wrong: int
    latencies_us: list[float]


Answer = Callable[[Asked, Callable[[], str]], tuple[str, bool]]


def workload(count: int, seed: int = 1) -> list[Asked]:
    """Draw requests: each intent as often as its rank says, each in one of its ways."""
    chance = random.Random(seed)
    ways = [[*lines] for part in groups() for lines in part]
    ways += [[text] for pair in rules_a.pairs(300, seed) for text in pair]
    chance.shuffle(ways)
    weights = [1 / (rank + 1) ** 1.05 for rank in range(len(ways))]
    drawn = chance.choices(range(len(ways)), weights, k=count)
    # most people say it in the usual way
    # a label without digits: an answer that quotes its question is never kept for others
    labels = [sha256(each[0].lower().encode()).hexdigest().translate(_LETTERS)[:12] for each in ways]
    return [Asked(_typed(chance.choice([ways[n][0], *ways[n]]), chance), labels[n]) for n in drawn]


def _typed(text: str, chance: random.Random) -> str:
    """Write a text as people do."""
    if chance.random() < 0.3:
        text = text.lower().rstrip("?.!")
    if chance.random() < 0.15:
        text = f"Hi, {text}"
    return f"{text.rstrip('.')}, thanks" if chance.random() < 0.1 else text


def request(text: str) -> ModelRequest:
    """Make the request of a text."""
    return ModelRequest("m", (Message("user", text),), "Say what is meant.", function="desk/intent")


def replay(name: str, requests: list[Asked], answer: Answer) -> Outcome:
    """Send a workload through a cache, and look at each answer."""
    hits = asked = wrong = 0
    latencies = []

    for one in requests:
        before = asked

        def ask(one: Asked = one) -> str:
            nonlocal asked
            asked += 1
            return one.intent

        start = time.perf_counter()
        given, hit = answer(one, ask)
        if hit and asked == before:
            hits += 1
            latencies.append((time.perf_counter() - start) * 1e6)
        wrong += given != one.intent
    return Outcome(name, hits, asked, wrong, latencies)


def ours(*, likeness: bool) -> Answer:
    """Answer through L2, and through L3 as a rule turns it on."""
    caches = CacheManager.open(None, lambda: 0.0)
    chance = random.Random(1)
    l3 = SemanticCache(caches.l2, lambda: 0.0, CacheConfig(MANY, 3600.0), parts=Parts(random=chance.random))
    rule = Likeness(any_result=True)

    def answer(one: Asked, ask: Callable[[], str]) -> tuple[str, bool]:
        def infer(_: ModelRequest) -> ModelReply:
            return ModelReply(ask(), usage=Usage(50, 5, PRICE_USD))

        if likeness:
            query = Query(b"s" * 32, one.text, "m", "desk/intent")
            reply, lookup = l3.answer(request(one.text), BY, infer, Inquiry(query, rule))
        else:
            reply, lookup = caches.l2.answer(request(one.text), BY, infer)
        return reply.text, lookup.hit

    return answer


def by_threshold(threshold: float) -> Answer:
    """Answer by the nearest text above one threshold, without guards."""
    encoder, index = MiniLm(), VectorIndex(DIMENSIONS, None)

    def answer(one: Asked, ask: Callable[[], str]) -> tuple[str, bool]:
        vector = encoder.embed(one.text)
        assert vector is not None
        near = index.nearest(vector, threshold, 1)
        if near:
            return near[0][1].answer.decode(), True
        found = ask()
        index.add(Neighbour(one.text, found.encode(), 0.0), vector)
        return found, False

    return answer


def by_litellm() -> Answer | None:
    """Answer through LiteLLM with its cache in memory; None where it is not installed."""
    if importlib.util.find_spec("litellm") is None:
        return None
    # else it fetches a list of prices while it is measured
    os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")
    litellm: Any = importlib.import_module("litellm")
    litellm.cache = importlib.import_module("litellm.caching.caching").Cache(type="local")

    def answer(one: Asked, ask: Callable[[], str]) -> tuple[str, bool]:
        messages = [
            {"role": "system", "content": "Say what is meant."},
            {"role": "user", "content": one.text},
        ]
        # whether it was a hit is seen from the answer: a miss gives what is mocked for this request
        unique = f"{one.intent}\t{time.perf_counter_ns()}"
        reply = litellm.completion("openai/m", messages, mock_response=unique, caching=True, temperature=0)
        given = reply.choices[0].message.content
        if given == unique:
            ask()
        return given.partition("\t")[0], given != unique

    return answer


def outcomes(count: int) -> Iterator[Outcome]:
    """Replay the workload under each cache."""
    requests = workload(count)
    yield replay("no cache", requests, lambda _one, ask: (ask(), False))
    litellm = by_litellm()
    if litellm is not None:
        yield replay("LiteLLM, in process", requests, litellm)
    yield replay("L2", requests, ours(likeness=False))
    yield replay("L2 and L3 (max_error 1 %)", requests, ours(likeness=True))
    for threshold in (0.95, 0.85, 0.75):
        yield replay(f"one threshold, {threshold:.2f}", requests, by_threshold(threshold))


class Times(NamedTuple):
    """How long each of some calls took, on the wall and in their thread.

    Units: microseconds.
    """

    wall_us: list[float]
    thread_us: list[float]


def timed(act: Callable[[], object], rounds: int) -> Times:
    """Take the time of so many calls, each on both clocks."""
    walls, threads = [], []
    for clock, found in ((time.perf_counter, walls), (time.thread_time, threads)):
        for _ in range(rounds // 2):
            start = clock()
            act()
            found.append((clock() - start) * 1e6)
    return Times(walls, threads)


def layers(folder: Path) -> Iterator[tuple[str, str, Times]]:
    """Give the latency of hits of each layer, with the bar that it is held against."""
    caches = CacheManager.open(str(folder))
    caches.l1.put_plan("desk/intent", "t", DelegationPlan(LOCAL, 1.0, "", 0.0))
    yield "L1 hit", "1 us", timed(lambda: caches.l1.get_plan("desk/intent", "t"), 20_000)
    requests = [request(f"question {number}") for number in range(MANY)]
    for one in requests:
        caches.l2.answer(one, BY, lambda _: ModelReply("yes"))
    caches.l2.flush()
    last = requests[-1]
    yield "L2 hot hit", "20 us", timed(lambda: caches.l2.answer(last, BY, _never), 5_000)
    # the memory holds the last 2,000: these come from the file
    cold = iter(requests[:5_000])
    yield "L2 cold hit", "300 us", timed(lambda: caches.l2.answer(next(cold), BY, _never), 5_000)
    yield f"L3 look, encoder and {MANY} entries", "10,000 us", timed(_look(caches), 1_000)
    caches.close()
    yield "L4 verified import, 1,000 lines", "5,000 us", timed(_load(), 100)


def _never(_request: ModelRequest) -> ModelReply:
    raise AssertionError("this was answered before")


def _look(caches: CacheManager) -> Callable[[], object]:
    l3 = SemanticCache(caches.l2, time.time, CacheConfig(MANY, 3600.0))
    query = Query(b"s" * 32, "How do I reset my password on the web site?", "m", "desk/intent")
    made = numpy.random.default_rng(1).standard_normal((MANY, DIMENSIONS)).astype(numpy.float32)
    made /= numpy.linalg.norm(made, axis=1, keepdims=True)
    index = l3._index(query)
    for number, row in enumerate(made):
        index.add(Neighbour(f"text {number}", b"k" * 32, time.time()), row)
    return lambda: l3.get_semantic(query)


def _load() -> Callable[[], object]:
    body = "\n".join(f"(defn f{number} [x] (let [y (+ x {number})]\n  (if (> y 10)\n    (* y 2)\n    y)))"
                     for number in range(250))  # fmt: skip
    pem, key = signing.generate_key()
    content = compile_text(body).artifact.encode()
    data = join_signature(content, signing.sign(content, pem))
    believed = trust.add_key(Trust(), key)

    def load() -> object:
        admitted, _ = trust.admit(data, believed)
        return decode(admitted, strict=False).code("plan.rtfs")

    return load


def percentile(values: list[float], share: float) -> float:
    """Give the value below which a share of them lies."""
    ordered = sorted(values)
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)] if ordered else 0.0


def main(arguments: list[str]) -> None:
    """Measure and print."""
    count = int(arguments[0]) if arguments else 5_000
    print("Hits, us: on the wall, and in the thread")
    print(f"  {'':<38}" + "".join(f"{one:>10}" for one in ("p50", "p99", "p50", "p99")) + "   bar")
    with tempfile.TemporaryDirectory() as folder:
        for name, bar, found in layers(Path(folder)):
            cells = [percentile(times, share) for times in found for share in (0.5, 0.99)]
            print(f"  {name:<38}" + "".join(f"{cell:>10.1f}" for cell in cells) + f"   {bar}", flush=True)
    print(f"\n{count} requests, model at ${PRICE_USD} each")
    head = ("hit rate", "spent", "saved", "wrong", "p50 us", "p99 us")
    print(f"  {'':<28}" + "".join(f"{one:>10}" for one in head))
    for one in outcomes(count):
        cells = (
            f"{one.hits / count:.1%}",
            f"${one.asked * PRICE_USD:.2f}",
            f"${(count - one.asked) * PRICE_USD:.2f}",
            f"{one.wrong}",
            f"{percentile(one.latencies_us, 0.5):.0f}",
            f"{percentile(one.latencies_us, 0.99):.0f}",
        )
        print(f"  {one.name:<28}" + "".join(f"{cell:>10}" for cell in cells), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
