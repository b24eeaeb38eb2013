"""A key that is read as one that is there may be missing: values and errors are those of `get`."""

from __future__ import annotations

from typing import Any

import pytest

from rtfs_runtime.errors import RtfsError
from rtfsc.driver import evaluate
from rtfsc.options import Options

HEAD = "(def m (reduce (fn [m i] (assoc m i [(+ i 1)])) {} (range 9))) (def n {1 2 3 nil}) "


@pytest.mark.parametrize("key", ["1", "7", "3", "-1", "99", "1.0", "nil", ":a", '"x"'])
@pytest.mark.parametrize(
    "use",
    [
        "(+ 1 (get n k))",
        "(let [v (get n k)] (* 2 v))",
        "(let [v (get n k)] (if (< v 5) v :large))",
        "(nth (get m k) 0)",
        "(let [v (get m k)] (map (fn [x] (* x 2)) v))",
        "(let [[a] (get m k)] a)",
        "(let [v (get n k) w (get m k)] [(nth w 0) (if (nil? v) 0 v)])",
    ],
)
def test_missing_keys(use: str, key: str) -> None:
    text = f"{HEAD}(defn f [k] {use}) (f {key})"
    assert outcome(text, 2) == outcome(text, 0)


def outcome(text: str, level: int) -> Any:
    try:
        return evaluate(text, options=Options(level=level))
    except RtfsError as error:
        return error.kind, error.message
