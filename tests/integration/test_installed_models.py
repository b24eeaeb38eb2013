"""Real language models, where they are installed: every answer has its type, and is the same every time."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

pytest.importorskip("llama_cpp", reason="local models need the extra `llm`")

from benchmarks.models import FOLDER, TASKS, Watched
from rtfs_runtime.host.world import REAL
from rtfs_runtime.providers.base import ModelReply, ModelSettings
from rtfs_runtime.providers.llama.manifest import manifest
from rtfs_runtime.providers.llama.places import find_model
from rtfs_runtime.providers.llama.provider import LlamaModel
from rtfs_runtime.providers.registry import ModelRegistry
from rtfsc.hook import Session

pytestmark = pytest.mark.model
COUNT = 6


def replies(model_id: str, task: str) -> list[ModelReply]:
    """Ask a model in a process of its own for the first texts of a task."""
    rows = [json.loads(line) for line in (FOLDER / f"{task}.jsonl").read_text().splitlines()][:COUNT]
    model = Watched(LlamaModel(ModelSettings("measured", "llama", options={"model": model_id}), REAL))
    registry = ModelRegistry()
    registry.register(model)
    session = Session(registry=registry, search_path=(str(FOLDER),))
    (info,) = session.load(task).interface.functions
    for row in rows:
        # an answer of another type would raise
        session.call(task, info.name, row["text"])
    session.close()
    return [reply._replace(latency_s=0.0) for reply in model.replies]


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("model_id", list(manifest()))
def test_answers_have_their_type_and_are_the_same_in_another_process(
    model_id: str, task: str, cache: Path
) -> None:
    if find_model(model_id) is None:
        pytest.skip(f"needs `rtfsc models pull {model_id}`")
    first = replies(model_id, task)
    assert len(first) == COUNT and replies(model_id, task) == first
    assert all(reply.confidence is not None and 0 < reply.confidence <= 1 for reply in first)
