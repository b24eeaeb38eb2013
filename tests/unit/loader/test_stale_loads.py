"""A few of the changes that `python -m tests.stale_loads` makes by the thousand."""

from __future__ import annotations

from pathlib import Path

import pytest

from rtfs_runtime.cache.l4_artifact import Wanted
from rtfs_runtime.loader import ModuleInstance
from rtfs_runtime.modulestore import ModuleStore
from tests.stale_loads import load_mutants


def test_nothing_stale_is_loaded(tmp_path: Path) -> None:
    outcome = load_mutants(tmp_path, 40, seed=2)
    assert outcome.stale == 0
    assert 0 < outcome.cached < 120


def test_the_test_would_notice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without looking at what a module was compiled against, stale ones are loaded, and found."""
    monkeypatch.setattr(ModuleStore, "_check_dependencies", lambda *_: None)
    monkeypatch.setattr(ModuleInstance, "suits", lambda *_: True)
    monkeypatch.setattr(Wanted, "full_key", lambda self, _dependencies: self.partial_key())
    assert load_mutants(tmp_path, 40, seed=2).stale > 0
