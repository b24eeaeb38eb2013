"""Models of another machine that runs `rtfsc arbiter serve`, by JSON-RPC 2.0 over HTTP.

In: requests, and the row of a policy. Out: replies as the other side's provider gives them, or
`ProviderError`. One request is one attempt.

    [models."big"]
    provider = "arbiter"
    endpoint = "http://10.0.0.7:8080/arbiter"   # default: this machine, port 8080
    model = "gemma-3-270m"                      # its id over there; default: the id here
    api_key_env = "RTFS_ARBITER_KEY"            # the variable of the environment that holds the key
"""

from __future__ import annotations

import json
from itertools import count
from types import MappingProxyType
from typing import Final

from rtfs_runtime.errors import RtfsError
from rtfs_runtime.host.world import REAL, World
from rtfs_runtime.jsontext import from_json
from rtfs_runtime.providers.arbiter_wire import METHOD, WireError, read_failure, read_reply, write_request
from rtfs_runtime.providers.base import ModelReply, ModelRequest, ModelSettings, ProviderError
from rtfs_runtime.providers.http_client import HttpClient, HttpReply, HttpRequest
from rtfs_runtime.providers.http_endpoint import (
    DEFAULT_TIMEOUT_S,
    headers,
    left_s,
    read_address,
    read_key,
    variable,
    without_key,
)
from rtfs_runtime.providers.http_failures import status_failure

DEFAULT_ENDPOINT: Final = "http://localhost:8080/arbiter"
KEY_VARIABLE: Final = "RTFS_ARBITER_KEY"
_PROTOCOL: Final = "arbiter-1"


class RemoteArbiterModel:
    """One model of another machine.

    Thread: any; requests run at the same time.
    """

    def __init__(
        self,
        model_id: str,
        endpoint: str = DEFAULT_ENDPOINT,
        *,
        model: str | None = None,
        world: World = REAL,
    ) -> None:
        self.id = model_id
        self._model = model or model_id
        origin, path, self._host = read_address(
            endpoint, f"`endpoint` of model `{model_id}`", DEFAULT_ENDPOINT
        )
        self._url = origin + (path or "/arbiter")
        self._world = world
        self._key_name = KEY_VARIABLE
        self._timeout_s = DEFAULT_TIMEOUT_S
        self._numbers = count(1)
        self._client = HttpClient(self._url)

    @classmethod
    def from_settings(cls, settings: ModelSettings, world: World) -> RemoteArbiterModel:
        """Make the model of a policy's row; raises ProviderError."""
        options = settings.options
        endpoint, model = str(options.get("endpoint", DEFAULT_ENDPOINT)), options.get("model")
        made = cls(settings.id, endpoint, model=None if model is None else str(model), world=world)
        made._key_name = variable(settings.id, "api_key_env", options.get("api_key_env", KEY_VARIABLE))
        if settings.timeout_s is not None:
            made._timeout_s = settings.timeout_s
        return made

    @property
    def version(self) -> str:
        """Name the other machine and the model there: what that is made of, only its replies tell."""
        return f"{_PROTOCOL} {self._url} {self._model}"

    def infer(self, request: ModelRequest) -> ModelReply:
        """Ask and wait for the answer."""
        begun_s = self._world.elapsed_s()
        key = read_key(self._world, self._key_name)
        return self._read(self._client.post(self._write(request, begun_s, key)), begun_s, key)

    async def infer_async(self, request: ModelRequest) -> ModelReply:
        """Ask without blocking the loop; cancelling the wait closes the request."""
        begun_s = self._world.elapsed_s()
        key = read_key(self._world, self._key_name)
        reply = await self._client.post_async(self._write(request, begun_s, key))
        return self._read(reply, begun_s, key)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _write(self, request: ModelRequest, begun_s: float, key: str) -> HttpRequest:
        wait_s = left_s(request, begun_s + self._timeout_s, begun_s, self._host)
        call = {
            "jsonrpc": "2.0",
            "id": next(self._numbers),
            "method": METHOD,
            "params": write_request(request, self._model, wait_s),
        }
        return HttpRequest(self._url, headers(key), json.dumps(call).encode("ascii"), wait_s)

    def _read(self, answer: HttpReply, begun_s: float, key: str) -> ModelReply:
        answer = without_key(answer, key)
        if not 200 <= answer.status < 300:
            raise status_failure(answer, self._host, self._key_name, self._world.now_s())
        try:
            data = from_json(answer.body.decode("utf-8"))
            if not isinstance(data, dict) or data.get("jsonrpc") != "2.0":
                raise WireError("it is no answer of JSON-RPC 2.0")
            if data.get("error") is not None:
                raise read_failure(data["error"], self._host)
            found = read_reply(data.get("result"))
        except (UnicodeDecodeError, RtfsError, WireError) as error:
            reason = f"{self._host}: the answer cannot be read: {error}"
            raise ProviderError(reason, "answer", retryable=True) from None
        facts = MappingProxyType({**found.data, "served": found.model_version})
        latency_s = self._world.elapsed_s() - begun_s
        return found._replace(model_version=self.version, latency_s=latency_s, data=facts)
