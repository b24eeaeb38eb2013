"""Limits that are checked before memory is spent: sizes nobody's program needs and every process survives.

In: the size that an operation is about to build. Out: nothing, or LimitExceeded, which no `catch`
sees (ruling 10). They bound what one operation builds. A loop that adds an element, or a digit, at every turn
is bounded by the memory and the time of its process: a look at each turn would cost every loop.
"""

from __future__ import annotations

from typing import Final

from rtfs_runtime.errors import LimitExceeded

MAX_ITEMS: Final = 1 << 24
"""Elements of one collection: 134 MB of references."""

MAX_TEXT: Final = 1 << 28
"""Characters of one string."""

MAX_INTEGER_BITS: Final = 1 << 23
"""Bits of an integer made by `pow`, `factorial` or `*`: 2.5 million digits, computed in about a second."""


def check_items(count: int) -> None:
    """Refuse a collection of more than `MAX_ITEMS` elements."""
    if count > MAX_ITEMS:
        raise LimitExceeded("memory", f"at most {MAX_ITEMS} elements in a collection")


def check_text(length: int) -> None:
    """Refuse a string of more than `MAX_TEXT` characters."""
    if length > MAX_TEXT:
        raise LimitExceeded("memory", f"at most {MAX_TEXT} characters in a string")


def check_bits(bits: float) -> None:
    """Refuse an integer of more than `MAX_INTEGER_BITS` bits."""
    if bits > MAX_INTEGER_BITS:
        raise LimitExceeded("memory", f"at most {MAX_INTEGER_BITS} bits in an integer")
