"""Decides at link time who executes calls, and binds link slots accordingly (design §7).

In: functions as their module defines them. Out: what goes into the slot: the function itself when it runs
locally, at the cost of a plain call, else a stub. `relink` decides anew and rewrites the slots, importers'
places included; running calls end as they began.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeAlias

from rtfs_runtime.delegation.engine import CallReader, DelegationEngine, InterfaceReader
from rtfs_runtime.delegation.facts import context_of, context_of_call, facts_of
from rtfs_runtime.delegation.hints import hint_target, site_target
from rtfs_runtime.delegation.stub import Dispatch, make_stub
from rtfs_runtime.delegation.target import (
    CallContext,
    Decision,
    LocalPure,
    digest64,
    show_target,
)
from rtfs_runtime.errors import RtfsError
from rtfs_runtime.interface import Function, Hint, Interface, Site

if TYPE_CHECKING:
    from rtfs_runtime.delegation.policy import Policy, PolicyRule


class LinkedModule(Protocol):
    """What linking needs of a module."""

    name: str
    globals: dict[str, Any]
    interface: Interface

    def rebind(self, name: str, value: object) -> None: ...


class Slot:
    """A global function whose calls the linker binds; `sites` are calls with slots of their own."""

    __slots__ = ("function", "info", "module", "sites")

    def __init__(self, module: LinkedModule, info: Function, function: Any, sites: tuple[Site, ...]) -> None:
        self.module = module
        self.info = info
        self.function = function
        self.sites = sites


class Link(NamedTuple):
    """What links a slot to models: the decision, what it was made from, and the rule it stands under."""

    slot: Slot
    context: CallContext
    decision: Decision
    rule: PolicyRule | None


Answerer: TypeAlias = Callable[[Link], Dispatch]
Facts: TypeAlias = Callable[[], tuple[str, ...]]


class Linker:
    """The links of one session.

    Shape: `answerer` makes what asks the models of a link; `facts` are what the context
           digest covers beside the policy, the tenant first.
    Thread: linking and relinking exclude each other.
    """

    def __init__(
        self, engine: DelegationEngine, policy: Policy | None, answerer: Answerer, facts: Facts
    ) -> None:
        self._engine = engine
        self._policy = policy
        self._answerer = answerer
        self._facts = facts
        self._context_hash = self._hash_context()
        self._slots: dict[tuple[str, str], Slot] = {}
        self._lock = threading.RLock()

    def link(self, module: LinkedModule, name: str, function: Any) -> Any:
        """Give what the slot of a global function holds, and fill the slots of its hinted calls."""
        info = module.interface.function(name)
        assert info is not None, f"{name} is linked, so its module describes it"
        sites = tuple(site for site in module.interface.sites if site.name == name)
        slot = Slot(module, info, function, sites)
        with self._lock:
            self._slots[module.name, name] = slot
            for site in sites:
                module.globals[_site_slot(site)] = self._bind(slot, site)
            return self._bind(slot, None)

    def link_anonymous(self, module: LinkedModule, function: Any, info: Function) -> Any:
        """Give what a hinted function without a global of its own is: the function, or a stub."""
        return self._bind(Slot(module, info, function, ()), None)

    def relink(self, engine: DelegationEngine, policy: Policy | None) -> None:
        """Decide anew under another engine or policy; calls see it when they next load their slot."""
        with self._lock:
            self._engine = engine
            self._policy = policy
            self._context_hash = self._hash_context()
            for slot in self._slots.values():
                slot.module.rebind(slot.info.name, self._bind(slot, None))
                for site in slot.sites:
                    slot.module.rebind(_site_slot(site), self._bind(slot, site))

    def decide(self, module: LinkedModule, info: Function, site: Site | None = None) -> Decision:
        """Decide who executes a function, or one call of it."""
        ctx = self.context(module, info, site)
        return self._fixed(info, site, ctx) or self._engine.decide(ctx)

    def rule(self, module: LinkedModule, info: Function, site: Site | None = None) -> PolicyRule | None:
        """Give the rule of the policy that holds for a function, or for one call of it."""
        return self._rule(self.context(module, info, site))

    def context(self, module: LinkedModule, info: Function, site: Site | None = None) -> CallContext:
        """Give what a decision about a function is made from."""
        tenant = self._facts()[0]
        ctx = context_of(_symbol(module, info), info, site, self._context_hash, tenant)
        if isinstance(self._engine, InterfaceReader):
            ctx = self._engine.complete(ctx, info, dict(module.interface.types))
        return ctx

    def _fixed(self, info: Function, site: Site | None, ctx: CallContext) -> Decision | None:
        """Give the decision that the source makes; the policy only says what is asked when that fails."""
        override = None if site is None else site_target(site)
        if override is None and info.hint is None:
            return None
        rule = self._rule(ctx)
        if override is not None:
            return _followed(Decision(override, 1.0, "The call names its target", "call-site"), rule)
        assert info.hint is not None
        return _followed(Decision(hint_target(info.hint), 1.0, f"Hint on {info.name}", "hint"), rule)

    def _rule(self, ctx: CallContext) -> PolicyRule | None:
        return None if self._policy is None else self._policy.rule_for(ctx.fn_symbol, facts_of(ctx))

    def _bind(self, slot: Slot, site: Site | None) -> Any:
        ctx = self.context(slot.module, slot.info, site)
        fixed = self._fixed(slot.info, site, ctx)
        decision = fixed or self._engine.decide(ctx)
        if site is None:
            _mark(slot.function, slot.info.hint, decision)
        if fixed is None and isinstance(self._engine, CallReader) and self._engine.reads_calls(ctx):
            return self._stub(slot, decision, self._deciding(slot, ctx))
        if isinstance(decision.target, LocalPure):
            return slot.function
        return self._stub(slot, decision, self._asking(slot, decision, ctx))

    def _stub(self, slot: Slot, decision: Decision, dispatch: Dispatch) -> Any:
        info = slot.info
        stub = make_stub(
            info.name, info.doc, len(info.params), variadic=info.rest is not None, dispatch=dispatch
        )
        _mark(stub, info.hint, decision)
        # whoever asks what a call may do looks here too
        stub.__rtfs_local__ = slot.function  # type: ignore[attr-defined]
        return stub

    def _asking(self, slot: Slot, decision: Decision, ctx: CallContext) -> Dispatch:
        """Give what asks the models of a decision, or refuses every call when a rule forbids models here."""
        rule = self._rule(ctx)
        if rule is None or not rule.refuses:
            return self._answerer(Link(slot, ctx, decision, rule))
        fields = {
            "function": ctx.fn_symbol,
            "target": show_target(decision.target),
            "reason": f"refused by rule {rule.where}: {rule.match}",
        }

        def refuse(_args: tuple[object, ...]) -> object:
            raise RtfsError("DelegationError", fields)

        return refuse

    def _deciding(self, slot: Slot, linked: CallContext) -> Dispatch:
        """Give what decides every call anew, on the kinds and size of its arguments."""
        engine = self._engine
        made: dict[Decision, Dispatch] = {}

        def dispatch(args: tuple[object, ...]) -> object:
            ctx = context_of_call(linked, args)
            decision = engine.decide(ctx)
            if isinstance(decision.target, LocalPure):
                return slot.function(*args)
            found = made.get(decision)
            if found is None:
                found = made[decision] = self._asking(slot, decision, ctx)
            return found(args)

        return dispatch

    def _hash_context(self) -> int:
        digest = "" if self._policy is None else self._policy.digest
        return digest64((digest, *self._facts()))


def _symbol(module: LinkedModule, info: Function) -> str:
    return f"{module.name}/{info.name}"


def _site_slot(site: Site) -> str:
    return f"{site.name}@{site.number}"


def _mark(function: Any, hint: Hint | None, decision: Decision) -> None:
    """Leave hint and decision on the function object, where tools look."""
    function.__rtfs_hint__ = hint
    function.__rtfs_decision__ = decision


def _followed(decision: Decision, rule: PolicyRule | None) -> Decision:
    """Add what a rule says to ask when the source's own target fails."""
    if rule is None or not rule.fallback:
        return decision
    others = tuple(target for target in rule.fallback if target != decision.target)
    return decision._replace(alternatives=others)
