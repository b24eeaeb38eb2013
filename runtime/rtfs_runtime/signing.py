"""Signatures of artifacts: Ed25519 over a SHA-256, detached from what they sign.

In: the content of an artifact, keys. Out: signature blocks; whether a block was made by a key. Whom to trust
is `trust`'s affair. Nothing of the content is decoded here: a signature is checked first, in every command.
Source: design §8, ruling 23. Extra: `sign`.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Final, NamedTuple

from rtfs_runtime.errors import Refused

_VERSION: Final = 1
_ID_BYTES: Final = 8
_RAW_BYTES: Final = 32
_SIGNATURE_BYTES: Final = 64
_BLOCK_BYTES: Final = 1 + _ID_BYTES + _SIGNATURE_BYTES
# what is signed says what it is, so that no signature made for another purpose fits
_PURPOSE: Final = b"RTFS artifact 1\0"
_HOW: Final = "signatures need `cryptography`: pip install 'rtfsc[sign]'"


class SignatureError(Refused):
    """A signature that does not hold, or cannot be made or checked."""


class PublicKey(NamedTuple):
    """A key that checks signatures; `id` is the beginning of its SHA-256, in hexadecimal."""

    id: str
    raw: bytes
    name: str = ""


class Block(NamedTuple):
    """A signature block, taken apart."""

    key_id: str
    signature: bytes


def public_key(raw: bytes, name: str = "") -> PublicKey:
    """Make a public key of its 32 bytes.

    Raises: SignatureError.
    """
    if len(raw) != _RAW_BYTES:
        raise SignatureError(f"a public key has {_RAW_BYTES} bytes, not {len(raw)}")
    return PublicKey(sha256(raw).digest()[:_ID_BYTES].hex(), raw, name)


def generate_key(name: str = "") -> tuple[bytes, PublicKey]:
    """Make a new pair: the secret one as PEM text, and the public one.

    Raises: SignatureError without the extra.
    """
    try:
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
        from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
    except ImportError:
        raise SignatureError(_HOW) from None
    secret = Ed25519PrivateKey.generate()
    pem = secret.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return pem, public_key(secret.public_key().public_bytes_raw(), name)


def sign(content: bytes, pem: bytes) -> bytes:
    """Give the signature block of a content.

    Raises: SignatureError when the text is no Ed25519 key.
    """
    try:
        from cryptography.exceptions import UnsupportedAlgorithm
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
        from cryptography.hazmat.primitives.serialization import load_pem_private_key
    except ImportError:
        raise SignatureError(_HOW) from None
    try:
        secret = load_pem_private_key(pem, None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise SignatureError(f"not a secret key: {error}") from None
    if not isinstance(secret, Ed25519PrivateKey):
        raise SignatureError("not an Ed25519 key")
    key_id = public_key(secret.public_key().public_bytes_raw()).id
    return bytes((_VERSION,)) + bytes.fromhex(key_id) + secret.sign(_message(content))


def read_block(block: bytes) -> Block:
    """Take a signature block apart; whether it holds is another question.

    Raises: SignatureError.
    """
    if len(block) != _BLOCK_BYTES or block[0] != _VERSION:
        raise SignatureError("the signature is malformed, or of another version")
    return Block(block[1 : 1 + _ID_BYTES].hex(), block[1 + _ID_BYTES :])


def check(content: bytes, block: Block, key: PublicKey) -> None:
    """Check a signature with a key.

    Raises: SignatureError when it does not hold.
    Cost:   0.1 ms, and 0.5 ms for each MB.
    """
    try:
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    except ImportError:
        raise SignatureError(_HOW) from None
    try:
        Ed25519PublicKey.from_public_bytes(key.raw).verify(block.signature, _message(content))
    except (InvalidSignature, ValueError):
        raise SignatureError(f"the signature of {key.name or key.id} does not fit the content") from None


def _message(content: bytes) -> bytes:
    return _PURPOSE + sha256(content).digest()
