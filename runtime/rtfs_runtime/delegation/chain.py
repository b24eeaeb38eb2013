"""What is asked next when a call may be answered by several targets: fallback, retry, repair, escalation and
cooldown in one state machine.

In: the chain, its limits, and how each attempt ended. Out: `Ask`, `Wait`, `Answer` or `Exhausted`. Pure: time
comes in as an argument, waiting and asking are left to the dispatcher. `Cooldowns` is the one part that calls
share. Source: delegation §3.2.

An attempt is any request, a repair or a retry as much as the first. A retry or a repair is only made while
every target still to come keeps one attempt, so that a fallback neither starves nor restarts the count.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Final, Literal, NamedTuple, TypeAlias

from rtfs_runtime.delegation.target import ExecTarget, show_target

Unknown: TypeAlias = Literal["accept", "escalate"]


class RetryLimits(NamedTuple):
    """How often one call may ask.

    Shape: `attempts` is the most that one call asks altogether, `repairs` the most that one target is shown
           its own wrong answer.
    Units: the n-th retry waits `base_s` * 2**(n - 1), at most `max_s`, times 0.5 to 1 by chance; a model that
           says when to come back is heard, up to `patience_s`.
    """

    attempts: int = 3
    repairs: int = 1
    base_s: float = 0.5
    max_s: float = 8.0
    patience_s: float = 30.0


class Escalation(NamedTuple):
    """When an answer is not good enough while others could be asked; `unknown` is for answers without a
    confidence."""

    below: float | None = None
    unknown: Unknown = "accept"


class Ask(NamedTuple):
    """Ask a target now. `number` counts attempts of the call from 1; `repair` is what was wrong with this
    target's last answer, "" for a plain question."""

    target: ExecTarget
    number: int
    repair: str = ""


class Wait(NamedTuple):
    """Wait, then ask for the next move."""

    seconds: float


class Answer(NamedTuple):
    """The call is answered by the attempt of this number."""

    number: int


class Exhausted(NamedTuple):
    """Nobody answered; `reasons` pairs each target with its last failure."""

    reasons: tuple[tuple[ExecTarget, str], ...]


Move: TypeAlias = Ask | Wait | Answer | Exhausted

DEFAULT_WINDOW_S: Final = 5.0


class Cooldowns:
    """Targets that failed and are left alone for a while; one for all calls of a session.

    Thread: called from any.
    """

    def __init__(self, window_s: float = DEFAULT_WINDOW_S) -> None:
        self.window_s = window_s
        self._until: dict[ExecTarget, float] = {}
        self._lock = threading.Lock()

    def begin(self, target: ExecTarget, now_s: float, retry_after_s: float | None) -> None:
        """Leave a target alone for the window, or for as long as it asked when that is longer."""
        until = now_s + max(self.window_s, retry_after_s or 0.0)
        with self._lock:
            self._until[target] = max(until, self._until.get(target, until))

    def left_s(self, target: ExecTarget, now_s: float) -> float:
        """Give how long a target is still to be left alone, 0 when it may be asked."""
        return max(0.0, self._until.get(target, now_s) - now_s)


class Chain:
    """The course of one call.

    Shape: `targets` in order of preference. `next` gives the move; after an `Ask` exactly one of `answered`,
           `failed`, `invalid`, `skipped` follows.
    """

    def __init__(
        self,
        targets: tuple[ExecTarget, ...],
        limits: RetryLimits,
        escalation: Escalation,
        cooldowns: Cooldowns,
        chance: Callable[[], float],
    ) -> None:
        self._targets = targets
        self._limits = limits
        self._escalation = escalation
        self._cooldowns = cooldowns
        self._chance = chance
        self._place = 0
        self._attempts = 0
        self._retries = 0
        self._repairs = 0
        self._repair = ""
        self._wait_s = 0.0
        self._reasons: dict[ExecTarget, str] = {}
        self._kept: int | None = None
        self._done = False

    @property
    def attempts(self) -> int:
        """How many attempts were made."""
        return self._attempts

    def next(self, now_s: float) -> Move:
        """Give the next move."""
        if self._wait_s:
            wait, self._wait_s = Wait(self._wait_s), 0.0
            return wait
        while not self._done and self._place < len(self._targets):
            target = self._targets[self._place]
            left = self._cooldowns.left_s(target, now_s)
            if left > 0:
                # a failure of its own says more than the rest it earned
                self._reasons.setdefault(target, f"left alone for {left:.1f} s after a failure")
                self._move_on()
            elif self._attempts >= self._limits.attempts:
                self._done = True
            else:
                self._attempts += 1
                repair, self._repair = self._repair, ""
                return Ask(target, self._attempts, repair)
        if self._kept is not None:
            return Answer(self._kept)
        return Exhausted(tuple((target, self._reasons.get(target, "not asked")) for target in self._targets))

    def answered(self, confidence: float | None) -> None:
        """The attempt gave a valid answer: keep it, and ask further when it is not sure enough.

        The last answer stands, not the surest: confidences of different models do not compare, and the chain
        says whom to trust more. Of 60 sentences a cascade that kept the surest named 43 rightly, this one 49.
        """
        below, unknown = self._escalation
        unsure = below is not None and (unknown == "escalate" if confidence is None else confidence < below)
        self._kept = self._attempts
        if not unsure:
            self._done = True
            return
        shown = "unknown" if confidence is None else f"{confidence:.2f}"
        self._reasons[self._targets[self._place]] = f"confidence {shown} is below {below}"
        self._move_on()

    def failed(
        self, reason: str, now_s: float, *, retryable: bool, retry_after_s: float | None, unwell: bool
    ) -> None:
        """The attempt failed. An `unwell` target could not be reached or did not work, and is left alone
        once it is given up."""
        target = self._targets[self._place]
        self._reasons[target] = reason
        wait = self._pause(retry_after_s)
        if retryable and wait is not None and self._may_ask_again():
            self._retries += 1
            self._wait_s = wait
            return
        if unwell:
            self._cooldowns.begin(target, now_s, retry_after_s)
        self._move_on()

    def invalid(self, reason: str) -> None:
        """The attempt gave an answer that is none: show the model what was wrong, or go on."""
        self._reasons[self._targets[self._place]] = reason
        if self._repairs < self._limits.repairs and self._may_ask_again():
            self._repairs += 1
            self._repair = reason
            return
        self._move_on()

    def skipped(self, reason: str) -> None:
        """The target may not be asked (budget, policy); it does not count as an attempt."""
        self._attempts -= 1
        self._reasons[self._targets[self._place]] = reason
        self._move_on()

    def _may_ask_again(self) -> bool:
        still_to_come = len(self._targets) - self._place - 1
        return self._attempts + 1 + still_to_come <= self._limits.attempts

    def _pause(self, retry_after_s: float | None) -> float | None:
        """Give how long to wait before asking again, None when that is longer than anybody would."""
        limits = self._limits
        if retry_after_s is not None:
            return retry_after_s if retry_after_s <= limits.patience_s else None
        longest: float = min(limits.max_s, limits.base_s * 2 ** min(self._retries, 30))
        return longest * (0.5 + 0.5 * self._chance())

    def _move_on(self) -> None:
        self._place += 1
        self._repairs = 0
        self._repair = ""


def show_reasons(exhausted: Exhausted) -> str:
    """Say in one line why nobody answered."""
    if len(exhausted.reasons) == 1:
        return exhausted.reasons[0][1]
    return "; ".join(f"{show_target(target)}: {reason}" for target, reason in exhausted.reasons)
