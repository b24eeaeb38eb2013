"""Where the policy of a run is.

In: what the command line and the environment name. Out: a path. What is in the file is left to `policy`,
which a run without one does not load.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

FILE_NAME: Final = "delegation.toml"
VARIABLE: Final = "RTFS_DELEGATION"


def find(explicit: str | Path | None = None, plan: str | Path | None = None) -> Path | None:
    """Find the policy file: the one named, else `RTFS_DELEGATION`, else upwards from the plan, from here."""
    found = explicit or os.environ.get(VARIABLE)
    if not found:
        starts = [] if plan is None else [os.path.dirname(os.path.realpath(plan))]
        found = next(filter(None, map(_upwards, (*starts, os.getcwd()))), None)
        if found is None:
            return None
    # most runs have no policy
    from pathlib import Path

    return Path(found)


def _upwards(folder: str) -> str | None:
    while not os.path.isfile(os.path.join(folder, FILE_NAME)):
        above = os.path.dirname(folder)
        if above == folder:
            return None
        folder = above
    return os.path.join(folder, FILE_NAME)
