"""Atoms: what a run of characters without a bracket or blank means.

In: the text of one ATOM token. Out: the class of form to make and its value, or `AtomError`.
The kind is told by the first characters; the token table of language §1.3 is followed with maximal munch.
Names starting with `&`, quotes and brackets never get here: the lexer makes tokens of their own of them.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from math import inf, nan

from rtfs_runtime.errors import LimitExceeded
from rtfs_runtime.numbers_text import MAX_DIGITS, parse_int_text
from rtfs_runtime.values import Keyword, Resource, Timestamp, Uuid
from rtfsc.syntax.forms import ContextForm, Form, Literal, SymbolForm

Maker = Callable[..., Form]
Atom = tuple[Maker, object]
"""`(make, value)`: the form is `make(value, start, end)`."""


class AtomError(Exception):
    """A run of characters that is no atom.

    Shape: `instead` is a repaired spelling of the whole run where there is a likely one; `part` is the range
           of the offending characters inside the run, None for all of it.
    """

    def __init__(
        self, code: str, message: str, hint: str, instead: str = "", part: tuple[int, int] | None = None
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.hint = hint
        self.instead = instead
        self.part = part


_START = r"[A-Za-z_$+\-*/=<>!?%λ]"
_NEXT = r"[A-Za-z0-9_$+\-*/=<>!?%.λ]"
# `name@1.0` is the versioned name of a resource object, `v#` a fresh name of a template, a last `:` says that
# an annotation follows as a token of its own: `v:[:vector :int]`
_SYMBOL = re.compile(rf"(?![-+]\.[0-9]){_START}{_NEXT}*(?:@{_NEXT}+)?#?(?::{_NEXT}+)*:?|\.{_START}{_NEXT}*")
_NAME = re.compile(rf"{_START}{_NEXT}*(?::{_NEXT}+)*")
_INTEGER = re.compile(r"[-+]?[0-9]+")
_RADIX = re.compile(r"([-+]?)0(?:[xX]([0-9A-Fa-f]+)|[oO]([0-7]+)|[bB]([01]+))")
_FLOAT = re.compile(r"[-+]?[0-9]+(?:\.[0-9]+(?:[eE][-+]?[0-9]+)?|[eE][-+]?[0-9]+)")
_TIMESTAMP = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2})(?:[._][0-9]{3})?Z")
_UUID = re.compile(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
_ESCAPE = re.compile(
    r"\\(?:u([dD][89abAB][0-9A-Fa-f]{2})\\u([dD][c-fC-F][0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4})|([\s\S]))"
)
_ESCAPED = {'"': '"', "\\": "\\", "/": "/", "n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f"}
_CONSTANTS: dict[str, Atom] = {
    "nil": (Literal, None),
    "true": (Literal, True),
    "false": (Literal, False),
    "##Inf": (Literal, inf),
    "##-Inf": (Literal, -inf),
    "##NaN": (Literal, nan),
    ":": (SymbolForm, ":"),
    "&": (SymbolForm, "&"),
}
_RESOURCE = "resource://"
_DIGITS = frozenset("0123456789")
_UUID_LENGTH = 36


def read_atom(text: str) -> Atom:
    """Tell what a run of characters means.

    Raises: AtomError, when it means nothing.
    """
    first = text[0]
    if first == '"':
        return Literal, _unescape(text)
    found = _CONSTANTS.get(text)
    if found is not None:
        return found
    if first == ":":
        return _keyword(text)
    if len(text) == _UUID_LENGTH and _UUID.fullmatch(text):
        return Literal, Uuid(text)
    if first in _DIGITS or (first in "+-" and len(text) > 1 and text[1] in _DIGITS):
        return Literal, _number(text)
    if first == "@":
        return _context(text)
    if text.startswith(_RESOURCE) and len(text) > len(_RESOURCE):
        return Literal, Resource(text)
    if _SYMBOL.fullmatch(text):
        return SymbolForm, text
    raise _bad_name(text)


def _keyword(text: str) -> Atom:
    if _NAME.fullmatch(text, 1) and not _signed_digit(text[1:3]):
        return Literal, Keyword(text[1:])
    stripped = text.strip(":")
    instead = f":{stripped}" if _NAME.fullmatch(stripped) else ""
    hint = "Keywords start with : followed by a name that does not start with a digit → :name"
    if instead and text.endswith(":"):
        hint = f"A keyword has its colon in front only → {_short(instead)}"
    raise AtomError("E004", f"Invalid keyword '{_short(text)}'", hint, instead)


def _signed_digit(text: str) -> bool:
    return text[:1] in ("+", "-") and text[1:2].isdigit()


def _context(text: str) -> Atom:
    name = text[2:] if text.startswith("@:") else text[1:]
    if _NAME.fullmatch(name):
        return ContextForm, name
    raise AtomError(
        "E005",
        f"Invalid context access '{_short(text)}'",
        "@ must be followed by a name or a keyword → @plan-id",
    )


def _number(text: str) -> object:
    try:
        if _INTEGER.fullmatch(text):
            return parse_int_text(text)
        if radix := _RADIX.fullmatch(text):
            return _radix_integer(radix)
    except LimitExceeded:
        raise AtomError(
            "E403",
            f"Integer literal with more than {MAX_DIGITS} digits",
            f"A number in a program has at most {MAX_DIGITS} digits → compute it, or read it from a file",
        ) from None
    if _FLOAT.fullmatch(text):
        return float(text)
    if time := _TIMESTAMP.fullmatch(text):
        return _timestamp(text, time[1])
    raise _bad_number(text)


def _radix_integer(found: re.Match[str]) -> int:
    sign, hexadecimal, octal, binary = found.groups()
    digits = hexadecimal or octal or binary
    if len(digits) > MAX_DIGITS:
        raise LimitExceeded("integer digits", str(MAX_DIGITS))
    value = int(digits, 16 if hexadecimal else 8 if octal else 2)
    return -value if sign == "-" else value


def _timestamp(text: str, instant: str) -> Timestamp:
    try:
        datetime.fromisoformat(instant)
    except ValueError as error:
        raise AtomError(
            "E006",
            f"Impossible timestamp '{text}': {error}",
            "A timestamp is a date and time that exist, in UTC → 2026-01-02T03:04:05Z",
        ) from None
    return Timestamp(text)


def _bad_number(text: str) -> AtomError:
    hint, instead = "A number is an integer or a float; a name cannot start with a digit → 42, 1.5, 1e5", ""
    if "/" in text:
        hint = "There are no ratio literals → (/ 1 2)"
    elif text.endswith(".") and _INTEGER.fullmatch(text[:-1]):
        instead = text + "0"
        hint = f"A float has digits on both sides of the dot → {_short(instead)}"
    elif "_" in text and _INTEGER.fullmatch(text.replace("_", "")):
        instead = text.replace("_", "")
        hint = f"Digits are written without separators → {_short(instead)}"
    elif re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}.*", text):
        hint = "A timestamp has a date, a time and Z; a date alone is a string → 2026-01-02T03:04:05Z"
    return AtomError("E002", f"Invalid number '{_short(text)}'", hint, instead)


def _bad_name(text: str) -> AtomError:
    if text[0] == "#":
        return _bad_hash(text)
    if text[0] == "\\":
        return AtomError(
            "E003",
            f"Unexpected character '\\' in '{_short(text)}': there are no character literals",
            'A character is a string of length one → "a"',
        )
    if re.fullmatch(r"[-+]?\.[0-9].*", text):
        instead = text.replace(".", "0.", 1)
        return AtomError(
            "E002",
            f"Invalid number '{_short(text)}'",
            f"A float has digits on both sides of the dot → {_short(instead)}",
            instead,
        )
    found = _SYMBOL.match(text)
    at = found.end() if found else 0
    char = text[at : at + 1]
    shown = f"'{char}'" if char.isprintable() else f"U+{ord(char):04X}"
    hint = "Names consist of ASCII letters, digits and _ $ + - * / = < > ! ? % ."
    if char == "'":
        hint = 'Strings need double quotes; a quote stands before a form, after a blank → "text"'
    elif char in "“”„«»":
        hint = 'Strings need straight double quotes → "text"'
    elif char.isspace() or not char.isprintable():
        hint = "Only space, tab, line end and comma are blanks → retype the blank at this place"
    elif char == "&":
        hint = "& stands alone, before the name that takes the rest → [a & rest]"
    return AtomError("E003", f"Unexpected character {shown} in '{_short(text)}'", hint, part=(at, at + 1))


def _bad_hash(text: str) -> AtomError:
    if text == "#":
        return AtomError(
            "E003",
            "Unexpected character '#': there are no set literals and no regular-expression literals",
            'Only #( and a block comment start with # → (set [1 2]), or a string "a+" for a pattern',
        )
    if text.startswith("#_"):
        return AtomError(
            "E003", "Unexpected '#_': there is no discard mark", "Comment a form out → #| form |#"
        )
    if text.startswith("##"):
        return AtomError("E002", f"Invalid number '{_short(text)}'", "Special floats → ##Inf, ##-Inf, ##NaN")
    return AtomError(
        "E003",
        f"Unexpected character '#' in '{_short(text)}'",
        "Only #( and a block comment start with # → #(+ % 1)",
    )


def _unescape(text: str) -> str:
    if "\\" not in text:
        return text[1:-1]
    return _ESCAPE.sub(_escaped, text[1:-1])


def _escaped(found: re.Match[str]) -> str:
    high, low, unit, char = found.groups()
    if high is not None:
        return chr(0x10000 + ((int(high, 16) - 0xD800) << 10) + int(low, 16) - 0xDC00)
    if char in _ESCAPED:
        return _ESCAPED[char]
    # the opening quote was cut off
    part = (found.start() + 1, found.end() + 1)
    message = f"Invalid escape sequence '{_short(found[0])}' in string"
    if char == "u":
        raise AtomError("E007", message, "\\u is followed by four hexadecimal digits → \\u00e9", part=part)
    if char is not None:
        hint = 'Escapes are \\" \\\\ \\/ \\n \\t \\r \\b \\f \\uXXXX → \\\\ for a backslash'
        raise AtomError("E007", message, hint, part=part)
    code = int(unit, 16)
    if 0xD800 <= code <= 0xDFFF:
        hint = "A character beyond U+FFFF is written as itself or as two escapes → \\ud83d\\ude42"
        raise AtomError("E007", message + ": half of a surrogate pair", hint, part=part)
    return chr(code)


def _short(text: str) -> str:
    shown = text if len(text) <= 40 else text[:37] + "..."
    return "".join(char if char.isprintable() else "\ufffd" for char in shown)
