"""Decides at link time who executes calls, and binds link slots accordingly (design §7).

In: functions as their module defines them. Out: what goes into the slot: the function itself when it runs
locally, at the cost of a plain call, else a stub. `relink` decides anew and rewrites the slots, importers'
places included; running calls end as they began.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from rtfs_runtime.delegation.engine import DelegationEngine
from rtfs_runtime.delegation.hints import hint_target, site_target
from rtfs_runtime.delegation.stub import Dispatch, make_stub
from rtfs_runtime.delegation.target import (
    CallContext,
    Decision,
    DelegationMetadata,
    ExecTarget,
    LocalPure,
    digest64,
    show_target,
)
from rtfs_runtime.errors import RtfsError
from rtfs_runtime.interface import Function, Hint, Interface, Site

if TYPE_CHECKING:
    from rtfs_runtime.delegation.policy import Policy


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


Answerer: TypeAlias = "Callable[[Slot, Decision], Dispatch]"
Facts: TypeAlias = Callable[[], tuple[str, ...]]


class Linker:
    """The links of one session.

    Shape: `answerer` makes what asks the model of a decision; `facts` are what the context digest covers
           beside the policy.
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
        override = None if site is None else site_target(site)
        if override is not None:
            return Decision(override, 1.0, "The call names its target", "call-site")
        if info.hint is not None:
            return Decision(hint_target(info.hint), 1.0, f"Hint on {info.name}", "hint")
        symbol = _symbol(module, info)
        ctx = CallContext(symbol, digest64(info.param_types), self._context_hash, _metadata(info, site))
        return self._engine.decide(ctx)

    def _bind(self, slot: Slot, site: Site | None) -> Any:
        decision = self.decide(slot.module, slot.info, site)
        _mark(slot.function, slot.info.hint, decision)
        if isinstance(decision.target, LocalPure):
            return slot.function
        dispatch = self._refused(slot, decision.target)
        if dispatch is None:
            dispatch = self._answerer(slot, decision)
        info = slot.info
        stub = make_stub(
            info.name, info.doc, len(info.params), variadic=info.rest is not None, dispatch=dispatch
        )
        _mark(stub, info.hint, decision)
        # whoever asks what a call may do looks here too
        stub.__rtfs_local__ = slot.function  # type: ignore[attr-defined]
        return stub

    def _refused(self, slot: Slot, target: ExecTarget) -> Dispatch | None:
        """Give what refuses every call when a rule of the policy forbids models here."""
        symbol = _symbol(slot.module, slot.info)
        rule = None if self._policy is None else self._policy.rule_for(symbol)
        if rule is None or rule.target is not None:
            return None
        fields = {
            "function": symbol,
            "target": show_target(target),
            "reason": f"refused by rule {rule.where}: {rule.match}",
        }

        def refuse(_args: tuple[object, ...]) -> object:
            raise RtfsError("DelegationError", fields)

        return refuse

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


def _metadata(info: Function, site: Site | None) -> DelegationMetadata | None:
    given: Mapping[str, str] = {
        key.removeprefix(":").removeprefix("delegation."): text.strip('"')
        for key, text in (*info.metadata, *(() if site is None else site.metadata))
        if key.removeprefix(":").startswith("delegation.")
    }
    if not given:
        return None
    try:
        confidence = float(given["confidence"]) if "confidence" in given else None
    except ValueError:
        confidence = None
    return DelegationMetadata(confidence, given.get("reasoning"), given, given.get("source"))
