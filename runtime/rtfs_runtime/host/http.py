"""HTTP, through httpx when it is installed.

In: a URL, or a map with `url method headers body timeout_ms` (stdlib §14.3). Out: `{:status :headers :body}`;
any status is an answer. Redirections are followed at most five times, each only to a host that is granted.
The time bounds everything from the look-up of the host to the last byte: a server that sends one byte a
second meets it too. The size bounds the body as it is decoded.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Iterable, Mapping
from importlib import import_module
from typing import Any, Final, NamedTuple
from urllib.parse import urljoin, urlsplit

from rtfs_runtime.errors import RtfsError, invalid_argument, type_error
from rtfs_runtime.host.grants import Need
from rtfs_runtime.host.rows import name, text
from rtfs_runtime.host.sides import HostSide
from rtfs_runtime.host.waiting import await_now
from rtfs_runtime.maps import is_map
from rtfs_runtime.values import Keyword, Symbol, kind_name

_METHODS: Final = ("GET", "POST", "PUT", "DELETE", "PATCH", "HEAD")
_REDIRECTIONS: Final = 5
FETCH_ID: Final = "ccos.network.http-fetch"
GET_ID: Final = "ccos.network.http-get"
_READING: Final = ("GET", "HEAD")
_TIMEOUT_MS: Final = 30_000
MAX_BODY_BYTES: Final = 1 << 26


class Request(NamedTuple):
    """One request as a program wants it."""

    url: str
    method: str
    headers: dict[str, str]
    body: str | None
    timeout_s: float


def needs(args: tuple[object, ...]) -> Iterable[Need]:
    """Give what a request needs; raises for arguments that are no request."""
    return (_need(read_request(args).url),)


def needs_to_read(args: tuple[object, ...]) -> Iterable[Need]:
    """Give what a request needs that changes nothing; raises InvalidArgument for another one."""
    request = read_request(args)
    if request.method not in _READING:
        raise invalid_argument(f"http-get expects a method of {', '.join(_READING)}, not {request.method}")
    return (_need(request.url),)


def _need(url: str) -> Need:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise invalid_argument(f"not a URL: {url}") from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise invalid_argument(f"http-fetch expects an http or https URL, not {url}")
    return Need("http", parts.hostname if port is None else f"{parts.hostname}:{port}")


def read_request(args: tuple[object, ...]) -> Request:
    """Read the arguments: a map alone, or URL [METHOD [HEADERS [BODY]]]."""
    if not 1 <= len(args) <= 4:
        raise RtfsError(
            "ArityMismatch", {"function": "http-fetch", "expected": "between 1 and 4", "actual": len(args)}
        )
    given: dict[str, object] = dict(zip(("url", "method", "headers", "body"), args, strict=False))
    first = args[0]
    if is_map(first):
        given = {name(key, "http-fetch"): value for key, value in first.items()}
    method = name(given.get("method") or "GET", "http-fetch").upper()
    if method not in _METHODS:
        raise invalid_argument(f"http-fetch expects a method of {', '.join(_METHODS)}, not {method}")
    body = None if given.get("body") is None else text(given["body"], "http-fetch")
    headers = _headers(given.get("headers"))
    if body is not None and body.lstrip()[:1] in ("{", "["):
        headers = {"content-type": "application/json"} | {name.lower(): headers[name] for name in headers}
    timeout_s = _timeout_s(given.get("timeout_ms"))
    return Request(text(given.get("url"), "http-fetch"), method, headers, body, timeout_s)


def _timeout_s(given: object) -> float:
    if given is None:
        return _TIMEOUT_MS / 1000
    if type(given) not in (int, float):
        raise type_error("number", kind_name(given), "http-fetch")
    assert isinstance(given, (int, float))
    if not (math.isfinite(given) and given > 0):
        raise invalid_argument("http-fetch expects a timeout above 0")
    return given / 1000


def _headers(given: object) -> dict[str, str]:
    if given is None:
        return {}
    if not is_map(given):
        raise type_error("map", kind_name(given), "http-fetch")
    found: dict[str, str] = {}
    for key, value in given.items():
        if isinstance(key, (str, Keyword, Symbol)) and isinstance(value, (str, int, float)):
            found[name(key, "http-fetch")] = str(value).lower() if isinstance(value, bool) else str(value)
    return found


def fetch(host: HostSide, *args: object) -> dict[object, object]:
    """Send a request and give the answer."""
    return _fetch(_Sender(host, FETCH_ID, "write"), read_request(args))


def get(host: HostSide, *args: object) -> dict[object, object]:
    """Send a request that `needs_to_read` has seen and give the answer."""
    return _fetch(_Sender(host, GET_ID, "read"), read_request(args))


class _Sender(NamedTuple):
    """Who sends: redirections need grants as well."""

    host: HostSide
    capability: str
    operation: str


def _fetch(sender: _Sender, request: Request) -> dict[object, object]:
    httpx = _client_library()
    try:
        return await_now(_send(httpx, sender, request))  # type: ignore[return-value]
    except TimeoutError:
        raise _failure(f"no whole answer within {request.timeout_s:.4g} s") from None
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise _failure(str(error) or type(error).__name__) from error


def _failure(message: str) -> RtfsError:
    return RtfsError("NetworkError", {"message": message})


async def _send(httpx: Any, sender: _Sender, request: Request) -> dict[object, object]:
    # the bound is on the whole: httpx has one for each wait
    async with (
        asyncio.timeout(request.timeout_s),
        httpx.AsyncClient(timeout=None, follow_redirects=False) as client,
    ):
        return await _follow(sender, client, request)


async def _follow(sender: _Sender, client: Any, request: Request) -> dict[object, object]:
    url, method, body = request.url, request.method, request.body
    headers = dict(request.headers)
    for _ in range(_REDIRECTIONS + 1):
        async with client.stream(method, url, headers=headers, content=body) as answer:
            if not answer.has_redirect_location:
                return await _result(answer)
        target = urljoin(url, answer.headers["location"])
        sender.host.grants.check(sender.capability, sender.operation, (_need(target),))
        if answer.status_code in (301, 302, 303) and method != "HEAD":
            method, body = "GET", None
        if _origin(target) != _origin(url):
            # credentials meant for one host are not for another
            headers = {
                key: value for key, value in headers.items() if key.lower() not in ("authorization", "cookie")
            }
        url = target
    raise _failure(f"more than {_REDIRECTIONS} redirections from {request.url}")


def _origin(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.netloc


async def _result(answer: Any) -> dict[object, object]:
    body = bytearray()
    async for chunk in answer.aiter_bytes():
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            raise _failure(f"the answer is larger than {MAX_BODY_BYTES >> 20} MB")
    headers: Mapping[str, str] = answer.headers
    return {
        Keyword("status"): answer.status_code,
        Keyword("headers"): {key.lower(): value for key, value in headers.items()},
        Keyword("body"): _text_of(body, answer.charset_encoding or "utf-8"),
    }


def _text_of(body: bytearray, charset: str) -> str:
    try:
        return body.decode(charset, "replace")
    except LookupError:
        return body.decode("utf-8", "replace")


def _client_library() -> Any:
    try:
        return import_module("httpx")
    except ImportError:
        message = "HTTP needs the extra `http`: pip install 'rtfsc[http]'"
        raise RtfsError("NotImplemented", {"message": message}) from None
