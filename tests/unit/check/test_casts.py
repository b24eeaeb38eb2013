"""Checks at run time that are proven: they are gone from the code, and nothing else changes."""

from __future__ import annotations

from types import CodeType

import pytest

from rtfs_runtime.printer import display
from rtfsc.driver import compile_text, evaluate
from rtfsc.options import Options


@pytest.mark.parametrize("level", [0, 1, 2])
@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("(defn f [x :float] (if (int? x) :int :float)) (f 1)", ":int"),
        ("(defn f [x :float] (= x 1)) (f 1)", "true"),
        ("(defn g [xs :[:vector :float]] (map (fn [x] (int? x)) xs)) (g [1 2.0])", "[true false]"),
    ],
)
def test_an_integer_that_passed_for_a_float_is_none(level: int, text: str, value: str) -> None:
    assert display(evaluate(text, options=Options(level=level))) == value


def checkers(text: str, level: int = 1) -> set[str]:
    """List the functions that the code calls to check values."""
    artifact = compile_text(text, Options(level=level)).artifact
    todo, found = [artifact.code("p.rtfs")], set()
    while todo:
        code = todo.pop()
        found |= {name for name in code.co_names if name.startswith("#t") and len(name) == 18}
        todo += [const for const in code.co_consts if isinstance(const, CodeType)]
    return found


@pytest.mark.parametrize(
    ("text", "count"),
    [
        # names, definitions, results: the value is known
        ("(defn f [] :string (str 1))", 0),
        ("(def limit :int (+ 1 2))", 0),
        ("(let [m :[:map [:a :int]] {:a 1}] m)", 0),
        ("(defn f [x] :[:vector :int] (map (fn [y] (count y)) (lines x)))", 0),
        ("(defn f [x] (let [y :[:enum :a :b] (if x :a :b)] y))", 0),
        ("(defn g [x] :[:and :int [:> 0]] (h x)) (defn h [x] :[:and :int [:> 0]] (count x))", 1),
        # parameters of local functions: all calls are known
        ("(defn f [] (let [g (fn [m :[:map [:a :int]]] (:a m))] (g {:a 1})))", 0),
        ("((fn [xs :[:vector :int]] (count xs)) [1 2])", 0),
        # parameters of global functions: anybody may call them; then the check has been made
        ("(defn f [xs :[:vector :int]] xs) (f [1])", 1),
        ("(defn f [m :[:map [:a :int]]] :[:map [:a :int]] (let [n :[:map [:a :int]] m] n))", 1),
        # not known, or known to be wider
        ("(defn f [x] :[:vector :int] x)", 1),
        ("(defn f [m :[:map [:a :int]]] :[:vector :int] [(:a m)])", 2),
        ("(let [g (fn [xs :[:vector :int]] xs)] [(g [1]) (map g [[2]])])", 1),
    ],
)
def test_what_is_proven_is_not_in_the_code(text: str, count: int) -> None:
    assert len(checkers(text)) == count
    assert len(checkers(text, level=0)) >= count


def test_a_call_under_a_proven_result_is_a_tail_call() -> None:
    text = "(defn down [n :int acc :int] :int (if (= n 0) acc (down (- n 1) (+ acc 1)))) (down 50000 0)"
    assert evaluate(text) == 50_000


PROGRAMS = [
    "(defn f [x :int] :int (let [y :number (+ x 1)] y)) [(f 1) (try (f :a) (catch e (getMessage e)))]",
    "(defn f [x] :[:vector :int] (map inc x)) [(f [1]) (try (f [1.5]) (catch e (getMessage e)))]",
    "(defn f [m :[:map [:a :int ?]]] :[:map [:a :int ?]] m)"
    ' [(f {}) (f {"a" 1}) (try (f {"a" :x}) (catch e (getMessage e)))]',
    "(defn f [x] (let [y :int? (if x (count x))] y)) [(f nil) (f [1])]",
    "(defn f [x] :[:enum :a :b] (if x :a :c)) [(f 1) (try (f nil) (catch e (getMessage e)))]",
    "(defn f [& xs :int] :[:list :int] xs) [(f 1 2) (try (f :a) (catch e (getMessage e)))]",
    "(defn f [x :float] :float (if (> x 1) x (* x 2))) [(f 1) (f 2.5)]",
    "(let [g (fn [x :int] (* x x))] [(g 2) (map (fn [y :int] (g y)) [1 2])])",
    '(let [g (fn [x :int] x)] (try (g "a") (catch e (getMessage e))))',
]


@pytest.mark.parametrize("text", PROGRAMS)
def test_nothing_else_changes(text: str) -> None:
    plain, *others = [
        display(evaluate(text, options=Options(level=level, verify=True))) for level in (0, 1, 2)
    ]
    assert others == [plain, plain]
