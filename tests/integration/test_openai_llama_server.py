"""Remote models against llama.cpp's own server, with a tiny model that does tell sentiments apart."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import MappingProxyType

import pytest

from rtfs_runtime.delegation.answers import read_answer
from rtfs_runtime.delegation.grammar import grammar_of
from rtfs_runtime.host.world import REAL
from rtfs_runtime.providers.base import Message, ModelRequest, ModelSettings, ProviderError, Sampling
from rtfs_runtime.providers.labels import NEUTRAL
from rtfs_runtime.providers.openai import OpenAIModel
from rtfs_runtime.type_reader import read_type
from rtfs_runtime.types import conforms
from rtfs_runtime.values import Keyword
from tests.tiny_models import write_sentiment

pytestmark = [pytest.mark.servers, pytest.mark.model]

KEY = "sk-a-key-that-nobody-may-see"
FEELING = read_type("[:enum :positive :negative :neutral]")
SENTENCES = [
    ("I love this product", "positive"),
    ("The food was awful", "negative"),
    ("The box is made of cardboard", "neutral"),
]
_PATIENCE_S = 60


def serve(model: Path, *, logits_all: bool) -> tuple[subprocess.Popen[bytes], str]:
    """Start the server and wait until it answers."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [
        sys.executable, "-m", "llama_cpp.server", "--model", str(model), "--host", "127.0.0.1",
        "--port", str(port), "--n_ctx", "512", "--n_threads", "1", "--n_threads_batch", "1",
        "--logits_all", str(logits_all).lower(), "--api_key", KEY, "--verbose", "false",
    ]  # fmt: skip
    log = model.with_suffix(".log").open("wb")
    running = subprocess.Popen(
        command, stdout=log, stderr=log, env={**os.environ, "OMP_WAIT_POLICY": "passive"}
    )
    log.close()
    deadline_s = time.monotonic() + _PATIENCE_S
    while time.monotonic() < deadline_s and running.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return running, f"http://127.0.0.1:{port}/v1"
        time.sleep(0.05)
    running.kill()
    raise RuntimeError(f"the server did not start: {model.with_suffix('.log').read_text()[-1000:]}")


