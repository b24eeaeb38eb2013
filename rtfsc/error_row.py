"""One row of the catalogue of errors.

In: nothing. Out: `ErrorRow`.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

Stage = Literal["parse", "compile", "load", "warning"]


class ErrorRow(NamedTuple):
    """What a code means; `wrong` and `right` are a program that has the error and the same one without it."""

    title: str
    stage: Stage
    explanation: str
    wrong: str
    right: str
