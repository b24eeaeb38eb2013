"""`--strict`: what there is a warning about is an error; else a warning keeps nothing from being built."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rtfsc.cli.app import main
from rtfsc.driver import compile_text
from rtfsc.options import Options
from rtfsc.source import CompileError

WRONG = '(defn half [n :int] (/ n 2))\n(half "eight")\n(prnt 1)\n'


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RTFS_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setattr("sys.dont_write_bytecode", False)


@pytest.fixture
def plan(tmp_path: Path) -> str:
    path = tmp_path / "plan.rtfs"
    path.write_text(WRONG)
    return str(path)


def test_check_counts_warnings_as_errors(plan: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", plan]) == 0
    out, err = capsys.readouterr()
    assert out == "1 files, 0 errors, 2 warnings\n"
    assert '⚠️  Warning: half takes :int as n: expected :int, got "eight"' in err
    assert main(["check", "--strict", plan]) == 1
    out, err = capsys.readouterr()
    assert out == "1 files, 2 errors, 0 warnings\n"
    assert '❌ Compile Error: half takes :int as n: expected :int, got "eight"' in err
    assert "rtfsc explain W101" in err


def test_check_gives_the_kind_the_span_and_the_edit(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "plan.rtfs"
    path.write_text('(let [user {:name "Ada"}] (:nmae user))')
    assert main(["check", "--json", str(path)]) == 0
    (row,) = json.loads(capsys.readouterr().out)["diagnostics"]
    assert (row["code"], row["severity"], row["expected"]) == ("W106", "warning", ":name")
    assert (row["span"]["start"], row["span"]["end"]) == (27, 32)
    assert row["edit"]["text"] == ":name" and row["edit"]["span"] == row["span"]


def test_build_refuses_and_does_not_trust_what_was_built_before(
    plan: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert main(["build", plan, "-o", str(out)]) == 0
    artifact = out / "plan.rtfsc"
    plain = artifact.read_bytes()
    artifact.unlink()
    assert main(["build", "--strict", plan, "-o", str(out)]) == 1
    assert not artifact.exists()
    assert "Compile Error" in capsys.readouterr().err
    Path(plan).write_text("(defn half [n :int] (/ n 2))\n(half 8)\n")
    assert main(["build", "--strict", plan, "-o", str(out)]) == 0
    strict = artifact.read_bytes()
    assert main(["build", plan, "-o", str(out)]) == 0
    assert artifact.read_bytes() == strict != plain


def test_all_warnings_are_told_in_the_order_they_were_found() -> None:
    with pytest.raises(CompileError) as caught:
        compile_text(WRONG, Options(strict=True))
    assert [one.code for one in caught.value.diagnostics] == ["W001", "W101"]
    assert all(one.severity == "error" for one in caught.value.diagnostics)


def test_explain_shows_a_wrong_and_a_right_program(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "W104"]) == 0
    out = capsys.readouterr().out
    assert "(match c :left -1))" in out and "(match c :left -1 :right 1))" in out
