"""Building ahead of time, and showing stages."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from rtfs_runtime.artifact import decode
from rtfs_runtime.cache.l4_artifact import LocalArtifacts
from rtfs_runtime.modulestore import ModuleStore
from rtfs_runtime.session import Session
from rtfsc.build import Built, Target, build
from rtfsc.driver import make_env
from rtfsc.dump import dump, stages
from rtfsc.ir.printer import print_module
from rtfsc.ir.reader import read_module
from rtfsc.options import Options
from rtfsc.source import CompileError, SourceFile


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    root = tmp_path / "src"
    (root / "sub").mkdir(parents=True)
    (root / "main.rtfs").write_text("(import sub.m :as m) (defn main [& args] (m/f (count args)))")
    (root / "sub" / "m.rtfs").write_text("(module sub.m (:exports [f]) (defn f [x] (+ x 1)))")
    return root


def states(built: tuple[Built, ...]) -> list[tuple[str, str]]:
    return [(Path(one.path).name, one.state) for one in built]


def test_a_folder_is_built_and_runs_without_sources(sources: Path, tmp_path: Path) -> None:
    cache = LocalArtifacts(str(tmp_path / "cache"))
    told: list[Built] = []
    out = tmp_path / "out"
    built = build([str(sources)], Target(str(out), cache=cache), progress=told.append)
    # the module was compiled when the program imported it
    assert states(built) == [("main.rtfs", "compiled"), ("m.rtfs", "compiled")]
    assert tuple(told) == built
    assert sorted(path.name for path in out.rglob("*")) == ["m.rtfsc", "main.rtfsc", "sub"]
    again = build([str(sources)], Target(str(out), cache=cache))
    assert states(again) == [("main.rtfs", "cached"), ("m.rtfs", "cached")]
    shutil.rmtree(sources)
    session = Session(modules=ModuleStore((str(out),)))
    assert session.run(out / "main.rtfsc", None, ["a"]).value == 2


def test_artifacts_go_beside_the_sources_and_do_not_stand_for_them(sources: Path) -> None:
    build([str(sources / "main.rtfs"), str(sources)])
    first = (sources / "main.rtfsc").read_bytes()
    built = build([str(sources)], options=Options(delegable=("main/*",)))
    assert states(built) == [("main.rtfs", "compiled"), ("m.rtfs", "compiled")]
    assert decode(first).interface.delegable == ()
    assert decode((sources / "main.rtfsc").read_bytes()).interface.delegable == ("main",)


def test_one_wrong_file_does_not_stop_the_others(sources: Path) -> None:
    (sources / "bad.rtfs").write_text("(")
    (sources / "worse.rtfs").write_bytes(b"\xff")
    built = build([str(sources)])
    assert states(built) == [
        ("bad.rtfs", "failed"),
        ("main.rtfs", "compiled"),
        ("worse.rtfs", "failed"),
        ("m.rtfs", "compiled"),
    ]
    assert isinstance(built[0].error, CompileError)
    assert not (sources / "bad.rtfsc").exists()


def test_what_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="nothing"):
        build([str(tmp_path / "nothing.rtfs")])


TEXT = "(defmacro twice [x] `[~x ~x]) (defn f [a] (when a (twice (+ a 1)))) (f 2)"


@pytest.mark.parametrize("stage", stages())
def test_each_stage_is_shown_the_same_each_time(stage: str) -> None:
    source = SourceFile("plan.rtfs", TEXT)
    shown = dump(source, stage)
    assert shown.strip()
    assert " at 0x" not in shown
    assert dump(source, stage) == shown


@pytest.mark.parametrize("stage", ["lower", "merge_tail_calls"])
def test_the_ir_reads_back(stage: str) -> None:
    shown = dump(SourceFile("plan.rtfs", TEXT), stage)
    assert print_module(read_module(shown)) == shown


def test_a_dump_of_what_is_wrong_or_unknown() -> None:
    with pytest.raises(CompileError) as raised:
        dump(SourceFile("plan.rtfs", "(if)"), "bytecode")
    assert raised.value.source is not None
    with pytest.raises(KeyError):
        dump(SourceFile("plan.rtfs", "1"), "no_such_stage")


def test_a_dump_sees_imports(sources: Path) -> None:
    text = "(import sub.m :as m) (m/f 1)"
    shown = dump(SourceFile("plan.rtfs", text), "artifact", env=make_env((str(sources),)))
    assert "imports: sub.m@" in shown
