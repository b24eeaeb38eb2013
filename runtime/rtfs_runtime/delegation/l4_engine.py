"""An engine that knows published modules.

In: another engine, what is published and pinned. Out: its decisions, but where a symbol is pinned the
published function, and where a rule opted in the one most like. A likeness alone is never enough for a
decision that nobody asked for: `sort-ascending` and `sort-descending` share an interface and almost an
embedding.
Source: delegation §1.2.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final, NamedTuple

from rtfs_runtime.delegation.engine import DelegationEngine
from rtfs_runtime.delegation.target import CallContext, Decision, L4CacheHit

if TYPE_CHECKING:
    from rtfs_runtime.cache.l4_library import Library

NEAREST: Final = 0.99
"""How like a function must be that nobody pinned."""

# what stands before L4: the map by symbol, decisions that planners left, what a caller said
_BEFORE: Final = frozenset({"static", "l1", "hint", "call-site"})


class L4Client(NamedTuple):
    """What is published.

    Shape: `pins` lead from symbols to pointers; `nearest` are symbols for which likeness may decide, with the
           digest of what each takes and gives.
    """

    library: Library
    pins: Mapping[str, str]
    nearest: Mapping[str, bytes]


class L4AwareDelegationEngine:
    """Asks another engine, and decides for published functions where it may.

    Shape: pins were read when the client was made, so that deciding stays pure for them.
    """

    def __init__(self, inner: DelegationEngine, client: L4Client, threshold: float = NEAREST) -> None:
        self._inner = inner
        self._client = client
        self._threshold = threshold

    def decide(self, ctx: CallContext) -> Decision:
        """Decide for one call."""
        decision = self._inner.decide(ctx)
        if decision.source in _BEFORE:
            return decision
        pointer = self._client.pins.get(ctx.fn_symbol)
        if pointer is not None:
            reasoning = f"Pinned: {ctx.fn_symbol} is {pointer}"
            return Decision(L4CacheHit(pointer, ""), 1.0, reasoning, "l4", (decision.target,))
        return self._nearest(ctx, decision) or decision

    def _nearest(self, ctx: CallContext, decision: Decision) -> Decision | None:
        wanted = self._client.nearest.get(ctx.fn_symbol)
        if wanted is None or ctx.semantic_embedding is None:
            return None
        # whoever has an embedding has numpy
        import numpy

        vector = numpy.array(ctx.semantic_embedding, dtype=numpy.float32)
        found = self._client.library.query(wanted, vector, self._threshold)
        if not found:
            return None
        record, likeness = found[0]
        known = f"{record.pointer} is like {ctx.fn_symbol} ({likeness:.3f})"
        reasoning = f"Not pinned: {known}, and its rule allows that"
        target = L4CacheHit(record.pointer, record.key_id)
        return Decision(target, likeness, reasoning, "l4-nearest", (decision.target,))
