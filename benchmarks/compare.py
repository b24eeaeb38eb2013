"""Compiled programs against the Python one would write: `python -m benchmarks.compare [NAME …]`.

In: the programs of `pairs`, each in RTFS, Python and Hy; those named `bm_…` have a file of pyperformance as
their Python side, run from the installed package. Out: Markdown tables; with `--out DIR` they and a chart are
written there, named by the version of Python. Each program is measured in several processes, since where
code and data come to lie in memory makes up to 20 % in one of them.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from benchmarks import sides
from benchmarks.report import Measured, chart, tables
from rtfsc.options import Options

_ROOT = Path(__file__).parents[1]
_PROCESSES = 6


def measure(name: str, processes: int, options: list[str]) -> Measured | None:
    """Measure a program; None when its Python side is not installed, which is said."""
    runs = []
    for number in range(processes):
        runs.append(_child(name, [*options, *(["--everything"] if number == 0 else [])]))
        if "ratios" not in runs[0]:
            print(f"{name} is left out: {runs[0]['missing'][0]}", file=sys.stderr)
            return None
    return Measured(name, sides.about(name), runs)


def _child(name: str, options: list[str]) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.measuring", name, *options]
    ended = subprocess.run(command, cwd=_ROOT, stdout=subprocess.PIPE, check=True)
    found: dict[str, Any] = json.loads(ended.stdout)
    return found


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.compare")
    parser.add_argument("which", nargs="*", help="programs; all when left out")
    parser.add_argument("-O", dest="level", type=int, default=Options().level, help="level of optimization")
    parser.add_argument("--processes", type=int, default=_PROCESSES)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--out", type=Path, help="write tables and a chart into this folder")
    given = parser.parse_args()
    options = ["-O", str(given.level), "--rounds", str(given.rounds)]
    found: list[Measured] = []
    for name in given.which or sides.names():
        one = measure(name, given.processes, options)
        if one is not None:
            print(f"{name} {one.ratio('RTFS'):.2f}", file=sys.stderr, flush=True)
            found.append(one)
    for message in sorted({message for one in found for message in one.missing}):
        print(f"a column is empty: {message}", file=sys.stderr)
    short = ".".join(map(str, sys.version_info[:2]))
    title = f"CPython {'.'.join(map(str, sys.version_info[:3]))}, -O{given.level}"
    text = tables(title, found, given.processes)
    print(text)
    if given.out is not None:
        given.out.mkdir(parents=True, exist_ok=True)
        (given.out / f"cpython-{short}.md").write_text(text + "\n", encoding="utf-8")
        (given.out / f"cpython-{short}.svg").write_text(chart(title, found), encoding="utf-8")


if __name__ == "__main__":
    main()
