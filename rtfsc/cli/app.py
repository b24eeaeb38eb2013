"""The command line as a whole: which commands there are, and what exit code a run ends with.

In: arguments. Out: an exit code: 0 done, 1 the user's program is wrong, 2 the command is wrong, 3 our bug.
A command is imported when it is called, each module `rtfsc.cli.NAME`.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib import import_module

from rtfsc.cli.arguments import Command, quick_arguments
from rtfsc.cli.outcome import DONE, INTERRUPTED, report

COMMANDS = ("new", "run", "build", "check", "repl", "eval", "explain", "trace", "dump")


def command_of(name: str) -> Command:
    """Import a command."""
    found: Command = import_module(f"rtfsc.cli.{name}").command
    return found


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
        if given and given[0] in COMMANDS:
            command = command_of(given[0])
            found = quick_arguments(command, given[1:])
            if found is not None:
                command(**found)
                return DONE
        # only now: see `rtfsc.cli.arguments`
        from rtfsc.cli.whole import app

        app(args=given, prog_name="rtfsc")
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else DONE
    return DONE
