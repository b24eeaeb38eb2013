"""The child process of a model, seen from the parent: started on first use, again when it died.

In: what to load, then frames. Out: frames, or a ProviderError. Calls stand in one queue; a call that ends
early tells the child so and goes, and the next one waits until the child is free.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import weakref
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from multiprocessing.connection import Connection
from typing import IO, Any, Final

from rtfs_runtime.providers.base import ProviderError

_WORKER: Final = "rtfs_runtime.providers.llama.worker"
_SLICE_S: Final = 0.05
_GRACE_S: Final = 10.0
_SAID_BYTES: Final = 2000
_FOREVER_S: Final = 1e9
# waiting threads of OpenMP spin by default, which starves every other process; a failed assertion starts gdb
_ENVIRONMENT: Final = {"OMP_WAIT_POLICY": "passive", "GGML_NO_BACKTRACE": "1"}


class Queue:
    """Lets callers in one at a time, in the order they came.

    Thread: entered from any thread.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: deque[threading.Event] = deque()
        self._busy = False

    @contextmanager
    def turn(self, wait: Callable[[threading.Event], None]) -> Iterator[None]:
        """Hold the turn for a block; `wait` waits for an event, or raises to give up."""
        mine = threading.Event()
        with self._lock:
            if self._busy:
                self._waiting.append(mine)
            else:
                self._busy = True
                mine.set()
        try:
            if not mine.is_set():
                wait(mine)
            yield
        finally:
            self._leave(mine)

    def _leave(self, mine: threading.Event) -> None:
        with self._lock:
            if not mine.is_set():
                self._waiting.remove(mine)
            elif self._waiting:
                self._waiting.popleft().set()
            else:
                self._busy = False


class Patience:
    """How long one call waits: until a time of `time.monotonic`, and unless it is cancelled."""

    def __init__(self, until_s: float | None, cancelled: threading.Event | None = None) -> None:
        self._until_s = time.monotonic() + _FOREVER_S if until_s is None else until_s
        self._cancelled = cancelled

    @property
    def left_s(self) -> float:
        """The seconds that are left."""
        return self._until_s - time.monotonic()

    def check(self, what: str) -> float:
        """Give how long to wait before looking again; raises ProviderError when waiting is over."""
        if self._cancelled is not None and self._cancelled.is_set():
            raise ProviderError("the call was cancelled", "cancelled")
        left_s = self.left_s
        if left_s <= 0:
            raise ProviderError(f"no answer in time: {what}", "timeout", retryable=True)
        return min(left_s, _SLICE_S)

    def wait(self, event: threading.Event) -> None:
        """Wait for an event; raises ProviderError."""
        while not event.wait(self.check("the model was busy with other calls")):
            pass


class _Process:
    """A running child; it ends when this is closed or collected."""

    def __init__(self, load: Mapping[str, Any]) -> None:
        ours, theirs = socket.socketpair()
        self._said: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115
        self.owner = os.getpid()
        command = [sys.executable, "-P", "-m", _WORKER, str(theirs.fileno()), str(self.owner)]
        environment = {**os.environ, **_ENVIRONMENT, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        with theirs:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=self._said,
                pass_fds=(theirs.fileno(),),
                env=environment,
            )
        self.connection = Connection(ours.detach())
        self.ready = False
        # frames that nobody waits for any more, and since when
        self.stale_since_s: float | None = None
        self._end = weakref.finalize(self, _end, self._process, self.connection, self.owner)
        self.send(load)

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    def alive(self) -> bool:
        """Tell whether it runs, and is a child of this process rather than of one that this is a fork of."""
        return self.owner == os.getpid() and self._end.alive and self._process.poll() is None

    def send(self, frame: Mapping[str, Any]) -> None:
        """Send a frame; what the child does not take any more shows when its answer is read."""
        try:
            self.connection.send_bytes(json.dumps(frame).encode())
        except OSError:
            return

    def close(self) -> None:
        """End the child."""
        self._end()

    def death(self) -> str:
        """Say how the child died."""
        try:
            code = self._process.wait(1)
        except subprocess.TimeoutExpired:
            return "it closed its pipe"
        self._said.seek(0, os.SEEK_END)
        self._said.seek(max(0, self._said.tell() - _SAID_BYTES))
        lines = self._said.read().decode("utf-8", "replace").strip().splitlines()
        how = f"exit code {code}" if code >= 0 else f"signal {_signal_name(-code)}"
        return f"{how}: {lines[-1]}" if lines else how


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return str(number)


def _end(process: subprocess.Popen[bytes], connection: Connection, owner: int) -> None:
    connection.close()
    if owner == os.getpid():
        # it holds nothing that it would have to write down
        process.kill()
        process.wait()


class Child:
    """The child process of one model.

    Thread: `ask` is called from any thread.
    """

    def __init__(self, load: Mapping[str, Any]) -> None:
        self._load = load
        self._queue = Queue()
        self._process: _Process | None = None
        self._number = 0

    @property
    def pid(self) -> int | None:
        """The process id, None while there is no process."""
        return None if self._process is None else self._process.pid

    def ask(self, frame: Mapping[str, Any], patience: Patience) -> dict[str, Any]:
        """Send a request and wait for its answer.

        Raises: ProviderError.
        """
        with self._queue.turn(patience.wait):
            process = self._running()
            try:
                if not process.ready:
                    self._greet(process, patience)
                self._number += 1
                number = self._number
                process.send({"number": number, "seconds": min(patience.left_s, _FOREVER_S), **frame})
                return self._answer(process, number, patience)
            except (EOFError, OSError):
                how = process.death()
                self.close()
                raise ProviderError(
                    f"the model's process died ({how})", "connection", retryable=True
                ) from None

    def _running(self) -> _Process:
        process = self._process
        if process is None or not process.alive():
            process = self._process = _Process(self._load)
        return process

    def _greet(self, process: _Process, patience: Patience) -> None:
        greeting = self._receive(process, patience, "the model was being loaded")
        if "error" in greeting:
            self.close()
            raise ProviderError(greeting["error"], "construction")
        process.ready = True

    def _answer(self, process: _Process, number: int, patience: Patience) -> dict[str, Any]:
        try:
            while True:
                found = self._receive(process, patience, "the model was still computing")
                process.stale_since_s = None
                if found["number"] == number:
                    return found
        except BaseException:
            # whatever ends the wait: a deadline, a cancellation, an interrupt
            process.send({"cancel": number})
            process.stale_since_s = process.stale_since_s or time.monotonic()
            raise

    def _receive(self, process: _Process, patience: Patience, what: str) -> dict[str, Any]:
        while not process.connection.poll(patience.check(what)):
            since_s = process.stale_since_s
            if since_s is not None and time.monotonic() - since_s > _GRACE_S:
                self.close()
                raise ProviderError("the model did not stop an earlier call", "timeout", retryable=True)
        found: dict[str, Any] = json.loads(process.connection.recv_bytes())
        return found

    def close(self) -> None:
        """End the process; the next request starts another one."""
        process, self._process = self._process, None
        if process is not None:
            process.close()
