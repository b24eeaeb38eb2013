"""What is caught is free as soon as its clause ends: no cycle keeps it until the collector comes."""

from __future__ import annotations

import gc

import pytest

from rtfs_runtime.session import Session
from rtfsc.driver import compile_text


@pytest.mark.parametrize(
    "body",
    [
        "(try (throw i) (catch e 0))",
        "(try (throw {:code i}) (catch e (:message e)))",
        "(try (/ i 0) (catch e (count (:message e))))",
        "(if (try (throw i) (catch e (nil? (:data e)))) 1 2)",
    ],
)
def test_no_cycle(body: str) -> None:
    session = Session()
    session.evaluate(compile_text(f"(defn f [i] {body})").artifact)
    function = next(iter(session.instances.values())).globals["f"]
    function(1)
    gc.collect()
    gc.disable()
    try:
        for i in range(10):
            function(i)
        assert gc.collect() == 0
    finally:
        gc.enable()
