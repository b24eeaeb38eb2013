"""The other side of `arbiter`: the models of this machine, answered by JSON-RPC 2.0 over HTTP.

In: a registry, an address. Out: a server; `answer` is the protocol without the sockets. Only JSON is taken,
which no web page of another site can send; beyond this machine only with a key. One thread a request, so a
model's own queue decides the order.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final

from rtfs_runtime.errors import RtfsError
from rtfs_runtime.jsontext import from_json
from rtfs_runtime.providers.arbiter_wire import METHOD, WireError, read_request, write_failure, write_reply
from rtfs_runtime.providers.base import ProviderError
from rtfs_runtime.providers.http_client import MAX_BODY_BYTES
from rtfs_runtime.providers.registry import ModelRegistry

PATH: Final = "/arbiter"
_PATIENCE_S: Final = 30.0
_PARSE, _INVALID, _NO_METHOD, _BAD_PARAMS = -32700, -32600, -32601, -32602


def answer(body: bytes, registry: ModelRegistry, clock: Callable[[], float]) -> bytes:
    """Answer one call, or an array of calls; nothing for notifications, which want none."""
    try:
        data = from_json(body.decode("utf-8"))
    except (UnicodeDecodeError, RtfsError):
        return _encoded(_error(None, _PARSE, "the body is no JSON"))
    if isinstance(data, tuple):
        if not data:
            return _encoded(_error(None, _INVALID, "an array of calls must not be empty"))
        found = [one for call in data if (one := _call(call, registry, clock)) is not None]
        return _encoded(found) if found else b""
    one = _call(data, registry, clock)
    return b"" if one is None else _encoded(one)


def _call(call: object, registry: ModelRegistry, clock: Callable[[], float]) -> dict[str, object] | None:
    if not isinstance(call, dict) or call.get("jsonrpc") != "2.0" or not isinstance(call.get("method"), str):
        return _error(None, _INVALID, "a call is an object with `jsonrpc` 2.0, `method`, `params` and `id`")
    number = call.get("id")
    if number is not None and type(number) not in (int, float, str):
        return _error(None, _INVALID, "`id` is a text or a number")
    found = _result(call["method"], call.get("params"), registry, clock)
    if "id" not in call:
        return None
    return {"jsonrpc": "2.0", "id": number, **found}


def _result(
    method: str, params: object, registry: ModelRegistry, clock: Callable[[], float]
) -> dict[str, object]:
    if method != METHOD:
        return {"error": {"code": _NO_METHOD, "message": f"no method `{method[:100]}`; there is {METHOD}"}}
    try:
        request = read_request(params, clock())
    except WireError as error:
        return {"error": {"code": _BAD_PARAMS, "message": str(error)}}
    try:
        return {"result": write_reply(registry.get(request.model_id).infer(request))}
    except RtfsError:
        known = ", ".join(registry.ids())
        failure = ProviderError(
            f"no model `{request.model_id[:100]}` is served; there are {known}", "request"
        )
    except ProviderError as error:
        failure = error
    except Exception as error:
        # border: whatever a provider ends in is a failure of the other side's model
        failure = ProviderError(f"{type(error).__name__}: {error}", "http", retryable=True)
    return {"error": write_failure(failure)}


def _error(number: object, code: int, message: str) -> dict[str, object]:
    return {"jsonrpc": "2.0", "id": number, "error": {"code": code, "message": message}}


def _encoded(data: object) -> bytes:
    return json.dumps(data).encode("ascii")


class ArbiterServer(ThreadingHTTPServer):
    """Serves a registry until `shutdown`; `key` "" asks for none."""

    daemon_threads = True

    def __init__(
        self, address: tuple[str, int], registry: ModelRegistry, key: str, clock: Callable[[], float]
    ) -> None:
        super().__init__(address, _Handler)
        self.registry = registry
        self.key = key
        self.clock = clock


class _Handler(BaseHTTPRequestHandler):
    server: ArbiterServer
    protocol_version = "HTTP/1.1"
    server_version = "rtfsc"
    sys_version = ""
    timeout = _PATIENCE_S

    def do_POST(self) -> None:
        refused = self._refused()
        if refused is not None:
            # what was sent is not read, so nothing else can come over this connection
            self.close_connection = True
            self._send(*refused)
            return
        body = self.rfile.read(int(self.headers["content-length"]))
        found = answer(body, self.server.registry, self.server.clock)
        self._send(200 if found else 204, found)

    def _refused(self) -> tuple[int, bytes] | None:
        given = self.headers.get("authorization", "").encode("utf-8", "replace")
        length = self.headers.get("content-length", "")
        if self.path != PATH:
            return 404, _reason(f"there is {PATH} and nothing else")
        if self.server.key and not hmac.compare_digest(given, f"Bearer {self.server.key}".encode()):
            return 401, _reason("a key is needed")
        if self.headers.get_content_type() != "application/json":
            return 415, _reason("the body must be application/json")
        if not length.isascii() or not length.isdecimal():
            return 411, _reason("the length of the body must be given")
        if len(length) > len(str(MAX_BODY_BYTES)) or int(length) > MAX_BODY_BYTES:
            return 413, _reason(f"the body must not be larger than {MAX_BODY_BYTES} bytes")
        return None

    def _send(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: what was asked is the asking side's to record."""


def _reason(text: str) -> bytes:
    return _encoded({"error": {"message": text}})
