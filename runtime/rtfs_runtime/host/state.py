"""Context values and the key-value store of a session; nothing leaves the session, so nothing needs a grant.

In: keys and values. Out: values.
"""

from __future__ import annotations

import threading
from typing import Final

from rtfs_runtime import context
from rtfs_runtime.equality import canonical_key
from rtfs_runtime.errors import type_error
from rtfs_runtime.host.capability import Capability
from rtfs_runtime.host.rows import name, nothing, row
from rtfs_runtime.host.sides import HostSide
from rtfs_runtime.values import kind_name

ROWS: list[Capability] = []
_counting: Final = threading.Lock()
_COUNTER: Final = object()
"""What tells the place of a counter from the key of a vector."""


@row(ROWS, "ccos.context.get", "reads", nothing)
def context_get(host: HostSide, key: object) -> object:
    """Give a context value: of the nearest step that set it, else of the session, else nil."""
    return context.find_value(host.owner, name(key, "context/get"), host.context, None)


@row(ROWS, "ccos.context.set", "writes", nothing)
def context_set(host: HostSide, key: object, value: object) -> None:
    """Set a context value for the rest of the step or run."""
    scope = context.current(host.owner)
    values = host.context if scope is None else scope.values
    values[name(key, "context/set")] = value


@row(ROWS, "ccos.state.kv.get", "reads", nothing)
def kv_get(host: HostSide, key: object) -> object:
    """Give what is stored under a key, or nil."""
    return host.state.get(canonical_key(key))


@row(ROWS, "ccos.state.kv.put", "writes", nothing)
def kv_put(host: HostSide, key: object, value: object) -> bool:
    """Store a value under a key; gives true."""
    host.state[canonical_key(key)] = value
    return True


@row(ROWS, "ccos.state.counter.inc", "writes", nothing)
def counter_inc(host: HostSide, key: object, step: object = 1) -> int:
    """Add to a counter, which begins at 0; gives its new value."""
    if type(step) is not int:
        raise type_error("integer", kind_name(step), "counter.inc")
    where = (_COUNTER, canonical_key(key))
    with _counting:
        before = host.state.get(where, 0)
        assert isinstance(before, int)
        host.state[where] = before + step
    return before + step
