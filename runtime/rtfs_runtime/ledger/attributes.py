"""Names of what events carry, as OpenTelemetry's conventions for generative AI spell them.

In: the details of an event. Out: attributes. What those conventions do not know begins with `rtfs.`.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from rtfs_runtime.errors import RtfsError
from rtfs_runtime.trace import Event, Usage

NAMES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "provider": "gen_ai.provider.name",
        "operation": "gen_ai.operation.name",
        "model": "gen_ai.response.model",
        "stop": "gen_ai.response.finish_reasons",
        "temperature": "gen_ai.request.temperature",
        "top_p": "gen_ai.request.top_p",
        "max_tokens": "gen_ai.request.max_tokens",
        "seed": "gen_ai.request.seed",
        "target": "rtfs.delegation.target",
        "reason": "rtfs.delegation.reasoning",
        "by": "rtfs.delegation.source",
        "sure": "rtfs.delegation.certainty",
        "context": "rtfs.delegation.context_digest",
        "policy": "rtfs.delegation.policy_digest",
        "fallback": "rtfs.delegation.alternatives",
        "attempts": "rtfs.delegation.attempts",
        "confidence": "rtfs.delegation.confidence",
        "template": "rtfs.prompt.template",
        "layer": "rtfs.cache.layer",
        "hit": "rtfs.cache.hit",
        "why": "rtfs.cache.reason",
        "attempt": "rtfs.attempt.number",
        "outcome": "rtfs.attempt.outcome",
        "repair": "rtfs.attempt.repair",
    }
)
"""By the name of a detail. Others keep theirs, after `rtfs.`."""

REQUEST_MODEL: Final = "gen_ai.request.model"
INPUT_TOKENS: Final = "gen_ai.usage.input_tokens"
OUTPUT_TOKENS: Final = "gen_ai.usage.output_tokens"
COST_USD: Final = "rtfs.cost_usd"
ERROR_TYPE: Final = "error.type"
_DETAILS: Final = MappingProxyType({name: detail for detail, name in NAMES.items()})
_OURS: Final = "rtfs."
# counted once more in `usage`
_SHOWN_TWICE: Final = frozenset({"tokens"})


def attributes_of(event: Event) -> dict[str, object]:
    """Give the attributes of an event."""
    found: dict[str, object] = {}
    for detail, value in event.detail.items():
        if value is not None and value != "" and detail not in _SHOWN_TWICE:
            found[NAMES.get(detail, _OURS + detail)] = value
    if event.kind in ("model", "attempt", "cache"):
        target = str(event.detail.get("target", event.name))
        found[REQUEST_MODEL] = target.partition(":")[2] or target
    if event.usage is not None:
        found[INPUT_TOKENS] = event.usage.input_tokens
        found[OUTPUT_TOKENS] = event.usage.output_tokens
        if event.usage.cost_usd is not None:
            found[COST_USD] = event.usage.cost_usd
    if event.failed:
        outcome = event.outcome
        found[ERROR_TYPE] = outcome.kind if isinstance(outcome, RtfsError) else type(outcome).__name__
    return found


def details_of(attributes: Mapping[str, object]) -> dict[str, object]:
    """Give the details back that attributes were made of, for people to read."""
    hidden = (INPUT_TOKENS, OUTPUT_TOKENS, COST_USD, ERROR_TYPE, REQUEST_MODEL)
    return {
        _DETAILS.get(name, name.removeprefix(_OURS)): value
        for name, value in attributes.items()
        if name not in hidden
    }


def usage_of(attributes: Mapping[str, object]) -> Usage | None:
    """Give what a model's answer took, None for an event that took nothing."""
    given, made = attributes.get(INPUT_TOKENS), attributes.get(OUTPUT_TOKENS)
    if not isinstance(given, int) or not isinstance(made, int):
        return None
    cost = attributes.get(COST_USD)
    return Usage(given, made, float(cost) if isinstance(cost, (int, float)) else None)
