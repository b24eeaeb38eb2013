"""Which token comes next: the likeliest, or one drawn, among those that a grammar allows.

In: the scores of all tokens. Out: one token and the log of its probability. The grammar is asked about the
best token alone; only when it says no about the best 128, then about all: asking about all 262,144 tokens
each time, as llama.cpp's own chain does, takes longer than the model.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterable
from typing import Any, Final, cast

import llama_cpp as llama
import numpy as np
from numpy.typing import NDArray

_BEST: Final = 128
_CANDIDATE: Final = np.dtype([("id", np.int32), ("logit", np.float32), ("p", np.float32)])


class DeadEnd(Exception):
    """The grammar allows no token at all."""


def log_sum(scores: NDArray[np.float32]) -> float:
    """Give the log of the sum of the exponentials."""
    highest = float(scores.max())
    return highest + float(np.log(np.exp(scores - highest).sum(dtype=np.float64)))


class Chooser:
    """Chooses the tokens of one answer."""

    def __init__(
        self, grammar: Any, ends: Iterable[int], temperature: float, top_p: float, seed: int
    ) -> None:
        self._grammar = grammar
        self._ends = np.array(sorted(ends), np.int64)
        self._temperature = temperature
        self._top_p = top_p
        self._random = np.random.default_rng(seed)

    def choose(self, logits: NDArray[np.float32]) -> tuple[int, float]:
        """Choose a token; its probability is what the model gives it before grammar and temperature."""
        token = self._choose(self._drawn(logits))
        if self._grammar is not None:
            llama.llama_sampler_accept(self._grammar, token)
        return token, float(logits[token]) - log_sum(logits)

    def close(self) -> None:
        """Give the grammar back."""
        if self._grammar is not None:
            llama.llama_sampler_free(self._grammar)
            self._grammar = None

    def _drawn(self, logits: NDArray[np.float32]) -> NDArray[np.float32]:
        """Add noise, so that the best of the sum is a draw from the distribution (the Gumbel trick)."""
        if self._temperature <= 0:
            return logits
        scaled = logits / np.float32(self._temperature)
        if self._top_p < 1:
            order = np.argsort(-scaled, kind="stable")
            chances = np.exp(scaled[order] - log_sum(scaled)).cumsum(dtype=np.float64)
            keep = int(np.searchsorted(chances, self._top_p)) + 1
            scaled[order[keep:]] -= np.float32(1e9)
        return scaled + self._random.gumbel(size=scaled.shape).astype(np.float32)

    def _choose(self, scores: NDArray[np.float32]) -> int:
        best = int(scores.argmax())
        if self._grammar is None or self._allowed(np.array([best]), scores)[0]:
            return best
        count = min(_BEST, len(scores))
        near = np.argpartition(scores, -count)[-count:]
        # an answer may end although the model gives its end little weight
        for among in (np.union1d(near, self._ends), np.arange(len(scores))):
            allowed = among[self._allowed(among, scores)]
            if len(allowed):
                return int(allowed[scores[allowed].argmax()])
        raise DeadEnd

    def _allowed(self, tokens: NDArray[Any], scores: NDArray[np.float32]) -> NDArray[np.bool_]:
        """Ask the grammar, which sets the score of what it forbids to minus infinity."""
        count = len(tokens)
        rows = (llama.llama_token_data * count)()
        view = np.frombuffer(cast(Any, rows), dtype=_CANDIDATE)
        view["id"] = tokens
        view["logit"] = np.maximum(scores[tokens], np.float32(-1e30))
        array = llama.llama_token_data_array(ctypes.cast(rows, llama.llama_token_data_p), count, -1, False)
        llama.llama_sampler_apply(self._grammar, ctypes.byref(array))
        return np.asarray(np.isfinite(view["logit"]))
