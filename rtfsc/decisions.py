"""Who would execute which call: decisions about compiled modules, without running them.

In: an artifact and a policy. Out: `Decided`, one for each function and each call that names its own
target; and what `--offline` refuses. Making the decisions is left to the runtime's linker, which makes them
again when the module is loaded.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from rtfs_runtime.artifact import Artifact
from rtfs_runtime.cache.embedding import MiniLm
from rtfs_runtime.cache.l4_library import open_library
from rtfs_runtime.delegation.engine import DelegationEngine, StaticDelegationEngine
from rtfs_runtime.delegation.l4_engine import nearest_engine
from rtfs_runtime.delegation.linker import Link, Linker
from rtfs_runtime.delegation.policy import Policy, PolicyRule
from rtfs_runtime.delegation.stub import Dispatch
from rtfs_runtime.delegation.target import (
    CallContext,
    Decision,
    ExecTarget,
    LocalModel,
    RemoteModel,
    show_target,
)
from rtfs_runtime.host.network import ROWS as NETWORK
from rtfs_runtime.host.world import REAL
from rtfs_runtime.interface import Function, Interface, Site
from rtfs_runtime.providers.registry import provider_row
from rtfsc.source import CompileError, Diagnostic, SourceFile, Span


class Decided(NamedTuple):
    """One decision: about a function, or about the calls of one `site` of it."""

    symbol: str
    function: Function
    site: Site | None
    context: CallContext
    decision: Decision
    rule: PolicyRule | None

    @property
    def chain(self) -> tuple[ExecTarget, ...]:
        """Who is asked, in order."""
        return (self.decision.target, *self.decision.alternatives)


class _Unlinked:
    """A module as the linker sees it, with nothing in it."""

    def __init__(self, name: str, interface: Interface) -> None:
        self.name = name
        self.interface = interface
        self.globals: dict[str, Any] = {}

    def rebind(self, name: str, value: object) -> None:
        """Hold nothing."""


def decisions(artifact: Artifact, name: str, policy: Policy | None, tenant: str = "") -> Iterator[Decided]:
    """Decide about every function of a module called `name`, in order."""
    linker = Linker(_engine(policy), policy, _never_asked, lambda: (tenant,))
    module = _Unlinked(artifact.interface.module or name, artifact.interface)
    for info in artifact.interface.functions:
        sites = [site for site in artifact.interface.sites if site.name == info.name]
        for site in (None, *sites):
            decision = linker.decide(module, info, site)
            ctx = linker.context(module, info, site)
            rule = linker.rule(module, info, site)
            yield Decided(ctx.fn_symbol, info, site, ctx, decision, rule)


def _engine(policy: Policy | None) -> DelegationEngine:
    engine = StaticDelegationEngine({}, policy)
    if policy is None or not policy.asks_nearest:
        return engine
    return nearest_engine(engine, policy, lambda: open_library(None, REAL.now_s, MiniLm()))


def needs_network(target: ExecTarget, policy: Policy | None) -> bool:
    """Tell whether a target cannot answer without a network: it is remote, or its provider is."""
    if isinstance(target, RemoteModel):
        return True
    settings = policy.settings_of(target.model_id) if isinstance(target, LocalModel) and policy else None
    row = None if settings is None else provider_row(settings.provider)
    return row is not None and row.network


def check_offline(artifact: Artifact, path: str, name: str, policy: Policy | None) -> None:
    """Refuse a module whose calls cannot all be answered without a network.

    Raises: CompileError E250, with every such function, call and capability.
    """
    source = SourceFile.from_bytes(path, artifact.source)
    found = [
        *(_refused(each, source) for each in decisions(artifact, name, policy) if _is_bound(each, policy)),
        *_capabilities(artifact.interface.capabilities, source),
    ]
    if found:
        raise CompileError(sorted(found, key=lambda problem: problem.span), source)


def _is_bound(decided: Decided, policy: Policy | None) -> bool:
    refused = decided.rule is not None and decided.rule.refuses
    return not refused and all(needs_network(target, policy) for target in decided.chain)


def _refused(decided: Decided, source: SourceFile) -> Diagnostic:
    info, site = decided.function, decided.site
    what = f"`{decided.symbol}`" if site is None else f"A call of `{decided.symbol}`"
    message = f"{what} needs the network: it runs on {' or '.join(map(show_target, decided.chain))}"
    hints = (
        f"{decided.decision.reasoning} → give it a local model, or a `fallback` that works without a network",
    )
    mark = info.name if site is None else "runtime.delegation"
    return Diagnostic("E250", message, _span(source, info.line, mark), hints, kind="DelegationError")


def _capabilities(used: Iterable[str], source: SourceFile) -> Iterator[Diagnostic]:
    asking = {row.id for row in NETWORK}
    for name in used:
        if name.removeprefix(":") in asking:
            at = max(source.text.find(name), 0)
            hints = ("The program asks a server itself → leave the call out of what is built with --offline",)
            message = f"`{name}` needs the network"
            yield Diagnostic("E250", message, Span(at, at + len(name)), hints, kind="DelegationError")


def _span(source: SourceFile, line: int, mark: str) -> Span:
    """Find a mark from a line on; where it is not, the line is what there is to show."""
    start = source.line_start(min(max(line, 1), source.line_count))
    at = source.text.find(mark, start)
    return Span(start, start + 1) if at < 0 else Span(at, at + len(mark))


def _never_asked(link: Link) -> Dispatch:
    raise AssertionError("deciding asks no model")
