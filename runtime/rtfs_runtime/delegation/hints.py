"""Hints in source as targets (delegation §1.1).

In: the `Hint` of an interface, or what a call says of itself. Out: an `ExecTarget`; every hint that compiles
has one.
"""

from __future__ import annotations

from typing import assert_never

from rtfs_runtime.delegation.target import LOCAL, ExecTarget, LocalModel, RemoteModel, read_target
from rtfs_runtime.interface import Hint, Site


def hint_target(hint: Hint) -> ExecTarget:
    """Give the target that a hint names."""
    match hint.target:
        case "local":
            return LOCAL
        case "local-model":
            return LocalModel(hint.model_id or "")
        case "remote":
            return RemoteModel(hint.model_id or "")
        case _:
            assert_never(hint.target)


def site_target(site: Site) -> ExecTarget | None:
    """Give the target that a call's own `:runtime.delegation` names, None when it names none.

    Raises: ValueError for text that is no target.
    """
    for key, text in site.metadata:
        if key.removeprefix(":") == "runtime.delegation":
            return read_target(text.strip('"').removeprefix(":"))
    return None
