"""Answers of models as values, and the texts of types they are read by."""

from __future__ import annotations

import pytest

from rtfs_runtime.delegation.answers import AnswerError, read_answer
from rtfs_runtime.tagged import encode
from rtfs_runtime.type_reader import read_type
from rtfs_runtime.types import print_type
from rtfs_runtime.values import Keyword, List

K = Keyword


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        (":int", " 42 ", 42),
        (":int", "42.0", 42),
        (":float", "1.5", 1.5),
        (":bool", "true", True),
        (":bool", "Yes", True),
        (":string", '"quoted"', "quoted"),
        (":string", "plain words", "plain words"),
        (":string", "42", "42"),
        (":keyword", "high", K("high")),
        (":keyword", '":high"', K("high")),
        ("[:enum :low :high]", "high", K("high")),
        ("[:enum :low :high]", ":high", K("high")),
        ("[:enum :low :high]", "`High`.", K("high")),
        ("[:enum :low :high]", '"high"', K("high")),
        ('[:enum "low" "high"]', "high", "high"),
        ("[:enum 1 2]", "2", 2),
        ("[:val :ok]", "ok", K("ok")),
        (":int?", "nil", None),
        (":int?", "null", None),
        (":int?", "7", 7),
        ("[:vector :int]", "[1, 2]", (1, 2)),
        ("[:vector :keyword]", '["a", ":b"]', (K("a"), K("b"))),
        ("[:list :int]", "[1]", List((1,))),
        ("[:tuple :int :keyword]", '[1, "a"]', (1, K("a"))),
        ("[:array :int [2 2]]", "[[1,2],[3,4]]", ((1, 2), (3, 4))),
        (
            "[:map [:a :int] [:b :keyword ?]]",
            '{"a": 1, "b": "x", "c": [1]}',
            {K("a"): 1, K("b"): K("x"), K("c"): (1,)},
        ),
        ('[:map ["a" :int]]', '{"a": 1}', {"a": 1}),
        ("[:map-of :keyword :int]", '{"a": 1}', {K("a"): 1}),
        ("[:union :int [:enum :none]]", "none", K("none")),
        ("[:and :int [:> 3]]", "4", 4),
        ("[:vector :int]", "```json\n[1]\n```", (1,)),
    ],
)
def test_answers(kind: str, text: str, value: object) -> None:
    assert encode(read_answer(text, read_type(kind))) == encode(value)


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (":int", "about 42"),
        (":int", "1.5"),
        (":bool", "maybe"),
        ("[:enum :low :high]", "medium"),
        ("[:vector :int]", '[1, "x"]'),
        ("[:vector :int]", "[1"),
        ("[:tuple :int :int]", "[1]"),
        ("[:map [:a :int]]", "{}"),
        ("[:map [:a :int]]", "[1]"),
        ("[:and :int [:> 3]]", "2"),
        ("[:vector :any]", "[" * 100_000),
    ],
)
def test_answers_that_are_none(kind: str, text: str) -> None:
    with pytest.raises(AnswerError, match="the answer is no "):
        read_answer(text, read_type(kind))


def test_a_deep_answer_of_any_type() -> None:
    text = "[" * 100_000 + "]" * 100_000
    value = read_answer(text, read_type("[:vector :any]"))
    assert isinstance(value, tuple)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("int", ":int"),
        ("Integer", ":int"),
        (":string?", print_type(read_type("[:optional :string]"))),
        (": string ?".replace(": ", ":"), print_type(read_type("[:optional :string]"))),
        ("[:vector int]", "[:vector :int]"),
        ("[:map {:a :int :b :string ?}]", "[:map [:a :int] [:b :string ?]]"),
        ("[:map [:a :int] [:* :string]]", "[:map [:a :int] [:* :string]]"),
        ("[:record [:a :int]]", "[:map [:a :int]]"),
        ('[:one-of :a "b" 3]', '[:enum :a "b" 3]'),
        ("[:or :int :string]", print_type(read_type("[:union :int :string]"))),
        ("[:fn [:int & :string] :bool]", "[:fn [:int & :string] :bool]"),
        ("[:=> [] :any]", "[:fn [] :any]"),
        ("[:array :int [2 ?]]", "[:array :int [2 ?]]"),
        ("[:and :string [:min-length 3]]", "[:and :string [:min-length 3]]"),
        ("[:resource File]", "[:resource File]"),
        ("[:dict :string :int]", "[:map-of :string :int]"),
        ("Unknown", "Unknown"),
    ],
)
def test_texts_of_types(text: str, shown: str) -> None:
    assert print_type(read_type(text)) == shown
    assert read_type(shown) is read_type(text) or print_type(read_type(shown)) == shown


def test_declared_types_stand_for_what_they_are() -> None:
    kind = read_type("[:vector Topic]", {"Topic": "[:enum :a :b]"})
    assert read_answer('["a"]', kind) == (K("a"),)
    tree = read_type("Tree", {"Tree": "[:union :int [:vector Tree]]"})
    assert print_type(tree) == "Tree"


@pytest.mark.parametrize(
    "text",
    [
        "", "[:vector", "[:vector :int :int]", "]", "[:vector :int}", "[:nothing :int]", '"text"',
        "[:map :a]", "[[:x]]", "1 2", "[:fn :int]", "[" * 1000,
    ],
)  # fmt: skip
def test_texts_that_are_no_type(text: str) -> None:
    with pytest.raises(ValueError):
        read_type(text)
