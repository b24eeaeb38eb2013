"""One machine's models asked by another: the data, the protocol without sockets."""

from __future__ import annotations

import json
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rtfs_runtime.host.world import REAL
from rtfs_runtime.providers.arbiter import RemoteArbiterModel
from rtfs_runtime.providers.arbiter_server import answer
from rtfs_runtime.providers.arbiter_wire import (
    WireError,
    read_failure,
    read_reply,
    read_request,
    write_failure,
    write_reply,
    write_request,
)
from rtfs_runtime.providers.base import (
    Example,
    Message,
    ModelReply,
    ModelRequest,
    ModelSettings,
    ProviderError,
    Sampling,
)
from rtfs_runtime.providers.registry import PROVIDERS, ModelRegistry
from rtfs_runtime.providers.scripted import Answer, ScriptedModel
from rtfs_runtime.trace import Usage
from rtfs_runtime.type_reader import read_type

WHOLE = ModelRequest(
    "here",
    (Message("user", "q"), Message("assistant", "a"), Message("user", "again")),
    "system",
    Sampling(0.5, 0.9, 12, ("\n", "x"), 7),
    read_type("[:map [:a [:enum :x 1 nil]] [:b [:and :int [:> 3]] ?]]"),
    "[:map …]",
    'root ::= "x"',
    "tenant",
    110.0,
    "few-shot-1",
    "m/f",
    MappingProxyType({"neutral": ("N/A", "The"), "left out": 3}),
    (Example("q1", "a1"),),
    "text",
)


def test_a_request_comes_over_whole() -> None:
    data = json.loads(json.dumps(write_request(WHOLE, "there", 10.0)))
    found = read_request(data, 100.0)
    assert found._replace(options={}) == WHOLE._replace(model_id="there", options={})
    assert found.options == {"neutral": ("N/A", "The")}


@pytest.mark.parametrize("field", ModelRequest._fields)
def test_every_field_of_a_request_changes_what_is_sent(field: str) -> None:
    other: dict[str, Any] = {
        "messages": (Message("user", "other"),),
        "sampling": Sampling(),
        "schema": read_type(":int"),
        "options": {"neutral": ("x",)},
        "examples": (),
        "form": "chat",
    }
    changed = WHOLE._replace(**{field: other.get(field, "other")})
    sent = write_request(changed, "there", 10.0)
    # the id is the asking side's name, the deadline went into the timeout
    assert (sent == write_request(WHOLE, "there", 10.0)) is (field in ("model_id", "deadline_s"))


def test_a_reply_comes_over_whole() -> None:
    reply = ModelReply(
        "yes", None, 0.5, Usage(1, 2, 0.5), "length", "v", 0.0, {"labels": {"yes": 0.5}, "odd": [object()]}
    )
    found = read_reply(json.loads(json.dumps(write_reply(reply))))
    assert found == reply._replace(data={"labels": {"yes": 0.5}})


@pytest.mark.parametrize("kind", ["timeout", "http", "request", "construction", "policy"])
def test_a_failure_comes_over_whole(kind: Any) -> None:
    error = ProviderError("too busy", kind, retryable=True, retry_after_s=3.0)
    found = read_failure(json.loads(json.dumps(write_failure(error))), "host:1")
    assert str(found) == "host:1: too busy"
    assert (found.kind, found.retryable, found.retry_after_s) == (kind, True, 3.0)


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"model": None}, "`model` is missing"),
        ({"model": 3}, "`model` is of another kind"),
        ({"messages": "x"}, "`messages` must be an array"),
        ({"messages": [["user"]]}, "`messages` must hold pairs of texts"),
        ({"messages": [["root", "x"]]}, "role user or assistant"),
        ({"form": "song"}, "`form` must be chat or text"),
        ({"sampling": {"temperature": 10**400}}, "`temperature` must be from 0 to 2"),
        ({"sampling": {"max_tokens": -1}}, "`max_tokens` must be from 0 to"),
        ({"sampling": []}, "`sampling` must be an object"),
        ({"timeout_s": -1}, "`timeout_s` must be from 0"),
        ({"type": ["vector", 1]}, "`type` is no type"),
        ({"type": ["prim", 0, 1, "nonsense"]}, "`type` is no type"),
        ({"type": ["enum", 0, 1, "not json"]}, "`type` is no type"),
        ({"type": {"a": 1}}, "`type` must be an array"),
        ({"options": {"neutral": [1]}}, "`neutral` must hold texts"),
    ],
)
def test_a_request_that_is_none_is_told_so(change: dict[str, object], text: str) -> None:
    data = {**write_request(WHOLE, "there", 10.0), **change}
    with pytest.raises(WireError, match=text):
        read_request(json.loads(json.dumps(data)), 0.0)


