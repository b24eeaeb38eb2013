"""The state machine of one delegated call: what is asked next, and what never is."""

from __future__ import annotations

from typing import NamedTuple

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from rtfs_runtime.delegation.chain import (
    Answer,
    Ask,
    Chain,
    Cooldowns,
    Escalation,
    Exhausted,
    Move,
    RetryLimits,
    Wait,
    show_reasons,
)
from rtfs_runtime.delegation.target import LOCAL, ExecTarget, LocalModel, RemoteModel

LIMITS, NEVER = RetryLimits(), Escalation()
A, B, C = LocalModel("a"), RemoteModel("b"), RemoteModel("c")


def chain(
    *targets: ExecTarget,
    limits: RetryLimits = LIMITS,
    escalation: Escalation = NEVER,
    cooldowns: Cooldowns | None = None,
) -> Chain:
    return Chain(targets, limits, escalation, cooldowns or Cooldowns(), lambda: 1.0)


def fail(one: Chain, now_s: float = 0.0, *, retryable: bool = False, unwell: bool = True) -> None:
    one.failed("broken", now_s, retryable=retryable, retry_after_s=None, unwell=unwell)


def test_the_first_answer_ends_the_call() -> None:
    one = chain(A, B)
    assert one.next(0) == Ask(A, 1)
    one.answered(None)
    assert one.next(0) == Answer(1)


def test_a_failure_moves_on_and_cools_down() -> None:
    cooldowns = Cooldowns(5)
    one = chain(A, B, cooldowns=cooldowns)
    assert one.next(0) == Ask(A, 1)
    fail(one, 10)
    assert one.next(10) == Ask(B, 2)
    fail(one, 10)
    assert one.next(10) == Exhausted(((A, "broken"), (B, "broken")))
    another = chain(A, B, cooldowns=cooldowns)
    found = another.next(12)
    assert isinstance(found, Exhausted)
    assert show_reasons(found) == (
        "local-model:a: left alone for 3.0 s after a failure; remote:b: left alone for 3.0 s after a failure"
    )
    assert chain(A, cooldowns=cooldowns).next(15) == Ask(A, 1)


def test_retries_wait_longer_each_time_and_leave_room_for_the_others() -> None:
    one = chain(A, B, limits=RetryLimits(attempts=4, base_s=1, max_s=1.5))
    moves: list[Move] = []
    for _ in range(6):
        moves.append(one.next(0))
        if isinstance(moves[-1], Ask):
            fail(one, retryable=True)
    assert moves == [Ask(A, 1), Wait(1), Ask(A, 2), Wait(1.5), Ask(A, 3), Ask(B, 4)]
    assert isinstance(one.next(0), Exhausted)


@pytest.mark.parametrize(("asked", "move"), [(7.0, Wait(7.0)), (31.0, Ask(B, 2)), (0.0, Ask(A, 2))])
def test_a_model_that_says_when_to_come_back_is_heard(asked: float, move: Move) -> None:
    one = chain(A, B)
    one.next(0)
    one.failed("busy", 0, retryable=True, retry_after_s=asked, unwell=True)
    assert one.next(0) == move


def test_a_wrong_answer_is_shown_to_the_model_once() -> None:
    one = chain(A, B)
    one.next(0)
    one.invalid("no integer")
    assert one.next(0) == Ask(A, 2, "no integer")
    one.invalid("still none")
    assert one.next(0) == Ask(B, 3)
    one.invalid("none")
    assert one.next(0) == Exhausted(((A, "still none"), (B, "none")))


def test_an_unsure_answer_is_kept_while_others_are_asked() -> None:
    one = chain(A, B, C, escalation=Escalation(0.7))
    one.next(0)
    one.answered(0.4)
    one.next(0)
    one.answered(0.6)
    assert one.next(0) == Ask(C, 3)
    fail(one)
    assert one.next(0) == Answer(2)


@pytest.mark.parametrize(("unknown", "asked"), [("accept", 1), ("escalate", 2)])
def test_answers_without_a_confidence(unknown: str, asked: int) -> None:
    one = chain(A, B, escalation=Escalation(0.7, unknown))  # type: ignore[arg-type]
    one.next(0)
    one.answered(None)
    if asked == 2:
        assert one.next(0) == Ask(B, 2)
        one.answered(0.9)
    assert one.next(0) == Answer(asked)


