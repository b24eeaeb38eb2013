"""A model's answer as the cache keeps it.

In: a `ModelReply` and what it answers. Out: an `InferenceResult`, its bytes, and the reply again. What is
kept is immutable: a reply from the cache can be handed to any number of callers.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import sha256
from types import MappingProxyType
from typing import Final, NamedTuple

from rtfs_runtime.cache.layer import SerializationError
from rtfs_runtime.providers.base import NO_DATA, ModelReply, ModelRequest, StopReason
from rtfs_runtime.tagged import decode_json, encode_json
from rtfs_runtime.trace import Usage

KEPT_REASONS: Final[tuple[StopReason, ...]] = ("end", "stop-text")
"""How an answer that may be kept ended; the others were cut short."""

_SHOWN_CHARS: Final = 120


class About(NamedTuple):
    """What a result answers, for views and explanations.

    Shape: `input` digests the messages, `shown` is their beginning, `parts` a short digest of each part of
           the request by name.
    """

    model: str = ""
    function: str = ""
    tenant: str = ""
    input: bytes = b""
    shown: str = ""
    parts: Mapping[str, str] = MappingProxyType({})

    @classmethod
    def of(cls, request: ModelRequest, parts: Mapping[str, str]) -> About:
        """Describe a request."""
        packed = sha256()
        for message in request.messages:
            data = message.text.encode("utf-8", "surrogatepass")
            packed.update(b"%b %d:%b" % (message.role.encode(), len(data), data))
        return cls(
            request.model_id,
            request.function,
            request.tenant,
            packed.digest()[:16],
            request.text[:_SHOWN_CHARS],
            MappingProxyType(dict(parts)),
        )


class InferenceResult(NamedTuple):
    """One kept answer; `created_at` is in seconds since the Unix epoch, `value` in the tagged encoding."""

    output: str
    confidence: float | None
    model_version: str
    inference_time_s: float
    usage: Usage
    stop_reason: StopReason
    created_at: float
    metadata: Mapping[str, object] = NO_DATA
    value: str | None = None
    about: About = About()

    def reply(self) -> ModelReply:
        """Give the reply again; it took nothing this time."""
        return ModelReply(
            self.output,
            None if self.value is None else decode_json(self.value),
            self.confidence,
            Usage(0, 0, 0.0),
            self.stop_reason,
            self.model_version,
            0.0,
            self.metadata,
        )


def result_of(reply: ModelReply, created_at: float, about: About) -> InferenceResult:
    """Make what is kept of a reply.

    Raises: SerializationError when the provider's data or value has no text.
    """
    try:
        metadata = NO_DATA if not reply.data else _frozen(json.loads(json.dumps(_plain(reply.data))))
        value = None if reply.value is None else encode_json(reply.value)
        if value is not None:
            # functions and errors have an encoding that does not read back
            decode_json(value)
    except (TypeError, ValueError, RecursionError) as error:
        raise SerializationError(f"the answer cannot be kept: {error}") from error
    return InferenceResult(
        reply.text,
        reply.confidence,
        reply.model_version,
        reply.latency_s,
        reply.usage,
        reply.stop_reason,
        created_at,
        metadata,  # type: ignore[arg-type]
        value,
        about,
    )


def write_result(result: InferenceResult) -> bytes:
    """Give the bytes of a result.

    Raises: SerializationError.
    """
    about = result.about
    data = result._asdict() | {
        "usage": list(result.usage),
        "metadata": _plain(result.metadata),
        "about": about._asdict() | {"input": about.input.hex(), "parts": dict(about.parts)},
    }
    try:
        return json.dumps(data, separators=(",", ":")).encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise SerializationError(f"the answer cannot be kept: {error}") from error


def read_result(data: bytes) -> InferenceResult:
    """Read the bytes of a result.

    Raises: SerializationError.
    """
    try:
        fields = json.loads(data)
        about = fields["about"]
        about = About(
            **about | {"input": bytes.fromhex(about["input"]), "parts": MappingProxyType(about["parts"])}
        )
        usage = Usage(*fields["usage"])
        metadata = _frozen(fields["metadata"])
        return InferenceResult(**fields | {"usage": usage, "metadata": metadata, "about": about})
    except (TypeError, ValueError, KeyError, RecursionError) as error:
        raise SerializationError(f"not the bytes of a result: {error}") from error


def _plain(data: object) -> object:
    """Make data of mappings and sequences that JSON knows; as deep as providers nest what they tell."""
    if isinstance(data, Mapping):
        return {key: _plain(item) for key, item in data.items()}
    if isinstance(data, (tuple, list)):
        return [_plain(item) for item in data]
    return data


def _frozen(data: object) -> object:
    if isinstance(data, dict):
        return MappingProxyType({key: _frozen(item) for key, item in data.items()})
    return tuple(map(_frozen, data)) if isinstance(data, list) else data
