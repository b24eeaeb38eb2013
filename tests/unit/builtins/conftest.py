"""What the tables of this room need: calls of rows as Python functions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from rtfs_runtime.builtins import BUILTINS
from rtfs_runtime.calls import callback


class RecordingHost:
    """A host that answers from a table and remembers what it was asked."""

    def __init__(self) -> None:
        self.events: list[tuple[str, tuple[object, ...]]] = []
        self.answers: dict[str, object] = {}

    def perform(self, capability_id: str, args: tuple[object, ...]) -> Any:
        self.events.append((capability_id, args))
        return self.answers.get(capability_id)


@pytest.fixture
def host() -> RecordingHost:
    return RecordingHost()


@pytest.fixture
def call(host: RecordingHost) -> Callable[..., Any]:
    """Call a builtin by its RTFS name, with the arity check of an indirect call."""

    def run(name: str, *args: object) -> Any:
        row = BUILTINS[name]
        if row.host:
            return row.function(host, *args)
        return callback(row.function, len(args), name)(*args)

    return run
