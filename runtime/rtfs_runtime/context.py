"""Where a session's code is just now: the run, the steps around it, call hints, context values.

In: what sessions and steps enter and leave. Out: `Scope`, a chain kept in one context variable, so that
threads and tasks that copy their context go on from the same place. Source: language §3.13, §3.14; ruling 28.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextvars import ContextVar, Token
from itertools import count
from typing import TYPE_CHECKING, Final

from rtfs_runtime.trace import Event, Trace

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop


class Scope:
    """One level: a run, a step, or the hints of one call.

    Shape: `owner` is the session; scopes of another session further out are invisible. `values` are those
           `context/set` left in this step; `hints` the `runtime.*` entries of one call, else None.
    """

    __slots__ = ("event", "hints", "numbers", "owner", "parent", "path", "trace", "values")

    def __init__(self, owner: object, parent: Scope | None, path: str, trace: Trace) -> None:
        self.owner = owner
        self.parent = parent
        self.path = path
        self.trace = trace
        self.event: Event | None = None
        self.values: dict[str, object] = {}
        self.hints: Mapping[str, object] | None = None
        # effects, steps and branches are numbered together within the level they belong to
        self.numbers = count(1)

    @property
    def event_id(self) -> int:
        """The id of the event that this level is, 0 for none."""
        return 0 if self.event is None else self.event.id

    def next_path(self, name: str = "") -> str:
        """Name the place of the next effect, or of the next level with a name of its own."""
        return f"{self.path}/{next(self.numbers)}{':' if name else ''}{name}"


event_loop: Final[ContextVar[AbstractEventLoop | None]] = ContextVar("rtfs_event_loop", default=None)
"""The loop of the caller of an asynchronous run: what the run waits for is waited for there."""

_current: Final[ContextVar[Scope | None]] = ContextVar("rtfs_scope", default=None)


def current(owner: object) -> Scope | None:
    """Give the innermost scope of a session, or None outside of its runs."""
    scope = _current.get()
    while scope is not None and scope.owner is not owner:
        scope = scope.parent
    return scope


def enter(scope: Scope) -> Token[Scope | None]:
    """Make a scope the innermost one."""
    return _current.set(scope)


def leave(token: Token[Scope | None]) -> None:
    """Go back to what was innermost before `enter`."""
    _current.reset(token)


def step_in(scope: Scope) -> None:
    """Make a scope the innermost one, to be left with `step_out`."""
    _current.set(scope)


def step_out(owner: object) -> Scope | None:
    """Leave the innermost scope of a session and give it."""
    scope = current(owner)
    if scope is not None:
        _current.set(scope.parent)
    return scope


def end_steps(owner: object, outer: Scope, error: BaseException) -> None:
    """End the steps that an error left open below a level: what no `catch` sees, no step sees either."""
    scope = current(owner)
    while scope is not None and scope is not outer:
        event = scope.event
        if event is not None and event is not outer.event and event.latency_s is None:
            scope.trace.end(event, error, failed=True)
        scope = scope.parent


def find_value(owner: object, name: str, fixed: Mapping[str, object], default: object) -> object:
    """Find a context value: of the nearest step that set it, else of the session."""
    scope = current(owner)
    while scope is not None:
        if scope.owner is owner and name in scope.values:
            return scope.values[name]
        scope = scope.parent
    return fixed.get(name, default)


def find_hint(owner: object, name: str) -> object:
    """Find a `runtime.*` hint of the call being made, or None."""
    scope = current(owner)
    while scope is not None and scope.hints is not None:
        if scope.owner is owner and name in scope.hints:
            return scope.hints[name]
        scope = scope.parent
    return None
