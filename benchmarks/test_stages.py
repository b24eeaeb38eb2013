"""What stages cost: reading, compiling, importing, starting, calling. Run: pytest benchmarks."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from benchmarks.delegation_overhead import variants
from benchmarks.programs import FIB, load, plan
from rtfs_runtime.artifact import decode
from rtfs_runtime.session import Session
from rtfsc.driver import compile_text
from rtfsc.source import SourceFile
from rtfsc.syntax.parser import parse

_PLAN = plan(20)


def test_reading(benchmark: Any) -> None:
    source = SourceFile("plan.rtfs", _PLAN)
    assert len(benchmark(lambda: parse(source)).forms) == 20


def test_compiling(benchmark: Any) -> None:
    unit = benchmark.pedantic(lambda: compile_text(_PLAN), rounds=5, iterations=1)
    assert len(unit.interface.functions) == 20


def test_loading_an_artifact(benchmark: Any) -> None:
    data = compile_text(_PLAN).artifact.encode()

    def run() -> object:
        return Session().evaluate(decode(data)).value

    assert callable(benchmark(run))


def test_starting_from_a_warm_cache(benchmark: Any, tmp_path: Path) -> None:
    path = tmp_path / "hello.rtfs"
    path.write_text('(println "hello")')
    root = Path(__file__).parents[1]
    environment = {
        **os.environ,
        "RTFS_CACHE_DIR": str(tmp_path / "cache"),
        "PYTHONPATH": f"{root}:{root / 'runtime'}",
    }
    environment.pop("PYTHONDONTWRITEBYTECODE", None)

    def run() -> str:
        command = [sys.executable, "-m", "rtfsc", "run", str(path)]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout

    run()
    assert benchmark.pedantic(run, rounds=10, iterations=1) == "hello\n"


def test_calling(benchmark: Any) -> None:
    fib = load(FIB)["fib"]
    assert benchmark(lambda: fib(15)) == 610


@pytest.mark.parametrize("name", list(variants()))
def test_delegation_overhead(benchmark: Any, name: str) -> None:
    run, _ = variants()[name]
    benchmark(run)
