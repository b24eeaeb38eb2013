"""Compiling takes steps in proportion to the program, whatever the program is made of.

Steps are calls of Python functions, so that the machine does not matter.
"""

from __future__ import annotations

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


@pytest.mark.parametrize("shape", SHAPES)
def test_steps_grow_with_the_program(shape: str) -> None:
    make = SHAPES[shape]
    # the first compilation fills tables
    steps(make(4))
    small, large = steps(make(20)), steps(make(80))
    assert large < 5 * small, (small, large)
