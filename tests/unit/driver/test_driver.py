"""The driver: from text to a value and to an artifact, imports while compiling, macros, depth, errors."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from rtfs_runtime.errors import RtfsError
from rtfs_runtime.modulepath import find_file
from rtfs_runtime.session import Session
from rtfsc.driver import compile_file, compile_source, compile_text, evaluate, make_env
from rtfsc.options import DEFAULT, Options
from rtfsc.source import CompileError, SourceFile
from rtfsc.units import Timing

VALUES = [
    ("", None),
    ("1", 1),
    ("(defn f [x] (* x 2)) (f 21)", 42),
    ("(module m (:exports [f]) (defn f [] 1))", {"name": "m", "exports": ("f",)}),
    ("(defmacro twice [x] `[~x ~x]) (twice (+ 1 2))", (3, 3)),
    ("(defn h [x] [x x]) (defmacro m [x] (h x)) (m 1)", (1, 1)),
]


@pytest.mark.parametrize(("text", "value"), VALUES)
@pytest.mark.parametrize("level", [0, 1])
def test_evaluate(text: str, value: object, level: int) -> None:
    assert evaluate(text, options=Options(level=level, verify=True)) == value


def test_an_error_has_its_source() -> None:
    for text in ("(", "(if)"):
        with pytest.raises(CompileError) as raised:
            compile_source(SourceFile("plan.rtfs", text))
        assert raised.value.source is not None
        assert raised.value.source.name == "plan.rtfs"


def write(folder: Path, **files: str) -> tuple[str, ...]:
    for name, text in files.items():
        (folder / f"{name}.rtfs").write_text(text)
    return (str(folder),)


def wrong(text: str, paths: tuple[str, ...]) -> tuple[str, str, str]:
    with pytest.raises(CompileError) as raised:
        evaluate(text, paths=paths)
    found = raised.value.diagnostics[0]
    return found.code, found.kind, found.message


def test_imports_enter_the_artifact(tmp_path: Path) -> None:
    paths = write(tmp_path, m="(module m (:exports [f]) (defn f [] 1))")
    unit = compile_text("(import m) (m/f)", env=make_env(paths))
    assert [one.module for one in unit.artifact.meta.dependencies] == ["m"]
    assert evaluate("(import m) (m/f)", paths=paths) == 1


def test_what_is_wrong_with_an_import(tmp_path: Path) -> None:
    paths = write(
        tmp_path,
        a="(module a (import b))",
        b="(module b (import c))",
        c="(module c (import a))",
        bad="(module bad (defn f [x] x)",
        plain="1",
    )
    code, kind, message = wrong("(import a)", paths)
    assert (code, kind) == ("E242", "ModuleError")
    assert message == "Module error: Circular dependency: a -> b -> c -> a"
    assert wrong("(import nothing)", paths)[:2] == ("E241", "ModuleNotFound")
    code, kind, message = wrong("(import bad)", paths)
    assert (code, kind) == ("E242", "ModuleError")
    assert str(tmp_path / "bad.rtfs") in message
    assert "module form" in wrong("(import plain)", paths)[2]


def test_the_first_module_form_is_what_is_imported(tmp_path: Path) -> None:
    paths = write(tmp_path, m="(module m (:exports [k]) (def k 1)) (module n (:exports [k]) (def k 2)) 3")
    assert evaluate("(import m) m/k", paths=paths) == 1
    assert compile_file(tmp_path / "m.rtfs").artifact.is_module is False


def test_a_file_of_one_module_is_one_artifact_whoever_asks(tmp_path: Path) -> None:
    paths = write(tmp_path, m="(module m (:exports [k]) (def k 1))", n="(module n (def k 1)) 2")
    modules = make_env(paths).modules
    place, other = find_file(paths[0], "m"), find_file(paths[0], "n")
    assert place is not None
    assert other is not None
    assert modules.fetch("m").artifact is modules.fetch_place(place).artifact
    assert modules.fetch("n").artifact.key != modules.fetch_place(other).artifact.key


def test_a_changed_macro_of_an_import_changes_the_key(tmp_path: Path) -> None:
    seen = set()
    for body in ("`[~x]", "`[~x ~x]"):
        paths = write(tmp_path, m=f"(module m (:exports [t]) (defmacro t [x] {body}))")
        seen.add(compile_text("(import m) (m/t 1)", env=make_env(paths)).artifact.key)
    assert len(seen) == 2


LOOPS = "(defmacro m [] (loop [n 0] (recur (+ n 1)))) (m)"
ASKS = "(defmacro m [] (call :ccos.io.println 1)) (m)"
FAILS = "(defmacro m [] (/ 1 0)) (m)"
DEEP = "(defmacro m [x] (defn f [n] (+ 1 (f n))) (f 1)) (m 1)"


@pytest.mark.parametrize("text", [ASKS, FAILS, DEEP])
def test_a_macro_that_fails_is_a_compile_error(text: str) -> None:
    code, _, message = wrong(text, ())
    assert code == "E232"
    assert "m failed" in message


def test_a_macro_that_does_not_end(monkeypatch: pytest.MonkeyPatch) -> None:
    from rtfs_runtime.settings import Limits
    from rtfsc import driver

    monkeypatch.setattr(driver, "MACRO_LIMITS", Limits(recursion_depth=1000, wall_clock_s=0.2))
    assert wrong(LOOPS, ())[1] == "BudgetExhausted"


NESTED = [
    ("(+ 1 " * 4990 + "1" + ")" * 4990, 4991),
    ("[" * 4990 + "]" * 4990, None),
    ("(if true " * 4990 + "7" + ")" * 4990, 7),
    ("(let [a 1] " * 2400 + "a" + ")" * 2400, 1),
    ("(when true " * 900 + "7" + ")" * 900, 7),
    ("((fn [] " * 490 + "7" + "))" * 490, 7),
    ("(try " * 1000 + "7" + " (catch e 1))" * 1000, 7),
]


@pytest.mark.parametrize(("text", "value"), NESTED)
def test_deep_programs_compile(text: str, value: object) -> None:
    before = sys.getrecursionlimit()
    found = evaluate(text)
    assert sys.getrecursionlimit() == before
    if value is not None:
        assert found == value


TOO_DEEP = [
    "(+ 1 " * 6000 + "1" + ")" * 6000,
    "((fn [] " * 600 + "7" + "))" * 600,
    "(" * 100_001 + ")" * 100_001,
]


@pytest.mark.parametrize("text", TOO_DEEP)
def test_deeper_ones_are_refused_with_a_code_of_their_own(text: str) -> None:
    assert wrong(text, ())[0].startswith("E4")


def test_times_add_up_by_stage() -> None:
    ticks = iter(range(1000))
    timing = Timing(lambda: float(next(ticks)))
    compile_text("1", env=make_env(timing=timing))
    assert {"parse", "lower", "generate", "pack"} <= set(timing.elapsed_s)
    assert set(timing.elapsed_s.values()) == {1.0}


def test_globals_of_before_are_known() -> None:
    unit = compile_text("(f 1)", env=make_env(known_globals=frozenset({"f"})))
    assert unit.diagnostics == ()
    assert compile_text("(f 1)").diagnostics[0].code == "W001"


FLIPS = {
    "level": 0,
    "delegable": ("m/*",),
    "policy": "digest",
    "interactive": True,
    "verify": True,
    "strict": True,
}


@pytest.mark.parametrize("name", Options.__dataclass_fields__)
def test_each_option_that_can_change_the_output_changes_the_key(name: str) -> None:
    flipped = Options(**{name: FLIPS[name]})  # type: ignore[arg-type]
    one, other = compile_text("(defn f [x] x)"), compile_text("(defn f [x] x)", flipped)
    if name in ("verify", "strict"):
        assert one.artifact.encode() == other.artifact.encode()
    else:
        assert one.artifact.key != other.artifact.key
        assert DEFAULT.key_text() == "{}" != flipped.key_text()


def test_nothing_typed_in_is_resolved_ahead() -> None:
    text = "(defn f [n] (if (= n 0) :old (g (- n 1)))) (defn g [n] (f n))"
    assert compile_text(text).module.constants >= {"f", "g"}
    unit = compile_text(text, Options(interactive=True))
    assert unit.module.constants == frozenset()
    session = Session()
    session.evaluate(unit.artifact)
    names = next(iter(session.instances.values())).globals
    names["f"] = lambda n: "new"
    assert names["g"](3) == "new"


def test_delegable_functions_are_named_in_the_interface() -> None:
    options = Options(delegable=("plan/f*",))
    unit = compile_source(SourceFile("plan.rtfs", "(defn f1 [x] x) (defn g [x] x)"), options)
    assert unit.interface.delegable == ("f1",)


def test_a_run_time_error_names_the_line_of_the_file(tmp_path: Path) -> None:
    write(tmp_path, plan="\n\n(defn f [x]\n  (/ x 0))")
    unit = compile_file(tmp_path / "plan.rtfs")
    session = Session()
    session.evaluate(unit.artifact, str(tmp_path / "plan.rtfs"))
    with pytest.raises(RtfsError) as raised:
        session.call("plan", "f", 1)
    assert raised.value.__traceback__ is not None
    frames = []
    at = raised.value.__traceback__
    while at is not None:
        frames.append((at.tb_frame.f_code.co_filename, at.tb_lineno))
        at = at.tb_next  # type: ignore[assignment]
    assert frames[-1] == (str(tmp_path / "plan.rtfs"), 4)
