"""One machine asks the models of another: the client, `rtfsc arbiter serve`, and what goes wrong between."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import pytest

import rtfsc
from rtfs_runtime.host.world import REAL
from rtfs_runtime.providers.arbiter import RemoteArbiterModel
from rtfs_runtime.providers.arbiter_server import ArbiterServer
from rtfs_runtime.providers.base import Message, ModelReply, ModelRequest, ProviderError
from rtfs_runtime.providers.registry import ModelRegistry
from rtfs_runtime.providers.scripted import Answer, ScriptedModel
from tests.integration.misbehaving_server import Server

pytestmark = pytest.mark.servers

ROOT = Path(__file__).parents[2]
KEY = "a-key-that-nobody-may-see"


class Waiting:
    """A model that answers when it is let."""

    id = "waiting"
    version = "waiting"

    def __init__(self) -> None:
        self.let = threading.Event()
        self.deadlines: list[float | None] = []

    def infer(self, request: ModelRequest) -> ModelReply:
        self.deadlines.append(request.deadline_s)
        self.let.wait()
        return ModelReply("at last")

    async def infer_async(self, request: ModelRequest) -> ModelReply:
        raise NotImplementedError

    def close(self) -> None:
        pass


class Broken(Waiting):
    """A model with a bug."""

    id = "broken"

    def infer(self, request: ModelRequest) -> ModelReply:
        raise RuntimeError("a bug")


@pytest.fixture
def registry() -> Iterator[ModelRegistry]:
    waiting = Waiting()
    made = ModelRegistry()
    made.register(ScriptedModel("m", (Answer("hello", "hi", 0.75),)))
    made.register(waiting)
    made.register(Broken())
    yield made
    waiting.let.set()


@pytest.fixture
def endpoint(registry: ModelRegistry) -> Iterator[str]:
    server = ArbiterServer(("127.0.0.1", 0), registry, KEY, REAL.elapsed_s)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/arbiter"
    server.shutdown()
    thread.join()
    server.server_close()


def model(endpoint: str, name: str = "m", key: str = KEY) -> RemoteArbiterModel:
    world = REAL._replace(env={"RTFS_ARBITER_KEY": key}.get)
    return RemoteArbiterModel("here", endpoint, model=name, world=world)


def ask(text: str = "hello", **fields: object) -> ModelRequest:
    return ModelRequest("here", (Message("user", text),))._replace(**fields)  # type: ignore[arg-type]


def failure(provider: RemoteArbiterModel, request: ModelRequest) -> ProviderError:
    with pytest.raises(ProviderError) as caught:
        provider.infer(request)
    provider.close()
    assert KEY not in str(caught.value)
    return caught.value


def test_an_answer(endpoint: str) -> None:
    provider = model(endpoint)
    reply = provider.infer(ask())
    assert (reply.text, reply.confidence, reply.model_version) == ("hi", 0.75, provider.version)
    assert str(reply.data["served"]).startswith("scripted ")
    assert provider.infer(ask())[:4] == reply[:4]
    provider.close()


@pytest.mark.parametrize(
    ("name", "text", "kind", "retryable", "said"),
    [
        ("m", "zzz", "request", False, "no scripted answer matches the prompt: zzz"),
        ("other", "hello", "request", False, "no model `other` is served; there are m, waiting, broken"),
        ("broken", "hello", "http", True, "RuntimeError: a bug"),
    ],
)
def test_failures_of_the_other_side(
    endpoint: str, name: str, text: str, kind: str, retryable: bool, said: str
) -> None:
    found = failure(model(endpoint, name), ask(text))
    assert (found.kind, found.retryable) == (kind, retryable) and said in str(found)


def test_a_wrong_key(endpoint: str) -> None:
    found = failure(model(endpoint, key="another-key"), ask())
    assert found.kind == "request" and "401" in str(found) and "RTFS_ARBITER_KEY" in str(found)


def test_the_deadline_goes_along(endpoint: str, registry: ModelRegistry) -> None:
    before_s = REAL.elapsed_s()
    found = failure(model(endpoint, "waiting"), ask(deadline_s=before_s + 1))
    assert found.kind == "timeout"
    waiting = registry.get("waiting")
    assert isinstance(waiting, Waiting) and waiting.deadlines[0] is not None
    assert before_s < waiting.deadlines[0] < REAL.elapsed_s() + 1


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/other", {}, 404),
        ("/arbiter", {"authorization": "Bearer x"}, 401),
        ("/arbiter", {"authorization": ""}, 401),
        # what a page of another site may send without asking
        ("/arbiter", {"content-type": "text/plain"}, 415),
        ("/arbiter", {"content-length": "99999999999999999999"}, 413),
        ("/arbiter", {"content-length": "-1"}, 411),
    ],
)
def test_requests_that_are_refused_unread(
    endpoint: str, path: str, headers: dict[str, str], status: int
) -> None:
    sent = {"authorization": f"Bearer {KEY}", "content-type": "application/json", "content-length": "2"}
    # a client that sends what no library would
    connection = HTTPConnection(urlsplit(endpoint).netloc, timeout=20)
    connection.request("POST", path, headers=sent | headers)
    found = connection.getresponse()
    assert found.status == status and "message" in json.loads(found.read())["error"]
    connection.close()


@pytest.mark.parametrize(
    ("behaviour", "kind"), [("no-json", "answer"), ("list", "answer"), ("good", "answer"), ("500", "http")]
)
def test_servers_that_are_no_arbiter(behaviour: str, kind: str) -> None:
    with Server() as other:
        found = failure(model(other.url(behaviour)), ask())
    assert (found.kind, found.retryable) == (kind, True)


def test_the_command_serves_the_models_of_a_policy(tmp_path: Path) -> None:
    (tmp_path / "answers.toml").write_text('[[answers]]\nmatch = "."\ntext = "7"\n')
    (tmp_path / "delegation.toml").write_text('[models.m]\nprovider = "scripted"\nfile = "answers.toml"\n')
    env = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'runtime'}", "RTFS_ARBITER_KEY": KEY}
    serving = subprocess.Popen(
        [sys.executable, "-m", "rtfsc", "arbiter", "serve", "--port", "0"],
        cwd=tmp_path,
        env=env,
        stderr=subprocess.PIPE,
        text=True,
        # a job in the background of a shell hears no interrupts, nor do its children
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    try:
        assert serving.stderr is not None
        first, second = serving.stderr.readline(), serving.stderr.readline()
        endpoint = re.fullmatch(r"at (http://127\.0\.0\.1:[0-9]+/arbiter)\n", second)
        assert endpoint is not None and re.search(r"\bm\b", first)
        client = tmp_path / "client"
        client.mkdir()
        row = f'[models.far]\nprovider = "arbiter"\nendpoint = "{endpoint[1]}"\nmodel = "m"\n'
        (client / "delegation.toml").write_text(row)
        (client / "plan.rtfs").write_text('(defn f ^:delegation :remote "far" [x] :int "Count.")')
        world = REAL._replace(env={"RTFS_ARBITER_KEY": KEY}.get)
        session = rtfsc.Session(policy=rtfsc.load_policy(client / "delegation.toml"), world=world)
        assert session.run(client / "plan.rtfs", "f", ["x"]).value == 7
        session.close()
    finally:
        serving.send_signal(signal.SIGINT)
        assert serving.wait(20) == 130
        serving.stderr.close()


@pytest.mark.parametrize(
    ("arguments", "key", "text"),
    [
        (["--host", "0.0.0.0"], "", "put a key into the variable RTFS_ARBITER_KEY"),
        (["--port", "TAKEN"], "", "cannot listen at 127.0.0.1:"),
        (["--policy", "no.toml"], "", "there is no policy no.toml"),
        ([], "a\nkey", "the variable RTFS_ARBITER_KEY holds no key"),
    ],
)
def test_what_the_command_refuses(arguments: list[str], key: str, text: str, tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        given = [one.replace("TAKEN", str(taken.getsockname()[1])) for one in arguments]
        ended = subprocess.run(
            [sys.executable, "-m", "rtfsc", "arbiter", "serve", *given],
            cwd=tmp_path,
            env={
                **os.environ,
                "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'runtime'}",
                "RTFS_ARBITER_KEY": key,
            },
            capture_output=True,
            text=True,
        )
    assert ended.returncode == 2 and text in ended.stderr and "Traceback" not in ended.stderr
