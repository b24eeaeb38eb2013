"""The static checker: what it says, where, how to repair it; and what it says nothing about."""

from __future__ import annotations

import pytest

from rtfsc.driver import compile_text
from rtfsc.errors import ERRORS
from rtfsc.source import Diagnostic

CHECKER = sorted(code for code in ERRORS if code.startswith("W1"))


def warnings(text: str) -> list[Diagnostic]:
    return [one for one in compile_text(text).diagnostics if one.code.startswith("W1") or one.code == "W004"]


def said(text: str) -> list[tuple[str, str, str]]:
    return [(one.code, text[one.span.start : one.span.end], one.message) for one in warnings(text)]


@pytest.mark.parametrize("code", CHECKER)
def test_examples_of_rows(code: str) -> None:
    row = ERRORS[code]
    assert [one.code for one in warnings(row.wrong)] == [code]
    assert not compile_text(row.right).diagnostics


@pytest.mark.parametrize(
    ("text", "code", "where", "message"),
    [
        ('(+ 1 "a")', "W101", '"a"', '+ takes :number, got "a"'),
        ("(defn f [x] (do (+ x 1) (upper x)))", "W101", "x", "upper takes :string, got :number"),
        ("(first 5)", "W101", "(first 5)", "first always fails for :int"),
        ("(map (fn [x] (inc x)) [:a])", "W101", "x", "inc takes :number, got :a"),
        ('(< 1 "a")', "W101", '(< 1 "a")', '< always fails for :int, "a"'),
        ("(let [[a b] [1 2 3]] a)", "W101", "[a b]",
         "vector destructuring takes a vector or list of 2, got [:tuple :int :int :int]"),
        ("(for [x {:a 1}] x)", "W101", "{:a 1}", "for takes a vector or list, got [:map [:a :int]]"),
        ("(:a 5)", "W101", "(:a 5)", ":a is looked up in :int, which is no map"),
        ("(let [f (fn [x :int] x)] (f :a))", "W101", ":a", "f takes :int as x: expected :int, got :a"),
        ("(defn f [& xs :int] xs) (f 1 nil)", "W101", "nil", "f takes :int: expected :int, got :nil"),
        ("(defn f [x :[:and :int [:> 0]]] x) (f 0)", "W101", "0",
         "f takes [:and :int [:> 0]] as x: Predicate violation: > 0 failed for value 0"),
        ("(defn f [p :[:map [:a [:map [:b :int]]]]] p) (f {:a {:b nil}})", "W101", "{:a {:b nil}}",
         "f takes [:map [:a [:map [:b :int]]]] as p: key :a: key :b: expected :int, got :nil"),
        ('(let [x :int "a"] x)', "W102", "x", 'let x: expected :int, got "a"'),
        ("(defn f [x] :string (count x))", "W102", "(count x)", "fn return: expected :string, got :int"),
        ("(def x :int nil)", "W102", "nil", "def x: expected :int, got :nil"),
        ("([1 2] 0)", "W103", "[1 2]", "What is called is no function but [:tuple :int :int]"),
        ("(let [f (fn [x] x)] (f 1 2))", "W004", "(f 1 2)", "Arity mismatch in f: expected 1, got 2"),
        ("(defn f [x :[:union :int :string]] (match x (:int n) n))", "W104",
         "(match x (:int n) n)", "match takes no :string, which [:union :int :string] allows"),
        ("(defn f [x :bool?] (match x true 1 false 2))", "W104",
         "(match x true 1 false 2)", "match takes no nil, which :bool? allows"),
        ("(defn f [x] (match x (:int n) n _ 0 :a 1))", "W105", ":a",
         "This clause is never reached: no value comes to it that it takes"),
        ("(let [m {:a 1}] (get m :b))", "W106", ":b", ":b is no key of this map: the value is always nil"),
    ],
)  # fmt: skip
def test_what_is_said(text: str, code: str, where: str, message: str) -> None:
    assert said(text) == [(code, where, message)]


