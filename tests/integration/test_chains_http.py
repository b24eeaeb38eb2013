"""Chains whose first model is behind a server that misbehaves: what a plan, its trace and the servers see."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

import rtfsc
from rtfs_runtime.errors import RtfsError
from rtfs_runtime.host.world import REAL
from rtfs_runtime.printer import display
from rtfs_runtime.session import Session
from rtfs_runtime.trace import render_tree
from tests.integration.misbehaving_server import Server

pytestmark = pytest.mark.servers

PLAN = """
(defn ask [x :int] :int "Give a number.")
(defn both [] (parallel [a (ask 1)] [b (ask 2)]))
"""
POLICY = """
[models.bad]
provider = "openai"
base_url_env = "BAD"
timeout_s = 20
[models.good]
provider = "openai"
base_url_env = "GOOD"
[[rules]]
match = "plan/ask"
target = "remote:bad"
fallback = ["remote:good"]
attempts = 3
[cooldown]
window_s = 60
[cache]
l2 = false
"""


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with Server() as running:
        yield running


class Bench(NamedTuple):
    """A session, the server, and the waits that nobody sat through."""

    session: Session
    server: Server
    waits: list[float]
    folder: Path

    def ask(self, number: int = 1) -> object:
        """Call the function once."""
        return self.session.run(self.folder / "plan.rtfs", "ask", [number]).value

    def trace(self) -> str:
        """Show the last run."""
        return render_tree(self.session.last_trace, times=False)


def bench(server: Server, folder: Path, bad: str, policy: str = POLICY, good: str = "number") -> Bench:
    (folder / "plan.rtfs").write_text(PLAN)
    (folder / "delegation.toml").write_text(policy)
    waits: list[float] = []

    def sleep(seconds: float) -> None:
        waits.append(seconds)

    env = {"BAD": bad if "://" in bad else server.url(bad), "GOOD": server.url(good)}
    world = REAL._replace(
        env=env.get, sleep_s=sleep, elapsed_s=lambda: REAL.elapsed_s() + sum(waits), random=lambda: 1.0
    )
    chosen = rtfsc.load_policy(folder / "delegation.toml")
    return Bench(rtfsc.Session(policy=chosen, world=world), server, waits, folder)


@pytest.mark.parametrize(
    ("behaviour", "asked", "waits", "reason"),
    [
        ("429", 2, [7.0], "answered 429: slow down"),
        ("500", 2, [0.5], "answered 500: out of memory"),
        ("503", 2, [0.5], "answered 503"),
        ("500-validation", 1, [], "1 validation error"),
        ("tells-the-key", 1, [], "answered 401"),
        ("redirect", 1, [], "not followed"),
        ("no-json", 2, [0.5], "it is no JSON"),
        ("wrong-type", 2, [0.5], "its choice has no text"),
        ("cut-body", 2, [0.5], "broke off its answer"),
        ("hang-up", 2, [0.5], "cannot be reached"),
        ("drip-headers", 2, [0.5], "has not answered within"),
        ("drip-body", 2, [0.5], "has not finished its answer within"),
    ],
)
def test_a_server_that_fails_is_retried_where_that_helps_and_then_passed_over(
    server: Server, tmp_path: Path, behaviour: str, asked: int, waits: list[float], reason: str
) -> None:
    patience_s = 1 if "drip" in behaviour else 20
    found = bench(server, tmp_path, behaviour, POLICY.replace("timeout_s = 20", f"timeout_s = {patience_s}"))
    before = len(server.seen)
    assert found.ask() == 42
    assert [seen.behaviour for seen in server.seen[before:]] == [behaviour] * asked + ["number"]
    assert found.waits == waits
    trace = found.trace()
    assert reason in trace and f"attempts: {asked + 1}" in trace
    assert trace.count("attempt remote:bad") == asked and trace.count("attempt remote:good") == 1
    # what could not be reached or did not work is left alone by the next call
    unwell = behaviour not in (
        "500-validation",
        "tells-the-key",
        "redirect",
        "no-json",
        "wrong-type",
        "cut-body",
    )
    before = len(server.seen)
    assert found.ask() == 42
    assert (server.seen[before].behaviour == "number") is unwell
    found.session.close()


def test_a_refused_connection_falls_back(server: Server, tmp_path: Path) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        found = bench(server, tmp_path, f"http://127.0.0.1:{unused.getsockname()[1]}/v1")
        assert found.ask() == 42
    assert "cannot be reached" in found.trace()
    found.session.close()


def test_a_wrong_answer_is_shown_to_the_model_once(server: Server, tmp_path: Path) -> None:
    found = bench(server, tmp_path, "good")
    before = len(server.seen)
    assert found.ask() == 42
    first, second, third = server.seen[before:]
    assert [first.behaviour, second.behaviour, third.behaviour] == ["good", "good", "number"]
    said = [(one["role"], one["content"]) for one in second.body["messages"][-2:]]
    assert said[0] == ("assistant", '{"answer": "fine"}')
    assert said[1][0] == "user" and "the answer is no :int: fine" in said[1][1]
    found.session.close()


def test_when_everybody_fails_the_plan_hears_of_each(server: Server, tmp_path: Path) -> None:
    found = bench(server, tmp_path, "500", good="404")
    with pytest.raises(RtfsError) as caught:
        found.ask()
    text = str(caught.value)
    assert "remote:bad: " in text and "out of memory" in text
    assert "remote:good: " in text and "no model of that name" in text
    found.session.close()


def test_cancelling_a_run_closes_its_request(server: Server, tmp_path: Path) -> None:
    policy = POLICY.replace("timeout_s = 20", "timeout_s = 3600")
    found = bench(server, tmp_path, "silent", policy)
    seen, gone = len(server.seen), server.hung_up

    async def cancel() -> None:
        run = asyncio.create_task(found.session.arun(tmp_path / "plan.rtfs", "ask", [1]))
        while len(server.seen) == seen and not run.done():
            await asyncio.sleep(0.01)
        run.cancel()
        with pytest.raises(asyncio.CancelledError):
            await run

    asyncio.run(cancel())
    assert server.wait_for(lambda: server.hung_up > gone)
    assert len(server.seen) == seen + 1
    found.session.close()


def test_branches_of_parallel_ask_at_the_same_time(server: Server, tmp_path: Path) -> None:
    found = bench(server, tmp_path, "one-of-two")
    # the server answers nobody until two requests wait
    value = found.session.run(tmp_path / "plan.rtfs", "both", []).value
    assert display(value) == "{:a 42 :b 42}"
    found.session.close()


def test_a_budget_of_calls_is_kept(server: Server, tmp_path: Path) -> None:
    found = bench(server, tmp_path, "number", POLICY + "[budget]\nagent = { calls = 3 }\n")
    before = len(server.seen)
    for number in range(3):
        assert found.ask(number) == 42
    with pytest.raises(RtfsError, match="budget") as caught:
        found.ask(9)
    assert caught.value.kind == "BudgetExhausted"
    assert len(server.seen) == before + 3
    found.session.close()
