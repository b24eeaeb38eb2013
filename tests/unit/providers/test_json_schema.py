"""Types as JSON schema: what fits a type fits its schema, and what fits the schema reads as the type."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from rtfs_runtime.delegation.answers import AnswerError, read_answer
from rtfs_runtime.printer import display
from rtfs_runtime.providers.json_schema import ANSWER, json_schema, unwrap
from rtfs_runtime.tagged import encode
from rtfs_runtime.type_reader import read_type
from rtfs_runtime.types import conforms
from rtfs_runtime.values import Keyword, List

K = Keyword
TREE = {"Tree": "[:map [:value :int] [:kids [:vector Tree]] [:tag :keyword ?]]"}


class Case(NamedTuple):
    """A type as text, an answer in JSON, and the value that it means."""

    kind: str
    answer: Any
    value: Any


names = st.from_regex("[a-z][a-z0-9-]{0,6}", fullmatch=True)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
floats = st.floats(allow_nan=False, allow_infinity=False)
atoms = st.one_of(
    st.integers().map(lambda number: Case(":int", number, number)),
    floats.map(lambda number: Case(":float", number, number)),
    texts.map(lambda text: Case(":string", text, text)),
    st.booleans().map(lambda flag: Case(":bool", flag, flag)),
    names.map(lambda text: Case(":keyword", text, K(text))),
    st.lists(names, min_size=1, max_size=4, unique=True).map(
        lambda labels: Case(f"[:enum {' '.join(':' + one for one in labels)}]", labels[-1], K(labels[-1]))
    ),
    st.just(Case(":nil", None, None)),
    st.just(Case('[:val "a b"]', "a b", "a b")),
    st.just(Case("[:enum 1 true nil]", True, True)),
    st.integers(1, 9).map(lambda number: Case("[:and :int [:> 0] [:in-range 1 9]]", number, number)),
    st.builds(lambda number: Case(":int?", number, number), st.none() | st.integers()),
)


def grown(inner: st.SearchStrategy[Case]) -> st.SearchStrategy[Case]:
    def record(parts: dict[str, tuple[Case, str]]) -> Case:
        fields, answer, value = [], {}, {}
        for key, (part, how) in parts.items():
            fields.append(f"[:{key} {part.kind}{'' if how == 'needed' else ' ?'}]")
            nothing = how == "missing" and not conforms(None, read_type(part.kind))
            answer[key] = None if nothing else part.answer
            if not nothing:
                value[K(key)] = part.value
        return Case(f"[:map {' '.join(fields)}]", answer, value)

    def repeated(head: str, part: Case, count: int) -> Case:
        items = (part.value,) * count
        return Case(f"[:{head} {part.kind}]", [part.answer] * count, List(items) if head == "list" else items)

    return st.one_of(
        st.builds(repeated, st.sampled_from(["vector", "list", "array"]), inner, st.integers(0, 3)),
        st.lists(inner, max_size=3).map(
            lambda parts: Case(
                f"[:tuple {' '.join(part.kind for part in parts)}]",
                [part.answer for part in parts],
                tuple(part.value for part in parts),
            )
        ),
        st.builds(
            lambda part, key: Case(
                f"[:map-of :keyword {part.kind}]", {key: part.answer}, {K(key): part.value}
            ),
            inner,
            names,
        ),
        st.builds(
            lambda part, key: Case(f"[:map-of :int {part.kind}]", {str(key): part.answer}, {key: part.value}),
            inner,
            st.integers(),
        ),
        st.dictionaries(
            names, st.tuples(inner, st.sampled_from(["needed", "given", "missing"])), min_size=1, max_size=3
        ).map(record),
    )


cases = st.recursive(atoms, grown, max_leaves=6)


def wrapped(kind: str, answer: object) -> object:
    schema = json_schema(read_type(kind))
    assert schema is not None
    return {ANSWER: answer} if schema.wrapped else answer


@settings(max_examples=200, deadline=None)
@given(cases)
def test_a_value_of_the_type_fits_the_schema_and_is_read_back(case: Case) -> None:
    kind = read_type(case.kind)
    schema = json_schema(kind)
    assert schema is not None
    Draft202012Validator.check_schema(schema.schema)
    answer = wrapped(case.kind, case.answer)
    Draft202012Validator(schema.schema).validate(answer)
    read = read_answer(unwrap(json.dumps(answer)), kind)
    assert encode(read) == encode(case.value)


scalars = st.one_of(st.none(), st.booleans(), st.integers(-2, 2), st.just(0.5), names)
json_values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(names, inner, max_size=2),
    max_leaves=3,
)


@settings(max_examples=200, deadline=None)
@given(cases, st.data())
def test_what_the_schema_lets_pass_is_a_value_of_the_type(case: Case, data: st.DataObject) -> None:
    kind = read_type(case.kind)
    schema = json_schema(kind)
    assert schema is not None
    answer = wrapped(case.kind, json.loads(json.dumps(case.answer)))
    place = answer
    # put something else at a random place of a good answer
    while isinstance(place, (dict, list)) and place:
        key = data.draw(st.sampled_from(list(place) if isinstance(place, dict) else range(len(place))))
        if not place[key] or not isinstance(place[key], (dict, list)) or data.draw(st.booleans()):
            place[key] = data.draw(json_values)
            break
        place = place[key]
    if not Draft202012Validator(schema.schema).is_valid(answer):
        return
    text = unwrap(json.dumps(answer))
    assert conforms(read_answer(text, kind), kind), (case.kind, text)


@pytest.mark.parametrize(
    ("kind", "bad"),
    [
        (":int", {ANSWER: "1"}),
        (":int", {ANSWER: 1, "more": 2}),
        (":int", 1),
        ("[:enum :a :b]", {ANSWER: "c"}),
        ("[:map [:a :int]]", {"a": 1, "b": 2}),
        ("[:map [:a :int] [:b :int ?]]", {"a": 1}),
        ("[:tuple :int :int]", {ANSWER: [1]}),
        ("[:array :int [2]]", {ANSWER: [1, 2, 3]}),
        ("[:vector [:and :int [:> 3]]]", {ANSWER: [3]}),
        ("[:and [:vector :int] :non-empty]", {ANSWER: []}),
        ("[:and [:vector :int] [:count 2]]", {ANSWER: [1]}),
        ("[:and :number [:in-range 0 1]]", {ANSWER: 1.5}),
        ("[:map-of :keyword :int]", {"a": "b"}),
        ("[:map-of :int :int]", {"a": 1}),
        ("[:map-of [:enum :a :b] :int]", {"c": 1}),
    ],
)
def test_a_schema_refuses(kind: str, bad: object) -> None:
    schema = json_schema(read_type(kind))
    assert schema is not None and not Draft202012Validator(schema.schema).is_valid(bad)


@pytest.mark.parametrize(
    ("kind", "strict"),
    [
        (":int", True),
        ("[:map [:a :int ?]]", True),
        ("[:map [:a :int] [:* :any]]", False),
        (":map", False),
        (":any", False),
        ("[:tuple :int]", False),
        ("[:map-of :string :int]", False),
    ],
)
def test_strict_is_said_of_closed_schemas_only(kind: str, strict: bool) -> None:
    schema = json_schema(read_type(kind))
    assert schema is not None and schema.strict is strict


@pytest.mark.parametrize(
    "kind", [":fn", "[:vector :timestamp]", ":error", "[:enum [1 2] 3]", "[:fn [:int] :int]"]
)
def test_types_that_json_cannot_carry_have_no_schema(kind: str) -> None:
    assert json_schema(read_type(kind)) is None


def test_a_recursive_type_is_one_definition_that_names_itself() -> None:
    kind = read_type("Tree", TREE)
    schema = json_schema(kind)
    assert schema is not None and schema.wrapped and schema.strict
    assert list(schema.schema["$defs"]) == ["Tree"]  # type: ignore[call-overload]
    leaf = {"value": 2, "kids": [], "tag": "x"}
    answer = {ANSWER: {"value": 1, "kids": [leaf], "tag": None}}
    validator = Draft202012Validator(schema.schema)
    validator.validate(answer)
    assert not validator.is_valid({ANSWER: {"value": 1, "kids": [{"value": "2"}], "tag": None}})
    read = read_answer(unwrap(json.dumps(answer)), kind)
    assert display(read) == "{:value 1 :kids [{:value 2 :kids [] :tag :x}]}"


def test_a_name_for_itself_has_no_schema() -> None:
    assert json_schema(read_type("Loop", {"Loop": "Loop"})) is None


def test_an_answer_deeper_than_any_model_gives_is_refused() -> None:
    deep = '{"value":1,"kids":[' * 5_000 + "]}" * 5_000
    with pytest.raises(AnswerError):
        read_answer(deep.replace("[]", '[{"value":"x","kids":[]}]'), read_type("Tree", TREE))


@pytest.mark.parametrize("text", ["plain", '{"answer": 1, "more": 2}', '["answer"]', '{"answer"', ""])
def test_what_is_not_wrapped_is_left_alone(text: str) -> None:
    assert unwrap(text) == text
