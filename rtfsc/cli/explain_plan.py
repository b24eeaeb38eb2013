"""What `rtfsc explain` says of plans: who executes a function, and why; what the policy says.

In: the name of a plan, or of a function in one, or `policy`. Out: a page, from the interface of the module
and the policy.
"""

from __future__ import annotations

import os
from collections.abc import Sequence

from rtfs_runtime.cache.l4_artifact import local_artifacts
from rtfs_runtime.modulepath import find_file, find_module
from rtfs_runtime.providers.tables import nearest
from rtfsc.cli.arguments import check_file
from rtfsc.cli.outcome import CommandError
from rtfsc.cli.policies import options_of, policy_of
from rtfsc.decisions import decisions
from rtfsc.driver import make_env
from rtfsc.reports.compiled import why_compiled
from rtfsc.reports.decisions import explain_all, explain_decision, explain_policy


def explain_plan(thing: str, paths: Sequence[str], policy: str | None) -> str | None:
    """Give the page of a policy, a plan, or a function in one; None for a thing that is none of them."""
    if thing == "policy":
        return explain_policy(policy_of(policy))
    file, colon, name = thing.rpartition(".rtfs:")
    if colon or thing.endswith(".rtfs"):
        file, name = (f"{file}.rtfs", name) if colon else (thing, "")
        check_file(file)
        folders = (os.path.dirname(os.path.abspath(file)), os.getcwd(), *paths)
        place = find_file(os.path.dirname(file), os.path.splitext(os.path.basename(file))[0])
    else:
        module, _, name = thing.rpartition("/")
        folders = (os.getcwd(), *paths)
        place = find_module(module, folders) if module and name else None
    if place is None:
        return None
    found = policy_of(policy, place.path)
    options = options_of(found)
    modules = make_env(folders, options).modules
    compiled = (
        ""
        if place.source_path is None
        else f"compiled: {why_compiled(place, modules, options.key_text(), local_artifacts())}"
    )
    artifact, file = modules.fetch_place(place)
    stem = os.path.splitext(os.path.basename(file))[0]
    decided = list(decisions(artifact, stem, found))
    if not name:
        return f"{explain_all(decided)}\n\n{compiled}"
    about = [each for each in decided if each.function.name == name]
    if not about:
        names = dict.fromkeys(each.function.name for each in decided)
        raise CommandError(f"{file} defines no function `{name}`{nearest(name, names)}")
    return "\n\n".join(explain_decision(each, file, found) for each in about)
