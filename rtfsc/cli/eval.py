"""`rtfsc eval`: evaluate an expression, or serve evaluations a line at a time.

In: `-e TEXT`, or JSON lines on standard input with `--jsonl`. Out: the value, or a JSON line each. Source:
rulings 31 and 10.
"""

from __future__ import annotations

import sys
from typing import Annotated

from rtfsc.cli import untrusted
from rtfsc.cli.arguments import Option
from rtfsc.cli.outcome import CommandError
from rtfsc.worker.protocol import DEFAULT_TIMEOUT_S, Request
from rtfsc.worker.server import serve


def command(
    expression: Annotated[
        str | None, Option("-e --expression", help="The text to evaluate.", metavar="TEXT")
    ] = None,
    jsonl: Annotated[
        bool, Option("--jsonl", help="Read requests from standard input, a JSON object a line.")
    ] = False,
    allow: Annotated[list[str] | None, Option("--allow", help="Grant a capability.", metavar="GRANT")] = None,
    timeout_s: Annotated[
        float, Option("--timeout", help="Seconds one evaluation may take.")
    ] = DEFAULT_TIMEOUT_S,
) -> None:
    """Evaluate text in a child process with limits, with no grants but --allow."""
    if jsonl:
        serve(sys.stdin.buffer, sys.stdout.buffer)
        return
    if expression is None:
        raise CommandError("give the text to evaluate: rtfsc eval -e '(+ 1 2)', or --jsonl")
    if timeout_s <= 0:
        raise CommandError("--timeout takes a number of seconds above 0")
    raise SystemExit(
        untrusted.run_text(Request(None, expression, grants=tuple(allow or ()), timeout_s=timeout_s))
    )
