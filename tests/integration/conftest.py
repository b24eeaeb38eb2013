"""Model files for the tests of local models: tiny ones, made on the spot."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Keep digests and priors away from the user's."""
    folder = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RTFS_CACHE_DIR", str(folder))
        yield folder


@pytest.fixture(scope="session")
def random_file(tmp_path_factory: pytest.TempPathFactory, cache: Path) -> Path:
    from tests.tiny_models import write_random

    return write_random(tmp_path_factory.mktemp("models") / "random.gguf")


@pytest.fixture(scope="session")
def sentiment_file(tmp_path_factory: pytest.TempPathFactory, cache: Path) -> Path:
    from tests.tiny_models import write_sentiment

    return write_sentiment(tmp_path_factory.mktemp("models") / "sentiment.gguf")
