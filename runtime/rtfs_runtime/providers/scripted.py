"""A model with fixed answers by pattern, for tests and dry runs.

In: answers as a mapping, or a TOML file of `[[answers]]` with `match` (a regular expression, found anywhere
in the prompt) and `text`, optionally `confidence`. Out: the text of the first that matches; nothing matching
is an error that shows the prompt.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from rtfs_runtime.builtins.regex import compiled
from rtfs_runtime.digest import key
from rtfs_runtime.errors import RtfsError
from rtfs_runtime.providers.base import InstantProvider, ModelReply, ModelRequest, ProviderError, word_usage
from rtfs_runtime.providers.tables import TableFile

_SHOWN_CHARS = 200


class Answer(NamedTuple):
    """One fixed answer."""

    pattern: str
    text: str
    confidence: float | None = None


class ScriptedModel(InstantProvider):
    """Answers the first entry whose pattern is found in the prompt: system text, a line, the messages."""

    def __init__(self, model_id: str, answers: Mapping[str, str] | tuple[Answer, ...]) -> None:
        rows = tuple(Answer(*pair) for pair in answers.items()) if isinstance(answers, Mapping) else answers
        super().__init__(model_id, "scripted " + key("scripted", *(f"{row}" for row in rows)).hex())
        self._rows: list[tuple[Any, Answer]] = [(compiled(row.pattern), row) for row in rows]

    @classmethod
    def from_file(cls, model_id: str, path: Path) -> ScriptedModel:
        """Read answers from a TOML file; raises TableError."""
        file = TableFile(path)
        file.check_keys("", file.data, ("answers",))
        rows = []
        for number, entry in enumerate(file.get("", file.data, "answers", list) or []):
            file.check_keys("answers", entry, ("match", "text", "confidence"), number)
            pattern = file.get("answers", entry, "match", str, number)
            text = file.get("answers", entry, "text", str, number)
            if pattern is None or text is None:
                file.fail("answers\x00match", "an answer needs `match` and `text`", number)
            try:
                compiled(pattern)
            except RtfsError as error:
                file.fail("answers\x00match", str(error.fields["message"]), number)
            rows.append(Answer(pattern, text, file.get("answers", entry, "confidence", (int, float), number)))
        return cls(model_id, tuple(rows))

    def infer(self, request: ModelRequest) -> ModelReply:
        """Give the answer of the first pattern that is found."""
        prompt = f"{request.system}\n{request.text}" if request.system else request.text
        for pattern, row in self._rows:
            if pattern.search(prompt) is not None:
                usage = word_usage(request, row.text)
                return ModelReply(
                    row.text, confidence=row.confidence, usage=usage, model_version=self.version
                )
        shown = prompt if len(prompt) <= _SHOWN_CHARS else prompt[:_SHOWN_CHARS] + "…"
        raise ProviderError(f"no scripted answer matches the prompt: {shown}", "request")
