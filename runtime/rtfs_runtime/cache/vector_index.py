"""The entries of one scope in memory: texts with their vectors, searched by likeness.

In: vectors of length 1. Out: the nearest ones. Brute force over one float32 matrix: exact, and at the sizes
of one scope faster than the encoder by far (10,000 entries 0.5 ms). Bounded; the least recently used goes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy

if TYPE_CHECKING:
    from rtfs_runtime.cache.embedding import Vector

_FIRST_ROWS: Final = 16


class Neighbour(NamedTuple):
    """One text: what answered it, and since when it is known."""

    text: str
    answer: bytes
    created_s: float


class VectorIndex:
    """The entries of one scope, one for each text.

    Thread: whoever uses it locks it.
    """

    def __init__(self, dimensions: int, most: int | None) -> None:
        self._most = most
        self._matrix = numpy.zeros((_FIRST_ROWS, dimensions), dtype=numpy.float32)
        self._used = numpy.zeros(_FIRST_ROWS, dtype=numpy.int64)
        self._rows: list[Neighbour] = []
        self._places: dict[str, int] = {}
        self._clock = 0
        self.evictions = 0

    def __len__(self) -> int:
        return len(self._rows)

    def add(self, entry: Neighbour, vector: Vector) -> None:
        """Keep an entry, in place of one of the same text."""
        place = self._places.get(entry.text)
        if place is None:
            place = self._free_place()
            self._places[entry.text] = place
        self._rows[place] = entry
        self._matrix[place] = vector
        self.touch(entry.text)

    def touch(self, text: str) -> None:
        """Note that an entry was used."""
        self._clock += 1
        self._used[self._places[text]] = self._clock

    def get(self, text: str) -> Neighbour | None:
        """Find the entry of exactly this text."""
        place = self._places.get(text)
        return None if place is None else self._rows[place]

    def remove(self, text: str) -> bool:
        """Forget an entry; tell whether it was there."""
        place = self._places.pop(text, None)
        if place is None:
            return False
        last = len(self._rows) - 1
        if place != last:
            self._rows[place] = self._rows[last]
            self._matrix[place] = self._matrix[last]
            self._used[place] = self._used[last]
            self._places[self._rows[place].text] = place
        self._rows.pop()
        return True

    def nearest(self, vector: Vector, least: float, most: int) -> list[tuple[float, Neighbour]]:
        """Give the entries at least so like, the likest first, at most so many."""
        if not self._rows:
            return []
        # not `@`: BLAS splits it over threads that wait for one another, and where the encoder or anything
        # else is on the other core, a look of 0.5 ms takes 12 ms
        likeness = numpy.einsum("ij,j->i", self._matrix[: len(self._rows)], vector)
        found = numpy.flatnonzero(likeness >= least)
        if len(found) > most:
            found = found[numpy.argpartition(likeness[found], len(found) - most)[-most:]]
        # of equally like ones the older place comes first, so that equal input gives equal output
        ordered = sorted(found.tolist(), key=lambda place: (-float(likeness[place]), place))
        return [(float(likeness[place]), self._rows[place]) for place in ordered]

    def _free_place(self) -> int:
        if self._most is not None and len(self._rows) >= self._most:
            oldest = int(self._used[: len(self._rows)].argmin())
            self.remove(self._rows[oldest].text)
            self.evictions += 1
        if len(self._rows) == len(self._matrix):
            self._matrix = numpy.concatenate([self._matrix, numpy.zeros_like(self._matrix)])
            self._used = numpy.concatenate([self._used, numpy.zeros_like(self._used)])
        self._rows.append(Neighbour("", b"", 0.0))
        return len(self._rows) - 1
