"""The branches of `parallel` and `step-parallel`.

In: functions of no arguments, in order. Out: their values, in order, or the first error in that order.
Branches that wait for models or for what they read run side by side, each on a thread; a branch that may
write runs alone, after all before it succeeded, so the values, the errors and the places of events are those
of running one after the other. Source: language §3.10; ruling 13.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from itertools import count
from typing import Final

from rtfs_runtime import context
from rtfs_runtime.errors import LimitExceeded
from rtfs_runtime.host.host import Host
from rtfs_runtime.reach import Reach, reach
from rtfs_runtime.stack import Job, Stopped

_MOST_THREADS: Final = 16
# an exception sent to a waiting thread reaches it between two waits
_PATIENCE_S: Final = 0.05
_GRACE_S: Final = 1.0


def run_branches(
    host: Host, names: tuple[str, ...], functions: tuple[Callable[[], object], ...], depth: int
) -> tuple[object, ...]:
    """Run branches and give their values; `depth` is how deep each may call.

    Raises: what the first failing branch raises; later ones that run already are stopped.
    """
    around = host.here()
    path = around.next_path()
    branches = [
        _Branch(host, around, f"{path}/{name}", function)
        for name, function in zip(names or map(str, count(1)), functions, strict=False)
    ]
    for group in _groups(branches):
        if sum(branch.reach == Reach.WAITS for branch in group) > 1:
            _Overlap(group, depth).run()
        else:
            for branch in group:
                branch.run()
    return tuple(branch.value for branch in branches)


class _Branch:
    """One branch, before and after."""

    def __init__(self, host: Host, around: context.Scope, path: str, function: Callable[[], object]) -> None:
        self._around = around
        self._scope = context.Scope(host.owner, around, path, around.trace)
        self._scope.values, self._scope.hints = around.values, around.hints
        self._function = function
        self.reach = reach(function, host.capabilities, lambda: _held(host, around))
        self.value: object = None
        self.error: BaseException | None = None

    def open(self) -> None:
        """Begin the event."""
        scope = self._scope
        name = scope.path.rpartition("/")[2]
        scope.event = scope.trace.begin("branch", name, scope.path, self._around.event_id)
        if self.reach == Reach.WRITES:
            # whoever wonders why branches did not overlap finds it here
            scope.event.detail["alone"] = "it may write"

    def run(self) -> None:
        """Compute the value."""
        if self._scope.event is None:
            self.open()
        event = self._scope.event
        assert event is not None
        token = context.enter(self._scope)
        try:
            self.value = self._function()
        except BaseException as error:
            context.end_steps(self._scope.owner, self._scope, error)
            self._scope.trace.end(event, error, failed=True)
            raise
        finally:
            context.leave(token)
        self._scope.trace.end(event, self.value)


def _held(host: Host, scope: context.Scope | None) -> Iterator[object]:
    """Give the values that a program gets from its session without a name of its own."""
    yield from host.state.values()
    yield from host.context.values()
    while scope is not None:
        yield from scope.values.values()
        scope = scope.parent


def _groups(branches: Iterable[_Branch]) -> Iterator[list[_Branch]]:
    """Cut before and after each branch that may write."""
    group: list[_Branch] = []
    for branch in branches:
        if branch.reach == Reach.WRITES:
            if group:
                yield group
            yield [branch]
            group = []
        else:
            group.append(branch)
    if group:
        yield group


class _Overlap:
    """Branches of which none writes: those that wait on threads, those that compute meanwhile here."""

    def __init__(self, group: list[_Branch], depth: int) -> None:
        self._group = group
        waiting = [branch for branch in group if branch.reach == Reach.WAITS]
        self._next = iter(waiting)
        self._ended = {id(branch): threading.Event() for branch in waiting}
        self._taking = threading.Lock()
        self._jobs = [Job(self._work, depth) for _ in waiting[:_MOST_THREADS]]

    def run(self) -> None:
        """Run them all; raises what the first failing one in order raises."""
        for branch in self._group:
            branch.open()
        started: list[Job[None]] = []
        try:
            for job in self._jobs:
                started.append(job)
                if not _start(job):
                    started.pop()
                    break
            for branch in self._group:
                self._finish(branch, alone=not started)
        except BaseException:
            _stop(started)
            raise

    def _finish(self, branch: _Branch, *, alone: bool) -> None:
        if branch.reach == Reach.NOTHING or alone:
            branch.run()
            return
        while not self._ended[id(branch)].wait(_PATIENCE_S):
            pass
        if branch.error is not None:
            raise branch.error

    def _work(self) -> None:
        """Run one branch after the other; after a failure those not begun are not wanted."""
        while (branch := self._take()) is not None:
            try:
                branch.run()
            except BaseException as error:
                # handed to whoever waits for this branch
                branch.error = error
                self._next = iter(())
            finally:
                self._ended[id(branch)].set()

    def _take(self) -> _Branch | None:
        with self._taking:
            return next(self._next, None)


def _start(job: Job[None]) -> bool:
    try:
        job.start()
    except LimitExceeded:
        # no room for another thread: those that run already do the work, or the caller does
        return False
    return True


def _stop(jobs: list[Job[None]]) -> None:
    for job in jobs:
        job.stop(Stopped)
    for job in jobs:
        job.wait(_GRACE_S)
