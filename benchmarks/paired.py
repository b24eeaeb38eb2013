"""Compare variants fairly on a noisy machine.

In: functions that do the same amount of work. Out: for each the ratio to the first, with a 95 % interval.
Variants run interleaved, in an order that rotates each round, so that a slow moment hits all of them; a
ratio is taken within a round, never between rounds. Each runs about as long, however often that is.
"""

from __future__ import annotations

import gc
import math
import statistics
import time
from collections.abc import Callable, Mapping
from typing import NamedTuple


class Row(NamedTuple):
    """One variant: median time of a round in ns, median ratio to the baseline and its 95 % interval."""

    name: str
    time_ns: float
    ratio: float
    low: float
    high: float


def compare(
    variants: Mapping[str, Callable[[], object]], *, rounds: int = 31, round_s: float = 0.01
) -> list[Row]:
    """Time the variants; the first one is the baseline.

    Units: `round_s` is about how long one variant runs in one round.
    """
    names = list(variants)
    repeats = {name: _repeats(variant, round_s) for name, variant in variants.items()}
    times: dict[str, list[float]] = {name: [] for name in names}
    collecting = gc.isenabled()
    gc.disable()
    try:
        for number in range(rounds):
            turn = number % len(names)
            for name in names[turn:] + names[:turn]:
                times[name].append(_time(variants[name], repeats[name]) / repeats[name])
    finally:
        if collecting:
            gc.enable()
    base = times[names[0]]
    return [_row(name, times[name], base) for name in names]


def table(title: str, rows: list[Row], *, per: int = 1, unit: str = "ns") -> str:
    """Render rows as a Markdown table; `per` divides the time, which is in `unit`."""
    scale = {"ns": 1.0, "us": 1e3, "ms": 1e6}[unit] * per
    lines = [
        f"### {title}",
        "",
        f"| variant | ratio | 95 % interval | {unit} |",
        "| --- | ---: | --- | ---: |",
    ]
    lines += [
        f"| {r.name} | {r.ratio:.3f} | {r.low:.3f} to {r.high:.3f} | {r.time_ns / scale:.4g} |" for r in rows
    ]
    return "\n".join(lines)


def _repeats(function: Callable[[], object], round_s: float) -> int:
    function()
    taken = _time(function, 1)
    return max(1, math.ceil(round_s * 1e9 / max(taken, 1)))


def _time(function: Callable[[], object], repeats: int) -> float:
    start = time.perf_counter_ns()
    for _ in range(repeats):
        function()
    return time.perf_counter_ns() - start


def _row(name: str, times: list[float], base: list[float]) -> Row:
    ratios = sorted(mine / its for mine, its in zip(times, base, strict=True))
    # order statistics of the median: no assumption about the shape of the noise
    reach = int(0.98 * math.sqrt(len(ratios)))
    middle = len(ratios) // 2
    low, high = ratios[max(0, middle - reach)], ratios[min(len(ratios) - 1, middle + reach)]
    return Row(name, statistics.median(times), statistics.median(ratios), low, high)
