"""What is known of a call when its target is decided, besides digests.

In: the row of a function, a call's own metadata, its arguments. Out: `CallContext`, whose metadata carries
the facts in its `context` as texts, and `Facts` read back from there. All of them follow from what symbol and
digests stand for, the size of the arguments apart; a decision on that is never kept.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from rtfs_runtime.delegation.target import CallContext, DelegationMetadata, digest64
from rtfs_runtime.errors import LimitExceeded
from rtfs_runtime.interface import Function, Site
from rtfs_runtime.printer import display
from rtfs_runtime.values import kind_name

if TYPE_CHECKING:
    from rtfs_runtime.delegation.policy import Facts

_READS: Final = 4
_WRITES: Final = 8
_MOST_CHARS: Final = 10_000_000


def context_of(symbol: str, info: Function, site: Site | None, context_hash: int, tenant: str) -> CallContext:
    """Give the context of a function's calls as linking knows it."""
    given = {
        key.removeprefix(":").removeprefix("delegation."): text.strip('"')
        for key, text in (*info.metadata, *(() if site is None else site.metadata))
        if key.removeprefix(":").startswith("delegation.")
    }
    effect = "writes" if info.effect & _WRITES else "reads" if info.effect & _READS else "pure"
    facts = {**given, "effect": effect, "tenant": tenant, "arguments": json.dumps(info.param_types)}
    metadata = DelegationMetadata(
        _confidence(given.get("confidence")), given.get("reasoning"), facts, given.get("source")
    )
    return CallContext(symbol, digest64(info.param_types), context_hash, metadata)


def context_of_call(linked: CallContext, args: tuple[object, ...]) -> CallContext:
    """Give the context of one call: the kinds of its arguments, and their size."""
    assert linked.metadata is not None, "made by `context_of`"
    chars = sum(_chars(arg) for arg in args)
    metadata = linked.metadata._replace(context={**linked.metadata.context, "chars": str(chars)})
    fingerprint = digest64(kind_name(arg) for arg in args)
    return linked._replace(arg_type_fingerprint=fingerprint, metadata=metadata)


def facts_of(ctx: CallContext) -> Facts:
    """Read the facts of a context."""
    # only a policy asks for them
    from rtfs_runtime.delegation.policy import Facts

    given = {} if ctx.metadata is None else ctx.metadata.context
    chars = given.get("chars")
    return Facts(
        effect=given.get("effect", "pure"),
        arguments=tuple(json.loads(given.get("arguments", "[]"))),
        tags=tuple(_words(given.get("tags", ""))),
        tenant=given.get("tenant", ""),
        chars=None if chars is None else int(chars),
    )


def _confidence(text: str | None) -> float | None:
    try:
        return None if text is None else float(text)
    except ValueError:
        return None


def _words(text: str) -> Iterable[str]:
    """Read tags, which are written as one text, a keyword or a vector of them."""
    for mark in '[]",':
        text = text.replace(mark, " ")
    return (word.removeprefix(":") for word in text.split())


def _chars(value: object) -> int:
    if isinstance(value, str):
        return len(value)
    try:
        return len(display(value, _MOST_CHARS))
    except LimitExceeded:
        return _MOST_CHARS
