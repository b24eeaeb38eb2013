"""A Python process's way to the evaluation service, for callers that may not fork themselves.

In: requests as mappings (the fields of `protocol.Request`). Out: answers as mappings. The server process is
started on the first request and again after it died. Deep values: an answer too deep for `json` is left to
`ask_text`.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

from rtfsc.worker import protocol


class WorkerDied(Exception):
    """The server process ended before it answered."""


class Worker:
    """One server process. Thread: safe, requests wait for one another."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None

    def ask(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Evaluate one request.

        Raises: WorkerDied.
        """
        answer: dict[str, Any] = json.loads(self.ask_text(protocol.request_text(request)))
        return answer

    def ask_text(self, line: str) -> str:
        """Send one line as it is and give the line that answers it, both without line ends.

        Raises: WorkerDied.
        """
        with self._lock:
            process = self._started()
            assert process.stdin is not None and process.stdout is not None
            try:
                process.stdin.write(line.encode() + b"\n")
                process.stdin.flush()
                answer = process.stdout.readline()
            except OSError:
                answer = b""
            if not answer.endswith(b"\n"):
                self._stop()
                raise WorkerDied("the evaluation service ended without an answer")
            return answer[:-1].decode()

    def close(self) -> None:
        """End the server process."""
        with self._lock:
            self._stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _started(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "rtfsc.worker"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
            )
        return self._process

    def _stop(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                stream.close()
