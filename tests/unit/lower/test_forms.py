"""Special forms: what the table says of each, and errors at the right token."""

from __future__ import annotations

import pytest

from rtfsc.driver import compile_text
from rtfsc.lower.specials import SPECIALS
from rtfsc.source import CompileError


def wrong(source: str) -> list[tuple[str, str]]:
    with pytest.raises(CompileError) as caught:
        compile_text(source)
    return [(one.code, source[one.span.start : one.span.end]) for one in caught.value.diagnostics]


@pytest.mark.parametrize(
    ("source", "code", "where"),
    [
        ("(if)", "E101", "(if)"),
        ("(if 1 2 3 4)", "E101", "4"),
        ("(let x 5)", "E101", "x"),
        ("(let [x] 1)", "E101", "x"),
        ("(let [5 1] 1)", "E101", "5"),
        ("(fn [x])", "E101", "(fn [x])"),
        ("(fn (x) x)", "E101", "(x)"),
        ("(fn [x &] x)", "E116", "&"),
        ("(fn [x & [a]] x)", "E116", "&"),
        ("(defn f [1] 1)", "E115", "1"),
        ("(match 1)", "E101", "(match 1)"),
        ("(match 1 a)", "E101", "a"),
        ("(try 1)", "E101", "(try 1)"),
        ("(recur 1)", "E118", "(recur 1)"),
        ("(loop [i 0] (+ 1 (recur i)))", "E118", "(recur i)"),
        ("(loop [i 0] (recur))", "E118", "(recur)"),
        ("(loop [i 0] (try (recur 1) (catch e 1)))", "E118", "(recur 1)"),
        ("{nil 1}", "E107", "nil"),
        ("{:a}", "E107", ":a"),
        ("#(map #(inc %) %)", "E014", "#("),
        ("(def __file__ 1)", "E210", "__file__"),
        ("^:delegation :local (+ 1 2)", "E220", "^:delegation :local"),
        ("(fn ^{:delegation :local} [x] x)", "E220", ":delegation"),
        ("(fn ^{:doc} [x] x)", "E107", ":doc"),
        ("(fn [x :Nope] x)", "E302", ":Nope"),
        ("(fn [x :[:vektor :int]] x)", "E301", "[:vektor :int]"),
    ],
)
def test_errors_stand_at_their_token(source: str, code: str, where: str) -> None:
    assert wrong(source)[0] == (code, where)


def test_several_errors_are_found() -> None:
    assert [code for code, _ in wrong("(if)\n(def)\n(let [x 1] x)\n(recur)")] == ["E101", "E101", "E118"]


def test_usage_lines_name_their_form() -> None:
    for name, row in SPECIALS.items():
        assert row.shape.startswith(f"({name}"), name


def test_unknown_names_are_warned_of_once_with_near_ones() -> None:
    unit = compile_text("(defn f [] (prntln 1)) (defn g [] (prntln 2))")
    (warning,) = unit.diagnostics
    assert warning.code == "W001"
    assert "println" in warning.hints[0]


@pytest.mark.parametrize(
    ("source", "wanted"),
    [
        ("(module m (:exports [f])) (defn f [] 1)", "Definitions stand inside the module form"),
        ("(module m (:exports [totl]) (defn total [] 1))", "total"),
        (
            "(module m (:exports [a b c T]) (def a 1) (defmacro b [] 1) (defstruct c :x T) (deftype T :int))",
            "",
        ),
    ],
)
def test_exports_of_nothing_are_warned_of(source: str, wanted: str) -> None:
    found = compile_text(source).diagnostics
    assert [one.code for one in found] == (["W006"] if wanted else [])
    assert wanted in "".join(hint for one in found for hint in one.hints)


def test_a_parameter_named_twice_is_warned_of() -> None:
    assert [one.code for one in compile_text("(fn [a _ a _] a)").diagnostics] == ["W003"]


@pytest.mark.parametrize(
    ("source", "wanted"),
    [
        ("(defn f [a b] a) (f 1)", ["Arity mismatch in f: expected 2, got 1"]),
        ("(defn g [] (f 1 2)) (defn f [a] a)", ["Arity mismatch in f: expected 1, got 2"]),
        ("(defn f [a & r] a) (f)", ["Arity mismatch in f: expected at least 1, got 0"]),
        ("(inc 1 2)", ["Arity mismatch in inc: expected 1, got 2"]),
        ("(:k)", ["Arity mismatch in :k: expected 1 or 2, got 0"]),
        ("(defn f [a & r] a) (f 1 2 3)", []),
        ("(defn f [a] a) (defn f [a b] a) (f 1)", []),
        ("(defn f [a] a) (let [f (fn [] 1)] (f))", []),
    ],
)
def test_wrong_counts_are_warned_of_where_they_are_sure(source: str, wanted: list[str]) -> None:
    assert [one.message for one in compile_text(source).diagnostics] == wanted


def test_hints_and_metadata_reach_the_interface() -> None:
    text = (
        '(defn f "Doc." ^{:tags [1] :examples [[1 :x]]} ^:delegation :remote "m" '
        '[a :int & r] :keyword "Body.")'
    )
    (row,) = compile_text(text).interface.functions
    assert (row.doc, row.params, row.param_types, row.rest, row.return_type) == (
        "Doc.",
        ("a",),
        (":int",),
        "r",
        ":keyword",
    )
    assert row.hint == ("remote", "m")
    assert row.body_is_text
    assert row.metadata == (
        ("tags", "[1]"),
        ("examples", '{"vec":[{"vec":[{"int":1},{"kw":"x"}]}]}'),
    )
    assert compile_text(text).interface.delegable == ("f",)
