"""Goldens: for each source in `golden/<stage>` the text that the stage gives.

`pytest --update-golden` rewrites them.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from rtfsc.dump import dump, stages
from rtfsc.source import SourceFile

FOLDER = Path(__file__).parent / "golden"
SOURCES = sorted(FOLDER.rglob("*.rtfs"))


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_golden(path: Path, request: pytest.FixtureRequest) -> None:
    stage = path.parent.name
    assert stage in stages()
    text = dump(SourceFile(path.name, path.read_text()), stage)
    wanted = path.with_suffix(".txt")
    if request.config.getoption("--update-golden"):
        wanted.write_text(text)
    assert text == wanted.read_text()


def test_each_stage_before_code_has_a_golden() -> None:
    # bytecode differs between Pythons; its rules are tested by running it
    assert {path.parent.name for path in SOURCES} == set(stages()) - {"bytecode", "artifact"}
