"""Recorded runs, run again without a model and without the world.

In: a `Run` of a ledger. Out: what it gives now, which is what it gave; anything else is a ReplayError that
says where. The plan is compiled if need be, its policy read again; nothing is printed.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from rtfs_runtime.delegation.policy_reader import load_nearest
from rtfs_runtime.errors import RtfsError
from rtfs_runtime.host.grants import Grants
from rtfs_runtime.host.world import REAL
from rtfs_runtime.ledger.places import find_run, place_of
from rtfs_runtime.ledger.record import Run
from rtfs_runtime.ledger.replay import Diverged, Replayer, ReplayError
from rtfs_runtime.trace import Trace
from rtfsc.hook import Session

__all__ = ["ReplayError", "Replayed", "replay", "replay_run"]


class Replayed(NamedTuple):
    """What a replay gave: a value, or the error that the recorded run ended in as well."""

    value: object
    error: RtfsError | None
    trace: Trace


def replay(ledger: str | Path = "", run: str = "", environment: Mapping[str, str] = os.environ) -> Replayed:
    """Replay a run of a ledger, the last one unless its name, or the beginning of it, is given.

    Raises: ReplayError; StoreError for a ledger that cannot be read, or without that run.
    """
    return replay_run(find_run(place_of(os.fspath(ledger)), run), environment)


def replay_run(run: Run, environment: Mapping[str, str] = os.environ) -> Replayed:
    """Replay a run. Raises: ReplayError."""
    start = run.start
    if not start.plan:
        raise ReplayError(
            f"the run {run.id} was of a text, which no ledger keeps; only plans can be replayed"
        )
    replayer = Replayer(run, environment)
    session = _session(run, replayer)
    try:
        result = session.run(start.plan, start.function, replayer.arguments())
    except Diverged as error:
        raise ReplayError(str(error)) from None
    except RtfsError as error:
        replayer.check(error)
        return Replayed(None, error, session.last_trace)
    finally:
        session.close()
    replayer.check(result.value)
    return Replayed(result.value, None, result.trace)


def _session(run: Run, replayer: Replayer) -> Session:
    start = run.start
    if start.policy and not os.path.isfile(start.policy):
        raise ReplayError(f"the run {run.id} was made under {start.policy}, which is not there any more")
    return Session(
        policy=load_nearest(start.policy) if start.policy else None,
        grants=Grants.parse(start.grants),
        search_path=(os.path.dirname(start.plan) or ".", os.getcwd()),
        tenant=start.tenant,
        world=REAL._replace(write_out=_write_nowhere, write_log=_write_nowhere),
        replay=replayer,
    )


def _write_nowhere(_text: str) -> None:
    """Print nothing: what a replay prints was printed when it was recorded."""
