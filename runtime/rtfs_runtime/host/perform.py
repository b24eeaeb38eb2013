"""The one function that every effect passes (ruling 28).

In: an effect: what, where, with which arguments, and how to do it. Out: its value; an event in the trace,
closed on every way out. A ledger or a replay hooks in here and nowhere else. Whether the effect may happen is
left to the caller.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from rtfs_runtime.trace import Event, EventKind, Trace


class Effect(NamedTuple):
    """One effect about to happen.

    Shape: `path` is its place; `detail` goes into the event before it starts. `outside` says that it reaches
           beyond the session, so that a replay gives back what was recorded instead of doing it.
    """

    path: str
    kind: EventKind
    name: str
    args: tuple[object, ...]
    detail: Mapping[str, object]
    outside: bool = True


def perform(effect: Effect, act: Callable[[Event], object], trace: Trace, parent: int) -> object:
    """Do an effect and record it; `act` may add to the event's detail."""
    event = trace.begin(effect.kind, effect.name, effect.path, parent)
    event.args = effect.args
    event.detail.update(effect.detail)
    try:
        value = act(event) if trace.replay is None or not effect.outside else trace.replay(event)
    except BaseException as error:
        trace.end(event, error, failed=True)
        raise
    trace.end(event, value)
    return value
