"""Replays: the same value from the record alone, and what is said when the program has changed."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from rtfs_runtime.errors import LimitExceeded, RtfsError
from rtfs_runtime.host.capability import capability
from rtfs_runtime.host.grants import Grants
from rtfs_runtime.ledger.replay import ReplayError
from rtfs_runtime.providers.base import InstantProvider, ModelReply, ModelRequest
from rtfs_runtime.settings import ledger_of
from rtfs_runtime.values import Keyword
from rtfsc.driver import compile_text
from rtfsc.hook import Session
from rtfsc.pytest_plugin import rtfs_replay
from rtfsc.replaying import Replayed, replay

__all__ = ["rtfs_replay"]
GRANTS = ["t/*", "print", "time", "random", "env:*", "ccos.*"]


class Counting(InstantProvider):
    """A model that counts what it is asked."""

    def __init__(self) -> None:
        super().__init__("m", "counting")
        self.asked = 0

    def infer(self, request: ModelRequest) -> ModelReply:
        self.asked += 1
        return ModelReply(f"answer {self.asked}")


class Plan:
    """A plan in a folder, recorded once: `record` runs it, `replay` runs it from the record."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "plan.rtfs"
        self.ledger = str(folder / "runs.jsonl")
        self.model = Counting()
        self.effects: list[str] = []
        self.environment = {"MODE": "a-mode"}

    def write(self, body: str) -> None:
        self.path.write_text(
            f'(defn ask ^:delegation :local-model "m" [x] "Say.")\n(defn main [& args] {body})\n'
        )

    def record(self, body: str, *args: object) -> object:
        self.write(body)
        session = Session(
            capabilities=self._capabilities(), grants=Grants.parse(GRANTS), ledger=ledger_of(self.ledger)
        )
        session.registry.register(self.model)
        return session.run(self.path, None, args).value

    def replay(self, body: str | None = None) -> Replayed:
        if body is not None:
            self.write(body)
        return replay(self.ledger, "", self.environment)

    def _capabilities(self) -> tuple[object, ...]:
        @capability("t/save", effects="writes")
        def save(value: object) -> object:
            self.effects.append(f"save {value}")
            return {"saved": value}

        @capability("t/fail", effects="reads")
        def fail(value: object) -> object:
            self.effects.append("fail")
            raise RtfsError("ApplicationError", {"error_type": "crm/gone", "message": "no", "data": None},
                            data={Keyword("id"): value})  # fmt: skip

        return save, fail


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    return Plan(tmp_path)


def changed(call: Callable[[], object]) -> str:
    with pytest.raises(ReplayError) as caught:
        call()
    return str(caught.value)


def test_a_replay_asks_no_model_and_touches_nothing(plan: Plan, capsys: pytest.CaptureFixture[str]) -> None:
    body = """
    (do (println "hi" args)
        (step "all"
          [(current-timestamp-ms) (random) (uuid) (ask 1) (ask 2) (call :t/save (first args))
           (try (call :t/fail 7) (catch :crm/gone e (:id e)))
           (map (fn [x] (call :t/save x)) [1 2])]))"""
    value = plan.record(body, "x", 3)
    assert (plan.model.asked, plan.effects) == (2, ["save x", "fail", "save 1", "save 2"])
    capsys.readouterr()
    again = plan.replay()
    assert again.value == value and again.error is None
    assert (plan.model.asked, len(plan.effects)) == (2, 4)
    assert capsys.readouterr() == ("", "")
    assert {event.kind for event in again.trace} == {"run", "step", "capability", "model"}


def test_what_stays_in_the_session_is_done_again(plan: Plan) -> None:
    body = '(do (context/set "k" 5) (call :ccos.state.kv.put :a 2) [@k (call :ccos.state.kv.get :a)])'
    assert plan.record(body) == (5, 2) == plan.replay().value


def test_branches_are_replayed(plan: Plan) -> None:
    body = "(parallel [a (ask 1)] [b (map ask [1 2])] [c (call :t/save 1)])"
    assert plan.record(body) == plan.replay().value
    assert plan.model.asked == 3


