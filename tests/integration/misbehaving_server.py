"""A server on loopback that answers chat completions as badly as real ones do.

The first part of the path names what it does wrong: `http://127.0.0.1:PORT/silent/v1`. It speaks HTTP over
plain sockets, because a library would not let it send half a header. `seen` are the requests, `hung_up`
counts the clients that went away before their answer was complete.
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Coroutine
from typing import Any, NamedTuple

Writer = asyncio.StreamWriter


class Seen(NamedTuple):
    """One request."""

    behaviour: str
    path: str
    headers: dict[str, str]
    body: dict[str, Any]


def completion(text: object, **more: object) -> dict[str, Any]:
    """Write a good answer."""
    message = {"role": "assistant", "content": text}
    choice = {"index": 0, "message": message, "text": text, "finish_reason": "stop"}
    usage = {"prompt_tokens": 7, "completion_tokens": 3, "total_tokens": 10}
    return {"object": "chat.completion", "model": "served", "choices": [choice | more], "usage": usage}


def response(status: int, body: object, headers: str = "") -> bytes:
    """Write a whole answer."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    head = f"HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {len(data)}\r\n"
    return f"{head}{headers}\r\n".encode() + data


VALIDATION = "1 validation error:\n  {'type': 'float_parsing', 'loc': ('body',)}\n\n  File \"/x/app.py\""
_FIXED: dict[str, bytes] = {
    "good": response(200, completion("fine")),
    "number": response(200, completion("42")),
    "429": response(429, {"error": {"message": "slow down"}}, "retry-after: 7\r\n"),
    "429-date": response(429, {}, "retry-after: Thu, 01 Jan 2026 00:01:00 GMT\r\n"),
    "429-quota": response(429, {"error": {"message": "no money", "code": "insufficient_quota"}}),
    "408": response(408, b""),
    "500": response(500, {"error": {"message": "out of memory", "type": "internal_server_error"}}),
    "500-validation": response(500, {"error": {"message": VALIDATION, "type": "internal_server_error"}}),
    "503": response(503, b"<html>busy</html>"),
    "400": response(400, {"error": {"message": "too long", "code": "context_length_exceeded"}}),
    "400-policy": response(400, {"error": {"message": "not that", "code": "content_filter"}}),
    "404": response(404, {"error": "no model of that name"}),
    "redirect": response(307, b"", "location: http://example.com/v1/chat/completions?token=x\r\n"),
    "no-json": response(200, b"<html>hello</html>"),
    "no-utf8": response(200, b'{"choices": "\xff"}'),
    "nested": response(200, b"[" * 200_000),
    "list": response(200, [1, 2]),
    "no-choices": response(200, {"choices": []}),
    "no-message": response(200, {"choices": [{}]}),
    "wrong-type": response(200, completion(42)),
    "refusal": response(200, completion(None, message={"content": None, "refusal": "I will not"})),
    "filtered": response(200, completion("fi", finish_reason="content_filter")),
    "cut-short": response(200, completion("fi", finish_reason="length")),
    "error-in-200": response(200, {"error": {"message": "upstream is down"}}),
    "odd-logprobs": response(200, completion("fine", logprobs={"content": [{"token": 1, "logprob": "x"}]})),
    "no-usage": response(200, {"choices": [{"message": {"content": "fine"}}]}),
    "gzip-lie": response(200, b"not gzip", "content-encoding: gzip\r\n"),
    "no-http": b"hello\r\n\r\n",
    "hang-up": b"",
    "cut-body": response(200, completion("fine"))[:-20],
}


