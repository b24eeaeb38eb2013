"""Model files for the tests of real models: tiny ones made on the spot, and those that are installed."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("llama_cpp", reason="local models need the extra `llm`")

from tests.tiny_models import write_random, write_sentiment


@pytest.fixture(autouse=True, scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Keep digests and priors away from the user's."""
    folder = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RTFS_CACHE_DIR", str(folder))
        yield folder


@pytest.fixture(scope="session")
def random_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_random(tmp_path_factory.mktemp("models") / "random.gguf")


@pytest.fixture(scope="session")
def sentiment_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_sentiment(tmp_path_factory.mktemp("models") / "sentiment.gguf")
