"""The outside as functions, so that a session, a test or a replay can give another one.

In: nothing. Out: `World` and `REAL`, which is this process's clock, randomness, environment and standard
streams.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from typing import Final, NamedTuple


def _write_out(text: str) -> None:
    # looked up at each write: tests and notebooks replace the streams
    sys.stdout.write(text)


def _write_log(text: str) -> None:
    sys.stderr.write(text)


def _read_line() -> str:
    return sys.stdin.readline()


def _random() -> float:
    # most programs draw nothing, and the generator takes milliseconds to load and seed
    import random

    return random.random()


def _random_below(limit: int) -> int:
    import random

    return random.randrange(limit)


def _uuid() -> str:
    bits = (int.from_bytes(os.urandom(16), "big") & ~(0xF << 76) & ~(0x3 << 62)) | (4 << 76) | (2 << 62)
    text = f"{bits:032x}"
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))


def _run_id() -> str:
    now_s = time.time()
    when = time.strftime("%Y%m%d-%H%M%S", time.gmtime(now_s))
    return f"{when}-{int(now_s * 1e6) % 1_000_000:06d}-{os.urandom(2).hex()}"


class OutputClosed(BaseException):
    """Whoever read the output is gone (`… | head`): no error of the program, which ends without seeing it."""


class World(NamedTuple):
    """Everything a capability reaches that is no file and no network.

    Shape: `run_id` names runs of which later ones sort after earlier ones.
    Units: `now_s` counts from the Unix epoch; `elapsed_s` from anywhere, evenly.
    """

    now_s: Callable[[], float] = time.time
    elapsed_s: Callable[[], float] = time.perf_counter
    sleep_s: Callable[[float], None] = time.sleep
    random: Callable[[], float] = _random
    random_below: Callable[[int], int] = _random_below
    uuid: Callable[[], str] = _uuid
    env: Callable[[str], str | None] = os.environ.get
    write_out: Callable[[str], None] = _write_out
    write_log: Callable[[str], None] = _write_log
    read_line: Callable[[], str] = _read_line
    run_id: Callable[[], str] = _run_id


REAL: Final = World()
