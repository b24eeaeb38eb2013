"""How well local models answer delegated functions: accuracy, calibration, latency and tokens, per task.

    python -m benchmarks.models [MODEL…] [--split tune] [--template ID]

A model is an id of `rtfsc models list` or a GGUF file; without one, all that are there. Tasks are functions
in `model_tasks/*.rtfs` with labelled texts beside them. Prompts and examples were chosen on the split `tune`
alone; the numbers that count are those of `eval`.
"""

from __future__ import annotations

import argparse
import json
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from rtfs_runtime.errors import RtfsError
from rtfs_runtime.host.world import REAL
from rtfs_runtime.jsontext import to_json
from rtfs_runtime.providers.base import ModelProvider, ModelReply, ModelRequest, ModelSettings
from rtfs_runtime.providers.llama.manifest import manifest
from rtfs_runtime.providers.llama.places import find_model
from rtfs_runtime.providers.llama.provider import LlamaModel
from rtfs_runtime.providers.registry import ModelRegistry
from rtfs_runtime.values import Keyword
from rtfsc.hook import Session

FOLDER: Final = Path(__file__).parent / "model_tasks"
TASKS: Final = ("sentiment", "routing", "integers", "records")
_BINS: Final = 10


@dataclass(slots=True)
class Score:
    """What one model did in one task."""

    right: list[bool] = field(default_factory=list)
    typed: int = 0
    confidences: list[float] = field(default_factory=list)
    latencies_s: list[float] = field(default_factory=list)
    tokens: list[int] = field(default_factory=list)

    @property
    def accuracy(self) -> float:
        """The share of right answers."""
        return sum(self.right) / len(self.right)

    @property
    def calibration_error(self) -> float:
        """The expected calibration error: how far confidence is from accuracy, over ten equal bins."""
        bins: dict[int, list[tuple[float, bool]]] = {}
        for confidence, right in zip(self.confidences, self.right, strict=True):
            bins.setdefault(min(_BINS - 1, int(confidence * _BINS)), []).append((confidence, right))
        gaps = [abs(sum(c for c, _ in rows) - sum(r for _, r in rows)) for rows in bins.values()]
        return sum(gaps) / len(self.right)


class Watched:
    """A provider that keeps the replies it gave."""

    def __init__(self, inner: LlamaModel) -> None:
        self._inner = inner
        self.id = inner.id
        self.version = inner.version
        self.replies: list[ModelReply] = []

    def infer(self, request: ModelRequest) -> ModelReply:
        """Answer, and keep the answer."""
        reply = self._inner.infer(request)
        self.replies.append(reply)
        return reply

    async def infer_async(self, request: ModelRequest) -> ModelReply:
        """Answer without blocking the loop."""
        return await self._inner.infer_async(request)

    def template_for(self, *, examples: bool) -> str:
        """Choose as the model does."""
        return self._inner.template_for(examples=examples)

    def close(self) -> None:
        """Close the model."""
        self._inner.close()


def measure(file: Path, task: str, split: str, template: str | None) -> Score:
    """Ask a model for every text of a task's split."""
    rows = [json.loads(line) for line in (FOLDER / f"{task}.jsonl").read_text().splitlines()]
    rows = [row for row in rows if row["split"] == split]
    model = Watched(LlamaModel(ModelSettings("measured", "llama", file=file), REAL))
    assert isinstance(model, ModelProvider)
    registry = ModelRegistry()
    registry.register(model)
    session = Session(registry=registry, template=template, search_path=(str(FOLDER),))
    module = session.load(task)
    (info,) = module.interface.functions
    # what is done once a function and model is not part of a call: loading, prefix, prior
    session.call(task, info.name, "Two of them.")
    model.replies.clear()
    score = Score()
    for row in rows:
        _ask(session, task, info.name, row, model, score)
    session.close()
    return score


def _ask(session: Session, task: str, name: str, row: dict[str, Any], model: Watched, score: Score) -> None:
    try:
        value = session.call(task, name, row["text"]).value
        score.typed += 1
    except RtfsError:
        value = None
    reply = model.replies[-1]
    shown = value.text if isinstance(value, Keyword) else json.loads(to_json(value))
    score.right.append(shown == row["answer"])
    score.confidences.append(reply.confidence or 0.0)
    score.latencies_s.append(reply.latency_s)
    score.tokens.append(reply.usage.input_tokens + reply.usage.output_tokens)


def _files(named: Sequence[str]) -> dict[str, Path]:
    if named:
        found = {Path(name).stem: find_model(name) or Path(name) for name in named}
    else:
        found = {row: path for row in manifest() if (path := find_model(row)) is not None}
    return found


def main() -> None:
    """Measure models and print a table."""
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("models", nargs="*")
    options.add_argument("--split", choices=("eval", "tune"), default="eval")
    options.add_argument("--template")
    options.add_argument("--tasks", nargs="*", choices=TASKS, default=TASKS)
    given = options.parse_args()
    table = Table(title=f"delegated functions, split {given.split}")
    for head in ("task", "model", "right", "typed", "ECE", "p50 ms", "tokens"):
        table.add_column(head, justify="left" if head in ("task", "model") else "right")
    for task in given.tasks:
        for name, file in _files(given.models).items():
            score = measure(file, task, given.split, given.template)
            table.add_row(
                task,
                name,
                f"{sum(score.right)}/{len(score.right)} ({score.accuracy:.0%})",
                f"{score.typed / len(score.right):.0%}",
                f"{score.calibration_error:.2f}",
                f"{statistics.median(score.latencies_s) * 1000:.0f}",
                f"{statistics.mean(score.tokens):.0f}",
            )
    Console(width=100).print(table)


if __name__ == "__main__":
    main()