class Server:
    """The server, in a thread of its own; a context manager."""

    def __init__(self) -> None:
        self.seen: list[Seen] = []
        self.hung_up = 0
        self.changed = threading.Condition()
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._tasks: set[asyncio.Task[None]] = set()
        self.port = 0

    def __enter__(self) -> Server:
        self._thread.start()
        self._ready.wait()
        return self

    def __exit__(self, *_error: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def url(self, behaviour: str) -> str:
        """Give the base URL under which the server behaves like this."""
        return f"http://127.0.0.1:{self.port}/{behaviour}/v1"

    def wait_for(self, holds: Callable[[], bool]) -> bool:
        """Wait until something holds that requests change; tells whether it came."""
        with self.changed:
            return self.changed.wait_for(holds, 20)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(asyncio.start_server(self._serve, "127.0.0.1", 0))
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        self._loop.run_forever()
        server.close()
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
        self._loop.run_until_complete(asyncio.sleep(0))
        self._loop.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: Writer) -> None:
        try:
            while await self._answer(reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        except asyncio.CancelledError:
            pass
        finally:
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: Writer) -> bool:
        """Answer one request; tells whether the connection may carry another."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        path = head[0].split()[1]
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:-2])}
        body = json.loads(await reader.readexactly(int(headers["content-length"])))
        behaviour = path.split("/")[1]
        with self.changed:
            self.seen.append(Seen(behaviour, path, headers, body))
            self.changed.notify_all()
        fixed = _FIXED.get(behaviour)
        if fixed is not None:
            writer.write(fixed)
            await writer.drain()
            return behaviour not in ("hang-up", "cut-body", "no-http")
        waiting = asyncio.ensure_future(_SLOW[behaviour](writer, body, headers))
        leaving = asyncio.ensure_future(reader.read(1))
        await asyncio.wait((waiting, leaving), return_when=asyncio.FIRST_COMPLETED)
        if not waiting.done():
            waiting.cancel()
            with self.changed:
                self.hung_up += 1
                self.changed.notify_all()
        leaving.cancel()
        failure, _ = await asyncio.gather(waiting, leaving, return_exceptions=True)
        # closed after a whole answer that did not announce it, a client's next request would meet the end
        return failure is None


async def _silent(writer: Writer, _body: object, _headers: object) -> None:
    await asyncio.Event().wait()


async def _drip_headers(writer: Writer, _body: object, _headers: object) -> None:
    for byte in b"HTTP/1.1 200 OK\r\nx-long: " + b"a" * 100_000:
        writer.write(bytes([byte]))
        await writer.drain()
        await asyncio.sleep(0.01)


async def _drip_body(writer: Writer, _body: object, _headers: object) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 100000\r\n\r\n{")
    for _ in range(100_000):
        writer.write(b" ")
        await writer.drain()
        await asyncio.sleep(0.01)


async def _huge(writer: Writer, _body: object, _headers: object) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n")
    while True:
        writer.write(b" " * 1_000_000)
        await writer.drain()


async def _tells_the_key(writer: Writer, _body: object, headers: Any) -> None:
    text = f"the key {headers.get('authorization')} is wrong"
    writer.write(response(401, {"error": {"message": text}}))
    await writer.drain()


async def _old(writer: Writer, body: Any, _headers: object) -> None:
    """Refuse what llama.cpp's server refuses: JSON schema in the OpenAI form, probabilities."""
    form = body.get("response_format", {})
    if body.get("logprobs"):
        message = "logprobs is not supported for models created with logits_all=False"
        writer.write(response(500, {"error": {"message": message}}))
    elif form.get("type") == "json_schema":
        message = "1 validation error:\n  {'loc': ('body', 'response_format', 'type')}"
        writer.write(response(500, {"error": {"message": message}}))
    else:
        writer.write(response(200, completion('{"answer": "yes"}')))
    await writer.drain()


async def _plain(writer: Writer, body: Any, _headers: object) -> None:
    """Refuse every `response_format`, as servers do that know none."""
    if "response_format" in body:
        writer.write(response(400, {"error": {"message": "Unrecognized request argument: response_format"}}))
    else:
        writer.write(response(200, completion("Yes.")))
    await writer.drain()


async def _new(writer: Writer, body: Any, _headers: object) -> None:
    """Refuse `max_tokens` and `temperature`, as the reasoning models of OpenAI do."""
    if "max_tokens" in body:
        message = "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead."
        writer.write(response(400, {"error": {"message": message, "code": "unsupported_parameter"}}))
    elif "temperature" in body:
        message = "Unsupported value: 'temperature' does not support 0 with this model."
        writer.write(response(400, {"error": {"message": message, "code": "unsupported_value"}}))
    else:
        writer.write(response(200, completion("fine")))
    await writer.drain()


async def _sure(writer: Writer, body: Any, _headers: object) -> None:
    """Give the probabilities of tokens when asked for them."""
    tokens = [
        ("{", {}),
        ('"answer"', {}),
        (":", {}),
        (' "', {}),
        ("ye", {"ye": 0.6, "no": 0.3, "x": 0.1}),
        ('s"}', {}),
    ]
    rows = [
        {
            "token": text,
            "logprob": _log(others.get(text, 1.0)),
            "top_logprobs": [{"token": name, "logprob": _log(value)} for name, value in others.items()],
        }
        for text, others in tokens
    ]
    given = {"content": rows} if body.get("logprobs") else None
    writer.write(response(200, completion('{"answer": "yes"}', logprobs=given)))
    await writer.drain()


async def _one_of_two(writer: Writer, _body: object, _headers: object) -> None:
    """Answer nobody until two ask at the same time."""
    together = _together.setdefault(asyncio.get_running_loop(), asyncio.Barrier(2))
    await together.wait()
    writer.write(response(200, completion("42")))
    await writer.drain()


_together: dict[object, asyncio.Barrier] = {}


def _log(probability: float) -> float:
    import math

    return math.log(probability)


_SLOW: dict[str, Callable[[Writer, Any, Any], Coroutine[Any, Any, None]]] = {
    "silent": _silent,
    "drip-headers": _drip_headers,
    "drip-body": _drip_body,
    "huge": _huge,
    "tells-the-key": _tells_the_key,
    "old": _old,
    "plain": _plain,
    "new": _new,
    "sure": _sure,
    "one-of-two": _one_of_two,
}
