"""What a model is asked, what it answers, and what a provider is.

In: nothing. Out: `ModelRequest`, `ModelReply`, `ModelProvider`; the fields are final (ruling 30), because
caches and ledgers digest and store them. Source: delegation §3.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, Literal, NamedTuple, Protocol, TypeAlias, runtime_checkable

from rtfs_runtime.trace import Usage
from rtfs_runtime.types import Type

if TYPE_CHECKING:
    from pathlib import Path

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


class Example(NamedTuple):
    """One worked call of a function: its arguments and its answer, as the template writes them."""

    question: str
    answer: str


class ModelRequest(NamedTuple):
    """One question to one model.

    Shape: `system` and `examples` hold what is the same for every call of a function, `messages` the
           arguments of this one and, after an answer that was refused, that answer and what was wrong.
           `form` chat leaves the layout of turns to the model; text is one prompt to be continued: `system`,
           then each question and answer, then the messages, joined by nothing. `schema` is the type of the
           answer, `schema_text` that type as text, None for free text. `grammar` is a GBNF grammar of the
           same, where one was made.
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
    examples: tuple[Example, ...] = ()
    form: Literal["chat", "text"] = "chat"

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


FailureKind: TypeAlias = Literal[
    "construction", "connection", "http", "timeout", "request", "answer", "policy", "cancelled"
]


class ProviderError(Exception):
    """A provider cannot answer; the text says why, for the user of the program.

    Shape: `kind` names what failed: making the model, reaching it, an HTTP status, time, the request itself
           (the same one fails again), an answer nobody can read. `retryable` says that the same request to
           the same model may do better.
    Units: `retry_after_s` is how long the model asked not to be asked again, None when it said nothing.
    """

    def __init__(
        self,
        message: str,
        kind: FailureKind = "construction",
        *,
        retryable: bool = False,
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(message)
        self.kind = kind
        self.retryable = retryable
        self.retry_after_s = retry_after_s


class Price(NamedTuple):
    """What a model takes, in US dollars per 1,000 tokens."""

    input_usd: float
    output_usd: float

    def cost_usd(self, usage: Usage) -> float:
        """Give the price of an answer."""
        return (usage.input_tokens * self.input_usd + usage.output_tokens * self.output_usd) / 1000


class ModelSettings(NamedTuple):
    """One row of a policy's `[models]`, checked.

    Shape: `file` is absolute. `options` are the keys that this provider alone knows (`ProviderRow.keys`).
           `sampling` fills what a call does not say. `price` None is unknown, which a money budget refuses.
    Units: `timeout_s` bounds one attempt.
    """

    id: str
    provider: str
    file: Path | None = None
    options: Mapping[str, object] = NO_DATA
    sampling: Sampling = Sampling()
    price: Price | None = None
    timeout_s: float | None = None
    max_concurrency: int | None = None
    template: str | None = None
    line: int = 0


@runtime_checkable
class ModelProvider(Protocol):
    """Something that answers requests for one model id; it makes one attempt, and leaves retries to whoever
    asked.

    Thread: called from any thread.
    """

    @property
    def id(self) -> str: ...

    @property
    def version(self) -> str:
        """Give what changes whenever the same request may be answered differently; known without asking.

        Raises: ProviderError when the model is not there.
        """
        ...

    def infer(self, request: ModelRequest) -> ModelReply:
        """Answer; raises ProviderError when it cannot."""
        ...

    async def infer_async(self, request: ModelRequest) -> ModelReply:
        """Answer without blocking the loop."""
        ...

    def close(self) -> None:
        """Give back what the provider holds."""
        ...


def most_requests(provider: ModelProvider, request: ModelRequest) -> int:
    """Give how many requests a provider may send for one; budgets reserve for them all. One, unless it has a
    `most_requests` that says otherwise."""
    count = getattr(provider, "most_requests", None)
    return 1 if count is None else int(count(request))


@runtime_checkable
class ChoosesTemplate(Protocol):
    """A provider that knows how its model wants contracts to be worded."""

    def template_for(self, *, examples: bool) -> str:
        """Name the template for a function that has examples, or has none."""
        ...


class InstantProvider(ABC):
    """Base of providers that answer at once: the async twin is the plain one, nothing needs closing."""

    def __init__(self, model_id: str, version: str) -> None:
        self.id = model_id
        self.version = version

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
