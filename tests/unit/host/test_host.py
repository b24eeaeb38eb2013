"""Effects: standard capabilities, user capabilities, refusals, errors and what is recorded."""

from __future__ import annotations

import asyncio
import io
from pathlib import Path
from typing import Any

import pytest

import rtfs_runtime.host.http as http
from rtfs_runtime.errors import LimitExceeded, RtfsError
from rtfs_runtime.host.capability import capability
from rtfs_runtime.host.grants import Grants
from rtfs_runtime.host.standard import STANDARD
from rtfs_runtime.host.world import REAL, World
from rtfs_runtime.session import Session
from rtfs_runtime.settings import Limits
from rtfs_runtime.values import Keyword, Resource, Uuid

ALL = ["print", "input", "time", "random"]
WORLD = World(
    now_s=lambda: 1700000000.5,
    elapsed_s=lambda: 0.0,
    sleep_s=lambda seconds: None,
    random=lambda: 0.25,
    random_below=lambda below: below - 1,
    uuid=lambda: "u-1",
    env={"HOME": "/home/me"}.get,
    write_out=lambda text: None,
    write_log=lambda text: None,
    read_line=iter(["one\n", "two\r\n", "three", ""]).__next__,
)


def make(*grants: str, **given: Any) -> Session:
    return Session(grants=Grants.parse(grants), **given)


def refusal(session: Session, id: str, *args: object) -> RtfsError:
    with pytest.raises(RtfsError) as caught:
        session.perform(id, args)
    return caught.value


@pytest.mark.parametrize(
    ("id", "args", "value"),
    [
        ("ccos.system.current-time", (), 1700000000),
        ("ccos.system.current-timestamp-ms", (), 1700000000500),
        ("ccos.system.sleep-ms", (5,), None),
        ("ccos.system.random", (), 0.25),
        ("ccos.system.random-int", (6,), 5),
        ("ccos.system.uuid", (), Uuid("u-1")),
        ("ccos.agent.ask-human", ("Go?",), Resource("prompt-u-1")),
        ("ccos.state.kv.get", ("k",), None),
        ("ccos.state.kv.put", ("k", 1), True),
        ("ccos.agents/discover", ({}, None), ()),
        ("ccos.agent.discover-and-assess", (), ()),
        ("ccos.agent.task-coordination", (1,), {}),
        ("ccos.system.baseline", (), {}),
        ("ccos.resource/release", ("x",), None),
        ("ccos.log/step", (Keyword("info"), "x"), None),
        ("ccos.echo", (7,), 7),
    ],
)
def test_standard_capabilities(id: str, args: tuple[object, ...], value: object) -> None:
    assert make(*ALL, world=WORLD).perform(id, args) == value


@pytest.mark.parametrize(
    ("id", "args", "kind"),
    [
        ("no.such/thing", (), "UnknownCapability"),
        ("ccos.system.sleep-ms", (-1,), "InvalidArgument"),
        ("ccos.system.sleep-ms", ("1",), "TypeError"),
        ("ccos.system.random-int", (0,), "InvalidArgument"),
        ("ccos.agents/discover", (5,), "TypeError"),
        ("ccos.context.get", (5,), "TypeError"),
        ("ccos.io.close-file", (9,), "Generic"),
        ("ccos.io.read-line", ("x",), "TypeError"),
        ("ccos.ai/llm-execute", ("echo-model", "hi", None), "SecurityViolation"),
    ],
)
def test_refusals(id: str, args: tuple[object, ...], kind: str) -> None:
    assert refusal(make(*ALL, world=WORLD), id, *args).kind == kind


def test_every_standard_capability_is_documented_and_harmless_ones_are_few() -> None:
    assert all(row.doc for row in STANDARD.values())
    assert {"ccos.io.read-file", "ccos.network.http-fetch"} <= set(STANDARD)


def test_printing_shows_texts_joined() -> None:
    out = io.StringIO()
    session = make("print", output=out)
    session.perform("ccos.io.println", ("a", 1, (Keyword("k"), "s")))
    session.perform("ccos.io.print", ("b",))
    assert out.getvalue() == 'a 1 [:k "s"]\nb'


