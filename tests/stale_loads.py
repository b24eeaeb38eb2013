"""Change sources at random, again and again, and look whether anything stale is ever loaded.

`python -m tests.stale_loads COUNT SEED`: three modules, one of which gives the others a constant, a function
and a macro. Each step changes one of them, or the options, or the compiler's version, or what lies beside the
sources; every edit keeps the size and the time stamp of the file. Then the plan is loaded as a new process
would load it, through the compile cache and the artifacts beside it, and must give the value that the texts
say.
"""

from __future__ import annotations

import os
import random
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from rtfs_runtime import modulestore
from rtfs_runtime.cache.l4_artifact import LocalArtifacts
from rtfs_runtime.modulestore import ModuleStore
from rtfs_runtime.session import Session
from rtfsc.build import Target, build
from rtfsc.driver import compiler
from rtfsc.options import Options

BASE = """(module base (:exports [k inc times])
  (def k {k})
  (defn inc [x] (+ x {d}))
  (defmacro times [x] `(* {m} ~x)))"""
MID = """(module mid (:exports [g])
  (import base)
  (defn g [x] (+ (base/times x) (base/inc base/k) {e})))"""
TOP = """(module top (:exports [main])
  (import mid)
  (defn main [] (- (mid/g {x}) {e})))"""
STAMP_NS = 1_700_000_000 * 10**9


class Outcome(NamedTuple):
    """What a run of steps gave."""

    steps: int
    stale: int
    cached: int


class World:
    """The sources, and what their value is."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.folder = folder
        self.chance = random.Random(seed)
        self.numbers = dict.fromkeys(("k", "d", "m", "x", "mid", "top"), 10)
        self.options = Options()
        self.version = b"1" * 16
        self.cache = LocalArtifacts(str(folder / "cache"))
        self.compiled = 0
        (folder / "src").mkdir()
        self.write()

    def write(self) -> None:
        """Write the sources, all with one time stamp."""
        n = self.numbers
        texts = {
            "base": BASE.format(k=n["k"], d=n["d"], m=n["m"]),
            "mid": MID.format(e=n["mid"]),
            "top": TOP.format(x=n["x"], e=n["top"]),
        }
        for name, text in texts.items():
            path = self.folder / "src" / f"{name}.rtfs"
            path.write_text(text)
            os.utime(path, ns=(STAMP_NS, STAMP_NS))

    def wanted(self) -> int:
        """Give what the texts say."""
        n = self.numbers
        return n["m"] * n["x"] + n["k"] + n["d"] + n["mid"] - n["top"]

    def step(self) -> None:
        """Change something."""
        kind = self.chance.random()
        if kind < 0.7:
            # of two digits as before: the size of the file stays
            self.numbers[self.chance.choice(list(self.numbers))] = self.chance.randrange(10, 100)
            self.write()
        elif kind < 0.8:
            delegable = self.chance.choice(((), ("mid/g",), ("base/inc", "mid/g")))
            self.options = Options(level=self.chance.randrange(3), delegable=delegable)
        elif kind < 0.85:
            self.version = self.chance.randbytes(16)
        elif kind < 0.95:
            # artifacts beside the sources, of all or of one: they go stale with the next edits
            name = self.chance.choice(("base.rtfs", "mid.rtfs", "top.rtfs", ""))
            build([str(self.folder / "src" / name)], Target(None, (), self.cache), self.options)
        else:
            for path in (self.folder / "src").glob("*.rtfsc"):
                if self.chance.random() < 0.5:
                    path.unlink()

    def load(self) -> object:
        """Load the plan as a new process would."""
        compile_source = compiler(self.options)

        def counted(request: modulestore.Request, modules: ModuleStore) -> modulestore.Artifact:
            self.compiled += 1
            return compile_source(request, modules)

        modules = ModuleStore((str(self.folder / "src"),), counted, self.cache, self.options.key_text())
        return Session(modules=modules).call("top", "main").value


def load_mutants(folder: Path, steps: int, seed: int) -> Outcome:
    """Take so many steps."""
    world = World(folder, seed)
    stale = 0
    known = modulestore.toolchain_digest
    modulestore.toolchain_digest = lambda: world.version  # type: ignore[assignment]
    try:
        for _ in range(steps):
            world.step()
            stale += world.load() != world.wanted()
    finally:
        modulestore.toolchain_digest = known
    return Outcome(steps, stale, 3 * steps - world.compiled)


def main(arguments: Sequence[str]) -> int:
    """Run from the command line; exit code 1 when something stale was loaded."""
    steps = int(arguments[0]) if arguments else 10_000
    seed = int(arguments[1]) if len(arguments) > 1 else 1
    with tempfile.TemporaryDirectory() as folder:
        outcome = load_mutants(Path(folder), steps, seed)
    sys.stdout.write(
        f"seed {seed}: {outcome.steps} changes, {outcome.stale} stale loads; "
        f"{outcome.cached} of {3 * outcome.steps} modules were not compiled again\n"
    )
    return 1 if outcome.stale else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
