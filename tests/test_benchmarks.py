"""The programs of the benchmarks do the same in Python and in RTFS, and the report adds up."""

from __future__ import annotations

from typing import Any

import pytest

from benchmarks import delegation_overhead, sides
from benchmarks.installed import NotInstalled
from benchmarks.measuring import GROWING
from benchmarks.report import Measured, chart, tables
from rtfsc.options import Options

_SIZES = (0, 1, 25)


@pytest.mark.parametrize("name", sides.names())
def test_both_sides_agree(name: str) -> None:
    results = [sides.plain(sides.compiled(name, options=Options(level=level))()) for level in (0, 2)]
    assert results[0] == results[1]
    try:
        assert results[0] == sides.plain(sides.python(name)())
    except NotInstalled:
        pytest.skip("pyperformance is not installed")


@pytest.mark.parametrize("name", GROWING)
def test_both_sides_agree_at_other_sizes(name: str) -> None:
    python, ours = sides.python(name, "grow"), sides.compiled(name, "grow")
    for size in _SIZES:
        if name != "unique" or size > 10:
            assert sides.plain(ours(size)) == sides.plain(python(size))


def test_calls_that_stay_local_are_the_same_code_under_every_engine() -> None:
    found = delegation_overhead.linked()
    plain = delegation_overhead.shape(found.pop("plain call"))
    # its twin: the loop knows that it gives an integer
    assert "#known f" in plain[1]
    for name, run in found.items():
        assert delegation_overhead.shape(run) == plain, name
        assert run(3) == 3


def test_a_hint_for_a_model_puts_a_stub_where_the_function_would_be() -> None:
    hinted = delegation_overhead.runner('^:delegation :local-model "echo-model" ')
    slot = hinted.__globals__["f"]  # type: ignore[attr-defined]
    assert slot.__rtfs_hint__.target == "local-model"


def measured(name: str, *ratios: float) -> Measured:
    runs: list[dict[str, Any]] = [{"ratios": {"RTFS": ratio}} for ratio in ratios]
    runs[0] |= {"peaks": {"Python": 10_000, "RTFS": 20_000}, "missing": []}
    runs[0]["ratios"]["Hy"] = 1.0
    return Measured(name, "About it.", runs)


def test_the_report_takes_medians_of_processes_and_a_geometric_mean() -> None:
    text = tables("Title", [measured("slow", 2.2, 2.0, 1.8), measured("fast", 0.5, 0.4, 0.6)], 3)
    assert "| slow | About it. | 2.00 | 1.80, 2.20 | 1.00 |  | 2.00 |" in text
    assert "| **geometric mean** | | **1.00** | | 1.00 |  | |" in text
    assert "lies with 75%" in text
    assert ">0.50</text>" in chart("Title", [measured("fast", 0.5)])