def registry() -> ModelRegistry:
    made = ModelRegistry()
    made.register(ScriptedModel("m", (Answer("hello", "hi", 0.75),)))
    return made


def call(**changes: object) -> dict[str, object]:
    request = ModelRequest("x", (Message("user", "hello"),))
    whole = {"jsonrpc": "2.0", "id": 1, "method": "arbiter.infer", "params": write_request(request, "m", 9.0)}
    return {**whole, **changes}


def answered(data: object) -> Any:
    body = data if isinstance(data, bytes) else json.dumps(data).encode()
    found = answer(body, registry(), lambda: 0.0)
    return json.loads(found) if found else None


def test_a_call_is_answered() -> None:
    found = answered(call())
    assert (found["jsonrpc"], found["id"]) == ("2.0", 1)
    assert (found["result"]["text"], found["result"]["confidence"]) == ("hi", 0.75)


def test_an_array_of_calls_is_answered_in_order_and_notifications_are_not() -> None:
    quiet = {key: value for key, value in call().items() if key != "id"}
    assert [one["id"] for one in answered([call(id="a"), quiet, call(id=2)])] == ["a", 2]
    assert answered(quiet) is None and answered([quiet]) is None


def elsewhere(model: str) -> dict[str, object]:
    return write_request(ModelRequest("x", (Message("user", "zzz"),)), model, 9.0)


@pytest.mark.parametrize(
    ("data", "code", "text"),
    [
        (b"{", -32700, "no JSON"),
        (b"\xff", -32700, "no JSON"),
        ([], -32600, "must not be empty"),
        (3, -32600, "a call is an object"),
        (call(jsonrpc="1.0"), -32600, "a call is an object"),
        (call(id=[1]), -32600, "`id` is a text or a number"),
        (call(method="arbiter.shutdown"), -32601, "there is arbiter.infer"),
        (call(params=None), -32602, "`params` must be an object"),
        (call(params=elsewhere("other")), -32000, "no model `other` is served; there are m"),
        (call(params=elsewhere("m")), -32000, "no scripted answer matches"),
    ],
)
def test_what_cannot_be_answered(data: object, code: int, text: str) -> None:
    found = answered(data)
    assert found["error"]["code"] == code and text in found["error"]["message"]


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from(["model", "messages", "sampling", "type", "options", "examples", "timeout_s"]),
    json_values,
)
def test_whatever_is_sent_is_answered(field: str, value: object) -> None:
    params = call()["params"]
    assert isinstance(params, dict)
    found = answered(call(params={**params, field: value}))
    assert ("result" in found) != ("error" in found) and found["id"] == 1


@pytest.mark.parametrize("size", [1, 1000])
def test_deep_data_is_refused(size: int) -> None:
    found = answered(b'{"jsonrpc": "2.0", "id": 1, "method": "m", "params": ' + b"[" * size * 100 + b"}")
    assert found["error"]["code"] == -32700


@pytest.mark.parametrize(
    ("endpoint", "text"),
    [
        (
            "localhost:8080",
            "`endpoint` of model `m` must hold an address such as http://localhost:8080/arbiter",
        ),
        ("http://me:secret@host", "must have no user"),
    ],
)
def test_a_wrong_endpoint(endpoint: str, text: str) -> None:
    with pytest.raises(ProviderError, match=text) as caught:
        RemoteArbiterModel("m", endpoint)
    assert "secret" not in str(caught.value)


def test_a_row_of_a_policy() -> None:
    options = MappingProxyType({"endpoint": "http://there:1/", "model": "big"})
    made = PROVIDERS["arbiter"].make(ModelSettings("m", "arbiter", options=options), REAL)
    assert made.version == "arbiter-1 http://there:1/arbiter big"
    assert RemoteArbiterModel("m").version == "arbiter-1 http://localhost:8080/arbiter m"
    assert PROVIDERS["arbiter"].network
