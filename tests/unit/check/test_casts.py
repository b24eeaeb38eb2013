"""Checks at run time that are proven: they are gone from the code, and nothing else changes."""

from __future__ import annotations

import pytest

from rtfs_runtime.printer import display
from rtfsc.driver import evaluate
from rtfsc.options import Options


@pytest.mark.parametrize("level", [0, 1, 2])
@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("(defn f [x :float] (if (int? x) :int :float)) (f 1)", ":int"),
        ("(defn f [x :float] (= x 1)) (f 1)", "true"),
        ("(defn g [xs :[:vector :float]] (map (fn [x] (int? x)) xs)) (g [1 2.0])", "[true false]"),
    ],
)
def test_an_integer_that_passed_for_a_float_is_none(level: int, text: str, value: str) -> None:
    assert display(evaluate(text, options=Options(level=level))) == value
