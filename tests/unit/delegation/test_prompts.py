"""Contracts as prompts: each template, examples, repairs, labels, shapes of types."""

from __future__ import annotations

import pytest

from rtfs_runtime.delegation.answers import read_answer, write_answer
from rtfs_runtime.delegation.contract import Contract, make_contract
from rtfs_runtime.delegation.shapes import shape_text
from rtfs_runtime.delegation.templates import TEMPLATES, make_request, repair_request
from rtfs_runtime.equality import equal
from rtfs_runtime.providers.base import Sampling
from rtfs_runtime.providers.labels import MAX_LABELS, NEUTRAL, closed_values, label_texts
from rtfs_runtime.type_reader import read_type
from rtfs_runtime.types import conforms
from rtfs_runtime.values import Keyword
from rtfsc.driver import compile_text

TONE = """(defn tone ^{:examples [["I love it" :good] ["Awful,\nreally" :bad]]} ^:delegation :local-model "m"
  [text :string] :[:enum :good :bad] "Tell the tone of a text.")"""
PERSON = """(defn find-person
  ^{:examples [["Ann, 3, Rome" {:city "Rome" :name "Ann" :age 3}] ["Bo" {:name "Bo" :age 0}]]}
  ^:delegation :local-model "m"
  [text] :[:map [:name :string] [:age :int] [:city :string ?]] "Find a person.")"""


def contract_of(source: str) -> Contract:
    """Give the contract that a compiled function's stub is made with."""
    artifact = compile_text(source).artifact
    (info,) = artifact.interface.functions
    return make_contract("m", info, dict(artifact.interface.types), None)


def test_few_shots_are_one_text() -> None:
    request = make_request(contract_of(TONE), "m", ("Fine.",), "few-shot-1")
    whole = request.system + "".join(e.question + e.answer for e in request.examples) + request.text
    assert whole == (
        "Tell the tone of a text.\n\n"
        "Text: I love it\nTone: good\n\n"
        'Text: "Awful,\\nreally"\nTone: bad\n\n'
        "Text: Fine.\nTone:"
    )
    assert (request.form, request.sampling.stop, request.template_id) == ("text", ("\n",), "few-shot-1")
    assert request.options[NEUTRAL] == ("Text: N/A\nTone:", "Text: The\nTone:", "Text: ...\nTone:")


def test_a_chat_has_the_examples_as_turns() -> None:
    request = make_request(contract_of(PERSON), "m", ("Cy",), "contract-2", Sampling(stop=("x",)))
    assert request.system == (
        "Answer as the function `find-person` would.\nFind a person.\nArguments: text.\n"
        'Answer with nothing but JSON of this shape: {"name": string, "age": integer, "city"?: string}.'
    )
    assert request.examples[0] == ("Ann, 3, Rome", '{"name": "Ann", "age": 3, "city": "Rome"}')
    assert request.examples[1] == ("Bo", '{"name": "Bo", "age": 0}')
    assert (request.form, request.text, request.sampling.stop) == ("chat", "Cy", ("x",))
    assert NEUTRAL not in request.options and request.grammar is not None


def test_a_repair_shows_the_answer_and_what_was_wrong() -> None:
    chat = repair_request(make_request(contract_of(TONE), "m", ("x",), "contract-2"), "meh", "no tone")
    assert [message.role for message in chat.messages] == ["user", "assistant", "user"]
    assert chat.messages[1].text == "meh" and "That was wrong: no tone." in chat.messages[2].text
    text = repair_request(make_request(contract_of(TONE), "m", ("x",), "few-shot-1"), " meh", "no\ntone")
    assert "".join(message.text for message in text.messages) == (
        "Text: x\nTone: meh\n\n(That was wrong: no tone. Answer again, with nothing but a value of the type.)"
        "\n\nText: x\nTone:"
    )


@pytest.mark.parametrize("template", TEMPLATES)
def test_every_template_words_every_contract(template: str) -> None:
    contracts = [
        contract_of(TONE),
        contract_of(PERSON),
        contract_of('(defn f [] :int "A number.")'),
        contract_of('(defn f [a :int & more] "Anything.")'),
    ]
    for contract in contracts:
        args = tuple(range(len(contract.params))) + ((1, 2) if contract.rest else ())
        request = make_request(contract, "m", args, template)
        assert request.template_id == template and request.function == contract.symbol
        assert (request.grammar is None) == (contract.result is None)


def test_an_unknown_template_is_named() -> None:
    with pytest.raises(ValueError, match="unknown template `x`; there are contract-2, few-shot-1, args"):
        make_request(contract_of(TONE), "m", ("x",), "x")


@pytest.mark.parametrize(
    ("kind", "texts"),
    [
        ("[:enum :a :b]", ("a", "b")),
        (":bool", ("true", "false")),
        ("[:union :bool [:val :unknown]]", ("true", "false", "unknown")),
        ("[:optional [:enum :a]]", ("a", "null")),
        ('[:enum "null" "1" "two words" "it\'s" ".x"]', ('"null"', '"1"', "two words", "it's", '".x"')),
        ("[:and :int [:in-range 1 3]]", ("1", "2", "3")),
        ("[:and :int [:> 1.5] [:< 4]]", ("2", "3")),
        ("[:and [:enum 1 2 3] [:> 1]]", ("2", "3")),
        ('[:enum :a "a"]', None),
        ("[:enum 1.5]", None),
        (":int", None),
        (":string", None),
        ("[:union :int [:enum :a]]", None),
        ("[:and :int [:>= 0]]", None),
        (f"[:and :int [:in-range 1 {MAX_LABELS + 1}]]", None),
    ],
)
def test_labels(kind: str, texts: tuple[str, ...] | None) -> None:
    want = read_type(kind)
    assert label_texts(want) == texts
    for value, text in zip(closed_values(want) or (), texts or (), strict=False):
        assert equal(read_answer(text, want), value)
        assert write_answer(value, want) == text


def test_recursive_answers_are_fitted_at_each_level() -> None:
    want = read_type("Tree", {"Tree": "[:map [:v :keyword] [:below [:vector Tree] ?]]"})
    value = read_answer('{"v": "a", "below": [{"v": "b", "below": [{"v": "c"}]}]}', want)
    assert conforms(value, want)
    assert equal(read_answer(write_answer(value, want), want), value)


def test_maps_with_integer_keys_and_literals_of_any_shape() -> None:
    want = read_type("[:map-of :int :keyword]")
    assert read_answer('{"1": "a"}', want) == {1: Keyword("a")}
    pairs = read_type("[:enum [:a 1] [:b 2]]")
    assert read_answer('["b", 2]', pairs) == (Keyword("b"), 2)


@pytest.mark.parametrize(
    ("kind", "shown"),
    [
        ("[:vector [:tuple :int :string]]", "[[integer, string], …]"),
        ("[:map-of :keyword [:optional :float]]", "{string: number | null, …}"),
        ('[:enum :a "b c" 3]', '"a" | "b c" | 3'),
        ("[:and :int [:>= 0]]", "integer ([:>= 0])"),
        ("[:array :int [2 2]]", "[[integer, …]]"),
        (":fn", ":fn"),
        ("Unknown", "Unknown"),
    ],
)
def test_shapes(kind: str, shown: str) -> None:
    assert shape_text(read_type(kind)) == shown


def test_the_shape_of_a_recursive_type_ends() -> None:
    tree = read_type("Tree", {"Tree": "[:union :int [:vector Tree]]"})
    assert shape_text(tree).startswith("integer | [integer | [integer")
