"""README shows only what runs."""

from __future__ import annotations

import re
from pathlib import Path

from rtfsc.cli.app import COMMANDS

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()


def block(language: str) -> str:
    found = re.search(rf"```{language}\n(.*?)```", README, re.DOTALL)
    assert found is not None
    return found[1]


def test_the_plan_shown_is_the_example() -> None:
    assert block("clojure") == (ROOT / "examples" / "topic" / "topic.rtfs").read_text()


def test_every_command_is_in_the_table() -> None:
    for command in COMMANDS:
        assert f"| `rtfsc {command}" in README


def test_the_policy_shown_can_be_read(tmp_path: Path) -> None:
    from rtfs_runtime.delegation.policy_reader import load_policy

    path = tmp_path / "delegation.toml"
    path.write_text(block("toml"))
    (tmp_path / "support-topic.toml").write_text((ROOT / "models" / "support-topic.toml").read_text())
    found = load_policy(path)
    assert found.policy_matches("support/topic")
    assert not found.policy_matches("other/topic")


def test_the_table_of_programs_is_the_one_that_was_measured() -> None:
    measured = (ROOT / "docs" / "benchmarks" / "cpython-3.11.md").read_text()
    title, table = measured.split("\n\n", 1)
    assert table.strip() in README
    assert title.removeprefix("### ") in (ROOT / "docs" / "benchmarks" / "cpython-3.11.svg").read_text()


def test_every_page_that_the_readme_leads_to_is_there() -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        assert target.startswith("http") or (ROOT / target).exists(), target
