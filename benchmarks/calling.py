"""Compiled programs against the Python one would write.

In: nothing. Out: pairs of rows, the Python side first. Functions are not specialised by type yet: every
operation checks its numbers.
"""

from __future__ import annotations

from collections.abc import Callable

from benchmarks.paired import Row, compare
from benchmarks.programs import FIB, load

_SUM = "(defn total [n] (loop [i 0 acc 0] (if (< i n) (recur (+ i 1) (+ acc i)) acc)))"
_ROWS = """
(defn paid [rows]
  (reduce + 0 (map (fn [row] (:amount row)) (filter (fn [row] (= (:state row) "paid")) rows))))
(def rows (map (fn [i] {:amount i :state (if (even? i) "paid" "open")}) (range 200)))
(defn run [] (paid rows))
"""


def _fib(n: int) -> int:
    return n if n < 2 else _fib(n - 1) + _fib(n - 2)


def _total(n: int) -> int:
    i = acc = 0
    while i < n:
        acc += i
        i += 1
    return acc


_PAID = [{"amount": i, "state": "paid" if i % 2 == 0 else "open"} for i in range(200)]


def _paid() -> int:
    return sum(row["amount"] for row in _PAID if row["state"] == "paid")  # type: ignore[misc]


def pairs() -> dict[str, tuple[Callable[[], object], Callable[[], object]]]:
    """Give for each program the Python side and the compiled side."""
    fib, total, run = load(FIB)["fib"], load(_SUM)["total"], load(_ROWS)["run"]
    return {
        "fib(15)": (lambda: _fib(15), lambda: fib(15)),
        "sum of 1,000 in a loop": (lambda: _total(1000), lambda: total(1000)),
        "200 records through filter, map, reduce": (_paid, run),
    }


def rows() -> list[Row]:
    """Measure; results are checked equal first."""
    found: list[Row] = []
    for name, (python, compiled) in pairs().items():
        assert python() == compiled(), name
        found += compare({f"{name}, Python": python, f"{name}, rtfsc": compiled})
    return found
