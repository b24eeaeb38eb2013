"""Any text is read or refused with a report of ours, in linear time and without Python's stack."""

from __future__ import annotations

import json
import random
import time

import pytest
from form_shapes import read
from hypothesis import given
from hypothesis import strategies as st

from rtfsc.diagnostics import render_text, to_json
from rtfsc.errors import ERRORS
from rtfsc.source import CompileError, SourceFile
from rtfsc.syntax.parser import MAX_DEPTH, parse

PROGRAM = """(defn step-1 [order limit {:keys [id qty]}] ; c
  #| b |# ^:delegation :remote "m" (let [t (* 0.5 -12) u `(a ~b ~@c)] #(+ % 1)
    (match 'k "a\\"b\\u00e9" {:ok true :at 2026-01-02T03:04:05Z} _ @plan)))"""
PIECES = [
    *"()[]{}\"'`~@^#|;:&\\\n, ",
    "#(",
    "~@",
    "#|",
    "|#",
    "^{",
    "^:delegation",
    ":local-model",
    "1x",
    "\\u",
    "\ud800",
    "\0",
]


def attempt(source: SourceFile) -> None:
    """Read; a refusal must be complete and showable, and its edits must fit the text."""
    try:
        parse(source, keep_comments=True)
    except CompileError as error:
        assert error.source is source
        for found in error.diagnostics:
            assert found.code in ERRORS
            assert 0 <= found.span.start <= found.span.end <= len(source.text)
            render_text(found, source).encode()
            json.dumps(to_json(found, source))
            if found.edit is not None:
                assert 0 <= found.edit.start <= found.edit.end <= len(source.text)


@given(st.binary(max_size=200))
def test_random_bytes(data: bytes) -> None:
    try:
        source = SourceFile.from_bytes("t", data)
    except CompileError as error:
        assert error.diagnostics[0].code == "E001"
    else:
        attempt(source)


@given(st.lists(st.sampled_from(PIECES) | st.text(max_size=3), max_size=40).map("".join))
def test_random_text(text: str) -> None:
    attempt(SourceFile("t", text))


@pytest.mark.parametrize("text", ["@#|(@", "(')#|", "^:delegation '#|(|#", "(^:delegation #(", "'#|)|#"])
def test_marks_beside_comments(text: str) -> None:
    attempt(SourceFile("t", text))


def test_truncated_program() -> None:
    for end in range(len(PROGRAM)):
        attempt(SourceFile("t", PROGRAM[:end]))


def test_mutated_program() -> None:
    chance = random.Random(7)
    for _ in range(2_000):
        at = chance.randrange(len(PROGRAM))
        text = PROGRAM[:at] + chance.choice(PIECES) + PROGRAM[at + chance.randrange(4) :]
        attempt(SourceFile("t", text))


@pytest.mark.parametrize(
    ("left", "right"), [("(", ")"), ("[", "]"), ("{:a ", "}"), ("'", ""), ("^{:a 1} ", "")]
)
def test_deep_nesting_is_read(left: str, right: str) -> None:
    assert len(read(left * MAX_DEPTH + "1" + right * MAX_DEPTH)) == 1


@pytest.mark.parametrize(("left", "right"), [("(", ")"), ("'(", ")"), ("`", "")])
def test_nesting_has_a_limit(left: str, right: str) -> None:
    with pytest.raises(CompileError) as caught:
        read(left * (MAX_DEPTH + 1) + "1" + right * (MAX_DEPTH + 1))
    assert caught.value.diagnostics[0].code == "E402"


def test_functions_nested_deep() -> None:
    with pytest.raises(CompileError) as caught:
        read("#(" * 10_000 + ")" * 10_000)
    assert {one.code for one in caught.value.diagnostics} == {"E014"}


@pytest.mark.parametrize(
    "text",
    [
        "(" * 90_000,
        "[" * 90_000 + ")" * 90_000,
        ")" * 300_000,
        "(')" + "#|" * 300_000,
        "(')" + '\\"' * 300_000,
        '"' + "\\a" * 300_000,
        '"' + "\\\\" * 300_000,
        "x" * 1_000_000,
        "a:" * 300_000,
        "a:" * 300_000 + "(",
        "1" * 1_000_000,
        "1." * 300_000,
        "#" * 500_000,
        "^" * 500_000,
        "^:delegation ; c\n" * 30_000,
        "\n(" * 90_000,
        "(\n" * 90_000 + ")" * 89_999,
        ";" * 1_000_000,
        "\0" * 300_000,
        '"' + "\ud800" * 300_000 + '"',
    ],
)
def test_large_and_wrong(text: str) -> None:
    started = time.process_time()
    attempt(SourceFile("t", text))
    assert time.process_time() - started < 10, "time must not grow with the square of the length"


@pytest.mark.parametrize("text", ['"a\ud800b"', "a\udfff", "; \ud800"])
def test_lone_surrogates(text: str) -> None:
    with pytest.raises(CompileError) as caught:
        read(text)
    assert caught.value.diagnostics[0].code == "E001"
