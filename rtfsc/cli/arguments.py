"""What commands take, and the quick way from a plain command line to a call.

In: a command, whose parameters are annotated with `Option` and `Argument`, and the words after its name.
Out: what to call it with. Words that are not plainly right (`--help`, a flag nobody knows, one that is
missing) are left to `typer`, in `rtfsc.cli.whole`: it takes 50 ms to import and 60 more to read its first
arguments, longer than a program takes to compile.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any, Final, NamedTuple, get_args, get_type_hints

from rtfsc.cli.outcome import CommandError
from rtfsc.options import LEVELS

Command = Callable[..., None]


class Argument(NamedTuple):
    """A parameter that goes by its place; usage shows it as `metavar`."""

    help: str
    metavar: str | None = None


class Option(NamedTuple):
    """A parameter that goes by its names, between spaces; `least` and `most` bound a number."""

    names: str
    help: str
    metavar: str | None = None
    least: int | None = None
    most: int | None = None


Allow = Annotated[
    list[str] | None,
    Option(
        "--allow",
        help="Grant a capability: read:DIR, write:DIR, http:HOST, env:NAME, a capability's id.",
        metavar="GRANT",
    ),
]
SearchPath = Annotated[list[str] | None, Option("--path", help="Look for imports here too.", metavar="DIR")]
Level = Annotated[
    int,
    Option(
        "-O",
        help="How much to optimize: 0 nothing, 1 cheaply, 2 all.",
        metavar="LEVEL",
        least=0,
        most=LEVELS - 1,
    ),
]
Policy = Annotated[str | None, Option("--policy", help="The delegation.toml to go by.", metavar="FILE")]
Ledger = Annotated[
    str | None,
    Option(
        "--ledger",
        help="Where runs are recorded: FILE.jsonl, FILE.db, a folder, or `off`; else the user's last runs.",
        metavar="PLACE",
    ),
]


def check_file(path: str) -> None:
    """Refuse a file that is not there. Raises: CommandError."""
    if not os.path.exists(path):
        raise CommandError(f"there is no file {path}")


def quick_arguments(command: Command, words: Sequence[str]) -> dict[str, object] | None:
    """Give what a command is called with; None when the words are not plainly right."""
    try:
        return _Reader(command).read(words)
    except _NotPlain:
        return None


class _NotPlain(Exception):
    """Words that somebody else must look at."""


_MANY: Final = (list[str], list[str] | None)
_PLAIN: Final[dict[object, Callable[[str], object]]] = {str: str, str | None: str, Path: Path}


class _Reader:
    def __init__(self, command: Command) -> None:
        hints = get_type_hints(command, include_extras=True)
        del hints["return"]
        self._options: dict[str, tuple[str, object, Option]] = {}
        self._places: list[tuple[str, object]] = []
        for name, hint in hints.items():
            kind, given = get_args(hint)
            if isinstance(given, Option):
                self._options.update(dict.fromkeys(given.names.split(), (name, kind, given)))
            else:
                self._places.append((name, kind))
        optional = len(getattr(command, "__defaults__", None) or ())
        self._needed = set(list(hints)[: len(hints) - optional])

    def read(self, words: Sequence[str]) -> dict[str, object]:
        found: dict[str, Any] = {}
        places: list[str] = []
        rest = iter(words)
        for word in rest:
            if word[:1] == "-":
                self._option(word, rest, found)
            else:
                places.append(word)
        for name, kind in self._places:
            if places:
                taken, places = (places, []) if kind in _MANY else (places[:1], places[1:])
                found[name] = taken if kind in _MANY else _value(kind, taken[0])
        if places or not found.keys() >= self._needed:
            raise _NotPlain
        return found

    def _option(self, word: str, rest: Iterator[str], found: dict[str, Any]) -> None:
        long = word[:2] == "--"
        name, equals, text = word.partition("=") if long else (word[:2], word[2:], word[2:])
        if name not in self._options:
            raise _NotPlain
        parameter, kind, option = self._options[name]
        if not equals and kind is not bool:
            text = next(rest, "-")
            if text[:1] == "-":
                raise _NotPlain
        if kind in _MANY:
            found.setdefault(parameter, []).append(text)
        elif parameter in found or (equals and kind is bool):
            raise _NotPlain
        else:
            found[parameter] = True if kind is bool else _value(kind, text, option)


def _value(kind: object, text: str, option: Option | None = None) -> object:
    if kind in _PLAIN:
        return _PLAIN[kind](text)
    if kind is int and option is not None and text.isdecimal() and text.isascii():
        number = int(text)
        if (option.least or 0) <= number <= (number if option.most is None else option.most):
            return number
    raise _NotPlain
