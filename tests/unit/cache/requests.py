"""Requests and answers for the tests of the cache."""

from __future__ import annotations

from rtfs_runtime.cache.request_key import Answerer
from rtfs_runtime.providers.base import Example, Message, ModelReply, ModelRequest, Sampling
from rtfs_runtime.trace import Usage
from rtfs_runtime.types import Enum
from rtfs_runtime.values import Keyword

BY = Answerer("llama", "sha256:1 build:2")
LABELS = Enum((Keyword("good"), Keyword("bad")))


def ask(text: str = "I love it", **changes: object) -> ModelRequest:
    """Make a request that has something in every field."""
    request = ModelRequest(
        model_id="small",
        messages=(Message("user", text),),
        system="Tell the mood.",
        sampling=Sampling(0.0, 1.0, 16, ("\n",), 7),
        schema=LABELS,
        schema_text="[:enum :good :bad]",
        grammar="root ::= x",
        tenant="acme",
        deadline_s=None,
        template_id="few-shot-1",
        function="shop/mood",
        options={"threads": 2, "mirostat": [1, 2.5]},
        examples=(Example("It broke", "bad"),),
        form="text",
    )
    return request._replace(**changes)  # type: ignore[arg-type]


def reply(text: str = "good", **changes: object) -> ModelReply:
    """Make an answer."""
    made = ModelReply(
        text, Keyword("good"), 0.9, Usage(12, 1, 0.003), "end", "v1", 0.25, {"labels": {"good": 0.9}}
    )
    return made._replace(**changes)  # type: ignore[arg-type]
