"""Words of the command line, read quickly: as typer reads them, or not at all."""

from __future__ import annotations

import inspect
import shlex
from functools import wraps
from typing import Any

import pytest
import typer

from rtfsc.cli.app import COMMANDS, command_of
from rtfsc.cli.arguments import quick_arguments
from rtfsc.cli.typed import for_typer

PLAIN = [
    "build a.rtfs b.rtfs -o out",
    "build -oout -O0 a.rtfs --time --path x --path=y --json b",
    "build --out=a=b -O 1 a --policy p.toml --offline --strict",
    "check a --strict",
    "dump a --after=simplify -O2",
    "dump a",
    "eval -e '(+ 1 2)' --allow print --allow=time",
    "explain E012 --path .",
    "new some/folder",
    "repl",
    "run plan.rtfs",
    "run --allow print plan.rtfs a b --trace --plan p",
    "trace --list",
    "trace 3f --html out.html",
]
OTHERS = [
    "build",
    "build a",
    "build a -o",
    "build a -o out -O9",
    "build a -o out -Ox",
    "build a -o out -o other",
    "build a -o out --json --json",
    "build a -o out --json=yes",
    "build a -o --json",
    "build --help",
    "check a --nothing",
    "check -sv a",
    "eval --timeout 3",
    "new",
    "new a b",
    "repl more",
    "run -- plan.rtfs",
    "run plan.rtfs -",
    "trace a b",
]


def by_typer(name: str, words: list[str]) -> dict[str, Any]:
    seen: list[dict[str, Any]] = []
    command = command_of(name)

    @wraps(command)
    def record(**given: Any) -> None:
        seen.append(given)

    app = typer.Typer()
    app.command()(for_typer(record))
    app(args=words, standalone_mode=False)
    return seen[0]


@pytest.mark.parametrize("line", PLAIN)
def test_plain_words_are_read_as_typer_reads_them(line: str) -> None:
    name, *words = shlex.split(line)
    found = quick_arguments(command_of(name), words)
    assert found is not None
    defaults = {
        key: one.default
        for key, one in inspect.signature(command_of(name)).parameters.items()
        if one.default is not one.empty
    }
    theirs = by_typer(name, words)
    assert defaults | found == {key: value if value != [] else None for key, value in theirs.items()}


@pytest.mark.parametrize("line", OTHERS)
def test_other_words_are_left_to_typer(line: str) -> None:
    name, *words = shlex.split(line)
    assert quick_arguments(command_of(name), words) is None


def test_every_command_is_read_quickly_in_some_line() -> None:
    assert {line.split()[0] for line in PLAIN} == set(COMMANDS)
