"""Strings: rendering, joining, cutting, searching. Positions count code points.

In: strings (a timestamp, uuid or resource handle gives its text). Out: strings, numbers, booleans.
Regular expressions are in `regex`.
"""

from __future__ import annotations

from typing import Final

from rtfs_runtime.builtins.operands import index_error, integer, sequence, text_of
from rtfs_runtime.builtins.table import builtin
from rtfs_runtime.errors import type_error
from rtfs_runtime.limits import MAX_TEXT, check_items, check_text
from rtfs_runtime.numbers_text import SMALL, numbers_text
from rtfs_runtime.printer import to_str
from rtfs_runtime.values import Keyword, Symbol, kind_name

_MAP = "[:fn [:string] :string]"

BLANKS: Final = "".join(
    map(
        chr,
        (
            *range(0x9, 0xE),
            0x20,
            0x85,
            0xA0,
            0x1680,
            *range(0x2000, 0x200B),
            0x2028,
            0x2029,
            0x202F,
            0x205F,
            0x3000,
        ),
    )
)
"""Unicode White_Space: what Python strips but for U+001C to U+001F."""


_NUMBERS: Final = frozenset({int, float})
_SHORT: Final = 16
"""Characters of a separator that make no text too long, however many numbers it stands between."""


def _joined(between: str, values: tuple[object, ...]) -> str:
    """Join the texts of values, within the limit for all together."""
    if not values or values[0].__class__ is str:
        try:
            # most often all are strings; known before it is made: elements may be one text many times
            size = sum(map(len, values)) + len(between) * len(values)  # type: ignore[arg-type]
            if size > MAX_TEXT:
                check_text(size)
            return between.join(values)  # type: ignore[arg-type]
        except TypeError:
            # another is none
            pass
    kinds = {each.__class__ for each in values}
    if kinds <= _NUMBERS and len(between) <= _SHORT and (text := numbers_text(values, between)) is not None:  # type: ignore[arg-type]
        return text
    parts = _rendered(values)
    check_text(sum(map(len, parts)) + len(between) * len(parts))
    return between.join(parts)


def _rendered(values: tuple[object, ...]) -> list[str]:
    parts: list[str] = []
    for value in values:
        kind = value.__class__
        if kind is str:
            parts.append(value)  # type: ignore[arg-type]
        elif kind is int and -SMALL < value < SMALL:  # type: ignore[operator]
            parts.append(str(value))
        else:
            parts.append(to_str(value))
    return parts


@builtin(
    "str",
    "[:fn [& :any] :string]",
    intrinsic="str",
    raises=(),
    examples=(
        ('(str "id-" 7 :k nil true 2.5)', '"id-7:kniltrue2.5"'),
        ('(str ["x" 1])', '"["x" 1]"'),
        ("(str)", '""'),
    ),
)
def concatenate(*values: object) -> str:
    """Join the texts of all arguments; a string gives itself."""
    return to_str(values[0]) if len(values) == 1 else _joined("", values)


@builtin(
    "join",
    "[:fn [:string :any] :string]",
    aliases=("string-join",),
    examples=(('(join "-" [1 :b nil 2.0])', '"1-:b-nil-2"'), ('(join [1 2] ",")', "!TypeError")),
)
def join(separator: str, values: object) -> str:
    """Join the texts of the elements with a separator between them."""
    if separator.__class__ is str and values.__class__ is tuple:
        return _joined(separator, values)
    return _joined(text_of(separator, "join"), sequence(values, "join"))


@builtin(
    "split",
    "[:fn [:string? :string] [:vector :string]]",
    examples=(
        ('(split "x;;y;" ";")', '["x" "" "y" ""]'),
        ('(split "abc" "")', '["a" "b" "c"]'),
        ('(split nil ";")', '[""]'),
    ),
)
def split(value: str | None, delimiter: str) -> object:
    """Cut at a delimiter, which is no pattern; empty pieces stay. An empty delimiter cuts into characters."""
    text = "" if value is None else text_of(value, "split")
    between = text_of(delimiter, "split")
    pieces = text.split(between) if between else text
    check_items(len(pieces))
    return tuple(pieces)


@builtin(
    "lines",
    "[:fn [:string] [:vector :string]]",
    aliases=("split-lines",),
    examples=(('(lines "a\\nb\\n")', '["a" "b"]'),),
)
def lines(value: str) -> object:
    """Cut into lines, without their ends."""
    pieces = text_of(value, "lines").split("\n")
    if not pieces[-1]:
        pieces.pop()
    return tuple([piece.removesuffix("\r") for piece in pieces])


@builtin(
    "string-length",
    "[:fn [:string] :int]",
    aliases=("str-length",),
    examples=(('(string-length "naïve")', "5"), ("(string-length nil)", "!TypeError")),
)
def string_length(value: str) -> int:
    """Count the code points of a string."""
    return len(text_of(value, "string-length"))


@builtin(
    "substring",
    "[:fn [:string :int & :int?] :string]",
    aliases=("subs",),
    raises=("TypeError", "IndexOutOfBounds"),
    examples=(
        ('(substring "reference" 3)', '"erence"'),
        ('(substring "ab" 2)', '""'),
        ('(substring "ab" 1 5)', "!IndexOutOfBounds"),
    ),
)
def substring(value: str, start: int, end: int | None = None) -> str:
    """Cut from a position up to but excluding another; both must be in range."""
    text = text_of(value, "substring")
    integer(start, "substring")
    stop = len(text) if end is None else integer(end, "substring")
    if 0 <= start <= stop <= len(text):
        return text[start:stop]
    raise index_error(start, len(text))


