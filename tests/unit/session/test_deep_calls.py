"""100,000 calls deep through functions of the library: a value or StackOverflow, never a crash."""

from __future__ import annotations

import pytest

from rtfsc.driver import evaluate

DEEP = 100_000


@pytest.mark.parametrize(
    "call",
    [
        "(first (map (fn [x] (deep x)) [(- n 1)]))",
        "(get (update {:a 1} :a (fn [_] (apply deep [(- n 1)]))) :a)",
    ],
)
def test_recursion_through_higher_order_functions(call: str) -> None:
    text = (
        f"(defn deep [n] (if (= n 0) 0 (+ 1 {call}))) (try (deep {DEEP}) (catch StackOverflow e :overflow))"
    )
    assert repr(evaluate(text)) in (":overflow", str(DEEP))
