"""What a model is asked, what it answers, and what a provider is.

In: nothing. Out: `ModelRequest`, `ModelReply`, `ModelProvider`; the fields are final (ruling 30), because
caches and ledgers digest and store them. Source: delegation §3.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal, NamedTuple, Protocol, TypeAlias, runtime_checkable

from rtfs_runtime.trace import Usage
from rtfs_runtime.types import Type

StopReason: TypeAlias = Literal["end", "length", "stop-text", "filtered"]
NO_DATA: Final[Mapping[str, object]] = MappingProxyType({})


class Message(NamedTuple):
    """One turn; `role` is `user` or `assistant`, the system text stands apart."""

    role: Literal["user", "assistant"]
    text: str


class Sampling(NamedTuple):
    """How tokens are chosen; the default is the same answer every time."""

    temperature: float = 0.0
    top_p: float = 1.0
    max_tokens: int = 256
    stop: tuple[str, ...] = ()
    seed: int | None = None


class ModelRequest(NamedTuple):
    """One question to one model.

    Shape: `system` holds what is the same for every call of a function, `messages` its arguments. `schema` is
           the type of the answer, `schema_text` that type as text, None for free text. `grammar` is a GBNF
           grammar of the same, where one was made.
    Units: `deadline_s` is on the clock of the session's `World.elapsed_s`; None waits as long as the provider
           does.
    """

    model_id: str
    messages: tuple[Message, ...]
    system: str = ""
    sampling: Sampling = Sampling()
    schema: Type | None = None
    schema_text: str | None = None
    grammar: str | None = None
    tenant: str = ""
    deadline_s: float | None = None
    template_id: str = ""
    function: str = ""
    options: Mapping[str, object] = NO_DATA

    @property
    def text(self) -> str:
        """What the messages say, without the system text."""
        return "\n".join(message.text for message in self.messages)


class ModelReply(NamedTuple):
    """One answer.

    Shape: `value` is the parsed answer where the provider gives one, else None; `confidence` is from 0 to 1,
           None where the model gives no measure. `model_version` changes whenever the same request may be
           answered differently.
    """

    text: str
    value: object = None
    confidence: float | None = None
    usage: Usage = Usage()
    stop_reason: StopReason = "end"
    model_version: str = ""
    latency_s: float = 0.0
    data: Mapping[str, object] = NO_DATA


class ProviderError(Exception):
    """A provider cannot answer; the text says why, for the user of the program."""


@runtime_checkable
class ModelProvider(Protocol):
    """Something that answers requests for one model id. Thread: called from any thread."""

    @property
    def id(self) -> str: ...

    def infer(self, request: ModelRequest) -> ModelReply:
        """Answer; raises ProviderError when it cannot."""
        ...

    async def infer_async(self, request: ModelRequest) -> ModelReply:
        """Answer without blocking the loop."""
        ...

    def close(self) -> None:
        """Give back what the provider holds."""
        ...


class InstantProvider(ABC):
    """Base of providers that answer at once: the async twin is the plain one, nothing needs closing."""

    def __init__(self, model_id: str) -> None:
        self.id = model_id

    @abstractmethod
    def infer(self, request: ModelRequest) -> ModelReply:
        """Answer; raises ProviderError when it cannot."""

    async def infer_async(self, request: ModelRequest) -> ModelReply:
        """Answer as `infer` does."""
        return self.infer(request)

    # most hold nothing; those that do override it
    def close(self) -> None:  # noqa: B027
        """Hold nothing, give back nothing."""


def word_usage(request: ModelRequest, answer: str) -> Usage:
    """Count words as tokens, for providers that have no tokenizer and no price."""
    return Usage(len(request.system.split()) + len(request.text.split()), len(answer.split()), 0.0)
