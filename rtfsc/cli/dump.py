"""`rtfsc dump --after STAGE FILE`: what a stage gives, as text."""

from __future__ import annotations

import os
import sys
from difflib import get_close_matches
from typing import Annotated

from rtfsc.cli.arguments import Argument, Level, Option, check_file
from rtfsc.cli.outcome import CommandError
from rtfsc.driver import make_env
from rtfsc.dump import dump, stages
from rtfsc.options import DEFAULT, Options
from rtfsc.source import SourceFile


def command(
    file: Annotated[str, Argument(help="The source.", metavar="FILE")],
    after: Annotated[str, Option("--after", help="The stage.", metavar="STAGE")] = "lower",
    level: Level = DEFAULT.level,
) -> None:
    """Show what a stage of the compiler gives."""
    check_file(file)
    if after not in stages():
        near = get_close_matches(after, stages(), n=1)
        like = f", did you mean {near[0]}" if near else ""
        raise CommandError(f"there is no stage {after}{like}; stages: {', '.join(stages())}")
    with open(file, "rb") as data:
        source = SourceFile.from_bytes(file, data.read())
    options = Options(level=level)
    env = make_env((os.path.dirname(file) or ".",), options)
    sys.stdout.write(dump(source, after, options, env))
