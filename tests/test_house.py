"""The house keeps its own rules: sizes, docstrings, tables whose rows are tested, a light import."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from rtfs_runtime.builtins import BUILTINS
from rtfs_runtime.errors import RtfsError
from rtfs_runtime.printer import display
from rtfsc.driver import evaluate
from rtfsc.errors import ERRORS
from rtfsc.expand.macros import MACROS
from rtfsc.lower.specials import SPECIALS
from rtfsc.passes.pipeline import PIPELINE

ROOT = Path(__file__).parents[1]
FILES = sorted([*(ROOT / "rtfsc").rglob("*.py"), *(ROOT / "runtime").rglob("*.py")])
LONGEST_FILE = 500
LONGEST_FUNCTION = 60
# these class bodies are SLY's own language, and the shapes of all nodes in one place
FREE = {"lexer.py", "parser.py"}


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", FILES, ids=name)
def test_files_are_short_and_say_what_they_are(path: Path) -> None:
    text = path.read_text()
    assert len(text.splitlines()) <= LONGEST_FILE
    tree = ast.parse(text)
    assert not text or ast.get_docstring(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and path.name not in FREE:
            assert (node.end_lineno or 0) - node.lineno < LONGEST_FUNCTION, node.name


def test_tables_are_documented() -> None:
    assert all(row.doc for row in BUILTINS.values())
    assert all(row.handler.__doc__ for row in SPECIALS.values())
    assert all(row.expand.__doc__ for row in MACROS.values())
    assert all(row.run.__doc__ for row in PIPELINE)
    assert all(row.title and row.explanation for row in ERRORS.values())


def examples() -> list[tuple[str, str, str]]:
    return [
        (row.name, source, wanted)
        for key, row in BUILTINS.items()
        if key == row.name
        for source, wanted in row.examples
    ]


@pytest.mark.parametrize(("row", "source", "wanted"), examples())
def test_examples_of_builtins(row: str, source: str, wanted: str) -> None:
    if wanted.startswith("!"):
        with pytest.raises(RtfsError) as caught:
            evaluate(source)
        assert caught.value.kind == wanted[1:]
    else:
        assert display(evaluate(source)) == wanted


def test_importing_rtfsc_is_light() -> None:
    script = "import sys, rtfsc; print([m for m in ('sly', 'bytecode', 'typer', 'rich') if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": f"{ROOT}:{ROOT / 'runtime'}"},
    )
    assert done.stdout.strip() == "[]"
