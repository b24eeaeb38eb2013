"""The engine on a tiny model, in this process: states, scores, grammars."""

from __future__ import annotations

import itertools
import math
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

pytest.importorskip("llama_cpp", reason="local models need the extra `llm`")

import numpy as np

from rtfs_runtime.delegation.answers import read_answer, write_answer
from rtfs_runtime.delegation.grammar import grammar_of
from rtfs_runtime.equality import equal
from rtfs_runtime.providers.llama import engine as engines
from rtfs_runtime.providers.llama.engine import Config, Engine, EngineError
from rtfs_runtime.types import (
    BOOL,
    FLOAT,
    INT,
    KEYWORD,
    NIL,
    STRING,
    Alias,
    And,
    Array,
    Enum,
    ListOf,
    MapOf,
    MapType,
    Predicate,
    Tuple,
    Type,
    Vector,
    conforms,
    optional,
    union,
)
from rtfs_runtime.values import Keyword, List
from tests.tiny_models import write_random, write_sentiment

pytestmark = pytest.mark.model
TREE = Alias("Tree", MapType([(Keyword("v"), INT, False), (Keyword("below"), Vector(Alias("Tree")), True)]))


@pytest.fixture(scope="module")
def engine(random_file: Path) -> Engine:
    return Engine(Config(str(random_file), 256, 64, 1, 0))


def test_the_files_are_the_same_every_time(tmp_path: Path) -> None:
    for write in (write_random, write_sentiment):
        one, other = write(tmp_path / "a.gguf"), write(tmp_path / "b.gguf")
        assert one.read_bytes() == other.read_bytes()


def test_a_prompt_gives_the_same_bits_with_and_without_what_was_kept(random_file: Path) -> None:
    def bits(engine: Engine, prefix: str, rest: str) -> bytes:
        engine.load_prompt(
            engine.tokens(prefix, start=True, special=False), engine.inner_tokens(rest) if rest else []
        )
        return engine.logits().tobytes()

    prompts = [
        ("The box is", " made of wood"),
        ("A longer prefix " * 5, "x"),
        ("The box is", ""),
        ("", "alone"),
    ]
    cold = [bits(Engine(Config(str(random_file), 256, 64, 1, 0)), *prompt) for prompt in prompts]
    warm = Engine(Config(str(random_file), 256, 64, 2, 0))
    for order in itertools.permutations(range(len(prompts))):
        for place in order:
            assert bits(warm, *prompts[place]) == cold[place]


def test_states_that_are_too_many_are_forgotten(random_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines, "_STATES_BYTES", 10_000)
    engine = Engine(Config(str(random_file), 256, 64, 1, 0))
    for count in range(1, 9):
        engine.load_prompt(engine.tokens("word " * count, start=True, special=False), [5])
    assert 1 <= len(engine._states) < 8


def test_a_prompt_that_is_too_long_is_refused_and_the_next_one_answered(engine: Engine) -> None:
    with pytest.raises(
        EngineError, match=r"the prompt takes 301 tokens and the model's context is 256: shorten"
    ):
        engine.load_prompt([1], [5] * 300)
    engine.load_prompt([1], [5] * 254)
    made = engine.generate([1], [5] * 250, engine.chooser(None, (0.0, 1.0, 0)), 100, ())
    assert made.stop == "length" and made.tokens == 5


def test_labels_that_share_tokens_are_told_apart(engine: Engine) -> None:
    labels = ["how", "how-to", "howl", "x", "how-to-do"]
    prefix, rest = engine.tokens("Question", start=True, special=False), engine.inner_tokens(" text:")
    cut = [engine.inner_tokens(" " + label) for label in labels]
    ends = engine.inner_tokens("\n")
    scores = engine.score(prefix, rest, cut, ends)
    assert sum(map(math.exp, scores)) == pytest.approx(1)

    def chance(tokens: list[int]) -> float:
        """Multiply the chances of the tokens among those that any label allows there."""
        total = 0.0
        for place, token in enumerate([*tokens, *ends]):
            options = {
                (label + ends)[place]
                for label in cut
                if label[:place] == tokens[:place] and len(label) >= place
            }
            engine.load_prompt(prefix, rest + tokens[:place])
            logits = engine.logits().astype(np.float64)
            total += logits[token] - np.log(np.exp(logits[sorted(options)]).sum())
        return float(total)

    assert scores == pytest.approx([chance(tokens) for tokens in cut], abs=1e-3)


