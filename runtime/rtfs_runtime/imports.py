"""What imports what just now: keeps threads from importing at once, and finds imports that go in a circle.

In: the names being found or loaded. Out: ModuleError for a name that is under way already in the same chain.
A chain lives in a context variable, so the threads that a load itself starts belong to it.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final, NamedTuple

from rtfs_runtime.errors import RtfsError


class _Step(NamedTuple):
    """A name under way, and whether its chain holds the lock since then."""

    imports: Imports
    name: str
    locked: bool


_chain: Final[ContextVar[tuple[_Step, ...]]] = ContextVar("rtfs_imports", default=())


class Imports:
    """The imports of one session, or of one store of modules."""

    def __init__(self) -> None:
        self._lock = threading.Lock()

    @property
    def busy(self) -> bool:
        """Tell whether an import is under way on any thread."""
        return self._lock.locked()

    @contextmanager
    def importing(self, name: str) -> Iterator[None]:
        """Be importing a name, alone among all threads; raises ModuleError when that is a circle."""
        names = [step.name for step in _chain.get() if step.imports is self]
        if name in names:
            raise module_error(f"Circular dependency: {' -> '.join((*names[names.index(name) :], name))}")
        with self._entered(name, alone=True):
            yield

    @contextmanager
    def running(self, name: str) -> Iterator[None]:
        """Be running a module as a plan; others may do the same meanwhile."""
        with self._entered(name, alone=False):
            yield

    @contextmanager
    def _entered(self, name: str, *, alone: bool) -> Iterator[None]:
        chain = _chain.get()
        locked = alone and not any(step.locked for step in chain if step.imports is self)
        if locked:
            self._lock.acquire()
        token = _chain.set((*chain, _Step(self, name, locked)))
        try:
            yield
        finally:
            _chain.reset(token)
            if locked:
                self._lock.release()


def module_error(message: str) -> RtfsError:
    """Make a ModuleError."""
    return RtfsError("ModuleError", {"message": message})
