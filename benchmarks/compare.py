"""Compiled programs against the Python one would write: `python -m benchmarks.compare [NAME …]`.

In: `pairs/NAME.rtfs` and `pairs/NAME.py`, which both define `run`. Out: a Markdown table of ratios with
their intervals and the geometric mean. Both sides run interleaved in one process; results are checked equal
first.
"""

from __future__ import annotations

import argparse
import importlib.util
import math
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from benchmarks.paired import Row, compare
from rtfs_runtime.border import to_python
from rtfs_runtime.session import Session
from rtfsc.driver import compile_file, make_env
from rtfsc.options import Options

FOLDER = Path(__file__).parent / "pairs"
Runner = Callable[[], object]


class Pair(NamedTuple):
    """One program, written twice."""

    name: str
    about: str
    python: Runner
    compiled: Runner


def names() -> list[str]:
    """List the programs."""
    return sorted(path.stem for path in FOLDER.glob("*.rtfs"))


def load(name: str, options: Options) -> Pair:
    """Compile one side, import the other, and check that they agree."""
    spec = importlib.util.spec_from_file_location(f"pair_{name}", FOLDER / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    env = make_env((str(FOLDER),), options)
    unit = compile_file(FOLDER / f"{name}.rtfs", options, env)
    session = Session(modules=env.modules)
    session.evaluate(unit.artifact, unit.source.name)
    compiled = next(iter(session.instances.values())).globals["run"]
    pair = Pair(name, (module.__doc__ or "").strip(), module.run, compiled)
    wanted, got = pair.python(), to_python(compiled(), str)
    assert _plain(wanted) == _plain(got), f"{name}: {got!r}, in Python {wanted!r}"
    return pair


def _plain(value: object) -> object:
    """Let tuples and lists, keywords and strings meet."""
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    return value if isinstance(value, (int, float, str, type(None))) else str(value)


def measure(pair: Pair, rounds: int) -> Row:
    """Give the ratio of the compiled side to Python."""
    return compare({"Python": pair.python, pair.name: pair.compiled}, rounds=rounds)[1]


def geometric_mean(ratios: list[float]) -> float:
    """Give the mean that treats 2.0 and 0.5 alike."""
    return math.exp(sum(map(math.log, ratios)) / len(ratios))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.compare")
    parser.add_argument("which", nargs="*", help="programs; all when left out")
    parser.add_argument("-O", dest="level", type=int, default=Options().level, help="level of optimization")
    parser.add_argument("--rounds", type=int, default=15)
    given = parser.parse_args()
    print("| program | ratio to Python | 95 % interval |\n| --- | ---: | --- |")
    ratios = []
    for name in given.which or names():
        row = measure(load(name, Options(level=given.level)), given.rounds)
        ratios.append(row.ratio)
        print(f"| {name} | {row.ratio:.2f} | {row.low:.2f} to {row.high:.2f} |", flush=True)
    version = ".".join(map(str, sys.version_info[:3]))
    print(f"\nGeometric mean {geometric_mean(ratios):.2f} on CPython {version}, -O{given.level}")


if __name__ == "__main__":
    main()
