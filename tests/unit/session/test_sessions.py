"""Sessions: their namespace, context, limits and runs of compiled modules."""

from __future__ import annotations

import asyncio
import io
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from rtfs_runtime import abi, stack
from rtfs_runtime import session as sessions
from rtfs_runtime.abi import SessionLike
from rtfs_runtime.builtins import BUILTINS
from rtfs_runtime.errors import LimitExceeded, RtfsError
from rtfs_runtime.host.capability import capability
from rtfs_runtime.host.grants import Grants
from rtfs_runtime.interface import EMPTY
from rtfs_runtime.loader import ModuleInstance
from rtfs_runtime.session import Session
from rtfs_runtime.settings import Limits, Settings
from rtfs_runtime.trace import MAX_EVENTS, Trace, render_tree
from rtfs_runtime.values import Keyword, kind_name
from rtfsc.hook import Session as HookSession


def put(session: Session, name: str, **functions: Any) -> ModuleInstance:
    """Give a session a module without compiling one."""
    found = ModuleInstance(name, EMPTY._replace(module=name, exports=tuple(functions)), f"{name}.rtfs")
    found.globals.update(functions)
    session.instances[name] = found
    return found


def failure(call: Callable[[], object]) -> RtfsError:
    with pytest.raises(RtfsError) as caught:
        call()
    return caught.value


def test_the_namespace_is_builtins_and_abi_and_nothing_else() -> None:
    session: SessionLike = Session()
    assert isinstance(session, Session)
    names = session.namespace
    assert type(names) is dict
    assert set(names) == set(BUILTINS) | set(abi.ABI) | set(abi.session_abi(session))
    for name in ("map", "+", "println", "call"):
        assert kind_name(names[name]) == "function"
    assert names["map"] is BUILTINS["map"].function


def test_host_builtins_belong_to_their_session_and_check_their_arity() -> None:
    one, two = Session(), Session()
    one.namespace["context/set"](Keyword("k"), 1)
    assert one.namespace["context/get"]("k") == 1
    assert two.namespace["context/get"]("k") is None
    error = failure(lambda: one.namespace["context/get"]())
    assert error.message == "Arity mismatch in context/get: expected 1, got 0"
    assert one.namespace["context/get"].__name__ == "context/get"


def test_settings_can_be_given_whole_or_by_field() -> None:
    settings = Settings(tenant="a")
    assert Session(settings).settings.tenant == "a"
    assert Session(settings, tenant="b").settings.tenant == "b"
    assert settings.tenant == "a"
    with pytest.raises(TypeError, match="no setting `tenent`"):
        Session(tenent="x")


def test_context_values() -> None:
    session = Session(context={"user-id": "u", "tags": ["a"]})
    assert session.namespace["#context"]("user-id") == "u"
    assert session.namespace["#context"]("nobody") == "@nobody"
    assert session.namespace["#resource_ref"]("tags") == ("a",)
    assert session.namespace["#get_shorthand"]("nobody") is None
    empty = ModuleInstance("m", EMPTY, "m.rtfs")
    assert session.namespace["#lookup"](empty, "user-id") == "u"
    error = failure(lambda: session.namespace["#lookup"](empty, "nobody"))
    assert (error.kind, error.fields) == ("UndefinedSymbol", {"symbol": "nobody"})
    session.context["nobody"] = 1
    assert session.lookup("nobody") == 1


def test_steps_scope_what_is_set_in_them() -> None:
    session = Session()
    get = session.namespace["context/get"]
    session.step_started("a", {"expose-context": True, "context-keys": None, "params": None})
    session.namespace["context/set"]("k", 1)
    session.step_started("b", {})
    assert get("k") == 1
    session.namespace["context/set"]("k", 2)
    assert get("k") == 2
    session.step_ended("b", None, failed=False)
    assert get("k") == 1
    session.step_ended("a", None, failed=False)
    assert get("k") is None


def test_running_a_function() -> None:
    session = Session()
    put(session, "m", main=lambda *args: args, twice=lambda x: x * 2)
    assert session.run("m").value == ()
    assert session.run("m", args=["a", [1]]).value == ("a", (1,))
    assert session.run("m", "twice", [4]).value == 8
    assert session.call("m", "twice", 5).value == 10
    assert session.load("m") is session.instances["m"]


def test_a_module_without_main_gives_its_value() -> None:
    session = Session()
    put(session, "m").value = 7
    assert session.run("m").value == 7


