"""Macros of programs: what their bodies see, what modules export of them, where expansion ends."""

from __future__ import annotations

from pathlib import Path

import pytest

from rtfs_runtime.printer import display
from rtfsc.driver import evaluate
from rtfsc.source import CompileError, Diagnostic


def failure(source: str) -> Diagnostic:
    with pytest.raises(CompileError) as caught:
        evaluate(source)
    return caught.value.diagnostics[0]


@pytest.mark.parametrize(
    ("source", "printed"),
    [
        ("(defmacro h [x] `(+ 1 ~x)) (defmacro m [x] (h x)) (m 5)", "6"),
        ("(defmacro h [x] `(d ~x)) (defn d [x] (* 2 x)) (defmacro m [x] (h x)) (m 5)", "10"),
        ("(defn f [x] (+ 1 x)) (defmacro m [x] (f x)) (defn f [x] (* 9 x)) [(m 1) (f 1)]", "[2 9]"),
        ("(defmacro m [x :int y] (+ x y)) (m 1 2)", "3"),
        ("(defmacro m [x] 1) (defn m [x] 2) (m 0)", "2"),
        ("(defmacro k [m] (count m)) (k {:a 1 :a 2})", "1"),
        ("(defmacro m [& xs] `(-> 1 ~@xs)) (m inc inc)", "3"),
        ("(defmacro m [x] `(when ~x 1)) (macroexpand '(m (m 2)))", "(if (m 2) (do 1))"),
        ("(macroexpand '(+ 1 2))", "(+ 1 2)"),
        ("(macroexpand '[a])", "[a]"),
        ("(defn macroexpand [x] (inc x)) (macroexpand 1)", "2"),
    ],
)
def test_bodies(source: str, printed: str) -> None:
    assert display(evaluate(source)) == printed


@pytest.mark.parametrize(
    ("source", "code", "kind", "text"),
    [
        # a macro is none in its own body, nor before its definition
        ("(defmacro m [x] (m x)) (m 1)", "E232", "UndefinedSymbol", "m"),
        ("(defmacro m [x] (h x)) (defmacro h [x] x) (m 5)", "E232", "UndefinedSymbol", "h"),
        ("(defmacro m [x] (let [y])) 1", "E101", "ParseError", "let"),
        ("(defmacro m [x] `(+ 1 (m ~x))) (m 1)", "E231", "ParseError", "too deep"),
        ("(defmacro m [x] `(-> ~x (m))) (m 1)", "E231", "ParseError", "too deep"),
        ("(defmacro m [x] `(when true (m ~x))) (m 1)", "E231", "ParseError", "too deep"),
        (
            "(defmacro m [n] (let [f (fn f [n a] (if (= n 0) a (f (- n 1) (list '+ a a))))] (f n 1))) (m 40)",
            "E231",
            "ParseError",
            "too large",
        ),
        ("(defmacro m [] (println 1)) (m)", "E232", "SecurityViolation", "println"),
        ("(defmacro m [x] `(do ~@x)) (m 5)", "E232", "TypeError", "list or vector"),
    ],
)
def test_wrong_bodies(source: str, code: str, kind: str, text: str) -> None:
    found = failure(source)
    assert (found.code, found.kind) == (code, kind)
    assert text in found.message


@pytest.mark.parametrize(
    ("body", "call", "printed"),
    [
        ("(defmacro h [x] x) (defmacro m [x] (h x))", "(q/m 4)", "4"),
        ("(defn h [x] (g x)) (defn g [x] (+ x 1)) (defmacro m [x] (h x))", "(q/m 4)", "5"),
        ("(defn g [x] (+ x 1)) (defn h [x] (g x)) (defmacro m [x] (h x))", "(q/m 4)", "5"),
        ("(defmacro m [n] `(defmacro ~n [y] `(+ 1 ~y)))", "(q/m z) (z 4)", "5"),
        ("(defmacro m [x] `(let [y# ~x] [y# #(+ % y#)]))", "(let [[a f] (q/m 4)] (f a))", "8"),
    ],
)
def test_macros_of_modules(body: str, call: str, printed: str, tmp_path: Path) -> None:
    (tmp_path / "q.rtfs").write_text(f"(module q (:exports [m]) {body})")
    # names of the importer are not those of the module
    source = f"(defn h [x] 99) (defmacro g [x] 98) (import q) {call}"
    assert display(evaluate(source, paths=(str(tmp_path),))) == printed


def test_a_macro_of_a_module_may_use_one_of_another(tmp_path: Path) -> None:
    # both modules have a d of their own
    of_a = "(module a (:exports [twice]) (defn d [x] (* 2 x)) (defmacro twice [x] (d x)))"
    of_b = "(module b (:exports [m]) (import a) (defn d [x] (+ x 1)) (defmacro m [x] (+ (d x) (a/twice 5))))"
    (tmp_path / "a.rtfs").write_text(of_a)
    (tmp_path / "b.rtfs").write_text(of_b)
    assert evaluate("(import b) (b/m 20)", paths=(str(tmp_path),)) == 31


def test_macros_of_inline_modules_see_their_own() -> None:
    module = "(module q (:exports [m]) (defmacro h [x] 2) (defmacro m [x] (h x)))"
    assert evaluate(f"(defmacro h [x] 1) {module} (import q) (q/m 0)") == 2
