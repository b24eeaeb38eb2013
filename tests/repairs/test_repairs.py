"""The suggested edit repairs broken plans; and one example for each kind of mistake that is looked for."""

from __future__ import annotations

from difflib import SequenceMatcher

import pytest

from rtfsc.repair.search import checked
from rtfsc.source import SourceFile
from tests.mutants import mutants


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        # delimiters: where the indentation says, and where the number of arguments says
        ("(defn f [x]\n  (+ x 1)\n\n(f 2)", "(defn f [x]\n  (+ x 1))\n\n(f 2)"),
        ("(defn f [x]\n  (let [y (+ x 1]\n    y))", "(defn f [x]\n  (let [y (+ x 1)]\n    y))"),
        ("(defn f [x]\n  (if (> x 1))\n    x\n    0))", "(defn f [x]\n  (if (> x 1)\n    x\n    0))"),
        ("(map (fn [x] (inc x) [1 2])", "(map (fn [x] (inc x)) [1 2])"),
        ("{:a [1 2}", "{:a [1 2]}"),
        ("(+ 1 2))", "(+ 1 2)"),
        ("(str [1 2)]", "(str [1 2])"),
        # strings
        ('(str "a b) 1', '(str "a b") 1'),
        ("(str 'one two')", '(str "one two")'),
        ("(str “one”)", '(str "one")'),
        # words
        ("(defun f [x] x)", "(defn f [x] x)"),
        ("(mathc 1 n when (> n 0) n _ 0)", "(match 1 n when (> n 0) n _ 0)"),
        ("(def total 1)\n(+ totl 1)", "(def total 1)\n(+ total 1)"),
        ("(fn [x :itn] x)", "(fn [x :int] x)"),
        ("(try (/ 1 0) (catch DivisionByZer e 1))", "(try (/ 1 0) (catch DivisionByZero e 1))"),
        ("(if (|| true false) 1 2)", "(if (or true false) 1 2)"),
        # shapes
        ("(let (x 1) x)", "(let [x 1] x)"),
        ("(let ((x 1) (y 2)) (+ x y))", "(let [x 1 y 2] (+ x y))"),
        ("(let x 1 (inc x))", "(let [x 1] (inc x))"),
        ("(let [x 1 (inc x)])", "(let [x 1] (inc x))"),
        ("(defn f (x y) (+ x y))", "(defn f [x y] (+ x y))"),
        ("(define (f x y) (+ x y))", "(defn f [x y] (+ x y))"),
        ("(if true 1 :else 2)", "(if true 1 2)"),
        ("(cond (true 1) ((f) 3) (:else 2)) (defn f [] 1)", "(cond true 1 (f) 3 :else 2) (defn f [] 1)"),
        ("(try (catch e 1) (/ 1 0))", "(try (/ 1 0) (catch e 1))"),
        ("(try (/ 1 0)) (catch e 1)", "(try (/ 1 0) (catch e 1))"),
        ("(fn [a & r b] a)", "(fn [a b & r] a)"),
        ("{name 1}", "{:name 1}"),
        ("(step fetch 1)", '(step "fetch" 1)'),
        ("(count [1] 2)", "(count [1])"),
        ('^:delegation :local "m" (fn [x] x)', '^:delegation :local-model "m" (fn [x] x)'),
        # literals
        ("(+ 10s 1)", "(+ 10 1)"),
        ("(* 1/2 4)", "(* (/ 1 2) 4)"),
        ("#{1 2}", "(set [1 2])"),
        ('(re-find "\\d+ \\w" "1 a")', '(re-find "\\\\d+ \\\\w" "1 a")'),
        ("// total\n(+ 1 2)", ";; total\n(+ 1 2)"),
        # types
        ("(defn f [x {:a :double}] x)", "(defn f [x :[:map [:a :float]]] x)"),
        ("(defn f [x [:vector :int]] x)", "(defn f [x :[:vector :int]] x)"),
        ("(deftype T {:a :int :b [:maybe int]})", "(deftype T [:map [:a :int] [:b [:optional int]]])"),
        ("(deftype T [:map :a :int :b [string]])", "(deftype T [:map [:a :int] [:b [:vector string]]])"),
        ("(deftype T [:map :string :int])", "(deftype T [:map-of :string :int])"),
        ("(deftype T [:enum low high])", "(deftype T [:enum :low :high])"),
        ("(defstruct P [x :int y :double])", "(defstruct P :x :int :y :float)"),
        ("(defn f [x :object] x)", "(defn f [x :map] x)"),
        # order and number of operands
        ("(map [1 2] inc)", "(map inc [1 2])"),
        ("(assoc :k 1 {})", "(assoc {} :k 1)"),
        ("(loop [i 0 a 1] (if i (recur (inc i)) a))", "(loop [i 0 a 1] (if i (recur (inc i) a) a))"),
        ("(parallel [a 1 b 2])", "(parallel [a 1] [b 2])"),
        ("(let [{:keys [a] {:a 1}}] a)", "(let [{:keys [a]} {:a 1}] a)"),
        ("{:a 1 :b}", "{:a 1 :b nil}"),
        # names and marks
        ('(clojure.string/join "," [1])', '(join "," [1])'),
        ('(^:delegation :remote "m" defn f [x] x)', '(defn f ^:delegation :remote "m" [x] x)'),
        ('(defn f ^{:delegation :remote "m"} [x] x)', '(defn f ^:delegation :remote "m" [x] x)'),
        ('(defn f ^:delegation :remote-model "m" [x] x)', '(defn f ^:delegation :remote "m" [x] x)'),
        # modules
        (
            "(module m (:exports [f]))\n\n(defn f [x] x)\n",
            "(module m (:exports [f])\n\n(defn f [x] x))\n",
        ),
    ],
)  # fmt: skip
def test_an_edit_for(wrong: str, right: str) -> None:
    first = checked(SourceFile("plan.rtfs", wrong))[0]
    assert first.edit is not None
    assert first.edit.apply(wrong) == right


def test_nothing_is_suggested_that_does_not_help() -> None:
    (report,) = checked(SourceFile("plan.rtfs", "(some-host-name 1)"))
    assert report.code == "W001" and report.edit is None


def test_large_texts_and_many_reports_are_passed_through() -> None:
    text = "\n".join(f"(no-such-{'x' * (n % 7)}-{n} 1)" for n in range(30))
    assert len(checked(SourceFile("plan.rtfs", text))) == 30
    large = "(+ 1 2)\n" * 30_000 + "(defun f [x] x)"
    assert checked(SourceFile("plan.rtfs", large))[0].edit is None


@pytest.mark.parametrize(
    "text", ["(" * 20_000, "[" * 500 + "]" * 499, '"' * 501, "(if " * 300 + "1" + ")" * 299]
)
def test_hostile_texts_are_reported(text: str) -> None:
    assert checked(SourceFile("plan.rtfs", text))[0].edit is not None


def test_mutants_are_reported_or_accepted() -> None:
    found = [checked(SourceFile("plan.rtfs", text)) for text in mutants(40, 3)]
    assert sum(bool(each) and each[0].edit is not None for each in found) > 20


def test_an_edit_changes_little() -> None:
    wrong = "(defn f [x]\n  (let [y (* x 2)\n        z (+ y 1)]\n    [y z])"
    edit = checked(SourceFile("plan.rtfs", wrong))[0].edit
    assert edit is not None
    assert SequenceMatcher(None, wrong, edit.apply(wrong)).ratio() > 0.95
