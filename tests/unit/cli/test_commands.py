"""Commands from the outside: what they print where, and their exit codes."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest

from rtfsc.cli.app import main


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RTFS_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setattr("sys.dont_write_bytecode", False)


def write(folder: Path, text: str, name: str = "plan.rtfs") -> str:
    path = folder / name
    path.write_text(text)
    return str(path)


def test_run_calls_main_with_texts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plan = write(tmp_path, "(defn main [& xs] [(count xs) xs])")
    assert main(["run", plan, "1", "b"]) == 0
    assert capsys.readouterr().out == '[2 ("1" "b")]\n'


def test_run_without_main_prints_the_last_value_unless_nil(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", write(tmp_path, "(def a 1) (+ a 1)")]) == 0
    assert main(["run", write(tmp_path, "nil", "nothing.rtfs")]) == 0
    assert capsys.readouterr().out == "2\n"


def test_run_shows_the_line_that_failed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plan = write(tmp_path, "(defn half [n]\n  (/ n 0))\n(defn main []\n  (half 4))")
    assert main(["run", plan]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert [line.strip() for line in err.splitlines()[1:7]] == [
        f'File "{plan}", line 4, in main',
        "(half 4))",
        "^^^^^^^^",
        f'File "{plan}", line 2, in half',
        "(/ n 0))",
        "^^^^^^^",
    ]
    assert "DivisionByZero: Division by zero" in err
    assert "rtfs_runtime" not in err


def test_run_reports_what_does_not_compile_or_load(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", write(tmp_path, "(let x 5)")]) == 1
    assert "let requires binding vector" in capsys.readouterr().err
    assert main(["run", write(tmp_path, "nothing", "other.rtfsc")]) == 2
    out, err = capsys.readouterr()
    assert out == "" and err == "error: E501: this is no RTFS artifact\n"


def test_untrusted_runs_in_a_child_without_grants(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path, "(module m (defn f [x] [x x]))", "m.rtfs")
    plan = write(tmp_path, "(import m) (defn main [x] (m/f x))")
    assert main(["run", "--untrusted", plan, "a"]) == 0
    assert capsys.readouterr().out == '["a" "a"]\n'
    plan = write(tmp_path, '(defn main [] (println "x") (loop [] (recur)))')
    assert main(["run", "--untrusted", plan]) == 1
    assert "--allow print" in capsys.readouterr().err


def test_a_refusal_names_the_flag(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    secret = tmp_path / "elsewhere" / "secret.txt"
    secret.parent.mkdir()
    secret.write_text("hidden")
    plan = write(tmp_path / "elsewhere" / "..", f'(read-file "{tmp_path.parent / "no.txt"}")')
    assert main(["run", plan]) == 1
    flags = [line for line in capsys.readouterr().err.splitlines() if "--allow" in line]
    # the narrowest flag that would do, and no wider one beside it
    assert len(flags) == 1
    assert "--allow read:" in flags[0]


def test_a_file_that_is_not_there_is_a_wrong_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "no-such.rtfs"]) == 2
    assert "no-such.rtfs" in capsys.readouterr().err


def test_the_second_build_compiles_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path, "(defn f [x] (+ x 1))", "a.rtfs")
    out = tmp_path / "out"
    assert main(["build", str(tmp_path), "-o", str(out)]) == 0
    first = (out / "a.rtfsc").read_bytes()
    assert main(["build", str(tmp_path), "-o", str(out)]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "1 compiled, 0 unchanged, 0 failed",
        "0 compiled, 1 unchanged, 0 failed",
    ]
    assert (out / "a.rtfsc").read_bytes() == first


def test_build_at_each_level(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path, "(defn main [] (reduce + 0 (map inc (filter odd? [1 2 3]))))", "a.rtfs")
    built = set()
    for level in ("-O0", "-O1", "-O2"):
        out = tmp_path / level
        assert main(["build", str(tmp_path / "a.rtfs"), "-o", str(out), level, "--time"]) == 0
        assert "generate" in capsys.readouterr().err
        built.add((out / "a.rtfsc").read_bytes())
        assert main(["run", str(out / "a.rtfsc")]) == 0
        assert capsys.readouterr().out == "6\n"
    assert len(built) == 3
    assert main(["build", str(tmp_path / "a.rtfs"), "-o", str(out), "-O3"]) == 2


def test_build_for_machines(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path, "(defn f [x", "bad.rtfs")
    assert main(["build", str(tmp_path), "-o", str(tmp_path / "out"), "--json"]) == 1
    report: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert (report["compiled"], report["failed"]) == (0, 1)
    assert report["files"][0]["diagnostics"][0]["code"] == "E022"


def test_check_reports_several_errors_and_repairs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plan = write(tmp_path, "(if)\n(let x 5)\n(prnt 1)")
    assert main(["check", plan, "--json"]) == 1
    report: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert [row["span"]["line"] for row in report["diagnostics"]] == [1, 2]
    plan = write(tmp_path, "(+ 1 2")
    main(["check", plan, "--json"])
    row = json.loads(capsys.readouterr().out)["diagnostics"][0]
    edit = row["edit"]
    text = "(+ 1 2"
    assert text[: edit["span"]["start"]] + edit["text"] + text[edit["span"]["end"] :] == "(+ 1 2)"


def test_check_warns_of_unknown_names(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", write(tmp_path, "(defn f [] (prntln 1))")]) == 0
    out, err = capsys.readouterr()
    assert "1 warnings" in out
    assert "println" in err


def test_the_repl_explains_names(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    lines = ['(defn f [x] "Double it." (* 2 x))', "(doc f)", "(doc map)", "(doc when)", "(doc mpa)"]
    monkeypatch.setattr("sys.stdin", io.StringIO("\n".join(lines)))
    assert main(["repl"]) == 0
    out = capsys.readouterr().out
    assert "f: Double it." in out
    assert "(map inc [1 2])  =>  [2 3]" in out
    assert "Usage: (when test body+)" in out
    assert "nothing is known about mpa; like it:" in out


@pytest.mark.parametrize("thing", ["E101", "TypeError", "map", "e022", "if", "when"])
def test_explain(thing: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", thing]) == 0
    assert len(capsys.readouterr().out) > 100


def test_explain_what_nobody_knows(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "mpa"]) == 2
    assert "map" in capsys.readouterr().err


def test_new_makes_a_project_that_runs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "plan"
    assert main(["new", str(folder)]) == 0
    monkeypatch.chdir(folder)
    capsys.readouterr()
    assert main(["run", "--trace", "main.rtfs", "My invoice is wrong"]) == 0
    out, err = capsys.readouterr()
    assert out == '[{:queue "billing" :first false}]\n'
    assert "model main/topic" in err and "local-model:desk" in err
    assert main(["new", str(folder)]) == 2


@pytest.mark.parametrize(
    "stage", ["tokens", "forms", "expand", "lower", "merge_tail_calls", "bytecode", "artifact"]
)
def test_dump_shows_each_stage(stage: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plan = write(tmp_path, "(defn f [n] (when (> n 0) (f (- n 1))))")
    assert main(["dump", "--after", stage, plan]) == 0
    assert capsys.readouterr().out


def test_repl_reads_lines_of_a_pipe(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    text = '(defn f [n]\n  (* n k))\n(def k 2)\n(f 3)\n(f "a")\n(def k 5)\n(f 3)\n'
    monkeypatch.setattr("sys.stdin", io.StringIO(text))
    assert main(["repl"]) == 0
    out, err = capsys.readouterr()
    assert out.splitlines() == ["#<function>", "2", "6", "5", "15"]
    assert "TypeError" in err and "(* n k))" in err
