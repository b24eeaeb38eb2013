"""Ledgers: what is written, under which names, what never is, and what a broken one does to a run."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from rtfs_runtime.errors import RtfsError
from rtfs_runtime.host.capability import capability
from rtfs_runtime.host.grants import Grants
from rtfs_runtime.host.world import REAL, World
from rtfs_runtime.ledger.attributes import NAMES, attributes_of, details_of
from rtfs_runtime.ledger.hidden import Hidden, means_a_secret
from rtfs_runtime.ledger.jsonlines import RunFolder
from rtfs_runtime.ledger.places import find_run, place_of
from rtfs_runtime.ledger.record import Run
from rtfs_runtime.ledger.writing import Outside, StoreError, WritingLedger
from rtfs_runtime.providers.base import InstantProvider, ModelReply, ModelRequest
from rtfs_runtime.session import Session
from rtfs_runtime.settings import ledger_of
from rtfs_runtime.trace import Deferred, Event, Trace, Usage
from rtfs_runtime.values import Keyword, Resource
from rtfsc.driver import compile_text, make_env

GRANTS = Grants.parse(["t/*", "print", "env:*", "time", "random", "ccos.*"])
ROOT = Path(__file__).parents[3]
PLACES = ["runs.jsonl", "runs.db", "folder"]


def world(run_id: str = "run-1") -> World:
    return REAL._replace(
        now_s=lambda: 1700000000.25, write_out=lambda _: None, env={"MODE": "production"}.get,
        run_id=lambda: run_id,
    )  # fmt: skip


class Priced(InstantProvider):
    def __init__(self) -> None:
        super().__init__("m", "priced 1")

    def infer(self, request: ModelRequest) -> ModelReply:
        return ModelReply("yes", confidence=0.5, usage=Usage(12, 3, 0.25), model_version=self.version)


class Recorded:
    """A session whose runs are recorded; `warnings` is what its ledger complained of."""

    def __init__(self, place: str, *capabilities: object, run_id: str = "run-1", most: int = 1000) -> None:
        self.place = place
        self.warnings: list[str] = []
        outside = Outside(world(run_id), {"API_TOKEN": "s3cret-token", "PATH": "/bin"}, self.warnings.append)
        self._env = make_env(())
        self.session = Session(
            modules=self._env.modules,
            capabilities=capabilities,
            grants=GRANTS,
            world=world(run_id),
            ledger=WritingLedger(place_of(place), outside, most),
        )
        self.session.registry.register(Priced())

    def run(self, text: str) -> object:
        return self.session.evaluate(compile_text(text, env=self._env).artifact).value

    def read(self, name: str = "") -> Run:
        return find_run(place_of(self.place), name)


@pytest.fixture(params=PLACES)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return str(tmp_path / "deeper" / request.param)


def written(place: str) -> str:
    """Give everything that stands in the files of a ledger."""
    path = Path(place)
    files = sorted(path.iterdir()) if path.is_dir() else sorted(path.parent.glob(path.name + "*"))
    return "".join(file.read_bytes().decode("utf-8", "replace") for file in files)


def test_a_run_can_be_read_back(place: str) -> None:
    recorded = Recorded(place)
    value = recorded.run('(step "s" (println "x")) (parallel [a (random)] [b (current-time)])')
    assert isinstance(value, dict)
    run = recorded.read()
    assert (run.id, run.time_s, run.start.name) == ("run-1", 1700000000.25, "<text>")
    assert run.start.grants[:3] == ("cap:t/*", "print", "env:*")
    assert [(event.id, event.parent, event.kind, event.path) for event in run.events] == [
        (event.id, event.parent, event.kind, event.path) for event in recorded.session.last_trace
    ]
    printed = run.events[2]
    assert (printed.name, printed.args, printed.value) == (
        "ccos.io.println", '{"vec":[{"str":"x"}]}', '{"nil":true}',
    )  # fmt: skip
    assert run.whole is not None and run.whole.error is None
    assert recorded.warnings == []


def test_what_models_did_is_written_under_the_names_of_opentelemetry(place: str) -> None:
    recorded = Recorded(place)
    recorded.run('(defn f ^:delegation :local-model "m" [x] "Say.") (f 1) (f 2)')
    run = recorded.read()
    attempt = next(event for event in run.events if event.kind == "attempt")
    wanted = {
        "gen_ai.operation.name": "chat",
        "gen_ai.request.temperature": 0.0,
        "gen_ai.request.max_tokens": 256,
        "gen_ai.response.finish_reasons": "end",
        "gen_ai.request.model": "m",
        "gen_ai.response.model": "priced 1",
        "gen_ai.usage.input_tokens": 12,
        "gen_ai.usage.output_tokens": 3,
        "rtfs.cost_usd": 0.25,
        "rtfs.delegation.confidence": "0.50",
        "rtfs.attempt.number": 1,
    }
    assert wanted.items() <= attempt.attributes.items()
    assert run.cost == recorded.session.last_trace.cost() == (2, 24, 6, 0.5)


def test_names_of_details_are_given_back() -> None:
    given: dict[str, object] = {detail: f"{detail}!" for detail in NAMES}
    given["own"] = 1
    event = Event(1, 0, "m/1", "attempt", "x")
    event.detail.update(given)

    assert details_of(attributes_of(event)) == given


def test_errors_are_written_with_their_kind(place: str) -> None:
    @capability("t/broken")
    def broken() -> object:
        raise FileNotFoundError(2, "gone", "f")

    recorded = Recorded(place, broken)
    with pytest.raises(RtfsError):
        recorded.run("(call :t/broken)")
    run = recorded.read()
    assert [event.attributes["error.type"] for event in run.events] == ["IoError", "IoError"]
    assert run.events[1].error is not None
    assert run.events[1].error.message == "I/O error: gone: f"


@capability("t/login")
def login(_given: object) -> object:
    return {Keyword("access-token"): "opened-sesame", Keyword("user"): "u"}


@capability("t/echo", effects="reads")
def echo(value: object) -> object:
    return value


def test_secrets_never_reach_the_ledger(place: str) -> None:
    recorded = Recorded(place, login, echo)
    recorded.run("""
    (let [mode (get-env "MODE")
          got (call :t/login {:password "hunter-22" :name "n"})]
      (println "s3cret-token" mode (:access-token got))
      (call :t/echo {:url "https://x/?key=s3cret-token" :headers {"Authorization" "Basic abcdef"}})
      (call :t/echo (str "as " (:access-token got)))
      mode)""")
    text = written(place)
    for secret in ("s3cret-token", "production", "hunter-22", "opened-sesame", "Basic abcdef"):
        assert secret not in text
    assert "[env:API_TOKEN] [env:MODE]" in text and "https://x/?key=[env:API_TOKEN]" in text
    assert "/bin" not in text


def test_secrets_of_errors_never_reach_the_ledger(place: str) -> None:
    @capability("t/refuse")
    def refuse() -> object:
        raise RuntimeError("no entry with s3cret-token")

    recorded = Recorded(place, refuse)
    with pytest.raises(RtfsError):
        recorded.run("(call :t/refuse)")
    assert "s3cret-token" not in written(place) and "[env:API_TOKEN]" in written(place)


@pytest.mark.parametrize(
    ("name", "secret"),
    [
        ("password", True), ("Authorization", True), ("x-api-key", True), ("apiKey", True),
        ("userToken", True), ("set-cookie", True), ("client_secret", True), ("credentials", True),
        ("secretary", False), ("tokens", False), ("key", False), ("keyword", False), ("cookies-eaten", False),
    ],
)  # fmt: skip
def test_names_that_mean_a_secret(name: str, secret: bool) -> None:
    assert means_a_secret(name) is secret


def test_handles_are_shown_by_number() -> None:
    hidden = Hidden({})
    assert [hidden.handle(text) for text in ("a", "b", "a", "[handle:7]")] == [
        "[handle:1]", "[handle:2]", "[handle:1]", "[handle:7]",
    ]  # fmt: skip


def test_a_handle_never_reaches_the_ledger(place: str) -> None:
    recorded = Recorded(place, capability("t/ticket")(lambda: Resource("open-door-9")))
    recorded.run("(call :t/ticket)")
    assert "open-door-9" not in written(place)


def test_long_values_are_left_out_and_deep_ones_are_no_danger(place: str) -> None:
    recorded = Recorded(place, echo)
    recorded.run('(call :t/echo (reduce (fn [a _] [a]) 1 (range 100000))) (call :t/echo "x")')
    run = recorded.read()
    assert [(event.args is None, event.value is None) for event in run.events[1:]] == [
        (True, True), (False, False),
    ]  # fmt: skip
    recorded.run("(call :t/echo (reduce (fn [a _] [a]) 1 (range 3000)))")
    assert recorded.read().events[-1].value is not None


def test_events_beyond_the_limit_are_counted(place: str) -> None:
    recorded = Recorded(place, echo, most=5)
    recorded.run("(doseq [n (range 9)] (call :t/echo n))")
    run = recorded.read()
    assert (len(run.events), run.dropped) == (6, 4)


def test_a_ledger_that_cannot_be_written_is_a_warning(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for name in ("a.jsonl", "a.db", "folder"):
        recorded = Recorded(str(tmp_path / "file" / name), echo)
        assert recorded.run("(call :t/echo 1) (call :t/echo 2)") == 2
        (warning,) = recorded.warnings
        assert warning.startswith("warning: this run is not recorded: ") and name in warning


def test_a_disk_that_breaks_meanwhile_is_a_warning() -> None:
    class Full:
        left = 2
        path = "full.jsonl"

        def append(self, record: dict[str, Any]) -> None:
            self.left -= 1
            if self.left < 0:
                raise StoreError("no space left")

        def close(self) -> None:
            raise AssertionError("a store that failed is left alone")

    warnings: list[str] = []
    env = make_env(())
    ledger = WritingLedger(Full(), Outside(world(), {}, warnings.append))
    session = Session(modules=env.modules, capabilities=(echo,), grants=GRANTS, ledger=ledger)
    text = "(call :t/echo 1) (call :t/echo 2) (call :t/echo 3)"
    assert session.evaluate(compile_text(text, env=env).artifact).value == 3
    assert warnings == ["warning: this run is not recorded: no space left\n"]


KILLED = """
import os, sys
from rtfs_runtime.host.capability import capability
from rtfs_runtime.host.grants import Grants
from rtfs_runtime.settings import ledger_of
from rtfsc.driver import compile_text, make_env
from rtfs_runtime.session import Session

