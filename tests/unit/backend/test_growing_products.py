"""Products that grow from themselves end at the limit of integers, at every level; others are left alone."""

from __future__ import annotations

from typing import Any

import pytest

from rtfs_runtime import limits
from rtfs_runtime.builtins import BUILTINS
from rtfs_runtime.errors import LimitExceeded
from rtfs_runtime.session import Session
from rtfsc.backend import frame
from rtfsc.driver import compile_text
from rtfsc.options import Options

GROWING = (
    "(loop [a 3] (recur (* a a)))",
    "(loop [a 3 b 5] (recur b (* a b)))",
    "(loop [a 3] (recur (* a (- a))))",
    "(loop [a 3] (recur (* a 2 (+ a 1))))",
    "(loop [a [3]] (recur [(* (first a) (nth a 0))]))",
    "(loop [a {:n 3}] (recur (update a :n (fn [n] (* n n)))))",
    "(defn f [a] (f (* a a))) (f 3)",
    "(defn f [a] (g (* a a))) (defn g [a] (f (inc a))) (f 3)",
    "(defn square [a] (* a a)) (loop [a 3] (recur (square a)))",
    "(defn square [a] (* a a)) (reduce (fn [a i] (square a)) 3 (range 99))",
    "(let [square (fn [a] (* a a))] (loop [a 3] (recur (square a))))",
    "(defn apply-to [f a] (apply-to f (f a))) (apply-to (fn [a] (* a a)) 3)",
    "(reduce (fn [a i] (* a a)) 3 (range 99))",
    "(defn f [a & more] (if (> (count more) 99) a (apply f (* a a) (* a a) more))) (f 3 5)",
    "(reduce * (repeat 999 (pow 10 3000)))",
    "(apply * (repeat 999 (pow 10 3000)))",
)
OTHERS = (
    "(loop [a 1 i 1] (if (< i 9) (recur (* a i) (+ i 1)) a))",
    "(loop [i 0 s 0] (if (< i 9) (recur (+ i 1) (+ s (* i i))) s))",
    "(loop [a 7 i 0] (if (< i 9) (recur (mod (* a 5 i) 97) (+ i 1)) a))",
    "(map (fn [x] (* x x)) [1 2])",
    "(defn area [r] (* (:w r) (:h r))) (reduce + 0 (map area [{:w 1 :h 2}]))",
    "(reduce + 0 (map (fn [o] (* (:price o) (:qty o))) [{:price 2 :qty 3}]))",
    "(loop [a 1.5 i 0] (if (< i 9) (recur (* a a) (+ i 1)) a))",
)


@pytest.mark.parametrize("source", GROWING)
@pytest.mark.parametrize("level", [0, 1, 2])
def test_products_end_at_the_limit(source: str, level: int, monkeypatch: pytest.MonkeyPatch) -> None:
    # the real limit takes a second to reach
    monkeypatch.setattr(limits, "MAX_INTEGER_BITS", 1 << 14)
    with pytest.raises(LimitExceeded, match="bits in an integer"):
        Session().evaluate(compile_text(source, options=Options(level=level)).artifact)


@pytest.mark.parametrize("source", OTHERS)
def test_other_products_are_not_looked_at(source: str, monkeypatch: pytest.MonkeyPatch) -> None:
    found: list[frozenset[int]] = []

    def look(*given: Any) -> frozenset[int]:
        found.append(original(*given))
        return found[-1]

    original = frame.growing_products
    monkeypatch.setattr(frame, "growing_products", look)
    compile_text(source)
    assert found == [frozenset()]


def test_large_products_stay_exact() -> None:
    source = "(defn power [x n] (if (= n 0) x (power (* x x) (- n 1)))) [(power 3 12) (power -1.5 3)]"
    assert Session().evaluate(compile_text(source).artifact).value == (3**4096, 1.5**8)


def test_the_builtin_looks_before_it_multiplies() -> None:
    most = 1 << (limits.MAX_INTEGER_BITS // 2)
    with pytest.raises(LimitExceeded):
        BUILTINS["*"].function(1, most, most << 9)
