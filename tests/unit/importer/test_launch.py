"""The console script and imports of compiled plans, in processes of their own: what they load, what not."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from rtfs_runtime.interface import EMPTY
from tests.unit.artifact.handmade import artifact, function

ROOT = Path(__file__).parents[3]
COMPILER = {"rtfsc", "sly", "bytecode", "typer", "rich", "cryptography", "numpy", "dataclasses", "asyncio"}

RUN = """
import json, sys
sys.argv = ["rtfsc", *json.loads(sys.argv[1])]
from rtfs_runtime.launch import main
code = main()
sys.stderr.write(json.dumps([code, sorted(sys.modules)]))
"""

IMPORT = """
import json, sys
import rtfsc
light = sorted(sys.modules)
rtfsc.install([sys.argv[1]])
import plan
assert plan.main("x") == ("x",)
assert rtfsc.Session(search_path=(sys.argv[1],)).run("plan", None, ["y"]).value == ("y",)
sys.stderr.write(json.dumps([light, sorted(sys.modules)]))
"""


def run(script: str, *arguments: str, cache: Path) -> tuple[str, str]:
    paths = os.pathsep.join((str(ROOT), str(ROOT / "runtime")))
    places = {"RTFS_CACHE_DIR": str(cache), "RTFS_STATE_DIR": str(cache), "RTFS_LEDGER": ""}
    environment = {**os.environ, "PYTHONPATH": paths, **places}
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments],
        capture_output=True,
        text=True,
        env=environment,
        cwd=cache.parent,
        check=False,
    )
    return done.stdout, done.stderr


@pytest.fixture
def plan(tmp_path: Path) -> Path:
    interface = EMPTY._replace(
        module="plan", exports=("main", "give"), functions=(function("main", rest="args"), function("give"))
    )
    made = artifact("def main(*args):\n    return args or None\n", interface._replace(exports=("main",)))
    path = tmp_path / "plan.rtfsc"
    path.write_bytes(made.encode())
    return path


CALLS = [(["a", "b"], '["a" "b"]\n'), ([], "")]


@pytest.mark.parametrize(("arguments", "printed"), CALLS)
def test_a_compiled_program_runs_without_the_compiler(
    plan: Path, tmp_path: Path, arguments: list[str], printed: str
) -> None:
    out, told = run(RUN, json.dumps(["run", str(plan), *arguments]), cache=tmp_path / "cache")
    code, modules = json.loads(told)
    assert (code, out) == (0, printed)
    assert COMPILER.isdisjoint(modules)
    # nothing happened that a ledger keeps
    assert not [name for name in modules if name.startswith("rtfs_runtime.ledger")]
    assert not (tmp_path / "cache").exists()


def test_importing_a_compiled_plan_loads_no_compiler(plan: Path, tmp_path: Path) -> None:
    _, told = run(IMPORT, str(tmp_path), cache=tmp_path / "cache")
    light, modules = json.loads(told)
    assert not any(name.startswith("rtfs_runtime") for name in light)
    loaded = {name for name in modules if name.partition(".")[0] in COMPILER}
    assert loaded <= {"rtfsc", "rtfsc.hook"}
    assert not (tmp_path / "cache").exists()


# what a compilation has no use for, each of it 5 ms or more to import
UNUSED = {"typer", "rich", "pydantic", "asyncio", "http", "ssl", "sqlite3", "numpy", "cryptography"}
QUICK = [
    ["build", "plan.rtfs", "-o", "out"],
    ["check", "plan.rtfs"],
    ["dump", "plan.rtfs"],
    ["explain", "map"],
    ["repl"],
]


@pytest.mark.parametrize("arguments", QUICK)
def test_a_command_loads_what_it_needs(arguments: list[str], tmp_path: Path) -> None:
    (tmp_path / "plan.rtfs").write_text("(defn main [] 1)")
    _, told = run(RUN, json.dumps(arguments), cache=tmp_path / "cache")
    code, modules = json.loads(told)
    assert code == 0
    assert UNUSED.isdisjoint(modules)
    commands = {name for name in modules if name.startswith("rtfsc.cli.")}
    assert commands.isdisjoint(
        {"rtfsc.cli.arbiter", "rtfsc.cli.models", "rtfsc.cli.trust", "rtfsc.cli.whole"}
    )


OTHERS = [["--version"], ["run"], ["run", "plan.rtfsc", "--allow", "print"], ["run", "nothing.rtfs"], []]


@pytest.mark.parametrize("arguments", OTHERS)
def test_everything_else_goes_to_the_command_line(
    arguments: list[str], monkeypatch: pytest.MonkeyPatch, plan: Path
) -> None:
    from rtfs_runtime import launch

    seen: list[list[str]] = []

    class Cli:
        @staticmethod
        def main(given: list[str]) -> int:
            seen.append(given)
            return 7

    monkeypatch.setattr(launch, "import_module", lambda name: Cli)
    monkeypatch.setattr(sys, "argv", ["rtfsc", *arguments])
    monkeypatch.chdir(plan.parent)
    assert launch.main() == 7
    assert seen == [arguments]


def test_a_policy_is_for_the_command_line(monkeypatch: pytest.MonkeyPatch, plan: Path) -> None:
    from rtfs_runtime import launch

    class Cli:
        main = staticmethod(lambda given: 8)

    (plan.parent / "delegation.toml").write_text("")
    monkeypatch.setattr(launch, "import_module", lambda name: Cli)
    monkeypatch.setattr(sys, "argv", ["rtfsc", "run", str(plan)])
    assert launch.main() == 8


def test_an_error_of_the_program_is_reported_by_the_command_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from rtfs_runtime import launch

    reported: list[Exception] = []

    class Outcome:
        @staticmethod
        def report(error: Exception, *, whole: bool) -> int:
            reported.append(error)
            return 1

    (tmp_path / "plan.rtfsc").write_bytes(artifact("nothing", EMPTY, name="plan").encode())
    monkeypatch.setattr(launch, "import_module", lambda name: Outcome)
    monkeypatch.setattr(sys, "argv", ["rtfsc", "run", str(tmp_path / "plan.rtfsc")])
    assert launch.main() == 1
    assert [str(error) for error in reported] == ["UndefinedSymbol: Undefined symbol: nothing"]
