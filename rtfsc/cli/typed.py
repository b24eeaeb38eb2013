"""Parameters of commands as `typer` wants them.

In: a command annotated with `rtfsc.cli.arguments`. Out: the same command, annotated with typer's own.
"""

from __future__ import annotations

from functools import wraps
from inspect import signature
from typing import Annotated, Any, get_args, get_type_hints

import typer

from rtfsc.cli.arguments import Argument, Command, Option


def for_typer(command: Command) -> Command:
    """Give a command that typer can read."""
    hints = {name: _hint(hint) for name, hint in get_type_hints(command, include_extras=True).items()}

    @wraps(command)
    def called(**given: Any) -> None:
        command(**given)

    declared = signature(command)
    parameters = [one.replace(annotation=hints[name]) for name, one in declared.parameters.items()]
    called.__signature__ = declared.replace(parameters=parameters)  # type: ignore[attr-defined]
    called.__annotations__ = hints
    return called


def _hint(hint: Any) -> Any:
    kind, *given = get_args(hint) or (hint,)
    match given:
        case [Argument(help=text, metavar=metavar)]:
            return Annotated[kind, typer.Argument(help=text, metavar=metavar)]
        case [Option(names=names, help=text, metavar=metavar, least=least, most=most)]:
            shown = typer.Option(*names.split(), help=text, metavar=metavar, min=least, max=most)
            return Annotated[kind, shown]
        case _:
            return hint
