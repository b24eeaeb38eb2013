"""Clock, randomness and environment, through the session's world.

In: plain values. Out: plain values.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from rtfs_runtime.errors import invalid_argument
from rtfs_runtime.host.capability import Capability
from rtfs_runtime.host.grants import Need
from rtfs_runtime.host.rows import nothing, plain, row, text, whole
from rtfs_runtime.host.sides import HostSide
from rtfs_runtime.values import Uuid

ROWS: list[Capability] = []
_LONGEST_MS: Final = 10**12


@row(ROWS, "ccos.system.current-time", "reads", plain("time"))
def current_time(host: HostSide) -> int:
    """Give whole seconds since the epoch."""
    return int(host.world.now_s())


@row(ROWS, "ccos.system.current-timestamp-ms", "reads", plain("time"))
def current_timestamp_ms(host: HostSide) -> int:
    """Give milliseconds since the epoch."""
    return int(host.world.now_s() * 1000)


@row(ROWS, "ccos.system.sleep-ms", "reads", plain("time"))
def sleep_ms(host: HostSide, duration_ms: object) -> None:
    """Wait."""
    if whole(duration_ms, "sleep-ms") > _LONGEST_MS:
        raise invalid_argument(f"sleep-ms expects at most {_LONGEST_MS} milliseconds")
    host.world.sleep_s(duration_ms / 1000)  # type: ignore[operator]


@row(ROWS, "ccos.system.random", "reads", plain("random"))
def random_float(host: HostSide) -> float:
    """Give a random float from 0 up to 1."""
    return host.world.random()


@row(ROWS, "ccos.system.random-int", "reads", plain("random"))
def random_int(host: HostSide, below: object) -> int:
    """Give a random integer from 0 up to the argument, which is not reached."""
    if below == 0:
        raise invalid_argument("random-int expects an integer of at least 1")
    return host.world.random_below(whole(below, "random-int"))


@row(ROWS, "ccos.system.uuid", "reads", plain("random"))
def random_uuid(host: HostSide) -> Uuid:
    """Give a random uuid."""
    return Uuid(host.world.uuid())


def _variable(_host: HostSide, variable: object = None, *_rest: object) -> Iterable[Need]:
    return (Need("env", text(variable, "get-env")),)


@row(ROWS, "ccos.system.get-env", "reads", _variable)
def get_env(host: HostSide, variable: str) -> str | None:
    """Give the value of an environment variable, or nil."""
    return host.world.env(variable)


@row(ROWS, "ccos.system.baseline", "reads", nothing)
def baseline(_host: HostSide, *_ignored: object) -> dict[object, object]:
    """Give the facts that a planner starts from: none here."""
    return {}
