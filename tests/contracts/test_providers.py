"""What every model provider keeps to; a provider adds a way to make itself."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest

from rtfs_runtime.delegation.grammar import grammar_of
from rtfs_runtime.host.world import REAL
from rtfs_runtime.providers.arbiter import RemoteArbiterModel
from rtfs_runtime.providers.arbiter_server import ArbiterServer
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
from rtfs_runtime.providers.echo import LocalEchoModel
from rtfs_runtime.providers.registry import PROVIDERS, ModelRegistry
from rtfs_runtime.providers.rules import Rule, RulesModel
from rtfs_runtime.providers.scripted import ScriptedModel
from rtfs_runtime.type_reader import read_type
from tests.integration.misbehaving_server import Server

LABELS = read_type("[:enum :positive :negative :neutral]")
REQUEST = ModelRequest(
    "m",
    (Message("user", "Text: I love this\nTone:"),),
    "Tell the tone of a text.\n\n",
    sampling=Sampling(stop=("\n",)),
    schema=LABELS,
    schema_text="[:enum :positive :negative :neutral]",
    grammar=grammar_of(LABELS, in_text=True),
    examples=(Example("Text: awful\nTone:", " negative\n\n"),),
    form="text",
)


def _llama(folder: Path) -> ModelProvider:
    pytest.importorskip("llama_cpp", reason="local models need the extra `llm`")
    from tests.tiny_models import write_sentiment

    file = write_sentiment(folder / "tiny.gguf")
    return PROVIDERS["llama"].make(ModelSettings("m", "llama", file=file), REAL)


@cache
def _server() -> Server:
    # its thread ends with the process
    return Server().__enter__()


def _openai(_folder: Path) -> ModelProvider:
    env = {"OPENAI_BASE_URL": _server().url("good"), "OPENAI_API_KEY": "sk-some-key"}
    return PROVIDERS["openai"].make(ModelSettings("m", "openai"), REAL._replace(env=env.get))


@cache
def _arbiter_endpoint() -> str:
    registry = ModelRegistry()
    registry.register(ScriptedModel("far", {"love": "positive"}))
    server = ArbiterServer(("127.0.0.1", 0), registry, "", REAL.elapsed_s)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_port}"


def _arbiter(_folder: Path) -> ModelProvider:
    return RemoteArbiterModel("m", _arbiter_endpoint(), model="far")


MAKERS: dict[str, Callable[[Path], ModelProvider]] = {
    "echo": lambda _: LocalEchoModel("m", ""),
    "scripted": lambda _: ScriptedModel("m", {"love": "positive"}),
    "rules": lambda _: RulesModel("m", (Rule("positive", "love"),), default="neutral"),
    "llama": _llama,
    "openai": _openai,
    "arbiter": _arbiter,
}
MARKS = {"llama": pytest.mark.model, "openai": pytest.mark.servers, "arbiter": pytest.mark.servers}
MODELS = [pytest.param(name, marks=MARKS.get(name, ())) for name in MAKERS]


@pytest.fixture(params=MODELS)
def provider(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[ModelProvider]:
    monkeypatch.setenv("RTFS_CACHE_DIR", str(tmp_path / "cache"))
    made = MAKERS[request.param](tmp_path)
    yield made
    made.close()


def timeless(reply: ModelReply) -> ModelReply:
    return reply._replace(latency_s=0.0)


def test_the_version_is_known_before_anything_is_asked(provider: ModelProvider) -> None:
    assert isinstance(provider, ModelProvider) and provider.id == "m"
    version = provider.version
    assert version and provider.infer(REQUEST).model_version == version == provider.version


def test_the_same_request_has_the_same_reply(provider: ModelProvider) -> None:
    first = timeless(provider.infer(REQUEST))
    assert timeless(provider.infer(REQUEST)) == first
    assert timeless(asyncio.run(provider.infer_async(REQUEST))) == first


def test_a_reply_is_whole(provider: ModelProvider) -> None:
    reply = provider.infer(REQUEST)
    assert reply.text and reply.stop_reason == "end"
    assert reply.confidence is None or 0 <= reply.confidence <= 1
    assert reply.usage.input_tokens > 0 and reply.usage.output_tokens > 0 and reply.latency_s >= 0


def test_many_threads_are_answered(provider: ModelProvider) -> None:
    wanted = timeless(provider.infer(REQUEST))
    found: list[ModelReply] = []
    threads = [
        threading.Thread(target=lambda: found.append(timeless(provider.infer(REQUEST)))) for _ in range(16)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [wanted] * 16


def test_a_closed_provider_can_be_closed_again(provider: ModelProvider) -> None:
    provider.close()
    provider.infer(REQUEST)
    provider.close()
    provider.close()


def test_what_cannot_be_answered_is_a_provider_error(provider: ModelProvider) -> None:
    """Every failure is a ProviderError with a kind, or an answer: nothing else leaves a provider."""
    hostile = [
        REQUEST._replace(messages=(Message("user", "x" * 100_000),)),
        REQUEST._replace(messages=(Message("user", "\x00 <|im_start|> \U0001f600"),)),
        REQUEST._replace(grammar="root ::= (", schema=None),
        REQUEST._replace(deadline_s=0.0),
    ]
    for request in hostile:
        try:
            assert provider.infer(request).model_version == provider.version
        except ProviderError as error:
            assert str(error) and error.kind
