"""L4 as a folder: the protocol of cache layers, the two steps, what a broken store does."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

import pytest

from rtfs_runtime.artifact import Dependency
from rtfs_runtime.cache.l4_artifact import LocalArtifacts, Wanted
from rtfs_runtime.cache.layer import CacheStats, StorageError
from rtfs_runtime.cache.store import BlobStore, write_file
from rtfs_runtime.userdirs import cache_directory

KEY, OTHER = b"\x01" * 16, b"\x02" * 16
WANTED = Wanted(b"s" * 16, "plan.rtfs", False, "{}", b"t" * 16)


@pytest.fixture
def layer(tmp_path: Path) -> LocalArtifacts:
    return LocalArtifacts(str(tmp_path / "l4"))


def test_the_protocol(layer: LocalArtifacts) -> None:
    assert layer.get(KEY) is None
    layer.put(KEY, b"one")
    assert layer.get(KEY) == b"one"
    layer.put(OTHER, b"two")
    stats = layer.stats()
    assert stats == CacheStats(hits=1, misses=1, puts=2, size=2)
    assert stats.hit_rate == 0.5
    assert CacheStats().hit_rate == 0.0
    assert layer.invalidate(KEY)
    assert not layer.invalidate(KEY)
    assert layer.stats().invalidations == 1
    layer.clear()
    assert layer.get(OTHER) is None
    assert layer.stats().size == 0
    assert layer.config().max_size is None


def test_the_asynchronous_twins(layer: LocalArtifacts) -> None:
    async def all_of_them() -> list[object]:
        await layer.put_async(KEY, b"one")
        found: list[object] = [await layer.get_async(KEY), await layer.invalidate_async(KEY)]
        await layer.clear_async()
        return [*found, await layer.get_async(KEY)]

    assert asyncio.run(all_of_them()) == [b"one", True, None]


def test_another_process_finds_what_was_put(layer: LocalArtifacts, tmp_path: Path) -> None:
    layer.keep((WANTED, WANTED._replace(as_module=True)), (Dependency("m", b"i" * 16),), b"artifact")
    other = LocalArtifacts(str(tmp_path / "l4"))
    assert other.find(WANTED, lambda name: b"i" * 16) == b"artifact"
    assert other.find(WANTED._replace(as_module=True), lambda name: b"i" * 16) == b"artifact"
    assert other.find(WANTED, lambda name: b"j" * 16) is None


CHANGES = {
    "source_digest": b"x" * 16,
    "filename": "other.rtfs",
    "as_module": True,
    "options": '{"level":0}',
    "toolchain": b"x" * 16,
}


@pytest.mark.parametrize("field", Wanted._fields)
def test_each_field_is_in_both_keys(field: str) -> None:
    changed = WANTED._replace(**{field: CHANGES[field]})
    assert changed.partial_key() != WANTED.partial_key()
    assert changed.full_key(()) != WANTED.full_key(())


DEPENDENCIES: list[tuple[Dependency, ...]] = [
    (),
    (Dependency("a", b"1"),),
    (Dependency("a", b"2"),),
    (Dependency("b", b"1"),),
    (Dependency("a", b"1"), Dependency("b", b"1")),
    (Dependency("b", b"1"), Dependency("a", b"1")),
    (Dependency("a1", b""),),
]


def test_each_dependency_is_in_the_full_key() -> None:
    assert len({WANTED.full_key(found) for found in DEPENDENCIES}) == len(DEPENDENCIES)


def test_a_store_that_fails_is_a_miss_and_a_problem(tmp_path: Path) -> None:
    (tmp_path / "l4").mkdir()
    layer = LocalArtifacts(str(tmp_path / "l4"))
    blocked = tmp_path / "l4" / KEY.hex()[:2]
    blocked.write_bytes(b"")
    assert layer.get(KEY) is None
    layer.put(KEY, b"one")
    assert not layer.invalidate(KEY)
    assert layer.stats().puts == 0
    assert len(layer.problems) == 1
    (tmp_path / "l4" / OTHER.hex()[:2] / f"{OTHER.hex()}.rtfsc").mkdir(parents=True)
    assert layer.get(OTHER) is None
    assert len(layer.problems) == 2


def test_without_writes_nothing_is_made(tmp_path: Path) -> None:
    layer = LocalArtifacts(str(tmp_path / "l4"), writes=False)
    layer.keep((WANTED,), (), b"artifact")
    assert list(tmp_path.iterdir()) == []


def test_a_write_that_fails_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "target").mkdir()
    with pytest.raises(OSError, match="target"):
        write_file(str(tmp_path / "target"), b"data")
    assert [path.name for path in tmp_path.iterdir()] == ["target"]


def test_many_threads_write_one_blob(tmp_path: Path) -> None:
    store = BlobStore(str(tmp_path))
    data = b"x" * 100_000
    wrong: list[object] = []

    def work() -> None:
        for _ in range(20):
            store.write("abcd", data)
            if store.read("abcd") != data:
                wrong.append(1)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    assert store.names() == ["abcd"]


def test_an_unreadable_store_is_told(tmp_path: Path) -> None:
    (tmp_path / "ab" / "abcd").mkdir(parents=True)
    store = BlobStore(str(tmp_path))
    with pytest.raises(StorageError):
        store.read("abcd")
    with pytest.raises(StorageError):
        store.write("abcd", b"")


def test_where_the_cache_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RTFS_CACHE_DIR", "/chosen")
    assert cache_directory() == "/chosen"
    monkeypatch.delenv("RTFS_CACHE_DIR")
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setenv("XDG_CACHE_HOME", "/xdg")
    assert cache_directory() == "/xdg/rtfsc"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", "/home/me")
    assert cache_directory() == "/home/me/.cache/rtfsc"
