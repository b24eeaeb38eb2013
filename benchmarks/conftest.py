"""Print the paired table of delegation after the benchmarks: single times of a noisy machine say little."""

from __future__ import annotations

from typing import Any

from benchmarks.delegation_overhead import report


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Measure, interleaved, and print."""
    terminalreporter.write_line("")
    terminalreporter.write_line(report())
