"""An engine that knows published modules.

In: another engine, what is published and pinned. Out: its decisions, but where a symbol is pinned the
published function, and where a rule opted in (`l4 = "nearest"`) the one most like. A likeness alone is never
enough for a decision that nobody asked for: `sort-ascending` and `sort-descending` share an interface and
almost an embedding.
Source: delegation §1.2.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final, NamedTuple

from rtfs_runtime.abi import ABI_VERSION
from rtfs_runtime.artifact import PYTHON_TAG
from rtfs_runtime.cache.layer import CacheError
from rtfs_runtime.delegation.engine import CallReader, DelegationEngine
from rtfs_runtime.delegation.facts import facts_of
from rtfs_runtime.delegation.target import CallContext, Decision, DelegationMetadata, L4CacheHit

if TYPE_CHECKING:
    from rtfs_runtime.cache.l4_library import Library, Published
    from rtfs_runtime.delegation.policy import Policy
    from rtfs_runtime.interface import Function

NEAREST: Final = 0.99
"""How like a function must be that nobody pinned."""

# what stands before L4: the map by symbol, decisions that planners left, what a caller said
_BEFORE: Final = frozenset({"static", "l1", "hint", "call-site"})
_TAKES: Final = "takes"
_TROUBLE: Final = "trouble"


class L4Client(NamedTuple):
    """What is published.

    Shape: `pins` lead from symbols to pointers; `opted_in` tells for which calls likeness may decide.
    """

    library: Callable[[], Library]
    pins: Mapping[str, str]
    opted_in: Callable[[CallContext], bool]


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
        others = (decision.target, *decision.alternatives)
        pointer = self._client.pins.get(ctx.fn_symbol)
        if pointer is not None:
            reasoning = f"Pinned: {ctx.fn_symbol} is {pointer}"
            return Decision(L4CacheHit(pointer, ""), 1.0, reasoning, "l4", others)
        if not self._client.opted_in(ctx):
            return decision
        found, why = self._nearest(ctx)
        if found is None:
            return decision._replace(reasoning=f"{decision.reasoning}; {why}")
        record, likeness = found
        known = f"{record.pointer} is like {ctx.fn_symbol} ({likeness:.3f})"
        reasoning = f"Not pinned: {known}, and its rule allows that"
        return Decision(L4CacheHit(record.pointer, record.key_id), likeness, reasoning, "l4-nearest", others)

    def reads_calls(self, ctx: CallContext) -> bool:
        """Tell whether the engine inside reads every call."""
        return isinstance(self._inner, CallReader) and self._inner.reads_calls(ctx)

    def complete(self, ctx: CallContext, info: Function, types: Mapping[str, str]) -> CallContext:
        """Add what a function takes, gives and says, where likeness may decide about it."""
        if not self._client.opted_in(ctx):
            return ctx
        # only rules that opt in need the library, and the encoder
        from rtfs_runtime.cache.l4_library import function_hash

        facts = {_TAKES: function_hash(info, types).hex()}
        try:
            vector = self._client.library().embed_function(info.name, info.doc)
        except CacheError as error:
            vector, facts[_TROUBLE] = None, str(error)
        metadata = ctx.metadata or DelegationMetadata()
        return ctx._replace(
            metadata=metadata._replace(context={**metadata.context, **facts}),
            semantic_embedding=None if vector is None else tuple(vector.tolist()),
        )

    def _nearest(self, ctx: CallContext) -> tuple[tuple[Published, float] | None, str]:
        """Find the likest function that can be executed here, or tell why there is none."""
        facts = {} if ctx.metadata is None else ctx.metadata.context
        if _TAKES not in facts or ctx.semantic_embedding is None:
            return None, facts.get(_TROUBLE, "nothing is known of the function to compare")
        # whoever has an embedding has numpy
        import numpy

        vector = numpy.array(ctx.semantic_embedding, dtype=numpy.float32)
        try:
            library = self._client.library()
            for record, likeness in library.query(bytes.fromhex(facts[_TAKES]), vector, self._threshold):
                fits = (record.tag, record.abi) == (PYTHON_TAG, ABI_VERSION)
                if fits and library.status(record) == "Verified":
                    return (record, likeness), ""
        except CacheError as error:
            return None, str(error)
        return None, f"no published function is as like as {self._threshold:g}"


def nearest_engine(
    inner: DelegationEngine, policy: Policy, library: Callable[[], Library]
) -> L4AwareDelegationEngine:
    """Wrap an engine for a policy with rules that opt in."""

    def opted_in(ctx: CallContext) -> bool:
        rule = policy.rule_for(ctx.fn_symbol, facts_of(ctx))
        return rule is not None and rule.nearest

    return L4AwareDelegationEngine(inner, L4Client(library, {}, opted_in))
