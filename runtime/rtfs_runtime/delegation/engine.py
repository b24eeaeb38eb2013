"""Engines decide where a call runs.

In: a `CallContext`. Out: a `Decision`; deciding does nothing else, so a decision may be kept for as long as
policy and context stay. Source: delegation §1.2.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, Protocol, runtime_checkable

from rtfs_runtime.delegation.facts import facts_of
from rtfs_runtime.delegation.target import (
    LOCAL,
    CallContext,
    Decision,
    DelegationMetadata,
    ExecTarget,
    digest64,
)

if TYPE_CHECKING:
    from rtfs_runtime.cache.l1_delegation import DelegationCache
    from rtfs_runtime.cache.layer import CacheStats
    from rtfs_runtime.delegation.policy import Policy
    from rtfs_runtime.interface import Function

DEFAULT_REASONING: Final = "Default fallback to local pure execution"
DEFAULT_CONFIDENCE: Final = 0.8
DEFAULT: Final = Decision(LOCAL, DEFAULT_CONFIDENCE, DEFAULT_REASONING, "default")


class DelegationEngine(Protocol):
    """Something that decides; pure."""

    def decide(self, ctx: CallContext) -> Decision:
        """Give the target of a call, and why."""
        ...


@runtime_checkable
class CallReader(Protocol):
    """An engine that may decide differently from call to call."""

    def reads_calls(self, ctx: CallContext) -> bool:
        """Tell whether calls of a function are decided one by one, on the kinds and the size of their
        arguments, instead of once when the module is linked."""
        ...


@runtime_checkable
class InterfaceReader(Protocol):
    """An engine that wants to know more of a function than its name and what it takes."""

    def complete(self, ctx: CallContext, info: Function, types: Mapping[str, str]) -> CallContext:
        """Add what it wants to the context of a function; `types` are those of its module."""
        ...


class StaticDelegationEngine:
    """Asks its map by symbol, then the decisions that planners left in L1, then the policy; what none of them
    names runs locally."""

    def __init__(
        self,
        static: Mapping[str, ExecTarget] | None = None,
        policy: Policy | None = None,
        plans: DelegationCache | None = None,
    ) -> None:
        self.static = MappingProxyType(dict(static or {}))
        self.policy = policy
        self._plans = plans

    def decide(self, ctx: CallContext) -> Decision:
        """Decide for one call."""
        target = self.static.get(ctx.fn_symbol)
        if target is not None:
            return with_metadata(Decision(target, 1.0, f"Static mapping of {ctx.fn_symbol}", "static"), ctx)
        plan = None if self._plans is None else self._plans.get_plan(ctx.fn_symbol, task_of(ctx))
        if plan is not None:
            return Decision(plan.target, plan.confidence, plan.reasoning, plan.metadata.get("source", "l1"))
        rule = None if self.policy is None else self.policy.rule_for(ctx.fn_symbol, facts_of(ctx))
        if rule is None or not rule.chain:
            return with_metadata(DEFAULT, ctx)
        first, *others = (*rule.chain, *rule.fallback)
        reasoning = f"Rule {rule.where}: {rule.match}"
        return with_metadata(Decision(first, 1.0, reasoning, "policy", tuple(others)), ctx)

    def reads_calls(self, ctx: CallContext) -> bool:
        """Tell whether the policy's rule for a function depends on the call."""
        return self.policy is not None and self.policy.reads_calls(ctx.fn_symbol, facts_of(ctx))

    def cache_decision(self, ctx: CallContext, target: ExecTarget, now_s: float) -> None:
        """Keep a decision for the calls of a context; what its metadata says of it is kept too."""
        decision = Decision(target, DEFAULT_CONFIDENCE, f"Decision for {ctx.fn_symbol}", "l1")
        self._keep(ctx, with_metadata(decision, ctx), now_s)

    def cache_decision_with_metadata(
        self, ctx: CallContext, target: ExecTarget, metadata: DelegationMetadata, now_s: float
    ) -> None:
        """Keep a decision with what its maker says of it."""
        self.cache_decision(ctx._replace(metadata=metadata), target, now_s)

    def cache_stats(self) -> CacheStats:
        """Tell what L1 did so far; raises ValueError for an engine without one."""
        return self._cache().stats()

    def _keep(self, ctx: CallContext, decision: Decision, now_s: float) -> None:
        # planners are few, and the layer is not there before the first one
        from rtfs_runtime.cache.l1_delegation import POLICY, DelegationPlan

        about = {"source": decision.source, POLICY: "" if self.policy is None else self.policy.digest}
        plan = DelegationPlan(decision.target, decision.confidence, decision.reasoning, now_s, about)
        self._cache().put_plan(ctx.fn_symbol, task_of(ctx), plan)

    def _cache(self) -> DelegationCache:
        if self._plans is None:
            raise ValueError("this engine keeps no decisions: make it with `plans=CacheManager.open().l1`")
        return self._plans


def task_of(ctx: CallContext) -> str:
    """Name the task of a call in L1: the digest of the pair, not a mixture of its parts."""
    return f"{digest64((str(ctx.arg_type_fingerprint), str(ctx.runtime_context_hash))):016x}"


def with_metadata(decision: Decision, ctx: CallContext) -> Decision:
    """Let what a planner says of a call stand in the decision."""
    given = ctx.metadata
    if given is None or given.confidence is None:
        return decision
    reasoning = given.reasoning or f"Decision from {given.source or decision.source}"
    return decision._replace(
        confidence=given.confidence, reasoning=reasoning, source=given.source or decision.source
    )
