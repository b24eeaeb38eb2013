"""L1: plans by agent and task, and what makes them go."""

from __future__ import annotations

import pytest

from rtfs_runtime.cache.l1_delegation import POLICY, DelegationCache, DelegationPlan
from rtfs_runtime.delegation.target import LOCAL, ExecTarget, L4CacheHit, LocalModel, RemoteModel


class Clock:
    now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def cache(clock: Clock) -> DelegationCache:
    return DelegationCache(clock)


def plan(target: ExecTarget = LOCAL, policy: str = "p1") -> DelegationPlan:
    return DelegationPlan(target, 0.8, "because", 0.0, {POLICY: policy})


def test_plans_keep_what_was_decided(cache: DelegationCache) -> None:
    """The target is structured: an id that looks like a prefix comes back as it was."""
    given = plan(LocalModel("local-model:local-x"))
    cache.put_plan("shop/mood", "t1", given)
    assert cache.get_plan("shop/mood", "t1") == given
    assert cache.get_plan("t1", "shop/mood") is None
    assert cache.invalidate_plan("shop/mood", "t1")
    assert cache.get_plan("shop/mood", "t1") is None


def test_views(cache: DelegationCache) -> None:
    one, two, three = plan(LocalModel("a")), plan(LocalModel("b")), plan(LocalModel("c"))
    cache.put_plan("f", "t1", one)
    cache.put_plan("f", "t2", two)
    cache.put_plan("g", "t1", three)
    assert cache.get_agent_plans("f") == {"t1": one, "t2": two}
    assert cache.get_task_plans("t1") == {"f": one, "g": three}
    assert cache.get_agent_plans("h") == {}


def test_the_defaults(cache: DelegationCache, clock: Clock) -> None:
    assert cache.config().max_size == 1000
    for number in range(1001):
        cache.put_plan("f", str(number), plan())
    assert cache.get_plan("f", "0") is None
    clock.now_s = 3599.0
    assert cache.get_plan("f", "1000") is not None
    clock.now_s = 3600.0
    assert cache.get_plan("f", "1000") is None


def test_events_touch_what_they_touch(cache: DelegationCache) -> None:
    def fill() -> None:
        cache.clear()
        cache.put_plan("f", "t", plan(LocalModel("small")))
        cache.put_plan("g", "t", plan(RemoteModel("big")))
        cache.put_plan("h", "t", plan(LOCAL, "p2"))
        cache.put_plan("i", "t", plan(L4CacheHit("address", "signature")))

    fill()
    assert cache.notify("model-changed", "small") == 1
    assert set(cache.get_task_plans("t")) == {"g", "h", "i"}
    assert cache.notify("model-changed", "other") == 0
    fill()
    assert cache.notify("policy-updated", "p2") == 3
    assert set(cache.get_task_plans("t")) == {"h"}
    fill()
    assert cache.notify("capability-added", ":crm/customer") == 4
    assert cache.stats().size == 0
