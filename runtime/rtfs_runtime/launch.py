"""The console script: runs a program that is compiled already by itself, and loads the command line for
everything else.

In: the arguments of the process. Out: its exit code. `rtfsc run FILE …` of a program with an artifact or in
the compile cache imports neither the compiler nor what parses and paints command lines: those cost more than
such a run. `rtfsc.cli` is loaded by name, the one allowed dynamic import (ruling 24): the runtime does not
depend on it.
"""

from __future__ import annotations

import os
import sys
from importlib import import_module

from rtfs_runtime.artifact import SUFFIX, ArtifactError
from rtfs_runtime.cache.l4_artifact import local_artifacts
from rtfs_runtime.errors import RtfsError
from rtfs_runtime.modulepath import SOURCE_SUFFIX, find_file
from rtfs_runtime.modulestore import ModuleStore, Uncompiled

_CLI = "rtfsc.cli.app"


def main() -> int:
    """Run one command line and give the exit code."""
    arguments = sys.argv[1:]
    if len(arguments) > 1 and arguments[0] == "run" and not any(one.startswith("-") for one in arguments):
        plan, *rest = arguments[1:]
        modules = _compiled(plan)
        if modules is not None:
            return _run(plan, rest, modules)
    return int(import_module(_CLI).main(arguments))


def _compiled(plan: str) -> ModuleStore | None:
    """Give a store that has a plan compiled, None when the command line must see to it."""
    folder, name = os.path.split(os.path.abspath(plan))
    stem, suffix = os.path.splitext(name)
    place = find_file(folder, stem) if suffix in (SOURCE_SUFFIX, SUFFIX) else None
    if place is None:
        return None
    modules = ModuleStore((folder, os.getcwd()), None, local_artifacts())
    try:
        modules.fetch_place(place)
    except (ArtifactError, RtfsError, Uncompiled, OSError):
        return None
    return modules


def _run(plan: str, arguments: list[str], modules: ModuleStore) -> int:
    # only now: finding out that there is nothing to run should cost nothing
    from rtfs_runtime.cache.store import has_pins
    from rtfs_runtime.delegation.policy_file import find
    from rtfs_runtime.host.grants import Grants
    from rtfs_runtime.printer import display
    from rtfs_runtime.session import Session
    from rtfs_runtime.settings import ledger_of
    from rtfs_runtime.userdirs import cache_directory

    if find(None, plan) is not None or has_pins():
        return int(import_module(_CLI).main(sys.argv[1:]))
    try:
        session = Session(
            grants=Grants.for_run(plan),
            modules=modules,
            cache_dir=cache_directory(),
            ledger=ledger_of(),
        )
        value = session.run(plan, None, arguments).value
        if value is not None:
            sys.stdout.write(display(value) + "\n")
        session.close()
        sys.stdout.flush()
    except BrokenPipeError:
        # the reader has gone; nothing may be flushed to it at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except KeyboardInterrupt:
        return 130
    except Exception as error:  # the border of the process: whatever comes is told, with its exit code
        return int(import_module("rtfsc.cli.outcome").report(error, whole=False))
    return 0
