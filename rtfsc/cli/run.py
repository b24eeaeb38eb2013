"""`rtfsc run FILE [ARGUMENTS]`: run a plan.

In: a file, arguments for its `main`, flags. Out: the value on standard output unless nil; with `--trace`
the tree of what was done on standard error. Source: design §9 (protocol of `run`), ruling 32.
"""

from __future__ import annotations

import sys
from typing import Annotated

from rtfs_runtime.errors import RtfsError
from rtfs_runtime.printer import display
from rtfs_runtime.trace import render_tree
from rtfsc.cli import untrusted
from rtfsc.cli.arguments import Allow, Argument, Ledger, Option, Policy, SearchPath, check_file
from rtfsc.cli.outcome import CommandError
from rtfsc.cli.sessions import run_session


def command(
    file: Annotated[str, Argument(help="The plan: FILE.rtfs or FILE.rtfsc.", metavar="FILE")],
    arguments: Annotated[
        list[str] | None, Argument(help="What `main` gets, as strings.", metavar="[ARG]...")
    ] = None,
    plan: Annotated[
        str | None,
        Option("--plan", help="Run the `:program` of this plan object instead.", metavar="NAME"),
    ] = None,
    allow: Allow = None,
    path: SearchPath = None,
    policy: Policy = None,
    trace: Annotated[bool, Option("--trace", help="Show what was decided, asked and done.")] = False,
    ledger: Ledger = None,
    isolated: Annotated[
        bool,
        Option(
            "--untrusted",
            help="Run in a child process with limits of memory and time, with no grants but --allow.",
        ),
    ] = False,
) -> None:
    """Run a plan: call its `main`, or give its last value."""
    check_file(file)
    if isolated and plan is not None:
        raise CommandError("--untrusted runs `main`, not a plan: leave --plan or --untrusted out")
    if isolated:
        raise SystemExit(untrusted.run_file(file, arguments or [], allow or []))
    session = run_session(file, allow, path, policy, ledger)
    try:
        result = session.run(file, plan, arguments or ())
    except RtfsError:
        if trace:
            sys.stderr.write(render_tree(session.last_trace))
        raise
    sys.stdout.flush()
    if trace:
        sys.stderr.write(render_tree(result.trace))
    if result.value is not None:
        print(display(result.value))
    session.close()
