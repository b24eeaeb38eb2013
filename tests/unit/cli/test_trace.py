"""`rtfsc trace`: the last run as a tree, lists, records, pages, replays; what is said when there is none."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from rtfs_runtime.userdirs import state_directory
from rtfsc.cli.app import main

PLAN = """
(defn topic ^:delegation :local-model "topics" [text :string] :keyword "Name the topic.")
(defn main [& texts]
  (println "<b>")
  (step "sort" (map topic texts)))
"""
POLICY = """
[models."topics"]
provider = "scripted"
file = "answers.toml"
"""
ANSWERS = """
[[answers]]
match = "charged"
text = ":billing"
"""


@pytest.fixture
def plan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Path:
    """A plan that was run once, with its ledger in the user's place."""
    monkeypatch.setenv("RTFS_LEDGER", "")
    monkeypatch.setenv("RTFS_STATE_DIR", str(tmp_path / "state"))
    folder = tmp_path / "plans"
    folder.mkdir()
    monkeypatch.chdir(folder)
    for name, text in (("plan.rtfs", PLAN), ("delegation.toml", POLICY), ("answers.toml", ANSWERS)):
        (folder / name).write_text(text)
    assert main(["run", "plan.rtfs", "I was charged twice"]) == 0
    assert capsys.readouterr().out == "<b>\n[:billing]\n"
    return folder / "plan.rtfs"


def told(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> tuple[str, str]:
    assert main(["trace", *arguments]) == code
    return capsys.readouterr()


def test_the_last_run_is_a_tree(plan: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first, *tree = told(capsys)[0].splitlines()
    assert str(plan) in first and ", done, 1 answers of models, " in first
    assert [line.partition("  [")[0] for line in tree] == [
        "run plan",
        '├─ capability ccos.io.println ("<b>") → nil',
        "└─ step sort → [:billing]",
        '   └─ model plan/topic ("I was charged twice") → :billing',
        "      └─ attempt local-model:topics → :billing",
    ]
    assert "reason: Hint on topic" in tree[3] and " ms]" in tree[3]


def test_runs_are_listed(plan: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "plan.rtfs", "nothing known"]) == 1
    capsys.readouterr()
    heading, first, second = told(capsys, "--list")[0].splitlines()
    assert heading.split() == ["run", "plan", "end", "events", "models", "tokens", "cost", "time"]
    assert first.split()[1:5] == ["plan.rtfs", "done", "5", "1"]
    assert second.split()[1:3] == ["plan.rtfs", "DelegationError"]
    name = first.split()[0]
    assert told(capsys, name)[0].startswith(name)
    rows = [json.loads(line) for line in told(capsys, "--list", "--json")[0].splitlines()]
    assert [row["end"] for row in rows] == ["done", "DelegationError"]


def test_a_run_that_cannot_be_read_hides_no_other(plan: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = Path(state_directory(), "runs")
    (folder / "20000101-000000-000000-0000.jsonl").write_text('{"run": "x", "kind": "start"}\n')
    out, err = told(capsys, "--list")
    assert len(out.splitlines()) == 2
    assert err.startswith("warning: the run 20000101-000000-000000-0000 cannot be read: ")


def test_records_are_json(plan: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run, *events = [json.loads(line) for line in told(capsys, "--json")[0].splitlines()]
    assert (run["end"], run["events"], run["args"]) == ("done", 5, '{"vec":[{"str":"I was charged twice"}]}')
    assert [event["kind"] for event in events] == ["run", "capability", "step", "model", "attempt"]
    assert events[4]["attributes"]["gen_ai.request.model"] == "topics"


def test_a_page_escapes_what_was_said(plan: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = tmp_path / "page.html"
    told(capsys, "--html", str(page))
    text = page.read_text()
    assert "<b>" not in text and "&lt;b&gt;" in text
    assert text.count("<details") == text.count("</details>") == 5
    out, err = told(capsys, "--html", str(tmp_path / "no" / "page.html"), code=2)
    assert (out, "page.html: No such file or directory" in err) == ("", True)


def test_a_replay_gives_the_value_again(plan: Path, capsys: pytest.CaptureFixture[str]) -> None:
    # a model that was asked would answer something else now
    (plan.parent / "answers.toml").write_text(ANSWERS.replace("billing", "account"))
    out, err = told(capsys, "--replay")
    assert (out, err.endswith(" gives what it gave.\n")) == ("[:billing]\n", True)
    plan.write_text(PLAN.replace('"<b>"', '"<i>"'))
    out, err = told(capsys, "--replay", code=1)
    assert out == ""
    assert 'At plan/1:\n  recorded: ccos.io.println ("<b>")\n  now:      ccos.io.println ("<i>")' in err


@pytest.mark.parametrize("name", ["mine.jsonl", "mine.db", "folder"])
def test_a_run_can_be_recorded_elsewhere(plan: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "--ledger", name, "plan.rtfs", "charged"]) == 0
    assert os.path.exists(name)
    capsys.readouterr()
    assert '"charged"' in told(capsys, name)[0]
    assert told(capsys, name) == told(capsys, "--ledger", name)
    assert '"I was charged twice"' in told(capsys)[0]


def test_off_records_nothing(plan: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "--ledger", "off", "plan.rtfs", "charged"]) == 0
    capsys.readouterr()
    assert len(told(capsys, "--list")[0].splitlines()) == 2


def test_without_a_run_the_way_to_one_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("RTFS_STATE_DIR", str(tmp_path))
    out, err = told(capsys, code=2)
    assert out == "" and "no run is recorded; `rtfsc run` records what has effects" in err
