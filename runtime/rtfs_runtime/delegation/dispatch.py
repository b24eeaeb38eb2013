"""Sends one call to the model that was decided on.

In: a contract, a decision, arguments. Out: the checked value, or UnknownCapability, DelegationError,
TypeValidationError. Every request passes `Host.record`, so it is an effect like any other. Which model
answers is left to the linker.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from rtfs_runtime import context
from rtfs_runtime.delegation.answers import AnswerError, read_answer
from rtfs_runtime.delegation.contract import Contract, make_contract
from rtfs_runtime.delegation.linker import Slot
from rtfs_runtime.delegation.stub import Dispatch
from rtfs_runtime.delegation.target import Decision, L4CacheHit, LocalModel, RemoteModel, show_target
from rtfs_runtime.delegation.templates import make_request
from rtfs_runtime.errors import RtfsError
from rtfs_runtime.host.host import Host
from rtfs_runtime.providers.base import Message, ModelReply, ModelRequest, ProviderError
from rtfs_runtime.providers.registry import ModelRegistry
from rtfs_runtime.trace import Event

ModelTarget = LocalModel | RemoteModel


class Dispatcher(NamedTuple):
    """What it takes to ask models for one session."""

    host: Host
    registry: ModelRegistry
    template: str

    def answerer(self, slot: Slot, decision: Decision) -> Dispatch:
        """Make what answers every call of a slot by the model that was decided on."""
        contract = make_contract(
            slot.module.name, slot.info, dict(slot.module.interface.types), slot.function
        )

        def dispatch(args: tuple[object, ...]) -> object:
            return self.call(contract, decision, args)

        return dispatch

    def call(self, contract: Contract, decision: Decision, args: tuple[object, ...]) -> object:
        """Answer one call of a delegated function."""
        contract.check_arguments(args)
        target = decision.target
        if not isinstance(target, (LocalModel, RemoteModel)):
            raise self._failure(contract.symbol, decision, _unavailable(target))
        provider = self.registry.get(target.model_id)
        request = self._with_deadline(make_request(contract, target.model_id, args, self.template))

        def act(event: Event) -> object:
            reply = self._infer(provider.infer, request, contract.symbol, decision)
            _note(event, reply)
            if contract.result is None:
                return reply.text
            try:
                return read_answer(reply.text, contract.result)
            except AnswerError as error:
                raise self._failure(contract.symbol, decision, str(error)) from error

        detail = {
            "target": show_target(target),
            "reason": decision.reasoning,
            "by": decision.source,
            "template": request.template_id,
        }
        return self.host.record("model", contract.symbol, args, detail, act)

    def execute(self, model_id: str, prompt: str) -> str:
        """Answer `llm-execute`: free text for free text."""
        provider = self.registry.get(model_id)
        request = self._with_deadline(
            ModelRequest(model_id, (Message("user", prompt),), function="llm-execute")
        )

        def act(event: Event) -> object:
            decision = Decision(LocalModel(model_id), 1.0, "named by the program", "program")
            reply = self._infer(provider.infer, request, "llm-execute", decision)
            _note(event, reply)
            return reply.text

        return str(self.host.record("model", model_id, (prompt,), {}, act))

    def _infer(
        self,
        infer: Callable[[ModelRequest], ModelReply],
        request: ModelRequest,
        function: str,
        decision: Decision,
    ) -> ModelReply:
        try:
            return infer(request)
        except RtfsError:
            raise
        except ProviderError as error:
            raise self._failure(function, decision, str(error)) from error
        except Exception as error:
            # border: whatever a provider ends in is a failed delegation to the program
            raise self._failure(function, decision, f"{type(error).__name__}: {error}") from error

    def _with_deadline(self, request: ModelRequest) -> ModelRequest:
        timeout_ms = context.find_hint(self.host.owner, "runtime.timeout-ms")
        if type(timeout_ms) not in (int, float):
            return request
        assert isinstance(timeout_ms, (int, float))
        return request._replace(deadline_s=self.host.world.elapsed_s() + timeout_ms / 1000)

    def _failure(self, function: str, decision: Decision, reason: str) -> RtfsError:
        fields = {"function": function, "target": show_target(decision.target), "reason": reason}
        return RtfsError("DelegationError", fields)


def _unavailable(target: object) -> str:
    if isinstance(target, L4CacheHit):
        return "published modules cannot answer yet"
    return "no model was decided on"


def _note(event: Event, reply: ModelReply) -> None:
    event.detail["confidence"] = None if reply.confidence is None else f"{reply.confidence:.2f}"
    event.detail["model"] = reply.model_version or None
    event.detail["tokens"] = f"{reply.usage.input_tokens}+{reply.usage.output_tokens}"
    event.usage = reply.usage
