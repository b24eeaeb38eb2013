"""The provider `llama`: a GGUF file, asked through llama.cpp in a child process.

In: a policy's row. Out: `LlamaModel`. Nothing is loaded before the first request; the version is known from
the files alone. What the child does with a request is in `serving`.

    [models."local-small"]
    provider = "llama"
    file = "small.gguf"      # or `model`, an id of `rtfsc models list`; else RTFS_LOCAL_MODEL_PATH
    n_ctx = 2048             # tokens of prompt and answer together
    n_batch = 512            # tokens that are evaluated at a time
    n_threads = 4            # all cores, when not given
    n_gpu_layers = 0         # where the library was built for a GPU
    chat_format = "chatml"   # in place of the template in the file
    calibrate = true         # take from each label what the model tends to whatever it is asked
"""

from __future__ import annotations

import asyncio
import json
import os
import threading
import time
from typing import Any, Final, cast

from rtfs_runtime.digest import key
from rtfs_runtime.host.world import World
from rtfs_runtime.providers.base import (
    FailureKind,
    ModelReply,
    ModelRequest,
    ModelSettings,
    ProviderError,
    StopReason,
)
from rtfs_runtime.providers.labels import NEUTRAL, label_texts
from rtfs_runtime.providers.llama.child import Child, Patience
from rtfs_runtime.providers.llama.places import (
    FileFacts,
    facts_of,
    find_file,
    keep,
    library_version,
    read_kept,
)
from rtfs_runtime.trace import Usage

# changes whenever this package answers the same request differently
_ENGINE: Final = "engine-1"


class LlamaModel:
    """One local model.

    Thread: called from any thread; requests stand in one queue.
    """

    def __init__(self, settings: ModelSettings, world: World) -> None:
        self.id = settings.id
        self._settings = settings
        self._world = world
        self._making = threading.Lock()
        self._child: Child | None = None
        self._version = ""

    @property
    def version(self) -> str:
        """Name the file by its digest, the library by its build, and how they are used.

        Raises: ProviderError.
        """
        if not self._version:
            path = find_file(self._settings, self._world.env)
            used = f"batch-{self._option('n_batch', 512)} gpu-{self._option('n_gpu_layers', 0)}"
            chat = self._settings.options.get("chat_format") or "own"
            calibrated = "" if self._calibrate else " uncalibrated"
            self._version = (
                f"{path.name}@{facts_of(path).sha256[:16]} {library_version()} {_ENGINE} {used} "
                f"ctx-{self._option('n_ctx', 2048)} chat-{chat}{calibrated}"
            )
        return self._version

    def template_for(self, *, examples: bool) -> str:
        """Choose one text to be continued when there are examples, or when the model was trained on no turns:
        small models follow a pattern better than an instruction."""
        try:
            turns = self._facts().header.chat_template or "chat_format" in self._settings.options
        except ProviderError:
            # the request will say it
            turns = True
        return "contract-2" if turns and not examples else "few-shot-1"

    def infer(self, request: ModelRequest) -> ModelReply:
        """Answer."""
        return self._infer(request, None)

    async def infer_async(self, request: ModelRequest) -> ModelReply:
        """Answer without blocking the loop; a wait that is cancelled stops the model."""
        cancelled = threading.Event()
        try:
            return await asyncio.to_thread(self._infer, request, cancelled)
        except asyncio.CancelledError:
            cancelled.set()
            raise

    def close(self) -> None:
        """End the child process; another request would start one again."""
        with self._making:
            if self._child is not None:
                self._child.close()

    @property
    def pid(self) -> int | None:
        """The id of the child process, None while there is none."""
        return None if self._child is None else self._child.pid

    def _infer(self, request: ModelRequest, cancelled: threading.Event | None) -> ModelReply:
        started_s = self._world.elapsed_s()
        patience = Patience(self._until(request, started_s), cancelled)
        version = self.version
        labels = label_texts(request.schema)
        name = self._prior_name(request, labels, version)
        found = self._asked().ask(self._frame(request, labels, name), patience)
        if "error" in found:
            kind = cast(FailureKind, found["kind"])
            raise ProviderError(found["error"], "timeout" if kind == "cancelled" else kind)
        if name and found["prior"] is not None:
            keep(name, found["prior"])
        asked, answered = found["tokens"]
        data = {} if labels is None else {"labels": dict(zip(labels, found["labels"], strict=True))}
        return ModelReply(
            text=found["text"],
            confidence=found["confidence"],
            usage=Usage(asked, answered),
            stop_reason=cast(StopReason, found["stop"]),
            model_version=version,
            latency_s=self._world.elapsed_s() - started_s,
            data=data,
        )

    def _until(self, request: ModelRequest, now_s: float) -> float | None:
        """Give the end of the attempt, on the clock of `time.monotonic`."""
        bounds = [self._settings.timeout_s]
        if request.deadline_s is not None:
            bounds.append(request.deadline_s - now_s)
        known = [bound for bound in bounds if bound is not None]
        return time.monotonic() + min(known) if known else None

    def _frame(self, request: ModelRequest, labels: tuple[str, ...] | None, prior: str) -> dict[str, Any]:
        sampling = request.sampling
        # a seed that was not given is a new one each time
        seed = int.from_bytes(os.urandom(4), "big") if sampling.seed is None else sampling.seed % (1 << 63)
        return {
            "form": request.form,
            "system": request.system,
            "examples": request.examples,
            "messages": request.messages,
            "labels": labels,
            "neutral": request.options.get(NEUTRAL, ()) if prior else (),
            "prior": read_kept(prior) if prior else None,
            "grammar": request.grammar,
            "sampling": (sampling.temperature, sampling.top_p, seed),
            "max_tokens": sampling.max_tokens,
            "stop_texts": sampling.stop,
        }

    def _prior_name(self, request: ModelRequest, labels: tuple[str, ...] | None, version: str) -> str:
        """Name what is kept of the prior of a function; nothing where there is none."""
        neutral = request.options.get(NEUTRAL)
        if labels is None or not neutral or not self._calibrate:
            return ""
        fixed = [version, request.form, request.system, request.examples, labels, neutral]
        return key("prior", json.dumps(fixed)).hex()

    @property
    def _calibrate(self) -> bool:
        return bool(self._settings.options.get("calibrate", True))

    def _option(self, name: str, default: int) -> int:
        value = self._settings.options.get(name)
        return value if isinstance(value, int) else default

    def _facts(self) -> FileFacts:
        return facts_of(find_file(self._settings, self._world.env))

    def _asked(self) -> Child:
        with self._making:
            if self._child is None:
                path = find_file(self._settings, self._world.env)
                config = (
                    str(path),
                    self._option("n_ctx", 2048),
                    self._option("n_batch", 512),
                    self._option("n_threads", os.cpu_count() or 1),
                    self._option("n_gpu_layers", 0),
                )
                self._child = Child(
                    {
                        "config": config,
                        "chat_format": self._settings.options.get("chat_format"),
                        "chat_template": self._facts().header.chat_template,
                    }
                )
            return self._child