@capability("t/die")
def die():
    os.kill(os.getpid(), 9)

env = make_env(())
session = Session(modules=env.modules, capabilities=(die,), grants=Grants.parse(["t/*", "ccos.*"]),
                  ledger=ledger_of(sys.argv[1]))
session.evaluate(compile_text("(call :ccos.echo 1) (call :ccos.echo 2) (call :t/die)", env=env).artifact)
"""


def test_what_happened_before_the_process_died_is_there(place: str) -> None:
    paths = os.pathsep.join((str(ROOT), str(ROOT / "runtime")))
    done = subprocess.run(
        [sys.executable, "-c", KILLED, place], env={**os.environ, "PYTHONPATH": paths}, check=False
    )
    assert done.returncode == -9
    run = find_run(place_of(place))
    assert run.whole is None
    assert [event.value for event in run.events] == ['{"int":1}', '{"int":2}']


def test_a_torn_line_is_passed_over(tmp_path: Path) -> None:
    recorded = Recorded(str(tmp_path / "runs.jsonl"), echo)
    recorded.run("(call :t/echo 1)")
    before = recorded.read()
    with open(recorded.place, "a", encoding="utf-8") as file:
        file.write('{"run":"run-1","kind":"capa')
    assert recorded.read() == before


def test_files_are_their_owners_only(place: str) -> None:
    recorded = Recorded(place, echo)
    recorded.run("(call :t/echo 1)")
    path = Path(place)
    for file in path.iterdir() if path.is_dir() else [path]:
        assert file.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(("most", "left"), [(3, [2, 3, 4]), (None, [0, 1, 2, 3, 4])])
def test_the_oldest_runs_of_a_bounded_folder_go(tmp_path: Path, most: int | None, left: list[int]) -> None:
    folder = RunFolder(str(tmp_path), most)
    for number in range(5):
        folder.append({"run": f"run-{number}"})
        folder.close()
    assert folder.names() == [f"run-{number}" for number in left]


def test_without_a_choice_runs_are_kept_in_the_users_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RTFS_STATE_DIR", str(tmp_path))
    monkeypatch.setenv("RTFS_LEDGER", "")
    env = make_env(())
    session = Session(modules=env.modules, capabilities=(echo,), grants=GRANTS, ledger=ledger_of())
    session.evaluate(compile_text("(call :t/echo 1)", env=env).artifact)
    assert len(list((tmp_path / "runs").iterdir())) == 1
    assert find_run(place_of("")).events[1].value == '{"int":1}'
    assert ledger_of("off") is None


def test_runs_are_found_by_the_beginning_of_their_names(place: str) -> None:
    for name in ("a-1", "a-2", "b-1"):
        Recorded(place, echo, run_id=name).run("(call :t/echo 1)")
    shelf = place_of(place)
    assert [find_run(shelf, wanted).id for wanted in ("", "b", "a-1")] == ["b-1", "b-1", "a-1"]
    for wanted, told in (("c", "no run is called c; the last one is b-1"), ("a", "2 runs begin with a")):
        with pytest.raises(StoreError, match=told):
            find_run(shelf, wanted)


def test_only_who_asked_for_a_record_is_told_that_there_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("RTFS_STATE_DIR", str(tmp_path / "file" / "state"))
    told: list[str] = []
    quiet = REAL._replace(write_log=told.append)
    for said, warnings in (("", 0), (str(tmp_path / "file" / "x.jsonl"), 1)):
        env = make_env(())
        session = Session(
            modules=env.modules, capabilities=(echo,), grants=GRANTS, ledger=ledger_of(said, quiet)
        )
        assert session.evaluate(compile_text("(call :t/echo 1)", env=env).artifact).value == 1
        assert len(told) == warnings


@pytest.mark.parametrize("name", ["none.jsonl", "none.db", "none"])
def test_a_ledger_that_is_not_there(tmp_path: Path, name: str) -> None:
    with pytest.raises(StoreError):
        find_run(place_of(str(tmp_path / name)))


def test_a_file_of_something_else_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.db").write_bytes(b"not a database at all, whatever it is called")
    with pytest.raises(StoreError, match=r"a\.db"):
        find_run(place_of(str(tmp_path / "a.db")))
    (tmp_path / "a.jsonl").write_text(json.dumps({"kind": "start", "run": "r", "format": 99}) + "\n")
    with pytest.raises(StoreError, match="the run r cannot be read: a ledger of format 99"):
        find_run(place_of(str(tmp_path / "a.jsonl")))


def test_processes_may_write_one_database(tmp_path: Path) -> None:
    place = str(tmp_path / "runs.db")
    one, two = Recorded(place, echo, run_id="one"), Recorded(place, echo, run_id="two")
    one.run("(call :t/echo 1)")
    two.run("(call :t/echo 2)")
    assert [find_run(place_of(place), name).events[1].value for name in ("one", "two")] == [
        '{"int":1}', '{"int":2}',
    ]  # fmt: skip
    assert sqlite3.connect(place).execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_a_program_that_only_computes_opens_no_ledger() -> None:
    def never() -> Any:
        raise AssertionError("nothing happened")

    env = make_env(())
    session = Session(modules=env.modules, ledger=Deferred(never))
    text = '(step "s" (parallel [a (str 1)] [b (str 2)]))'
    assert session.evaluate(compile_text(text, env=env).artifact).value == {
        Keyword("a"): "1", Keyword("b"): "2",
    }  # fmt: skip


def test_what_was_held_back_is_written_with_the_first_effect() -> None:
    seen: list[str] = []

    class Kept:
        def open(self, start: object) -> Any:
            return lambda event: seen.append(event.kind)

    sink = Deferred(Kept).open(None)  # type: ignore[arg-type]
    trace = Trace(lambda: 0.0, sink)
    for kind in ("step", "capability", "run"):
        trace.end(trace.begin(kind, "x", "x", 0), None)  # type: ignore[arg-type]
    assert seen == ["step", "capability", "run"]


def test_effects_that_end_at_once_open_one_ledger() -> None:
    opened: list[str] = []
    together = threading.Barrier(8)

    def make() -> Any:
        class Kept:
            def open(self, start: object) -> Any:
                opened.append("ledger")
                return seen.append

        return Kept()

    seen: list[Event] = []
    trace = Trace(lambda: 0.0, Deferred(make).open(None))  # type: ignore[arg-type]

    def effect() -> None:
        together.wait(20)
        trace.end(trace.begin("capability", "x", "x", 0), None)

    threads = [threading.Thread(target=effect) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (opened, len(seen)) == (["ledger"], 8)


def test_steps_that_a_limit_leaves_open_are_ended() -> None:
    recorded = Recorded(os.devnull + "/nothing", echo)
    recorded.session.host.output_left = 3
    with pytest.raises(RtfsError):
        recorded.run('(step "outer" (step "inner" (println "more than that")))')
    assert [(event.kind, event.failed) for event in recorded.session.last_trace] == [
        ("run", True), ("step", True), ("step", True), ("capability", True),
    ]  # fmt: skip
