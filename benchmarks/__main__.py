"""`python -m benchmarks`: all tables."""

from __future__ import annotations

from benchmarks import calling, delegation_overhead, reading
from benchmarks.paired import table


def main() -> None:
    """Measure and print."""
    print(table(f"Reading {reading.KB} KB", reading.rows(), per=reading.KB, unit="us"), "\n")
    print(table("Calling, against the Python one would write", calling.rows(), unit="us"), "\n")
    print(delegation_overhead.report())


if __name__ == "__main__":
    main()
