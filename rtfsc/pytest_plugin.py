"""Makes recorded runs tests: the fixture `rtfs_replay`.

    def test_the_triage_of_monday(rtfs_replay):
        rtfs_replay("tests/runs/monday.jsonl")

replays the last run of that ledger (or the one that is named second), and fails where the program does
something else than it did.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from rtfsc.replaying import Replayed


@pytest.fixture
def rtfs_replay() -> Callable[..., Replayed]:
    """Give the function that replays a run of a ledger: `rtfs_replay(LEDGER, RUN="")`."""

    def run(ledger: str | Path, run: str = "") -> Replayed:
        # pytest loads this file wherever rtfsc is installed
        from rtfsc.replaying import ReplayError, replay

        try:
            return replay(ledger, run)
        except ReplayError as error:
            pytest.fail(str(error), pytrace=False)

    return run
