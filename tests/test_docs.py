"""The pages in `docs/` show only what runs."""

from __future__ import annotations

import re
from pathlib import Path

from rtfs_runtime.delegation.policy_reader import load_policy
from rtfs_runtime.delegation.target import LOCAL, LocalModel, RemoteModel
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


def test_the_function_compiles() -> None:
    (text,) = blocks("delegation.md", "clojure")
    (row,) = compile_text(text).artifact.interface.functions
    assert row.hint is not None and row.body_is_text
