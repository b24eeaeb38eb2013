"""Conversions between kinds, and JSON.

In: any value, or text. Out: numbers, booleans, JSON text, values. The JSON work is `rtfs_runtime.jsontext`'s,
imported at the first use: with `json` and `re` it takes 2 ms of a warm start.
"""

from __future__ import annotations

from typing import Final

from rtfs_runtime.builtins.arithmetic import to_double, truncate
from rtfs_runtime.builtins.table import builtin, spellings
from rtfs_runtime.builtins.text import BLANKS
from rtfs_runtime.limits import MAX_TEXT
from rtfs_runtime.numbers_text import parse_int_text

_FEW: Final = 16
"""Digits that are read at once, whatever limit the process has set."""


@builtin(
    "parse-int",
    "[:fn [:any] :int?]",
    raises=(),
    examples=(
        ('(parse-int " -12 ")', "-12"),
        ('(parse-int "12.0")', "nil"),
        ("(parse-int 3.9)", "3"),
        ("(parse-int true)", "nil"),
    ),
)
def parse_int(value: object) -> int | None:
    """Read an integer from text, or convert a float; nil for anything else."""
    if isinstance(value, str):
        if len(value) <= _FEW and value.isdigit() and value.isascii():
            return int(value)
        text = value.strip(BLANKS)
        digits = text[1:] if text[:1] in ("+", "-") else text
        return parse_int_text(text) if digits.isascii() and digits.isdigit() else None
    if isinstance(value, float):
        return truncate(value)
    return value if value.__class__ is int else None


@builtin(
    "parse-float",
    "[:fn [:any] :float?]",
    raises=(),
    examples=(
        ('(parse-float ".5")', "0.5"),
        ('(parse-float "abc")', "nil"),
        ("(type-name (parse-float 7))", '"float"'),
    ),
)
def parse_float(value: object) -> float | None:
    """Read a float from text, or convert an integer; nil for anything else."""
    if isinstance(value, str):
        text = value.strip(BLANKS)
        # what Python's float() takes beyond the language: underscores, other digits, its own idea of blanks
        if not text.isascii() or "_" in text or text != text.strip():
            return None
        try:
            return float(text)
        except ValueError:
            return None
    if isinstance(value, float):
        return value
    return to_double(value) if value.__class__ is int else None


@builtin(
    "int",
    "[:fn [:any] :int]",
    raises=(),
    examples=(
        ('(int "42")', "42"),
        ('(int "4.9")', "0"),
        ("(int -3.9)", "-3"),
        ("(int true)", "1"),
        ("(int ##Inf)", "9223372036854775807"),
    ),
)
def to_int(value: object) -> int:
    """Convert to an integer; what has none gives 0."""
    if isinstance(value, bool):
        return int(value)
    return parse_int(value) or 0


@builtin(
    "float",
    "[:fn [:any] :float]",
    raises=(),
    examples=(('(float "2.5")', "2.5"), ('(float "x")', "0"), ("(type-name (float true))", '"float"')),
)
def to_float(value: object) -> float:
    """Convert to a float; what has none gives 0.0."""
    if isinstance(value, bool):
        return float(value)
    found = parse_float(value)
    return 0.0 if found is None else found


@builtin(
    "bool",
    "[:fn [:any] :bool]",
    aliases=("boolean",),
    fails=False,
    examples=(("(bool nil)", "false"), ("(bool 0)", "true")),
)
def to_bool(value: object) -> bool:
    """Tell whether a value is truthy."""
    return value is not None and value is not False


@builtin(
    "serialize-json",
    "[:fn [:any] :string]",
    aliases=spellings("serialize-json"),
    raises=("Generic",),
    examples=(
        ('(serialize-json {:b 1 :a [nil true] "c" 4.0})', '"{"a":[null,true],"b":1,"c":4.0}"'),
        ("(serialize-json :kw)", "!Generic"),
    ),
)
def serialize_json(value: object) -> str:
    """Write a value as compact JSON; keywords as keys lose their colon."""
    from rtfs_runtime.jsontext import to_json

    return to_json(value, limit=MAX_TEXT)


@builtin(
    "serialize-json-pretty",
    "[:fn [:any] :string]",
    aliases=spellings("serialize-json-pretty"),
    raises=("Generic",),
    examples=(("(serialize-json-pretty [[] {}])", '"[\n  [],\n  {}\n]"'),),
)
def serialize_json_pretty(value: object) -> str:
    """Write a value as JSON with an element per line."""
    from rtfs_runtime.jsontext import to_json

    return to_json(value, True, limit=MAX_TEXT)


@builtin(
    "parse-json",
    "[:fn [:string] :any]",
    aliases=spellings("parse-json"),
    raises=("TypeError", "Generic"),
    examples=(
        ('(parse-json "[1, 2.5, null]")', "[1 2.5 nil]"),
        ('(parse-json "{\\"a\\": 1}")', '{"a" 1}'),
        ('(parse-json "[1,]")', "!Generic"),
        ("(parse-json nil)", "!TypeError"),
    ),
)
def parse_json(text: str) -> object:
    """Read a value from JSON text; the keys of objects are strings."""
    from rtfs_runtime.jsontext import from_json

    return from_json(text)
