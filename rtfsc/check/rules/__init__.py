"""What builtins give, by families; `of_builtin` and `of_keyword` are what inference asks.

In: operands. Out: outcomes.
"""

from __future__ import annotations

from rtfsc.check.rules import loops, maps, numbers, sequences
from rtfsc.check.rules.maps import of_keyword
from rtfsc.check.rules.table import (
    CALLS_OPERANDS,
    ITERABLE,
    NOTHING,
    RULES,
    Outcome,
    accepted,
    asked,
    implied,
    of_builtin,
    signature,
)

__all__ = [
    "CALLS_OPERANDS", "ITERABLE", "NOTHING", "RULES", "Outcome", "accepted", "asked", "implied", "loops",
    "maps", "numbers", "of_builtin", "of_keyword", "sequences", "signature",
]  # fmt: skip
