"""The artifact format: round trips, and refusal of everything else before anything is decoded."""

from __future__ import annotations

import random
import struct

import pytest

from rtfs_runtime import artifact as format
from rtfs_runtime.artifact import (
    PYTHON_TAG,
    Artifact,
    ArtifactError,
    Dependency,
    check_python,
    check_stamp,
    decode,
    join_signature,
    split_signature,
)
from rtfs_runtime.digest import digest
from rtfs_runtime.interface import Interface
from tests.unit.artifact.handmade import RICH, artifact, function

WHOLE = artifact(
    "def f(x):\n    return x + 1",
    RICH,
    source="; sørce".encode(),
    dependencies=(Dependency("c.d", b"d" * 16),),
)
DATA = WHOLE.encode()
HEADER = 8 + 2 + 2 + 32 + 1 + 3 + 16 + 20


def reseal(data: bytes) -> bytes:
    """Give changed bytes a digest that fits."""
    return data[:HEADER] + digest(data[:HEADER] + data[HEADER + 16 :]) + data[HEADER + 16 :]


def test_reads_back_equal() -> None:
    read = decode(DATA)
    assert read.interface == RICH
    assert read.source == "; sørce".encode()
    assert (read.meta, read.key, read.stamp) == (WHOLE.meta, WHOLE.key, WHOLE.stamp)
    assert read.encode() == DATA
    assert read.address() == WHOLE.address() == digest(DATA)
    names: dict[str, object] = {}
    exec(read.code("/where/m.rtfs"), names)
    assert names["f"].__code__.co_filename == "/where/m.rtfs"  # type: ignore[attr-defined]


def test_a_signature_changes_nothing_that_a_digest_covers() -> None:
    signed = join_signature(DATA, b"signature")
    assert split_signature(signed) == (DATA, b"signature")
    assert split_signature(DATA) == (DATA, None)
    assert decode(signed).address() == decode(DATA).address()


@pytest.mark.parametrize("size", range(0, len(DATA), 7))
def test_cut_off_anywhere(size: int) -> None:
    with pytest.raises(ArtifactError) as raised:
        decode(DATA[:size])
    assert raised.value.code in ("E501", "E502")


@pytest.mark.parametrize(
    "tail", [b"x", b"\0" * 12, join_signature(b"", b"sig")[:-1], join_signature(b"", b"s") + b"x"]
)
def test_something_after_the_end(tail: bytes) -> None:
    with pytest.raises(ArtifactError, match="length"):
        decode(DATA + tail)


@pytest.mark.parametrize("place", range(8, len(DATA), 3))
def test_a_flipped_bit_anywhere(place: int) -> None:
    changed = bytearray(DATA)
    changed[place] ^= 1 << (place % 8)
    with pytest.raises(ArtifactError):
        decode(bytes(changed))


@pytest.mark.parametrize("data", [b"", b"\x93RTFSC", b"PK\x03\x04" + b"\0" * 200, b"\0" * 500])
def test_what_is_no_artifact(data: bytes) -> None:
    with pytest.raises(ArtifactError) as raised:
        decode(data)
    assert raised.value.code == "E501"


def test_resealed_mutants_raise_nothing_else() -> None:
    """All that a digest cannot protect, but the code itself, which nothing but a signature can (ruling
    33)."""
    chance = random.Random(20240)
    code_at = len(DATA) - len(b"".join(WHOLE._parts.code))
    for _ in range(3000):
        changed = bytearray(DATA)
        for _ in range(chance.choice((1, 1, 2, 8))):
            changed[chance.randrange(code_at)] = chance.randrange(256)
        with_luck(bytes(changed))


def with_luck(data: bytes) -> None:
    try:
        read = decode(reseal(data))
    except ArtifactError:
        return
    assert isinstance(read.interface, Interface)
    assert isinstance(read.source, bytes)
    assert isinstance(read.encode(), bytes)


