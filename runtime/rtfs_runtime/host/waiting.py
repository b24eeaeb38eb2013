"""Coroutines of capabilities and providers, waited for from compiled code, which is plain code.

In: an awaitable. Out: its result. Imported only when there is something to wait for: asyncio costs a program
that never waits a third of its starting time. Source: ruling 29.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import CancelledError
from contextvars import copy_context
from typing import NamedTuple, TypeVar

from rtfs_runtime.context import event_loop
from rtfs_runtime.stack import Job, Stopped, on_stop

T = TypeVar("T")


class _Raised(NamedTuple):
    error: BaseException


def await_now(awaitable: Awaitable[object]) -> object:
    """Wait on the loop of the run's caller, else on a new one; never on one that this thread is running."""
    loop = event_loop.get()
    here = _running_loop()
    if loop is not None and loop.is_running() and loop is not here:
        return _from_loop(awaitable, loop)
    if here is None:
        return asyncio.run(_stoppable(awaitable))
    box: list[object] = []
    context = copy_context()
    thread = threading.Thread(target=lambda: box.append(context.run(_outcome, awaitable)))
    thread.start()
    thread.join()
    outcome = box[0]
    if isinstance(outcome, _Raised):
        raise outcome.error
    return outcome


def _from_loop(awaitable: Awaitable[object], loop: asyncio.AbstractEventLoop) -> object:
    waiting = asyncio.run_coroutine_threadsafe(_whole(awaitable), loop)
    try:
        with on_stop(waiting.cancel):
            return waiting.result()
    except CancelledError:
        raise Stopped from None


def _running_loop() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


def _outcome(awaitable: Awaitable[object]) -> object:
    try:
        return asyncio.run(_whole(awaitable))
    except BaseException as error:
        # handed to the waiting thread, which raises it
        return _Raised(error)


async def _whole(awaitable: Awaitable[object]) -> object:
    return await awaitable


async def _stoppable(awaitable: Awaitable[object]) -> object:
    task = asyncio.current_task()
    assert task is not None, "a coroutine that a loop runs belongs to a task"
    loop = asyncio.get_running_loop()
    with on_stop(lambda: loop.call_soon_threadsafe(task.cancel)):
        return await awaitable


async def run_on_thread(function: Callable[[], T], depth: int) -> T:
    """Run plain code on a thread with room for `depth` frames; a cancelled wait stops the code."""
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    token = event_loop.set(loop)

    def wake() -> None:
        # a cancelled run may end after its loop
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(ended.set)

    try:
        job = Job(function, depth, wake)
    finally:
        event_loop.reset(token)
    job.start()
    try:
        await ended.wait()
    except asyncio.CancelledError:
        job.stop(asyncio.CancelledError)
        raise
    return job.result()
