"""The examples do what their expected output says, under every way of running that must not matter."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

from rtfs_runtime.delegation import policy_reader as policy
from rtfs_runtime.host.grants import Grants
from rtfs_runtime.host.world import REAL, World
from rtfs_runtime.session import Result, Session
from rtfs_runtime.trace import render_tree
from rtfsc.driver import make_env
from rtfsc.options import Options

ROOT = Path(__file__).parents[1]
TRIAGE = ROOT / "examples" / "triage"
PLAN = TRIAGE / "main.rtfs"
EXPECTED = (TRIAGE / "expected.txt").read_text()


def run(*args: str, level: int = 1, world: World = REAL) -> tuple[str, Result]:
    """Run the triage as `rtfsc run` does without flags."""
    out = io.StringIO()
    found = policy.find(None, PLAN)
    assert found is not None
    session = Session(
        modules=make_env((str(TRIAGE),), Options(level=level)).modules,
        grants=Grants.for_run(PLAN),
        policy=policy.load_policy(found),
        output=out,
        world=world,
    )
    result = session.run(PLAN, None, args)
    return out.getvalue(), result


@pytest.mark.parametrize("level", [0, 1])
def test_triage(level: int) -> None:
    text, result = run(level=level)
    assert text == EXPECTED
    assert result.value is None
    assert result.cost.model_calls == 11


def test_triage_of_standard_input() -> None:
    lines = (TRIAGE / "tickets.jsonl").read_text().splitlines(keepends=True)
    text, _ = run("-", world=REAL._replace(read_line=iter([*lines, ""]).__next__))
    assert text == EXPECTED


def test_triage_of_one_ticket() -> None:
    ticket = '{"id": "A", "tier": "free", "from": "x", "subject": "Invoice", "body": "A refund, please."}\n'
    text, _ = run("-", world=REAL._replace(read_line=iter([ticket, ""]).__next__))
    assert text == (
        "1 ticket, 0 to page\n"
        "A       low      0   billing   billing      in 72 h    Invoice\n"
        "\nQueues\n  billing      1\n"
    )


def test_the_trace_of_triage_shows_who_answered() -> None:
    _, result = run()
    lines = render_tree(result.trace, times=False).splitlines()
    asked = [line for line in lines if "model classify/topic" in line]
    assert len(asked) == 11
    assert "→ :security  [target: local-model:support-topic, reason: Hint on topic, by: hint" in asked[4]


def test_triage_from_the_command_line() -> None:
    paths = os.pathsep.join([str(ROOT), str(ROOT / "runtime")])
    ended = subprocess.run(
        [sys.executable, "-m", "rtfsc", "run", "examples/triage/main.rtfs"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": paths},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    assert (ended.stdout, ended.stderr, ended.returncode) == (EXPECTED, "", 0)
