"""L1: where an agent's task was decided to run.

In: an agent (the qualified name of a function) and a task (the digest of what its decision depends on). Out:
the `DelegationPlan` that was made. Events of the host make plans go that they touch. Making plans is left to
the engine. Source: delegation §4.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final, Literal, NamedTuple, TypeAlias

from rtfs_runtime.cache.layer import CacheConfig, CacheLayer, CacheStats
from rtfs_runtime.cache.memory import MemoryCache
from rtfs_runtime.delegation.target import ExecTarget, LocalModel, RemoteModel

AgentTask: TypeAlias = tuple[str, str]
HostEvent: TypeAlias = Literal["policy-updated", "capability-added", "model-changed"]
DEFAULT_CONFIG: Final = CacheConfig(max_size=1000, ttl_s=3600.0)
POLICY: Final = "policy"
"""The key of a plan's metadata that holds the digest of the policy it was made under."""

_NOTHING: Final[Mapping[str, str]] = MappingProxyType({})


class DelegationPlan(NamedTuple):
    """A decision to be used again; `created_at` is in seconds since the Unix epoch."""

    target: ExecTarget
    confidence: float
    reasoning: str
    created_at: float
    metadata: Mapping[str, str] = _NOTHING


class DelegationCache(CacheLayer[AgentTask, DelegationPlan]):
    """Plans by agent and task.

    Cost: a hit takes less than 1 us.
    """

    def __init__(self, clock: Callable[[], float], config: CacheConfig = DEFAULT_CONFIG) -> None:
        self._plans: MemoryCache[AgentTask, DelegationPlan] = MemoryCache(config, clock)
        # without a method of our own between: a hit is looked up before every dynamic decision
        self.get = self._plans.get  # type: ignore[method-assign]

    def get(self, key: AgentTask) -> DelegationPlan | None:
        """Give the plan of an agent and a task."""
        return self._plans.get(key)

    def put(self, key: AgentTask, value: DelegationPlan) -> None:
        """Keep a plan."""
        self._plans.put(key, value)

    def invalidate(self, key: AgentTask) -> bool:
        """Forget a plan; tell whether it was there."""
        return self._plans.invalidate(key)

    def clear(self) -> None:
        """Forget every plan."""
        self._plans.clear()

    def stats(self) -> CacheStats:
        """Tell what happened so far."""
        return self._plans.stats()

    def config(self) -> CacheConfig:
        """Give the configuration."""
        return self._plans.config()

    def get_plan(self, agent: str, task: str) -> DelegationPlan | None:
        """Give the plan of an agent and a task."""
        return self.get((agent, task))

    def put_plan(self, agent: str, task: str, plan: DelegationPlan) -> None:
        """Keep the plan of an agent and a task."""
        self._plans.put((agent, task), plan)

    def invalidate_plan(self, agent: str, task: str) -> bool:
        """Forget the plan of an agent and a task; tell whether it was there."""
        return self._plans.invalidate((agent, task))

    def get_agent_plans(self, agent: str) -> dict[str, DelegationPlan]:
        """Give the plans of an agent by task."""
        return {task: plan for (one, task), plan in self._plans.items() if one == agent}

    def get_task_plans(self, task: str) -> dict[str, DelegationPlan]:
        """Give the plans for a task by agent."""
        return {agent: plan for (agent, one), plan in self._plans.items() if one == task}

    def notify(self, event: HostEvent, name: str) -> int:
        """Forget the plans that an event touches; tell how many.

        Shape: `policy-updated` names the digest of the new policy and touches plans made under another;
               `model-changed` names a model and touches plans that it answers; `capability-added` touches
               every plan, for each may have been made for want of it.
        """
        if event == "policy-updated":
            return self._plans.invalidate_where(lambda _, plan: plan.metadata.get(POLICY) != name)
        if event == "model-changed":
            return self._plans.invalidate_where(lambda _, plan: _model_of(plan.target) == name)
        return self._plans.invalidate_where(lambda _key, _plan: True)


def _model_of(target: ExecTarget) -> str | None:
    return target.model_id if isinstance(target, (LocalModel, RemoteModel)) else None
