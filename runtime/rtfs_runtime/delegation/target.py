"""Where a call can run, what is known of it when that is decided, and the decision.

In: nothing. Out: `ExecTarget`, `CallContext`, `DelegationMetadata`, `Decision`; the fields are final (ruling
30).
Source: delegation §1.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final, NamedTuple, TypeAlias, assert_never

from xxhash import xxh3_64_intdigest

_NO_CONTEXT: Final[Mapping[str, str]] = MappingProxyType({})


class LocalPure(NamedTuple):
    """The compiled body runs in process."""


class LocalModel(NamedTuple):
    """A provider on this device answers."""

    model_id: str


class RemoteModel(NamedTuple):
    """A provider reached over the network answers."""

    model_id: str


class L4CacheHit(NamedTuple):
    """A published, verified compiled module with the same interface answers.

    Shape: `storage_pointer` is `ADDRESS/FUNCTION`; `signature` is the id of the key that must have signed it,
           "" for any that is trusted.
    """

    storage_pointer: str
    signature: str


ExecTarget: TypeAlias = "LocalPure | LocalModel | RemoteModel | L4CacheHit"
LOCAL: Final = LocalPure()


class DelegationMetadata(NamedTuple):
    """What a planner says about a call."""

    confidence: float | None = None
    reasoning: str | None = None
    context: Mapping[str, str] = _NO_CONTEXT
    source: str | None = None


class CallContext(NamedTuple):
    """What a decision is made from.

    Shape: `fn_symbol` is qualified with its module. `arg_type_fingerprint` digests the kinds of the arguments
           in order, never their values; `runtime_context_hash` digests grants, tenant, policy and the models
           at hand; both are 64-bit. `metadata` takes no part in equality and hash.
    """

    fn_symbol: str
    arg_type_fingerprint: int
    runtime_context_hash: int
    metadata: DelegationMetadata | None = None
    semantic_embedding: tuple[float, ...] | None = None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, CallContext) and self._facts() == other._facts()

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash(self._facts())

    def _facts(self) -> tuple[object, ...]:
        return (self.fn_symbol, self.arg_type_fingerprint, self.runtime_context_hash, self.semantic_embedding)


class Decision(NamedTuple):
    """Where a call runs, and why. `source` names who decided; `alternatives` are in order of preference."""

    target: ExecTarget
    confidence: float
    reasoning: str
    source: str
    alternatives: tuple[ExecTarget, ...] = ()


def digest64(parts: Iterable[str]) -> int:
    """Digest a sequence of texts; each goes in with its length, so order and borders count."""
    packed = bytearray()
    for part in parts:
        data = part.encode("utf-8", "surrogatepass")
        packed += len(data).to_bytes(8, "big")
        packed += data
    return xxh3_64_intdigest(packed)


def show_target(target: ExecTarget) -> str:
    """Show a target as policies write it: `local`, `local-model:ID`, `remote:ID`, `l4:ADDRESS/NAME`."""
    match target:
        case LocalPure():
            return "local"
        case LocalModel(model_id):
            return f"local-model:{model_id}"
        case RemoteModel(model_id):
            return f"remote:{model_id}"
        case L4CacheHit(pointer):
            return f"l4:{pointer}"
        case _:
            assert_never(target)


def read_target(text: str) -> ExecTarget:
    """Read what `show_target` writes; raises ValueError."""
    kind, colon, model_id = text.partition(":")
    if kind == "local" and not colon:
        return LOCAL
    if kind == "local-model" and model_id:
        return LocalModel(model_id)
    if kind == "remote" and model_id:
        return RemoteModel(model_id)
    if kind == "l4" and "/" in model_id:
        return L4CacheHit(model_id, "")
    raise ValueError(
        f"no target `{text}`: write `local`, `local-model:ID`, `remote:ID` or `l4:ADDRESS/FUNCTION`"
    )
