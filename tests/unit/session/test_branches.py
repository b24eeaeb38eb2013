"""Branches of `parallel`: what overlaps, what waits for its turn, errors and places as in order."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Any

import pytest

from rtfs_runtime import abi, branches
from rtfs_runtime.errors import LimitExceeded, RtfsError
from rtfs_runtime.host.capability import capability
from rtfs_runtime.host.grants import Grants
from rtfs_runtime.providers.base import InstantProvider, ModelReply, ModelRequest
from rtfs_runtime.reach import OPERATIONS, Reach, reach
from rtfs_runtime.session import Result, Session
from rtfs_runtime.settings import Limits
from rtfs_runtime.trace import render_tree
from rtfs_runtime.values import Keyword
from rtfsc.driver import compile_text, make_env

PATIENCE_S = 20.0
GRANTS = Grants.parse(["t/*", "print", "ccos.*"])


class Meeting(InstantProvider):
    """A model that answers once two calls wait for it at the same time."""

    def __init__(self) -> None:
        super().__init__("m", "meeting")
        self.barrier = threading.Barrier(2)

    def infer(self, request: ModelRequest) -> ModelReply:
        self.barrier.wait(PATIENCE_S)
        return ModelReply(request.text.upper())


def run(text: str, *capabilities: object, **given: Any) -> Result:
    env = make_env(())
    session = Session(modules=env.modules, capabilities=capabilities, grants=GRANTS, **given)
    session.registry.register(Meeting())
    return session.evaluate(compile_text(text, env=env).artifact)


def failure(call: Callable[[], object]) -> RtfsError:
    with pytest.raises(RtfsError) as caught:
        call()
    return caught.value


def meeting(effects: Any) -> Any:
    """Make a capability that gives its argument back, reads only when a second call has come."""
    barrier = threading.Barrier(2)

    @capability("t/meet", effects=effects)
    def meet(value: object) -> object:
        if effects == "reads":
            barrier.wait(PATIENCE_S)
        return value

    return meet


@pytest.mark.parametrize(
    "text",
    [
        "(parallel [a (call :t/meet 1)] [b (call :t/meet 2)])",
        "(parallel [a (call :t/meet 1)] [n (+ 1 1)] [b (call :t/meet 2)])",
        '(defn get-it [x] (call "t/meet" x)) (parallel [a (get-it 1)] [b (first (map get-it [2]))])',
        "(do (println 0) (parallel [a (call :t/meet 1)] [b (call :t/meet 2)] [c (println 1)]))",
    ],
)
def test_branches_that_read_wait_side_by_side(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    value = run(text, meeting("reads")).value
    assert isinstance(value, dict)
    assert (value[Keyword("a")], value[Keyword("b")]) == (1, 2)


@pytest.mark.parametrize(
    "text",
    [
        '(defn f ^:delegation :local-model "m" [x] "Say.") (step-parallel (f "a") (f "b"))',
        '(defn f ^:delegation :local-model "m" [x] "Say.") (step-parallel (map f ["a"]) [(f "b")])',
        '(let [f (fn ^:delegation :local-model "m" [x] "Say.")] (step-parallel (f "a") (f "b")))',
        '(step-parallel (llm-execute "m" "a") (call :ccos.ai/llm-execute "m" "b"))',
    ],
)
def test_branches_that_ask_models_wait_side_by_side(text: str) -> None:
    assert "A" in str(run(text).value) and "B" in str(run(text).value)


def test_a_branch_that_writes_starts_after_those_before_it() -> None:
    done: list[str] = []
    started = threading.Barrier(2)

    @capability("t/slow", effects="reads")
    def slow(name: str) -> str:
        started.wait(PATIENCE_S)
        done.append("read")
        return name

    @capability("t/save", effects="writes")
    def save(name: str) -> str:
        done.append("write")
        return name

    @capability("t/see", effects="reads")
    def see() -> tuple[str, ...]:
        return tuple(done)

    text = '(step-parallel (call :t/slow "a") (call :t/slow "b") (call :t/save "c") (call :t/see))'
    assert run(text, slow, save, see).value == ("a", "b", "c", ("read", "read", "write"))


def test_a_branch_that_writes_does_not_start_after_a_failure() -> None:
    done: list[str] = []

    @capability("t/save", effects="writes")
    def save(name: str) -> str:
        done.append(name)
        return name

    error = failure(lambda: run('(parallel [a (/ 1 (count []))] [b (call :t/save "b")])', save))
    assert (error.kind, done) == ("DivisionByZero", [])


def test_the_first_error_in_order_is_raised() -> None:
    second_failed = threading.Event()

    @capability("t/first", effects="reads")
    def first() -> object:
        second_failed.wait(PATIENCE_S)
        raise ValueError("first")

    @capability("t/second", effects="reads")
    def second() -> object:
        second_failed.set()
        raise ValueError("second")

    error = failure(lambda: run("(parallel [a (call :t/first)] [b (call :t/second)])", first, second))
    assert error.fields["message"] == "first"


def test_a_failure_ends_what_the_others_wait_for() -> None:
    waits, cancelled = threading.Event(), threading.Event()

    @capability("t/fail", effects="reads")
    def fail() -> object:
        waits.wait(PATIENCE_S)
        raise ValueError("no")

    @capability("t/wait", effects="reads")
    async def wait() -> object:
        waits.set()
        try:
            return await asyncio.Event().wait()
        finally:
            cancelled.set()

    error = failure(lambda: run("(parallel [a (call :t/fail)] [b (call :t/wait)])", fail, wait))
    assert error.fields["message"] == "no"
    assert cancelled.is_set()


def test_places_and_values_are_those_of_one_after_the_other() -> None:
    text = """
    (defn twice [x] (step "both" (call :t/meet x) (call :t/meet x)))
    (map (fn [n] (parallel [a (twice n)] [b (twice (+ n 1))])) [1 5])
    """
    overlapped, in_order = run(text, meeting("reads")), run(text, meeting("writes"))
    assert overlapped.value == in_order.value
    shown = [render_tree(result.trace, times=False) for result in (overlapped, in_order)]
    assert shown[1].count("  [alone: it may write]") == 4 == shown[0].count("branch")
    assert shown[0] == shown[1].replace("  [alone: it may write]", "")
    places = [sorted(event.path for event in result.trace) for result in (overlapped, in_order)]
    assert places[0] == places[1] and len(set(places[0])) == len(places[0])
    assert "<text>/2/b/1:both/2" in places[0]


def test_more_branches_than_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(branches, "_MOST_THREADS", 2)
    calls = " ".join(f"(call :t/meet {number})" for number in range(8))
    assert run(f"(step-parallel {calls})", meeting("reads")).value == tuple(range(8))


def test_without_room_for_a_thread_branches_run_one_after_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    class Crowded(branches.Job[None]):
        def start(self) -> None:
            raise LimitExceeded("memory", "threads")

    monkeypatch.setattr(branches, "Job", Crowded)
    text = "(parallel [a (call :t/echo 1)] [b (call :t/echo 2)] [c (call :t/echo 3)])"
    echo = capability("t/echo", effects="reads")(lambda value: value)
    assert run(text, echo).value == {Keyword("a"): 1, Keyword("b"): 2, Keyword("c"): 3}


def test_branches_that_compute_need_no_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(branches, "Job", None)
    text = "(defn fib [n] (if (< n 2) n (+ (fib (- n 1)) (fib (- n 2))))) (step-parallel (fib 10) (fib 11))"
    assert run(text).value == (55, 89)
    assert len(run("(parallel [a (+ 1 2)] [b (if true [1] {:b 2})])").trace) == 1


def test_what_a_branch_sets_in_the_context_is_seen_after_it() -> None:
    assert run('(do (parallel [a (context/set "k" 1)] [b 2]) (context/get "k"))').value == 1


def test_the_wall_clock_ends_a_run_whose_branches_wait() -> None:
    ended = threading.Event()

    @capability("t/wait", effects="reads")
    async def wait() -> object:
        try:
            return await asyncio.Event().wait()
        finally:
            ended.set()

    text = "(parallel [a (call :t/wait)] [b (call :t/wait)])"
    error = failure(lambda: run(text, wait, limits=Limits(wall_clock_s=0.2)))
    assert error.fields["dimension"] == "time"
    assert ended.wait(PATIENCE_S)


REACHES = [
    ("(fn [] (+ 1 2))", Reach.NOTHING),
    ("(fn [] (map inc (filter odd? [1 2])))", Reach.NOTHING),
    ("(fn [] (current-time))", Reach.NOTHING),
    ('(fn [] (map http-get ["http://x/"]))', Reach.WAITS),
    ('(fn [] (http-fetch "http://x/"))', Reach.WRITES),
    ('(fn [] (step "s" (inc 1)))', Reach.NOTHING),
    ("(fn [] (let [f (fn [x] (fn [] x))] ((f 1))))", Reach.NOTHING),
    ("(defstruct P :a :int) (fn [] (P {:a 1}))", Reach.NOTHING),
    ("(defn f [x :int] :int (if (> x 0) (f (- x 1)) x)) (fn [] (f 1))", Reach.NOTHING),
    ("(fn [] (call :no.such/thing))", Reach.NOTHING),
    ("(fn [] (call :t/read 1))", Reach.WAITS),
    ('(fn [] (llm-execute "m" "x"))', Reach.WAITS),
    ('(defn f ^:delegation :local-model "m" [x] "Say.") (fn [] (f 1))', Reach.WAITS),
    ('(let [f (fn ^:delegation :remote "m" [x] "Say.")] (fn [] (map f [1])))', Reach.WAITS),
    ("(def row {:f (fn [] (call :t/read 1))}) (fn [] ((:f row)))", Reach.WAITS),
    ("(let [f (comp inc (fn [x] (call :t/read x)))] (fn [] (f 1)))", Reach.WAITS),
    ("(defn f [n] (if (< n 1) (call :t/read n) (+ 1 (f (- n 1))))) (fn [] (f 3))", Reach.WAITS),
    ("(defn f [n] (if (< n 1) (println n) (+ 1 (f (- n 1))))) (fn [] (f 3))", Reach.WRITES),
    (
        "(defn f [n acc] (if (= n 0) (do (println n) acc) (f (- n 1) (conj acc n)))) (fn [] (f 3 []))",
        Reach.WRITES,
    ),
    ("(fn [] (println 1))", Reach.WRITES),
    ("(let [f [println]] (fn [] ((first f) 1)))", Reach.WRITES),
    ("(fn [] (call :t/write 1))", Reach.WRITES),
    ('(fn [] (call (str "t/" "read")))', Reach.WRITES),
    ("(fn [] (map call [:t/read]))", Reach.WRITES),
    ('(defn f ^:delegation :local-model "m" [x] (println x)) (fn [] (f 1))', Reach.WRITES),
    ("(fn [] (log-step :info 1))", Reach.WRITES),
    ('(fn [] ((context/get "f") 1))', Reach.WRITES),
    ("(fn [] (@f 1))", Reach.WRITES),
    ("(call :ccos.state.kv.put :f println) (fn [] ((call :ccos.state.kv.get :f) 1))", Reach.WRITES),
    ("(let [d (delay (call :t/read 1))] (fn [] (force d)))", Reach.WRITES),
    ("(letrec [f (fn [] (g)) g (fn [] (call :t/read 1))] (fn [] (f)))", Reach.WAITS),
]


@pytest.mark.parametrize(("text", "wanted"), REACHES)
def test_what_a_function_may_do(text: str, wanted: Reach) -> None:
    known = (
        capability("t/read", effects="reads")(lambda value: value),
        capability("t/write", effects="writes")(lambda value: value),
    )
    env = make_env(())
    session = Session(modules=env.modules, capabilities=known, grants=GRANTS)
    session.registry.register(Meeting())
    function = session.evaluate(compile_text(text, env=env).artifact).value
    session.context["f"] = session.namespace["println"]
    host = session.host
    assert reach(function, host.capabilities, lambda: branches._held(host, host.here())) == wanted


def test_every_operation_that_acts_through_the_session_is_known() -> None:
    assert set(OPERATIONS) == set(abi.session_abi(Session()))


def test_more_values_than_can_be_looked_at_count_as_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rtfs_runtime.reach._MOST_VALUES", 3)
    function = run("(let [v [[1] [2] [3] [4]]] (fn [] v))").value
    assert reach(function, {}, tuple) == Reach.WRITES
