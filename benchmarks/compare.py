"""Compiled programs against the Python one would write: `python -m benchmarks.compare [NAME …]`.

In: `pairs/NAME.rtfs` and `pairs/NAME.py`, which both define `run`. Out: a Markdown table of ratios with
their intervals and the geometric mean; with `--svg FILE` a chart of them too. Both sides run interleaved in
one process; results are checked equal first.
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
    parser.add_argument("--svg", type=Path, help="write a chart here")
    given = parser.parse_args()
    print("| program | what it does | ratio to Python | 95 % interval |\n| --- | --- | ---: | --- |")
    rows: list[Row] = []
    for name in given.which or names():
        pair = load(name, Options(level=given.level))
        row = measure(pair, given.rounds)
        rows.append(row)
        print(f"| {name} | {pair.about} | {row.ratio:.2f} | {row.low:.2f} to {row.high:.2f} |", flush=True)
    mean = geometric_mean([row.ratio for row in rows])
    version = ".".join(map(str, sys.version_info[:3]))
    title = f"Geometric mean {mean:.2f} on CPython {version}, -O{given.level}"
    print(f"\n{title}")
    if given.svg is not None:
        given.svg.write_text(chart(title, rows))


_ROW_HEIGHT = 18
_LEFT = 120
_PER_DOUBLING = 90


def chart(title: str, rows: list[Row]) -> str:
    """Draw ratios as bars on a logarithmic scale, from the middle line where Python is, with intervals."""
    middle = _LEFT + 4 * _PER_DOUBLING

    def place(ratio: float) -> float:
        return middle + _PER_DOUBLING * max(-4.0, min(4.0, math.log2(ratio)))

    height = _ROW_HEIGHT * (len(rows) + 3)
    width = middle + 4 * _PER_DOUBLING + 60
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" font-family="sans-serif"',
        ' font-size="12">',
        f'<text x="8" y="14">{title}: ratio to Python, shorter to the left is faster</text>',
    ]
    for number, row in enumerate(rows, 2):
        y = number * _ROW_HEIGHT
        left, right = sorted((middle, place(row.ratio)))
        color = "#2a7" if row.ratio <= 1 else "#c73"
        parts += [
            f'<text x="8" y="{y + 9}">{row.name}</text>',
            f'<rect x="{left:.1f}" y="{y}" width="{right - left:.1f}" height="10" fill="{color}"/>',
            f'<line x1="{place(row.low):.1f}" x2="{place(row.high):.1f}" y1="{y + 5}" y2="{y + 5}"',
            ' stroke="#333"/>',
            f'<text x="{width - 50}" y="{y + 9}">{row.ratio:.2f}</text>',
        ]
    bottom = height - 4
    for power in range(-4, 5):
        x = middle + power * _PER_DOUBLING
        parts += [
            f'<line x1="{x}" x2="{x}" y1="22" y2="{bottom - 12}" stroke="#ccc"/>',
            f'<text x="{x - 8}" y="{bottom}">{2.0**power:g}</text>',
        ]
    return "\n".join((*parts, "</svg>", ""))


if __name__ == "__main__":
    main()
