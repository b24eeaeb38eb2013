"""Whole-program compilation against Hy's: `python -m benchmarks.compiling`.

In: the programs of `pairs` in RTFS and in Hy. Out: a table: for each program, and for a long plan that Hy has
no counterpart of, the time from text to code object, RTFS at the highest level of optimization. Both run
interleaved in one process; imports of the compilers are not in it. A second table has whole processes, `rtfsc
build` with an empty cache and `hyc`, with everything that they import; the `.pyc` files of both are there.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

from benchmarks.paired import Row, compare
from benchmarks.programs import plan
from benchmarks.report import mean
from benchmarks.sides import FOLDER, names
from rtfsc.driver import compile_text

_ROUNDS = 15
_STARTED = ("fib", "tokens", "bm_nbody")
"""Programs that are compiled by processes of their own: small, middling, large."""


def hy_compiler() -> Callable[[str, str], CodeType]:
    """Give a function from text and file name to code, as Hy's importer does it."""
    hy: Any = importlib.import_module("hy")
    compiler: Any = importlib.import_module("hy.compiler")

    def compile_hy(text: str, filename: str) -> CodeType:
        tree = compiler.hy_compile(hy.read_many(text, filename=filename), ModuleType("pair"))
        code: CodeType = compile(tree, filename, "exec")
        return code

    return compile_hy


def rows() -> list[tuple[str, int, Row]]:
    """Measure: name, size of the RTFS text in bytes, and RTFS as a ratio to Hy."""
    compile_hy = hy_compiler()
    found = []
    for name in names():
        ours = (FOLDER / f"{name}.rtfs").read_text(encoding="utf-8")
        theirs = (FOLDER / f"{name}.hy").read_text(encoding="utf-8")

        def run_hy(text: str = theirs, name: str = name) -> object:
            return compile_hy(text, name)

        def run_ours(text: str = ours) -> object:
            return compile_text(text)

        found.append((name, len(ours), compare({"Hy": run_hy, "RTFS": run_ours}, rounds=_ROUNDS)[1]))
    return found


def process_rows(folder: Path) -> list[tuple[str, Row]]:
    """Measure processes that compile a program each, working in a folder: name, and RTFS as a ratio to Hy."""
    hyc = [sys.executable, "-c", "from hy.cmdline import hyc_main; hyc_main()"]
    cache = folder / "cache"
    environment = {**os.environ, "RTFS_CACHE_DIR": str(cache)}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)

    def start(*words: str) -> None:
        shutil.rmtree(cache, ignore_errors=True)
        subprocess.run(
            words, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True
        )

    found = []
    for name in _STARTED:
        for suffix in (".rtfs", ".hy"):
            shutil.copy(FOLDER / f"{name}{suffix}", folder)

        def run_hy(name: str = name) -> None:
            start(*hyc, str(folder / f"{name}.hy"))

        def run_ours(name: str = name) -> None:
            source = str(folder / f"{name}.rtfs")
            start(sys.executable, "-m", "rtfsc", "build", source, "-o", str(folder / "out"))

        found.append((name, compare({"Hy": run_hy, "RTFS": run_ours}, rounds=_ROUNDS)[1]))
    return found


def main() -> int:
    """Measure and print."""
    if importlib.util.find_spec("hy") is None:
        print("Hy is not installed: pip install -e '.[bench]'", file=sys.stderr)
        return 2
    print("| program | bytes | ratio to Hy | 95 % interval | ms |\n| --- | ---: | ---: | --- | ---: |")
    found = rows()
    for name, size, row in found:
        between = f"{row.low:.2f} to {row.high:.2f}"
        print(f"| {name} | {size} | {row.ratio:.2f} | {between} | {row.time_ns / 1e6:.1f} |")
    print(f"\nGeometric mean {mean([row.ratio for _, _, row in found])}")
    print("\n| process | ratio to hyc | 95 % interval | ms |\n| --- | ---: | --- | ---: |")
    with tempfile.TemporaryDirectory() as folder:
        for name, row in process_rows(Path(folder)):
            between = f"{row.low:.2f} to {row.high:.2f}"
            print(f"| {name} | {row.ratio:.2f} | {between} | {row.time_ns / 1e6:.0f} |")
    print()
    text = plan(40)
    alone = compare({"plan": lambda: compile_text(text)}, rounds=5)[0]
    each_us = alone.time_ns / 1e3 / len(text)
    print(f"A plan of {len(text)} bytes: {alone.time_ns / 1e6:.0f} ms, {each_us:.1f} us a byte")
    return 0


if __name__ == "__main__":
    sys.exit(main())
