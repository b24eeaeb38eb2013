"""L2: answers by request; what is kept, what is served, what is explained."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from rtfs_runtime.cache.cold import ColdStore
from rtfs_runtime.cache.inference_result import InferenceResult, read_result, result_of, write_result
from rtfs_runtime.cache.l2_inference import COLD_ENTRIES, InferenceCache, Use
from rtfs_runtime.cache.layer import CacheConfig, SerializationError
from rtfs_runtime.cache.sqlite import SqliteStore
from rtfs_runtime.providers.base import ModelReply, ModelRequest, ProviderError, Sampling, StopReason
from rtfs_runtime.trace import Usage
from rtfs_runtime.values import Keyword
from tests.unit.cache.requests import BY, ask, reply

ABOUT_NOBODY = InferenceResult("", None, "", 0.0, Usage(), "end", 0.0).about


class Clock:
    now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


class Model:
    """Answers with what it is told to, and counts."""

    def __init__(self, answer: ModelReply | Exception | None = None) -> None:
        self.answer = reply() if answer is None else answer
        self.asked = 0

    def __call__(self, request: ModelRequest) -> ModelReply:
        self.asked += 1
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    async def later(self, request: ModelRequest) -> ModelReply:
        return self(request)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def hot(clock: Clock) -> InferenceCache:
    return InferenceCache(clock)


SMALL = CacheConfig(max_size=3)


def open_cold(path: Path, clock: Clock, config: CacheConfig = SMALL) -> InferenceCache:
    cold = ColdStore(str(path / "cache.sqlite"), "l2", clock, pytest.fail, COLD_ENTRIES)
    return InferenceCache(clock, config, cold)


@pytest.fixture
def cold(tmp_path: Path, clock: Clock) -> Iterator[InferenceCache]:
    made = open_cold(tmp_path, clock)
    yield made
    made.close()


def test_the_second_time_nobody_is_asked(hot: InferenceCache, clock: Clock) -> None:
    model = Model()
    first, missed = hot.answer(ask(), BY, model)
    clock.now_s += 12
    second, found = hot.answer(ask(), BY, model)
    assert model.asked == 1
    assert (missed.hit, missed.why) == (False, "this request was not answered before")
    assert (found.hit, found.layer, found.why) == (True, "hot", "the same request was answered 12 s ago")
    assert found.key == missed.key
    assert found.saved == Usage(12, 1, 0.003)
    # what it says is the same; what it took is nothing
    assert second == first._replace(usage=Usage(0, 0, 0.0), latency_s=0.0)
    assert second.value is Keyword("good")


def test_a_hit_on_disk_becomes_hot(tmp_path: Path, clock: Clock) -> None:
    model = Model()
    one = open_cold(tmp_path, clock)
    first, _ = one.answer(ask(), BY, model)
    one.close()
    two = open_cold(tmp_path, clock)
    second, found = two.answer(ask(), BY, model)
    third, again = two.answer(ask(), BY, model)
    assert model.asked == 1
    assert (found.layer, again.layer) == ("cold", "hot")
    assert second == third == first._replace(usage=Usage(0, 0, 0.0), latency_s=0.0)
    stats = two.stats()
    assert (stats.hits, stats.misses, stats.puts, stats.size) == (2, 0, 0, 1)
    two.close()


def test_what_hits_saved_adds_up_on_disk(tmp_path: Path, clock: Clock) -> None:
    model = Model()
    for _ in range(2):
        cache = open_cold(tmp_path, clock)
        for _ in range(2):
            cache.answer(ask(), BY, model)
        cache.close()
        cache.close()
    store = SqliteStore(str(tmp_path / "cache.sqlite"), "l2")
    counts = store.counts()
    store.close()
    assert counts == {
        "hits": 3, "misses": 1, "puts": 1, "saved_tokens": 39, "saved_usd": pytest.approx(0.009),
    }  # fmt: skip


def test_what_was_evicted_is_still_on_disk(cold: InferenceCache) -> None:
    model = Model()
    for number in range(10):
        cold.answer(ask(str(number)), BY, model)
    for number in range(10):
        _, found = cold.answer(ask(str(number)), BY, model)
        assert found.hit
    assert model.asked == 10
    assert cold.stats().evictions > 0


def test_becoming_hot_makes_nothing_younger(tmp_path: Path, clock: Clock) -> None:
    model = Model()
    one = open_cold(tmp_path, clock, CacheConfig(ttl_s=100.0))
    one.answer(ask(), BY, model)
    one.close()
    two = open_cold(tmp_path, clock, CacheConfig(ttl_s=100.0))
    clock.now_s += 99
    assert two.answer(ask(), BY, model)[1].layer == "cold"
    clock.now_s += 1
    assert not two.answer(ask(), BY, model)[1].hit
    two.close()


def test_a_rule_may_want_younger_answers(hot: InferenceCache, clock: Clock) -> None:
    model = Model()
    hot.answer(ask(), BY, model)
    clock.now_s += 60
    _, missed = hot.answer(ask(), BY, model, Use(ttl_s=60))
    assert not missed.hit
    assert missed.why == "the answer is 60 s old, the rule allows 60 s"
    assert hot.answer(ask(), BY, model, Use(ttl_s=60))[1].hit


@pytest.mark.parametrize("failure", [ProviderError("gone", "connection"), ValueError("ours")])
def test_errors_are_never_kept(hot: InferenceCache, failure: Exception) -> None:
    model = Model(failure)
    for _ in range(2):
        with pytest.raises(type(failure)):
            hot.answer(ask(), BY, model)
    assert model.asked == 2
    assert hot.stats().puts == 0


@pytest.mark.parametrize("reason", ["length", "filtered"])
def test_answers_cut_short_are_never_kept(hot: InferenceCache, reason: StopReason) -> None:
    model = Model(reply(stop_reason=reason))
    for _ in range(2):
        _, missed = hot.answer(ask(), BY, model)
        assert missed.why.endswith("not kept: the answer was cut short")
    assert model.asked == 2


def test_sampled_answers_are_kept_when_the_rule_says_so(hot: InferenceCache) -> None:
    model = Model()
    request = ask(sampling=Sampling(temperature=0.7))
    for _ in range(2):
        assert hot.answer(request, BY, model)[1].why == "sampled without a seed"
    assert model.asked == 2
    for _ in range(2):
        _, found = hot.answer(request, BY, model, Use(sampled=True))
    assert found.hit
    seeded = ask(sampling=Sampling(temperature=0.7, seed=1))
    for _ in range(2):
        _, found = hot.answer(seeded, BY, model)
    assert found.hit


def test_the_rule_may_switch_it_off(hot: InferenceCache) -> None:
    model = Model()
    hot.answer(ask(), BY, model)
    _, missed = hot.answer(ask(), BY, model, Use(off=True))
    assert (missed.hit, missed.why, model.asked) == (False, "the rule switches L2 off", 2)


def test_answers_under_the_threshold_are_not_served(hot: InferenceCache) -> None:
    model = Model(reply(confidence=0.4))
    hot.answer(ask(), BY, model)
    assert hot.answer(ask(), BY, model, Use(min_confidence=0.4))[1].hit
    _, missed = hot.answer(ask(), BY, model, Use(min_confidence=0.5))
    assert missed.why == "the answer's confidence 0.40 is under 0.50"
    strict = InferenceCache(Clock(), CacheConfig(confidence_threshold=0.5))
    strict.answer(ask(), BY, model)
    assert strict.get_inference(ask(), BY) is None
    assert strict.stats().misses == 2
    # no measure is no measure: the rule decides what that means, not the cache
    unknown = Model(reply(confidence=None))
    strict.answer(ask("other"), BY, unknown)
    assert strict.answer(ask("other"), BY, unknown)[1].hit


def test_tenants_see_nothing_of_one_another(cold: InferenceCache) -> None:
    model = Model()
    cold.answer(ask(tenant="a"), BY, model)
    assert not cold.answer(ask(tenant="b"), BY, model)[1].hit
    assert model.asked == 2
    assert len(cold.get_model_results("small", "a")) == 1
    assert cold.get_model_results("small", "c") == {}
    assert len(cold.get_input_results(ask(tenant="b"))) == 1
    assert cold.get_input_results(ask(tenant="c")) == {}


def test_views_cover_memory_and_disk(cold: InferenceCache, clock: Clock) -> None:
    for number in range(6):
        clock.now_s += 1
        cold.answer(ask(str(number)), BY, Model(reply(f"answer {number}")))
        cold.answer(ask(str(number), model_id="big"), BY, Model(reply(f"big {number}")))
    found = cold.get_model_results("small", "acme")
    assert [one.output for one in found.values()] == [f"answer {number}" for number in range(6)]
    both = cold.get_input_results(ask("3"))
    assert {one.output for one in both.values()} == {"answer 3", "big 3"}


def test_one_result_can_be_put_and_forgotten(cold: InferenceCache) -> None:
    kept = result_of(reply(), 1000.0, ABOUT_NOBODY)
    cold.put_inference(ask(), BY, kept)
    found = cold.get_inference(ask(), BY)
    assert found is not None and found.output == "good"
    assert found.about.function == "shop/mood"
    assert cold.invalidate_inference(ask(), BY)
    assert not cold.invalidate_inference(ask(), BY)
    assert cold.get_inference(ask(), BY) is None


def test_a_result_is_the_same_from_its_bytes() -> None:
    kept = result_of(reply(text="\ud800 é"), 1000.5, ABOUT_NOBODY._replace(input=b"\x01", parts={"a": "b"}))
    assert read_result(write_result(kept)) == kept


@pytest.mark.parametrize("data", [b"", b"null", b"{}", b"[1]", b'{"usage":[]}', b"\xff", b"[" * 100_000])
def test_other_bytes_are_no_result(data: bytes) -> None:
    with pytest.raises(SerializationError):
        read_result(data)


def test_what_is_kept_cannot_be_changed(hot: InferenceCache) -> None:
    facts = {"labels": {"good": [0.9]}}
    model = Model(reply(data=facts, value=(1, {"a": 2})))
    first, _ = hot.answer(ask(), BY, model)
    facts["labels"]["good"].append(0.1)
    second, _ = hot.answer(ask(), BY, model)
    assert second.data == {"labels": {"good": (0.9,)}}
    with pytest.raises(TypeError):
        second.data["labels"] = 1  # type: ignore[index]
    third, _ = hot.answer(ask(), BY, model)
    assert second.value == third.value == first.value
    assert second.value is not third.value


def test_an_answer_that_has_no_text_is_not_kept(hot: InferenceCache) -> None:
    for strange in (reply(data={"a": object()}), reply(value=object()), reply(value=(print,))):
        model = Model(strange)
        for _ in range(2):
            assert hot.answer(ask(), BY, model)[0] is strange
        # a function has an encoding, but does not decode
        assert model.asked == 2, strange


def test_options_without_a_digest_are_asked_each_time(hot: InferenceCache) -> None:
    model = Model()
    for _ in range(2):
        _, missed = hot.answer(ask(options={"a": object()}), BY, model)
        assert missed.why == "the options hold a value of the kind object, which has no digest"
    assert model.asked == 2


def test_a_thousand_callers_are_one_question(hot: InferenceCache) -> None:
    model = Model()
    found: list[bool] = []
    threads = [
        threading.Thread(target=lambda: found.append(hot.answer(ask(), BY, model)[1].hit))
        for _ in range(1000)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert model.asked == 1
    assert sorted(found) == [False, *[True] * 999]


def test_a_thousand_tasks_are_one_question(hot: InferenceCache) -> None:
    model = Model()

    async def use() -> list[bool]:
        async def slow(request: ModelRequest) -> ModelReply:
            await asyncio.sleep(0)
            return model(request)

        asked = [hot.answer_async(ask(), BY, slow) for _ in range(1000)]
        return [lookup.hit for _, lookup in await asyncio.gather(*asked)]

    assert sorted(asyncio.run(use())) == [False, *[True] * 999]
    assert model.asked == 1


def test_the_async_twin_keeps_the_same_rules(hot: InferenceCache) -> None:
    async def use() -> None:
        model = Model()
        assert not (await hot.answer_async(ask(), BY, model.later))[1].hit
        assert (await hot.answer_async(ask(), BY, model.later))[1].layer == "hot"
        assert not (await hot.answer_async(ask(), BY, model.later, Use(off=True)))[1].hit
        failing = Model(ProviderError("gone"))
        with pytest.raises(ProviderError):
            await hot.answer_async(ask("other"), BY, failing.later)

    asyncio.run(use())


def test_a_deadline_ends_the_wait_for_another_caller(hot: InferenceCache) -> None:
    began, go = threading.Event(), threading.Event()

    def slow(request: ModelRequest) -> ModelReply:
        began.set()
        go.wait(10)
        return reply()

    leader = threading.Thread(target=lambda: hot.answer(ask(), BY, slow))
    leader.start()
    began.wait(10)
    with pytest.raises(ProviderError) as caught:
        hot.answer(ask(deadline_s=0.0), BY, Model())
    assert caught.value.kind == "timeout"
    go.set()
    leader.join()


def test_the_time_of_one_caller_is_not_another_s(hot: InferenceCache) -> None:
    began, go = threading.Event(), threading.Event()

    def late(request: ModelRequest) -> ModelReply:
        began.set()
        go.wait(10)
        raise ProviderError("too late", "timeout")

    ended: list[str] = []

    def lead() -> None:
        try:
            hot.answer(ask(), BY, late)
        except ProviderError as error:
            ended.append(error.kind)

    leader = threading.Thread(target=lead)
    leader.start()
    began.wait(10)
    patient = Model()
    follower = threading.Thread(target=lambda: hot.answer(ask(), BY, patient))
    follower.start()
    go.set()
    leader.join()
    follower.join()
    assert ended == ["timeout"]
    assert patient.asked == 1
