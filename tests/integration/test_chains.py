"""Chains of targets over a real server that fails: what a plan gets, and what the server is asked."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import rtfsc
from tests.integration.misbehaving_server import Server

pytest.importorskip("httpx")
pytestmark = pytest.mark.servers

PLAN = '(module plan (:exports [title]) (defn title [text :string] :string (str "local " text)))'
MODEL = '[models.{0}]\nprovider = "openai"\nbase_url_env = "URL_{0}"\njson_schema = "none"\n'
POLICY = MODEL.format("a") + MODEL.format("b") + "[retry]\nbase_s = 0.001\nmax_s = 0.002\npatience_s = 1\n"
RULE = '[[rules]]\nmatch = "plan/title"\ntarget = "remote:a"\nattempts = 3\n'


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with Server() as running:
        yield running


class Bench:
    """A session whose models `a` and `b` are at the server, each behaving as it is told."""

    def __init__(self, folder: Path, server: Server, monkeypatch: pytest.MonkeyPatch, **models: str) -> None:
        self.server = server
        for model, behaviour in models.items():
            url = behaviour if ":" in behaviour else server.url(behaviour)
            monkeypatch.setenv(f"URL_{model}", url)
        (folder / "plan.rtfs").write_text(PLAN)
        self.folder = folder
        self.before = len(server.seen)
        self.session: Any = None

    def load(self, rule: str) -> Bench:
        path = self.folder / "delegation.toml"
        path.write_text(POLICY + rule)
        self.session = rtfsc.Session(policy=rtfsc.load_policy(path), search_path=(str(self.folder),))
        return self

    def call(self, text: str = "t") -> object:
        return self.session.call("plan", "title", text).value

    def asked(self) -> Counter[str]:
        return Counter(seen.behaviour for seen in self.server.seen[self.before :])


@pytest.fixture
def bench(tmp_path: Path, server: Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    made: list[Bench] = []

    def make(**models: str) -> Bench:
        made.append(Bench(tmp_path, server, monkeypatch, **models))
        return made[-1]

    yield make
    for one in made:
        one.session.close()


@pytest.mark.parametrize(
    ("behaviour", "times"),
    [
        ("500", 2),
        ("503", 2),
        ("408", 2),
        ("500-validation", 1),
        ("400", 1),
        ("404", 1),
        ("429", 1),
        ("no-json", 2),
        ("wrong-type", 2),
        ("cut-body", 2),
        ("hang-up", 2),
        ("redirect", 1),
    ],
)
def test_each_failure_falls_back_after_as_many_requests_as_it_deserves(
    bench: Any, behaviour: str, times: int
) -> None:
    one = bench(a=behaviour, b="good").load(RULE + 'fallback = ["remote:b"]\n[cooldown]\nwindow_s = 60\n')
    assert one.call() == "fine"
    asked = one.asked()
    assert asked["good"] == 1
    assert asked[behaviour] == times


def test_a_refused_connection_falls_back_to_the_body(bench: Any) -> None:
    one = bench(a="http://127.0.0.1:9/v1").load(RULE + 'fallback = ["local"]\n')
    assert one.call() == "local t"


def test_a_target_that_failed_is_not_asked_again_in_its_window(bench: Any) -> None:
    one = bench(a="503", b="good").load(RULE + 'fallback = ["remote:b"]\n[cooldown]\nwindow_s = 600\n')
    assert [one.call(f"{number}") for number in range(5)] == ["fine"] * 5
    assert one.asked() == {"503": 2, "good": 5}


def test_the_end_of_a_chain_names_every_reason(bench: Any) -> None:
    one = bench(a="404", b="no-json").load(RULE + 'fallback = ["remote:b"]\n')
    with pytest.raises(rtfsc.RtfsError) as caught:
        one.call()
    reason = str(caught.value.fields["reason"])
    assert reason.startswith("remote:a: ") and "; remote:b: " in reason


def test_slow_headers_end_with_the_time_of_the_call(bench: Any) -> None:
    one = bench(a="silent", b="good").load(
        '[[rules]]\nmatch = "plan/title"\ntarget = "remote:a"\ntimeout_s = 0.3\n'
    )
    with pytest.raises(rtfsc.RtfsError) as caught:
        one.call()
    assert caught.value.kind == "DelegationError"


def test_a_thousand_calls_at_once_stay_within_the_budget(bench: Any) -> None:
    one = bench(a="good").load(
        RULE + 'fallback = ["local"]\ncache = { l2 = false }\n[budget]\nagent = { calls = 37 }\n'
    )
    found: list[object] = []
    threads = [
        threading.Thread(
            target=lambda start: found.extend(one.call(f"{start + step}") for step in range(25)), args=(at,)
        )
        for at in range(0, 1000, 25)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    answers = Counter("fine" if value == "fine" else "local" for value in found)
    assert answers == {"fine": 37, "local": 963}
    assert one.asked() == {"good": 37}
