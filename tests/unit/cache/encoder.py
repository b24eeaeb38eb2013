"""An encoder for tests: words in hashed places, courtesies lightly. Texts of the same words point alike."""

from __future__ import annotations

import re
from hashlib import sha256

import numpy
from numpy.typing import NDArray

from rtfs_runtime.cache.embedding import DIMENSIONS

LIGHT = frozenset(["please", "i", "want", "to", "can", "could", "you", "the", "my"])


class WordEncoder:
    """Counts words; `failing` raises instead, `longest` is its window in words."""

    version = "words 1"

    def __init__(self, failing: Exception | None = None, longest: int = 256) -> None:
        self.failing = failing
        self.longest = longest
        self.encoded = 0

    def embed(self, text: str) -> NDArray[numpy.float32] | None:
        """Give the vector of a text."""
        if self.failing is not None:
            raise self.failing
        self.encoded += 1
        words = re.findall(r"\w+", text.lower())
        if len(words) > self.longest:
            return None
        vector = numpy.zeros(DIMENSIONS, dtype=numpy.float32)
        for word in words:
            vector[int.from_bytes(sha256(word.encode()).digest()[:4], "big") % DIMENSIONS] += (
                0.3 if word in LIGHT else 1
            )
        length = float(numpy.linalg.norm(vector))
        return vector / (length or 1.0)
