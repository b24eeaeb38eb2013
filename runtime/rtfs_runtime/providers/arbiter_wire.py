"""Requests to models, replies and failures as JSON, for one machine to ask the models of another.

In: `ModelRequest`, `ModelReply`, `ProviderError`. Out: plain data, and back. What comes from the other side
is checked field by field: `WireError` says what is wrong. The call is `arbiter.infer` of JSON-RPC 2.0.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, TypeAlias, TypeVar, cast, get_args

from rtfs_runtime.providers.base import (
    Example,
    FailureKind,
    Message,
    ModelReply,
    ModelRequest,
    ProviderError,
    Sampling,
    StopReason,
)
from rtfs_runtime.trace import Usage
from rtfs_runtime.types import PREDICATES, PRIMS, Predicate, Prim, Type, from_data, to_data

Json: TypeAlias = Mapping[str, Any]
T = TypeVar("T")

METHOD: Final = "arbiter.infer"
FAILED: Final = -32000
"""The code of a model that could not answer; `data` says why, as `ProviderError` has it."""
_NUMBER: Final = (int, float)
_SHOWN_CHARS: Final = 1000
_MOST_S: Final = 86_400.0
_MOST_TOKENS: Final = 10**12
_MOST_USD: Final = 10**9


class WireError(ValueError):
    """Data from the other side is not what it should be."""


def write_request(request: ModelRequest, model: str, timeout_s: float) -> dict[str, object]:
    """Write a request to the model that the other side knows under a name."""
    sampling = request.sampling
    return {
        "model": model,
        "system": request.system,
        "examples": [list(example) for example in request.examples],
        "messages": [list(message) for message in request.messages],
        "form": request.form,
        "sampling": {**sampling._asdict(), "stop": list(sampling.stop)},
        "type": None if request.schema is None else list(to_data(request.schema)),
        "type_text": request.schema_text,
        "grammar": request.grammar,
        "template": request.template_id,
        "function": request.function,
        "tenant": request.tenant,
        "options": {key: _texts(value, key) for key, value in request.options.items() if _are_texts(value)},
        "timeout_s": timeout_s,
    }


def read_request(data: object, now_s: float) -> ModelRequest:
    """Read a request; raises WireError."""
    given = _map(data, "params")
    timeout_s = _within(given, "timeout_s", _MOST_S, None)
    form = _get(given, "form", str, "chat")
    if form not in ("chat", "text"):
        raise WireError("`form` must be chat or text")
    return ModelRequest(
        model_id=_needed(given, "model", str),
        messages=tuple(_message(*row) for row in _rows(given, "messages")),
        system=_get(given, "system", str, ""),
        sampling=_sampling(_map(given.get("sampling", {}), "sampling")),
        schema=_type(given.get("type")),
        schema_text=_get(given, "type_text", str, None),
        grammar=_get(given, "grammar", str, None),
        tenant=_get(given, "tenant", str, ""),
        deadline_s=None if timeout_s is None else now_s + timeout_s,
        template_id=_get(given, "template", str, ""),
        function=_get(given, "function", str, ""),
        options={key: _texts(value, key) for key, value in _map(given.get("options", {}), "options").items()},
        examples=tuple(Example(*row) for row in _rows(given, "examples")),
        form=cast(Any, form),
    )


def write_reply(reply: ModelReply) -> dict[str, object]:
    """Write a reply; of what the provider adds, numbers and texts and the shares of labels go along."""
    return {
        "text": reply.text,
        "confidence": reply.confidence,
        "usage": reply.usage._asdict(),
        "stop_reason": reply.stop_reason,
        "model_version": reply.model_version,
        "data": {key: value for key, value in reply.data.items() if _is_fact(value)},
    }


def read_reply(data: object) -> ModelReply:
    """Read a reply; raises WireError."""
    given = _map(data, "result")
    stop_reason = _get(given, "stop_reason", str, "end")
    if stop_reason not in get_args(StopReason):
        raise WireError("`stop_reason` is none")
    usage = _map(given.get("usage", {}), "usage")
    asked, answered = (_within(usage, key, _MOST_TOKENS, 0) for key in ("input_tokens", "output_tokens"))
    facts = _map(given.get("data", {}), "data")
    return ModelReply(
        text=_needed(given, "text", str),
        confidence=_within(given, "confidence", 1, None),
        usage=Usage(int(asked), int(answered), _within(usage, "cost_usd", _MOST_USD, None)),
        stop_reason=cast(StopReason, stop_reason),
        model_version=_get(given, "model_version", str, ""),
        data={key: value for key, value in facts.items() if _is_fact(value)},
    )


def write_failure(error: ProviderError) -> dict[str, object]:
    """Write a failure as the error of a JSON-RPC answer."""
    data = {"kind": error.kind, "retryable": error.retryable, "retry_after_s": error.retry_after_s}
    return {"code": FAILED, "message": str(error), "data": data}


def read_failure(data: object, host: str) -> ProviderError:
    """Read the error of an answer; raises WireError for what is none."""
    given = _map(data, "error")
    code = _needed(given, "code", int)
    message = f"{host}: {_needed(given, 'message', str)[:_SHOWN_CHARS]}"
    if code != FAILED:
        # the protocol's own codes: the request is not understood, or the other side is broken
        return ProviderError(message, "request")
    about = _map(given.get("data", {}), "data")
    kind = _get(about, "kind", str, "http")
    after_s = _within(about, "retry_after_s", _MOST_S, None)
    return ProviderError(
        message,
        cast(FailureKind, kind) if kind in get_args(FailureKind) else "http",
        retryable=_get(about, "retryable", bool, False),
        retry_after_s=after_s,
    )


def _sampling(given: Json) -> Sampling:
    default = Sampling()
    return Sampling(
        float(_within(given, "temperature", 2, default.temperature)),
        float(_within(given, "top_p", 1, default.top_p)),
        max(1, int(_within(given, "max_tokens", 1_000_000, default.max_tokens))),
        _texts(given.get("stop", ()), "stop"),
        _get(given, "seed", int, None),
    )


def _within(given: Json, key: str, most: float, default: Any) -> Any:
    """Give a number from 0 to a bound; a number of any size may have come."""
    found = _get(given, key, _NUMBER, default)
    if found is not None and not 0 <= found <= most:
        raise WireError(f"`{key}` must be from 0 to {most:g}")
    return found


def _message(role: str, text: str) -> Message:
    if role not in ("user", "assistant"):
        raise WireError("a message is of the role user or assistant")
    return Message(cast(Any, role), text)


def _rows(given: Json, key: str) -> list[tuple[str, str]]:
    """Read an array of pairs of texts."""
    rows = given.get(key, ())
    if not isinstance(rows, (tuple, list)):
        raise WireError(f"`{key}` must be an array")
    found = [_texts(row, key) for row in rows]
    if any(len(row) != 2 for row in found):
        raise WireError(f"`{key}` must hold pairs of texts")
    return [(row[0], row[1]) for row in found]


def _type(data: object) -> Type | None:
    if data is None:
        return None
    if not isinstance(data, (tuple, list)) or not all(type(part) in (str, int) for part in data):
        raise WireError("`type` must be an array of texts and integers")
    try:
        kind = from_data(tuple(data))
    except (ValueError, TypeError) as error:
        raise WireError(f"`type` is no type: {error}") from None
    todo: list[Type] = [kind]
    while todo:
        part = todo.pop()
        known = PRIMS if isinstance(part, Prim) else PREDICATES if isinstance(part, Predicate) else None
        if known is not None and part.tokens[:1] not in [(name,) for name in known]:
            raise WireError(f"`type` is no type: nothing is called {part.tokens[:1]}")
        todo.extend(part.kids)
    return kind


def _texts(value: object, key: str) -> tuple[str, ...]:
    if not _are_texts(value):
        raise WireError(f"`{key}` must hold texts")
    return tuple(cast("tuple[str, ...]", value))


def _are_texts(value: object) -> bool:
    return isinstance(value, (tuple, list)) and all(isinstance(part, str) for part in value)


def _is_fact(value: object) -> bool:
    if isinstance(value, Mapping):
        return all(isinstance(key, str) and type(part) in (int, float) for key, part in value.items())
    return value is None or type(value) in (str, int, float, bool)


def _map(data: object, what: str) -> Json:
    if not isinstance(data, Mapping):
        raise WireError(f"`{what}` must be an object")
    return data


def _needed(given: Json, key: str, want: type[T]) -> T:
    found: T | None = _get(given, key, want, None)
    if found is None:
        raise WireError(f"`{key}` is missing")
    return found


def _get(given: Json, key: str, want: type | tuple[type, ...], default: Any) -> Any:
    value = given.get(key)
    if value is None:
        return default
    if not isinstance(value, want) or (isinstance(value, bool) and want is not bool):
        raise WireError(f"`{key}` is of another kind than it should be")
    return value
