"""What delegation costs a call: plain, `:local`, unhinted under the static engine, and a stub of the echo
model.

Run: python -m benchmarks.delegation_overhead. Prints one table; the first three must be alike, since their
code bytes are equal.
"""

from __future__ import annotations

from collections.abc import Callable
from types import CodeType

from benchmarks.paired import Row, compare, table
from benchmarks.programs import load

_PLAN = """
(defn ^{hint} f [x] x)
(defn run [n] (loop [i 0] (if (< i n) (do (f i) (recur (+ i 1))) i)))
"""
CALLS = 1000


def runner(hint: str) -> Callable[[int], object]:
    """Compile the loop that calls a function with the hint."""
    source = _PLAN.replace("^{hint} ", hint)
    run: Callable[[int], object] = load(source)["run"]
    return run


def variants() -> dict[str, Callable[[], object]]:
    """Give the four loops."""
    plain, local, unhinted = runner(""), runner("^:delegation :local "), runner('^{:doc "x"} ')
    stub = runner('^:delegation :local-model "echo-model" ')
    return {
        "plain call": lambda: plain(CALLS),
        ":local": lambda: local(CALLS),
        "no hint, static engine": lambda: unhinted(CALLS),
        "stub, echo model": lambda: stub(10),
    }


def shape(function: Callable[[int], object]) -> tuple[object, ...]:
    """Give what two functions must share to cost the same: code, names, constants, exception table."""
    code: CodeType = function.__code__  # type: ignore[attr-defined]
    return code.co_code, code.co_names, code.co_consts, code.co_exceptiontable


def rows() -> list[Row]:
    """Measure."""
    assert shape(runner("")) == shape(runner("^:delegation :local ")) == shape(runner('^{:doc "x"} '))
    return compare(variants())


if __name__ == "__main__":
    print(table("A call and its delegation (1,000 calls; stub 10 calls)", rows(), per=CALLS))
