"""Objects: bound to their names, checked before a run, plans that run, capabilities that programs define."""

from __future__ import annotations

from pathlib import Path

import pytest

from rtfs_runtime.errors import RtfsError
from rtfs_runtime.host.capability import capability
from rtfs_runtime.host.grants import Grants
from rtfs_runtime.objects import SCHEMAS
from rtfs_runtime.printer import display
from rtfs_runtime.session import Session
from rtfsc.cli.app import main
from rtfsc.driver import compile_text, evaluate, make_env
from rtfsc.source import Diagnostic

PLAN = """
(plan greet
  :type :rtfs.core:v2.0:plan :plan-id "p1" :created-at "2026-01-01" :created-by "me"
  :intent-ids ["i1"] :status "ready"
  :program (fn [name] (step "greet" (str "hello " name))))
"""


def found(text: str) -> tuple[Diagnostic, ...]:
    return compile_text(text).diagnostics


def save(folder: Path, text: str) -> str:
    path = folder / "plan.rtfs"
    path.write_text(text)
    return str(path)


@pytest.mark.parametrize("name", ["greet", '"greet"', "greet@1.0"])
def test_objects_are_bound_to_their_names(name: str) -> None:
    assert display(evaluate(f'(intent {name} :goal "g") (get greet "goal")')) == '"g"'


def test_objects_are_exported(tmp_path: Path) -> None:
    (tmp_path / "m.rtfs").write_text('(module m (:exports [box]) (resource box :uri "u"))')
    assert display(evaluate('(import m) (get m/box "uri")', paths=(str(tmp_path),))) == '"u"'


def test_a_whole_plan_is_right() -> None:
    assert found(PLAN) == ()


@pytest.mark.parametrize("kind", sorted(SCHEMAS))
def test_what_is_missing_is_listed_and_evaluation_goes_on(kind: str) -> None:
    text = f"({kind} thing :type :rtfs.core:v2.0:{kind})"
    (report,) = found(text)
    assert (report.code, report.kind, report.severity) == ("E260", "SchemaError", "error")
    assert all(":" + name in report.message for name in SCHEMAS[kind].required if name != "type")
    assert display(evaluate(text)) == '{"type" :rtfs.core:v2.0:' + kind + "}"


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ('"ready"', '"redy"', ':status must be one of "draft", "ready"'),
        (":rtfs.core:v2.0:plan", '"plan"', ":type must be :rtfs.core:v2.0:plan"),
        (':plan-id "p1"', "", "missing :plan-id"),
        ('"ready"', '"ready" :strategy "fast"', ":strategy must be one of"),
    ],
)
def test_each_mistake_is_said(before: str, after: str, said: str) -> None:
    (report,) = found(PLAN.replace(before, after))
    assert said in report.message


def test_what_is_not_known_before_a_run_is_no_mistake() -> None:
    assert found(PLAN.replace('"ready"', '(str "re" "ady")')) == ()


def test_a_program_that_is_evaluated_is_warned_of() -> None:
    assert [each.code for each in found(PLAN.replace("(fn [name] (step", "(do (step"))] == ["W005"]


def test_a_plan_is_run_by_its_name(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = save(tmp_path, PLAN)
    assert main(["run", "--plan", "greet", path, "Ada"]) == 0
    assert capsys.readouterr().out == '"hello Ada"\n'


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (PLAN.replace('"ready"', '(str "re" "dy")'), ":status must be one of"),
        (PLAN.replace("(fn [name] (step", "(do (def name 1) (step"), "and is a string"),
        ("(def greet {})", "missing :type"),
        ("(def other 1)", "Undefined symbol: greet"),
    ],
)  # fmt: skip
def test_what_is_no_plan_is_not_run(
    text: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", "--plan", "greet", save(tmp_path, text), "Ada"]) == 1
    assert said in capsys.readouterr().err


def test_check_finds_malformed_objects(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", save(tmp_path, '(intent i :goal "g")')]) == 1
    assert "Malformed intent: missing :type, :intent-id" in capsys.readouterr().err


DOUBLE = '(capability double :capability-id "my/double" :implementation (fn [x] (* 2 x)))'


@pytest.mark.parametrize("called", [":double", '"double"', ":my/double"])
def test_a_capability_of_a_program_is_called(called: str) -> None:
    assert evaluate(f"{DOUBLE} (call {called} 21)") == 42


def test_a_wrong_count_is_an_arity_mismatch() -> None:
    with pytest.raises(RtfsError) as caught:
        evaluate(f"{DOUBLE} (call :double 1 2)")
    assert caught.value.kind == "ArityMismatch"


def test_an_implementation_that_is_no_function_defines_nothing() -> None:
    with pytest.raises(RtfsError) as caught:
        evaluate('(capability add :implementation "a text") (call :add 1)')
    assert caught.value.kind == "UnknownCapability"


def test_the_host_comes_first_and_effects_need_grants() -> None:
    @capability(":my/double", effects="reads")
    def double(x: int) -> str:
        return f"host {x}"

    env = make_env()
    unit = compile_text(f"{DOUBLE} (call :my/double 4)", env=env)
    session = Session(modules=env.modules, capabilities=(double,), grants=Grants.parse(["cap:my/double"]))
    assert session.evaluate(unit.artifact).value == "host 4"
    text = '(capability peek :implementation (fn [path] (read-file path))) (call :peek "/etc/hostname")'
    with pytest.raises(RtfsError) as caught:
        evaluate(text)
    assert caught.value.kind == "SecurityViolation"


def test_sessions_share_no_capabilities() -> None:
    modules = make_env().modules
    Session(modules=modules).evaluate(compile_text(DOUBLE).artifact)
    with pytest.raises(RtfsError) as caught:
        Session(modules=modules).evaluate(compile_text("(call :double 1)").artifact)
    assert caught.value.kind == "UnknownCapability"
