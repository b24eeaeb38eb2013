"""Measured programs as Markdown tables and as a chart.

In: what `benchmarks.measuring` found, of several processes. Out: text.
"""

from __future__ import annotations

import math
from statistics import median
from typing import Any

LANGUAGES = ("RTFS", "Hy", "Basilisp")
# of less than this nothing follows: a frame or an argument tuple counts as much as the data
_SMALL_BYTES = 8 << 10


class Measured:
    """One program; ratios are medians over processes, of the median over rounds in each."""

    def __init__(self, name: str, about: str, runs: list[dict[str, Any]]) -> None:
        self.name = name
        self.about = about
        self._runs = runs
        self.growth: list[dict[str, Any]] = runs[0].get("growth", [])
        self.peaks: dict[str, int] = runs[0]["peaks"]
        self.missing: list[str] = runs[0]["missing"]

    def ratios(self, language: str) -> list[float]:
        """List the ratios to Python, one for each process that measured the language, the least first."""
        return sorted(run["ratios"][language] for run in self._runs if language in run["ratios"])

    def ratio(self, language: str) -> float:
        """Give the ratio to Python."""
        return median(self.ratios(language))


def tables(title: str, found: list[Measured], processes: int) -> str:
    """Write the tables, and under each what its figures are."""
    head = "| program | what it does | RTFS | from, to | Hy | Basilisp | memory |"
    lines = [f"### {title}", "", head, "| --- | --- | ---: | ---: | ---: | ---: | ---: |"]
    lines += [_row(one) for one in found]
    means = [mean([one.ratio(each) for one in found if one.ratios(each)]) for each in LANGUAGES]
    lines.append(f"| **geometric mean** | | **{means[0]}** | | {means[1]} | {means[2]} | |")
    sure = 1 - 2.0 ** (1 - processes)
    lines += [
        "",
        f"Time as a ratio to Python's, median of {processes} processes; from the least to the greatest of "
        f"them, between which the true median lies with {sure:.0%}. "
        "Basilisp runs the RTFS text, where that is Clojure and takes no more than 0.3 s. "
        "Memory is the peak of objects alive during a run, as a ratio; a dot where both are below 8 KiB.",
    ]
    growing = [one for one in found if one.growth]
    if growing:
        lines += ["", "| growing | n | ratio | ratio at 10 n | at 100 n | memory at 100 n |"]
        lines += ["| --- | ---: | ---: | ---: | ---: | ---: |"]
        lines += [_growth(one) for one in growing]
    return "\n".join(lines)


def _row(one: Measured) -> str:
    ours = one.ratios("RTFS")
    others = [f"{one.ratio(each):.2f}" if one.ratios(each) else "" for each in LANGUAGES[1:]]
    cells = [one.name, one.about, f"{one.ratio('RTFS'):.2f}", f"{ours[0]:.2f}, {ours[-1]:.2f}", *others]
    return f"| {' | '.join([*cells, _memory(one.peaks)])} |"


def _growth(one: Measured) -> str:
    ratios = [f"{step['ratio']:.2f}" for step in one.growth]
    memory = _memory(one.growth[-1]["peaks"])
    return f"| {one.name} | {one.growth[0]['size']} | {' | '.join(ratios)} | {memory} |"


def _memory(peaks: dict[str, int]) -> str:
    if max(peaks.values()) < _SMALL_BYTES:
        return "."
    return f"{peaks['RTFS'] / max(1, peaks['Python']):.2f}"


def mean(ratios: list[float]) -> str:
    """Give the geometric mean: it treats 2.0 and 0.5 alike."""
    return f"{math.exp(sum(map(math.log, ratios)) / len(ratios)):.2f}" if ratios else ""


_ROW_HEIGHT = 18
_LEFT = 140
_PER_DOUBLING = 90


def chart(title: str, found: list[Measured]) -> str:
    """Draw ratios as bars on a logarithmic scale, from the middle line where Python is, with the least and
    the greatest; dots are Hy."""
    middle = _LEFT + 4 * _PER_DOUBLING

    def place(ratio: float) -> float:
        return middle + _PER_DOUBLING * max(-4.0, min(4.0, math.log2(ratio)))

    height = _ROW_HEIGHT * (len(found) + 3)
    width = middle + 4 * _PER_DOUBLING + 60
    overall = mean([one.ratio("RTFS") for one in found])
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" font-family="sans-serif"',
        ' font-size="12"><rect width="100%" height="100%" fill="#fff"/>',
        f'<text x="8" y="14">{title}: time as a ratio to Python (geometric mean {overall}); dots: Hy</text>',
    ]
    bottom = height - 4
    for power in range(-4, 5):
        x = middle + power * _PER_DOUBLING
        parts += [
            f'<line x1="{x}" x2="{x}" y1="22" y2="{bottom - 12}" stroke="#ccc"/>',
            f'<text x="{x - 8}" y="{bottom}">{2.0**power:g}</text>',
        ]
    for number, one in enumerate(found, 2):
        y = number * _ROW_HEIGHT
        ours = one.ratios("RTFS")
        ratio = one.ratio("RTFS")
        left, right = sorted((middle, place(ratio)))
        parts += [
            f'<text x="8" y="{y + 9}">{one.name}</text>',
            f'<rect x="{left:.1f}" y="{y}" width="{right - left:.1f}" height="10"',
            f' fill="{"#2a7" if ratio <= 1 else "#c73"}"/>',
            f'<line x1="{place(ours[0]):.1f}" x2="{place(ours[-1]):.1f}" y1="{y + 5}" y2="{y + 5}"',
            ' stroke="#333"/>',
            f'<text x="{width - 50}" y="{y + 9}">{ratio:.2f}</text>',
        ]
        if one.ratios("Hy"):
            parts.append(f'<circle cx="{place(one.ratio("Hy")):.1f}" cy="{y + 5}" r="3" fill="#26c"/>')
    return "\n".join((*parts, "</svg>", ""))
