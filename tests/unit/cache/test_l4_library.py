"""L4 as a library: published once, found by what it takes and gives, given out only when signed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from rtfs_runtime import signing, trust
from rtfs_runtime.artifact import ArtifactError, join_signature
from rtfs_runtime.cache.l4_library import Library, function_hash, type_hash
from rtfs_runtime.cache.layer import KeyNotFound, StorageError
from rtfs_runtime.trust import Trust
from rtfs_runtime.type_reader import read_type
from rtfs_runtime.types import FnType
from rtfsc.driver import compile_text
from tests.unit.artifact.handmade import function
from tests.unit.cache.encoder import WordEncoder

SORTING = """(module sorting (:exports [up down count-all Numbers])
  (deftype Numbers [:vector :int])
  (defn up [xs :Numbers] :[:vector :int] "Sort numbers, smallest first." (vec (sort xs)))
  (defn down [xs :[:vector :int]] :Numbers "Sort numbers, largest first." (vec (reverse (sort xs))))
  (defn count-all [xs :[:vector :int]] :int "Count." (count xs))
  (defn hidden [x] x))"""


class Shelf(NamedTuple):
    library: Library
    pem: bytes
    folder: Path


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Shelf]:
    pem, key = signing.generate_key("mine")
    library = Library(str(tmp_path), trust.add_key(Trust(), key), lambda: 5.0, WordEncoder())
    yield Shelf(library, pem, tmp_path)
    library.close()


def signed(pem: bytes, text: str = SORTING) -> bytes:
    content = compile_text(text, name="sorting.rtfs").artifact.encode()
    return join_signature(content, signing.sign(content, pem))


def test_what_is_published_is_found(shelf: Shelf) -> None:
    records = shelf.library.publish_module(signed(shelf.pem))
    assert [one.name for one in records] == ["up", "down", "count-all"]
    up, down, count = records
    # an alias is what it stands for
    assert up.interface_hash == down.interface_hash != count.interface_hash
    assert up.pointer == f"{up.address}/up"
    assert {one.name for one, _ in shelf.library.query(up.interface_hash)} == {"up", "down"}
    assert len(shelf.library.query(None)) == 3
    assert shelf.library.record(up.pointer) == up
    assert shelf.library.status(up) == "Verified"
    assert shelf.library.fetch(up.address).interface.module == "sorting"


def test_likeness_orders_what_fits(shelf: Shelf) -> None:
    records = shelf.library.publish_module(signed(shelf.pem))
    vector = WordEncoder().embed("down. sort numbers, largest first.")
    assert vector is not None
    found = shelf.library.query(records[0].interface_hash, vector)
    assert [one.name for one, _ in found] == ["down", "up"]
    assert found[0][1] > 0.9 > found[1][1]
    assert [one.name for one, _ in shelf.library.query(None, vector, 0.9)] == ["down"]


def test_the_same_bytes_are_kept_once_and_never_change(shelf: Shelf) -> None:
    data = signed(shelf.pem)
    first = shelf.library.publish_module(data)
    assert shelf.library.publish_module(data) == first
    content = compile_text(SORTING, name="sorting.rtfs").artifact.encode()
    assert shelf.library.store_blob(content) == first[0].address
    blob = next(shelf.folder.rglob("*.rtfsc"))
    blob.write_bytes(b"other bytes")
    with pytest.raises(StorageError, match="another artifact"):
        shelf.library.store_blob(content)
    with pytest.raises(ArtifactError):
        shelf.library.fetch(first[0].address)
    assert shelf.library.status(first[0]) == "Pending"


def test_only_what_is_signed_is_published(shelf: Shelf) -> None:
    content = compile_text(SORTING, name="sorting.rtfs").artifact.encode()
    other, _ = signing.generate_key()
    for data, code in ((content, "E510"), (join_signature(content, signing.sign(content, other)), "E511")):
        with pytest.raises(ArtifactError) as caught:
            shelf.library.publish_module(data)
        assert caught.value.code == code
    with pytest.raises(ArtifactError, match="no module form"):
        shelf.library.publish_module(signed(shelf.pem, "(+ 1 2)"))
    assert shelf.library.query(None) == []


def test_another_artifact_under_an_address_is_not_it(shelf: Shelf) -> None:
    """A trusted key is not enough: a blob swapped for another one it signed is not what was pinned."""
    first = shelf.library.publish_module(signed(shelf.pem))[0]
    second = shelf.library.publish_module(signed(shelf.pem, SORTING.replace("reverse", "identity")))[0]
    for suffix in (".rtfsc", ".sig"):
        one = next(shelf.folder.rglob(first.address + suffix))
        one.write_bytes(next(shelf.folder.rglob(second.address + suffix)).read_bytes())
    with pytest.raises(ArtifactError, match="another artifact"):
        shelf.library.fetch(first.address)


def test_what_is_revoked_is_not_given_out(shelf: Shelf) -> None:
    record = shelf.library.publish_module(signed(shelf.pem))[0]
    believed = shelf.library._trust._replace(revoked_artifacts=frozenset({record.address}))
    later = Library(str(shelf.folder), believed, lambda: 6.0)
    assert later.status(record) == "Revoked"
    with pytest.raises(ArtifactError, match="E513"):
        later.fetch(record.address)
    later.close()


def test_what_is_not_there(shelf: Shelf) -> None:
    with pytest.raises(KeyNotFound):
        shelf.library.fetch("0" * 32)
    assert shelf.library.record("0" * 32 + "/f") is None
    shelf.library.note_use("0" * 32 + "/f")


def test_use_is_noted(shelf: Shelf) -> None:
    pointer = shelf.library.publish_module(signed(shelf.pem))[0].pointer
    later = Library(str(shelf.folder), shelf.library._trust, lambda: 9.0)
    later.note_use(pointer)
    record = later.record(pointer)
    assert record is not None and (record.created_s, record.used_s) == (5.0, 9.0)
    later.close()


def test_a_type_is_found_as_it_is_written() -> None:
    kind = read_type("[:fn [:string & :int] :bool]", {})
    assert isinstance(kind, FnType)
    row = function("f", "a", rest="more", rest_type=":int", param_types=(":string",), return_type=":bool")
    assert type_hash(kind.params, kind.rest, kind.result) == function_hash(row, {})
    for other in (
        row._replace(rest=None),
        row._replace(param_types=("",)),
        row._replace(return_type=":int"),
        row._replace(rest_type=":string"),
    ):
        assert function_hash(other, {}) != function_hash(row, {})
    assert function_hash(row._replace(name="g", doc="x", line=9), {}) == function_hash(row, {})
