"""Delegation of compiled functions: hints, sites, policies and what the model is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from rtfs_runtime.delegation.policy import Policy, PolicyRule
from rtfs_runtime.delegation.target import LocalModel
from rtfs_runtime.errors import RtfsError
from rtfs_runtime.providers.base import ModelReply, ModelRequest
from rtfs_runtime.providers.scripted import ScriptedModel
from rtfs_runtime.session import Session
from rtfsc.driver import compile_text, make_env
from rtfsc.options import Options


class Watching(ScriptedModel):
    """Answers 7 and remembers what it was asked."""

    def __init__(self) -> None:
        super().__init__("m", {})
        self.asked: list[ModelRequest] = []

    def infer(self, request: ModelRequest) -> ModelReply:
        self.asked.append(request)
        return ModelReply("7")


def run(text: str, options: Options | None = None, policy: Policy | None = None) -> tuple[object, Watching]:
    options = options or Options()
    env = make_env((), options)
    model = Watching()
    session = Session(modules=env.modules, policy=policy)
    session.registry.register(model)
    return session.evaluate(compile_text(text, options, env).artifact).value, model


@pytest.mark.parametrize(
    ("text", "value", "system"),
    [
        ('(defn f ^:delegation :local-model "m" [x] :int "Count.") (f 1)', 7, "Count."),
        ('(defn f "Doc." ^:delegation :remote "m" [x] :int (inc x)) (f 1)', 7, "Doc."),
        ('(defn f ^:delegation :local-model "m" [x :string] "Say.") (f "1")', "7", "Arguments: x: string."),
        ('((fn ^:delegation :local-model "m" [x] "Say.") 5)', "7", "Say."),
        (
            '((fn ^:delegation :local-model "m" [x :int & r :int] :int "Say.") 5 6)',
            7,
            "Say.\nArguments: x: integer.",
        ),
        ('((fn ^:delegation :local-model "m" [x] :[:enum 7 8] (inc x)) 5)', 7, "one of: 7, 8."),
        (
            '(deftype T [:enum 7 8]) (defn f ^:delegation :local-model "m" [x] :T "Doc.") (f 6)',
            7,
            "one of: 7, 8.",
        ),
    ],
)
def test_hinted_functions(text: str, value: object, system: str) -> None:
    found, model = run(text)
    assert (found, type(found)) == (value, type(value))
    assert system in model.asked[0].system


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ('(defn f ^:delegation :local-model "m" [x] "Doc.") (f)', "ArityMismatch"),
        ('(defn f ^:delegation :local-model "m" [x :int] "Doc.") (f "a")', "TypeValidationError"),
        ('(defn f ^:delegation :local-model "m" [x] :bool "Doc.") (f 1)', "DelegationError"),
        ('(defn f ^:delegation :local-model "no" [x] "Doc.") (f 1)', "UnknownCapability"),
        ('((fn ^:delegation :remote "no" [x] "Doc.") 1)', "UnknownCapability"),
    ],
)
def test_what_goes_wrong(text: str, kind: str) -> None:
    with pytest.raises(RtfsError) as caught:
        run(text)
    assert caught.value.kind == kind


def test_errors_of_delegation_can_be_caught() -> None:
    text = '(defn f ^:delegation :local-model "m" [x] :bool "D.") (try (f 1) (catch HostError e (:kind e)))'
    assert run(text)[0] == "DelegationError"


def test_a_call_may_choose_another_target() -> None:
    text = '(defn f [x] (inc x)) [(f 5) ^{:runtime.delegation "local-model:m"} (f 6)]'
    assert run(text)[0] == (6, "7")
    text = '(defn f ^:delegation :local-model "m" [x] (inc x)) [(f 5) ^{:runtime.delegation :local} (f 6)]'
    assert run(text)[0] == ("7", 7)


@pytest.mark.parametrize("level", [0, 1])
def test_a_rule_changes_every_call_of_what_it_names(level: int) -> None:
    text = """(module m (defn f [x] :int (inc x)) (defn g [x] (+ (f x) (f 1))) (defn h [xs] (map f xs)))
              (import m :as m) [(m/f 1) (m/g 1) (m/h [1 2])]"""
    rules = (PolicyRule("m/f", (LocalModel("m"),), "delegation.toml:1"),)
    policy = Policy(Path("delegation.toml"), (), rules, "digest")
    assert run(text)[0] == (2, 4, (2, 3))
    options = Options(level=level, delegable=policy.delegable, policy=policy.digest)
    assert run(text, options, policy)[0] == (7, 14, (7, 7))


def test_a_rule_for_what_was_compiled_without_it_is_refused() -> None:
    rules = (PolicyRule("p/f", (LocalModel("m"),), "delegation.toml:1"),)
    policy = Policy(Path("delegation.toml"), (), rules, "digest")
    with pytest.raises(RtfsError, match=r"run `rtfsc build --policy delegation\.toml"):
        run("(module p (defn f [x] x))", None, policy)


def test_what_a_planner_says_is_in_the_decision() -> None:
    text = '(defn f ^{:delegation.confidence 0.9 :delegation.source "planner"} [x] x) f'
    function, _ = run(text, Options(delegable=("*",)))
    decision = function.__rtfs_decision__  # type: ignore[attr-defined]
    assert (decision.confidence, decision.reasoning) == (0.9, "Decision from planner")
