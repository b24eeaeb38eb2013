"""The policy that a command goes by.

In: the file named, or a plan whose nearest is looked for. Out: the policy, with what the user pinned, and the
options of a compilation under it.
"""

from __future__ import annotations

import os
from pathlib import Path

from rtfs_runtime.cache.store import TRUST_FILE
from rtfs_runtime.delegation.policy import Policy, with_pins
from rtfs_runtime.delegation.policy_reader import load_nearest
from rtfs_runtime.userdirs import trust_directory
from rtfsc.cli.outcome import CommandError
from rtfsc.options import Options


def policy_of(explicit: str | None, plan: str | Path | None = None) -> Policy | None:
    """Find and read the policy: the one named, or the nearest of the plan. Raises: CommandError for one
    that is not there."""
    if explicit is not None and not os.path.isfile(explicit):
        raise CommandError(f"there is no policy {explicit}")
    return _with_pins(load_nearest(explicit, plan))


def _with_pins(policy: Policy | None) -> Policy | None:
    """Let what the user pinned stand before the rules. Raises: CommandError."""
    directory = trust_directory()
    path = os.path.join(directory, TRUST_FILE)
    if not os.path.exists(path):
        return policy
    # only now: most users pinned nothing
    from rtfs_runtime.trust import TrustError, read_trust

    try:
        return with_pins(policy, read_trust(directory).pins, path)
    except TrustError as error:
        raise CommandError(str(error)) from None


def options_of(policy: Policy | None) -> Options:
    """Give the options of a compilation under a policy."""
    if policy is None:
        return Options()
    return Options(delegable=policy.delegable, policy=policy.digest)
