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
from typing import Any, NamedTuple, TypeVar

from rtfs_runtime.context import event_loop
from rtfs_runtime.stack import Job, Stopped, current_job, on_stop, undisturbed

T = TypeVar("T")


class _Raised(NamedTuple):
    error: BaseException


def await_now(awaitable: Awaitable[object]) -> object:
    """Wait on the loop of the run's caller, else on a new one; never on one that this thread is running."""
    loop = event_loop.get()
    here = _running_loop()
    job = current_job()
    if loop is not None and loop.is_running() and loop is not here:
        try:
            return asyncio.run_coroutine_threadsafe(_stoppable(awaitable, job), loop).result()
        except CancelledError:
            raise Stopped from None
    if here is None:
        return asyncio.run(_stoppable(awaitable, job))
    box: list[object] = []
    context = copy_context()
    thread = threading.Thread(target=lambda: box.append(context.run(_outcome, awaitable, job)))
    with undisturbed():
        thread.start()
    thread.join()
    outcome = box[0]
    if isinstance(outcome, _Raised):
        raise outcome.error
    return outcome


def _running_loop() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


def _outcome(awaitable: Awaitable[object], job: Job[Any] | None) -> object:
    try:
        return asyncio.run(_stoppable(awaitable, job))
    except BaseException as error:
        # handed to the waiting thread, which raises it
        return _Raised(error)


async def _stoppable(awaitable: Awaitable[object], job: Job[Any] | None) -> object:
    """Wait for something, but no longer than the job that wants it; this stands on the side of the loop,
    where no exception comes in between."""
    task = asyncio.current_task()
    assert task is not None, "a coroutine that a loop runs belongs to a task"
    loop = asyncio.get_running_loop()

    def cancel() -> None:
        # the loop may have come to its end just now
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(task.cancel)

    with on_stop(job, cancel):
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
