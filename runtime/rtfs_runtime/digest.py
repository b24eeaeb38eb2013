"""Digests and keys.

In: bytes and texts. Out: 16-byte xxh3-128 digests, which find and compare; SHA-256, which signatures cover,
is computed where it is signed.
"""

from __future__ import annotations

from typing import Final

from xxhash import xxh3_128_digest

DIGEST_BYTES: Final = 16


def digest(data: bytes) -> bytes:
    """Give the digest of some bytes."""
    return xxh3_128_digest(data)


def key(kind: str, *parts: bytes | str) -> bytes:
    """Give the digest of a sequence of parts; each goes in with its length, so no two sequences look
    alike."""
    packed = bytearray()
    for part in (kind, *parts):
        data = part.encode("utf-8", "surrogatepass") if isinstance(part, str) else part
        packed += len(data).to_bytes(8, "big")
        packed += data
    return xxh3_128_digest(packed)
