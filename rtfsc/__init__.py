"""RTFS 2.0 for Python: compile plans, import them, run them in sessions.

Out: the public names; `import rtfsc` loads none of them before it is used.
"""

from __future__ import annotations

from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from rtfs_runtime import tagged
    from rtfs_runtime.artifact import ArtifactError
    from rtfs_runtime.border import from_python, to_python
    from rtfs_runtime.delegation.policy_reader import load_policy
    from rtfs_runtime.errors import RtfsError
    from rtfs_runtime.host.capability import capability
    from rtfs_runtime.host.grants import Grants
    from rtfs_runtime.ledger.replay import ReplayError
    from rtfs_runtime.session import Result
    from rtfs_runtime.settings import Limits, Settings, ledger_of
    from rtfs_runtime.values import Keyword, List, Resource, Symbol
    from rtfsc.driver import compile_file, compile_source
    from rtfsc.hook import Session, install
    from rtfsc.replaying import replay
    from rtfsc.source import CompileError

__all__ = [
    "ArtifactError",
    "CompileError",
    "Grants",
    "Keyword",
    "Limits",
    "List",
    "ReplayError",
    "Resource",
    "Result",
    "RtfsError",
    "Session",
    "Settings",
    "Symbol",
    "capability",
    "compile_file",
    "compile_source",
    "from_python",
    "install",
    "ledger_of",
    "load_policy",
    "replay",
    "tagged",
    "to_python",
]

_HOMES: Final = MappingProxyType(
    {
        "ArtifactError": "rtfs_runtime.artifact",
        "CompileError": "rtfsc.source",
        "Grants": "rtfs_runtime.host.grants",
        "Keyword": "rtfs_runtime.values",
        "Limits": "rtfs_runtime.settings",
        "List": "rtfs_runtime.values",
        "ReplayError": "rtfs_runtime.ledger.replay",
        "Resource": "rtfs_runtime.values",
        "Result": "rtfs_runtime.session",
        "RtfsError": "rtfs_runtime.errors",
        "Session": "rtfsc.hook",
        "Settings": "rtfs_runtime.settings",
        "Symbol": "rtfs_runtime.values",
        "capability": "rtfs_runtime.host.capability",
        "compile_file": "rtfsc.driver",
        "compile_source": "rtfsc.driver",
        "from_python": "rtfs_runtime.border",
        "install": "rtfsc.hook",
        "ledger_of": "rtfs_runtime.settings",
        "replay": "rtfsc.replaying",
        "load_policy": "rtfs_runtime.delegation.policy_reader",
        "to_python": "rtfs_runtime.border",
    }
)


def __getattr__(name: str) -> object:
    if name == "tagged":
        return import_module("rtfs_runtime.tagged")
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'rtfsc' has no attribute {name!r}")
    found: object = getattr(import_module(home), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
