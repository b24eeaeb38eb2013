"""What goes over the wire to an OpenAI-compatible server, and what comes back.

In: a request and the features that the server is asked for. Out: the body of a completion, and a reply read
from one. How it is sent, and what is done when a feature is refused, is left to `openai`.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from typing import Any, Final, Literal, NamedTuple, TypeAlias

from rtfs_runtime.errors import RtfsError
from rtfs_runtime.jsontext import from_json
from rtfs_runtime.providers.base import ModelReply, ModelRequest, ProviderError, StopReason
from rtfs_runtime.providers.calibration import LABELS
from rtfs_runtime.providers.json_schema import ANSWER, JsonSchema, json_schema, literal_json, unwrap, wrap
from rtfs_runtime.providers.labels import closed_values, label_texts
from rtfs_runtime.providers.token_confidence import Token, label_shares, mean_probability
from rtfs_runtime.trace import Usage
from rtfs_runtime.types import Type

SchemaMode: TypeAlias = Literal["grammar", "strict", "json_object", "none"]
Body: TypeAlias = dict[str, Any]

# the most that the OpenAI API gives; its older completions give 5
_OTHERS: Final = {"chat": 20, "text": 5}
_STOPS: Final[Mapping[str, StopReason]] = {"length": "length", "content_filter": "filtered"}
_WRAPPED_NOTE: Final = f'Give it as a JSON object of the form {{"{ANSWER}": VALUE}}.'


class Features(NamedTuple):
    """What a server is asked for beyond text for text; less after it has refused something.

    Shape: `schema` is how an answer is held to its type; completions of a text know the grammar alone.
           `limit_key` is the name under which the server takes the greatest number of tokens. `temperature`
           False leaves it out: models that reason have one of their own.
    """

    schema: SchemaMode = "strict"
    logprobs: bool = True
    temperature: bool = True
    limit_key: Literal["max_tokens", "max_completion_tokens"] = "max_tokens"

    def without(self, complaint: str) -> Features | None:
        """Leave out what a refusal complains about; None when it is about something else."""
        text = complaint.lower()
        if self.limit_key == "max_tokens" and "max_completion_tokens" in text:
            return self._replace(limit_key="max_completion_tokens")
        if self.temperature and "temperature" in text and "support" in text:
            return self._replace(temperature=False)
        if self.logprobs and ("logprobs" in text or "logits_all" in text):
            return self._replace(logprobs=False)
        if self.schema != "none" and any(word in text for word in _SCHEMA_WORDS):
            return self._replace(schema=_LESS[self.schema])
        return None


_SCHEMA_WORDS: Final = ("response_format", "schema", "json", "grammar")
_LESS: Final[Mapping[SchemaMode, SchemaMode]] = {
    "grammar": "strict",
    "strict": "json_object",
    "json_object": "none",
}


def _held(request: ModelRequest, features: Features) -> tuple[SchemaMode, JsonSchema | None]:
    """Tell how an answer is held to its type, and the schema of that where it is one."""
    if request.schema is None or features.schema == "none":
        return "none", None
    if features.schema == "grammar" and request.grammar is not None:
        return "grammar", None
    schema = None if request.form == "text" else json_schema(request.schema)
    mode: SchemaMode = "strict" if features.schema == "grammar" else features.schema
    return ("none", None) if schema is None else (mode, schema)


def completion_body(request: ModelRequest, model: str, features: Features) -> Body:
    """Write the body of a request."""
    sampling = request.sampling
    body: Body = {
        "model": model,
        # servers generate until their context is full when they are not told
        features.limit_key: sampling.max_tokens,
    }
    if features.temperature:
        body["temperature"] = sampling.temperature
    if sampling.top_p != 1.0:
        body["top_p"] = sampling.top_p
    if sampling.stop:
        body["stop"] = list(sampling.stop)
    if sampling.seed is not None:
        body["seed"] = sampling.seed
    closed = request.schema is not None and closed_values(request.schema) is not None
    mode, schema = _held(request, features)
    if mode == "grammar":
        body["grammar"] = request.grammar
    if request.form == "text":
        body["prompt"] = _prompt(request)
        if features.logprobs:
            body["logprobs"] = _OTHERS["text"] if closed else 1
        return body
    body["messages"] = _messages(request, schema, mode)
    if features.logprobs:
        # llama.cpp's server gives no probabilities at all unless it is asked for those of other tokens
        body |= {"logprobs": True, "top_logprobs": _OTHERS["chat"] if closed else 1}
    if schema is not None and mode == "strict":
        form = {"name": ANSWER, "strict": schema.strict, "schema": schema.schema}
        body["response_format"] = {"type": "json_schema", "json_schema": form}
    elif schema is not None and mode == "json_object":
        # the key `schema` is llama.cpp's; servers that do not know it give some object, as they are told to
        body["response_format"] = {"type": "json_object", "schema": schema.schema}
    return body


def encode_body(body: Body) -> bytes:
    """Write a body as bytes, the same for the same request."""
    return json.dumps(body, separators=(",", ":")).encode("ascii")


def _prompt(request: ModelRequest) -> str:
    shown = [part for example in request.examples for part in example]
    return "".join([request.system, *shown, *(message.text for message in request.messages)])


def _messages(request: ModelRequest, schema: JsonSchema | None, mode: SchemaMode) -> list[Body]:
    wrapped = schema is not None and schema.wrapped
    system = request.system
    if wrapped and mode == "json_object":
        system = f"{system}\n{_WRAPPED_NOTE}" if system else _WRAPPED_NOTE
    said: list[Body] = [{"role": "system", "content": system}] if system else []
    for question, answer in request.examples:
        said.append({"role": "user", "content": question})
        said.append({"role": "assistant", "content": wrap(answer) if wrapped else answer})
    for role, text in request.messages:
        said.append({"role": role, "content": wrap(text) if wrapped and role == "assistant" else text})
    return said


def read_reply(body: bytes, request: ModelRequest, features: Features) -> ModelReply:
    """Read a completion; `data` has the model as the server names it.

    Raises: ProviderError for what is no completion.
    """
    data = _data(body)
    choice = _choice(data)
    text = _text(choice, request)
    tokens = _tokens(choice.get("logprobs"), request.form)
    _, schema = _held(request, features)
    wrapped = schema is not None and schema.wrapped
    confidence, labels = _confidence(tokens, request.schema, wrapped=wrapped)
    usage = data.get("usage")
    facts: dict[str, object] = {} if labels is None else {LABELS: labels}
    if not isinstance(usage, dict):
        facts["usage"] = "the server counts no tokens"
    facts["served"] = " ".join(filter(None, (_name(data, "model"), _name(data, "system_fingerprint"))))
    return ModelReply(
        text=unwrap(text) if wrapped else text,
        confidence=confidence,
        usage=Usage(_count(usage, "prompt_tokens"), _count(usage, "completion_tokens")),
        stop_reason=_STOPS.get(_name(choice, "finish_reason"), "end"),
        data=facts,
    )


def _data(body: bytes) -> dict[str, Any]:
    try:
        data = from_json(body.decode("utf-8"))
    except (UnicodeDecodeError, RtfsError) as error:
        reason = error.fields.get("message") if isinstance(error, RtfsError) else "it is no UTF-8"
        raise _unreadable(f"it is no JSON: {reason}") from None
    if not isinstance(data, dict):
        raise _unreadable("it is no JSON object")
    return data


def _choice(data: dict[str, Any]) -> dict[str, Any]:
    choices = data.get("choices")
    if isinstance(choices, tuple) and choices and isinstance(choices[0], dict):
        return choices[0]
    failed = data.get("error")
    if failed is not None:
        message = failed.get("message") if isinstance(failed, dict) else failed
        shown = message[:300] if isinstance(message, str) else "no reason given"
        raise ProviderError(f"the server reports a failure: {shown}", "http", retryable=True)
    raise _unreadable("it has no `choices`")


def _text(choice: dict[str, Any], request: ModelRequest) -> str:
    if request.form == "text":
        text = choice.get("text")
    else:
        message = choice.get("message")
        if not isinstance(message, dict):
            raise _unreadable("its choice has no `message`")
        text = message.get("content")
        refusal = message.get("refusal")
        if isinstance(refusal, str) and refusal and not text:
            raise ProviderError(f"the model refused: {refusal[:300]}", "policy")
    if not isinstance(text, str):
        raise _unreadable("its choice has no text")
    return text


def _unreadable(reason: str) -> ProviderError:
    return ProviderError(f"the server's answer is no completion: {reason}", "answer", retryable=True)


def _name(data: dict[str, Any], key: str) -> str:
    found = data.get(key)
    return found if isinstance(found, str) else ""


def _count(usage: object, key: str) -> int:
    found = usage.get(key) if isinstance(usage, dict) else None
    return found if type(found) is int and found >= 0 else 0


def _tokens(given: object, form: str) -> tuple[Token, ...]:
    """Read the probabilities of tokens; nothing where the server gives none, or in another shape."""
    if not isinstance(given, dict):
        return ()
    try:
        if form == "chat":
            return tuple(
                _token(
                    row["token"], row["logprob"], [_pair(other) for other in row.get("top_logprobs") or ()]
                )
                for row in given.get("content") or ()
            )
        texts, logprobs = given["tokens"], given["token_logprobs"]
        tops: Iterable[Any] = given.get("top_logprobs") or ({},) * len(texts)
        return tuple(
            _token(text, logprob, (top or {}).items())
            for text, logprob, top in zip(texts, logprobs, tops, strict=True)
        )
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
        return ()


def _pair(row: Any) -> tuple[Any, Any]:
    return row["token"], row["logprob"]


def _token(text: Any, logprob: Any, others: Iterable[tuple[Any, Any]]) -> Token:
    found = {name: _probability(value) for name, value in others}
    if not all(isinstance(name, str) for name in (text, *found)):
        raise TypeError("a token is a text")
    return Token(text, _probability(logprob), found)


def _probability(logprob: float | None) -> float:
    # the first token of some servers has none, for nothing stands before it
    return 1.0 if logprob is None else min(1.0, math.exp(min(0.0, logprob)))


def _confidence(
    tokens: tuple[Token, ...], kind: Type | None, *, wrapped: bool
) -> tuple[float | None, Mapping[str, float] | None]:
    """Measure how sure an answer is: the share of its label, else the mean probability of its tokens."""
    bare = None if kind is None else label_texts(kind)
    if bare is None or not tokens:
        return mean_probability(tokens), None
    text = "".join(token.text for token in tokens)
    start = 0
    if wrapped:
        key = f'"{ANSWER}"'
        start = text.find(":", text.find(key) + len(key)) + 1 if key in text else 0
    spelt = bare
    if text[start:].lstrip().startswith('"'):
        assert kind is not None
        spelt = tuple(json.dumps(literal_json(value)) for value in closed_values(kind) or ())
    lower = tuple(label.lower() for label in spelt)
    if len(set(lower)) == len(lower):
        # answers are read so too
        spelt, tokens = lower, tuple(map(_lower, tokens))
    found = label_shares(tokens, spelt, start)
    if found is None:
        return None, None
    chosen, shares = found
    return shares[chosen], {label: shares[written] for label, written in zip(bare, spelt, strict=True)}


def _lower(token: Token) -> Token:
    others: dict[str, float] = {}
    for text, probability in token.others.items():
        others[text.lower()] = others.get(text.lower(), 0.0) + probability
    chosen = token.text.lower()
    return Token(chosen, max(token.probability, others.get(chosen, 0.0)), others)