def test_standard_output_is_looked_up_when_written(capsys: pytest.CaptureFixture[str]) -> None:
    session = make("print")
    session.perform("ccos.io.println", ("x",))
    session.perform("ccos.io.log", ("y",))
    session.perform("ccos.log/step", (Keyword("warn"), "z"))
    assert capsys.readouterr() == ("x\n", "[LOG] y\n[warn] z\n")


def test_log_step_without_print_is_silent(capsys: pytest.CaptureFixture[str]) -> None:
    make().perform("ccos.log/step", (None, "z"))
    assert capsys.readouterr() == ("", "")


def test_output_is_limited() -> None:
    session = make("print", output=io.StringIO(), limits=Limits(output_chars=10))
    session.perform("ccos.io.println", ("12345",))
    with pytest.raises(LimitExceeded):
        session.perform("ccos.io.println", ("12345",))


def test_lines_of_input() -> None:
    session = make(*ALL, world=WORLD._replace(read_line=iter(["one\n", "two\r\n", "three", ""]).__next__))
    assert [session.perform("ccos.io.read-input", ()) for _ in range(4)] == ["one", "two", "three", None]
    session = make(*ALL, world=WORLD._replace(read_line=iter(["a\n", "b", ""]).__next__))
    assert session.perform("ccos.io.read-all-input", ()) == "a\nb"


def test_environment_needs_the_variable_granted() -> None:
    session = make("env:HOME", world=WORLD)
    assert session.perform("ccos.system.get-env", ("HOME",)) == "/home/me"
    assert refusal(session, "ccos.system.get-env", "PATH").message.endswith("--allow env:PATH")


def test_files(tmp_path: Path) -> None:
    session = make(f"read:{tmp_path}", f"write:{tmp_path}")
    file = str(tmp_path / "a.txt")
    do = session.perform
    assert do("ccos.io.file-exists", (file,)) is False
    assert do("ccos.io.write-file", (file, "x\r\ny\nü")) is True
    assert do("ccos.io.read-file", (file,)) == "x\r\ny\nü"
    assert do("ccos.io.read-lines", (file,)) == ("x", "y", "ü")
    assert do("ccos.io.mkdir", (str(tmp_path / "d" / "e"),)) is True
    entries = do("ccos.io.list-dir", (str(tmp_path),))
    assert [entry[Keyword("name")] for entry in entries] == ["a.txt", "d"]
    assert do("ccos.io.delete-file", (file,)) is True
    assert do("ccos.io.delete-file", (file,)) is False
    error = refusal(session, "ccos.io.read-file", file)
    assert (error.kind, error.message) == ("IoError", f"I/O error: No such file or directory: {file}")
    (tmp_path / "bytes").write_bytes(b"\xff")
    assert refusal(session, "ccos.io.read-file", str(tmp_path / "bytes")).kind == "IoError"


def test_handles(tmp_path: Path) -> None:
    session = make(f"read:{tmp_path}", f"write:{tmp_path}")
    file = str(tmp_path / "a.txt")
    do = session.perform
    out = do("ccos.io.open-file", (file, "write"))
    assert (out, do("ccos.io.write-line", (out, "one"))) == (1, True)
    assert do("ccos.io.read-line", (out,)) == "one"
    assert do("ccos.io.close-file", (out,)) is True
    assert refusal(session, "ccos.io.close-file", out).kind == "Generic"
    more = do("ccos.io.open-file", (file, Keyword("append")))
    do("ccos.io.write-line", (more, "two"))
    do("ccos.io.close-file", (more,))
    back = do("ccos.io.open-file", (file,))
    assert [do("ccos.io.read-line", (back,)) for _ in range(3)] == ["one", "two", None]
    assert refusal(session, "ccos.io.write-line", back, "x").kind == "Generic"
    assert refusal(session, "ccos.io.open-file", file, "sideways").kind == "InvalidArgument"
    session.close()
    assert refusal(session, "ccos.io.read-line", back).kind == "Generic"


@pytest.mark.parametrize("mode", ["write", "append", "r+"])
def test_writing_through_a_handle_needs_a_grant(tmp_path: Path, mode: str) -> None:
    error = refusal(make(f"read:{tmp_path}"), "ccos.io.open-file", str(tmp_path / "a"), mode)
    assert error.message.endswith(f"--allow write:{tmp_path}")
    assert list(tmp_path.iterdir()) == []


