"""The layers together: one view, one place to close them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from rtfs_runtime.cache.l3_query import Query
from rtfs_runtime.cache.manager import CacheManager
from rtfs_runtime.cache.sqlite import FILE_NAME
from tests.unit.cache.requests import BY, ask, reply

ROOT = Path(__file__).parents[3]


def test_memory_only(tmp_path: Path) -> None:
    manager = CacheManager.open(None, lambda: 0.0)
    manager.l2.answer(ask(), BY, lambda _: reply())
    assert manager.l2.answer(ask(), BY, lambda _: reply())[1].layer == "hot"
    assert manager.l2.config().persistence is False
    manager.close()


def test_a_directory_outlives_the_manager(tmp_path: Path) -> None:
    for expected in (False, True):
        manager = CacheManager.open(str(tmp_path / "caches"), lambda: 0.0)
        assert manager.l2.answer(ask(), BY, lambda _: reply())[1].hit == expected
        manager.close()
    assert (tmp_path / "caches" / FILE_NAME).exists()


def test_nothing_is_made_before_it_is_needed(tmp_path: Path) -> None:
    manager = CacheManager.open(str(tmp_path / "caches"), lambda: 0.0)
    manager.flush()
    manager.close()
    assert not (tmp_path / "caches").exists()


def test_one_view_of_all_layers() -> None:
    manager = CacheManager.open(None, lambda: 0.0)
    manager.l1.get_plan("f", "t")
    manager.l2.answer(ask(), BY, lambda _: reply())
    stats = manager.stats()
    assert list(stats) == ["l1", "l2", "l4"]
    assert (stats["l1"].misses, stats["l2"].misses, stats["l2"].puts) == (1, 1, 1)


def test_a_broken_store_is_a_warning(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_text("nothing of ours" * 100)
    told: list[str] = []
    manager = CacheManager.open(str(tmp_path), lambda: 0.0, told.append)
    for _ in range(2):
        answered, _ = manager.l2.answer(ask(), BY, lambda _: reply())
        assert answered.text == "good"
    manager.flush()
    assert manager.l3 is not None
    assert manager.l3.get_semantic(Query(b"s" * 32, "Hello")) is None
    assert told == manager.problems
    # once, though two layers share the file
    assert len(told) == 1
    assert FILE_NAME in told[0]
    manager.close()


def test_what_waits_is_written_at_exit(tmp_path: Path) -> None:
    script = (
        "from rtfs_runtime.cache.manager import CacheManager\n"
        "from tests.unit.cache.requests import BY, ask, reply\n"
        f"manager = CacheManager.open({str(tmp_path)!r}, lambda: 0.0)\n"
        "manager.l2.answer(ask(), BY, lambda _: reply())\n"
    )
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'runtime'}"}
    subprocess.run([sys.executable, "-c", script], check=True, env=environment)
    manager = CacheManager.open(str(tmp_path), lambda: 0.0)
    assert manager.l2.answer(ask(), BY, lambda _: reply())[1].layer == "cold"
    manager.close()
