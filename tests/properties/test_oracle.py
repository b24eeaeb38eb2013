"""Compiled programs against the oracle: the same value, or the same error at the same place."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings

from rtfsc.source import CompileError
from tests.properties.compare import LEVELS, compiled, interpreted
from tests.properties.programs import programs


def agree(text: str) -> None:
    wanted = interpreted(text)
    for level in LEVELS:
        assert compiled(text, level) == wanted, f"level {level}"


@given(programs())
@settings(max_examples=100, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
def test_compiled_programs_do_what_the_oracle_does(text: str) -> None:
    try:
        agree(text)
    except CompileError as error:
        raise AssertionError(f"the grammar wrote what does not compile: {error.diagnostics[0]}") from error


@pytest.mark.parametrize(
    "text",
    [
        # a range that began with a call, on 3.13
        "(count (try 5 (catch e (e))))",
        # a cell that is only passed on
        "((((fn [a] (fn [b] (fn [c] (+ a c)))) 1) 2) 3)",
        # lines after one of more than 127 columns
        f"(+ 1 1)\n(+ {' ' * 120} (count [1]))\n(+ {' ' * 120} (count [1]))\n(inc :a)",
    ],
)
def test_found_before(text: str) -> None:
    agree(text)
