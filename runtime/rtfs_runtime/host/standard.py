"""The capabilities that every session knows; all but the harmless ones need a grant.

In: the tables of the files beside this one. Out: `STANDARD`, by id.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from rtfs_runtime.host import agents, console, files, network, state, system
from rtfs_runtime.host.capability import Capability

STANDARD: Final[Mapping[str, Capability]] = MappingProxyType(
    {row.id: row for room in (console, files, system, network, state, agents) for row in room.ROWS}
)
