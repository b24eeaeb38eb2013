"""The child process that holds one model: `python -m rtfs_runtime.providers.llama.worker FD PARENT`.

In: frames of JSON, the first of which says what to load. Out: a frame for each request. What a request is
about is in `serving`; here are the pipe, cancellation and the end of the process, which comes with that of
the parent.
"""

from __future__ import annotations

import json
import os
import queue
import sys
import threading
import time
from multiprocessing.connection import Connection
from typing import Any, Final

_LOOK_S: Final = 1.0


class Inbox:
    """Reads frames on a thread of its own, so that a cancellation arrives while the model computes.

    Thread: `next` and `cancelled` are called by the thread that computes.
    """

    def __init__(self, connection: Connection, parent: int) -> None:
        self._connection = connection
        self._parent = parent
        self._frames: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        self._cancelled: set[int] = set()
        threading.Thread(target=self._read, daemon=True).start()

    def next(self) -> dict[str, Any]:
        """Wait for a request."""
        return self._frames.get()

    def cancelled(self, number: int) -> bool:
        """Tell whether a request was cancelled."""
        return number in self._cancelled

    def _read(self) -> None:
        while True:
            try:
                if not self._connection.poll(_LOOK_S):
                    # a fork of the parent may keep the pipe open when the parent is gone
                    if os.getppid() != self._parent:
                        os._exit(0)
                    continue
                frame = json.loads(self._connection.recv_bytes())
            except (EOFError, OSError):
                os._exit(0)
            if "cancel" in frame:
                self._cancelled.add(frame["cancel"])
            else:
                self._frames.put(frame)


def main() -> None:
    """Load the model, then answer until the parent ends."""
    connection = Connection(int(sys.argv[1]))
    inbox = Inbox(connection, int(sys.argv[2]))
    # slow: the library and the model
    from rtfs_runtime.providers.llama import serving

    server = serving.start(inbox.next())
    connection.send_bytes(json.dumps(server.greeting).encode())
    while True:
        frame = inbox.next()
        number, until_s = frame["number"], time.monotonic() + frame["seconds"]

        def stopped(number: int = number, until_s: float = until_s) -> bool:
            return inbox.cancelled(number) or time.monotonic() > until_s

        answer = server.answer(frame, stopped)
        connection.send_bytes(json.dumps({"number": number, **answer}).encode())


if __name__ == "__main__":
    main()
