"""One call on its way through the targets that may answer it.

In: a question, arguments, a deadline. Out: the checked value; one event for each attempt below the event of
the call. The moves come from `chain`; this file makes them: waits, reserves, asks, checks, settles.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, assert_never

from rtfs_runtime.delegation.answers import AnswerError, read_answer
from rtfs_runtime.delegation.budget import Account, Amount, Refusal, Reservation, bound_of
from rtfs_runtime.delegation.chain import Answer, Ask, Chain, Exhausted, Wait, show_reasons
from rtfs_runtime.delegation.published import Unavailable
from rtfs_runtime.delegation.question import CachedCall, ModelTarget, Question
from rtfs_runtime.delegation.target import (
    ExecTarget,
    L4CacheHit,
    LocalModel,
    LocalPure,
    RemoteModel,
    show_target,
)
from rtfs_runtime.delegation.templates import make_request, repair_request
from rtfs_runtime.equality import equal
from rtfs_runtime.errors import LimitExceeded, RtfsError
from rtfs_runtime.providers.ask import ask
from rtfs_runtime.providers.base import (
    FailureKind,
    ModelProvider,
    ModelReply,
    ModelRequest,
    ProviderError,
    Sampling,
    most_requests,
)
from rtfs_runtime.trace import Event, Usage

if TYPE_CHECKING:
    from rtfs_runtime.delegation.dispatch import Dispatcher

# failures that say something about the target rather than about this one question
_UNWELL: Final[frozenset[FailureKind]] = frozenset({"construction", "connection", "http", "timeout"})
_NO_TIME: Final = "no time is left"
_SHOWN_KEY: Final = 12


class Asking:
    """One call."""

    def __init__(
        self, dispatcher: Dispatcher, question: Question, args: tuple[object, ...], deadline_s: float | None
    ) -> None:
        self._dispatcher = dispatcher
        self._host = dispatcher.host
        self._question = question
        self._args = args
        self._deadline_s = deadline_s
        self._account = Account()
        self._refusal: Refusal | None = None
        self._wrong = ""
        self._cause: BaseException | None = None
        rule = question.rule
        self._chain = Chain(
            question.targets, rule.retry, rule.escalation, dispatcher.cooldowns, self._host.world.random
        )
        self._answers: dict[int, object] = {}

    def run(self, event: Event) -> object:
        """Make the moves until the call is answered.

        Raises: DelegationError, BudgetExhausted, what the body of the function raises.
        """
        while True:
            move = self._chain.next(self._now_s())
            match move:
                case Ask():
                    if self._time_is_up():
                        raise self._failure(_NO_TIME)
                    self._ask(move)
                case Wait(seconds):
                    if self._deadline_s is not None and self._now_s() + seconds >= self._deadline_s:
                        raise self._failure(_NO_TIME)
                    self._host.world.sleep_s(seconds)
                case Answer(number):
                    event.detail["attempts"] = self._chain.attempts
                    return self._answers[number]
                case Exhausted():
                    event.detail["attempts"] = self._chain.attempts
                    raise self._exhausted(move) from self._cause
                case _:
                    assert_never(move)

    def _ask(self, move: Ask) -> None:
        target = move.target
        match target:
            case LocalPure():
                if self._question.body is None:
                    self._chain.skipped("the function's body is only a text")
                    return
                self._answers[move.number] = self._question.body(*self._args)
                self._chain.answered(1.0)
            case L4CacheHit():
                self._run_published(target, move)
            case LocalModel() | RemoteModel():
                self._ask_model(target, move)
            case _:
                assert_never(target)

    def _run_published(self, target: L4CacheHit, move: Ask) -> None:
        """Execute a published function; what it raises is the program's own affair."""
        find = self._question.published
        if find is None:
            self._chain.skipped("this session has no published modules")
            return
        try:
            function = find(target)
        except Unavailable as error:
            self._chain.skipped(str(error))
            return

        def act(_event: Event) -> object:
            return function(*self._args)

        detail = {"attempt": move.number, "module": target.storage_pointer}
        self._answers[move.number] = self._host.record(
            "attempt", show_target(target), self._args, detail, act
        )
        self._chain.answered(1.0)

    def _ask_model(self, target: ModelTarget, move: Ask) -> None:
        if not self._dispatcher.registry.has(target.model_id):
            self._chain.skipped(f"no model `{target.model_id}` is registered")
            return
        request = self._request(target, move.repair)
        detail = {
            "attempt": move.number,
            "template": request.template_id,
            "repair": move.repair,
            **self._detail(target, request),
        }
        confidence: float | None = None

        def act(event: Event) -> object:
            nonlocal confidence
            reply, key = self._reply(target, request, event)
            confidence = reply.confidence
            try:
                return self._read(reply, target)
            except RtfsError:
                # an answer of another type is an error, which no cache keeps
                self._dispatcher.forget(key)
                event.detail["outcome"] = "answer"
                raise

        try:
            value = self._host.record("attempt", show_target(target), (), detail, act)
        except RtfsError as error:
            self._failed(error)
            return
        self._answers[move.number] = value
        self._chain.answered(confidence)

    def _detail(self, target: ModelTarget, request: ModelRequest) -> dict[str, object]:
        """Say how a model is asked, for the ledger."""
        settings = self._dispatcher.settings_of(target.model_id)
        sampling = request.sampling
        return {
            "provider": None if settings is None else settings.provider,
            "operation": "chat" if request.form == "chat" else "text_completion",
            "temperature": sampling.temperature,
            "top_p": sampling.top_p,
            "max_tokens": sampling.max_tokens,
            "seed": sampling.seed,
        }

    def _request(self, target: ModelTarget, repair: str) -> ModelRequest:
        contract = self._question.contract
        template = self._question.template or self._dispatcher.template_of(target.model_id, contract)
        settings = self._dispatcher.settings_of(target.model_id)
        sampling = Sampling() if settings is None else settings.sampling
        request = make_request(contract, target.model_id, self._args, template, sampling)
        if repair:
            request = repair_request(request, self._wrong, repair)
        deadline_s = self._deadline_s
        if settings is not None and settings.timeout_s is not None:
            until = self._now_s() + settings.timeout_s
            deadline_s = until if deadline_s is None else min(until, deadline_s)
        return request._replace(deadline_s=deadline_s, tenant=self._dispatcher.tenant)

    def _reply(self, target: ModelTarget, request: ModelRequest, event: Event) -> tuple[ModelReply, bytes]:
        """Give a model's reply, from the cache when it answered the same before, and its key there."""
        provider = self._dispatcher.registry.get(target.model_id)

        def infer(asked: ModelRequest) -> ModelReply:
            return self._paid(provider, asked, target)

        try:
            reply, lookup = self._dispatcher.look_up(provider, request, infer, self._cached_call(request))
        except LimitExceeded:
            raise
        except (RtfsError, ProviderError) as error:
            event.detail["outcome"] = error.kind
            raise self._attempt_failure(target, str(error)) from error
        except Exception as error:
            # border: whatever a provider ends in is a failed attempt to the program
            event.detail["outcome"] = type(error).__name__
            raise self._attempt_failure(target, f"{type(error).__name__}: {error}") from error
        event.detail["confidence"] = None if reply.confidence is None else f"{reply.confidence:.2f}"
        event.detail["model"] = reply.model_version or None
        event.detail["stop"] = reply.stop_reason
        if lookup.hit:
            # nobody was asked
            event.kind = "cache"
            event.detail["layer"] = "l3" if lookup.layer == "l3" else f"l2 {lookup.layer}"
            event.detail["why"] = lookup.why
            # `rtfsc cache show`, `why` and `rm` take it
            event.detail["key"] = lookup.key.hex()[:_SHOWN_KEY]
            return reply, lookup.key
        if self._question.rule.cache.l3:
            # whoever turns it on wants to know why it did not serve
            event.detail["why"] = lookup.why
        event.detail["tokens"] = f"{reply.usage.input_tokens}+{reply.usage.output_tokens}"
        event.usage = reply.usage
        return reply, lookup.key

    def _cached_call(self, request: ModelRequest) -> CachedCall:
        contract, choice = self._question.contract, self._question.rule.cache
        if len(request.messages) > 1:
            # a repair is about one wrong answer, whatever the question was like
            choice = choice._replace(l3=False)
        return CachedCall(choice, contract.named(self._args), self._is_same)

    def _is_same(self, one: str, other: str) -> bool:
        """Tell whether two texts are the same answer: the same value of the type."""
        want = self._question.contract.result
        if want is None:
            return one.strip() == other.strip()
        try:
            return equal(read_answer(one, want), read_answer(other, want))
        except AnswerError:
            return False

    def _paid(self, provider: ModelProvider, request: ModelRequest, target: ModelTarget) -> ModelReply:
        """Ask a model within the budget, at one of its places."""
        times = most_requests(provider, request)
        held = self._reserve(target, request, times)
        if isinstance(held, Refusal):
            self._refusal = held
            raise ProviderError(held.reason, "policy")
        used = Amount(calls=times)
        wait_s = None if request.deadline_s is None else max(0.0, request.deadline_s - self._now_s())
        try:
            with self._dispatcher.admitted(target.model_id, wait_s) as admitted:
                if not admitted:
                    raise ProviderError("the model had no place for another call in time", "timeout")
                reply = ask(provider, request)
            usage = self._priced(reply.usage, target)
            used = Amount(usage.cost_usd or 0.0, usage.input_tokens + usage.output_tokens, times)
            # with its price, so that the cache knows what a hit saves
            return reply._replace(usage=usage)
        finally:
            self._dispatcher.budget.settle(held, used)

    def _reserve(self, target: ModelTarget, request: ModelRequest, times: int) -> Reservation | Refusal:
        price = self._dispatcher.price_of(target)
        bound = bound_of(request, price, times)
        trace = self._host.here().trace
        now_s = self._host.world.now_s()
        return self._dispatcher.budget.reserve(self._account, trace, now_s, bound, priced=price is not None)

    def _priced(self, usage: Usage, target: ModelTarget) -> Usage:
        price = self._dispatcher.price_of(target)
        if usage.cost_usd is not None or price is None:
            return usage
        return usage._replace(cost_usd=price.cost_usd(usage))

    def _read(self, reply: ModelReply, target: ModelTarget) -> object:
        want = self._question.contract.result
        if want is None:
            return reply.text
        try:
            return read_answer(reply.text, want)
        except AnswerError as error:
            self._wrong = reply.text
            reason = (
                f"{error} (cut off at its limit of tokens)" if reply.stop_reason == "length" else str(error)
            )
            raise self._attempt_failure(target, reason) from error

    def _failed(self, error: RtfsError) -> None:
        """Tell the chain how an attempt failed; limits of the session end the call instead."""
        if isinstance(error, LimitExceeded):
            raise error
        cause = self._cause = error.__cause__
        reason = str(error.fields.get("reason", error))
        if isinstance(cause, AnswerError):
            self._chain.invalid(reason)
            return
        found = cause if isinstance(cause, ProviderError) else ProviderError(reason, "answer")
        if found.kind == "policy":
            self._chain.skipped(reason)
            return
        self._chain.failed(
            reason,
            self._now_s(),
            retryable=found.retryable,
            retry_after_s=found.retry_after_s,
            unwell=found.kind in _UNWELL,
        )

    def _exhausted(self, move: Exhausted) -> RtfsError:
        refusal = self._refusal
        if refusal is not None and all(reason == refusal.reason for _, reason in move.reasons):
            return LimitExceeded(f"{refusal.dimension}: {refusal.reason}", refusal.where)
        return self._failure(show_reasons(move))

    def _failure(self, reason: str) -> RtfsError:
        return self._attempt_failure(self._question.decision.target, reason)

    def _attempt_failure(self, target: ExecTarget, reason: str) -> RtfsError:
        fields = {
            "function": self._question.contract.symbol,
            "target": show_target(target),
            "reason": reason,
        }
        return RtfsError("DelegationError", fields)

    def _time_is_up(self) -> bool:
        return self._deadline_s is not None and self._now_s() >= self._deadline_s

    def _now_s(self) -> float:
        return self._host.world.elapsed_s()
