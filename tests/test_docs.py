"""The pages in `docs/` show only what runs."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from rtfs_runtime.artifact import decode
from rtfs_runtime.delegation.policy_reader import load_policy
from rtfs_runtime.delegation.target import LOCAL, LocalModel, RemoteModel
from rtfsc.cli.app import main
from rtfsc.driver import compile_text

DOCS = Path(__file__).parents[1] / "docs"


def blocks(page: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", (DOCS / page).read_text(), re.DOTALL)


def test_the_policy_can_be_read(tmp_path: Path) -> None:
    (text,) = blocks("delegation.md", "toml")
    (tmp_path / "small.gguf").write_bytes(b"GGUF")
    (tmp_path / "delegation.toml").write_text(text)
    policy = load_policy(tmp_path / "delegation.toml")
    assert policy.rules[0].chain == (LocalModel("small"), RemoteModel("large"), LOCAL)


SORTING = """(module sorting (:exports [down])
  (defn down [xs :[:vector :int]] :[:vector :int] "Sort, largest first." (vec (reverse (sort xs)))))"""
PLAN = """(defn order [xs :[:vector :int]] :[:vector :int] "Order." xs)
(defn main [] (order [3 1 2]))"""


def test_the_commands_about_caches_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RTFS_TRUST_DIR", str(tmp_path / "trust"))
    monkeypatch.setenv("RTFS_CACHE_DIR", str(tmp_path / "cache"))
    (tmp_path / "sorting.rtfs").write_text(SORTING)
    (tmp_path / "plan.rtfs").write_text(PLAN)
    shown = {}
    for block in blocks("caches.md", "sh"):
        for line in block.splitlines():
            if "ADDRESS" in line:
                address = decode((tmp_path / "out" / "sorting.rtfsc").read_bytes()).address().hex()
                line = line.replace("ADDRESS", address)
            command = shlex.split(line)
            assert command[0] == "rtfsc"
            assert main(command[1:]) == 0, line
            shown[" ".join(command[1:3])] = capsys.readouterr().out
    assert shown["trust find"].rstrip().endswith("Sort, largest first.")
    assert shown["explain plan.rtfs:order"].count("l4:")
    assert shown["run plan.rtfs"] == "[3 2 1]\n"


def test_the_policy_about_caches_can_be_read(tmp_path: Path) -> None:
    (text,) = blocks("caches.md", "toml")
    (tmp_path / "delegation.toml").write_text(text)
    policy = load_policy(tmp_path / "delegation.toml")
    assert [rule.cache.l3 for rule in policy.rules] == [True, False]
    assert policy.asks_nearest


def test_the_python_about_caches_runs() -> None:
    (text,) = blocks("caches.md", "python")
    exec(compile(text, "docs/caches.md", "exec"), {})


def test_the_function_compiles() -> None:
    (text,) = blocks("delegation.md", "clojure")
    (row,) = compile_text(text).artifact.interface.functions
    assert row.hint is not None and row.body_is_text
