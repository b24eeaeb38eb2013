"""One computation per key: threads, tasks, errors, cancellation, mixed."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable

import pytest

from rtfs_runtime.cache.flight import SingleFlight, WaitTimeout


class Own(Exception):
    """A failure of one caller alone."""


@pytest.fixture
def flights() -> SingleFlight[str, int]:
    return SingleFlight(lambda error: not isinstance(error, Own))


def start(function: Callable[[], object]) -> threading.Thread:
    thread = threading.Thread(target=function)
    thread.start()
    return thread


def test_a_thousand_threads_compute_once(flights: SingleFlight[str, int]) -> None:
    gate = threading.Event()
    calls: list[int] = []
    found: list[tuple[int, bool]] = []

    def compute() -> int:
        gate.wait(10)
        calls.append(1)
        return 7

    threads = [start(lambda: found.append(flights.run("k", compute))) for _ in range(1000)]
    gate.set()
    for thread in threads:
        thread.join()
    # those that came after the end compute again: nothing is kept here
    assert len(calls) == sum(not shared for _, shared in found)
    assert {value for value, _ in found} == {7}
    assert flights.under_way() == 0


def waiting(flights: SingleFlight[str, int]) -> tuple[threading.Event, threading.Event, Callable[[], int]]:
    """Give a computation that says when it began and ends when told."""
    began, go = threading.Event(), threading.Event()

    def compute() -> int:
        began.set()
        go.wait(10)
        return 1

    return began, go, compute


def follow(
    flights: SingleFlight[str, int], count: int, compute: Callable[[], int]
) -> tuple[list[object], list[threading.Thread]]:
    """Start threads that come second, and come back once all of them wait or compute."""
    found: list[object] = []
    started = threading.Barrier(count + 1)

    def use() -> None:
        started.wait()
        try:
            found.append(flights.run("k", compute))
        except Exception as error:
            found.append(error)

    threads = [start(use) for _ in range(count)]
    started.wait()
    return found, threads


def test_an_error_is_everybody_s(flights: SingleFlight[str, int]) -> None:
    began, go, _ = waiting(flights)

    def fail() -> int:
        began.set()
        go.wait(10)
        raise ValueError("no")

    found: list[object] = []

    def lead() -> None:
        with pytest.raises(ValueError):
            flights.run("k", fail)

    leader = start(lead)
    began.wait(10)
    with flights._lock:
        flight = flights._flights["k"]
    follower = start(lambda: found.append(_outcome(lambda: flights.run("k", lambda: 5))))
    go.set()
    leader.join()
    follower.join()
    # whoever joined the flight shares its error; whoever came later computed for itself
    assert flight.error is not None
    assert found in ([flight.error], [(5, False)])
    assert flights.run("k", lambda: 6) == (6, False)


def _outcome(act: Callable[[], object]) -> object:
    try:
        return act()
    except Exception as error:
        return error


def test_those_that_wait_get_the_leader_s_error(flights: SingleFlight[str, int]) -> None:
    async def use() -> None:
        gate = asyncio.Event()

        async def fail() -> int:
            await gate.wait()
            raise ValueError("no")

        async def other() -> int:
            pytest.fail("it is being computed")

        leader = asyncio.create_task(flights.run_async("k", fail))
        await asyncio.sleep(0)
        followers = [asyncio.create_task(flights.run_async("k", other)) for _ in range(10)]
        await asyncio.sleep(0)
        gate.set()
        done = await asyncio.gather(leader, *followers, return_exceptions=True)
        assert all(isinstance(one, ValueError) for one in done)

    asyncio.run(use())


def test_the_next_one_computes_when_the_leader_is_cancelled(flights: SingleFlight[str, int]) -> None:
    async def use() -> None:
        async def wait() -> int:
            await asyncio.Event().wait()
            return 0

        async def compute() -> int:
            return 2

        leader = asyncio.create_task(flights.run_async("k", wait))
        await asyncio.sleep(0)
        followers = [asyncio.create_task(flights.run_async("k", compute)) for _ in range(5)]
        await asyncio.sleep(0)
        leader.cancel()
        found = await asyncio.gather(*followers)
        assert {value for value, _ in found} == {2}
        with pytest.raises(asyncio.CancelledError):
            await leader

    asyncio.run(use())
    assert flights.under_way() == 0


def test_a_failure_of_its_own_ends_one_caller_only(flights: SingleFlight[str, int]) -> None:
    async def use() -> None:
        gate = asyncio.Event()

        async def late() -> int:
            await gate.wait()
            raise Own

        async def compute() -> int:
            return 3

        leader = asyncio.create_task(flights.run_async("k", late))
        await asyncio.sleep(0)
        follower = asyncio.create_task(flights.run_async("k", compute))
        await asyncio.sleep(0)
        gate.set()
        with pytest.raises(Own):
            await leader
        assert await follower == (3, False)

    asyncio.run(use())


def test_an_interrupt_frees_the_others(flights: SingleFlight[str, int]) -> None:
    began, go = threading.Event(), threading.Event()
    ended: list[str] = []

    def interrupted() -> int:
        began.set()
        go.wait(10)
        raise KeyboardInterrupt

    def lead() -> None:
        try:
            flights.run("k", interrupted)
        except KeyboardInterrupt:
            ended.append("interrupted")

    leader = start(lead)
    began.wait(10)
    found, followers = follow(flights, 4, lambda: 4)
    go.set()
    for thread in (leader, *followers):
        thread.join()
    assert ended == ["interrupted"]
    assert {one[0] for one in found if isinstance(one, tuple)} == {4}
    assert len(found) == 4


def test_a_caller_waits_no_longer_than_it_has(flights: SingleFlight[str, int]) -> None:
    began, go, compute = waiting(flights)
    leader = start(lambda: flights.run("k", compute))
    began.wait(10)
    with pytest.raises(WaitTimeout):
        flights.run("k", lambda: 9, lambda: 0.0)

    async def use() -> None:
        async def other() -> int:
            return 9

        with pytest.raises(WaitTimeout):
            await flights.run_async("k", other, lambda: 0.0)

    asyncio.run(use())
    go.set()
    leader.join()


def test_a_computation_may_ask_for_itself(flights: SingleFlight[str, int]) -> None:
    assert flights.run("k", lambda: flights.run("k", lambda: 8)[0]) == (8, False)


def test_a_task_waits_for_a_thread(flights: SingleFlight[str, int]) -> None:
    began, go, compute = waiting(flights)
    leader = start(lambda: flights.run("k", compute))
    began.wait(10)

    async def use() -> tuple[int, bool]:
        async def other() -> int:
            pytest.fail("a thread computes it")

        task = asyncio.create_task(flights.run_async("k", other))
        await asyncio.sleep(0)
        go.set()
        return await task

    assert asyncio.run(use()) == (1, True)
    leader.join()
