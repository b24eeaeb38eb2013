"""The cache layers of a process or a session, together.

In: a directory, or none for memory only, and a clock. Out: `CacheManager`: the layers, one view of their
statistics, one place to close them. A layer is made when it is first asked for.
"""

from __future__ import annotations

import atexit
import os
import weakref
from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Final

from rtfs_runtime.cache.cold import ColdStore
from rtfs_runtime.cache.l1_delegation import DelegationCache
from rtfs_runtime.cache.l2_inference import COLD_ENTRIES, InferenceCache
from rtfs_runtime.cache.l4_artifact import LocalArtifacts, local_artifacts
from rtfs_runtime.cache.layer import CacheStats
from rtfs_runtime.cache.sqlite import FILE_NAME
from rtfs_runtime.host.world import REAL

if TYPE_CHECKING:
    from rtfs_runtime.cache.embedding import Embedder
    from rtfs_runtime.cache.l3_semantic import SemanticCache

L2: Final = "l2"
L3: Final = "l3"


class CacheManager:
    """The layers.

    Shape: `directory` None keeps decisions and answers in memory. `problems` are what was wrong with the
           stores; `warn` gets each as it is found.
    """

    def __init__(
        self,
        directory: str | None,
        clock: Callable[[], float],
        warn: Callable[[str], None] | None = None,
        elapsed_s: Callable[[], float] = REAL.elapsed_s,
    ) -> None:
        self.directory = directory
        self._embedder: Embedder | None = None
        self.problems: list[str] = []
        self._clock = clock
        self._warn = warn
        self._elapsed_s = elapsed_s
        _open_managers.add(self)

    @classmethod
    def open(
        cls,
        directory: str | None = None,
        clock: Callable[[], float] = REAL.now_s,
        warn: Callable[[str], None] | None = None,
    ) -> CacheManager:
        """Make the layers of a directory, or of memory; what waits to be written is written at exit."""
        return cls(directory, clock, warn)

    @cached_property
    def l1(self) -> DelegationCache:
        """Decisions."""
        return DelegationCache(self._clock)

    @cached_property
    def l2(self) -> InferenceCache:
        """Answers."""
        cold = None
        if self.directory is not None:
            path = os.path.join(self.directory, FILE_NAME)
            cold = ColdStore(path, L2, self._clock, self._report, COLD_ENTRIES)
        return InferenceCache(self._clock, cold=cold, elapsed_s=self._elapsed_s)

    @cached_property
    def l3(self) -> SemanticCache | None:
        """Answers to like questions; None, with a problem that says what to install, without the extra."""
        try:
            # numpy and what it brings: only programs whose rules ask for likeness pay for it
            from rtfs_runtime.cache.l3_semantic import Parts, SemanticCache
        except ImportError as error:
            self._report(f"likeness is not used, it needs `{error.name}`: pip install 'rtfsc[semantic]'")
            return None
        cold = None
        if self.directory is not None:
            path = os.path.join(self.directory, FILE_NAME)
            cold = ColdStore(path, L3, self._clock, self._report, COLD_ENTRIES)
        return SemanticCache(self.l2, self._clock, cold=cold, parts=Parts(self._embedder, self._report))

    @cached_property
    def l4(self) -> LocalArtifacts:
        """Compiled code."""
        return local_artifacts()

    def stats(self) -> dict[str, CacheStats]:
        """Tell what each layer did so far, by its name."""
        stats = {"l1": self.l1.stats(), "l2": self.l2.stats(), "l4": self.l4.stats()}
        l3 = self.__dict__.get("l3")
        return stats if l3 is None else dict(sorted({**stats, "l3": l3.stats()}.items()))

    def flush(self) -> None:
        """Wait until everything kept is on disk."""
        if "l2" in self.__dict__:
            self.l2.flush()

    def close(self) -> None:
        """Write what waits, and close the files."""
        l3 = self.__dict__.get("l3")
        if l3 is not None:
            l3.close()
        if "l2" in self.__dict__:
            self.l2.close()

    def _report(self, problem: str) -> None:
        if problem in self.problems:
            # two layers share a file
            return
        self.problems.append(problem)
        if self._warn is not None:
            self._warn(problem)


_open_managers: Final[weakref.WeakSet[CacheManager]] = weakref.WeakSet()


@atexit.register
def _close_all() -> None:
    """Write what waits in managers that nobody closed."""
    for manager in list(_open_managers):
        manager.close()
