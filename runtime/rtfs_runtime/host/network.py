"""The rows of HTTP: its code is loaded when a program uses it.

In: values. Out: values; see `rtfs_runtime.host.http`.
"""

from __future__ import annotations

from collections.abc import Iterable

from rtfs_runtime.host.capability import Capability
from rtfs_runtime.host.grants import Need
from rtfs_runtime.host.rows import row
from rtfs_runtime.host.sides import HostSide

ROWS: list[Capability] = []


def _needs(_host: HostSide, *args: object) -> Iterable[Need]:
    from rtfs_runtime.host import http

    return http.needs(args)


@row(ROWS, "ccos.network.http-fetch", "writes", _needs)
def fetch(host: HostSide, *args: object) -> dict[object, object]:
    """Send a request: a map, or URL [METHOD [HEADERS [BODY]]]."""
    from rtfs_runtime.host import http

    return http.fetch(host, *args)


def _needs_to_read(_host: HostSide, *args: object) -> Iterable[Need]:
    from rtfs_runtime.host import http

    return http.needs_to_read(args)


@row(ROWS, "ccos.network.http-get", "reads", _needs_to_read)
def get(host: HostSide, *args: object) -> dict[object, object]:
    """Send a request that changes nothing: a map, or URL [METHOD [HEADERS]]."""
    from rtfs_runtime.host import http

    return http.get(host, *args)
