"""Models behind any OpenAI-compatible server: hosted ones, vLLM, llama.cpp's server, and so on.

In: requests, and the row of a policy that names the model. Out: replies, or `ProviderError`. One request is
one attempt; only a feature that the server refuses (a schema, probabilities of tokens) is left out and asked
without at once, and not asked for again.

    [models."large"]
    provider = "openai"
    model = "gpt-4o-mini"              # its name at the server; default: the id
    base_url_env = "OPENAI_BASE_URL"   # the variable of the environment that holds the address, and the one
    api_key_env = "OPENAI_API_KEY"     # that holds the key; without a key none is sent
    json_schema = "auto"               # how answers are held to their type: strict, json_object, none, or
                                       # auto: the first of these that the server takes; grammar is for
                                       # llama.cpp's servers, and holds base models (few-shot-1) to it too
    logprobs = true                    # ask for the probabilities of tokens, which confidence comes from
    calibrate = false                  # once per function, ask a few questions without content, and take what
                                       # the model answers to those out of its answers: for small models

Address and key are taken from the environment at each request, and stand nowhere else: not in a policy, not
in this object, not in a message. There is no default address: text goes to no server that nobody named.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping
from typing import Final, NamedTuple

from rtfs_runtime.host.world import World
from rtfs_runtime.providers.base import Message, ModelReply, ModelRequest, ModelSettings, ProviderError
from rtfs_runtime.providers.calibration import label_shares_of, prior_of, without_prior
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
from rtfs_runtime.providers.http_failures import Complaint, is_refusal, status_failure
from rtfs_runtime.providers.labels import NEUTRAL
from rtfs_runtime.providers.openai_bodies import (
    Features,
    SchemaMode,
    completion_body,
    encode_body,
    read_reply,
)
from rtfs_runtime.trace import Usage

_MODES: Final[Mapping[str, SchemaMode]] = {
    "auto": "strict",
    "grammar": "grammar",
    "strict": "strict",
    "json_object": "json_object",
    "none": "none",
}
_VARIABLES: Final = {"base_url_env": "OPENAI_BASE_URL", "api_key_env": "OPENAI_API_KEY"}
_EXAMPLE: Final = "http://localhost:8000/v1"
# how requests are written and answers read: another number is another answer, so caches hold it
_PROTOCOL: Final = "openai-1"
_PATHS: Final = {"chat": "/chat/completions", "text": "/completions"}

Steps = Generator[HttpRequest, HttpReply, ModelReply]


class _Endpoint(NamedTuple):
    """Where a model is; `base_url` without a slash at its end."""

    base_url: str
    host: str


class OpenAIModel:
    """One model at one server.

    Thread: any; requests run at the same time.
    """

    def __init__(self, settings: ModelSettings, world: World) -> None:
        self.id = settings.id
        options = settings.options
        self._model = str(options.get("model", settings.id))
        named = {key: options.get(key, default) for key, default in _VARIABLES.items()}
        self._url_name = variable(self.id, "base_url_env", named["base_url_env"])
        self._key_name = variable(self.id, "api_key_env", named["api_key_env"])
        mode = str(options.get("json_schema", "auto"))
        if mode not in _MODES:
            legal = ", ".join(_MODES)
            raise ProviderError(f"`json_schema` of model `{self.id}` must be one of {legal}, not {mode!r}")
        self._may_lower = mode == "auto"
        wanted = Features(_MODES[mode], bool(options.get("logprobs", True)))
        # what each interface of the server is known to take
        self._features: dict[str, Features] = dict.fromkeys(_PATHS, wanted)
        self._calibrate = bool(options.get("calibrate", False))
        self._priors: dict[tuple[object, ...], dict[str, float] | None] = {}
        self._mode = mode
        self._timeout_s = DEFAULT_TIMEOUT_S if settings.timeout_s is None else settings.timeout_s
        self._world = world
        self._client: HttpClient | None = None

    @property
    def version(self) -> str:
        """Name the server and the model there.

        Raises: ProviderError, when the environment has no address.
        """
        way = f"{self._mode} calibrated" if self._calibrate else self._mode
        return f"{_PROTOCOL} {self._endpoint().base_url} {self._model} {way}"

    def infer(self, request: ModelRequest) -> ModelReply:
        """Ask and wait for the answer."""
        steps = self._asked(request)
        try:
            sending = next(steps)
            while True:
                sending = steps.send(self._connection().post(sending))
        except StopIteration as ended:
            return _replied(ended)

    async def infer_async(self, request: ModelRequest) -> ModelReply:
        """Ask without blocking the loop; cancelling the wait closes the request."""
        steps = self._asked(request)
        try:
            sending = next(steps)
            while True:
                sending = steps.send(await self._connection().post_async(sending))
        except StopIteration as ended:
            return _replied(ended)

    def most_requests(self, request: ModelRequest) -> int:
        """Give how many requests this one may take: with those without content, when their answers are still
        to be known."""
        neutral = self._neutral(request)
        return 1 if self._prior_key(request, neutral) in self._priors else 1 + len(neutral)

    def close(self) -> None:
        """Close the connections."""
        if self._client is not None:
            self._client.close()

    def _asked(self, request: ModelRequest) -> Steps:
        """Ask, and take the prior of the labels out of the answer where that is wanted and can be done."""
        reply = yield from self._steps(request)
        neutral = self._neutral(request)
        if not neutral or label_shares_of(reply) is None:
            return reply
        key = self._prior_key(request, neutral)
        if key not in self._priors:
            replies = []
            for text in neutral:
                replies.append((yield from self._steps(request._replace(messages=(Message("user", text),)))))
            self._priors[key] = prior_of(replies)
            reply = reply._replace(usage=_sum(one.usage for one in (reply, *replies)))
        prior = self._priors[key]
        return reply if prior is None else without_prior(reply, prior)

    def _neutral(self, request: ModelRequest) -> tuple[str, ...]:
        """Give the questions without content, nothing where no prior is wanted."""
        given = request.options.get(NEUTRAL)
        wanted = self._calibrate and request.sampling.temperature == 0
        return given if wanted and isinstance(given, tuple) else ()

    def _prior_key(self, request: ModelRequest, neutral: tuple[str, ...]) -> tuple[object, ...]:
        return (request.form, request.system, request.examples, request.schema, neutral)

    def _steps(self, request: ModelRequest) -> Steps:
        """Write what to send, take what came back, until there is a reply."""
        begun_s = self._world.elapsed_s()
        endpoint = self._endpoint()
        key = read_key(self._world, self._key_name)
        features = self._features[request.form]
        while True:
            body = encode_body(completion_body(request, self._model, features))
            url = endpoint.base_url + _PATHS[request.form]
            wait_s = left_s(request, begun_s + self._timeout_s, self._world.elapsed_s(), endpoint.host)
            reply = without_key((yield HttpRequest(url, headers(key), body, wait_s)), key)
            if 200 <= reply.status < 300:
                self._features[request.form] = features
                found = read_reply(reply.body, request, features)
                latency_s = self._world.elapsed_s() - begun_s
                return found._replace(model_version=self.version, latency_s=latency_s)
            features = self._less(reply, features, endpoint.host)

    def _less(self, reply: HttpReply, features: Features, host: str) -> Features:
        """Leave out what the server refuses; raises for every other failure."""
        if reply.status in (400, 415, 422, 500, 501) and is_refusal(reply):
            less = features.without(Complaint(reply).whole)
            if less is not None and (self._may_lower or less.schema == features.schema):
                return less
        raise status_failure(reply, host, self._key_name, self._world.now_s())

    def _connection(self) -> HttpClient:
        if self._client is None:
            # two threads may both make one: nothing is open yet, so the loser's is dropped
            self._client = HttpClient(self._endpoint().base_url)
        return self._client

    def _endpoint(self) -> _Endpoint:
        given = (self._world.env(self._url_name) or "").strip()
        if not given:
            raise ProviderError(
                f"model `{self.id}` needs the address of its server in the variable {self._url_name}, "
                f"as in {self._url_name}={_EXAMPLE}"
            )
        origin, path, host = read_address(given, f"the variable {self._url_name}", _EXAMPLE)
        return _Endpoint(f"{origin}{path or '/v1'}", host)


def _sum(usages: Iterable[Usage]) -> Usage:
    found = list(usages)
    return Usage(sum(one.input_tokens for one in found), sum(one.output_tokens for one in found))


def _replied(ended: StopIteration) -> ModelReply:
    reply = ended.value
    assert isinstance(reply, ModelReply)
    return reply
