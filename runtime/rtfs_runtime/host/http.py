"""HTTP, through httpx when it is installed.

In: a URL, or a map with `url method headers body timeout_ms` (stdlib §14.3). Out: `{:status :headers :body}`;
any status is an answer. Redirections are followed at most five times, each only to a host that is granted.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from importlib import import_module
from typing import Any, Final, NamedTuple
from urllib.parse import urljoin, urlsplit

from rtfs_runtime.errors import RtfsError, invalid_argument, type_error
from rtfs_runtime.host.grants import Need
from rtfs_runtime.host.rows import name, text
from rtfs_runtime.host.sides import HostSide
from rtfs_runtime.maps import is_map
from rtfs_runtime.values import Keyword, Symbol, kind_name

_METHODS: Final = ("GET", "POST", "PUT", "DELETE", "PATCH", "HEAD")
_REDIRECTIONS: Final = 5
ID: Final = "ccos.network.http-fetch"
_TIMEOUT_MS: Final = 30_000


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
    body = given.get("body")
    return Request(
        text(given.get("url"), "http-fetch"),
        method,
        _headers(given.get("headers")),
        None if body is None else text(body, "http-fetch"),
        _timeout_s(given.get("timeout_ms")),
    )


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
    request = read_request(args)
    httpx = _client_library()
    try:
        with httpx.Client(timeout=request.timeout_s, follow_redirects=False) as client:
            return _result(_follow(host, client, request))
    except httpx.HTTPError as error:
        raise RtfsError("NetworkError", {"message": str(error) or type(error).__name__}) from error


def _follow(host: HostSide, client: Any, request: Request) -> Any:
    url, method, body = request.url, request.method, request.body
    headers = dict(request.headers)
    for _ in range(_REDIRECTIONS + 1):
        answer = client.request(method, url, headers=headers, content=body)
        if not answer.has_redirect_location:
            return answer
        target = urljoin(url, answer.headers["location"])
        host.grants.check(ID, "write", (_need(target),))
        if answer.status_code in (301, 302, 303) and method != "HEAD":
            method, body = "GET", None
        if _origin(target) != _origin(url):
            # credentials meant for one host are not for another
            headers = {
                key: value for key, value in headers.items() if key.lower() not in ("authorization", "cookie")
            }
        url = target
    raise RtfsError("NetworkError", {"message": f"more than {_REDIRECTIONS} redirections from {request.url}"})


def _origin(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.netloc


def _result(answer: Any) -> dict[object, object]:
    headers: Mapping[str, str] = answer.headers
    return {
        Keyword("status"): answer.status_code,
        Keyword("headers"): {key.lower(): value for key, value in headers.items()},
        Keyword("body"): answer.text,
    }


def _client_library() -> Any:
    try:
        return import_module("httpx")
    except ImportError:
        message = "http-fetch needs the extra `http`: pip install 'rtfsc[http]'"
        raise RtfsError("NotImplemented", {"message": message}) from None
