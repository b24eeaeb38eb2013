"""A key goes to the server that it is for and nowhere else: not to the terminal, not into a file, not into an
event."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import MappingProxyType

import pytest

from rtfs_runtime.host.world import REAL
from rtfs_runtime.providers.base import Message, ModelRequest, ModelSettings, ProviderError
from rtfs_runtime.providers.openai import OpenAIModel
from tests.integration.misbehaving_server import Server

pytestmark = pytest.mark.servers

ROOT = Path(__file__).parents[2]
KEY = "sk-a-key-that-nobody-may-see"
BEHAVIOURS = (
    "good",
    "tells-the-key",
    "500",
    "500-validation",
    "429-quota",
    "no-json",
    "cut-body",
    "redirect",
)
PLAN = """
(defn greet ^:delegation :remote "big" [name :string] :string "Greet somebody.")
(defn main [] (try (greet "Ann") (catch :error/delegation e (str e))))
"""
POLICY = '[models.big]\nprovider = "openai"\n'


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with Server() as running:
        yield running


@pytest.mark.parametrize("behaviour", BEHAVIOURS)
def test_a_run_shows_and_leaves_no_key(server: Server, behaviour: str, tmp_path: Path) -> None:
    (tmp_path / "plan.rtfs").write_text(PLAN)
    (tmp_path / "delegation.toml").write_text(POLICY)
    # tests of local models name a cache for the whole session
    outside = ("PYTHONDONTWRITEBYTECODE", "RTFS_CACHE_DIR")
    env = {name: value for name, value in os.environ.items() if name not in outside}
    env |= {
        "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'runtime'}",
        "HOME": str(tmp_path),
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
        "OPENAI_BASE_URL": server.url(behaviour),
        "OPENAI_API_KEY": KEY,
    }
    seen = len(server.seen)
    done = subprocess.run(
        [sys.executable, "-m", "rtfsc", "run", "--trace", "plan.rtfs"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=env,
    )
    assert server.seen[seen].headers["authorization"] == f"Bearer {KEY}"
    assert "model plan/greet" in done.stderr
    for text in (done.stdout, done.stderr):
        assert KEY not in text
    left = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(left) > 2
    assert [path for path in left if KEY.encode() in path.read_bytes()] == []


@pytest.mark.parametrize("behaviour", BEHAVIOURS)
def test_neither_an_error_nor_what_hangs_on_it_has_the_key(server: Server, behaviour: str) -> None:
    env = {"OPENAI_BASE_URL": server.url(behaviour), "OPENAI_API_KEY": KEY}
    provider = OpenAIModel(
        ModelSettings("m", "openai", options=MappingProxyType({})), REAL._replace(env=env.get)
    )
    error: BaseException | None = None
    try:
        reply = provider.infer(ModelRequest("m", (Message("user", "hello"),)))
        assert KEY not in repr(reply)
    except ProviderError as caught:
        error = caught
    while error is not None:
        assert KEY not in repr((error, error.args, vars(error)))
        error = error.__cause__ or error.__context__
    assert KEY not in repr((provider, vars(provider), provider.version))
    provider.close()