def test_the_environment_is_read_where_the_replay_runs(plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODE", "a-mode")
    plan.record('(let [mode (get-env "MODE")] (call :t/save (str "in " mode)) (count mode))')
    assert "a-mode" not in Path(plan.ledger).read_text()
    plan.environment = {"MODE": "b-mode"}
    assert plan.replay().value == 6
    plan.environment = {}
    assert changed(plan.replay) == (
        "plan/1: the value holds that of the variable MODE, which no ledger keeps: set MODE"
    )


def test_a_run_that_failed_fails_again(plan: Plan) -> None:
    with pytest.raises(RtfsError):
        plan.record("(do (call :t/save 1) (call :t/fail 2))")
    again = plan.replay()
    assert again.error is not None
    assert (again.error.kind, again.error.key, again.error.data) == (
        "ApplicationError", "crm/gone", {Keyword("id"): 2},
    )  # fmt: skip
    told = changed(lambda: plan.replay("(do (call :t/save 1) (try (call :t/fail 2) (catch e 3)))"))
    assert "recorded: ApplicationError" in told and "now:      3" in told


def test_a_limit_is_a_limit_again(plan: Plan) -> None:
    class Over(Counting):
        def infer(self, request: ModelRequest) -> ModelReply:
            raise LimitExceeded("money", "a cent")

    plan.model = Over()
    with pytest.raises(LimitExceeded):
        plan.record("(try (ask 1) (catch e 1))")
    assert isinstance(plan.replay().error, LimitExceeded)


CHANGES = [
    ("(ask 1)", "(ask 2)", "plan/1", "plan/ask (1)", "plan/ask (2)"),
    ("(ask 1)", "(call :t/save 1)", "plan/1", "plan/ask (1)", "t/save (1)"),
    ("(do (ask 1) (ask 2))", "(do (ask 1) (ask 2) (ask 3))", "plan/3", "nothing", "plan/ask (3)"),
    ("(do (ask 1) (call :t/save 2))", "(ask 1)", "plan/2", "t/save (2)", "nothing"),
    ("(count [(ask 1)])", "(+ 1 (count [(ask 1)]))", "the end", "1", "2"),
    ('(step "a" (ask 1))', '(step "b" (ask 1))', "plan/1:b/1", "nothing", "plan/ask (1)"),
    ("(ask 1)", "(try (ask 2) (catch e 5))", "plan/1", "plan/ask (1)", "plan/ask (2)"),
    ("(ask 1)", "(try (ask 2) (finally 5))", "plan/1", "plan/ask (1)", "plan/ask (2)"),
    (
        "(ask 1)",
        "(ask 1 2)",
        "plan/1",
        "plan/ask (1)",
        "nothing; it ended in ArityMismatch: Arity mismatch in ask: expected 1, got 2",
    ),
]


@pytest.mark.parametrize(("before", "after", "where", "recorded", "now"), CHANGES)
def test_a_changed_program_is_told_with_both_sides(
    plan: Plan, before: str, after: str, where: str, recorded: str, now: str
) -> None:
    plan.record(before)
    assert changed(lambda: plan.replay(after)) == (
        f"the program has changed since it was recorded. At {where}:\n"
        f"  recorded: {recorded}\n  now:      {now}"
    )


def test_a_changed_branch_stops_the_others(plan: Plan) -> None:
    body = "(parallel [a (ask 1)] [b (ask 2)])"
    plan.record(body)
    told = changed(lambda: plan.replay(body.replace("2", "3")))
    assert "At plan/1/b/1:" in told
    assert not [thread for thread in threading.enumerate() if thread.name == "rtfs"]


def test_a_run_that_was_cut_off_cannot_be_replayed(plan: Plan) -> None:
    plan.record("(ask 1)")
    lines = Path(plan.ledger).read_text().splitlines(keepends=True)
    Path(plan.ledger).write_text("".join(lines[:-1]))
    assert changed(plan.replay).endswith("was cut off: only a run that ended can be replayed")


def test_a_value_that_was_too_long_to_be_kept(plan: Plan) -> None:
    plan.record("(count (str (call :t/save (reduce str (map str (range 30000))))))")
    assert changed(plan.replay) == "plan/1: what t/save gave was too long to be kept"


def test_a_text_cannot_be_replayed(tmp_path: Path) -> None:
    session = Session(grants=Grants.parse(GRANTS), ledger=ledger_of(str(tmp_path / "r.jsonl")))
    session.evaluate(compile_text("(random)").artifact)
    assert "was of a text" in changed(lambda: replay(str(tmp_path / "r.jsonl")))


def test_a_policy_that_is_gone_is_named(plan: Plan) -> None:
    plan.record("(ask 1)")
    text = Path(plan.ledger).read_text()
    Path(plan.ledger).write_text(text.replace('"policy":""', '"policy":"/gone/delegation.toml"'))
    assert "/gone/delegation.toml, which is not there any more" in changed(plan.replay)


def test_a_record_can_be_replayed_where_it_was_moved_to(plan: Plan, tmp_path: Path) -> None:
    (tmp_path / "data.txt").write_text("data")
    (tmp_path / "delegation.toml").write_text("")
    value = plan.record('[(call :t/save (str @plan-dir "/out")) (str @plan-dir)]')
    assert value == ({"saved": f"{tmp_path}/out"}, str(tmp_path))
    text = Path(plan.ledger).read_text()
    assert "[plan-dir]/out" in text
    there = tmp_path / "moved"
    there.mkdir()
    for name in ("plan.rtfs", "runs.jsonl"):
        (tmp_path / name).rename(there / name)
    assert replay(there / "runs.jsonl").value == ({"saved": f"{there}/out"}, str(there))


def test_a_changed_run_fails_its_test_with_both_sides(
    plan: Plan, rtfs_replay: Callable[..., Replayed]
) -> None:
    plan.record("(ask 1)")
    plan.write("(ask 2)")
    with pytest.raises(pytest.fail.Exception, match=r"recorded: plan/ask \(1\)"):
        rtfs_replay(plan.ledger)


def test_a_recorded_run_is_a_test(plan: Plan, rtfs_replay: Callable[..., Replayed]) -> None:
    plan.record("[(ask 1) (random)]")
    assert rtfs_replay(plan.ledger).value[0] == "answer 1"  # type: ignore[index]
