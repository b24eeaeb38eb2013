"""One computation per key at a time: who comes second waits for the first one's result.

In: a key and how to compute its value, as plain code or as a coroutine. Out: the value, and whether it is
another caller's. A computation that failed gives its error to those that waited; one that was cancelled, or
that ran out of its own caller's time, gives them nothing: one of them computes next.
"""

from __future__ import annotations

import threading
from collections.abc import Awaitable, Callable
from typing import Generic, TypeAlias, TypeVar

from rtfs_runtime.cache.layer import K

T = TypeVar("T")
TimeLeft: TypeAlias = "Callable[[], float | None]"


def _for_ever() -> None:
    return None


class WaitTimeout(Exception):
    """The time of one caller ended while it waited for another one's computation."""


class _Flight(Generic[T]):
    """One computation; `error` None and not `done` once it ended means that it gave nothing."""

    __slots__ = ("done", "ended", "error", "thread", "value", "wakers")

    def __init__(self) -> None:
        self.ended = threading.Event()
        self.thread: int | None = None
        self.done = False
        self.value: T
        self.error: Exception | None = None
        self.wakers: list[Callable[[], None]] = []


class SingleFlight(Generic[K, T]):
    """The computations under way.

    Shape: `shares(error)` tells whether an error is everybody's; those that are not end the caller's own
           call, and one of the waiting ones computes anew.
    Thread: callers may be on any thread and on any event loop, mixed.
    """

    def __init__(self, shares: Callable[[Exception], bool] = lambda _error: True) -> None:
        self._shares = shares
        self._lock = threading.Lock()
        self._flights: dict[K, _Flight[T]] = {}

    def run(self, key: K, compute: Callable[[], T], left_s: TimeLeft = _for_ever) -> tuple[T, bool]:
        """Give the value of a key, computing it or waiting for who does; `left_s` tells how long this caller
        can wait.

        Raises: what `compute` raises; WaitTimeout.
        """
        while True:
            flight, leads = self._join(key, threading.get_ident())
            if leads:
                try:
                    flight.value = compute()
                    flight.done = True
                except Exception as error:
                    # whatever it is, it is raised here and to those that wait
                    flight.error = error if self._shares(error) else None
                    raise
                finally:
                    # on every way out, interrupts included: else the others would wait for ever
                    self._end(key, flight)
                return flight.value, False
            if flight.thread == threading.get_ident():
                # the computation asks for itself; waiting would never end
                return compute(), False
            if not flight.ended.wait(left_s()):
                raise WaitTimeout
            if flight.error is not None:
                # its frames are the other caller's, and would grow with every one that waits
                raise flight.error.with_traceback(None)
            if flight.done:
                return flight.value, True

    async def run_async(
        self, key: K, compute: Callable[[], Awaitable[T]], left_s: TimeLeft = _for_ever
    ) -> tuple[T, bool]:
        """Do as `run` without blocking the event loop."""
        while True:
            # many tasks share a thread, so a computation that asks for itself cannot be told from two tasks
            flight, leads = self._join(key, None)
            if leads:
                try:
                    flight.value = await compute()
                    flight.done = True
                except Exception as error:
                    flight.error = error if self._shares(error) else None
                    raise
                finally:
                    self._end(key, flight)
                return flight.value, False
            await self._landed(flight, left_s())
            if flight.error is not None:
                raise flight.error.with_traceback(None)
            if flight.done:
                return flight.value, True

    def under_way(self) -> int:
        """Count the computations that have not ended."""
        return len(self._flights)

    def _join(self, key: K, thread: int | None) -> tuple[_Flight[T], bool]:
        with self._lock:
            flight = self._flights.get(key)
            if flight is not None:
                return flight, False
            flight = self._flights[key] = _Flight()
            flight.thread = thread
            return flight, True

    def _end(self, key: K, flight: _Flight[T]) -> None:
        with self._lock:
            del self._flights[key]
            flight.ended.set()
            wakers = tuple(flight.wakers)
        for wake in wakers:
            wake()

    async def _landed(self, flight: _Flight[T], timeout_s: float | None) -> None:
        # whoever awaits has asyncio already; the run path of others goes without
        import asyncio

        loop = asyncio.get_running_loop()
        landed = asyncio.Event()

        def wake() -> None:
            try:
                loop.call_soon_threadsafe(landed.set)
            except RuntimeError:
                # that loop has ended, and nobody waits on it any more
                return

        with self._lock:
            if flight.ended.is_set():
                return
            flight.wakers.append(wake)
        try:
            await asyncio.wait_for(landed.wait(), timeout_s)
        except TimeoutError:
            raise WaitTimeout from None
