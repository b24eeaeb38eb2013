"""The key of a request: a digest of everything that can change its answer.

In: a `ModelRequest` and who would answer it. Out: a 32-byte key, and the digest of each part by name, which
tells why two keys differ. What is left out is listed here, and a test flips every other field.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final, NamedTuple, cast

from rtfs_runtime.cache.layer import SerializationError
from rtfs_runtime.type_terms import Term, to_data

if TYPE_CHECKING:
    from hashlib import _Hash as Hash

    from rtfs_runtime.providers.base import ModelRequest, ModelSettings

LEFT_OUT: Final = frozenset({"deadline_s"})
"""The fields of a request that cannot change its answer."""

SETTINGS_LEFT_OUT: Final = frozenset({"price", "timeout_s", "max_concurrency", "line", "file"})
"""The fields of a model's settings that cannot; what is in its file is part of the provider's version."""

_PART_BYTES: Final = 6
_DEEPEST: Final = 50
_MOST_PREFIXES: Final = 1000
# a request is looked up by its fields, which must have a hash
_NO_OPTIONS: Final = cast("Mapping[str, object]", ())


class Answerer(NamedTuple):
    """Who answers: the kind of provider, its `version`, and a digest of how a policy sets it up."""

    provider: str
    version: str
    settings: str = ""


class RequestKey(NamedTuple):
    """A key, and the encoding of each named part of it."""

    key: bytes
    parts: tuple[tuple[str, bytes], ...]

    def fingerprints(self) -> dict[str, str]:
        """Give a short digest of each part by name."""
        return {name: sha256(data).digest()[:_PART_BYTES].hex() for name, data in self.parts}


class _Prefix(NamedTuple):
    """What all calls of one function share: the digest so far, and the parts in it."""

    digest: Hash
    parts: tuple[tuple[str, bytes], ...]


def key_of(request: ModelRequest, answerer: Answerer) -> RequestKey:
    """Digest a request.

    Raises: SerializationError when its options hold what has no digest.
    Cost:   3 us when the same function was asked before, ten times as much else.
    Source: SHA-256, since whoever writes prompts must not be able to make two of them collide.
    """
    prefix = _prefix_of(request, answerer)
    last = ("messages", _encode(request.messages))
    found = prefix.digest.copy()
    _update(found, last)
    return RequestKey(found.digest(), (*prefix.parts, last))


def _prefix_of(request: ModelRequest, answerer: Answerer) -> _Prefix:
    # 1, 1.0 and True are equal, and yet not the same option: kinds and the encoded options go in too
    options = _encode(request.options) if request.options else b""
    same = (request._replace(messages=(), deadline_s=None, options=_NO_OPTIONS), answerer, options)
    same_kinds = (*same, *map(type, request.sampling))
    found = _prefixes.get(same_kinds)
    if found is None:
        digest = sha256()
        parts = [
            (name, _encode(value))
            for name, value in zip(request._fields, request, strict=True)
            if name not in LEFT_OUT and name != "messages"
        ]
        parts += [(name, _encode(value)) for name, value in zip(answerer._fields, answerer, strict=True)]
        for part in parts:
            _update(digest, part)
        found = _Prefix(digest, tuple(parts))
        if len(_prefixes) >= _MOST_PREFIXES:
            _prefixes.clear()
        _prefixes[same_kinds] = found
    return found


_prefixes: Final[dict[tuple[object, ...], _Prefix]] = {}


def _update(digest: Hash, part: tuple[str, bytes]) -> None:
    name, data = part
    digest.update(b"%b %d:%b" % (name.encode(), len(data), data))


def settings_digest(settings: ModelSettings) -> str:
    """Digest what a policy says of a model.

    Raises: SerializationError when its options hold what has no digest.
    """
    found = sha256()
    for name, value in zip(settings._fields, settings, strict=True):
        if name not in SETTINGS_LEFT_OUT:
            _update(found, (name, _encode(value)))
    return found.hexdigest()


def _encode(value: Any, depth: int = 0) -> bytes:
    """Encode data so that no two differing values look alike, kinds included."""
    if value is None:
        return b"n"
    kind = value.__class__
    if kind is str:
        # lone surrogates too have a form of their own
        data = value.encode("utf-8", "surrogatepass")
        return b"s%d:%b" % (len(data), data)
    if kind in (bool, int, float):
        return b"%c%b;" % (kind.__name__[0].encode(), repr(value).encode())
    if kind is bytes:
        return b"y%d:%b" % (len(value), value)
    if isinstance(value, Term):
        return b"T" + _encode(to_data(value), depth)  # type: ignore[arg-type]
    if depth == _DEEPEST:
        raise SerializationError("options are nested too deep for a key")
    if isinstance(value, (tuple, list)):
        return b"l%d:%b" % (len(value), b"".join([_encode(item, depth + 1) for item in value]))
    if isinstance(value, Mapping):
        # the order of options means nothing
        pairs = sorted((_encode(key, depth + 1), _encode(item, depth + 1)) for key, item in value.items())
        return b"m%d:%b" % (len(pairs), b"".join([part for pair in pairs for part in pair]))
    raise SerializationError(f"the options hold a value of the kind {kind.__name__}, which has no digest")
