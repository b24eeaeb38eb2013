"""What lies between the tokens: comments and blanks, in a side table (ruling 20).

In: text. Out: `Comment` entries in source order, which fill every gap between tokens; `ParsedFile`.
Compilation never asks for it; a formatter and an editor service do.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple

from rtfsc.source import SourceFile
from rtfsc.syntax.forms import Form


class Comment(NamedTuple):
    """A comment or a run of blanks, as written. `is_blank` tells which."""

    text: str
    start: int
    end: int
    is_blank: bool

    @property
    def blank_lines(self) -> int:
        """Count the empty lines in a run of blanks."""
        return max(0, self.text.count("\n") - 1) if self.is_blank else 0


@dataclass(frozen=True, slots=True)
class ParsedFile:
    """The forms of a program; `comments` is empty unless they were asked for."""

    source: SourceFile
    forms: list[Form]
    comments: list[Comment]


_PIECES = re.compile(
    r"""([ \t\r\n,]+)|(;[^\n]*|\#\|[\s\S]*?\|\#)|"[^"\\]*+(?:\\[\s\S][^"\\]*+)*+"|[^ \t\r\n,;"#]+|."""
)


def find_trivia(text: str) -> list[Comment]:
    """List the comments and blanks of a text that reads without an error."""
    found = []
    for piece in _PIECES.finditer(text):
        if piece.lastindex is not None:
            found.append(Comment(piece[0], piece.start(), piece.end(), piece.lastindex == 1))
    return found
