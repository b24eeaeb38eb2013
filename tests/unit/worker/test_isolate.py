"""A child is confined, and costs nothing but itself."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable

import pytest

from rtfsc.worker.isolate import IsolationLimits, isolate

_LIMITS = IsolationLimits(timeout_s=5.0, memory_bytes=64 << 20, output_bytes=1 << 20)


def _loop() -> bytes:
    while True:
        pass


def _eat() -> bytes:
    kept = []
    while True:
        kept.append(bytearray(1 << 20))


def _exit() -> bytes:
    os._exit(7)


def _raise() -> bytes:
    raise RuntimeError("a bug of ours")


def _die() -> bytes:
    os.kill(os.getpid(), signal.SIGSEGV)
    return b""


def test_gives_the_output_of_the_job() -> None:
    assert isolate(lambda: b"x" * 1_000_000, _LIMITS) == ("done", b"x" * 1_000_000, "")


def test_what_the_child_prints_does_not_get_out(capfd: pytest.CaptureFixture[str]) -> None:
    isolate(lambda: bytes(os.write(1, b"noise")), _LIMITS)
    assert capfd.readouterr().out == ""


@pytest.mark.parametrize(
    ("job", "end", "detail"),
    [
        (_exit, "crash", "exit status 7"),
        (_die, "crash", "SIGSEGV"),
        (_raise, "crash", "RuntimeError: a bug of ours"),
        (_eat, "memory", ""),
        (lambda: b"x" * (2 << 20), "output", ""),
    ],
)
def test_bad_ends(job: Callable[[], bytes], end: str, detail: str) -> None:
    ended = isolate(job, _LIMITS)
    assert (ended.end, ended.output) == (end, b"")
    assert detail in ended.detail


def test_time_is_limited() -> None:
    started = time.monotonic()
    assert isolate(_loop, _LIMITS._replace(timeout_s=0.2)).end == "time"
    assert time.monotonic() - started < 3


def test_an_interrupted_parent_leaves_no_child() -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, interrupt)
    signal.setitimer(signal.ITIMER_REAL, 0.2)
    try:
        with pytest.raises(KeyboardInterrupt):
            isolate(_loop, _LIMITS)
    finally:
        signal.signal(signal.SIGALRM, before)
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


def test_many_children_leave_no_descriptors() -> None:
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(50):
        isolate(lambda: b"", _LIMITS)
    assert len(os.listdir("/proc/self/fd")) == before
    assert sys.stdin is not None
