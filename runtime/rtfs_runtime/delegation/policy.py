"""The policy file `delegation.toml`: which models there are, and which functions they answer.

In: a path. Out: `Policy`, checked; what is wrong is a `TableError` with file, line and the nearest legal
name.

    [models."ticket-topic"]
    provider = "rules"                 # echo, scripted, rules, or a plug-in
    file = "ticket-topic.toml"         # relative to the policy file

    [[rules]]                          # the first match wins; `match` is a glob on MODULE/FUNCTION
    match = "support/*"
    target = "local-model:ticket-topic"  # local, local-model:ID, remote:ID; refuse: no model, hint or not
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from rtfs_runtime.delegation.policy_file import find
from rtfs_runtime.delegation.target import ExecTarget, LocalModel, RemoteModel, read_target
from rtfs_runtime.digest import key
from rtfs_runtime.host.grants import matches
from rtfs_runtime.host.world import REAL, World
from rtfs_runtime.providers.base import ModelSettings, ProviderError
from rtfs_runtime.providers.model_rows import read_models
from rtfs_runtime.providers.registry import ModelRegistry, provider_row
from rtfs_runtime.providers.tables import TableError, TableFile

PolicyError = TableError

__all__ = ["Policy", "PolicyError", "PolicyRule", "find", "load", "load_nearest"]


class PolicyRule(NamedTuple):
    """One rule; `target` None refuses every model."""

    match: str
    target: ExecTarget | None
    where: str


class Policy(NamedTuple):
    """A checked policy; `digest` is that of its text, in hexadecimal."""

    path: Path
    models: tuple[ModelSettings, ...] = ()
    rules: tuple[PolicyRule, ...] = ()
    digest: str = ""

    def rule_for(self, symbol: str) -> PolicyRule | None:
        """Give the first rule that matches a qualified name."""
        return next((rule for rule in self.rules if matches(symbol, rule.match)), None)

    def policy_matches(self, symbol: str) -> bool:
        """Tell whether a rule may send a function to a model: its calls are compiled into link slots."""
        rule = self.rule_for(symbol)
        return rule is not None and isinstance(rule.target, (LocalModel, RemoteModel))

    @property
    def delegable(self) -> tuple[str, ...]:
        """The globs of the rules that name a model."""
        return tuple(rule.match for rule in self.rules if isinstance(rule.target, (LocalModel, RemoteModel)))

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


def load(path: str | Path) -> Policy:
    """Read and check a policy file; raises PolicyError."""
    file = TableFile(Path(path))
    file.check_keys("", file.data, ("models", "rules"))
    rules = file.get("", file.data, "rules", list) or []
    found = tuple(_rule(file, given, number) for number, given in enumerate(rules))
    return Policy(file.path, read_models(file), found, key("policy", file.text).hex())


def load_nearest(explicit: str | Path | None = None, plan: str | Path | None = None) -> Policy | None:
    """Find and read the policy that holds for a plan, None when there is none; raises PolicyError."""
    path = find(explicit, plan)
    return None if path is None else load(path)


def _rule(file: TableFile, given: object, number: int) -> PolicyRule:
    if not isinstance(given, dict):
        file.fail("\x00rules", "`rules` is an array of tables: write [[rules]]")
    file.check_keys("rules", given, ("match", "target"), number)
    match = file.get("rules", given, "match", str, number)
    target = file.get("rules", given, "target", str, number)
    if match is None or target is None:
        file.fail("rules\x00", "a rule needs `match` and `target`", number)
    where = f"{file.path.name}:{file.line(chr(0).join(('rules', 'match')), number)}"
    if target == "refuse":
        return PolicyRule(match, None, where)
    try:
        return PolicyRule(match, read_target(target), where)
    except ValueError as error:
        file.fail("rules\x00target", f"{error}, or `refuse`", number)
