"""What users of the package have: lazy names, sessions and imports that compile."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import rtfsc
from rtfs_runtime import session as sessions
from rtfs_runtime.delegation.policy_reader import load_policy
from rtfs_runtime.errors import RtfsError
from rtfsc.build import build
from rtfsc.options import Options

ROOT = Path(__file__).parents[3]


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "cache"
    monkeypatch.setenv("RTFS_CACHE_DIR", str(folder))
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    return folder


@pytest.fixture
def plans(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    folder = tmp_path / "plans"
    folder.mkdir()
    before, path = set(sys.modules), list(sys.meta_path)
    monkeypatch.setattr(sessions, "_default", [])
    yield folder
    sys.meta_path[:] = path
    for name in set(sys.modules) - before:
        if not name.startswith(("rtfsc", "rtfs_runtime")):
            del sys.modules[name]


@pytest.mark.parametrize("name", rtfsc.__all__)
def test_every_public_name_is_there(name: str) -> None:
    assert getattr(rtfsc, name) is not None
    assert name in dir(rtfsc)


def test_a_name_that_is_none() -> None:
    with pytest.raises(AttributeError, match="nothing"):
        _ = rtfsc.nothing


def imported(name: str) -> Any:
    importlib.invalidate_caches()
    return importlib.import_module(name)


def test_plans_are_compiled_on_import(plans: Path, cache: Path) -> None:
    (plans / "base.rtfs").write_text("(module base (:exports [k]) (def k 40))")
    (plans / "late-fees.rtfs").write_text('(import base) (defn fee-of "Add." [n:int] (+ base/k n))')
    rtfsc.install([str(plans)])
    fees = imported("late_fees")
    assert fees.fee_of(2) == 42
    assert fees.fee_of.__doc__ == "Add."
    assert [path.name for path in plans.iterdir() if path.suffix != ".rtfs"] == []
    assert len(list(cache.rglob("*.rtfsc"))) == 2


def test_a_wrong_plan_raises_what_the_compiler_says(plans: Path) -> None:
    (plans / "wrong.rtfs").write_text("(defn f [x]")
    rtfsc.install([str(plans)])
    with pytest.raises(rtfsc.CompileError) as raised:
        imported("wrong")
    assert raised.value.source is not None
    assert raised.value.source.name == str(plans / "wrong.rtfs")


def test_a_session_compiles_and_sees_changes(plans: Path, cache: Path) -> None:
    plan = plans / "plan.rtfs"
    plan.write_text("(defn main [x] (* x 2))")
    session = rtfsc.Session()
    assert session.run(plan, None, [21]).value == 42
    plan.write_text("(defn main [x] (* x 3))")
    assert session.run(plan, None, [21]).value == 63
    assert len(list(cache.rglob("*.rtfsc"))) == 2


def test_a_session_with_a_policy_compiles_for_it(plans: Path) -> None:
    (plans / "plan.rtfs").write_text('(defn ask [q] "local") (defn main [] (ask "q"))')
    (plans / "delegation.toml").write_text(
        '[models.m]\nprovider = "echo"\n[[rules]]\nmatch = "plan/ask"\ntarget = "local-model:m"\n'
    )
    session = rtfsc.Session(policy=load_policy(plans / "delegation.toml"))
    value = session.run(plans / "plan.rtfs").value
    assert value != "local"
    assert session.instances["plan"].interface.delegable == ("ask",)
    assert rtfsc.Session().run(plans / "plan.rtfs").value == "local"


DELEGATED = '[models.m]\nprovider = "echo"\n[[rules]]\nmatch = "base/ask"\ntarget = "local-model:m"\n'


@pytest.mark.parametrize("level", [0, 1])
def test_artifacts_that_were_built_without_the_policy_are_built_anew(plans: Path, level: int) -> None:
    (plans / "base.rtfs").write_text('(module base (:exports [ask]) (defn ask [q] "local"))')
    (plans / "plan.rtfs").write_text('(import base) (defn main [] (base/ask "q"))')
    assert all(one.error is None for one in build([str(plans)], options=Options(level=level)))
    assert rtfsc.Session().run(plans / "plan.rtfs").value == "local"
    (plans / "delegation.toml").write_text(DELEGATED)
    session = rtfsc.Session(policy=load_policy(plans / "delegation.toml"))
    assert session.run(plans / "plan.rtfs").value == "[ECHO] q"


def test_another_policy_holds_for_what_is_loaded_later(plans: Path) -> None:
    (plans / "base.rtfs").write_text('(module base (:exports [ask]) (defn ask [q] "local"))')
    (plans / "plan.rtfs").write_text('(import base) (defn main [] (base/ask "q"))')
    (plans / "delegation.toml").write_text(DELEGATED)
    session = rtfsc.Session()
    session.set_policy(load_policy(plans / "delegation.toml"))
    assert session.run(plans / "plan.rtfs").value == "[ECHO] q"
    session.set_policy(None)
    assert session.run(plans / "plan.rtfs").value == "local"


def test_nothing_is_written_where_python_writes_nothing(
    plans: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    (plans / "plan.rtfs").write_text("(defn main [] 1)")
    assert rtfsc.Session().run(plans / "plan.rtfs").value == 1
    assert not cache.exists()


def test_a_cache_that_cannot_be_written_is_only_read(plans: Path, cache: Path) -> None:
    cache.write_text("a file where the folder should be")
    (plans / "plan.rtfs").write_text("(defn main [] 1)")
    assert rtfsc.Session().run(plans / "plan.rtfs").value == 1


def test_a_missing_import_is_an_error_of_the_language(plans: Path) -> None:
    with pytest.raises(RtfsError) as raised:
        rtfsc.Session(search_path=(str(plans),)).load("no.such")
    assert raised.value.kind == "ModuleNotFound"


WARM = """
import sys
import rtfsc
rtfsc.install([sys.argv[1]])
import plan
print(plan.main(20), [name for name in ("rtfsc.driver", "sly", "bytecode", "dataclasses") if name in
sys.modules])
"""


def test_a_warm_import_of_a_source_loads_no_compiler(plans: Path, cache: Path) -> None:
    (plans / "plan.rtfs").write_text("(defn main [x] (+ x 1))")
    paths = os.pathsep.join((str(ROOT), str(ROOT / "runtime")))
    environment = {**os.environ, "PYTHONPATH": paths, "RTFS_CACHE_DIR": str(cache)}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    environment["PYTHONPYCACHEPREFIX"] = str(cache / "pyc")
    told = [
        subprocess.run(
            [sys.executable, "-c", WARM, str(plans)],
            capture_output=True,
            text=True,
            env=environment,
            check=True,
        ).stdout
        for _ in range(2)
    ]
    assert told[0].startswith("21 ['rtfsc.driver'")
    assert told[1] == "21 []\n"
