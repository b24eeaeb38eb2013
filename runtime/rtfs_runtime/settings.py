"""What a session is made of: frozen, shareable, without state.

In: nothing. Out: `Limits` and `Settings`. Sizes of single values are limited for every session alike, in
`rtfs_runtime.limits`.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import AbstractContextManager
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, NamedTuple, TextIO

from rtfs_runtime import stack
from rtfs_runtime.cache.l4_artifact import DEFAULT_OPTIONS, LocalArtifacts
from rtfs_runtime.delegation.engine import DelegationEngine
from rtfs_runtime.delegation.target import ExecTarget
from rtfs_runtime.host.grants import NOTHING, Grants
from rtfs_runtime.host.world import REAL, World
from rtfs_runtime.modulestore import Compile
from rtfs_runtime.providers.registry import ModelRegistry
from rtfs_runtime.trace import Deferred, Ledger, Replay, Sink

if TYPE_CHECKING:
    from rtfs_runtime.cache.l4_library import Library
    from rtfs_runtime.cache.manager import CacheManager
    from rtfs_runtime.delegation.policy import Policy

_EMPTY: Final[Mapping[str, object]] = MappingProxyType({})
_NO_TARGETS: Final[Mapping[str, ExecTarget]] = MappingProxyType({})


class Limits(NamedTuple):
    """What one run may use.

    Units: `recursion_depth` counts frames of compiled code and of Python together; at its end stands
           StackOverflow, which programs can catch. `output_chars` counts printed and logged characters of a
           session. `wall_clock_s` None lets a run take its time.
    """

    recursion_depth: int = 60_000
    output_chars: int = 64 << 20
    wall_clock_s: float | None = None

    def active(self) -> AbstractContextManager[None]:
        """Raise Python's recursion limit for a block, for callers that run compiled code themselves."""
        return stack.allow_depth(self.recursion_depth)


class Settings(NamedTuple):
    """The choices of one session.

    Shape: `capabilities` are decorated functions or rows, beside the standard ones. `search_path` is where
           imports are looked for, after the folder of the file that is run. `context` holds what `@name`
           shows. `compile_source` None serves compiled modules only; `compile_options` is the key text of the
           options it compiles with. `registry` None is one with `echo-model`; the policy's models are added
           to a copy. `caches` None makes caches of decisions and answers for this session alone, kept in
           `cache_dir`, or in memory. `library` None is this user's published modules. `output` None is
           standard output. `engine` None is a `StaticDelegationEngine` over `static` and the policy.
           `template` None leaves the wording of contracts to the policy and the models. `sink` gets every
           event, `ledger` keeps what runs do, `replay` gives back what effects gave in a recorded run.
    """

    capabilities: tuple[object, ...] = ()
    grants: Grants = NOTHING
    policy: Policy | None = None
    limits: Limits = Limits()
    search_path: tuple[str, ...] = (".",)
    registry: ModelRegistry | None = None
    context: Mapping[str, object] = _EMPTY
    compile_source: Compile | None = None
    compile_options: str = DEFAULT_OPTIONS
    cache: LocalArtifacts | None = None
    caches: CacheManager | None = None
    cache_dir: str | None = None
    library: Library | None = None
    output: TextIO | None = None
    world: World = REAL
    engine: DelegationEngine | None = None
    static: Mapping[str, ExecTarget] = _NO_TARGETS
    template: str | None = None
    tenant: str = ""
    sink: Sink | None = None
    ledger: Ledger | None = None
    replay: Replay | None = None


def ledger_of(said: str | None = None, world: World = REAL) -> Ledger | None:
    """Give the ledger that a flag, else `RTFS_LEDGER`, names, None for `off`; it is opened with the first
    effect."""
    chosen = os.environ.get("RTFS_LEDGER", "") if said is None else said
    if chosen == "off":
        return None

    def make() -> Ledger:
        # a program without effects goes without
        from rtfs_runtime.ledger.places import writing_ledger

        return writing_ledger(chosen, world)

    return Deferred(make)