def test_a_file_outside_is_refused_with_the_flag(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "x").write_text("x")
    session = make(f"read:{tmp_path / 'in'}")
    error = refusal(session, "ccos.io.read-file", str(tmp_path / "in" / ".." / "x"))
    assert error.message.endswith(f"--allow read:{tmp_path}")


def test_ids_of_capabilities_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "c.rtfs").write_text('(capability "a.b" :x 1)\n(capability c :y 2)')
    (tmp_path / "none.rtfs").write_text("1")
    session = make(f"read:{tmp_path}")
    assert session.perform("ccos.capability.load", (str(tmp_path / "c.rtfs"),)) == ("a.b", "c")
    assert refusal(session, "ccos.capability.load", str(tmp_path / "none.rtfs")).kind == "Generic"


def test_state_is_the_sessions_own() -> None:
    one, two = make(), make()
    one.perform("ccos.state.kv.put", (Keyword("k"), (1,)))
    assert one.perform("ccos.state.kv.get", (Keyword("k"),)) == (1,)
    assert two.perform("ccos.state.kv.get", (Keyword("k"),)) is None
    assert [one.perform("ccos.state.counter.inc", ("n",)) for _ in range(2)] == [1, 2]
    assert two.perform("ccos.state.counter.inc", ("n", 5)) == 5


@capability(":crm/customer", effects="reads", input=":int", output="[:map [:name :string]]", idempotent=True)
def customer(number: int) -> dict[Any, object]:
    """Find a customer."""
    return {Keyword("name"): f"c{number}"}


@capability("crm/slow", effects="reads")
async def slow(value: object) -> object:
    await asyncio.sleep(0)
    return {"got": value}


@capability("crm/broken", input=["string"], output=":int")
def broken(how: str) -> object:
    raise {
        "net": ConnectionRefusedError(111, "refused"),
        "io": PermissionError(13, "denied", "f"),
        "own": ValueError("bad"),
        "rtfs": RtfsError("KeyNotFound", {"key": "k"}),
        "late": TimeoutError("too late"),
    }[how]


@capability("crm/wrong", output=":int")
def wrong() -> object:
    return "text"


def crm(*grants: str) -> Session:
    return make(*(grants or ("crm/*",)), capabilities=(customer, slow, broken, wrong))


def test_a_python_function_as_a_capability() -> None:
    assert crm().perform("crm/customer", (7,)) == {Keyword("name"): "c7"}
    assert customer(7) == {Keyword("name"): "c7"}
    assert crm().host.capabilities["crm/customer"].doc == "Find a customer."


def test_values_are_converted_both_ways() -> None:
    assert crm().perform("crm/slow", ((1, (2,)),)) == {"got": (1, (2,))}


def test_an_async_capability_inside_a_running_loop() -> None:
    async def main() -> object:
        return crm().perform("crm/slow", (1,))

    assert asyncio.run(main()) == {"got": 1}


@pytest.mark.parametrize(
    ("how", "kind", "message"),
    [
        ("net", "NetworkError", "Network error: refused"),
        ("late", "NetworkError", "Network error: too late"),
        ("io", "IoError", "I/O error: denied: f"),
        ("own", "ApplicationError", "Application error (ValueError): bad"),
        ("rtfs", "KeyNotFound", "Key not found: k"),
    ],
)
def test_exceptions_become_errors(how: str, kind: str, message: str) -> None:
    error = refusal(crm(), "crm/broken", how)
    assert (error.kind, error.message) == (kind, message)
    assert kind == "KeyNotFound" or isinstance(error.__cause__, Exception)


@pytest.mark.parametrize(
    ("id", "args", "kind"),
    [
        ("crm/customer", ("7",), "TypeValidationError"),
        ("crm/customer", (), "InvalidArguments"),
        ("crm/wrong", (), "TypeValidationError"),
    ],
)
def test_declared_types_are_checked(id: str, args: tuple[object, ...], kind: str) -> None:
    assert refusal(crm(), id, *args).kind == kind


def test_a_known_capability_that_is_not_granted() -> None:
    error = refusal(crm("print"), "crm/customer", 7)
    assert error.kind == "SecurityViolation"
    assert error.message.endswith("--allow crm/customer")


