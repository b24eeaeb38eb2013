"""A model that repeats what it is told: `PREFIX PROMPT`. Always there, for demonstrations and tests."""

from __future__ import annotations

from rtfs_runtime.providers.base import InstantProvider, ModelReply, ModelRequest, word_usage


class LocalEchoModel(InstantProvider):
    """Answers the text of the messages behind a prefix; an empty prefix gives the bare text."""

    def __init__(self, model_id: str = "echo-model", prefix: str = "[ECHO]") -> None:
        super().__init__(model_id, f"echo {prefix}")
        self.prefix = prefix

    def infer(self, request: ModelRequest) -> ModelReply:
        """Repeat the prompt."""
        answer = f"{self.prefix} {request.text}" if self.prefix else request.text
        return ModelReply(answer, usage=word_usage(request, answer), model_version=self.version)