def test_grammars_that_are_none_are_refused(engine: Engine) -> None:
    with pytest.raises(EngineError, match="does not read the grammar"):
        engine.chooser("root ::= (", (0.0, 1.0, 0))


# Grammars of types: each value's text is accepted, each generated text is a value

_KEYS = st.sampled_from([Keyword("a"), Keyword("b-c"), "d e", 'q"', 7])
_LITERALS = st.sampled_from([Keyword("x"), "y", "two words", 'a"b', "null", "12", 3, True, None])
_LABELS = st.lists(_LITERALS, min_size=1, max_size=4, unique_by=str)


def _maps(kinds: st.SearchStrategy[Type]) -> st.SearchStrategy[Type]:
    field = st.tuples(_KEYS, kinds, st.booleans())
    return st.lists(field, min_size=1, max_size=4, unique_by=lambda row: str(row[0])).map(MapType)


def _compound(kinds: st.SearchStrategy[Type]) -> st.SearchStrategy[Type]:
    return st.one_of(
        kinds.map(Vector),
        kinds.map(ListOf),
        st.lists(kinds, max_size=3).map(Tuple),
        _maps(kinds),
        st.tuples(st.sampled_from([STRING, KEYWORD, INT]), kinds).map(lambda pair: MapOf(*pair)),
        st.lists(kinds, min_size=1, max_size=3).map(union),
        kinds.map(optional),
        st.tuples(kinds, st.sampled_from([(2,), (None, 1), ()])).map(lambda pair: Array(*pair)),
    )


_RANGES = st.tuples(st.integers(-(10**6), 10**6), st.integers(0, 10**6)).map(
    lambda pair: And(INT, [Predicate(">=", [pair[0]]), Predicate("<", [pair[0] + pair[1] + 1])])
)
_COUNTED = st.sampled_from(
    [
        And(STRING, [Predicate("min-length", [2]), Predicate("max-length", [5])]),
        And(Vector(BOOL), [Predicate("non-empty")]),
        And(Vector(INT), [Predicate("count", [3])]),
        And(STRING, [Predicate("is-url")]),
        And(INT, [Predicate(">", [5.5])]),
    ]
)
TYPES = st.recursive(
    st.one_of(
        st.sampled_from([INT, FLOAT, STRING, BOOL, NIL, KEYWORD, TREE]), _LABELS.map(Enum), _RANGES, _COUNTED
    ),
    _compound,
    max_leaves=6,
)


def values(kind: Type, depth: int = 0) -> st.SearchStrategy[object]:
    """Draw values of a type."""
    match kind:
        case Alias():
            below = (
                st.nothing()
                if depth > 2
                else st.lists(st.deferred(lambda: values(TREE, depth + 1)), max_size=2)
            )
            leaf = st.integers().map(lambda number: {Keyword("v"): number})
            node = st.tuples(st.integers(), below).map(
                lambda row: {Keyword("v"): row[0], Keyword("below"): tuple(row[1])}
            )
            return leaf if depth > 2 else st.one_of(leaf, node)
        case Enum(known):
            return st.sampled_from(known)
        case Vector(element):
            return st.lists(values(element, depth), max_size=3).map(tuple)
        case ListOf(element):
            return st.lists(values(element, depth), max_size=3).map(List)
        case Tuple(items):
            return st.tuples(*(values(item, depth) for item in items))
        case Array(element, shape):
            inner = element if len(shape) < 2 else Array(element, shape[1:])
            size = shape[0] if shape else None
            return st.lists(values(inner, depth), min_size=size or 0, max_size=size or 3).map(tuple)
        case MapType(fields):
            needed = {key: values(value, depth) for key, value, is_optional in fields if not is_optional}
            free = {key: values(value, depth) for key, value, is_optional in fields if is_optional}
            return st.fixed_dictionaries(needed, optional=free)
        case MapOf(key, value):
            return st.dictionaries(values(key, depth), values(value, depth), max_size=3)
        case _ if kind.kids and not isinstance(kind, And):
            return st.one_of(*(values(member, depth) for member in kind.kids))
    return _atoms(kind)


