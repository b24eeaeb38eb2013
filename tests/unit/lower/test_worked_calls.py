"""Examples of functions: what the interface keeps of them, and every way in which they can be wrong."""

from __future__ import annotations

import pytest

from rtfs_runtime.interface import EXAMPLES
from rtfsc.diagnostics import CompileError
from rtfsc.driver import compile_text
from rtfsc.errors import ERRORS


def defn(examples: str, rest: str = "[text :string] :[:enum :good :bad]") -> str:
    return f'(defn tone ^{{:examples {examples}}} {rest} "Tell the tone.")'


def kept(source: str) -> str:
    (info,) = compile_text(source).artifact.interface.functions
    return dict(info.metadata)[EXAMPLES]


@pytest.mark.parametrize(
    ("source", "text"),
    [
        (defn('[["a" :good]]'), '{"vec":[{"vec":[{"str":"a"},{"kw":"good"}]}]}'),
        (defn("[]"), '{"vec":[]}'),
        (defn("[[1 2 3 nil]]", "[a & more :int] :int?"),
         '{"vec":[{"vec":[{"int":1},{"int":2},{"int":3},{"nil":true}]}]}'),
        (defn("[[{:a [1]} 2.0]]", "[a] :float"),
         '{"vec":[{"vec":[{"map":[[{"kw":"a"},{"vec":[{"int":1}]}]]},{"float":2.0}]}]}'),
        (defn('[["x" "y"]]', "[a]"), '{"vec":[{"vec":[{"str":"x"},{"str":"y"}]}]}'),
        ("(deftype Tone [:enum :good]) " + defn("[[1 :good]]", "[a] :Tone"),
         '{"vec":[{"vec":[{"int":1},{"kw":"good"}]}]}'),
    ],
)  # fmt: skip
def test_examples_are_kept_as_values(source: str, text: str) -> None:
    assert kept(source) == text


@pytest.mark.parametrize(
    ("source", "message", "marked"),
    [
        (defn('{"a" :good}'), "Examples are a vector", '{"a" :good}'),
        (defn("[:good]"), "Example 1 is no vector", ":good"),
        (defn('[["a" :good] ["a"]]'), "Example 2 has 1 parts; tone takes 1 argument, then comes the result",
         '["a"]'),
        (defn('[["a" "b" :good]]'), "Example 1 has 3 parts", '["a" "b" :good]'),
        (defn("[[1]]", "[a b & c]"), "tone takes 2 or more arguments", "[1]"),
        (defn('[["a" :goood]]'), 'Example 1: the result is no [:enum :good :bad]: "goood"', ":goood"),
        (defn("[[1 :good]]"), "Example 1: Type mismatch: expected :string, got int", "1"),
        (defn('[[(str "a") :good]]'), "Example 1 is no constant", '(str "a")'),
        (defn('[["a" [good]]]', "[a] :[:vector :any]"), "Example 1 is no constant", "good"),
        (defn('[["a" 1]]', "[a] :string"), "Example 1: Type mismatch", "1"),
        ("(fn ^{:examples [[1]]} [] 1)", "Examples belong to a defn at top level", "[[1]]"),
        ("(fn [] (defn f ^{:examples [[1]]} [] 1))", "Examples belong to a defn at top level", "[[1]]"),
    ],
)  # fmt: skip
def test_wrong_examples(source: str, message: str, marked: str) -> None:
    with pytest.raises(CompileError) as caught:
        compile_text(source)
    (found,) = caught.value.diagnostics
    assert found.code == "E221" and message in found.message
    assert source[found.span.start : found.span.end] == marked


def test_the_row_of_the_error_shows_a_wrong_and_a_right_program() -> None:
    row = ERRORS["E221"]
    with pytest.raises(CompileError):
        compile_text(row.wrong)
    compile_text(row.right)
