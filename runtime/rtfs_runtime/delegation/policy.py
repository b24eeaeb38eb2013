"""The policy of a session: which models there are, which functions they answer, at what cost.

In: what `policy_reader` read from `delegation.toml`. Out: `Policy` and its parts, and the rule that holds for
a function. Source: delegation §2.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from rtfs_runtime.delegation.budget import Limits
from rtfs_runtime.delegation.chain import DEFAULT_WINDOW_S, Escalation, RetryLimits
from rtfs_runtime.delegation.target import ExecTarget, L4CacheHit, LocalModel, RemoteModel
from rtfs_runtime.digest import key
from rtfs_runtime.host.grants import matches
from rtfs_runtime.host.world import REAL, World
from rtfs_runtime.providers.base import ModelSettings, ProviderError
from rtfs_runtime.providers.registry import ModelRegistry, provider_row
from rtfs_runtime.providers.tables import TableError

PolicyError = TableError


class Conditions(NamedTuple):
    """What else must hold for a rule.

    Shape: `effects` are the effects a function may have; `arguments` globs on its parameter types, in order,
           "" being a parameter without one; `tags` must all be in the function's `:delegation.tags`; `tenant`
           is a glob. `max_chars` bounds the arguments of one call, as text, so such a rule is tried anew at
           every call.
    """

    effects: tuple[str, ...] = ()
    arguments: tuple[str, ...] | None = None
    tags: tuple[str, ...] = ()
    tenant: str | None = None
    max_chars: int | None = None


class CacheChoice(NamedTuple):
    """Which caches answer the calls of a rule.

    Shape: `sampled` also keeps answers drawn by chance without a seed. The rest is of L3, as `Likeness` has
           it.
    """

    l2: bool = True
    l3: bool = False
    ttl_s: float | None = None
    threshold: float | None = None
    min_confidence: float = 0.0
    sampled: bool = False
    max_error: float = 0.01
    argument: str | None = None
    any_result: bool = False
    check_share: float = 0.05


class PolicyRule(NamedTuple):
    """One rule.

    Shape: `chain` None leaves the target to hints, () refuses every model. `fallback` follows the chain's
           first target, or a hint. `nearest` lets a published function answer that nobody pinned.
    """

    match: str
    chain: tuple[ExecTarget, ...] | None = None
    where: str = ""
    when: Conditions = Conditions()
    fallback: tuple[ExecTarget, ...] = ()
    escalation: Escalation = Escalation()
    retry: RetryLimits = RetryLimits()
    cache: CacheChoice = CacheChoice()
    timeout_s: float | None = None
    nearest: bool = False

    @property
    def refuses(self) -> bool:
        """Tell whether the rule forbids models."""
        return self.chain == ()

    @property
    def target(self) -> ExecTarget | None:
        """The target that the rule names, if it names one."""
        return self.chain[0] if self.chain else None

    @property
    def models(self) -> bool:
        """Tell whether the rule sends calls to models, or to a published module."""
        return self.nearest or isinstance(self.target, (LocalModel, RemoteModel, L4CacheHit))


class Facts(NamedTuple):
    """What conditions are tried on; `chars` None is not known yet."""

    effect: str = "pure"
    arguments: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    tenant: str = ""
    chars: int | None = None


class Policy(NamedTuple):
    """A checked policy; `digest` is that of its text, in hexadecimal. `defaults` holds what a function gets
    for which no rule stands."""

    path: Path
    models: tuple[ModelSettings, ...] = ()
    rules: tuple[PolicyRule, ...] = ()
    digest: str = ""
    defaults: PolicyRule = PolicyRule("*")
    budget: Limits = Limits()
    cooldown_s: float = DEFAULT_WINDOW_S

    def rule_for(self, symbol: str, facts: Facts | None = None) -> PolicyRule | None:
        """Give the first rule for a qualified name; without facts, by the name alone."""
        return next((rule for rule in self.rules if _holds(rule, symbol, facts)), None)

    def reads_calls(self, symbol: str, facts: Facts) -> bool:
        """Tell whether the rule of a function depends on the size of a call's arguments."""
        return any(
            rule.when.max_chars is not None
            for rule in self.rules
            if _holds(rule, symbol, facts._replace(chars=0))
        )

    def policy_matches(self, symbol: str) -> bool:
        """Tell whether a rule may send a function to a model: its calls are compiled into link slots."""
        for rule in self.rules:
            if matches(symbol, rule.match):
                if rule.models:
                    return True
                if rule.when == Conditions() and rule.chain is not None:
                    return False
        return False

    @property
    def delegable(self) -> tuple[str, ...]:
        """The globs of the rules that name a model."""
        return tuple(rule.match for rule in self.rules if rule.models)

    @property
    def asks_nearest(self) -> bool:
        """Tell whether a rule lets published functions answer by likeness."""
        return any(rule.nearest for rule in self.rules)

    def settings_of(self, model_id: str) -> ModelSettings | None:
        """Find the row of a model."""
        return next((row for row in self.models if row.id == model_id), None)

    def register_models(self, registry: ModelRegistry, world: World = REAL) -> None:
        """Make the policy's models and add them to a registry; raises PolicyError."""
        for settings in self.models:
            row = provider_row(settings.provider)
            if row is None:
                reason = f"provider `{settings.provider}` is not installed"
                raise PolicyError(str(self.path), settings.line, reason)
            try:
                registry.register(row.make(settings, world))
            except ProviderError as error:
                raise PolicyError(str(self.path), settings.line, str(error)) from None


def with_pins(policy: Policy | None, pins: Mapping[str, str], where: str) -> Policy | None:
    """Put what a user pinned before the rules of a policy; `where` names the list of pins."""
    if not pins:
        return policy
    known = Policy(Path(where)) if policy is None else policy
    rules = tuple(
        PolicyRule(symbol, (L4CacheHit(pointer, ""),), f"{where} (pinned)")
        for symbol, pointer in sorted(pins.items())
    )
    texts = (part for pair in sorted(pins.items()) for part in pair)
    return known._replace(rules=(*rules, *known.rules), digest=key("pins", known.digest, *texts).hex())


def _holds(rule: PolicyRule, symbol: str, facts: Facts | None) -> bool:
    if not matches(symbol, rule.match):
        return False
    when = rule.when
    if facts is None or when == Conditions():
        return True
    if when.effects and facts.effect not in when.effects:
        return False
    if when.tenant is not None and not matches(facts.tenant, when.tenant):
        return False
    if when.arguments is not None and not _all_match(facts.arguments, when.arguments):
        return False
    if when.max_chars is not None and (facts.chars is None or facts.chars > when.max_chars):
        return False
    return set(when.tags) <= set(facts.tags)


def _all_match(texts: tuple[str, ...], globs: tuple[str, ...]) -> bool:
    return len(texts) == len(globs) and all(map(matches, texts, globs))
