"""Measures one program in this process: `python -m benchmarks.measuring NAME`; `benchmarks.compare` runs it.

In: a program of `pairs`. Out: JSON on stdout: for each language the median ratio to Python of interleaved
rounds, peaks of memory, and for programs that have a size the ratios at that size, ten and a hundred times
it. Results are checked equal first.
"""

from __future__ import annotations

import argparse
import gc
import json
import sys
import tracemalloc
from typing import Any

from benchmarks import sides
from benchmarks.installed import NotInstalled
from benchmarks.paired import compare
from benchmarks.sides import Runner, plain
from rtfsc.options import Options

GROWING = {"groups": 100, "primes": 400, "text": 40, "unique": 60, "words": 60}
"""Programs whose function `grow` takes a size, and the size to start from."""
FACTORS = (1, 10, 100)
# one run of a slow language
_PATIENCE_S = 0.3
_SLOW_ROUNDS = 5


def measure(name: str, options: Options, rounds: int, *, everything: bool) -> dict[str, Any]:
    """Measure a program; `everything` takes in what need not be measured in each process.

    Raises: NotInstalled, when the Python side is of a package that is missing.
    """
    python, ours = sides.python(name), sides.compiled(name, options=options)
    variants = {"Python": python, "RTFS": ours}
    missing = []
    try:
        variants["Hy"] = sides.hy(name)
    except NotInstalled as error:
        missing.append(str(error))
    _check(name, variants)
    rows = compare(variants, rounds=rounds)
    found: dict[str, Any] = {"ratios": {row.name: row.ratio for row in rows[1:]}, "time_ns": rows[0].time_ns}
    if everything:
        found["peaks"] = {"Python": peak_bytes(python), "RTFS": peak_bytes(ours)}
        if name in GROWING:
            found["growth"] = [_grown(name, options, GROWING[name] * factor, rounds) for factor in FACTORS]
        try:
            found["ratios"].update(_basilisp(name, python))
        except NotInstalled as error:
            missing.append(str(error))
    found["missing"] = missing
    return found


def _basilisp(name: str, python: Runner) -> dict[str, float]:
    theirs = sides.basilisp(name)
    if theirs is None:
        return {}
    once = compare({"Basilisp": theirs}, rounds=1)[0]
    if once.time_ns > _PATIENCE_S * 1e9:
        return {}
    return {"Basilisp": compare({"Python": python, "Basilisp": theirs}, rounds=_SLOW_ROUNDS)[1].ratio}


def _grown(name: str, options: Options, size: int, rounds: int) -> dict[str, Any]:
    python, ours = sides.python(name, "grow"), sides.compiled(name, "grow", options)
    variants: dict[str, Runner] = {"Python": lambda: python(size), "RTFS": lambda: ours(size)}
    _check(name, variants)
    rows = compare(variants, rounds=rounds)
    return {
        "size": size,
        "ratio": rows[1].ratio,
        "times_ns": {row.name: row.time_ns for row in rows},
        "peaks": {side: peak_bytes(run) for side, run in variants.items()},
    }


def _check(name: str, variants: dict[str, Runner]) -> None:
    wanted = plain(variants["Python"]())
    for side, run in variants.items():
        got = plain(run())
        assert got == wanted, f"{name} in {side}: {got!r}, in Python {wanted!r}"


def peak_bytes(run: Runner) -> int:
    """Give how much memory of Python objects one run takes at most, its result included."""
    gc.collect()
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        result = run()
        peak = tracemalloc.get_traced_memory()[1]
        del result
    finally:
        tracemalloc.stop()
    return peak - before


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.measuring")
    parser.add_argument("name", choices=sides.names())
    parser.add_argument("-O", dest="level", type=int, default=Options().level)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--everything", action="store_true", help="memory, growth and Basilisp too")
    given = parser.parse_args()
    try:
        found = measure(given.name, Options(level=given.level), given.rounds, everything=given.everything)
    except NotInstalled as error:
        found = {"missing": [str(error)]}
    json.dump(found, sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main())
