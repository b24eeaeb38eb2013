"""What a model answers to one frame. Runs in the child process only.

In: a frame: the parts of a `ModelRequest`, as JSON. Out: the parts of a `ModelReply`, or an error with its
kind. Answers with few values are chosen by score, others are written under the grammar of their type.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple

import numpy as np

from rtfs_runtime.providers.llama.chat import Format, Layout, Piece, Turn, lay_out
from rtfs_runtime.providers.llama.choice import DeadEnd
from rtfs_runtime.providers.llama.engine import Config, Engine, EngineError, Tokens

_DIGITS: Final = 6


class _Stopped(Exception):
    """The parent waits no longer."""


class Server:
    """A loaded model, or the reason why there is none."""

    def __init__(self, engine: Engine | None, frame: Mapping[str, Any], problem: str = "") -> None:
        self._engine = engine
        self._chat_format: str | None = frame.get("chat_format")
        self._template: str = frame.get("chat_template", "")
        self.greeting: dict[str, Any] = {"ready": True} if engine else {"error": problem}
        if engine is not None:
            self.greeting["context"] = engine.n_ctx

    def answer(self, frame: Mapping[str, Any], stopped: Callable[[], bool]) -> dict[str, Any]:
        """Answer a frame; whatever goes wrong is in the answer."""
        engine = self._engine
        if engine is None:
            return {"error": self.greeting["error"], "kind": "construction"}

        def check() -> None:
            if stopped():
                raise _Stopped

        engine.check = check
        try:
            return _Asking(engine, frame, Format(self._template, self._chat_format, engine.marks)).answer()
        except _Stopped:
            return {"error": "nobody waits for the answer any more", "kind": "cancelled"}
        except EngineError as error:
            return {"error": str(error), "kind": error.kind}
        except DeadEnd:
            return {"error": "no token of the model fits the grammar of the answer", "kind": "answer"}


def start(frame: Mapping[str, Any]) -> Server:
    """Load the model that the first frame describes."""
    try:
        return Server(Engine(Config(*frame["config"])), frame)
    except EngineError as error:
        return Server(None, frame, str(error))


class _Prompt(NamedTuple):
    prefix: Tokens
    rest: Tokens


class _Asking:
    """One request."""

    def __init__(self, engine: Engine, frame: Mapping[str, Any], form: Format) -> None:
        self._engine = engine
        self._frame = frame
        self._form = form

    def answer(self) -> dict[str, Any]:
        messages = [Turn(*message) for message in self._frame["messages"]]
        prompt = self._prompt(messages)
        labels: list[str] | None = self._frame["labels"]
        if labels is not None:
            return self._chosen(prompt, labels, messages)
        return self._written(prompt)

    def _prompt(self, messages: Sequence[Turn]) -> _Prompt:
        frame = self._frame
        examples = [
            turn
            for question, answer in frame["examples"]
            for turn in (Turn("user", question), Turn("assistant", answer))
        ]
        if frame["form"] == "text":
            layout = Layout(
                [Piece(frame["system"] + "".join(turn.text for turn in examples), False)],
                [Piece("".join(turn.text for turn in messages), False)],
            )
        else:
            system = [Turn("system", frame["system"])] if frame["system"] else []
            turns = [*system, *examples, *messages]
            layout = lay_out(turns, len(system) + len(examples), self._form)
        return _Prompt(self._tokens(layout.prefix, first=True), self._tokens(layout.rest, first=False))

    def _tokens(self, pieces: Sequence[Piece], *, first: bool) -> Tokens:
        found = self._engine.tokens("", start=True, special=False) if first else []
        for piece in pieces:
            if piece.text:
                found += self._engine.inner_tokens(piece.text, special=piece.mark)
        return found

    # Choosing

    def _chosen(self, prompt: _Prompt, labels: list[str], messages: Sequence[Turn]) -> dict[str, Any]:
        engine = self._engine
        lead, ends = "", engine.ends
        if self._frame["form"] == "text":
            # labels stand as they stand in the examples: behind a blank, before a line break
            lead = "" if messages[-1].text[-1:].isspace() else " "
            ends = frozenset(engine.inner_tokens("\n")[:1]) or ends
        cut = [engine.inner_tokens(lead + label) for label in labels]

        def score(asked: _Prompt) -> list[float]:
            return engine.score(asked.prefix, asked.rest, cut, ends)

        prior = self._prior(score)
        scores = np.array(score(prompt))
        if prior is not None:
            scores = scores - np.array(prior)
        chances = np.exp(scores - scores.max())
        chances /= chances.sum()
        place = self._draw(chances)
        return {
            "text": labels[place],
            "confidence": round(float(chances[place]), _DIGITS),
            "stop": "end",
            "tokens": [len(prompt.prefix) + len(prompt.rest), len(cut[place])],
            "labels": [round(float(chance), _DIGITS) for chance in chances],
            "prior": prior,
        }

    def _prior(self, score: Callable[[_Prompt], list[float]]) -> list[float] | None:
        """Give what the model tends to whatever it is asked: the mean over questions without content."""
        given: list[float] | None = self._frame["prior"]
        neutral: list[str] = self._frame["neutral"]
        if given is not None or not neutral:
            return given
        chances = [np.exp(score(self._prompt([Turn("user", text)]))) for text in neutral]
        return [math.log(max(float(chance), 1e-9)) for chance in np.mean(chances, axis=0)]

    def _draw(self, chances: Any) -> int:
        temperature, _, seed = self._frame["sampling"]
        if temperature <= 0:
            return int(chances.argmax())
        noise = np.random.default_rng(seed).gumbel(size=len(chances))
        return int((np.log(np.maximum(chances, 1e-30)) / temperature + noise).argmax())

    # Writing

    def _written(self, prompt: _Prompt) -> dict[str, Any]:
        frame = self._frame
        temperature, top_p, seed = frame["sampling"]
        chooser = self._engine.chooser(frame["grammar"], (temperature, top_p, seed))
        try:
            made = self._engine.generate(
                prompt.prefix, prompt.rest, chooser, frame["max_tokens"], frame["stop_texts"]
            )
        finally:
            chooser.close()
        return {
            # in a text that goes on, the blank before an answer belongs to the prompt
            "text": made.text.strip() if frame["form"] == "text" else made.text,
            "confidence": None if made.confidence is None else round(made.confidence, _DIGITS),
            "stop": made.stop,
            "tokens": [len(prompt.prefix) + len(prompt.rest), made.tokens],
        }
