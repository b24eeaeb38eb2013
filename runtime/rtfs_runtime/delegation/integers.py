"""Ranges of integers as grammars.

In: bounds. Out: the body of a GBNF rule that accepts exactly the decimal texts of the integers between them,
up to 40 digits where a side is open.
"""

from __future__ import annotations

from typing import Final

_DIGITS: Final = 40
_MOST: Final = 10**_DIGITS - 1


def integer_rule(low: int | None, high: int | None) -> str:
    """Write the rule; bounds beyond 40 digits count as 40 digits."""
    least = -_MOST if low is None else max(low, -_MOST)
    greatest = _MOST if high is None else min(high, _MOST)
    parts: list[str] = []
    if least < 0:
        below = _between(max(1, -greatest), -least)
        parts.append(f'"-" ({" | ".join(below)})')
    if least <= 0 <= greatest:
        parts.append('"0"')
    if greatest > 0:
        parts += _between(max(1, least), greatest)
    # no integer at all: any, which the reader will refuse with its reason
    return " | ".join(parts) or '"-"? [0-9]{1,40}'


def _between(low: int, high: int) -> list[str]:
    """Write the positive integers from one bound to the other, one alternative a pattern of digits."""
    found: list[str] = []
    if low > high:
        return found
    if len(str(low)) < len(str(high)):
        first, last = len(str(low)), len(str(high))
        found += _same_length(str(low), "9" * first)
        if last - first > 1:
            found.append(f"[1-9] [0-9]{{{first},{last - 2}}}")
        return [*found, *_same_length("1" + "0" * (last - 1), str(high))]
    return _same_length(str(low), str(high))


def _same_length(low: str, high: str) -> list[str]:
    """Write the texts of one length from `low` to `high`."""
    if not low:
        return [""]
    if low[0] == high[0]:
        return [f'"{low[0]}" {rest}'.strip() for rest in _same_length(low[1:], high[1:])]
    size = len(low) - 1
    found: list[str] = []
    first, last = int(low[0]), int(high[0])
    if low[1:] != "0" * size:
        found += [f'"{low[0]}" {rest}'.strip() for rest in _same_length(low[1:], "9" * size)]
        first += 1
    upper: list[str] = []
    if high[1:] != "9" * size:
        upper = [f'"{high[0]}" {rest}'.strip() for rest in _same_length("0" * size, high[1:])]
        last -= 1
    if first <= last:
        tail = f" [0-9]{{{size}}}" if size else ""
        found.append(f"[{first}-{last}]{tail}")
    return [*found, *upper]
