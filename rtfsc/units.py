"""What the driver gives: a compiled unit, and where its compilation took place.

In: nothing. Out: `Unit`, `Env`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from rtfs_runtime.artifact import Artifact
from rtfs_runtime.interface import Interface
from rtfs_runtime.modulestore import ModuleStore
from rtfsc.ir.nodes import Module
from rtfsc.source import Diagnostic, SourceFile


class Unit(NamedTuple):
    """One compiled text. `module` is its IR after the passes, `diagnostics` are warnings."""

    source: SourceFile
    module: Module
    artifact: Artifact
    diagnostics: tuple[Diagnostic, ...]

    @property
    def interface(self) -> Interface:
        """What importers may know."""
        return self.module.interface


class Timing:
    """A clock, and the time that each stage took by it, added up by name."""

    __slots__ = ("clock", "elapsed_s")

    def __init__(self, clock: Callable[[], float]) -> None:
        self.clock = clock
        self.elapsed_s: dict[str, float] = {}


class Env:
    """The surroundings of a compilation.

    `modules` finds what is imported and compiles it. `known_globals` exist before the unit runs, as in the
    REPL. With `timing`, the time of each stage is added up.
    """

    __slots__ = ("known_globals", "modules", "timing")

    def __init__(
        self,
        modules: ModuleStore,
        *,
        known_globals: frozenset[str] = frozenset(),
        timing: Timing | None = None,
    ) -> None:
        self.modules = modules
        self.known_globals = known_globals
        self.timing = timing
