"""Remote models against a real server on loopback: what it gets wrong, and what becomes of that."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator
from types import MappingProxyType

import pytest

from rtfs_runtime.host.world import REAL, World
from rtfs_runtime.providers.base import (
    Example,
    Message,
    ModelProvider,
    ModelReply,
    ModelRequest,
    ModelSettings,
    ProviderError,
    Sampling,
)
from rtfs_runtime.providers.openai import OpenAIModel
from rtfs_runtime.type_reader import read_type
from tests.integration.misbehaving_server import Server

pytestmark = pytest.mark.servers

KEY = "sk-a-key-that-nobody-may-see"
# 60 s before the date that the server names
NOW_S = 1_767_225_600.0


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with Server() as running:
        yield running


def world(url: str, key: str = KEY) -> World:
    env = {"OPENAI_BASE_URL": url, "OPENAI_API_KEY": key}
    return REAL._replace(env=env.get, now_s=lambda: NOW_S)


def model(url: str, *, timeout_s: float = 20, key: str = KEY, **options: object) -> OpenAIModel:
    settings = ModelSettings("m", "openai", options=MappingProxyType(options), timeout_s=timeout_s)
    return OpenAIModel(settings, world(url, key))


def ask(kind: str | None = None, **fields: object) -> ModelRequest:
    wanted = None if kind is None else read_type(kind)
    given = ModelRequest("m", (Message("user", "hello"),), "be kind", schema=wanted, schema_text=kind)
    return given._replace(**fields)  # type: ignore[arg-type]


def failure(provider: OpenAIModel, request: ModelRequest) -> ProviderError:
    with pytest.raises(ProviderError) as caught:
        provider.infer(request)
    provider.close()
    assert KEY not in str(caught.value)
    return caught.value


def test_a_good_answer(server: Server) -> None:
    provider = model(server.url("good"), model="their-name")
    assert isinstance(provider, ModelProvider)
    sampling = Sampling(0.5, 0.9, 12, ("\n",), 7)
    reply = provider.infer(ask(sampling=sampling, examples=(Example("one", "1"),)))
    provider.close()
    assert (reply.text, reply.stop_reason, reply.confidence) == ("fine", "end", None)
    assert reply.usage[:2] == (7, 3) and reply.latency_s > 0
    assert reply.model_version == provider.version and reply.data == {"served": "served"}
    seen = server.seen[-1]
    assert seen.path == "/good/v1/chat/completions"
    assert seen.headers["authorization"] == f"Bearer {KEY}"
    assert seen.body == {
        "model": "their-name",
        "max_tokens": 12,
        "temperature": 0.5,
        "top_p": 0.9,
        "stop": ["\n"],
        "seed": 7,
        "logprobs": True,
        "top_logprobs": 1,
        "messages": [
            {"role": "system", "content": "be kind"},
            {"role": "user", "content": "one"},
            {"role": "assistant", "content": "1"},
            {"role": "user", "content": "hello"},
        ],
    }


def test_without_a_key_none_is_sent(server: Server) -> None:
    provider = model(server.url("good"), key="")
    provider.infer(ask())
    provider.close()
    assert "authorization" not in server.seen[-1].headers


@pytest.mark.parametrize(
    ("behaviour", "kind", "retryable", "retry_after_s", "text"),
    [
        ("429", "http", True, 7.0, "answered 429: slow down"),
        ("429-date", "http", True, 60.0, "answered 429"),
        ("429-quota", "request", False, None, "no money"),
        ("408", "http", True, None, "answered 408"),
        ("500", "http", True, None, "answered 500: out of memory"),
        ("500-validation", "request", False, None, "1 validation error: {'type': 'float_parsing'"),
        ("503", "http", True, None, "answered 503: <html>busy</html>"),
        ("400", "request", False, None, "too long"),
        ("400-policy", "policy", False, None, "not that"),
        ("404", "request", False, None, "no model of that name"),
        ("tells-the-key", "request", False, None, r"the key Bearer \[key\] is wrong .*OPENAI_API_KEY"),
        ("redirect", "request", False, None, "a redirection to example.com, which is not followed"),
        ("no-json", "answer", True, None, "it is no JSON"),
        ("no-utf8", "answer", True, None, "it is no UTF-8"),
        ("nested", "answer", True, None, "it is no JSON"),
        ("list", "answer", True, None, "it is no JSON object"),
        ("no-choices", "answer", True, None, "it has no `choices`"),
        ("no-message", "answer", True, None, "no `message`"),
        ("wrong-type", "answer", True, None, "no text"),
        ("refusal", "policy", False, None, "the model refused: I will not"),
        ("error-in-200", "http", True, None, "upstream is down"),
        ("gzip-lie", "answer", True, None, "cannot be decoded"),
        ("no-http", "connection", True, None, "cannot be reached"),
        ("hang-up", "connection", True, None, "cannot be reached"),
        ("cut-body", "answer", True, None, "broke off its answer"),
        ("huge", "answer", False, None, "larger than 10 MB"),
    ],
)
def test_what_servers_get_wrong(
    server: Server, behaviour: str, kind: str, retryable: bool, retry_after_s: float | None, text: str
) -> None:
    before = len(server.seen)
    found = failure(model(server.url(behaviour)), ask())
    assert (found.kind, found.retryable, found.retry_after_s) == (kind, retryable, retry_after_s)
    found.__cause__ = None
    with pytest.raises(ProviderError, match=text):
        raise found
    # one attempt, no retries: those are the dispatcher's
    assert len(server.seen) == before + 1
    assert "/x/app.py" not in str(found) and "token=x" not in str(found)


@pytest.mark.parametrize("behaviour", ["silent", "drip-headers", "drip-body"])
@pytest.mark.parametrize("bound", ["timeout", "deadline"])
def test_an_attempt_is_bounded_as_a_whole(server: Server, behaviour: str, bound: str) -> None:
    gone = server.hung_up
    provider = model(server.url(behaviour), timeout_s=1 if bound == "timeout" else 3600)
    deadline_s = None if bound == "timeout" else REAL.elapsed_s() + 1
    found = failure(provider, ask(deadline_s=deadline_s))
    assert (found.kind, found.retryable) == ("timeout", True)
    assert server.wait_for(lambda: server.hung_up > gone)


def test_no_time_left_is_no_request(server: Server) -> None:
    before = len(server.seen)
    found = failure(model(server.url("good")), ask(deadline_s=REAL.elapsed_s() - 1))
    assert found.kind == "timeout" and len(server.seen) == before


def test_a_refused_connection() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        found = failure(model(f"http://127.0.0.1:{port}/v1"), ask())
    assert (found.kind, found.retryable) == ("connection", True)
    assert str(found).startswith(f"127.0.0.1:{port} cannot be reached")


def test_cancelling_closes_the_request(server: Server) -> None:
    gone, seen = server.hung_up, len(server.seen)
    provider = model(server.url("silent"))

    async def cancel() -> None:
        task = asyncio.create_task(provider.infer_async(ask()))
        while len(server.seen) == seen and not task.done():
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(cancel())
    assert server.wait_for(lambda: server.hung_up > gone)
    provider.close()


def test_closing_ends_a_request_under_way(server: Server) -> None:
    seen = len(server.seen)
    provider = model(server.url("silent"))
    found: list[ProviderError] = []

    def wait() -> None:
        with pytest.raises(ProviderError) as caught:
            provider.infer(ask())
        found.append(caught.value)

    thread = threading.Thread(target=wait)
    thread.start()
    assert server.wait_for(lambda: len(server.seen) > seen)
    provider.close()
    thread.join()
    assert found[0].kind == "cancelled"
    assert server.wait_for(lambda: server.hung_up > 0)


def test_calls_of_many_threads_and_of_a_loop_share_one_provider(server: Server) -> None:
    provider = model(server.url("good"))
    replies: list[ModelReply] = []
    threads = [threading.Thread(target=lambda: replies.append(provider.infer(ask()))) for _ in range(20)]
    for thread in threads:
        thread.start()

    async def many() -> list[ModelReply]:
        return await asyncio.gather(*(provider.infer_async(ask()) for _ in range(20)))

    replies += asyncio.run(many())
    for thread in threads:
        thread.join()
    provider.close()
    assert [reply.text for reply in replies] == ["fine"] * 40
    # used again, it opens again
    assert provider.infer(ask()).text == "fine"
    provider.close()


@pytest.mark.parametrize(
    ("behaviour", "modes"),
    [
        ("old", [("json_schema", True), ("json_schema", False), ("json_object", False)]),
        ("plain", [("json_schema", True), ("json_object", True), (None, True)]),
    ],
)
def test_what_a_server_refuses_is_left_out_and_not_asked_for_again(
    server: Server, behaviour: str, modes: list[tuple[str | None, bool]]
) -> None:
    provider = model(server.url(behaviour))
    before = len(server.seen)
    first = provider.infer(ask(":bool"))
    sent = [seen.body for seen in server.seen[before:]]
    shown = [(body.get("response_format", {}).get("type"), "logprobs" in body) for body in sent]
    assert shown == modes
    assert provider.infer(ask(":bool")).text == first.text
    assert server.seen[-1].body == sent[-1] and len(server.seen) == before + len(modes) + 1
    provider.close()


def test_an_answer_is_taken_from_its_wrapper(server: Server) -> None:
    provider = model(server.url("old"))
    request = ask("[:enum :yes :no]", examples=(Example("one", "no"), Example("two", '"yes"')))
    assert provider.infer(request).text == '"yes"'
    provider.close()
    messages = server.seen[-1].body["messages"]
    assert messages[0]["content"] == 'be kind\nGive it as a JSON object of the form {"answer": VALUE}.'
    assert [one["content"] for one in messages[2:5:2]] == ['{"answer": "no"}', '{"answer": "yes"}']
    assert server.seen[-1].body["response_format"]["schema"]["required"] == ["answer"]


def test_a_model_that_reasons_gets_its_limit_by_another_name_and_no_temperature(server: Server) -> None:
    provider = model(server.url("new"))
    assert provider.infer(ask()).text == "fine"
    body = server.seen[-1].body
    assert body["max_completion_tokens"] == 256 and not {"max_tokens", "temperature"} & set(body)
    provider.close()


def test_a_grammar_is_sent_in_place_of_a_schema(server: Server) -> None:
    provider = model(server.url("good"), json_schema="grammar")
    for form in ("chat", "text"):
        provider.infer(ask(":bool", form=form, grammar='root ::= "true"'))
        body = server.seen[-1].body
        assert body["grammar"] == 'root ::= "true"' and "response_format" not in body
    # a type without a grammar has its schema
    provider.infer(ask(":bool"))
    assert server.seen[-1].body["response_format"]["type"] == "json_schema"
    provider.close()


def test_strict_stays_strict(server: Server) -> None:
    found = failure(model(server.url("plain"), json_schema="strict"), ask(":bool"))
    assert found.kind == "request" and "response_format" in str(found)


@pytest.mark.parametrize("mode", ["none", "json_object"])
def test_a_mode_can_be_chosen(server: Server, mode: str) -> None:
    provider = model(server.url("good"), json_schema=mode, logprobs=False)
    provider.infer(ask(":bool"))
    provider.close()
    body = server.seen[-1].body
    assert body.get("response_format", {}).get("type", "none") == mode and "logprobs" not in body


def test_confidence_is_the_share_of_the_label(server: Server) -> None:
    provider = model(server.url("sure"))
    reply = provider.infer(ask("[:enum :yes :no]"))
    assert reply.text == '"yes"'
    assert reply.confidence == pytest.approx(2 / 3)
    assert reply.data["labels"] == pytest.approx({"yes": 2 / 3, "no": 1 / 3})
    # without probabilities there is no number
    provider = model(server.url("sure"), logprobs=False)
    assert provider.infer(ask("[:enum :yes :no]")).confidence is None
    provider.close()


@pytest.mark.parametrize(
    ("behaviour", "stop_reason"), [("good", "end"), ("filtered", "filtered"), ("cut-short", "length")]
)
def test_why_an_answer_ended(server: Server, behaviour: str, stop_reason: str) -> None:
    provider = model(server.url(behaviour))
    assert provider.infer(ask()).stop_reason == stop_reason
    provider.close()


@pytest.mark.parametrize("behaviour", ["odd-logprobs", "no-usage"])
def test_what_is_missing_is_not_made_up(server: Server, behaviour: str) -> None:
    provider = model(server.url(behaviour))
    reply = provider.infer(ask())
    assert (reply.text, reply.confidence) == ("fine", None)
    assert ("usage" in reply.data) is (behaviour == "no-usage")
    provider.close()