INTERFACES: list[str] = [
    "",
    "{}",
    "[]",
    "null",
    "[" * 5000,
    RICH.to_text().replace('"f"', "1"),
    RICH.to_text().replace('["f","k","twice"]', '"fk"'),
    RICH.to_text().replace('"local"', '"elsewhere"').replace(",null,15,", ',["elsewhere",null],15,'),
    RICH.to_text().replace(",15,", ',"15",'),
    RICH.to_text().replace(",15,", ",true,"),
    RICH.to_text()[:-1] + ",[]]",
]


@pytest.mark.parametrize("text", INTERFACES)
def test_an_interface_of_another_shape(text: str) -> None:
    with pytest.raises(ArtifactError) as raised:
        decode(with_interface(text.encode()))
    assert raised.value.code == "E505"


def with_interface(text: bytes) -> bytes:
    meta, before, *rest = struct.unpack_from(">IIIII", DATA, HEADER - 20)
    body = DATA[HEADER + 16 :]
    sizes = struct.pack(">IIIII", meta, len(text), *rest)
    return reseal(DATA[: HEADER - 20] + sizes + b"\0" * 16 + body[:meta] + text + body[meta + before :])


def test_hints_are_kept() -> None:
    info = function("g", hint=("remote", "big"))
    made = artifact("", RICH._replace(functions=(info,)))
    assert decode(made.encode()).interface.functions[0].hint == ("remote", "big")


def test_a_source_that_would_not_end_is_not_made_whole() -> None:
    made = artifact("", RICH, source=b"\0" * 10_000_000)
    small = made.meta._replace(source_bytes=10)
    lying = Artifact(small, made.key, made.stamp, made._parts)
    with pytest.raises(ArtifactError, match="source"):
        decode(lying.encode())


STAMPS = [
    ({"tag": "cpython-310-3439"}, "E504", PYTHON_TAG),
    ({"tag": "cpython-310-3439"}, "E504", "cpython-310-3439"),
    ({"tag": "cpython-310-3439"}, "E504", "rtfsc build"),
    ({"abi": 999}, "E506", "999"),
    ({"abi": 999}, "E506", "rtfsc build"),
]


@pytest.mark.parametrize(("changed", "code", "part"), STAMPS)
def test_code_for_something_else_is_readable_but_not_run(
    changed: dict[str, object], code: str, part: str
) -> None:
    other = Artifact(WHOLE.meta, WHOLE.key, WHOLE.stamp._replace(**changed), WHOLE._parts)  # type: ignore[arg-type]
    read = decode(other.encode())
    assert read.source == WHOLE.source
    for refuse in (lambda: read.code("m.rtfs"), lambda: check_stamp(read.stamp, "m.rtfs")):
        with pytest.raises(ArtifactError) as raised:
            refuse()
        assert raised.value.code == code
        assert part in raised.value.message
        assert "\n" not in raised.value.message


def test_another_format_is_told() -> None:
    changed = DATA[:8] + struct.pack(">H", 7) + DATA[10:]
    with pytest.raises(ArtifactError) as raised:
        decode(reseal(changed))
    assert raised.value.code == "E503"
    assert "format 7" in raised.value.message


@pytest.mark.parametrize("version", [(3, 10), (3, 15), (4, 0)])
def test_an_unsupported_python_is_told_which_are(version: tuple[int, int]) -> None:
    with pytest.raises(ArtifactError, match=r"3\.11, 3\.12, 3\.13") as raised:
        check_python(version)
    assert raised.value.code == "E509"


def test_nothing_is_unmarshalled_before_the_digest(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(data: bytes) -> object:
        raise AssertionError("marshal saw a byte")

    monkeypatch.setattr(format.marshal, "loads", refuse)
    decode(DATA)
    with pytest.raises(ArtifactError):
        decode(DATA[:-1] + b"x")


def test_valid_code_that_is_no_code() -> None:
    made = artifact("")
    parts = made._parts._replace(code=made._parts.code._replace(before=b"", after=b""))
    with pytest.raises(ArtifactError) as raised:
        Artifact(made.meta, made.key, made.stamp, parts).code("m.rtfs")
    assert raised.value.code == "E505"