@pytest.fixture(scope="module", params=[True, False], ids=["with-probabilities", "without"])
def provider(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[OpenAIModel]:
    path = write_sentiment(tmp_path_factory.mktemp("models") / "sentiment.gguf", chat=True)
    running, url = serve(path, logits_all=request.param)
    env = {"OPENAI_BASE_URL": url, "OPENAI_API_KEY": KEY}
    found = OpenAIModel(ModelSettings("tiny", "openai", timeout_s=60), REAL._replace(env=env.get))
    try:
        yield found
    finally:
        found.close()
        running.terminate()
        running.wait()


def ask(text: str, **fields: object) -> ModelRequest:
    given = ModelRequest("tiny", (Message("user", text),), sampling=Sampling(max_tokens=60))
    return given._replace(**fields)  # type: ignore[arg-type]


def has_probabilities(request: pytest.FixtureRequest) -> bool:
    return "with-probabilities" in request.node.callspec.id


@pytest.mark.parametrize(("text", "label"), SENTENCES)
@pytest.mark.parametrize("form", ["chat", "text"])
def test_labels(
    provider: OpenAIModel, request: pytest.FixtureRequest, form: str, text: str, label: str
) -> None:
    reply = provider.infer(ask(text, schema=FEELING, form=form))
    assert read_answer(reply.text, FEELING) is Keyword(label)
    assert reply.usage.input_tokens > 0 and reply.usage.output_tokens > 0
    if has_probabilities(request):
        labels = reply.data["labels"]
        assert isinstance(labels, dict)
        assert reply.confidence == labels[label] > 0.9 and sum(labels.values()) <= 1 + 1e-9
    else:
        assert reply.confidence is None


@pytest.mark.parametrize(
    "kind",
    [
        ":int",
        ":bool",
        "[:vector [:enum :a :b]]",
        "[:map [:ok :bool] [:note [:enum :x] ?]]",
        "[:union :bool [:enum :maybe]]",
    ],
)
def test_answers_have_their_type(provider: OpenAIModel, kind: str) -> None:
    want = read_type(kind)
    reply = provider.infer(ask("I love this", schema=want, sampling=Sampling(max_tokens=300)))
    if reply.stop_reason == "end":
        assert conforms(read_answer(reply.text, want), want)
    else:
        # the tiny model knows no end of a number or a vector: the limit of tokens stops it
        assert reply.stop_reason == "length" and kind in (":int", "[:vector [:enum :a :b]]")


@pytest.mark.parametrize("form", ["chat", "text"])
@pytest.mark.parametrize("kind", [":bool", "[:tuple :bool :bool]", "[:map [:ok :bool] [:note [:enum :x]]]"])
def test_a_grammar_holds_answers_of_both_forms(provider: OpenAIModel, form: str, kind: str) -> None:
    env = {"OPENAI_BASE_URL": provider.version.split()[1], "OPENAI_API_KEY": KEY}
    row = ModelSettings("tiny", "openai", options=MappingProxyType({"json_schema": "grammar"}), timeout_s=60)
    held = OpenAIModel(row, REAL._replace(env=env.get))
    want = read_type(kind)
    grammar = grammar_of(want, in_text=form == "text")
    reply = held.infer(ask("I love this\n", schema=want, grammar=grammar, form=form))
    held.close()
    assert reply.stop_reason == "end" and conforms(read_answer(reply.text, want), want)


def test_free_text_and_its_end(provider: OpenAIModel, request: pytest.FixtureRequest) -> None:
    reply = provider.infer(ask("I love this product"))
    assert (reply.text, reply.stop_reason) == ("positive", "end")
    assert (reply.confidence is not None) is has_probabilities(request)


def test_the_prior_of_the_labels_is_taken_out(provider: OpenAIModel, request: pytest.FixtureRequest) -> None:
    env = {"OPENAI_BASE_URL": provider.version.split()[1], "OPENAI_API_KEY": KEY}
    options = MappingProxyType({"calibrate": True})
    row = ModelSettings("tiny", "openai", options=options, timeout_s=60)
    calibrated = OpenAIModel(row, REAL._replace(env=env.get))
    question = ask("I love it", schema=FEELING, form="text", options={NEUTRAL: ("N/A", "The")})
    assert (provider.most_requests(question), calibrated.most_requests(question)) == (1, 3)
    plain, first, second = provider.infer(question), calibrated.infer(question), calibrated.infer(question)
    calibrated.close()
    assert calibrated.version != provider.version
    assert read_answer(first.text, FEELING) is read_answer(plain.text, FEELING)
    if has_probabilities(request):
        # the model says neutral to texts without content, so its prior speaks against that
        assert first.data["labels"]["neutral"] < plain.data["labels"]["neutral"]  # type: ignore[index]
        # what the questions without content took is part of the first answer's price
        assert first.usage.input_tokens > second.usage.input_tokens == plain.usage.input_tokens
        assert first[:3] == second[:3] and calibrated.most_requests(question) == 1


def test_the_same_question_has_the_same_answer(provider: OpenAIModel) -> None:
    question = ask("I love this product", schema=FEELING)
    assert provider.infer(question)[:4] == provider.infer(question)[:4]


def test_too_long_a_prompt_is_the_requests_fault(provider: OpenAIModel) -> None:
    with pytest.raises(ProviderError, match="maximum context length") as caught:
        provider.infer(ask("word " * 3000))
    assert (caught.value.kind, caught.value.retryable) == ("request", False)


def test_a_request_the_server_cannot_read_is_not_sent_again(provider: OpenAIModel) -> None:
    with pytest.raises(ProviderError, match="answered 500") as caught:
        provider.infer(ask("hello", sampling=Sampling(temperature="hot")))  # type: ignore[arg-type]
    assert (caught.value.kind, caught.value.retryable) == ("request", False)


def test_a_wrong_key(provider: OpenAIModel) -> None:
    env = {"OPENAI_BASE_URL": provider.version.split()[1], "OPENAI_API_KEY": "sk-another-key"}
    other = OpenAIModel(
        ModelSettings("tiny", "openai", options=MappingProxyType({})), REAL._replace(env=env.get)
    )
    with pytest.raises(ProviderError, match="answered 401: Invalid API key") as caught:
        other.infer(ask("hello"))
    other.close()
    assert (caught.value.kind, caught.value.retryable) == ("request", False)
