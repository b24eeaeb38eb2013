"""Macros: the built-in table, and what is said of wrong ones."""

from __future__ import annotations

import pytest

from rtfs_runtime.printer import display
from rtfsc.driver import evaluate
from rtfsc.source import CompileError


@pytest.mark.parametrize(
    ("source", "printed"),
    [
        ("(when 1 2 3)", "3"),
        ("(when nil 2)", "nil"),
        ("(when-not nil 2)", "2"),
        ("(if-not true 1 2)", "2"),
        ("(cond false 1 nil 2)", "nil"),
        ("(cond false 1 :else 2)", "2"),
        ("(if-let [[a b] [1 2]] (+ a b) :no)", "3"),
        ("(if-let [x nil] x :no)", ":no"),
        ("(when-let [x 5] 1 (+ x 1))", "6"),
        ("(-> 10 (- 3) str)", '"7"'),
        ("(->> [1 2 3] (map inc) (reduce +))", "9"),
        ("(if-let [x :int? 5] x 0)", "5"),
        ("(if-let [x : int ? nil] x 0)", "0"),
        ("(let [x 1] (if-let [x nil] 0 x))", "1"),
        ("(if-some [x false] [x] 1)", "[false]"),
        ("(when-some [[a] nil] a)", "nil"),
        ("(some-> {:a {:b 2}} :a :b inc)", "3"),
        ("(some-> {:a nil} :a :b inc)", "nil"),
        ("(some-> 5)", "5"),
        ("(some->> [1 2] (map inc) (reduce +))", "5"),
        ("(as-> 5 x (+ x 1) (* 2 x))", "12"),
        ("(-> 1 inc ^{:runtime.k 1} (+ 2))", "4"),
        ("(let [when (fn [x] (* x 2))] (when 4))", "8"),
        ("(defmacro when [x] `(quote ~x)) (when a)", "a"),
    ],
)
def test_built_in_macros(source: str, printed: str) -> None:
    assert display(evaluate(source)) == printed


@pytest.mark.parametrize(
    ("source", "code", "text"),
    [
        ("(when)", "E101", "(when test body+)"),
        ("(cond 1)", "E101", "pairs"),
        ("(if-let x 1)", "E101", "pattern"),
        ("(if-let [a 1 b 2] a)", "E101", "one pattern"),
        ("(-> 1 ())", "E101", "stage"),
        ("(as-> 1 2 3)", "E101", "symbol"),
        ("(defmacro m [x] x) (m)", "E230", "expected 1, got 0"),
        ("(defmacro m [x & r] x) (m)", "E230", "at least 1"),
        ("(defmacro m [x] (/ 1 0)) (m 1)", "E232", "Division by zero"),
        ("(defmacro m [x] (fn [] 1)) (m 1)", "E232", "no form"),
        ("(defmacro m [x] `(m ~x)) (m 1)", "E231", "too deep"),
        ("(defmacro m)", "E101", "defmacro"),
        ("~x", "E114", "template"),
        ("`~@[1]", "E114", "list or vector"),
    ],
)
def test_wrong_macros(source: str, code: str, text: str) -> None:
    with pytest.raises(CompileError) as caught:
        evaluate(source)
    first = caught.value.diagnostics[0]
    assert first.code == code
    assert text in first.message + " ".join(first.hints)


def test_an_error_in_expanded_code_shows_the_chain() -> None:
    with pytest.raises(CompileError) as caught:
        evaluate("(defmacro a [x] `(b ~x))\n(defmacro b [x] `(if ~x))\n(a 1)")
    notes = [note for note, _ in caught.value.diagnostics[0].notes]
    assert notes == ["in the expansion of b", "in the expansion of a"]


def test_new_names_are_the_same_in_every_compilation() -> None:
    from rtfsc.driver import compile_text

    text = "(defmacro m [e] (let [g (gensym)] `(let [~g ~e v# ~g] v#))) [(m 1) (m 2)]"
    assert compile_text(text).artifact.encode() == compile_text(text).artifact.encode()
