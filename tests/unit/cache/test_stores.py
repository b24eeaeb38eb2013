"""The store on disk: what was committed stays, and whatever is wrong with the file is a miss."""

from __future__ import annotations

import os
import sqlite3
import stat
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from rtfs_runtime.cache.cold import ColdStore
from rtfs_runtime.cache.layer import StorageError
from rtfs_runtime.cache.sqlite import ANY_LABELS, Entry, Labels, SqliteStore, remove_file
from tests.cache_kills import kill_writers

ONE = Entry(b"k1", b"value 1", 10.0, 20.0, Labels("m", "f", "t", b"i"))
TWO = Entry(b"k2", b"value 2", 11.0, None, Labels("m", "g", "u", b"i"))


class Clock:
    now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "below" / "cache.sqlite"


@pytest.fixture
def store(path: Path) -> Iterator[SqliteStore]:
    made = SqliteStore(str(path), "l2")
    yield made
    made.close()


@pytest.fixture
def problems() -> list[str]:
    return []


@pytest.fixture
def cold(path: Path, problems: list[str]) -> Iterator[ColdStore]:
    made = ColdStore(str(path), "l2", Clock(), problems.append, 1000)
    yield made
    made.close()


def test_entries_come_back_whole(store: SqliteStore) -> None:
    store.put([ONE, TWO])
    assert store.get(b"k1") == ONE
    assert store.get(b"k2") == TWO
    assert store.get(b"k3") is None
    assert store.count() == 2
    assert store.remove(b"k1")
    assert not store.remove(b"k1")
    store.check()


def test_layers_share_a_file_and_nothing_else(store: SqliteStore, path: Path) -> None:
    other = SqliteStore(str(path), "l3")
    store.put([ONE])
    other.put([ONE._replace(value=b"other")])
    assert store.get(b"k1") == ONE
    assert other.clear() == 1
    assert store.get(b"k1") == ONE
    other.close()


def test_views(store: SqliteStore) -> None:
    store.put([TWO, ONE])
    assert store.find(ANY_LABELS._replace(model="m")) == [ONE, TWO]
    assert store.find(ANY_LABELS._replace(model="m", tenant="t")) == [ONE]
    assert store.find(ANY_LABELS._replace(input=b"i", tenant="u")) == [TWO]
    assert store.find(ANY_LABELS._replace(function="n")) == []
    assert store.find(key_prefix=b"k") == [ONE, TWO]
    assert store.find(key_prefix=b"k2") == [TWO]


def test_counts_add_up(store: SqliteStore) -> None:
    assert store.counts() == {}
    store.add_counts({"hits": 2, "saved_usd": 0.5})
    store.add_counts({"hits": 1})
    assert store.counts() == {"hits": 3, "saved_usd": 0.5}


def test_all_of_a_batch_or_nothing(store: SqliteStore) -> None:
    class Odd:
        pass

    with pytest.raises(StorageError):
        store.put([ONE, TWO._replace(created_s=Odd())])  # type: ignore[arg-type]
    assert store.count() == 0
    store.put([ONE])
    assert store.count() == 1


def test_labels_may_hold_any_text(store: SqliteStore) -> None:
    odd = ONE._replace(labels=Labels("\ud800", "a\0b", "é"))
    store.put([odd])
    assert store.get(b"k1") is not None


def test_stale_and_superfluous_entries_go(store: SqliteStore) -> None:
    store.put([ONE, TWO, *(Entry(b"%d" % number, b"", 12.0 + number) for number in range(5))])
    assert store.remove_stale(20.0, None) == 1
    assert store.remove_stale(20.0, 3) == 3
    assert [one.key for one in store.find()] == [b"2", b"3", b"4"]


def test_the_file_is_its_user_s_alone(store: SqliteStore, path: Path) -> None:
    store.put([ONE])
    for each in path.parent.iterdir():
        assert stat.S_IMODE(each.stat().st_mode) & 0o077 == 0, each.name
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_a_changed_value_is_no_value(store: SqliteStore, path: Path) -> None:
    store.put([ONE, TWO])
    store.close()
    connection = sqlite3.connect(path)
    connection.execute("UPDATE entries SET value = ? WHERE key = ?", (b"value 9", b"k1"))
    connection.commit()
    connection.close()
    assert store.get(b"k1") is None
    assert store.get(b"k2") == TWO
    with pytest.raises(StorageError, match="6b31"):
        store.check()


def test_removing_the_file(store: SqliteStore, path: Path) -> None:
    store.put([ONE])
    store.close()
    remove_file(str(path))
    assert list(path.parent.iterdir()) == []
    remove_file(str(path))


