"""Atoms: every row of the token table, and every way to miss it."""

from __future__ import annotations

import sys
from math import inf

import pytest
from form_shapes import read, read_one, shape

from rtfs_runtime.values import Keyword, Resource, Timestamp, Uuid
from rtfsc.source import CompileError
from rtfsc.syntax.forms import ContextForm, Literal, SymbolForm

UUID = "123e4567-e89b-12d3-a456-426614174000"

VALUES = [
    ("nil", None),
    ("true", True),
    ("false", False),
    ("0", 0),
    ("+5", 5),
    ("-5", -5),
    ("007", 7),
    ("9223372036854775808", 2**63),
    ("0x2A", 42),
    ("-0x2a", -42),
    ("0o755", 493),
    ("0b1010", 10),
    ("1.5", 1.5),
    ("-0.5e-3", -0.0005),
    ("1e5", 100000.0),
    ("1E+5", 100000.0),
    ("##Inf", inf),
    ("##-Inf", -inf),
    ('""', ""),
    ('"a\\"\\\\\\/\\n\\t\\r\\b\\f\\u00e9"', 'a"\\/\n\t\r\b\fé'),
    ('"\\ud83d\\ude42"', "🙂"),
    ('"\\\\u0041"', "\\u0041"),
    ('"one\ntwo"', "one\ntwo"),
    (":status", Keyword("status")),
    (":my.mod/thing", Keyword("my.mod/thing")),
    (":a:b", Keyword("a:b")),
    (":com.acme:v1.0/query", Keyword("com.acme:v1.0/query")),
    (":*dyn*", Keyword("*dyn*")),
    (":nil", Keyword("nil")),
    ("2026-01-02T03:04:05Z", Timestamp("2026-01-02T03:04:05Z")),
    ("2026-01-02T03:04:05.123Z", Timestamp("2026-01-02T03:04:05.123Z")),
    ("2026-01-02T03:04:05_123Z", Timestamp("2026-01-02T03:04:05_123Z")),
    (UUID, Uuid(UUID)),
    ("abcdef12-e89b-12d3-a456-426614174000", Uuid("abcdef12-e89b-12d3-a456-426614174000")),
    ("resource://files/a.txt?x=1", Resource("resource://files/a.txt?x=1")),
]
SYMBOLS = [
    *("x", "str/join", "/", "//", "/x", "a.b.c", "com.acme:v1.2/f", "box@1.2", "Exception.", "resource:ref"),
    *("a:b", "tool:log", "x:int", "n:", ":", "v#:int", "&", ".m", "%1", "%", "v#", "_", "λ"),
    *("-x", "-", "+", "->>", "a->b", "-a1", "+a", "*x*", "$x", "nil?", "true-ish", "truex", "nilly", "iffy"),
]
WRONG = [
    ("1abc", "E002", "number"),
    ("1.2.3", "E002", "number"),
    ("1e", "E002", "number"),
    ("5.", "E002", "number"),
    (".5", "E002", "number"),
    ("-.5", "E002", "number"),
    ("+5x", "E002", "number"),
    ("1/2", "E002", "ratio"),
    ("1_000", "E002", "separators"),
    ("0x", "E002", "number"),
    ("0xg", "E002", "number"),
    ("2026-01-02", "E002", "timestamp"),
    ("##Foo", "E002", "##Inf"),
    ("\u0661", "E003", "ASCII"),
    ("1\u0661", "E002", "number"),
    (":1a", "E004", "keyword"),
    (":+1", "E004", "keyword"),
    (":a:", "E004", "in front"),
    ("::a", "E004", ":a"),
    (":a::b", "E004", "keyword"),
    ("@", "E005", "context"),
    ("@1", "E005", "context"),
    ("2026-02-30T00:00:00Z", "E006", "Impossible timestamp"),
    ("2026-01-02T24:00:00Z", "E006", "Impossible timestamp"),
    ("0000-01-02T00:00:00Z", "E006", "Impossible timestamp"),
    ('"a\\qb"', "E007", "escape"),
    ('"\\u12"', "E007", "hexadecimal"),
    ('"\\ud83d"', "E007", "surrogate"),
    ('"\\ude42\\ud83d"', "E007", "surrogate"),
    ("#foo", "E003", "#"),
    ("#{1}", "E003", "set"),
    ('#"a+"', "E003", "set literals"),
    ("#_ x", "E003", "discard"),
    ("\\a", "E003", "character"),
    ("a'b", "E003", "double quotes"),
    ("“abc”", "E003", "straight double quotes"),
    ("a\u00a0b", "E003", "blank"),
    ("a\0b", "E003", "U+0000"),
    ("a&b", "E003", "& stands alone"),
    ("naïve", "E003", "ASCII"),
]


@pytest.mark.parametrize(("text", "value"), VALUES)
def test_literal(text: str, value: object) -> None:
    form = read_one(text)
    assert isinstance(form, Literal)
    assert (type(form.value), form.value) == (type(value), value)
    assert (form.start, form.end) == (0, len(text))


def test_nan_and_signed_zero() -> None:
    assert shape(read_one("##NaN")) == ["Literal", "float", "nan"]
    assert shape(read_one("-0.0")) == ["Literal", "float", "-0.0"]


@pytest.mark.parametrize("text", SYMBOLS)
def test_symbol(text: str) -> None:
    form = read_one(text)
    assert isinstance(form, SymbolForm)
    assert (form.name, form.start, form.end) == (text, 0, len(text))


@pytest.mark.parametrize("text", ["@plan-id", "@:plan-id"])
def test_context(text: str) -> None:
    form = read_one(text)
    assert isinstance(form, ContextForm)
    assert form.name == "plan-id"


@pytest.mark.parametrize(("text", "code", "word"), WRONG)
def test_wrong_atom(text: str, code: str, word: str) -> None:
    with pytest.raises(CompileError) as caught:
        read(text)
    first = caught.value.diagnostics[0]
    assert first.code == code
    assert word in first.message + " ".join(first.hints)


@pytest.mark.parametrize(
    ("text", "repaired"),
    [("[1. 2]", "[1.0 2]"), ("(+ .5 1)", "(+ 0.5 1)"), ("{:a: 1}", "{:a 1}"), ("1_000", "1000")],
)
def test_edit_repairs(text: str, repaired: str) -> None:
    with pytest.raises(CompileError) as caught:
        read(text)
    edit = caught.value.diagnostics[0].edit
    assert edit is not None
    assert edit.apply(text) == repaired
    read(repaired)


def test_span_is_exact() -> None:
    with pytest.raises(CompileError) as caught:
        read('(str "ab\\qc" x“y)')
    assert [tuple(one.span) for one in caught.value.diagnostics] == [(8, 10), (14, 15)]


def test_tokens_end_at_brackets_and_quotes() -> None:
    assert len(read('1[2]{:a 3}"s"x(y)')) == 6
    assert [type(form).__name__ for form in read("[a &rest]")[0].items] == ["SymbolForm"] * 3  # type: ignore[attr-defined]


def test_integers_beyond_the_limit_of_the_process() -> None:
    before = sys.get_int_max_str_digits()
    form = read_one("-" + "9" * 100_000)
    assert isinstance(form, Literal)
    assert form.value == -(10**100_000 - 1)
    assert sys.get_int_max_str_digits() == before


@pytest.mark.parametrize("text", ["1" * 100_001, "0x" + "f" * 100_001])
def test_integer_beyond_our_limit(text: str) -> None:
    with pytest.raises(CompileError) as caught:
        read(text)
    assert caught.value.diagnostics[0].code == "E403"
