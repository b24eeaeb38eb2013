"""The whole command line for `typer`: help, usage, and reports of words that are wrong.

In: the commands, as they are declared. Out: `app`.
"""

from __future__ import annotations

import typer

from rtfsc.cli import arbiter, cache, models, trust
from rtfsc.cli.app import COMMANDS, command_of
from rtfsc.cli.typed import for_typer

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


for _name in COMMANDS:
    app.command(_name, hidden=_name in _HIDDEN)(for_typer(command_of(_name)))
app.add_typer(arbiter.app, name="arbiter")
app.add_typer(cache.app, name="cache")
app.add_typer(models.app, name="models")
app.add_typer(trust.app, name="trust")
