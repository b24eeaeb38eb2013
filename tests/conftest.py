"""Options of the test suite."""

from __future__ import annotations

import gc
import os

import pytest

# what tests run is nobody's last run
os.environ["RTFS_LEDGER"] = "off"
# and nobody who runs tests has pinned anything for them
os.environ["RTFS_TRUST_DIR"] = os.path.join(os.path.dirname(__file__), "no-such-folder")

# tests make values of 100,000 levels beside the suite's own objects; full collections find nothing there
gc.set_threshold(20_000, 20, 1_000)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="rewrite the golden texts; review the diff")
