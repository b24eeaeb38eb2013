"""Whole-program compilation against Hy's: `python -m benchmarks.compiling`.

In: the programs of `pairs` in RTFS and in Hy. Out: a table: for each program, and for a long plan that Hy has
no counterpart of, the time from text to code object, RTFS at the highest level of optimization. Both run
interleaved in one process; imports of the compilers are not in it.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Callable
from types import CodeType, ModuleType
from typing import Any

from benchmarks.paired import Row, compare
from benchmarks.programs import plan
from benchmarks.report import mean
from benchmarks.sides import FOLDER, names
from rtfsc.driver import compile_text

_ROUNDS = 15


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
    text = plan(40)
    alone = compare({"plan": lambda: compile_text(text)}, rounds=5)[0]
    each_us = alone.time_ns / 1e3 / len(text)
    print(f"A plan of {len(text)} bytes: {alone.time_ns / 1e6:.0f} ms, {each_us:.1f} us a byte")
    return 0


if __name__ == "__main__":
    sys.exit(main())
