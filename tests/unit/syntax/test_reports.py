"""Sources, error rows, and how a report looks."""

from __future__ import annotations

import pytest

from rtfsc.diagnostics import fail, render_text, to_json
from rtfsc.errors import ERRORS
from rtfsc.source import CompileError, Diagnostic, Edit, SourceFile, Span
from rtfsc.syntax.forms import SymbolForm
from rtfsc.syntax.parser import parse


@pytest.mark.parametrize(
    ("text", "offset", "place"),
    [
        ("", 0, (1, 1)),
        ("ab", 2, (1, 3)),
        ("ab", 99, (1, 3)),
        ("a\nb", 1, (1, 2)),
        ("a\nb", 2, (2, 1)),
        ("a\r\nb", 3, (2, 1)),
        ("日本\n🙂x", 4, (2, 2)),
        ("\ufeffab", 1, (1, 2)),
        ("a\n", 2, (2, 1)),
    ],
)
def test_line_column(text: str, offset: int, place: tuple[int, int]) -> None:
    assert SourceFile("t", text).line_column(offset) == place


def test_lines() -> None:
    source = SourceFile("t", "one\r\ntwo\n")
    assert source.line_count == 3
    assert [source.line_text(number) for number in (1, 2, 3)] == ["one", "two", ""]
    assert source.line_start(2) == 5


def test_long_lines_are_cut_around_the_column() -> None:
    text, shift = SourceFile("t", "x" * 500 + "!" + "y" * 500).excerpt(1, 501)
    assert len(text) == 120
    assert text[500 - shift] == "!"


def test_from_bytes() -> None:
    assert SourceFile.from_bytes("t", b"\xef\xbb\xbf(+ 1 2)").text == "(+ 1 2)"
    with pytest.raises(CompileError) as caught:
        SourceFile.from_bytes("t", b"\xef\xbb\xbf\xc3\xa9\n(\xff)")
    (found,) = caught.value.diagnostics
    assert found.code == "E001"
    assert caught.value.source is not None
    assert caught.value.source.line_column(found.span.start) == (2, 2)


def test_fail_takes_a_form_or_a_span() -> None:
    edit = Edit(3, 4, "y")
    for where in (SymbolForm("x", 3, 4), Span(3, 4)):
        error = fail("E101", "no", where, hints=("a → b",), edit=edit, kind="ArityMismatch")
        assert error.diagnostics == (
            Diagnostic("E101", "no", Span(3, 4), ("a → b",), edit, kind="ArityMismatch"),
        )
        assert str(error) == "no"


def shown(text: str) -> str:
    source = SourceFile("plan.rtfs", text)
    with pytest.raises(CompileError) as caught:
        parse(source)
    return render_text(caught.value.diagnostics[0], source)


def test_text_format() -> None:
    assert shown("(def a 1)\n(+ 1 [2 3)\n") == (
        "❌ Parse Error: Mismatched delimiter: found ')' but expected ']' to close '[' from line 2:6\n"
        "📁 File: plan.rtfs\n"
        "\n"
        "📍 Context around line 2:\n"
        "   1    (def a 1)\n"
        "   2 ❌ (+ 1 [2 3)\n"
        "                 ^\n"
        "     Here at column 10\n"
        "\n"
        "📎 '[' was opened here (line 2:6)\n"
        "   1    (def a 1)\n"
        "   2 ❌ (+ 1 [2 3)\n"
        "             ^\n"
        "\n"
        "🔍 Delimiter Analysis:\n"
        "   Check that all opening delimiters have matching closing delimiters:\n"
        "   • Parentheses: ( ... )\n"
        "   • Brackets: [ ... ]\n"
        "   • Braces: { ... }\n"
        "\n"
        "💡 Hints:\n"
        "   1. '[' is still open here\n"
        "      → write ] before )\n"
        "   2. Lists and calls use ( ), vectors [ ], maps { }\n"
        "\n"
        "🔧 Suggested edit, line 2:10: insert `]`\n"
        "\n"
        "📖 More: rtfsc explain E021\n"
    )


def test_caret_stands_under_wide_characters_and_tabs() -> None:
    lines = shown('\t(str "日本" 1x)').splitlines()
    assert lines[4] == '   1 ❌ \t(str "日本" 1x)'
    assert lines[5] == "        \t" + " " * len('(str "') + "    " + '" '.replace('"', " ") + "^^"


def test_color() -> None:
    found = Diagnostic("E101", "no", Span(0, 1))
    assert "\x1b[1;31m" in render_text(found, SourceFile("t", "x"), color=True)
    assert "\x1b" not in render_text(found, SourceFile("t", "x"))


def test_warning_and_missing_source() -> None:
    found = Diagnostic("W001", "odd", Span(0, 1), severity="warning")
    assert render_text(found, None).startswith("⚠️  Warning: odd\n")


def test_a_comment_with_slashes_gets_a_hint() -> None:
    assert "semicolon" in shown("// it's a note\n(f 1)")


def test_json() -> None:
    source = SourceFile("plan.rtfs", "(a\n  [1.)")
    with pytest.raises(CompileError) as caught:
        parse(source)
    assert to_json(caught.value.diagnostics[0], source) == {
        "code": "E002",
        "kind": "ParseError",
        "message": "Invalid number '1.'",
        "severity": "error",
        "file": "plan.rtfs",
        "span": {"start": 6, "end": 8, "line": 2, "column": 4, "end_line": 2, "end_column": 6},
        "hints": ["A float has digits on both sides of the dot → 1.0"],
        "expected": "1.0",
        "edit": {
            "text": "1.0",
            "span": {"start": 6, "end": 8, "line": 2, "column": 4, "end_line": 2, "end_column": 6},
        },
        "notes": [],
    }


READING = sorted(code for code, row in ERRORS.items() if code < "E100" and row.wrong)


@pytest.mark.parametrize("code", READING)
def test_examples_of_reading_errors(code: str) -> None:
    row = ERRORS[code]
    with pytest.raises(CompileError) as caught:
        parse(SourceFile("t", row.wrong))
    assert caught.value.diagnostics[0].code == code
    parse(SourceFile("t", row.right))


def test_rows_are_complete() -> None:
    for code, row in ERRORS.items():
        assert row.title and row.explanation, code
        assert bool(row.wrong) == bool(row.right), code
        assert (row.stage == "warning") == code.startswith("W"), code
