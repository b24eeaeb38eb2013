"""What inference says of programs holds while they run: of examples of builtins, of programs about types and,
as a soak, of all conformance cases."""

from __future__ import annotations

from contextlib import suppress

import pytest

from rtfs_runtime.builtins import BUILTINS
from rtfs_runtime.errors import RtfsError
from rtfsc.driver import evaluate
from rtfsc.source import CompileError
from rtfsc.worker.evaluate import evaluate_report
from tests.conformance.cases import folder, read_cases
from tests.conformance.runner import _request
from tests.soundness.instrument import Claims, instrumented

PROGRAMS = [
    "(defn fib [n] (if (< n 2) n (+ (fib (- n 1)) (fib (- n 2))))) [(fib 10) (fib 5.0)]",
    "(defn f [x] (match x (:int n) (+ n 1) (:string s) (count s) [a b] [b a] {:k v} v _ nil))"
    ' (map f [1 "ab" [1 2] {:k 3} nil (list 1 2) 2.5])',
    "(loop [i 0 x 1 seen []]"
    " (if (< i 9) (recur (+ i 1) (if (odd? i) (* x 0.5) x) (conj seen x)) [i x seen]))",
    '(loop [x 0 n 0] (if (< n 4) (recur (if (int? x) "s" (if (string? x) [x] 1)) (+ n 1)) x))',
    "(defn even [n] (if (= n 0) true (odd (- n 1)))) "
    " (defn odd [n] (if (= n 0) false (even (- n 1)))) (even 7)",
    "(let [go (fn [n acc] (if (= n 0) acc (go (- n 1) (conj acc n))))] [(go 3 []) (go 2 (list))])",
    "(let [f (fn [x] (if (nil? x) 0 (+ x 1)))] [(f nil) (f 1) (f 2.5)])",
    "(reduce (fn [m x] (update m x (fnil inc 0))) {} [:a :b :a])",
    "(reduce (fn [acc x] (if (int? x) (+ acc x) (str acc x))) 0 [1 2])",
    '(defn f [m :[:map [:a :int] [:b :string ?]]] [(:a m) (:b m)]) [(f {:a 1}) (f {"a" 2 :b "x"})]',
    "(defn f [& xs :int] (reduce + 0 xs)) [(f) (f 1 2)]",
    "(for [x [1 2.5 :a] y (list 1 x)] [x y])",
    "(try (let [[a b] [1 2 3]] a) (catch e (:type e)))",
    "(do (defn g [x] (def y x) (if (int? y) (do (def y :s) y) y)) [(g 1) (g :b)])",
    "(let [x (get {:a nil :b 1} :a :none)] (or x (and (nil? x) :nothing)))",
    "(parallel [a (+ 1 2)] [b (str :x)])",
    "(let [{:keys [a b] :or {b 2} :as m} {:a 1}] [a b (assoc m :c 3) (dissoc m :a) (merge m {:a 2.5})])",
]


def run(claims: Claims, text: str) -> None:
    with suppress(RtfsError, CompileError):
        evaluate(text)
    assert not claims.broken, text


def test_programs_about_types(monkeypatch: pytest.MonkeyPatch) -> None:
    with instrumented(monkeypatch) as claims:
        for text in PROGRAMS:
            run(claims, text)
    assert claims.made > 400


def test_examples_of_builtins(monkeypatch: pytest.MonkeyPatch) -> None:
    with instrumented(monkeypatch) as claims:
        for row in BUILTINS.values():
            if not row.host:
                for source, _ in row.examples:
                    run(claims, source)
    assert claims.made > 400


def test_a_wrong_claim_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    from rtfs_runtime.types import INT
    from rtfsc.check.rules import Outcome, table

    monkeypatch.setitem(table._rules, "first", lambda operands: Outcome(INT, False))
    with instrumented(monkeypatch) as claims, pytest.raises(RtfsError):
        evaluate('(str (first ["a"]) (first 5))')
    assert ["is no :int" in claims.broken[0], "fails" in claims.broken[1]] == [True, True]


@pytest.mark.soak
@pytest.mark.parametrize("case", [] if folder() is None else read_cases(folder()), ids=lambda case: case.id)
def test_conformance_cases(case: object, monkeypatch: pytest.MonkeyPatch) -> None:
    with instrumented(monkeypatch) as claims:
        evaluate_report(_request(case))  # type: ignore[arg-type]
    assert not claims.broken
