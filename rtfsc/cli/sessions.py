"""Sessions as the command line makes them: flags to grants, search path and policy.

In: flags. Out: sessions, and `Interactive`, the session of the REPL.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from rtfs_runtime.host.grants import Grants
from rtfs_runtime.interface import EMPTY
from rtfs_runtime.loader import ModuleInstance
from rtfs_runtime.settings import ledger_of
from rtfs_runtime.userdirs import cache_directory
from rtfsc.cli.outcome import CommandError
from rtfsc.cli.policies import options_of, policy_of
from rtfsc.driver import compile_text, make_env
from rtfsc.hook import Session
from rtfsc.reports.render import remember_text
from rtfsc.units import Env


def grants_of(texts: Sequence[str] | None) -> Grants:
    """Read grants. Raises: CommandError."""
    try:
        return Grants.parse(texts or ())
    except ValueError as error:
        raise CommandError(str(error)) from None


def run_session(
    plan: str,
    allow: Sequence[str] | None,
    paths: Sequence[str] | None,
    policy: str | None,
    ledger: str | None = None,
) -> Session:
    """Make the session of `rtfsc run`: the search path is the file's folder, the working directory,
    `--path` (ruling 32)."""
    given: dict[str, Any] = {
        "grants": Grants.for_run(plan) | grants_of(allow),
        "cache_dir": cache_directory(),
        "ledger": ledger_of(ledger),
        "search_path": (os.path.dirname(os.path.abspath(plan)), os.getcwd(), *(paths or ())),
    }
    return Session(policy=policy_of(policy, plan), **given)


class Interactive:
    """One session in which texts are evaluated one after the other, each seeing what the ones before
    defined."""

    def __init__(self, allow: Sequence[str] | None, paths: Sequence[str] | None, policy: str | None) -> None:
        found = policy_of(policy)
        options = options_of(found)
        self._options = replace(options, interactive=True)
        env = make_env((os.getcwd(), *(paths or ())), options)
        grants = Grants.parse(("print", "time", "random")) | grants_of(allow)
        self._session = Session(modules=env.modules, policy=found, grants=grants)
        self._modules = env.modules
        self._instance = ModuleInstance("repl", EMPTY, "<repl>")
        self._count = 0
        self._docs: dict[str, str] = {}

    def evaluate(self, text: str) -> object:
        """Give the value of a text. Raises: CompileError, RtfsError."""
        known = frozenset(self.names_defined())
        self._count += 1
        name = f"<repl {self._count}>"
        remember_text(name, text)
        unit = compile_text(text, self._options, Env(self._modules, known_globals=known), name)
        self._instance.path = name
        self._docs.update((each.name, each.doc) for each in unit.artifact.interface.functions)
        return self._session.evaluate_in(self._instance, unit.artifact)

    def names_defined(self) -> list[str]:
        """Give what the texts so far defined or imported."""
        return [
            name for name in self._instance.globals if name[:1] not in "#:'" and not name.startswith("__")
        ]

    def names(self) -> list[str]:
        """Give every name in sight."""
        return [
            *self.names_defined(),
            *(name for name in self._session.namespace if not name.startswith("#")),
        ]

    def doc(self, name: str) -> str:
        """Give the documentation of a function that a text defined, or nothing."""
        return self._docs.get(name, "")

    def value(self, name: str) -> object:
        """Give what a name is bound to, None for nothing."""
        found: object = self._instance.globals.get(name, self._session.namespace.get(name))
        return found
