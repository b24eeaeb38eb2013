"""The examples do what their expected output says, under every way of running that must not matter."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

import rtfsc
from rtfs_runtime.delegation import policy_reader as policy
from rtfs_runtime.host.grants import Grants
from rtfs_runtime.host.world import REAL, World
from rtfs_runtime.printer import display
from rtfs_runtime.providers.llama.places import find_model
from rtfs_runtime.session import Result, Session
from rtfs_runtime.trace import render_tree
from rtfs_runtime.values import Keyword
from rtfsc.cli.sessions import run_session
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


def cascade(world: World, sentences: tuple[str, ...]) -> tuple[list[str], str]:
    """Run the cascade; gives the tones, and the trace."""
    plan = ROOT / "examples" / "cascade" / "tone.rtfs"
    chosen = rtfsc.load_policy(plan.with_name("delegation.toml"))
    session = rtfsc.Session(grants=Grants.for_run(plan), policy=chosen, world=world)
    result = session.run(plan, None, sentences)
    session.close()
    assert isinstance(result.value, tuple)
    return [str(row[Keyword("tone")]) for row in result.value], render_tree(result.trace, times=False)


def test_the_cascade_without_models_falls_back_on_its_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RTFS_MODELS_DIR", str(tmp_path))
    tones, trace = cascade(REAL._replace(env={}.get), ("I love it", "An awful day", "It is a table"))
    assert tones == [":positive", ":negative", ":neutral"]
    # the sentences with a telling word ask nobody else
    assert trace.count("attempt local-model:words") == 3 and trace.count("attempt local-model:small") == 1
    assert "rtfsc models pull smollm2-135m-instruct" in trace
    assert "model `large` needs the address of its server in the variable OPENAI_BASE_URL" in trace


def test_the_sentences_of_the_cascade_are_labelled_evenly() -> None:
    lines = (ROOT / "examples" / "cascade" / "sentences.tsv").read_text().splitlines()
    labels = [line.split("\t")[0] for line in lines]
    assert [labels.count(one) for one in ("positive", "negative", "neutral")] == [20, 20, 20]
    assert len(set(lines)) == 60


SENTIMENT = ROOT / "examples" / "sentiment"


@pytest.mark.parametrize("name", ["delegation.toml", "server.toml", "local.toml"])
def test_sentiment_has_policies_that_can_be_read(name: str) -> None:
    assert policy.load_policy(SENTIMENT / name).policy_matches("sentiment/tone")


def sentiment(name: str) -> str:
    """Run the example under one of its policies."""
    session = run_session(str(SENTIMENT / "sentiment.rtfs"), None, None, str(SENTIMENT / name))
    texts = ["I love it", "The door is broken", "It is Monday"]
    value = session.run(SENTIMENT / "sentiment.rtfs", None, texts).value
    session.close()
    return display(tuple(row[Keyword("tone")] for row in value))  # type: ignore[index, attr-defined]


def test_sentiment_from_a_script() -> None:
    assert sentiment("delegation.toml") == "[:positive :negative :neutral]"


@pytest.mark.model
def test_sentiment_from_a_model_on_this_machine() -> None:
    pytest.importorskip("llama_cpp", reason="local models need the extra `llm`")
    if find_model("gemma-3-270m") is None:
        pytest.skip("needs `rtfsc models pull gemma-3-270m`")
    assert sentiment("local.toml") == "[:positive :negative :neutral]"