@pytest.mark.parametrize(
    ("id", "args", "message"),
    [
        ("ccos.system.random", (1,), "expected 0, got 1"),
        ("ccos.io.read-line", (), "expected 1, got 0"),
        ("ccos.state.counter.inc", ("a", 1, 2), "expected between 1 and 2, got 3"),
        ("ccos.io.read-file", ("a", "b"), "expected 1, got 2"),
    ],
)
def test_wrong_counts(id: str, args: tuple[object, ...], message: str) -> None:
    error = refusal(make(*ALL, world=WORLD), id, *args)
    assert error.kind == "ArityMismatch" and message in error.message


def test_arguments_that_the_system_would_choke_on() -> None:
    session = make("time", "read:.")
    assert refusal(session, "ccos.system.sleep-ms", 10**400).kind == "InvalidArgument"
    assert refusal(session, "ccos.io.read-file", "\ud800").kind == "InvalidArgument"


def test_a_capability_is_declared_once() -> None:
    with pytest.raises(ValueError, match="declared twice"):
        make(capabilities=(customer, customer))
    with pytest.raises(TypeError, match="not a capability"):
        make(capabilities=(print,))


@pytest.mark.parametrize(
    ("args", "kind"),
    [
        (("ftp://x",), "InvalidArgument"),
        (("nonsense",), "InvalidArgument"),
        (("http://x:port/",), "InvalidArgument"),
        (("http://x", "BREW"), "InvalidArgument"),
        (("http://x", "GET", 5), "TypeError"),
        (({"url": "http://x", "timeout_ms": 0},), "InvalidArgument"),
        ((), "ArityMismatch"),
        (("http://api.example.com/x",), "SecurityViolation"),
    ],
)
def test_http_requests_are_checked_before_they_are_sent(args: tuple[object, ...], kind: str) -> None:
    error = refusal(make("http:example.com"), "ccos.network.http-fetch", *args)
    assert error.kind == kind
    assert kind != "SecurityViolation" or error.message.endswith("--allow http:api.example.com")


def test_http_without_its_library_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> object:
        raise ImportError(name)

    monkeypatch.setattr(http, "import_module", missing)
    error = refusal(make("http:localhost"), "ccos.network.http-fetch", "http://localhost/")
    assert (error.kind, "rtfsc[http]" in error.message) == ("NotImplemented", True)


def test_effects_are_recorded_with_their_place() -> None:
    seen: list[tuple[str, str, bool]] = []
    session = make("print", output=io.StringIO(), sink=lambda e: seen.append((e.path, e.name, e.failed)))
    session.step_started("outer", {})
    session.perform("ccos.io.println", ("x",))
    session.step_started("inner", {})
    with pytest.raises(RtfsError):
        session.perform("ccos.io.read-line", (1,))
    session.step_ended("inner", RtfsError("Generic", {"message": "m"}), failed=True)
    session.perform("ccos.echo", (1,))
    session.step_ended("outer", 1, failed=False)
    session.perform("ccos.echo", (2,))
    assert seen == [
        ("/1:outer/1", "ccos.io.println", False),
        ("/1:outer/2:inner/1", "ccos.io.read-line", True),
        ("/1:outer/2:inner", "inner", True),
        ("/1:outer/3", "ccos.echo", False),
        ("/1:outer", "outer", False),
        ("/2", "ccos.echo", False),
    ]


def test_no_two_events_have_one_place() -> None:
    places: list[str] = []
    session = make(sink=lambda event: places.append(event.path))
    for name in ("fetch", "fetch", "1"):
        session.step_started(name, {})
        session.perform("ccos.echo", (1,))
        session.step_ended(name, None, failed=False)
    assert len(places) == len(set(places)) == 6


def test_a_refused_effect_is_recorded() -> None:
    seen: list[tuple[str, str, object]] = []
    session = make(sink=lambda e: seen.append((e.path, e.name, e.outcome)))
    denied = refusal(session, "ccos.io.read-file", "/etc/hosts")
    unknown = refusal(session, "no.such/thing", 1)
    assert seen == [("/1", "ccos.io.read-file", denied), ("/2", "no.such/thing", unknown)]


def test_the_real_world_is_the_process() -> None:
    assert REAL.now_s() > 1.7e9
    assert 0 <= REAL.random() < 1 and 0 <= REAL.random_below(3) < 3
    text = REAL.uuid()
    assert (len(text), text[14], text[19] in "89ab") == (36, "4", True)
