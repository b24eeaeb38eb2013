"""One HTTP request to a model's server, with a bound on its whole time and on the size of its answer.

In: an address, headers, a body, how long it may take. Out: status, headers and body, or `ProviderError` of
kind connection, timeout or answer. What a status means is left to `http_failures`. Through httpx, extra
`http`.

Requests run on an event loop in a thread of the client's own, plain calls and coroutines alike: only there a
server that sends one byte a second meets the bound, connections are kept between calls, a cancelled call
closes its connection at once. Redirections are never followed: body and key are meant for one server.
Proxies come from the process's environment (`HTTPS_PROXY`, `NO_PROXY`), except for servers on this machine.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Mapping
from concurrent.futures import CancelledError, Future, wait
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from urllib.parse import urlsplit

from rtfs_runtime.providers.base import ProviderError

if TYPE_CHECKING:
    import httpx

MAX_BODY_BYTES: Final = 10_000_000
_CONNECT_S: Final = 10.0
# a thread that waits for a lock hears of no interrupt until it wakes
_POLL_S: Final = 0.1
_CLOSE_S: Final = 2.0


class HttpRequest(NamedTuple):
    """One request; `timeout_s` bounds everything from the look-up of the host to the last byte."""

    url: str
    headers: Mapping[str, str]
    body: bytes
    timeout_s: float


class HttpReply(NamedTuple):
    """One answer of any status; names of headers are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class HttpClient:
    """The connections to one server; made when first used, and again after `close`.

    Thread: any, also in a child process after a fork, where the parent's thread is gone.
    """

    def __init__(self, base_url: str) -> None:
        parts = urlsplit(base_url)
        self.host = parts.netloc
        self._here = is_loopback(parts.hostname or "")
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._client: httpx.AsyncClient | None = None

    def post(self, request: HttpRequest) -> HttpReply:
        """Send a request and wait for its answer; an interrupt closes it.

        Raises: ProviderError.
        """
        future = self._start(request)
        try:
            while not wait((future,), _POLL_S).done:
                pass
            return future.result()
        except CancelledError:
            raise ProviderError("the model was closed while it was asked", "cancelled") from None
        finally:
            future.cancel()

    async def post_async(self, request: HttpRequest) -> HttpReply:
        """Send a request without blocking the loop; cancelling the wait closes it."""
        return await asyncio.wrap_future(self._start(request))

    def close(self) -> None:
        """Close the connections; requests under way end as cancelled."""
        with self._lock:
            loop, thread, client = self._loop, self._thread, self._client
            self._loop = self._thread = self._client = None
        if loop is None or thread is None or client is None or not thread.is_alive():
            return
        asyncio.run_coroutine_threadsafe(_end(client), loop).add_done_callback(
            lambda _done: loop.call_soon_threadsafe(loop.stop)
        )
        thread.join(_CLOSE_S)
        if not thread.is_alive():
            loop.close()

    def _start(self, request: HttpRequest) -> Future[HttpReply]:
        with self._lock:
            if self._loop is None or self._thread is None or not self._thread.is_alive():
                self._open()
            loop, client = self._loop, self._client
            assert loop is not None and client is not None
            return asyncio.run_coroutine_threadsafe(_post(client, self.host, request), loop)

    def _open(self) -> None:
        httpx = _library()
        self._client = httpx.AsyncClient(
            follow_redirects=False,
            trust_env=not self._here,
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=20),
        )
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="rtfs-http", daemon=True)
        self._thread.start()


def is_loopback(host: str) -> bool:
    """Tell whether a host is this machine by its name."""
    return host in ("localhost", "::1") or host.startswith("127.")


def _library() -> Any:
    try:
        return import_module("httpx")
    except ImportError:
        raise ProviderError("remote models need the extra `http`: pip install 'rtfsc[http]'") from None


async def _end(client: httpx.AsyncClient) -> None:
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await client.aclose()
    # an answer that was given up half read leaves generators of the library behind
    await asyncio.get_running_loop().shutdown_asyncgens()


async def _post(client: httpx.AsyncClient, host: str, request: HttpRequest) -> HttpReply:
    """Make the attempt; errors of the library stop here, because they hold the request with its key."""
    httpx = _library()
    begun: list[int] = []
    try:
        async with asyncio.timeout(request.timeout_s):
            return await _exchange(client, request, begun)
    except TimeoutError:
        what = "finished its answer" if begun else "answered"
        failure = ProviderError(
            f"{host} has not {what} within {request.timeout_s:.4g} s", "timeout", retryable=True
        )
    except httpx.ConnectTimeout:
        failure = ProviderError(f"{host} cannot be reached: no connection in time", "timeout", retryable=True)
    except httpx.DecodingError:
        failure = ProviderError(f"{host} sent a body that cannot be decoded", "answer", retryable=True)
    except httpx.TransportError as error:
        text = str(error) or type(error).__name__
        if begun:
            failure = ProviderError(f"{host} broke off its answer: {text}", "answer", retryable=True)
        else:
            failure = ProviderError(f"{host} cannot be reached: {text}", "connection", retryable=True)
    raise failure


async def _exchange(client: httpx.AsyncClient, request: HttpRequest, begun: list[int]) -> HttpReply:
    connect_s = min(_CONNECT_S, request.timeout_s)
    timeout = _library().Timeout(None, connect=connect_s)
    async with client.stream(
        "POST", request.url, headers=dict(request.headers), content=request.body, timeout=timeout
    ) as answer:
        begun.append(answer.status_code)
        body = bytearray()
        async for chunk in answer.aiter_bytes():
            body += chunk
            if len(body) > MAX_BODY_BYTES:
                megabytes = MAX_BODY_BYTES // 1_000_000
                raise ProviderError(f"the answer is larger than {megabytes} MB", "answer")
        headers = {name.lower(): value for name, value in answer.headers.items()}
        return HttpReply(answer.status_code, headers, bytes(body))