def test_wrong_calls_and_native_errors_become_errors_of_the_language() -> None:
    session = Session()
    put(session, "m", main=lambda x: 1 // x)
    assert failure(lambda: session.run("m")).kind == "ArityMismatch"
    assert failure(lambda: session.run("m", args=[0])).kind == "DivisionByZero"
    assert failure(lambda: session.run("m", "nothing")).kind == "UndefinedSymbol"
    assert failure(lambda: session.run("no-module-of-this-name")).kind == "ModuleNotFound"
    assert failure(lambda: session.run("no/such/file.rtfs")).kind == "ModuleNotFound"


def test_a_run_traces_what_it_did() -> None:
    session = Session(grants=Grants.parse(["echo-*", "ccos.*"]))

    def main() -> object:
        session.step_started("fetch", {})
        value = session.perform("ccos.echo", ("a",))
        session.step_ended("fetch", value, failed=False)
        failure(lambda: session.perform("ccos.io.close-file", (3,)))
        return session.perform("ccos.ai/llm-execute", ("echo-model", "hi", None))

    put(session, "m", main=main)
    result = session.run("m")
    assert result.value == "[ECHO] hi"
    assert result.cost == (1, 1, 2, 0.0)
    paths = [event.path for event in result.trace]
    assert paths == ["m", "m/1:fetch", "m/1:fetch/1", "m/2", "m/3", "m/3/1", "m/3/1/1"]
    assert render_tree(result.trace, times=False).splitlines() == [
        "run m",
        '├─ step fetch → "a"',
        '│  └─ capability ccos.echo ("a") → "a"',
        "├─ capability ccos.io.close-file (3) ✗ Generic: Runtime error: no open file has handle 3",
        '└─ capability ccos.ai/llm-execute ("echo-model" "hi" nil) → "[ECHO] hi"',
        '   └─ model llm-execute ("hi") → "[ECHO] hi"  '
        "[target: local-model:echo-model, reason: named by the program, by: program, attempts: 1]",
        '      └─ attempt local-model:echo-model → "[ECHO] hi"  '
        "[attempt: 1, template: prompt-1, tokens: 1+2]",
    ]
    assert len(session.run("m").trace) == len(result.trace)
    assert failure(lambda: session.run("m", args=[1])).kind == "ArityMismatch"
    assert [event.failed for event in session.last_trace] == [True]


def test_times_are_shown_on_demand() -> None:
    clock = iter(range(10)).__next__
    trace = Trace(lambda: float(clock()))
    trace.end(trace.begin("capability", "x", "x/1", 0), "y" * 100)
    assert render_tree(trace) == 'capability x → "' + "y" * 58 + "…  [1000.0 ms]"


def test_a_trace_is_bounded_but_a_sink_sees_everything() -> None:
    seen: list[int] = []
    trace = Trace(lambda: 0.0, lambda event: seen.append(event.id))
    for _ in range(MAX_EVENTS + 5):
        trace.end(trace.begin("log", "x", "", 0), None)
    assert (len(trace), trace.dropped, len(seen)) == (MAX_EVENTS, 5, MAX_EVENTS + 5)
    assert render_tree(trace, times=False, dropped=trace.dropped).endswith("… and 5 more events")


def test_events_of_any_depth_and_size_are_shown_shortly() -> None:
    trace = Trace(lambda: 0.0)
    deep: object = ()
    for _ in range(100_000):
        deep = (deep,)
    parent = 0
    for _ in range(5_000):
        parent = trace.begin("step", "s", "", parent).id
    trace.end(trace.begin("capability", "c", "", 0), deep)
    text = render_tree(trace, times=False)
    assert text.count("\n") == 5_000 and "a large vector" in text.splitlines()[-1]


def deep(n: int) -> int:
    return 0 if n == 0 else 1 + deep(n - 1)


def endless(n: int) -> int:
    return 1 + endless(n + 1)


def through_c(n: int) -> int:
    return 0 if n == 0 else 1 + max([1], key=lambda _: through_c(n - 1))


def test_fifty_thousand_frames_and_no_end() -> None:
    session = Session()
    put(session, "m", deep=deep, endless=endless)
    before = sys.getrecursionlimit()
    assert session.run("m", "deep", [50_000]).value == 50_000
    assert failure(lambda: session.run("m", "endless", [0])).kind == "StackOverflow"
    assert session.run("m", "deep", [50_000]).value == 50_000
    assert sys.getrecursionlimit() == before


@pytest.mark.parametrize("function", [deep, endless, through_c])
def test_recursion_of_any_kind_kills_no_process(function: Callable[[int], int]) -> None:
    try:
        stack.call(lambda: function(10_000_000), Limits().recursion_depth)
    except RecursionError:
        pass
    else:
        pytest.fail("no end of it")


def test_the_recursion_limit_is_shared_and_comes_back() -> None:
    before = sys.getrecursionlimit()
    with Limits(recursion_depth=20_000).active():
        assert sys.getrecursionlimit() == 20_000
        with Limits(recursion_depth=5_000).active():
            assert sys.getrecursionlimit() == 20_000
        with Limits(recursion_depth=30_000).active():
            assert sys.getrecursionlimit() == 30_000
        assert sys.getrecursionlimit() == 20_000
    assert sys.getrecursionlimit() == before


def test_the_wall_clock_ends_a_run() -> None:
    session = Session(limits=Limits(wall_clock_s=0.05))

    def main() -> None:
        while True:
            try:
                while True:
                    pass
            except RtfsError as error:
                abi.caught(error)

    put(session, "m", main=main, quick=lambda: 1)
    error = failure(lambda: session.run("m"))
    assert isinstance(error, LimitExceeded)
    assert (error.kind, error.fields["dimension"]) == ("BudgetExhausted", "time")
    assert session.run("m", "quick").value == 1


def test_threads_run_side_by_side() -> None:
    session = Session()
    put(session, "m", deep=deep)
    values: list[object] = []
    threads = [
        threading.Thread(target=lambda: values.append(session.run("m", "deep", [20_000]).value))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert values == [20_000] * 4


def test_a_job_may_be_stopped_at_any_moment() -> None:
    before = sys.getrecursionlimit()
    for moment in range(200):
        job = stack.Job(lambda moment=moment: sum(range(moment * 20)), 20_000)  # type: ignore[misc]
        job.start()
        for _ in range(moment):
            pass
        job.stop(stack.Stopped)
        assert job.wait(20)
        job._thread.join()
    assert sys.getrecursionlimit() == before


def test_a_job_may_be_stopped_while_it_starts_another() -> None:
    # on 3.11, with nothing done about it, one in about a hundred waited for ever
    for moment in range(600):
        begun = threading.Event()

        def start_others(begun: threading.Event = begun) -> None:
            while True:
                inner = stack.Job(begun.set, 20_000)
                inner.start()
                assert inner.wait(20)

        job = stack.Job(start_others, 20_000)
        job.start()
        assert begun.wait(20)
        for _ in range(moment * 37 % 4000):
            pass
        job.stop(stack.Stopped)
        assert job.wait(5)
        with pytest.raises(stack.Stopped):
            job.result()


def test_an_asynchronous_run_waits_on_the_callers_loop() -> None:
    loops: list[object] = []

    @capability("a/loop", effects="reads")
    async def where() -> str:
        loops.append(asyncio.get_running_loop())
        return "here"

    session = Session(capabilities=(where,), grants=Grants.parse(["a/*"]))
    put(session, "m", main=lambda: session.perform("a/loop", ()))

    async def main() -> tuple[object, bool]:
        result = await session.arun("m")
        return result.value, loops == [asyncio.get_running_loop()]

    assert asyncio.run(main()) == ("here", True)


def test_a_cancelled_run_stops() -> None:
    session = Session()
    stopped = threading.Event()

    def forever() -> None:
        try:
            while True:
                pass
        finally:
            stopped.set()

    put(session, "m", main=forever)

    async def main() -> None:
        await asyncio.wait_for(session.arun("m"), 0.05)

    with pytest.raises(TimeoutError):
        asyncio.run(main())
    assert stopped.wait(5)


@pytest.fixture
def no_default() -> Iterator[None]:
    before = list(sessions._default)
    sessions._default.clear()
    yield
    sessions._default[:] = before


@pytest.mark.usefixtures("no_default")
def test_there_is_one_default_session() -> None:
    assert sessions.default_session() is sessions.default_session()
    mine = Session()
    sessions.set_default(mine)
    assert sessions.default_session() is mine


def test_a_program_whose_reader_is_gone_just_ends() -> None:
    class Closed(io.StringIO):
        def write(self, text: str) -> int:
            raise BrokenPipeError

    session = Session(grants=Grants.parse(["print"]), output=Closed())

    def main() -> object:
        try:
            return session.namespace["println"]("x")
        except Exception as error:
            return error

    put(session, "m", main=main)
    with pytest.raises(BrokenPipeError):
        session.run("m")


def test_threads_that_import_the_same_module_at_once_share_it(tmp_path: Path) -> None:
    (tmp_path / "a.rtfs").write_text("(module a (:exports [f]) (import b) (defn f [] (b/g)))")
    (tmp_path / "b.rtfs").write_text("(module b (:exports [g]) (defn g [] 7))")
    session = HookSession(search_path=(str(tmp_path),))
    found: list[object] = []

    def call() -> None:
        start.wait()
        found.append((session.call("a", "f").value, id(session.instances["a"])))

    start = threading.Barrier(8)
    threads = [threading.Thread(target=call) for _ in range(8)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert len(found) == 8 and len(set(found)) == 1
