"""Signatures and the trust list: what is admitted, and that nothing else is decoded."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from rtfs_runtime import signing, trust
from rtfs_runtime.artifact import ArtifactError, decode, join_signature
from rtfs_runtime.signing import PublicKey, SignatureError
from rtfs_runtime.trust import Trust, TrustError
from tests.artifact_mutants import refuse_mutants
from tests.unit.artifact.handmade import RICH, artifact

EMPTY_LIST: dict[str, object] = {"keys": {}, "revoked_keys": [], "revoked_artifacts": [], "pins": {}}
Pair = tuple[bytes, PublicKey]


@pytest.fixture(scope="module")
def mine() -> Pair:
    return signing.generate_key("mine")


@pytest.fixture(scope="module")
def stranger() -> Pair:
    return signing.generate_key("stranger")


@pytest.fixture
def content() -> bytes:
    return artifact("x = 1", RICH).encode()


def trusting(*keys: PublicKey) -> Trust:
    found = Trust()
    for key in keys:
        found = trust.add_key(found, key)
    return found


def signed(content: bytes, pair: Pair) -> bytes:
    return join_signature(content, signing.sign(content, pair[0]))


def refused(data: bytes, believed: Trust) -> str:
    with pytest.raises(ArtifactError) as caught:
        trust.admit(data, believed)
    return caught.value.code


def test_what_a_trusted_key_signed_is_admitted(content: bytes, mine: Pair) -> None:
    found, key = trust.admit(signed(content, mine), trusting(mine[1]))
    assert (found, key.name) == (content, "mine")
    # signatures are detached: the address is that of the content
    assert decode(signed(content, mine)).address() == decode(content).address()


def test_signing_again_changes_nothing_else(content: bytes, mine: Pair, stranger: Pair) -> None:
    assert decode(signed(content, stranger)).encode() == decode(signed(content, mine)).encode() == content


def test_all_else_is_refused(content: bytes, mine: Pair, stranger: Pair) -> None:
    believed = trusting(mine[1])
    assert refused(content, believed) == "E510"
    assert refused(signed(content, stranger), believed) == "E511"
    block = bytearray(signing.sign(content, mine[0]))
    block[-1] ^= 1
    assert refused(join_signature(content, bytes(block)), believed) == "E512"
    other = artifact("x = 2", RICH).encode()
    assert refused(join_signature(other, signing.sign(content, mine[0])), believed) == "E512"
    for malformed in (b"", b"\x01", b"\x02" + bytes(72), bytes(80)):
        assert refused(join_signature(content, malformed), believed) == "E512"


def test_a_key_of_the_same_id_is_not_the_same_key(content: bytes, mine: Pair, stranger: Pair) -> None:
    """Ids are short: only the signature itself decides."""
    forged = Trust({mine[1].id: stranger[1]._replace(id=mine[1].id)})
    assert refused(signed(content, mine), forged) == "E512"


def test_what_was_revoked_is_refused(content: bytes, mine: Pair) -> None:
    believed = trusting(mine[1])
    data = signed(content, mine)
    assert refused(data, believed._replace(revoked_keys=frozenset({mine[1].id}))) == "E513"
    address = decode(content).address().hex()
    assert refused(data, believed._replace(revoked_artifacts=frozenset({address}))) == "E513"


def test_a_trust_list_comes_back_as_it_was_written(tmp_path: Path, mine: Pair, stranger: Pair) -> None:
    assert trust.read_trust(str(tmp_path / "none")) == Trust()
    believed = trusting(mine[1], stranger[1])._replace(
        revoked_keys=frozenset({stranger[1].id}),
        revoked_artifacts=frozenset({"ab"}),
        pins={"m/f?": "ab/f"},
    )
    trust.write_trust(str(tmp_path / "new"), believed)
    assert trust.read_trust(str(tmp_path / "new")) == believed
    assert trust.find_key(believed, "mine") == trust.find_key(believed, mine[1].id) == mine[1]
    assert trust.find_key(believed, "nobody") is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        "[" * 100_000,
        json.dumps(EMPTY_LIST | {"keys": {"a": "00"}}),
        json.dumps(EMPTY_LIST | {"keys": {"a": "xy"}}),
        json.dumps(EMPTY_LIST | {"keys": []}),
        json.dumps(EMPTY_LIST | {"revoked_keys": [1]}),
        json.dumps(EMPTY_LIST | {"pins": {"a": 1}}),
        json.dumps(EMPTY_LIST | {"more": 1}),
    ],
)
def test_a_damaged_trust_list_trusts_nobody(tmp_path: Path, text: str) -> None:
    (tmp_path / trust.TRUST_FILE).write_text(text)
    with pytest.raises(TrustError, match=r"trust\.json is no trust list"):
        trust.read_trust(str(tmp_path))


def test_names_and_revoked_keys_are_taken(mine: Pair, stranger: Pair) -> None:
    believed = trusting(mine[1])
    assert trust.add_key(believed, mine[1]) == believed
    with pytest.raises(TrustError, match="another key is named mine"):
        trust.add_key(believed, stranger[1]._replace(name="mine"))
    with pytest.raises(TrustError, match="was revoked"):
        trust.add_key(Trust(revoked_keys=frozenset({mine[1].id})), mine[1])


@pytest.mark.parametrize(
    "pem", [b"", b"no key", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"]
)
def test_what_is_no_key_signs_nothing(pem: bytes) -> None:
    with pytest.raises(SignatureError):
        signing.sign(b"content", pem)
    with pytest.raises(SignatureError, match="32 bytes"):
        signing.public_key(pem)


def test_mutated_artifacts_are_refused() -> None:
    """A few of what `python -m tests.artifact_mutants` tries by the million."""
    outcome = refuse_mutants(400, seed=1)
    assert outcome.tried == 400
    assert outcome.decoded_for_strangers == 0
    assert outcome.refused + outcome.read == 400
    assert outcome.refused > 200


def test_a_signature_says_what_it_is_for(content: bytes, mine: Pair) -> None:
    """The bare digest, or the content itself, signed with the same key, is no signature of an artifact."""
    from hashlib import sha256

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    secret = load_pem_private_key(mine[0], None)
    assert isinstance(secret, Ed25519PrivateKey)
    for message in (content, sha256(content).digest(), random.Random(1).randbytes(32)):
        block = b"\x01" + bytes.fromhex(mine[1].id) + secret.sign(message)
        assert refused(join_signature(content, block), trusting(mine[1])) == "E512"
