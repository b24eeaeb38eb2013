"""What is asked: the parts of a delegated call that stay the same on its way.

In: nothing. Out: `Question`, one for each link, and `CachedCall`, what the caches need of one call.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from rtfs_runtime.delegation.contract import Contract
from rtfs_runtime.delegation.policy import CacheChoice, PolicyRule
from rtfs_runtime.delegation.target import Decision, ExecTarget, L4CacheHit, LocalModel, RemoteModel

ModelTarget = LocalModel | RemoteModel


class Question(NamedTuple):
    """What is the same for every call of one link. `body` answers for the target `local`, None when the
    function's body is only a text; `template` "" leaves that to the model; `made_from` are the digests of the
    context that the decision was made from, `published` finds published functions that take and give the
    same."""

    contract: Contract
    decision: Decision
    rule: PolicyRule
    body: Callable[..., object] | None
    template: str = ""
    made_from: str = ""
    published: Callable[[L4CacheHit], Callable[..., object]] | None = None

    @property
    def targets(self) -> tuple[ExecTarget, ...]:
        """The chain."""
        return (self.decision.target, *self.decision.alternatives)


class CachedCall(NamedTuple):
    """What caches need of a call: its rule's choices, its arguments by name, and whether two texts are the
    same answer."""

    choice: CacheChoice
    named: list[tuple[str, object]]
    same: Callable[[str, str], bool]
