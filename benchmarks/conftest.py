"""Print the paired table of delegation after the benchmarks: single times of a noisy machine say little."""

from __future__ import annotations

from typing import Any

from benchmarks.delegation_overhead import CALLS, rows
from benchmarks.paired import table


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Measure, interleaved, and print."""
    terminalreporter.write_line("")
    terminalreporter.write_line(
        table("A call and its delegation (1,000 calls; stub 10 calls)", rows(), per=CALLS)
    )