def _atoms(kind: Type) -> st.SearchStrategy[object]:
    if isinstance(kind, And):
        if kind.base is INT and len(kind.checks) == 2:
            low, high = (check.values[0] for check in kind.checks)
            return st.integers(low, high - 1)
        return {
            STRING: st.sampled_from(["ab", "abcde"]) if len(kind.checks) == 2 else st.just("https://x.y/ä"),
            Vector(BOOL): st.sampled_from([(True,), (True, False)]),
            Vector(INT): st.just((1, -2, 10**30)),
            INT: st.integers(6, 10**20),
        }[kind.base]
    return {
        INT: st.integers(-(10**39), 10**39),
        FLOAT: st.floats(-1e307, 1e307),
        STRING: st.text(st.characters(exclude_categories=["Cs"]), max_size=8),
        BOOL: st.booleans(),
        NIL: st.none(),
        KEYWORD: st.sampled_from([Keyword("a"), Keyword("is-ok?"), Keyword("a.b/c")]),
    }[kind]


def accepts(engine: Engine, grammar: str, text: str) -> bool:
    """Tell whether llama.cpp's grammar takes a text and may end after it."""
    chooser = engine.chooser(grammar, (0.0, 1.0, 0))
    try:
        for token in engine.inner_tokens(text):
            wanted = np.full(engine.vocabulary_size, -100.0, np.float32)
            wanted[token] = 0
            if chooser.choose(wanted)[0] != token:
                return False
        wanted = np.full(engine.vocabulary_size, -100.0, np.float32)
        wanted[sorted(engine.ends)] = 0
        return chooser.choose(wanted)[0] in engine.ends
    finally:
        chooser.close()


_PROPERTY = settings(
    max_examples=150,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@_PROPERTY
@given(st.data(), TYPES, st.booleans())
def test_the_text_of_each_value_is_accepted(
    engine: Engine, data: st.DataObject, kind: Type, in_text: bool
) -> None:
    value = data.draw(values(kind))
    grammar = grammar_of(kind, in_text=in_text)
    assert grammar is not None and conforms(value, kind)
    text = write_answer(value, kind)
    assert accepts(engine, grammar, text)
    assert conforms(read_answer(text, kind), kind)
    if in_text:
        assert accepts(engine, grammar, f" {text}\n\nText: more")


@_PROPERTY
@given(TYPES, st.integers(0, 2**32))
def test_whatever_is_generated_is_a_value(engine: Engine, kind: Type, seed: int) -> None:
    grammar = grammar_of(kind)
    chooser = engine.chooser(grammar, (1.5, 1.0, seed))
    made = engine.generate([1], [40], chooser, 200, ())
    chooser.close()
    # a model may write bytes that are no UTF-8 one by one, which no grammar of characters sees
    if made.stop == "end" and "\ufffd" not in made.text:
        assert conforms(read_answer(made.text, kind), kind)


@pytest.mark.parametrize(
    ("low", "high"), [(0, 9), (-3, 120), (7, 7), (99, 300), (-250, -5), (0, 255), (95, 205)]
)
def test_ranges_of_integers_are_exact(engine: Engine, low: int, high: int) -> None:
    kind = union([And(INT, [Predicate("in-range", [low, high])]), Vector(NIL)])
    grammar = grammar_of(kind)
    assert grammar is not None
    for number in range(low - 5, high + 6):
        assert accepts(engine, grammar, str(number)) == (low <= number <= high), number


def test_types_that_no_text_gives_have_no_grammar() -> None:
    from rtfs_runtime.type_reader import read_type

    assert grammar_of(read_type(":fn")) is None
    assert grammar_of(read_type("[:map [:a [:fn [] :int]]]")) is None
    assert grammar_of(read_type("Unknown")) is None
    assert grammar_of(read_type("[:union :fn :int]")) is not None
    read = read_type("[:map [:a :fn ?] [:b :int]]")
    assert "colon" in str(grammar_of(read)) and '"\\"a\\""' not in str(grammar_of(read))


def test_equal_values_have_one_text() -> None:
    kind = MapType([(Keyword("b"), INT, False), (Keyword("a"), INT, True)])
    one, other = {Keyword("a"): 1, Keyword("b"): 2}, {Keyword("b"): 2, Keyword("a"): 1}
    assert write_answer(one, kind) == write_answer(other, kind) == '{"b": 2, "a": 1}'
    assert equal(read_answer('{"b": 2, "a": 1}', kind), one)