def test_what_may_not_be_asked_is_no_attempt() -> None:
    one = chain(A, LOCAL, limits=RetryLimits(attempts=1))
    one.next(0)
    one.skipped("too dear")
    assert one.next(0) == Ask(LOCAL, 1)


def test_a_target_that_cooled_down_meanwhile_is_not_retried() -> None:
    cooldowns = Cooldowns(5)
    one = chain(A, B, cooldowns=cooldowns)
    one.next(0)
    fail(one, retryable=True)
    cooldowns.begin(A, 0, None)
    assert isinstance(one.next(0), Wait)
    assert one.next(0.5) == Ask(B, 2)


class Course(NamedTuple):
    """One call under way in the machine below, with what it asked so far."""

    chain: Chain
    most: int
    repairs: int
    asked: list[Ask]


class Calls(RuleBasedStateMachine):
    """Several calls at once over the same three targets, each attempt ending as chance has it."""

    @initialize(window=st.floats(0, 20))
    def begin(self, window: float) -> None:
        self.now_s = 0.0
        self.cooldowns = Cooldowns(window)
        self.window = window
        self.failed_at: dict[ExecTarget, float] = {}
        self.courses: list[Course] = []
        self.pending: list[tuple[Course, Ask]] = []

    @rule(
        order=st.lists(st.sampled_from([A, B, C, LOCAL]), min_size=1, max_size=4, unique=True),
        extra=st.integers(0, 4),
        repairs=st.integers(0, 2),
        below=st.none() | st.floats(0, 1),
        unknown=st.sampled_from(["accept", "escalate"]),
    )
    def call(
        self, order: list[ExecTarget], extra: int, repairs: int, below: float | None, unknown: str
    ) -> None:
        most = len(order) + extra
        limits = RetryLimits(attempts=most, repairs=repairs)
        escalation = Escalation(below, unknown)  # type: ignore[arg-type]
        one = Chain(tuple(order), limits, escalation, self.cooldowns, lambda: 0.5)
        self.courses.append(Course(one, most, repairs, []))

    @precondition(lambda self: self.courses)
    @rule(data=st.data(), seconds=st.floats(0, 10))
    def step(self, data: st.DataObject, seconds: float) -> None:
        course = data.draw(st.sampled_from(self.courses))
        self.now_s += seconds
        if any(waiting is course for waiting, _ in self.pending):
            return
        move = course.chain.next(self.now_s)
        match move:
            case Ask():
                self.check_ask(course, move)
                self.pending.append((course, move))
            case Answer() | Exhausted():
                # the end is the end
                assert course.chain.next(self.now_s) == move
                self.courses.remove(course)
            case Wait(wait_s):
                assert 0 < wait_s <= 30

    def check_ask(self, course: Course, move: Ask) -> None:
        failed_at = self.failed_at.get(move.target)
        assert failed_at is None or self.now_s >= failed_at + self.window
        earlier = course.asked
        assert move.number == len(earlier) + 1 <= course.most
        repaired = sum(1 for ask in earlier if ask.repair and ask.target == move.target)
        assert not move.repair or repaired < course.repairs
        earlier.append(move)

    @precondition(lambda self: self.pending)
    @rule(
        data=st.data(),
        end=st.sampled_from(["answer", "fail", "retry", "invalid", "unwell", "skip"]),
        confidence=st.none() | st.floats(0, 1),
        later=st.none() | st.floats(0, 60),
    )
    def end(self, data: st.DataObject, end: str, confidence: float | None, later: float | None) -> None:
        course, move = data.draw(st.sampled_from(self.pending))
        self.pending = [pair for pair in self.pending if pair[0] is not course]
        if end == "answer":
            course.chain.answered(confidence)
        elif end == "invalid":
            course.chain.invalid("wrong")
        elif end == "skip":
            course.chain.skipped("no budget")
            course.asked.pop()
        else:
            before = self.cooldowns.left_s(move.target, self.now_s)
            course.chain.failed(
                "broken",
                self.now_s,
                retryable=end == "retry",
                retry_after_s=later,
                unwell=end != "fail",
            )
            if self.cooldowns.left_s(move.target, self.now_s) > before:
                self.failed_at[move.target] = self.now_s

    @invariant()
    def attempts_are_bounded(self) -> None:
        for course in getattr(self, "courses", ()):
            assert course.chain.attempts <= course.most


Calls.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestCalls = Calls.TestCase
