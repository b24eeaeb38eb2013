"""Where this user's files are: caches, trust, runs, models.

In: the environment and the platform. Out: directories, which need not exist. What lies in them is left to
whoever writes it.
"""

from __future__ import annotations

import os
import sys
from typing import Final, NamedTuple

_NAME: Final = "rtfsc"


class _Row(NamedTuple):
    """One directory: the variable that names it whole, then a variable and a fallback for Windows, a folder
    on macOS, a variable and a fallback elsewhere (the XDG base directories)."""

    chosen: str
    windows: tuple[str, str]
    mac: str
    other: tuple[str, str]


_LOCAL: Final = ("LOCALAPPDATA", "~/AppData/Local")
_SUPPORT: Final = "~/Library/Application Support"
_CACHE: Final = _Row("RTFS_CACHE_DIR", _LOCAL, "~/Library/Caches", ("XDG_CACHE_HOME", "~/.cache"))
_TRUST: Final = _Row(
    "RTFS_TRUST_DIR", ("APPDATA", "~/AppData/Roaming"), _SUPPORT, ("XDG_CONFIG_HOME", "~/.config")
)
_STATE: Final = _Row("RTFS_STATE_DIR", _LOCAL, _SUPPORT, ("XDG_STATE_HOME", "~/.local/state"))
_MODELS: Final = _Row("RTFS_MODELS_DIR", _LOCAL, _SUPPORT, ("XDG_DATA_HOME", "~/.local/share"))


def cache_directory() -> str:
    """Give where this user's caches are: `RTFS_CACHE_DIR`, else the place that the platform names."""
    return _directory(_CACHE)


def trust_directory() -> str:
    """Give where this user's trust list is: `RTFS_TRUST_DIR`, else the place that the platform names."""
    return _directory(_TRUST)


def state_directory() -> str:
    """Give where this user's runs are kept: `RTFS_STATE_DIR`, else the place that the platform names."""
    return _directory(_STATE)


def models_directory() -> str:
    """Give where pulled models are kept: `RTFS_MODELS_DIR`, else the place that the platform names."""
    return _directory(_MODELS, "models")


def _directory(row: _Row, *below: str) -> str:
    chosen = os.environ.get(row.chosen)
    if chosen:
        return chosen
    if sys.platform == "darwin":
        return os.path.join(os.path.expanduser(row.mac), _NAME, *below)
    variable, fallback = row.windows if sys.platform == "win32" else row.other
    return os.path.join(os.environ.get(variable) or os.path.expanduser(fallback), _NAME, *below)
