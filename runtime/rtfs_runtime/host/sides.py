"""What a standard capability may use of its host.

In: nothing. Out: a protocol, so that capabilities do not import the host that collects them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from rtfs_runtime.host.grants import Grants
from rtfs_runtime.host.handles import Handles
from rtfs_runtime.host.world import World


class HostSide(Protocol):
    """The host as its capabilities see it."""

    owner: object
    grants: Grants
    world: World
    context: dict[str, object]
    state: dict[object, object]
    handles: Handles
    execute_model: Callable[[str, str], object]

    def write_out(self, text: str) -> None: ...
    def write_log(self, text: str) -> None: ...
    def may_print(self) -> bool: ...
