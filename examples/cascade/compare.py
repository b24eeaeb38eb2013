"""Compare ways of asking: each model alone, and the cascade of delegation.toml.

In: sentences.tsv, the models of delegation.toml. Out: a table of how many answers were right, how often the
large model was asked, what that cost by the declared price, and how long an answer took.

    OPENAI_BASE_URL=http://localhost:8000/v1 python examples/cascade/compare.py
    python examples/cascade/compare.py --serve ~/.local/share/rtfsc/models/gemma-3-270m.gguf
"""

from __future__ import annotations

import argparse
import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from rtfs_runtime.delegation.policy import CacheChoice, Policy
from rtfs_runtime.delegation.target import read_target
from rtfsc import RtfsError, Session, load_policy

HERE = Path(__file__).parent
LARGE = "remote:large"
WAYS = {
    "words alone": "local-model:words",
    "small alone": "local-model:small",
    "large alone": LARGE,
    "cascade": "",
}
_PATIENCE_S = 120


class Row(NamedTuple):
    """How one way did."""

    right: int
    asked_large: int
    cost_usd: float
    seconds: float


def policy_of(target: str) -> Policy:
    """Give the example's policy, or the same with one model alone; nothing is answered from a cache."""
    policy = load_policy(HERE / "delegation.toml")
    (rule,) = policy.rules
    rule = rule._replace(cache=CacheChoice(l2=False))
    if target:
        rule = rule._replace(chain=(read_target(target),), fallback=())
    return policy._replace(rules=(rule,))


def measure(target: str, sentences: list[tuple[str, str]]) -> Row:
    """Ask about each sentence and count; raises RtfsError when nobody can answer."""
    session = Session(policy=policy_of(target), search_path=(str(HERE),))
    right = asked = 0
    cost_usd = 0.0
    begun_s = time.perf_counter()
    for label, sentence in sentences:
        result = session.run(HERE / "tone.rtfs", "tone", [sentence])
        right += str(result.value) == f":{label}"
        asked += sum(event.name == LARGE and not event.failed for event in result.trace)
        cost_usd += result.cost.cost_usd
    seconds = time.perf_counter() - begun_s
    session.close()
    return Row(right, asked, cost_usd, seconds)


@contextlib.contextmanager
def served(model: Path | None) -> Iterator[None]:
    """Put a model file behind llama.cpp's server on this machine, as `OPENAI_BASE_URL`, for a block."""
    if model is None:
        yield
        return
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [
        sys.executable, "-m", "llama_cpp.server", "--model", str(model), "--host", "127.0.0.1",
        "--port", str(port), "--n_ctx", "1024", "--logits_all", "true", "--verbose", "false",
    ]  # fmt: skip
    passive = {**os.environ, "OMP_WAIT_POLICY": "passive"}
    running = subprocess.Popen(command, env=passive, stdout=subprocess.DEVNULL)
    try:
        _wait_for(running, port)
        os.environ["OPENAI_BASE_URL"] = f"http://127.0.0.1:{port}/v1"
        yield
    finally:
        running.terminate()
        running.wait()


def _wait_for(running: subprocess.Popen[bytes], port: int) -> None:
    until_s = time.monotonic() + _PATIENCE_S
    while time.monotonic() < until_s:
        if running.poll() is not None:
            sys.exit("the server ended: pip install 'llama-cpp-python[server]'")
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    sys.exit("the server did not start")


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description="Compare each model alone with the cascade.")
    parser.add_argument("--serve", type=Path, metavar="GGUF", help="serve this model file as the large one")
    parser.add_argument("--limit", type=int, help="take this many sentences of each tone")
    given = parser.parse_args()
    lines = (HERE / "sentences.tsv").read_text(encoding="utf-8").splitlines()
    pairs = [(label, text) for label, _, text in (line.partition("\t") for line in lines)]
    taken = [
        pair for tone in ("positive", "negative", "neutral") for pair in _first(pairs, tone, given.limit)
    ]
    with served(given.serve):
        print(f"{'':12} {'right':>10} {'asked large':>12} {'USD per 1,000':>14} {'ms each':>8}")
        for name, target in WAYS.items():
            try:
                row = measure(target, taken)
            except RtfsError as error:
                print(f"{name:12} {error}")
                continue
            share = f"{row.right}/{len(taken)}"
            per_1000 = row.cost_usd / len(taken) * 1000
            each_ms = row.seconds / len(taken) * 1000
            print(
                f"{name:12} {share:>10} {row.asked_large:>12} {per_1000:>14.4f} {each_ms:>8.0f}", flush=True
            )


def _first(pairs: list[tuple[str, str]], tone: str, limit: int | None) -> list[tuple[str, str]]:
    return [pair for pair in pairs if pair[0] == tone][:limit]


if __name__ == "__main__":
    main()
