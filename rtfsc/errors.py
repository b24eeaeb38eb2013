"""The codes of everything the compiler can say about a program.

In: nothing. Out: `ERRORS`, from a code to its title, the stage that reports it, and an explanation for
`rtfsc explain CODE`. To add an error, add one row. Messages for a given place are made where it is found.

E0xx reading, E1xx malformed forms, E2xx names, macros, modules and delegation marks, E3xx types, E4xx limits,
E5xx artifacts and tool, W0xx warnings.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal, NamedTuple

Stage = Literal["parse", "compile", "warning"]


class ErrorRow(NamedTuple):
    """What a code means; `wrong` and `right` are a program that has the error and the same one without it."""

    title: str
    stage: Stage
    explanation: str
    wrong: str
    right: str


_ROWS: dict[str, ErrorRow] = {}


ERRORS: Mapping[str, ErrorRow] = MappingProxyType(_ROWS)