@pytest.mark.parametrize(
    ("text", "repaired"),
    [
        ("(let [user {:name 1}] (:nmae user))", "(let [user {:name 1}] (:name user))"),
        ('(let [m {"name" 1}] (get m "nme"))', '(let [m {"name" 1}] (get m "name"))'),
        ("(defn f [c :[:enum :billing :bug]] c) (f :biling)",
         "(defn f [c :[:enum :billing :bug]] c) (f :billing)"),
        ("(defn f [] :[:enum :billing :bug] :bgu)", "(defn f [] :[:enum :billing :bug] :bug)"),
    ],
)  # fmt: skip
def test_edits(text: str, repaired: str) -> None:
    (found,) = warnings(text)
    assert found.edit is not None and found.edit.apply(text) == repaired
    assert not warnings(repaired)


@pytest.mark.parametrize(
    "text",
    [
        # unknown values, either way
        "(defn f [x :int] x) (defn g [y] (f y))",
        "(defn f [x] (if (string? x) (upper x) (inc x)))",
        # an integer passes for a float, a string for the keyword of a key, a timestamp for its text
        "(defn f [x :float] x) (f 1)",
        '(defn f [m :[:map [:a :int]]] m) (f {"a" 1})',
        "(upper 2026-01-02T03:04:05Z)",
        # nobody knows whether the body of a delegated function runs
        '(defn f ^:delegation :remote "m" [x :int] x) (f "a")',
        # a global that is defined twice
        "(def f (fn [x :int] x)) (def f (fn [x] x)) (f :a)",
        # a branch that is never taken
        '(defn f [x :int] (if (string? x) (upper x) x))',
        # a key that may be there
        "(defn f [m :[:map [:a :int]]] (:b m))",
        "(defn f [c] (:b (if c {:a 1} {:b 1})))",
        "(:a {})",
        "(get {:a 1} :b 0)",
        # a guard may leave a value for the next clause
        "(defn f [x :[:enum :a :b] y] (match x :a when y 1 :a 2 :b 3))",
        "(defn f [x] (match x [a] 1 [a b] 2 {:k v} 3 (:int n) 4))",
        "(defn f [x :int] (match x 1 :one 2 :two))",
        # loops that change the type of a variable
        '(loop [x 0] (if (int? x) (recur "s") (upper x)))',
        "(let [f (fn [x] x)] [(f 1) (upper (f \"a\"))])",
        # a body that is only a text is for a model
        '(defn f [x] :[:enum :a :b] "Say which.") (match (f 1) :a 1 :b 2)',
        # recursion
        "(defn f [n] (if (= n 0) [] (conj (f (- n 1)) n))) (first (f 3))",
        "(defn f [n acc] (if (= n 0) acc (f (- n 1) (str acc n)))) (f 3 0)",
    ],
)  # fmt: skip
def test_nothing_is_said_of_what_only_may_fail(text: str) -> None:
    assert not said(text)


def test_what_a_macro_made_gets_no_edit() -> None:
    text = "(defmacro m [u] `(:nmae ~u)) (let [user {:name 1}] (m user))"
    (found,) = warnings(text)
    assert found.code == "W106" and found.edit is None


def test_imports_are_known_by_their_interface() -> None:
    module = "(module m (:exports [f]) (defn f [x :int] :int x)) (import m :as m)"
    assert [code for code, _, _ in said(f'{module} (m/f "a")')] == ["W101"]
    assert [code for code, _, _ in said(f"{module} (m/f 1 2)")] == ["W004"]
    assert [code for code, _, _ in said(f"{module} (upper (m/f 1))")] == ["W101"]


def test_each_place_is_said_once_and_in_order() -> None:
    text = '(defn f [x] [(inc x) (upper x) (upper x)]) (+ nil 1) (let [g (fn [y] (+ y "a"))] [(g 1) (g 2)])'
    assert [(code, where) for code, where, _ in said(text)] == [
        ("W101", "x"),
        ("W101", "nil"),
        ("W101", '"a"'),
    ]
