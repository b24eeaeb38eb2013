"""Asynchronous callers: what a plan waits for is waited for on their loop, and ends when they cancel."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from rtfs_runtime.planmodule import plan_function
from rtfs_runtime.providers.base import ModelReply, ModelRequest
from rtfs_runtime.session import Session
from rtfs_runtime.trace import Event
from rtfs_runtime.values import Keyword
from rtfsc.driver import compile_text, make_env

PATIENCE_S = 20.0
PLAN = """
(defn ask ^:delegation :local-model "m" [x :string] "Say.")
(defn both [x] (parallel [a (ask x)] [b (ask (str x "!"))]))
"""


class Loops:
    """A model that answers on the loop of whoever asks, when `together` calls wait."""

    id = "m"
    version = "loops"

    def __init__(self, together: int) -> None:
        self._together = together
        self._waiting: list[asyncio.Event] = []
        self.loops: list[object] = []
        self.cancelled = 0
        self.asked = asyncio.Event()

    def infer(self, request: ModelRequest) -> ModelReply:
        raise AssertionError("an asynchronous caller is given the asynchronous twin")

    async def infer_async(self, request: ModelRequest) -> ModelReply:
        self.loops.append(asyncio.get_running_loop())
        self.asked.set()
        mine = asyncio.Event()
        self._waiting.append(mine)
        if len(self._waiting) == self._together:
            for each in self._waiting:
                each.set()
        try:
            await asyncio.wait_for(mine.wait(), PATIENCE_S)
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        return ModelReply(request.text.upper())

    def close(self) -> None:
        """Hold nothing."""


def open_plan(model: Loops, **given: Any) -> tuple[Session, Any]:
    env = make_env(())
    session = Session(modules=env.modules, **given)
    session.registry.register(model)
    session.evaluate(compile_text(PLAN, env=env).artifact, "plan.rtfs")
    return session, session.instances["<text>"]


async def until(done: Callable[[], bool]) -> None:
    """Let the loop and other threads go on until something holds."""
    async with asyncio.timeout(PATIENCE_S):
        while not done():
            await asyncio.sleep(0)


def test_calls_of_one_plan_wait_on_the_callers_loop_together() -> None:
    async def main() -> None:
        model = Loops(2)
        _, instance = open_plan(model)
        ask: Any = plan_function(instance, "ask")
        assert await asyncio.gather(ask.aio("a"), ask.aio("b")) == ["A", "B"]
        assert set(model.loops) == {asyncio.get_running_loop()}

    asyncio.run(main())


def test_branches_wait_on_the_callers_loop_together() -> None:
    async def main() -> None:
        model = Loops(2)
        _, instance = open_plan(model)
        both: Any = plan_function(instance, "both")
        assert await both.aio("a") == {Keyword("a"): "A", Keyword("b"): "A!"}
        assert set(model.loops) == {asyncio.get_running_loop()}

    asyncio.run(main())


@pytest.mark.parametrize(("name", "calls"), [("ask", 1), ("both", 2)])
def test_cancelling_a_call_closes_its_attempts(name: str, calls: int) -> None:
    ended: list[Event] = []

    async def main() -> None:
        model = Loops(99)
        _, instance = open_plan(model, sink=ended.append)
        function: Any = plan_function(instance, name)
        task = asyncio.ensure_future(function.aio("a"))
        await until(lambda: len(model.loops) == calls)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await until(lambda: model.cancelled == calls)
        await until(lambda: sum(event.kind == "model" for event in ended) == calls)
        assert [event.failed for event in ended if event.kind in ("attempt", "model")] == [True] * 2 * calls

    asyncio.run(main())
