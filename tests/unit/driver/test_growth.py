"""Compiling takes steps in proportion to the program, whatever the program is made of.

Steps are calls of Python functions, so that the machine does not matter. They are counted in a process of its
own: up to 3.11 a thread that is profiled stands still while an exception waits for another one, such as tests
of limits leave behind.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from types import FrameType

import pytest

from rtfsc.driver import compile_text


def steps(source: str) -> int:
    """Count the calls that compiling makes."""
    count = 0

    def see(_frame: FrameType, event: str, _arg: object) -> None:
        nonlocal count
        count += event == "call"

    # on 3.11 a compilation has a thread of its own
    threading.setprofile(see)
    sys.setprofile(see)
    try:
        compile_text(source)
    finally:
        sys.setprofile(None)
        threading.setprofile(None)
    return count


def repeated(pattern: str, n: int) -> str:
    return " ".join(pattern.replace("#", str(i)).replace("@", str(max(0, i - 1))) for i in range(n))


SHAPES: dict[str, Callable[[int], str]] = {
    "arms of a cond": lambda n: f"(defn f [x] (cond {repeated('(= x #) (+ x #)', n)} :else 0))",
    "arms of a match": lambda n: f"(defn f [x] (match x {repeated('[:k# a b] (+ a b #)', n)} _ 0))",
    "bindings, each of the one before": lambda n: f"(defn f [a0] (let [{repeated('a# (+ a@ 1)', n)}] a0))",
    "bindings that are used at the end": lambda n: (
        f"(defn f [g] (let [{repeated('a# (g #)', n)}] [{repeated('a#', n)}]))"
    ),
    "nested bindings": lambda n: f"(defn f [x] {repeated('(let [a# (+ x #)]', n)} x{')' * n})",
    "nested tests": lambda n: f"(defn f [x] {repeated('(if (> x #) #', n)} 0{')' * n})",
    "nested functions": lambda n: f"(defn f [x] {repeated('(fn [y#]', n)} x{')' * n})",
    "functions, each calling the one before": lambda n: repeated(
        "(defn f# [x] (if (> x #) (f@ (- x 1)) x))", n
    ),
    "functions, each calling the next": lambda n: (
        repeated("(defn f# [x] (if (> x #) (f@ (- x 1)) x))", n).replace("f", "g")
        + "".join(f" (defn h{i} [x] (+ 1 (h{i + 1} x)))" for i in range(n))
    ),
    "functions in a ring": lambda n: " ".join(
        f"(defn g{i} [x] (if (= x 0) {i} (g{(i + 1) % n} (- x 1))))" for i in range(n)
    ),
    "local functions": lambda n: (
        f"(defn f [x] (let [{repeated('g# (fn [y] (+ y x #))', n)}] [{repeated('(g# x)', n)}]))"
    ),
    "local definitions": lambda n: f"(defn f [x] {repeated('(def a# (+ x #))', n)} [{repeated('a#', n)}])",
    "functions that are inlined": lambda n: (
        f"(defn s [x] (* x x)) (defn f [x] [{repeated('(s (+ x #))', n)}])"
    ),
    "steps of a pipeline": lambda n: f"(defn f [xs] (->> xs {repeated('(map (fn [x] (+ x #)))', n)}))",
    "loops in a row": lambda n: (
        f"(defn f [x] [{repeated('(loop [i 0 s x] (if (< i #) (recur (+ i 1) (+ s i)) s))', n)}])"
    ),
    "effects in a row": lambda n: f"(defn f [x] (do {repeated('(println (str x #))', n)}))",
    "forms of a script": lambda n: repeated('(def a# (str "a" #)) (println a#)', n),
    "records": lambda n: f"(def v [{repeated('{:a # :b [1 2 #]}', n)}])",
    "destructured keys": lambda n: f"(defn f [{{:keys [{repeated('k#', n)}]}}] [{repeated('k#', n)}])",
    "questions": lambda n: f"(defn f [x] (and {repeated('(or (> x #) (< x 3))', n)}))",
    "sums": lambda n: f"(defn f [x] (+ {repeated('(* x #)', n)}))",
    "attempts": lambda n: f"(defn f [x] [{repeated('(try (+ x #) (catch e #))', n)}])",
}


def measure() -> dict[str, tuple[int, int]]:
    """Count the steps of each shape, small and four times as large."""
    found: dict[str, tuple[int, int]] = {}
    for shape, make in SHAPES.items():
        # the first compilation fills tables
        steps(make(4))
        found[shape] = steps(make(20)), steps(make(80))
    return found


@pytest.fixture(scope="module")
def measured() -> dict[str, tuple[int, int]]:
    """What a fresh process counts."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, __file__], capture_output=True, env=environment, check=True)
    found: dict[str, tuple[int, int]] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("shape", SHAPES)
def test_steps_grow_with_the_program(shape: str, measured: dict[str, tuple[int, int]]) -> None:
    small, large = measured[shape]
    assert large < 5 * small, (small, large)


if __name__ == "__main__":
    print(json.dumps(measure()))