@builtin(
    "string-contains",
    "[:fn [:string :string] :bool]",
    aliases=("string-contains?", "includes?"),
    examples=(('(string-contains "workflow" "flow")', "true"), ('(string-contains? nil "a")', "!TypeError")),
)
def string_contains(value: str, part: str) -> bool:
    """Tell whether a string has a part."""
    return text_of(part, "string-contains") in text_of(value, "string-contains")


@builtin(
    "starts-with?",
    "[:fn [:string? :string] :bool]",
    examples=(('(starts-with? "plan-7" "plan")', "true"), ('(starts-with? nil "plan")', "false")),
)
def starts_with(value: str | None, prefix: str) -> bool:
    """Tell whether a string begins with another; nil does not."""
    head = text_of(prefix, "starts-with?")
    return value is not None and text_of(value, "starts-with?").startswith(head)


@builtin(
    "string-upper",
    _MAP,
    aliases=("upper", "upper-case"),
    examples=(('(string-upper "straße")', '"STRASSE"'), ("(upper nil)", "!TypeError")),
)
def upper(value: str) -> str:
    """Turn letters into capitals."""
    return (value if value.__class__ is str else text_of(value, "string-upper")).upper()


@builtin(
    "string-lower",
    _MAP,
    aliases=("lower", "lower-case"),
    examples=(('(string-lower "ABC")', '"abc"'), ('(lower "ΟΔΟΣ")', '"οδος"')),
)
def lower(value: str) -> str:
    """Turn letters into small ones."""
    return (value if value.__class__ is str else text_of(value, "string-lower")).lower()


@builtin("capitalize", _MAP, examples=(('(capitalize "aBC")', '"Abc"'),))
def capitalize(value: str) -> str:
    """Turn the first letter into a capital and the others into small ones."""
    text = text_of(value, "capitalize")
    return text[:1].upper() + text[1:].lower()


@builtin(
    "string-trim",
    _MAP,
    aliases=("trim",),
    examples=(('(string-trim "  a b  ")', '"a b"'), ("(trim nil)", "!TypeError")),
)
def trim(value: str) -> str:
    """Drop white space at both ends."""
    return (value if value.__class__ is str else text_of(value, "string-trim")).strip(BLANKS)


@builtin("triml", _MAP, examples=(('(triml " a ")', '"a "'),))
def trim_left(value: str) -> str:
    """Drop white space at the start."""
    return text_of(value, "triml").lstrip(BLANKS)


@builtin("trimr", _MAP, examples=(('(trimr " a ")', '" a"'),))
def trim_right(value: str) -> str:
    """Drop white space at the end."""
    return text_of(value, "trimr").rstrip(BLANKS)


@builtin(
    "blank?",
    "[:fn [:string?] :bool]",
    examples=(('(blank? " \\t")', "true"), ('(blank? "a")', "false"), ("(blank? nil)", "true")),
)
def is_blank(value: str | None) -> bool:
    """Tell whether a string is nil, empty or white space only."""
    return value is None or not text_of(value, "blank?").strip(BLANKS)


@builtin(
    "replace",
    "[:fn [:string :string :string] :string]",
    aliases=("string-replace",),
    examples=(('(replace "a.b.c" "." "-")', '"a-b-c"'), ('(replace "ab" "" "x")', '"xaxbx"')),
)
def replace(value: str, old: str, new: str) -> str:
    """Replace every occurrence of a part, which is no pattern."""
    text, part, other = (text_of(each, "replace") for each in (value, old, new))
    growth = len(other) - len(part)
    if growth > 0:
        check_text(len(text) + growth * (text.count(part)))
    return text.replace(part, other)


@builtin(
    "keyword",
    "[:fn [[:union :string :keyword :symbol]] :keyword]",
    examples=(('(keyword "a")', ":a"), ("(keyword 5)", "!TypeError")),
)
def keyword(value: object) -> Keyword:
    """Make the keyword of a name."""
    if value.__class__ is str:
        # most names are those of keywords already: a call of the class takes three times as long
        return Keyword.interned(value) or Keyword(value)
    return Keyword(name_of(value, "keyword"))


@builtin(
    "name",
    "[:fn [[:union :string :keyword :symbol]] :string]",
    examples=(("(name :a/b)", '"b"'), ('(name "x")', '"x"')),
)
def name(value: object) -> str:
    """Give the name of a keyword or symbol without its namespace; a string gives itself."""
    text = name_of(value, "name")
    return text if isinstance(value, str) or text == "/" else text.rpartition("/")[2]


@builtin(
    "namespace",
    "[:fn [[:union :string :keyword :symbol]] :string?]",
    examples=(("(namespace :a/b)", '"a"'), ("(namespace :a)", "nil")),
)
def namespace(value: object) -> str | None:
    """Give the namespace of a keyword or symbol, or nil."""
    return name_of(value, "namespace").rpartition("/")[0] or None


def name_of(value: object, operation: str) -> str:
    """Give the text of a keyword, symbol or string."""
    if isinstance(value, str):
        return value
    if isinstance(value, (Keyword, Symbol)):
        return value.text
    raise type_error("string, keyword, or symbol", kind_name(value), operation)
