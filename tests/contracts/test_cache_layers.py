"""What every cache layer promises, asked of each of them (ruling 30)."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from rtfs_runtime.cache.cold import ColdStore
from rtfs_runtime.cache.inference_result import InferenceResult
from rtfs_runtime.cache.l1_delegation import DelegationCache, DelegationPlan
from rtfs_runtime.cache.l2_inference import InferenceCache
from rtfs_runtime.cache.l3_query import Query
from rtfs_runtime.cache.l3_semantic import Parts, SemanticCache
from rtfs_runtime.cache.l4_artifact import LocalArtifacts
from rtfs_runtime.cache.layer import CacheConfig, CacheLayer
from rtfs_runtime.cache.memory import MemoryCache
from rtfs_runtime.delegation.target import LocalModel
from rtfs_runtime.trace import Usage
from tests.unit.cache.encoder import WordEncoder


class Layer(NamedTuple):
    """How to make a layer, a key and a value of it, each by a number."""

    make: Callable[[Path], CacheLayer[Any, Any]]
    key: Callable[[int], Any]
    value: Callable[[int], Any]


def never() -> float:
    return 0.0


def cold_inference(path: Path) -> InferenceCache:
    cold = ColdStore(str(path / "cache.sqlite"), "l2", never, pytest.fail, 1000)
    return InferenceCache(never, cold=cold)


def plan(number: int) -> DelegationPlan:
    return DelegationPlan(LocalModel(f"m{number}"), 0.5, "because", 0.0)


def answer(number: int) -> InferenceResult:
    return InferenceResult(f"answer {number}", None, "v1", 0.1, Usage(1, 2), "end", 0.0)


def semantic(path: Path, *, persistent: bool) -> SemanticCache:
    cold = ColdStore(str(path / "cache.sqlite"), "l3", never, pytest.fail, 1000) if persistent else None
    return SemanticCache(InferenceCache(never), never, cold=cold, parts=Parts(WordEncoder(), pytest.fail))


def query(number: int) -> Query:
    return Query(bytes([number % 2]) * 32, f"question {number}")


LAYERS = {
    "memory": Layer(lambda _: MemoryCache(CacheConfig(), never), str, str),
    "l1": Layer(lambda _: DelegationCache(never), lambda number: ("agent", str(number)), plan),
    "l2 hot": Layer(lambda _: InferenceCache(never), lambda number: bytes([number]) * 32, answer),
    "l2 cold": Layer(cold_inference, lambda number: bytes([number]) * 32, answer),
    "l3": Layer(
        lambda path: semantic(path, persistent=False),
        query,
        lambda number: bytes([number]) * 32,
    ),
    "l3 on disk": Layer(
        lambda path: semantic(path, persistent=True),
        query,
        lambda number: bytes([number]) * 32,
    ),
    "l4": Layer(
        lambda path: LocalArtifacts(str(path / "l4")),
        lambda number: bytes([number]) * 16,
        lambda number: b"artifact %d" % number,
    ),
}


@pytest.fixture(params=LAYERS)
def row(request: pytest.FixtureRequest) -> Layer:
    return LAYERS[request.param]


@pytest.fixture
def layer(row: Layer, tmp_path: Path) -> Iterator[CacheLayer[Any, Any]]:
    made = row.make(tmp_path)
    yield made
    close = getattr(made, "close", None)
    if close is not None:
        close()


def test_what_was_put_is_got_until_it_is_invalidated(layer: CacheLayer[Any, Any], row: Layer) -> None:
    assert layer.get(row.key(1)) is None
    layer.put(row.key(1), row.value(1))
    layer.put(row.key(2), row.value(2))
    assert layer.get(row.key(1)) == row.value(1)
    assert layer.get(row.key(2)) == row.value(2)
    assert layer.invalidate(row.key(1)) is True
    assert layer.invalidate(row.key(1)) is False
    assert layer.get(row.key(1)) is None
    assert layer.get(row.key(2)) == row.value(2)


def test_putting_again_replaces(layer: CacheLayer[Any, Any], row: Layer) -> None:
    layer.put(row.key(1), row.value(1))
    layer.put(row.key(1), row.value(2))
    assert layer.get(row.key(1)) == row.value(2)
    assert layer.stats().size == 1


def test_clearing_forgets_everything(layer: CacheLayer[Any, Any], row: Layer) -> None:
    for number in range(5):
        layer.put(row.key(number), row.value(number))
    layer.clear()
    assert layer.stats().size == 0
    assert all(layer.get(row.key(number)) is None for number in range(5))


def test_statistics_count_what_happened(layer: CacheLayer[Any, Any], row: Layer) -> None:
    layer.put(row.key(1), row.value(1))
    layer.put(row.key(2), row.value(2))
    layer.get(row.key(1))
    layer.get(row.key(1))
    layer.get(row.key(2))
    layer.get(row.key(3))
    layer.invalidate(row.key(2))
    layer.invalidate(row.key(3))
    stats = layer.stats()
    assert (stats.hits, stats.misses, stats.puts, stats.invalidations) == (3, 1, 2, 1)
    assert stats.size == 1
    assert stats.hit_rate == 0.75


def test_the_async_twins_do_the_same(layer: CacheLayer[Any, Any], row: Layer) -> None:
    async def use() -> None:
        await layer.put_async(row.key(1), row.value(1))
        assert await layer.get_async(row.key(1)) == row.value(1)
        assert await layer.invalidate_async(row.key(1)) is True
        await layer.put_async(row.key(2), row.value(2))
        await layer.clear_async()
        assert await layer.get_async(row.key(2)) is None

    asyncio.run(use())


def test_many_threads_leave_it_consistent(layer: CacheLayer[Any, Any], row: Layer) -> None:
    wrong: list[object] = []

    def use(start: int) -> None:
        for step in range(20):
            number = (start + step) % 8
            layer.put(row.key(number), row.value(number))
            found = layer.get(row.key(number))
            if found is not None and found != row.value(number):
                wrong.append(found)
            if step % 7 == 0:
                layer.invalidate(row.key(number))

    threads = [threading.Thread(target=use, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    for number in range(8):
        layer.put(row.key(number), row.value(number))
    assert layer.stats().size == 8
    assert all(layer.get(row.key(number)) == row.value(number) for number in range(8))


def test_the_configuration_is_the_layer_s_own(layer: CacheLayer[Any, Any]) -> None:
    assert isinstance(layer.config(), CacheConfig)
