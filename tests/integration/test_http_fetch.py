"""HTTP of programs against a real server on loopback: what is sent, what comes back, what is bounded."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import NamedTuple

import pytest

import rtfs_runtime.host.http as http
from rtfs_runtime.errors import RtfsError
from rtfs_runtime.host.grants import Grants
from rtfs_runtime.settings import ledger_of
from rtfs_runtime.values import Keyword
from rtfsc.hook import Session
from rtfsc.replaying import replay

pytestmark = pytest.mark.servers
K = Keyword


class Seen(NamedTuple):
    """One request."""

    method: str
    path: str
    headers: dict[str, str]
    body: str


class Handler(BaseHTTPRequestHandler):
    """Answers by the path; `seen` are the requests, `both` lets two of them wait for each other."""

    seen: list[Seen]
    both: threading.Barrier

    def handle_any(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0)).decode()
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.seen.append(Seen(self.command, self.path, headers, body))
        if self.path.startswith("/to/"):
            self._answer(302, b"", location=self.path.removeprefix("/to/"))
        elif self.path == "/meet":
            self.both.wait(20)
            self._answer(200, b"met")
        elif self.path == "/drip":
            self._drip()
        elif self.path == "/latin":
            self._answer(200, "é".encode("latin-1"), **{"content-type": "text/plain; charset=latin-1"})
        else:
            self._answer(404 if self.path == "/none" else 200, b"hello")

    do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = do_HEAD = handle_any

    def _answer(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in ({"X-Kind": "test", "Content-Length": str(len(body))} | headers).items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _drip(self) -> None:
        self.send_response(200)
        self.end_headers()
        try:
            while not self.both.broken:
                self.wfile.write(b".")
                threading.Event().wait(0.01)
        except ConnectionError:
            pass

    def log_message(self, *_args: object) -> None:
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[tuple[str, type[Handler]]]:
    handler = type("OneServer", (Handler,), {"seen": [], "both": threading.Barrier(2)})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as running:
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{running.server_port}", handler
        handler.both.abort()
        running.shutdown()
        thread.join()


def session(*grants: str, **more: object) -> Session:
    return Session(grants=Grants.parse(grants or ("http:127.0.0.1",)), **more)  # type: ignore[arg-type]


def run(text: str, tmp_path: Path, used: Session, *args: object) -> object:
    plan = tmp_path / "plan.rtfs"
    plan.write_text(f"(defn main [url] {text})")
    return used.run(plan, None, args).value


def failure(text: str, tmp_path: Path, used: Session, *args: object) -> RtfsError:
    with pytest.raises(RtfsError) as caught:
        run(text, tmp_path, used, *args)
    return caught.value


def test_what_is_sent_and_given(server: tuple[str, type[Handler]], tmp_path: Path) -> None:
    url, handler = server
    text = '(http-fetch (str url "/a") :post {:X-One 1 "x-two" true :skipped []} "{\\"a\\": 1}")'
    value = run(text, tmp_path, session(), url)
    assert isinstance(value, dict)
    assert (value[K("status")], value[K("body")], value[K("headers")]["x-kind"]) == (200, "hello", "test")
    (seen,) = handler.seen
    assert (seen.method, seen.path, seen.body) == ("POST", "/a", '{"a": 1}')
    assert (seen.headers["x-one"], seen.headers["x-two"]) == ("1", "true")
    assert "skipped" not in seen.headers
    assert seen.headers["content-type"] == "application/json"


@pytest.mark.parametrize(
    ("call", "status", "body"),
    [
        ('(http-get (str url "/none"))', 404, "hello"),
        ('(http-get {:url (str url "/x") :method "HEAD"})', 200, ""),
        ('(http-fetch {:url (str url "/latin")})', 200, "é"),
        ('(tool/http-fetch (str url "/to/" url "/x") "DELETE")', 200, "hello"),
        ('(call :ccos.network.http-get (str url "/x"))', 200, "hello"),
    ],
)
def test_answers(
    server: tuple[str, type[Handler]], tmp_path: Path, call: str, status: int, body: str
) -> None:
    assert run(f"(let [r {call}] [(:status r) (:body r)])", tmp_path, session(), server[0]) == (status, body)


def test_a_redirection_needs_a_grant_and_takes_no_credentials(
    server: tuple[str, type[Handler]], tmp_path: Path
) -> None:
    url, handler = server
    port = url.rpartition(":")[2]
    text = f'(http-get (str url "/to/http://localhost:{port}/x") {{:Authorization "secret" :x-other 1}})'
    refused = failure(text, tmp_path, session(), url)
    assert (refused.kind, refused.message[-25:]) == (
        "SecurityViolation",
        f"--allow http:localhost:{port}"[-25:],
    )
    run(text, tmp_path, session("http:127.0.0.1", "http:localhost"), url)
    assert "authorization" in handler.seen[-2].headers
    assert "authorization" not in handler.seen[-1].headers
    assert handler.seen[-1].headers["x-other"] == "1"


def test_redirections_end(server: tuple[str, type[Handler]], tmp_path: Path) -> None:
    text = '(http-get (reduce (fn [to i] (str url "/to/" to)) url (range 9)))'
    error = failure(text, tmp_path, session(), server[0])
    assert (error.kind, "more than 5 redirections" in error.message) == ("NetworkError", True)


def test_the_time_is_that_of_the_whole_answer(server: tuple[str, type[Handler]], tmp_path: Path) -> None:
    text = '(http-get {:url (str url "/drip") :timeout_ms 200})'
    error = failure(text, tmp_path, session(), server[0])
    assert (error.kind, "no whole answer within 0.2 s" in error.message) == ("NetworkError", True)


def test_the_size_is_bounded(
    server: tuple[str, type[Handler]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "MAX_BODY_BYTES", 100)
    error = failure('(http-get (str url "/drip"))', tmp_path, session(), server[0])
    assert (error.kind, "larger than" in error.message) == ("NetworkError", True)


def test_nobody_listens(tmp_path: Path) -> None:
    error = failure("(http-get url)", tmp_path, session(), "http://127.0.0.1:1/")
    assert error.kind == "NetworkError"


def test_reading_overlaps(server: tuple[str, type[Handler]], tmp_path: Path) -> None:
    # each is answered only when both have come
    text = '(parallel [a (http-get (str url "/meet"))] [b (http-get (str url "/meet"))])'
    value = run(text, tmp_path, session(), server[0])
    assert [each[K("body")] for each in value.values()] == ["met", "met"]  # type: ignore[attr-defined]


def test_a_replay_sends_nothing(server: tuple[str, type[Handler]], tmp_path: Path) -> None:
    ledger = str(tmp_path / "runs.jsonl")
    granted = session("http:127.0.0.1", "time", "random", ledger=ledger_of(ledger))
    text = (
        "[(:body (http-get url)) (http-fetch url) (current-timestamp-ms) (random) (call :ccos.system.uuid)]"
    )
    value = run(text, tmp_path, granted, server[0])
    assert len(server[1].seen) == 2
    assert replay(ledger, environment={}).value == value
    assert len(server[1].seen) == 2