def test_threads_share_a_store(cold: ColdStore, problems: list[str]) -> None:
    def use(start: int) -> None:
        for step in range(10):
            key = b"%d" % (start * 10 + step)
            cold.put(ONE._replace(key=key, value=key))
            found = cold.get(key)
            assert found is not None and found.value == key

    threads = [threading.Thread(target=use, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    cold.flush()
    assert cold.count() == 200
    assert problems == []


def test_what_waits_is_there_already(cold: ColdStore, path: Path) -> None:
    cold.put(TWO)
    assert cold.get(b"k2") == TWO
    cold.close()
    other = SqliteStore(str(path), "l2")
    assert other.get(b"k2") == TWO
    other.close()
    # it opens again
    cold.put(TWO._replace(key=b"k3"))
    assert cold.count() == 2


def test_what_is_out_of_date_is_not_there(path: Path) -> None:
    clock = Clock()
    cold = ColdStore(str(path), "l2", clock, pytest.fail, None)
    cold.put(ONE)
    assert cold.get(b"k1") == ONE
    assert cold.find(ANY_LABELS._replace(model="m")) == [ONE]
    clock.now_s = 20.0
    assert cold.get(b"k1") is None
    assert cold.find(ANY_LABELS._replace(model="m")) == []
    cold.close()


def test_the_oldest_go_when_there_are_too_many(path: Path) -> None:
    cold = ColdStore(str(path), "l2", Clock(), pytest.fail, 100)
    for number in range(600):
        cold.put(Entry(b"%d" % number, b"", float(number)))
        if number % 100 == 0:
            cold.flush()
    cold.flush()
    # it looks every 256 writes, after the batch that passed the mark
    assert cold.count() < 500
    assert cold.get(b"599") is not None
    assert cold.get(b"0") is None
    cold.close()


def damage_header(path: Path) -> None:
    path.write_bytes(b"no database at all" * 100)


def damage_page(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[4096:] = os.urandom(len(data) - 4096)
    path.write_bytes(bytes(data))


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:5000])


def other_tables(path: Path) -> None:
    path.unlink()
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE entries (a)")
    connection.execute("CREATE INDEX entries_by_age ON entries (a)")
    connection.commit()
    connection.close()


def folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


@pytest.mark.parametrize("harm", [damage_header, damage_page, cut, other_tables, folder])
def test_a_broken_file_is_a_miss_and_one_warning(
    path: Path, problems: list[str], harm: Callable[[Path], None]
) -> None:
    good = SqliteStore(str(path), "l2")
    good.put([ONE])
    good.close()
    harm(path)
    cold = ColdStore(str(path), "l2", Clock(), problems.append, 1000)
    for _ in range(3):
        assert cold.get(b"k1") is None
        cold.put(TWO)
        cold.flush()
    assert cold.find(ANY_LABELS._replace(model="m")) == [] or harm is not folder
    cold.remove(b"k1")
    cold.clear()
    cold.close()
    assert problems
    assert len(problems) == len(set(problems))
    assert all(str(path) in one or str(path.parent) in one for one in problems)


def test_a_folder_that_cannot_be_made(tmp_path: Path, problems: list[str]) -> None:
    (tmp_path / "file").write_text("")
    cold = ColdStore(str(tmp_path / "file" / "cache.sqlite"), "l2", Clock(), problems.append, None)
    cold.put(ONE)
    cold.flush()
    assert cold.get(b"k1") is None
    cold.close()
    assert len(problems) == 1


def test_a_full_disk_loses_nothing_committed(path: Path, cold: ColdStore, problems: list[str]) -> None:
    cold.put(ONE)
    cold.flush()
    connection = cold._writes._connection
    assert connection is not None
    # SQLite then fails as it does on a full disk
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    connection.execute(f"PRAGMA max_page_count = {pages}")
    for number in range(3):
        cold.put(TWO._replace(key=b"%d" % number, value=os.urandom(100_000)))
        cold.flush()
    assert cold.get(b"1") is None
    assert problems == [f"the cache is not used: {path}: database or disk is full"]
    assert cold.get(b"k1") == ONE
    connection.execute("PRAGMA max_page_count = 1073741823")
    cold.put(TWO)
    cold.flush()
    assert cold.get(b"k2") == TWO
    SqliteStore(str(path), "l2").check()


def test_a_locked_file_is_a_miss(path: Path, problems: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    good = SqliteStore(str(path), "l2")
    good.put([ONE])
    good.close()
    monkeypatch.setattr("rtfs_runtime.cache.cold._WRITE_BUSY_S", 0.001)
    monkeypatch.setattr("rtfs_runtime.cache.sqlite._OPEN_TRIES", 1)
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("PRAGMA locking_mode = EXCLUSIVE")
    holder.execute("BEGIN EXCLUSIVE")
    cold = ColdStore(str(path), "l2", Clock(), problems.append, None)
    cold.put(TWO)
    cold.flush()
    assert cold.get(b"k1") is None
    assert any("locked" in one for one in problems)
    holder.close()
    # nothing is remembered against it
    assert cold.get(b"k1") == ONE
    cold.put(TWO)
    cold.flush()
    assert cold.get(b"k2") == TWO
    cold.close()


def test_an_error_of_another_kind_does_not_end_the_writer(
    cold: ColdStore, problems: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_entries: object) -> None:
        raise MemoryError("too much")

    monkeypatch.setattr(cold._writes, "put", fail)
    cold.put(ONE)
    cold.flush()
    monkeypatch.undo()
    cold.put(TWO)
    cold.flush()
    assert cold.get(b"k2") == TWO
    assert problems == ["the cache is not used: MemoryError: too much"]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_a_forked_child_opens_its_own(cold: ColdStore) -> None:
    cold.put(ONE)
    cold.flush()
    child = os.fork()
    if child == 0:
        # nothing of the test may run on in the child
        found = cold.get(b"k1") == ONE
        cold.put(TWO)
        cold.close()
        os._exit(0 if found else 1)
    assert os.waitpid(child, 0)[1] == 0
    assert cold.get(b"k2") == TWO


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_killed_writer_loses_nothing_committed(tmp_path: Path) -> None:
    """Three kills; the soak does a thousand: `python -m tests.cache_kills`."""
    outcome = kill_writers(tmp_path / "cache.sqlite", 3, seed=1)
    assert outcome.lost == 0
    assert outcome.committed > 0
