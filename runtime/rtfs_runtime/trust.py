"""Whom this user trusts: public keys, what was revoked, and which published functions stand for which
symbols.

In: a directory, `RTFS_TRUST_DIR` or the platform's. Out: `Trust`, read at once and checked; changes are
written aside and renamed. Bytes that `admit` gave come from a trusted key; that is asked before a byte is
decoded.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from rtfs_runtime import signing
from rtfs_runtime.artifact import ArtifactError, split_signature
from rtfs_runtime.cache.store import TRUST_FILE, write_file
from rtfs_runtime.digest import digest
from rtfs_runtime.errors import Refused
from rtfs_runtime.signing import PublicKey, SignatureError

_FIELDS: Final = MappingProxyType(
    {"keys": dict, "revoked_keys": list, "revoked_artifacts": list, "pins": dict}
)


class TrustError(Refused):
    """A trust list that cannot be read, or a change of it that makes no sense."""


class Trust(NamedTuple):
    """What is trusted.

    Shape: `keys` by id; `revoked_artifacts` are addresses in hexadecimal; `pins` lead from a symbol to
           `ADDRESS/FUNCTION`.
    """

    keys: Mapping[str, PublicKey] = MappingProxyType({})
    revoked_keys: frozenset[str] = frozenset()
    revoked_artifacts: frozenset[str] = frozenset()
    pins: Mapping[str, str] = MappingProxyType({})


def read_trust(directory: str) -> Trust:
    """Read a trust list; one that is not there trusts nobody.

    Raises: TrustError.
    """
    path = os.path.join(directory, TRUST_FILE)
    try:
        with open(path, encoding="utf-8") as file:
            data = json.load(file)
        return _trust(data)
    except (FileNotFoundError, NotADirectoryError):
        return Trust()
    except (OSError, ValueError, TypeError, KeyError, RecursionError, SignatureError) as error:
        raise TrustError(f"{path} is no trust list: {error}") from None


def write_trust(directory: str, trust: Trust) -> None:
    """Write a trust list.

    Raises: TrustError.
    """
    data = {
        "keys": {key.name or key.id: key.raw.hex() for key in trust.keys.values()},
        "revoked_keys": sorted(trust.revoked_keys),
        "revoked_artifacts": sorted(trust.revoked_artifacts),
        "pins": dict(sorted(trust.pins.items())),
    }
    path = os.path.join(directory, TRUST_FILE)
    try:
        os.makedirs(directory, mode=0o700, exist_ok=True)
        write_file(path, (json.dumps(data, indent=2, ensure_ascii=False) + "\n").encode())
    except OSError as error:
        raise TrustError(str(error)) from None


def add_key(trust: Trust, key: PublicKey) -> Trust:
    """Trust a key.

    Raises: TrustError when its name is taken by another key, or it was revoked.
    """
    if key.id in trust.revoked_keys:
        raise TrustError(f"the key {key.id} was revoked: make a new one")
    taken = next((known for known in trust.keys.values() if known.name == key.name != ""), key)
    if taken.id != key.id:
        raise TrustError(f"another key is named {key.name}: {taken.id}")
    return trust._replace(keys=MappingProxyType({**trust.keys, key.id: key}))


def find_key(trust: Trust, text: str) -> PublicKey | None:
    """Find a key by its name or id."""
    return trust.keys.get(text) or next((key for key in trust.keys.values() if key.name == text), None)


def admit(data: bytes, trust: Trust, name: str = "the artifact") -> tuple[bytes, PublicKey]:
    """Give the content of a signed artifact and the trusted key that signed it; nothing was decoded.

    Raises: ArtifactError: E510 without a signature, E511 by a key that is not trusted, E512 one that does not
            fit, E513 revoked.
    """
    content, block = split_signature(data)
    if block is None:
        raise ArtifactError("E510", f"{name} is not signed: `rtfsc trust sign` signs it")
    try:
        parts = signing.read_block(block)
        if parts.key_id in trust.revoked_keys:
            raise ArtifactError("E513", f"{name} is signed by the key {parts.key_id}, which was revoked")
        key = trust.keys.get(parts.key_id)
        if key is None:
            raise ArtifactError(
                "E511", f"{name} is signed by the key {parts.key_id}, which nobody trusts here: "
                "`rtfsc trust add` trusts a key"
            )  # fmt: skip
        signing.check(content, parts, key)
    except SignatureError as error:
        raise ArtifactError("E512", f"{name}: {error}") from None
    address = digest(content).hex()
    if address in trust.revoked_artifacts:
        raise ArtifactError("E513", f"{name} ({address}) was revoked")
    return content, key


def _trust(data: Any) -> Trust:
    if not isinstance(data, dict) or set(data) != set(_FIELDS):
        raise ValueError(f"it must have the keys {', '.join(_FIELDS)}")
    for name, kind in _FIELDS.items():
        if not isinstance(data[name], kind):
            raise ValueError(f"`{name}` has another shape")
    keys = [signing.public_key(bytes.fromhex(raw), name) for name, raw in data["keys"].items()]
    texts = [*data["revoked_keys"], *data["revoked_artifacts"], *data["pins"], *data["pins"].values()]
    if not all(isinstance(text, str) for text in texts):
        raise ValueError("keys, addresses and symbols must be texts")
    return Trust(
        MappingProxyType({key.id: key for key in keys}),
        frozenset(data["revoked_keys"]),
        frozenset(data["revoked_artifacts"]),
        MappingProxyType(dict(data["pins"])),
    )
