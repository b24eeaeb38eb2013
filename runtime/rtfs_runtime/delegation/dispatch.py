"""Sends the calls of one session to models.

In: a slot, the decision about it, the rule it stands under. Out: functions that answer its calls: the checked
value, or UnknownCapability, DelegationError, TypeValidationError, BudgetExhausted. Every call and every
attempt passes `Host.record`, so both are effects like any other. What is asked next is left to `chain`,
whether it may cost that much to `budget`, which targets there are to the linker.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final, NamedTuple

from rtfs_runtime import context
from rtfs_runtime.cache.l2_inference import Infer, Lookup, Use
from rtfs_runtime.cache.manager import CacheManager
from rtfs_runtime.cache.request_key import Answerer, settings_digest
from rtfs_runtime.delegation.asking import Asking
from rtfs_runtime.delegation.budget import Budget, DayStore, Limits, MemoryDays, SqliteDays
from rtfs_runtime.delegation.chain import Cooldowns
from rtfs_runtime.delegation.contract import Contract, make_contract
from rtfs_runtime.delegation.linker import Link
from rtfs_runtime.delegation.policy import Policy, PolicyRule
from rtfs_runtime.delegation.published import PublishedFunctions
from rtfs_runtime.delegation.question import CachedCall, ModelTarget, Question
from rtfs_runtime.delegation.stub import Dispatch
from rtfs_runtime.delegation.target import (
    Decision,
    ExecTarget,
    LocalModel,
    RemoteModel,
    read_target,
    show_target,
)
from rtfs_runtime.delegation.templates import DEFAULT_TEMPLATE, FREE_TEXT
from rtfs_runtime.errors import RtfsError, invalid_argument
from rtfs_runtime.host.host import Host
from rtfs_runtime.providers.base import (
    ChoosesTemplate,
    InstantProvider,
    ModelProvider,
    ModelReply,
    ModelRequest,
    ModelSettings,
    Price,
)
from rtfs_runtime.providers.registry import ModelRegistry
from rtfs_runtime.trace import Event

_ANY_RULE: Final = PolicyRule("*")


class Models(NamedTuple):
    """Who can be asked, what they answered before, and the template for those that name none."""

    registry: ModelRegistry
    caches: CacheManager
    template: str | None
    published: PublishedFunctions | None = None


class Dispatcher:
    """What it takes to ask models for one session.

    Thread: calls may run on any threads at once.
    """

    def __init__(self, host: Host, policy: Policy | None, models: Models, tenant: str) -> None:
        self.host = host
        self.registry = models.registry
        self.policy = policy
        self.tenant = tenant
        self._caches = models.caches
        self.cooldowns = Cooldowns() if policy is None else Cooldowns(policy.cooldown_s)
        self.budget = Budget(Limits() if policy is None else policy.budget, _days(models.caches.directory))
        self._template = models.template
        self._published = models.published
        self._settings = {row.id: row for row in policy.models} if policy is not None else {}
        self._digests: dict[str, str] = {}
        self._gates: dict[str, threading.BoundedSemaphore] = {
            row.id: threading.BoundedSemaphore(row.max_concurrency)
            for row in self._settings.values()
            if row.max_concurrency is not None
        }

    def answerer(self, link: Link) -> Dispatch:
        """Make what answers every call of a link."""
        slot, ctx = link.slot, link.context
        contract = make_contract(
            slot.module.name, slot.info, dict(slot.module.interface.types), slot.function
        )
        body = None if slot.info.body_is_text else slot.function
        made_from = f"{ctx.arg_type_fingerprint:016x}.{ctx.runtime_context_hash:016x}"
        question = Question(
            contract, link.decision, link.rule or self._default_rule(), body, made_from=made_from
        )
        if self._published is not None:
            published, types = self._published, dict(slot.module.interface.types)
            question = question._replace(
                published=lambda target: published.function(target, slot.info, types)
            )

        def dispatch(args: tuple[object, ...]) -> object:
            return self.call(question, args)

        return dispatch

    def call(self, question: Question, args: tuple[object, ...]) -> object:
        """Answer one call of a delegated function."""
        question.contract.check_arguments(args)
        question = self._hinted(question)
        decision = question.decision
        detail: dict[str, object] = {
            "target": show_target(decision.target),
            "reason": decision.reasoning,
            "by": decision.source,
            "sure": f"{decision.confidence:.2f}",
            "fallback": " ".join(map(show_target, decision.alternatives)),
            "context": question.made_from,
            "policy": "" if self.policy is None else self.policy.digest,
        }

        def act(event: Event) -> object:
            self._check_registered(question)
            return Asking(self, question, args, self._deadline(question)).run(event)

        return self.host.record("model", question.contract.symbol, args, detail, act)

    def execute(self, model_id: str, prompt: str) -> str:
        """Answer `llm-execute`: free text for free text."""
        contract = Contract("llm-execute", "llm-execute", "", ("prompt",), (None,), None, None, None, "")
        decision = Decision(LocalModel(model_id), 1.0, "named by the program", "program")
        question = Question(contract, decision, self._default_rule(), None, FREE_TEXT)
        return str(self.call(question, (prompt,)))

    def settings_of(self, model_id: str) -> ModelSettings | None:
        """Find what the policy says of a model."""
        return self._settings.get(model_id)

    def price_of(self, target: ModelTarget) -> Price | None:
        """Give what a target takes, None when that is unknown; a model on this device is free."""
        settings = self.settings_of(target.model_id)
        if settings is not None and settings.price is not None:
            return settings.price
        return Price(0.0, 0.0) if isinstance(target, LocalModel) else None

    def template_of(self, model_id: str, contract: Contract) -> str:
        """Name the template that words a contract for a model: the policy's, the session's, the model's."""
        settings = self.settings_of(model_id)
        named = None if settings is None else settings.template
        named = named or self._template
        if named is not None:
            return named
        provider = self.registry.get(model_id)
        if isinstance(provider, ChoosesTemplate):
            return provider.template_for(examples=bool(contract.examples))
        return DEFAULT_TEMPLATE

    def look_up(
        self, provider: ModelProvider, request: ModelRequest, infer: Infer, call: CachedCall
    ) -> tuple[ModelReply, Lookup]:
        """Answer a request from L2, from L3 where the rule wants it, else by `infer`; a provider that answers
        at once is always asked."""
        cache = call.choice
        settings = self.settings_of(request.model_id)
        off = not cache.l2 or isinstance(provider, InstantProvider)
        use = Use(cache.ttl_s, cache.min_confidence, cache.sampled, off)
        answerer = self._answerer(provider, settings)
        if not cache.l3 or off or self._caches.l3 is None:
            return self._caches.l2.answer(request, answerer, infer, use)
        # numpy is there, or there would be no L3
        from rtfs_runtime.cache.l3_query import Likeness, make_query
        from rtfs_runtime.cache.l3_semantic import Inquiry

        rule = Likeness(
            cache.max_error, cache.argument, cache.any_result, cache.threshold, cache.check_share, cache.ttl_s
        )
        query = make_query(request, answerer, call.named, rule)
        if isinstance(query, str):
            reply, lookup = self._caches.l2.answer(request, answerer, infer, use)
            return reply, lookup._replace(why=f"{lookup.why}; not looked up in L3: {query}")
        inquiry = Inquiry(query, rule, use, call.same)
        return self._caches.l3.answer(request, answerer, infer, inquiry)

    def _answerer(self, provider: ModelProvider, settings: ModelSettings | None) -> Answerer:
        if settings is None:
            return Answerer(type(provider).__name__, provider.version)
        # a row never changes, and digesting it costs as much as a hit
        digest = self._digests.get(settings.id)
        if digest is None:
            digest = self._digests[settings.id] = settings_digest(settings)
        return Answerer(settings.provider, provider.version, digest)

    def forget(self, key: bytes) -> None:
        """Take a reply out of L2."""
        if key:
            self._caches.l2.invalidate(key)

    @contextmanager
    def admitted(self, model_id: str, wait_s: float | None) -> Iterator[bool]:
        """Hold one of the places that a model has for calls at a time; gives False when none came free."""
        gate = self._gates.get(model_id)
        if gate is None:
            yield True
            return
        if not gate.acquire(timeout=wait_s):
            yield False
            return
        try:
            yield True
        finally:
            gate.release()

    def _default_rule(self) -> PolicyRule:
        return _ANY_RULE if self.policy is None else self.policy.defaults

    def _check_registered(self, question: Question) -> None:
        """Refuse a call that nobody could answer (ruling 15): none of its models is known."""
        models = [t.model_id for t in question.targets if isinstance(t, (LocalModel, RemoteModel))]
        if len(models) == len(question.targets) and not any(map(self.registry.has, models)):
            raise RtfsError("UnknownCapability", {"capability": models[0]})

    def _deadline(self, question: Question) -> float | None:
        hinted = self._hint("runtime.timeout-ms", (int, float))
        bounds = [question.rule.timeout_s, None if hinted is None else float(str(hinted)) / 1000]
        known = [bound for bound in bounds if bound is not None]
        return self.host.world.elapsed_s() + min(known) if known else None

    def _hinted(self, question: Question) -> Question:
        """Let the `runtime.*` entries of this one call stand before its rule."""
        rule, decision = question.rule, question.decision
        retry = self._hint("runtime.retry", (int,))
        if isinstance(retry, int):
            if retry < 1:
                raise invalid_argument(f"`:runtime.retry` is a number of attempts from 1 on, not {retry}")
            rule = rule._replace(retry=rule.retry._replace(attempts=retry))
        fallback = self._hint("runtime.fallback", (str, tuple))
        if fallback is not None:
            decision = decision._replace(alternatives=_read_targets(fallback, decision.target))
            needed = 1 + len(decision.alternatives)
            if retry is None and rule.retry.attempts < needed:
                rule = rule._replace(retry=rule.retry._replace(attempts=needed))
        cache = self._hint("runtime.cache", (bool,))
        if isinstance(cache, bool):
            rule = rule._replace(cache=rule.cache._replace(l2=cache, l3=rule.cache.l3 and cache))
        if rule is question.rule and decision is question.decision:
            return question
        return question._replace(rule=rule, decision=decision)

    def _hint(self, name: str, kinds: tuple[type, ...]) -> object:
        """Give a hint of the call; raises InvalidArgument for one of another type."""
        value = context.find_hint(self.host.owner, name)
        if value is None or type(value) in kinds:
            return value
        raise invalid_argument(f"`:{name}` of a call must be {' or '.join(map(_type_name, kinds))}")


def _days(directory: str | None) -> DayStore:
    return MemoryDays() if directory is None else SqliteDays(os.path.join(directory, "budget.sqlite"))


def _read_targets(given: object, first: ExecTarget) -> tuple[ExecTarget, ...]:
    texts = given if isinstance(given, tuple) else (given,)
    try:
        found = tuple(read_target(str(text).removeprefix(":")) for text in texts)
    except ValueError as error:
        raise invalid_argument(f"`:runtime.fallback` of a call: {error}") from None
    return tuple(target for target in dict.fromkeys(found) if target != first)


_NAMES: Final[Mapping[type, str]] = {
    int: "an integer",
    float: "a number",
    str: "a text",
    tuple: "a vector of texts",
    bool: "true or false",
}


def _type_name(kind: type) -> str:
    return _NAMES[kind]
