"""Brackets that do not match: message, place, and an edit that repairs."""

from __future__ import annotations

import pytest
from form_shapes import read

from rtfsc.diagnostics import render_text
from rtfsc.source import CompileError, Diagnostic, SourceFile
from rtfsc.syntax.parser import parse

MISMATCHED = "Mismatched delimiter: found '{}' but expected '{}' to close '{}' from line {}"
UNCLOSED = "Unclosed delimiter: '{}' opened at line {} was never closed"

CASES = [
    ("(+ 1 [2 3)", MISMATCHED.format(")", "]", "[", "1:6"), (1, 10), "(+ 1 [2 3])"),
    ("[1 2}", MISMATCHED.format("}", "]", "[", "1:1"), (1, 5), "[1 2]"),
    ("({[)", MISMATCHED.format(")", "]", "[", "1:3"), (1, 4), "({[]})"),
    ("(+ 1 2))", "Unexpected closing delimiter ')'", (1, 8), "(+ 1 2)"),
    ('(str "日本"))', "Unexpected closing delimiter ')'", (1, 11), '(str "日本")'),
    ("[1 2", UNCLOSED.format("[", "1:1"), (1, 1), "[1 2]"),
    ("(let [x 5", UNCLOSED.format("[", "1:6"), (1, 6), "(let [x 5])"),
    (
        "(def a 1)\n(def b 2)\n  [3 4\n",
        UNCLOSED.format("[", "3:3"),
        (3, 3),
        "(def a 1)\n(def b 2)\n  [3 4]\n",
    ),
    ("(+ 1 2 ; )\n", UNCLOSED.format("(", "1:1"), (1, 1), "(+ 1 2) ; )\n"),
    ('(str ")" #| ) |# "]"', UNCLOSED.format("(", "1:1"), (1, 1), '(str ")" #| ) |# "]")'),
    ("(f #(+ % 1)", UNCLOSED.format("(", "1:1"), (1, 1), "(f #(+ % 1))"),
]


def problem(text: str) -> tuple[Diagnostic, SourceFile]:
    source = SourceFile("t.rtfs", text)
    with pytest.raises(CompileError) as caught:
        parse(source)
    return caught.value.diagnostics[-1], source


@pytest.mark.parametrize(("text", "message", "place", "repaired"), CASES)
def test_report(text: str, message: str, place: tuple[int, int], repaired: str) -> None:
    found, source = problem(text)
    assert found.message == message
    assert source.line_column(found.span.start) == place
    assert found.edit is not None
    assert found.edit.apply(text) == repaired
    read(repaired)


def test_the_likely_opener_is_found_by_indentation() -> None:
    text = "(defn f [x]\n  (let [y 1]\n    (+ x y))\n; next\n(defn g [] 1)\n"
    found, _ = problem(text)
    assert found.message == UNCLOSED.format("(", "1:1")
    assert "By indentation, '(' from line 1:1 should be closed before line 5" in found.hints[0]
    assert found.edit is not None
    assert found.edit.apply(text) == text.replace("y))", "y)))")


def test_an_inner_form_left_open_closes_before_the_next_definition() -> None:
    text = "(defn f [x]\n  (let [y 1]\n    (+ x y)\n\n(defn g [] 1)\n"
    found, _ = problem(text)
    assert found.message == UNCLOSED.format("(", "2:3")
    assert found.edit is not None
    assert found.edit.apply(text) == text.replace("y)", "y)))")
    assert [note[0] for note in found.notes] == ["'(' around it is not closed either"]


@pytest.mark.parametrize(
    ("text", "places", "repaired"),
    [
        ("(def a (+ 1 2)\n(def b (+ 1 2)", [(1, 1), (2, 1)], "(def a (+ 1 2))\n(def b (+ 1 2))"),
        (
            "(defn f [x]\n  (+ x 1)))\n(def ok [1])\n(defn g [y]\n  [* y 2)\n(def h [1 2)",
            [(2, 11), (5, 9), (6, 12)],
            "(defn f [x]\n  (+ x 1))\n(def ok [1])\n(defn g [y]\n  [* y 2])\n(def h [1 2])",
        ),
        # the string begins in a definition whose brackets nobody can judge
        ('(def a [1 2)\n(def b (str "x)', [(1, 12), (2, 13)], '(def a [1 2])\n(def b (str "x")'),
    ],
)
def test_each_definition_is_reported_alone(text: str, places: list[tuple[int, int]], repaired: str) -> None:
    source = SourceFile("t.rtfs", text)
    with pytest.raises(CompileError) as caught:
        parse(source)
    found = caught.value.diagnostics
    assert [source.line_column(each.span.start) for each in found] == places
    for each in reversed(found):
        assert each.edit is not None
        text = each.edit.apply(text)
    assert text == repaired


@pytest.mark.parametrize(
    "text",
    [
        "(do\n(def f 1)\n(def g [1 2)\n)\n",
        "(do (let [a 1]\n(def f 1)\n(def g {:a [1}))\n(def h 2))\n",
    ],
)
def test_definitions_inside_something_do_not_leave_it_open(text: str) -> None:
    with pytest.raises(CompileError) as caught:
        parse(SourceFile("t.rtfs", text))
    assert [each.code for each in caught.value.diagnostics] == ["E021"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("(let [x 5]", ["close"]),
        ("(+ 1 2 3", ["function", "call"]),
        ("(def a 1)\n(def b\n", ["Context around line 2", "(def b", "(def a 1)", "Delimiter Analysis"]),
    ],
)
def test_text_says(text: str, words: list[str]) -> None:
    found, source = problem(text)
    shown = render_text(found, source)
    assert all(word in shown for word in words)


@pytest.mark.parametrize(
    ("text", "code", "repaired"),
    [
        ('"abc', "E008", '"abc"'),
        ('(str "abc)', "E008", '(str "abc")'),
        ('(str "abc)\n(f 1)', "E008", '(str "abc")\n(f 1)'),
        ("1 #| never", "E009", "1 #| never |#"),
    ],
)
def test_unterminated(text: str, code: str, repaired: str) -> None:
    found, _ = problem(text)
    assert found.code == code
    assert found.edit is not None
    assert found.edit.apply(text) == repaired
    read(repaired)
