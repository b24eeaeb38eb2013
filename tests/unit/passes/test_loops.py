"""Loops that walk by an index, or fill a copy in place, do for any argument what they did as written."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from rtfs_runtime.equality import equal
from rtfs_runtime.errors import RtfsError
from rtfs_runtime.maps import BigMap
from rtfs_runtime.printer import readable
from rtfs_runtime.session import Session
from rtfs_runtime.sets import make_set
from rtfs_runtime.values import Keyword, List
from rtfs_runtime.vectors import BigVector
from rtfsc.driver import compile_text
from rtfsc.dump import dump
from rtfsc.options import Options
from rtfsc.source import SourceFile

LOOPS = {
    "sum": "(loop [xs v n 0] (if (empty? xs) n (recur (rest xs) (+ n (first xs)))))",
    "pairs": "(loop [xs v out []]"
    " (if (empty? xs) out (recur (drop 2 xs) (conj out [(first xs) (second xs)]))))",
    "merge": "(loop [a v b [2 3 7] out []] (cond (empty? a) (concat out b) (empty? b) (concat out a)"
    " (< (first a) (first b)) (recur (rest a) b (conj out (first a)))"
    " :else (recur a (rest b) (conj out 0))))",
    "until": "(loop [xs v] (if (or (empty? xs) (= (first xs) 3)) xs (recur (rest xs))))",
    "while": "(loop [xs v]"
    " (if (and (not (empty? xs)) (not= (first xs) 3)) (recur (rest xs)) [(count xs) xs]))",
    "pattern": "(loop [[x & more] v n 0] (if (or (nil? x) (= x 3)) [n more] (recur more (+ n 1))))",
    "two": "(loop [[x y & more] v n 0] (if (= y 2) [x n more] (recur more (+ n 1))))",
    "clauses": "(loop [xs v n 0] (match xs [] n [x] (+ n x) [x y & more] (recur more (+ n (* x y)))))",
    "passed": "(loop [xs v n 0] (if (> n 4) xs (recur (rest xs) (+ n 1 (count (vec xs))))))",
    "closure": "(loop [xs v f nil]"
    " (if (empty? xs) (if f (f) nil) (recur (rest xs) (fn [] [xs (first xs)]))))",
    "past": "(loop [xs v n 0] (if (< n 6) (recur (rest xs) (+ n 1)) [(count xs) (first xs) (empty? xs) xs]))",
    "nested": "(loop [xs v n 0] (if (empty? xs) n (recur (rest xs)"
    " (loop [ys (rest xs) m n] (if (empty? ys) m (recur (rest ys) (+ m (first ys))))))))",
    "index": "(loop [xs v n 0] (if (= n 3) (nth xs 1) (recur (rest xs) (+ n 1))))",
}
FILLS = {
    "put": "(loop [m v i 0] (if (< i 3) (recur (assoc m i (* i 2)) (+ i 1)) m))",
    "key": "(loop [m v i 0] (if (< i 2) (recur (assoc m :a (+ i (get m :a 0))) (+ i 1)) m))",
    "reduced": "(reduce (fn [m x] (update m x (fn [n] (+ 1 (or n 0))))) v [0 1 0])",
    "conj": "(loop [m v i 0] (if (= i 3) m (recur (conj m (count m)) (+ i 1))))",
    "swap": "(loop [m v i 0] (if (< i 2)"
    " (recur (assoc (assoc m i (nth m (+ i 1))) (+ i 1) (nth m i)) (+ i 1)) m))",
    "swap both": "(loop [m v i 1] (if (< i 4) (recur (assoc m 0 (nth m i) i (nth m 0)) (+ i 1)) m))",
    "exchange": "(loop [m v i 0] (if (< i 2) (recur (exchange m i (+ i 1)) (+ i 1)) m))",
    "nested": "(loop [m v i 0] (if (< i 2) (recur (loop [m m j 0] (if (< j 2)"
    " (recur (if (= 1 (nth m j)) (exchange m i j) m) (+ j 1)) m)) (+ i 1)) m))",
    "kept": "(loop [m v i 0 old nil] (if (< i 2) (recur (assoc m i 7) (+ i 1) m) [m old v]))",
    "shared": "(let [made (loop [m v i 0] (if (< i 2) (recur (assoc m i 7) (+ i 1)) m))] [made v])",
}
SPLITS = {
    "items": "(reduce (fn [n i] (+ n (nth v i) (* 2 (nth v 0)))) 0 [0 1 2])",
    "text": '(loop [i 0 n 0] (if (< i (count v)) (recur (+ i 1) (if (= (nth v i) "a") (+ n 1) n)) n))',
    "either": "(loop [i 1 n 0] (if (< i (count v))"
    " (recur (+ i 1) (if (= (nth v i) (nth v 0)) (+ n 1) n)) [n i]))",
    "entries": "(map (fn [k] [(get v k 0) (contains? v k) (get v :a)]) [1 :a])",
    "numbers": "(reduce (fn [n i] (+ n (* v i) (max v i) (if (< i v) 1 2))) 0 [1 2.5 3])",
    "integers": "(map (fn [i] (+ (mod i v) (mod v i) (if (even? v) 1 0))) [1 2 7])",
    "both": "(map (fn [i] (if (number? v) (+ v v i) (count v))) [1 2])",
    "asked": '[(if (:a v) 1 2) (or (get v :a) 5) (if (nil? (get v "x")) 1 2) (if-let [y (:b v)] y 3)]',
    "found": "[(:a v) (get v :a)]",
    "string": '(get v "x")',
    "default": "(:a v [1 2])",
    "taken apart": "(let [{:keys [a b]} v] [a b])",
    "deep": "(map (fn [w] (map (fn [i] (+ (nth w i) (nth w 0) (count v))) [0 1])) [v [1 2] [3 4]])",
}
CARRIES = {
    "pair": "(reduce (fn [[a b] x] [b (+ a x)]) [0 1] v)",
    "entries": "(reduce (fn [{:keys [n last]} x] {:n (+ n 1) :last [last x]}) {:n 0 :last v} [1 v])",
    "replaced": "(loop [i 0 s {:a 1 :b v}] (if (< i 2) (recur (+ i 1) (assoc s :b i :a [(:b s) (:a s)])) s))",
    "either": "(loop [s [v 0] i 0] (if (< i 3)"
    " (recur (if (= i 1) s [(second s) (+ (first s) 1)]) (+ i 1)) [s (count s)]))",
    "order": "(loop [i 0 s {:a 0 :b 0}] (if (< i 2)"
    " (recur (+ i 1) (assoc (assoc s :b (nth v i)) :a (+ v (:b s)))) s))",
    "other shape": "(loop [i 0 s [1 2]] (if (< i 2) (recur (+ i 1) [i]) (let [[a b] s] [a b v])))",
    "other order": "(loop [i 0 s {:a 1 :b v}] (if (< i 1) (recur (+ i 1) {:b i :a 2}) (str s)))",
    "whole": "(loop [i 0 s [v 0] t nil] (if (< i 2)"
    " (recur (+ i 1) [i (nth s 0)] (fn [] s)) [(t) s (nth s 1)]))",
    "out of range": "(loop [i 0 s [v 0]] (if (< i 2) (recur (+ i 1) [i (nth s i)]) (nth s 2)))",
    "filled": "(reduce (fn [s x] (assoc s :out (conj (:out s) x) :n (+ 1 (:n s)))) {:out [] :n 0} v)",
}
VALUES: tuple[Any, ...] = (
    (), (1,), (1, 2), (1, 2, 3, 4), (1, 3, 2, 5, 2, 9), (3, None, "x"), (None, 1), "", "a", "abc",
    List((1, 2, 3)), BigVector.of((1, 2, 3)), make_set((1, 2)), {Keyword("a"): 1}, {}, BigMap({1: 2}, {}, 1),
    None, 5, 1.5, True,
    Keyword("k"), RtfsError("Generic", {"message": "m"}),
)  # fmt: skip

BODIES = {**LOOPS, **FILLS, **SPLITS, **CARRIES}


def load(source: str, level: int) -> Callable[..., Any]:
    session = Session()
    session.evaluate(compile_text(source, Options(level=level)).artifact)
    found: Callable[..., Any] = next(iter(session.instances.values())).globals["f"]
    return found


def outcome(function: Callable[..., Any], value: Any) -> tuple[str, Any]:
    try:
        return "value", function(value)
    except RtfsError as error:
        return "error", (error.kind, error.message)


@pytest.mark.parametrize("name", BODIES)
def test_any_argument(name: str) -> None:
    source = f"(defn exchange [v i j] (assoc (assoc v i (nth v j)) j (nth v i)))(defn f [v] {BODIES[name]})"
    plain, fast = load(source, 0), load(source, 2)
    for value in VALUES:
        wanted, got = outcome(plain, value), outcome(fast, value)
        assert type(wanted[1]) is type(got[1]) and equal(wanted, got), (name, readable(value), wanted, got)


def test_loops_that_need_the_vector_on_the_way_stay() -> None:
    changed = {
        name
        for name, loop in LOOPS.items()
        if "seq_from" in (text := dump(SourceFile("m", f"(defn f [v] {loop})"), "walk_by_index"))
        or ("seq_at" in text and "is_exactly" in text)
    }
    assert set(LOOPS) - changed == {"closure", "passed"}


def test_loops_that_fill_a_copy() -> None:
    names = {
        name
        for name, loop in FILLS.items()
        if "exchange" not in loop
        and "is_exactly" in dump(SourceFile("m", f"(defn f [v] {loop})"), "fill_in_place")
    }
    assert names == {"put", "key", "reduced", "conj", "swap", "swap both", "shared"}


def test_loops_that_carry_items() -> None:
    stays = {
        name
        for name, loop in CARRIES.items()
        if dump(SourceFile("m", f"(defn f [v] {loop})"), "carry_items")
        == dump(SourceFile("m", f"(defn f [v] {loop})"), "simplify")
    }
    assert stays == {"other shape", "other order", "out of range"}
