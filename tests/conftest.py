"""Options of the test suite."""

from __future__ import annotations

import os

import pytest

# what tests run is nobody's last run
os.environ["RTFS_LEDGER"] = "off"
# and nobody who runs tests has pinned anything for them
os.environ["RTFS_TRUST_DIR"] = os.path.join(os.path.dirname(__file__), "no-such-folder")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="rewrite the golden texts; review the diff")
