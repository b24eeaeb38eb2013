"""Numbers to text and back.

In: an int or a float, or digits. Out: text as display and JSON want it, or the number.
Integers of up to 100,000 digits are converted in pieces that stay below every limit the process may have
set for `int` and `str`; more digits exceed a limit (ruling 8). Source: stdlib §1.2, §10.3.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from rtfs_runtime.errors import LimitExceeded

MAX_DIGITS: Final = 100_000
_PIECE: Final = 512
"""Digits per piece: below 640, the least value that the process-wide limit can have."""
_SMALL_BITS: Final = 1_700
"""Bits that surely give no more than `_PIECE` digits."""
_MOST_BITS: Final = 332_193
"""Bits of 10**100,000 - 1: the cheap test before the exact one."""


def int_text(number: int) -> str:
    """Write an integer in decimal.

    Raises: LimitExceeded beyond 100,000 digits.
    Cost:   40 ms at 100,000 digits.
    """
    if -(1 << 63) <= number < 1 << 63:
        return str(number)
    bits = number.bit_length()
    if bits <= _SMALL_BITS:
        return str(number)
    if bits > _MOST_BITS:
        raise _too_long()
    text = _digits(abs(number)).lstrip("0")
    if len(text) > MAX_DIGITS:
        raise _too_long()
    return "-" + text if number < 0 else text


def _too_long() -> LimitExceeded:
    return LimitExceeded("integer digits", str(MAX_DIGITS))


def _digits(number: int) -> str:
    """Halve until pieces are small: the depth is the logarithm of the length."""
    powers = [10**_PIECE]
    while powers[-1] <= number:
        powers.append(powers[-1] * powers[-1])
    pieces = [number]
    for level in range(len(powers) - 1, -1, -1):
        halves: list[int] = []
        for piece in pieces:
            halves.extend(divmod(piece, powers[level]))
        pieces = halves
    return "".join(str(piece).rjust(_PIECE, "0") for piece in pieces)


def parse_int_text(text: str) -> int:
    """Read a decimal integer: an optional sign and ASCII digits, which the caller has checked.

    Raises: LimitExceeded beyond 100,000 digits.
    """
    if len(text) <= _PIECE:
        return int(text)
    digits = text.lstrip("+-").lstrip("0")
    if len(digits) > MAX_DIGITS:
        raise _too_long()
    digits = digits.rjust(-(-len(digits) // _PIECE) * _PIECE, "0")
    pieces = [int(digits[at : at + _PIECE]) for at in range(0, len(digits), _PIECE)]
    power = 10**_PIECE
    while len(pieces) > 1:
        if len(pieces) % 2:
            pieces.insert(0, 0)
        pieces = [high * power + low for high, low in zip(pieces[::2], pieces[1::2], strict=True)]
        power *= power
    number = pieces[0] if pieces else 0
    return -number if text.startswith("-") else number


def float_text(number: float) -> str:
    """Write the shortest digits that round-trip, positional, without a trailing `.0`."""
    if number != number:
        return "NaN"
    text = repr(number)
    if "e" not in text:
        return text.removesuffix(".0")
    mantissa, _, exponent = text.partition("e")
    sign = "-" if mantissa.startswith("-") else ""
    whole, _, fraction = mantissa.lstrip("-").partition(".")
    shift = int(exponent)
    if shift < 0:
        return f"{sign}0.{'0' * (-shift - 1)}{whole}{fraction}"
    return sign + whole + fraction.ljust(shift, "0")


SMALL: Final = 1 << 62
"""Integers below it, and above its negative, are written by Python whatever limit the process has set."""


def numbers_text(numbers: Sequence[int | float], separator: str) -> str | None:
    """Write integers and floats one after the other, as `int_text` and `float_text` do, in C.

    None where a number is large, not finite, or so small that it would have an exponent.
    """
    if max(numbers) < SMALL and min(numbers) > -SMALL:
        text = repr([*numbers])[1:-1] + ","
        # the "n" of an infinity or a NaN
        if "e" not in text and "n" not in text:
            return text.replace(".0,", ",")[:-1].replace(", ", separator)
    return None


def json_float_text(number: float) -> str:
    """Write a finite float as JSON: always with a point or an exponent; positional from 1e-5 up to 1e16."""
    text = repr(number)
    mantissa, mark, exponent = text.partition("e")
    if not mark:
        return text
    if 1e-5 <= abs(number) < 1e16:
        return float_text(number)
    return f"{mantissa}e{int(exponent)}"
