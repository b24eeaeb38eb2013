"""Run one function in a forked child with limits of the operating system.

In: a function that gives bytes, and limits. Out: the bytes, or the way the child ended. What the child
computes, and how an end is told to a user, is left to the caller. The caller must have no other thread
while it forks. A fork of a process with the compiler imported takes about 2.4 ms.
"""

from __future__ import annotations

import contextlib
import faulthandler
import os
import resource
import select
import signal
import time
import traceback
from collections.abc import Callable
from typing import Literal, NamedTuple

End = Literal["done", "time", "memory", "output", "crash"]

_MEMORY_EXIT = 113
_CRASH_EXIT = 114
_CHUNK_BYTES = 1 << 16
# the kernel leaves at least 128 MiB below the main stack, so that a soft limit raised now takes effect
_STACK_BYTES = 100 << 20


class IsolationLimits(NamedTuple):
    """What one child may use. `memory_bytes` comes on top of what the parent already maps."""

    timeout_s: float = 10.0
    memory_bytes: int = 1 << 30
    output_bytes: int = 64 << 20


class Ended(NamedTuple):
    """How a child ended: `output` is complete when `end` is "done"; `detail` says more about a crash."""

    end: End
    output: bytes
    detail: str = ""


def isolate(job: Callable[[], bytes], limits: IsolationLimits) -> Ended:
    """Run `job` in a forked child and collect what it gives.

    A child that runs out of time, memory or room for output, or that dies, takes nothing else with it.
    """
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        _be_child(job, writer, limits)
    os.close(writer)
    try:
        output, cut = _collect(reader, limits)
    except BaseException:
        _kill(child)
        os.waitpid(child, 0)
        raise
    finally:
        os.close(reader)
    if cut is not None:
        _kill(child)
    _, status = os.waitpid(child, 0)
    return Ended(cut, b"") if cut is not None else _judge(status, output)


def _collect(reader: int, limits: IsolationLimits) -> tuple[bytes, Literal["time", "output"] | None]:
    deadline = time.monotonic() + limits.timeout_s
    poll = select.poll()
    poll.register(reader, select.POLLIN)
    chunks: list[bytes] = []
    size = 0
    while True:
        left_s = deadline - time.monotonic()
        if left_s <= 0 or not poll.poll(left_s * 1000):
            return b"", "time"
        chunk = os.read(reader, _CHUNK_BYTES)
        if not chunk:
            return b"".join(chunks), None
        size += len(chunk)
        if size > limits.output_bytes:
            return b"", "output"
        chunks.append(chunk)


def _judge(status: int, output: bytes) -> Ended:
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        if number in (signal.SIGXCPU, signal.SIGALRM):
            return Ended("time", b"")
        return Ended("crash", b"", signal.Signals(number).name)
    code = os.WEXITSTATUS(status)
    if code == 0:
        return Ended("done", output)
    if code == _MEMORY_EXIT:
        return Ended("memory", b"")
    if code == _CRASH_EXIT and output:
        return Ended("crash", b"", output.decode(errors="replace"))
    return Ended("crash", b"", f"exit status {code}")


def _kill(child: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(child, signal.SIGKILL)


def _be_child(job: Callable[[], bytes], writer: int, limits: IsolationLimits) -> None:
    """Do the job and leave the process without running anything of the parent's: handlers, buffers."""
    code = _CRASH_EXIT
    try:
        _confine(limits)
        _write_all(writer, job())
        code = 0
    except MemoryError:
        code = _MEMORY_EXIT
    except BaseException:
        # our bug, whatever it is: nothing may run on in a copy of the parent, so its text is all that leaves
        _write_all(writer, traceback.format_exc().encode(errors="replace"))
    finally:
        os._exit(code)


def _write_all(writer: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(writer, view) :]


def _confine(limits: IsolationLimits) -> None:
    faulthandler.disable()
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    # the parent keeps the wall clock; these two end the child also when the parent is gone
    signal.setitimer(signal.ITIMER_REAL, limits.timeout_s + 1)
    cpu_s = int(limits.timeout_s) + 2
    _lower(resource.RLIMIT_CPU, cpu_s)
    _lower(resource.RLIMIT_CORE, 0)
    mapped_bytes = _mapped_bytes()
    if mapped_bytes is not None:
        _lower(resource.RLIMIT_AS, mapped_bytes + _STACK_BYTES + limits.memory_bytes)
    _raise_stack()
    # a stray print of the child must not end up between the answers
    with open(os.devnull, "r+b") as nothing:
        os.dup2(nothing.fileno(), 0)
        os.dup2(nothing.fileno(), 1)


def _lower(which: int, value: int) -> None:
    hard = resource.getrlimit(which)[1]
    value = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(which, (value, value))


def _raise_stack() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_STACK)
    if soft != resource.RLIM_INFINITY and soft < _STACK_BYTES:
        wanted = _STACK_BYTES if hard == resource.RLIM_INFINITY else min(_STACK_BYTES, hard)
        resource.setrlimit(resource.RLIMIT_STACK, (wanted, hard))


def _mapped_bytes() -> int | None:
    """Tell how much this process maps; None where the system does not say (no memory limit then)."""
    try:
        with open("/proc/self/statm", "rb") as file:
            return int(file.read().split()[0]) * resource.getpagesize()
    except OSError:
        return None
