"""Deep recursion and a wall clock for functions of compiled code.

In: a function, how deep it may call, how long it may take. Out: its result. Frames of compiled code live on
the heap, so tens of thousands of them need a higher limit of Python's and nothing else; but on 3.11 a call
that goes through C (`apply`, a sort's callback) takes the machine's stack too, about 5 KB a level, unguarded:
there the function runs on a thread with a stack to match. Measured at a limit of 100,000: 99,900 plain frames
in 20 ms on 3.11, 3.12 and 3.13; endless recursion ends after 90 ms.
"""

from __future__ import annotations

import contextlib
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextvars import copy_context
from typing import Any, Final, Generic, TypeVar

from rtfs_runtime.errors import LimitExceeded

T = TypeVar("T")

_C_CALLS_USE_STACK: Final = sys.version_info < (3, 12)
_STACK_BYTES: Final = (256 if _C_CALLS_USE_STACK else 16) << 20
_SAFE_DEPTH: Final = 8_000
_GRACE_S: Final = 1.0
_TRIES: Final = 100
_PAUSE_S: Final = 0.005

_lock: Final = threading.RLock()
_depths: Final[list[int]] = []
_before = 0
_here: Final = threading.local()


@contextlib.contextmanager
def allow_depth(depth: int) -> Iterator[None]:
    """Let Python call `depth` deep during a block; of several blocks at once the highest holds."""
    global _before
    with _lock:
        if not _depths:
            _before = sys.getrecursionlimit()
        _depths.append(depth)
        sys.setrecursionlimit(max(_before, *_depths))
    try:
        yield
    finally:
        with _lock:
            _depths.remove(depth)
            # too deep in a caller's own stack to go back yet: the next block to end tries again
            with contextlib.suppress(RecursionError):
                sys.setrecursionlimit(max([_before, *_depths]))


def call(function: Callable[[], T], depth: int, wall_clock_s: float | None = None) -> T:
    """Call a function with room for `depth` frames.

    Raises: what the function raises; LimitExceeded after `wall_clock_s`.
    """
    if wall_clock_s is None and not _needs_thread(depth):
        with allow_depth(depth):
            return function()
    job = Job(function, depth)
    try:
        job.start()
        ended = job.wait(wall_clock_s)
    except BaseException as error:
        # an interrupt reaches the main thread only: hand it on to where the program runs
        job.stop(type(error) if isinstance(error, KeyboardInterrupt) else KeyboardInterrupt)
        job.wait(_GRACE_S)
        raise
    if not ended:
        job.stop(TimeIsUp)
        job.wait(_GRACE_S)
        raise LimitExceeded("time", f"{wall_clock_s:g} s")
    return job.result()


def _needs_thread(depth: int) -> bool:
    return _C_CALLS_USE_STACK and depth > _SAFE_DEPTH and not getattr(_here, "deep", False)


class TimeIsUp(LimitExceeded):
    """What is raised inside a program whose time is up; its caller is told how long that was."""

    def __init__(self) -> None:
        super().__init__("time", "wall clock")


class Stopped(BaseException):
    """What is raised inside a program when nobody wants its result any more."""


def current_job() -> Job[Any] | None:
    """Give the job that this thread runs."""
    found: Job[Any] | None = getattr(_here, "job", None)
    return found


@contextlib.contextmanager
def on_stop(job: Job[Any] | None, callback: Callable[[], object]) -> Iterator[None]:
    """Have something called when a job is stopped: what it waits for outside of Python would not let the
    exception in.

    Thread: the block may run on another thread than the job, best on one that no exception is sent to; the
    callback runs on the thread that stops the job.
    """
    if job is None:
        yield
        return
    job.callbacks.append(callback)
    try:
        if job.is_stopped:
            callback()
        yield
    finally:
        job.callbacks.remove(callback)


@contextlib.contextmanager
def undisturbed() -> Iterator[None]:
    """Let nothing be raised from outside during a block; it is raised at the end instead.

    For blocks that start threads: up to 3.11 a thread that is being started answers to the number of the one
    that starts it, so that an exception sent then kills the new thread, and its starter waits for ever.
    """
    job = current_job()
    if job is None:
        yield
        return
    job.disarm()
    try:
        yield
    finally:
        job.arm()


class Job(Generic[T]):
    """A function that runs on a thread of its own, with copied context variables."""

    def __init__(
        self, function: Callable[[], T], depth: int, done: Callable[[], object] = lambda: None
    ) -> None:
        self._function = function
        self._depth = depth
        self._done = done
        self._value: list[T] = []
        self._error: BaseException | None = None
        self._ended = threading.Event()
        self.callbacks: list[Callable[[], object]] = []
        self.is_stopped = False
        # an exception is sent only while the function runs: see `disarm`
        self._armed = False
        self._stopping = False
        self._wanted_end: type[BaseException] | None = None
        context = copy_context()
        self._thread = threading.Thread(target=context.run, args=(self._run,), name="rtfs", daemon=True)

    def start(self) -> None:
        """Begin.

        Raises: LimitExceeded, when there is no room for another stack.
        """
        for _ in range(_TRIES):
            if self._try_start():
                return
            # the stack of a thread that has just ended goes back a moment later
            time.sleep(_PAUSE_S)
        raise LimitExceeded("memory", "threads")

    def _try_start(self) -> bool:
        with _lock, undisturbed():
            before = threading.stack_size(_STACK_BYTES)
            try:
                self._thread.start()
            except RuntimeError:
                return False
            finally:
                threading.stack_size(before)
        return True

    def wait(self, timeout_s: float | None) -> bool:
        """Wait for the end; tells whether it came. What never began has ended."""
        return self._thread.ident is None or self._ended.wait(timeout_s)

    def result(self) -> T:
        """Give what the function gave, or raise what it raised."""
        if self._error is not None:
            raise self._error
        return self._value[0]

    def stop(self, error: type[BaseException]) -> None:
        """Raise an exception inside the function, as soon as it runs Python code; end what it waits for."""
        if self.is_stopped:
            return
        self._stopping = True
        self.is_stopped = True
        self._wanted_end = error
        if self._armed:
            _send(self._thread, error)
        self._stopping = False
        for callback in tuple(self.callbacks):
            callback()

    def _run(self) -> None:
        _here.deep = True
        _here.job = self
        with allow_depth(self._depth):
            try:
                try:
                    self.arm()
                    self._value.append(self._function())
                finally:
                    self.disarm()
            except BaseException as error:
                # handed to whoever waits
                self._error = error
        self._ended.set()
        self._done()

    def arm(self) -> None:
        """Let exceptions be sent from here on; raises the one that was wanted before."""
        self._armed = True
        if self._wanted_end is not None:
            # it may have been sent just now as well
            self.disarm()
            raise self._wanted_end

    def disarm(self) -> None:
        """See to it that no exception is sent from here on: what follows must run to its end."""
        self._armed = False
        while self._stopping:
            time.sleep(0)
        if self.is_stopped:
            _send(self._thread, None)


def _send(thread: threading.Thread, error: type[BaseException] | None) -> None:
    """Have an exception raised in a thread; None takes back one that has not been raised yet."""
    # ctypes takes 10 ms to load, and a program is rarely stopped
    import ctypes

    if thread.ident is not None:
        given = None if error is None else ctypes.py_object(error)
        ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident), given)
