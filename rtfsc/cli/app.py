"""The command line as a whole: which commands there are, and what exit code a run ends with.

In: arguments. Out: an exit code: 0 done, 1 the user's program is wrong, 2 the command is wrong, 3 our bug.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

import typer

from rtfsc.cli import arbiter, build, cache, check, dump, eval, explain, models, new, repl, run, trace, trust
from rtfsc.cli.outcome import DONE, INTERRUPTED, report

COMMANDS: Mapping[str, Callable[..., None]] = MappingProxyType(
    {
        "new": new.command,
        "run": run.command,
        "build": build.command,
        "check": check.command,
        "repl": repl.command,
        "eval": eval.command,
        "explain": explain.command,
        "trace": trace.command,
        "dump": dump.command,
    }
)
GROUPS: Mapping[str, typer.Typer] = MappingProxyType(
    {"arbiter": arbiter.app, "cache": cache.app, "models": models.app, "trust": trust.app}
)
_HIDDEN = frozenset({"dump"})

app = typer.Typer(
    name="rtfsc",
    help="Compile and run RTFS, the Lisp of AI agents' plans.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


@app.callback()
def options(
    whole: bool = typer.Option(
        False, "--traceback", help="Show the Python traceback when rtfsc itself fails."
    ),
) -> None:
    """Compile and run RTFS, the Lisp of AI agents' plans."""


for _name, _command in COMMANDS.items():
    app.command(_name, hidden=_name in _HIDDEN)(_command)
for _name, _group in GROUPS.items():
    app.add_typer(_group, name=_name)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command line and give its exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        code = _exit_code(given)
        sys.stdout.flush()
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # the reader has gone; nothing may be flushed to it at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
    except Exception as error:  # the border of the process: whatever comes is told, with its exit code
        return report(error, whole=given[:1] == ["--traceback"])
    return code


def _exit_code(given: list[str]) -> int:
    try:
        app(args=given, prog_name="rtfsc")
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else DONE
    return DONE
