"""The host of one session: what programs reach through `call` and the host functions of the library.

In: capability ids and values. Out: values, or errors of the catalogue. Grants are asked before anything
happens, everything passes `perform`. What each capability does is left to the files beside this one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from rtfs_runtime import context
from rtfs_runtime.calls import callback
from rtfs_runtime.errors import LimitExceeded, RtfsError
from rtfs_runtime.host.capability import Capability, as_error, check_input, check_output, table
from rtfs_runtime.host.grants import Grants
from rtfs_runtime.host.handles import Handles
from rtfs_runtime.host.perform import Effect, perform
from rtfs_runtime.host.rows import nothing
from rtfs_runtime.host.standard import STANDARD
from rtfs_runtime.host.world import OutputClosed, World
from rtfs_runtime.trace import Event, EventKind, Sink, Trace


class Host:
    """One session's host.

    Shape: `owner` is the session, which marks its scopes. `state` is the session's key-value store, `context`
           what `@name` shows, `trace` the events of calls that belong to no run. `execute_model` answers
           `llm-execute`; the session sets it.
    Thread: effects may happen on several threads; the store is as atomic as a dict.
    """

    def __init__(
        self,
        owner: object,
        declared: Iterable[object],
        grants: Grants,
        world: World,
        sink: Sink | None = None,
    ) -> None:
        self.owner = owner
        self.capabilities: dict[str, Capability] = table(declared, STANDARD)
        self._defined: set[str] = set()
        self.grants = grants
        self.world = world
        self.context: dict[str, object] = {}
        self.state: dict[object, object] = {}
        self.handles = Handles()
        self.output_left = 0
        self.trace = Trace(world.elapsed_s, sink)
        self._root = context.Scope(owner, None, "", self.trace)
        self._root.values = self.context
        self.execute_model: Callable[[str, str], object] = _no_model

    def here(self) -> context.Scope:
        """Give the level at which the session's code is now: of a run, or of calls that belong to none."""
        return context.current(self.owner) or self._root

    def define(self, ids: tuple[str, ...], implementation: object) -> None:
        """Add capabilities that a program defines. What they do is done by the program, under its grants."""

        def act(_host: object, *args: object) -> object:
            return callback(implementation, len(args), "call")(*args)

        for each in ids:
            if each not in self.capabilities or each in self._defined:
                self._defined.add(each)
                self.capabilities[each] = Capability(each, act, "writes", nothing)

    def perform(self, capability_id: str, args: tuple[object, ...]) -> object:
        """Do what a capability does; a refusal is an event too.

        Raises: UnknownCapability, SecurityViolation, what `check_input` and `check_output` raise, and what
               the capability ended in.
        """
        row = self.capabilities.get(capability_id)

        def act(_event: Event) -> object:
            if row is None:
                raise RtfsError("UnknownCapability", {"capability": capability_id})
            check_input(row, args)
            self.grants.check(row.id, _operation(row), row.needs(self, *args))
            try:
                value = row.act(self, *args)
            except Exception as error:
                # border: whatever a host function ends in is an error that programs can catch
                found = as_error(error)
                raise found from found.__cause__
            return check_output(row, value)

        outside = row is None or row.needs is not nothing
        return self._record(Effect("", "capability", capability_id, args, {}, outside), act)

    def record(
        self,
        kind: EventKind,
        name: str,
        args: tuple[object, ...],
        detail: Mapping[str, object],
        act: Callable[[Event], object],
    ) -> object:
        """Do an effect at the place where the session's code is now; effects within it are its children."""
        return self._record(Effect("", kind, name, args, detail), act)

    def _record(self, effect: Effect, act: Callable[[Event], object]) -> object:
        around = self.here()
        path = around.next_path()
        scope = context.Scope(self.owner, around, path, around.trace)
        scope.values, scope.hints = around.values, around.hints

        def inside(event: Event) -> object:
            scope.event = event
            token = context.enter(scope)
            try:
                return act(event)
            finally:
                context.leave(token)

        return perform(effect._replace(path=path), inside, around.trace, around.event_id)

    def write_out(self, text: str) -> None:
        """Write to the session's output; raises LimitExceeded when there was too much of it."""
        self._write(self.world.write_out, text)

    def write_log(self, text: str) -> None:
        """Write to the session's log."""
        self._write(self.world.write_log, text)

    def may_print(self) -> bool:
        """Tell whether printing is granted."""
        return any(grant.kind == "print" for grant in self.grants.items)

    def _write(self, write: Callable[[str], None], text: str) -> None:
        self.output_left -= len(text)
        if self.output_left < 0:
            raise LimitExceeded("output", "the session's limit of printed characters")
        try:
            write(text)
        except BrokenPipeError:
            raise OutputClosed from None


def _operation(row: Capability) -> str:
    return {"reads": "read", "writes": "write"}[row.effects]


def _no_model(model_id: str, prompt: str) -> Any:
    raise RtfsError("UnknownCapability", {"capability": model_id})
