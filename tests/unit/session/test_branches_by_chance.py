"""Random programs with branches that read and write give what running one after the other gives.

What is read is how much was written before, so a branch that overlaps where it must not is seen in a value.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from rtfs_runtime import branches
from rtfs_runtime.errors import RtfsError
from rtfs_runtime.host.capability import capability
from rtfs_runtime.host.grants import Grants
from rtfs_runtime.printer import display
from rtfs_runtime.reach import Reach
from rtfs_runtime.session import Session
from rtfsc.driver import compile_text, make_env

FUNCTIONS = ("f0", "f1", "f2", "f3")
SEEDS = range(60)


class Programs:
    """Makes programs; a function calls only those before it, and itself with a smaller number."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def program(self) -> str:
        """Make one."""
        defined = [f"(defn {name} [n] {self._body(name)})" for name in FUNCTIONS]
        names = "abcd"[: self._random.randint(2, 4)]
        branches = " ".join(f"[{name} {self._expression(FUNCTIONS, 3)}]" for name in names)
        row = f"(def row {{:f {self._random.choice(FUNCTIONS)}}})"
        return f"{' '.join(defined)} {row} (let [n 2] [(parallel {branches}) (f3 1) (parallel {branches})])"

    def _body(self, name: str) -> str:
        known = FUNCTIONS[: FUNCTIONS.index(name)]
        inner = self._expression(known, 2)
        return self._random.choice(
            [
                inner,
                f"(if (< n 1) {inner} (+ 1 ({name} (- n 1))))",
                f"(loop [k 0 s 0] (if (< k 2) (recur (+ k 1) (+ s {inner})) s))",
                f"(try {inner} (catch DivisionByZero e 7))",
            ]
        )

    def _expression(self, known: tuple[str, ...], depth: int) -> str:
        pick = self._random.choice
        simple: list[Callable[[], str]] = [
            lambda: "(call :t/read n)",
            lambda: "(call :t/read 1)",
            lambda: "n",
            lambda: "(/ 6 n)",
        ]
        if self._random.random() < 0.3:
            simple.append(lambda: "(call :t/write n)")
        if known:
            simple += [lambda: f"({pick(known)} 1)", lambda: f"(reduce + 0 (map {pick(known)} [1 0]))"]
            simple += [lambda: f"((comp inc {pick(known)}) 1)", lambda: f"(let [g {pick(known)}] (g n))"]
        if depth == 0:
            return pick(simple)()

        def below() -> str:
            return self._expression(known, depth - 1)

        compound = [
            *simple,
            lambda: f"(+ {below()} {below()})",
            lambda: f'(step "s" {below()})',
            lambda: f"(if (> {below()} 2) {below()} {below()})",
            lambda: f"(match {below()} 1 {below()} _ {below()})",
            lambda: f"(do {below()} {below()})",
            lambda: f"(:a (parallel [a {below()}] [b {below()}]))",
            lambda: f"(last (step-parallel {below()} {below()}))",
        ]
        if known == FUNCTIONS:
            compound.append(lambda: "((:f row) 1)")
        return pick(compound)()


def outcome(text: str) -> tuple[str, list[object], list[tuple[str, str]]]:
    """Run a program: its value or error, what it wrote in which order, where its effects were."""
    written: list[object] = []
    lock = threading.Lock()

    @capability("t/read", effects="reads")
    def read(_value: object) -> int:
        for _ in range(3):
            # lets other threads go first
            time.sleep(0)
        with lock:
            return len(written)

    @capability("t/write", effects="writes")
    def write(value: object) -> int:
        with lock:
            written.append(value)
            return len(written)

    env = make_env(())
    session = Session(modules=env.modules, capabilities=(read, write), grants=Grants.parse(["t/*"]))
    artifact: Any = compile_text(text, env=env).artifact
    try:
        said = display(session.evaluate(artifact).value)
    except RtfsError as error:
        return str(error), written, []
    places = sorted((event.path, event.name) for event in session.last_trace)
    return said, written, places


@pytest.mark.parametrize("seed", SEEDS)
def test_a_random_program_gives_what_it_gives_in_order(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    text = Programs(seed).program()
    overlapped = outcome(text)
    monkeypatch.setattr(branches, "reach", lambda *_given: Reach.WRITES)
    assert overlapped == outcome(text), text


def test_random_programs_do_overlap(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[int] = []

    class Counted(branches.Job[None]):
        def start(self) -> None:
            started.append(1)
            super().start()

    monkeypatch.setattr(branches, "Job", Counted)
    for seed in SEEDS[:20]:
        outcome(Programs(seed).program())
    assert len(started) > 20
