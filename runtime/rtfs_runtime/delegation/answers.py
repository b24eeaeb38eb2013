"""The text of a model as a value of the type that was asked for.

In: text and a type. Out: a value that conforms, or `AnswerError`, whose text can be shown to the model. Text
is JSON where the type has structure; labels, numbers and booleans may also stand bare. Keywords come from
strings where the type wants keywords.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping
from typing import Final

from rtfs_runtime.equality import equal
from rtfs_runtime.errors import RtfsError
from rtfs_runtime.jsontext import from_json
from rtfs_runtime.printer import display
from rtfs_runtime.types import (
    BOOL,
    INT,
    KEYWORD,
    STRING,
    Alias,
    And,
    Array,
    Enum,
    ListOf,
    MapOf,
    MapType,
    Tuple,
    Type,
    Union,
    Val,
    Vector,
    conforms,
    print_type,
)
from rtfs_runtime.values import Keyword, List, Symbol

_SHOWN_CHARS: Final = 200
_FENCE: Final = "```"


class AnswerError(Exception):
    """An answer is no value of the type."""


def read_answer(text: str, want: Type) -> object:
    """Read an answer.

    Raises: AnswerError.
    """
    bare = _unfenced(text)
    for candidate in _candidates(bare, want):
        value = _fit(candidate, want)
        if conforms(value, want):
            return value
    shown = bare if len(bare) <= _SHOWN_CHARS else bare[:_SHOWN_CHARS] + "…"
    raise AnswerError(f"the answer is no {print_type(want)}: {shown}")


def _candidates(text: str, want: Type) -> Iterable[object]:
    """Give what a text may mean, the likeliest first."""
    with contextlib.suppress(RtfsError):
        yield from_json(text)
    # a bare label or word; `nil` and the like are how the language itself writes
    if text in ("nil", "null", "none", "None", ""):
        yield None
    yield text
    yield text.lower()


def _unfenced(text: str) -> str:
    """Take white space and a Markdown fence from around an answer."""
    text = text.strip()
    if text.startswith(_FENCE) and text.endswith(_FENCE) and "\n" in text:
        text = text[text.index("\n") : -len(_FENCE)].strip()
    return text


def _fit(value: object, want: Type) -> object:
    """Bring a JSON value into the kinds of a type; what does not fit stays, for the check to find.

    Cost: as deep as the type.
    """
    match want:
        case Alias(_, target):
            return value if target is None else _fit(value, target)
        case And(base, _):
            return _fit(value, base)
        case Union(members):
            return next((fitted for kind in members if conforms(fitted := _fit(value, kind), kind)), value)
        case Enum(values):
            return _label(value, values)
        case Val(only):
            return _label(value, (only,))
        case Vector() | ListOf() | Array() | Tuple():
            return _fit_sequence(value, want)
        case MapType() | MapOf():
            return _fit_map(value, want) if isinstance(value, Mapping) else value
    return _fit_atom(value, want)


def _fit_atom(value: object, want: Type) -> object:
    if isinstance(value, str):
        if want is KEYWORD and value:
            return Keyword(value.removeprefix(":"))
        if want is BOOL and value in ("yes", "no"):
            return value == "yes"
        return value
    if want is STRING and value is not None and not isinstance(value, (tuple, List, Mapping)):
        return display(value)
    if want is INT and isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def _label(value: object, values: tuple[object, ...]) -> object:
    """Find the literal that is meant: itself, else the one that is written so."""
    for known in values:
        if equal(known, value):
            return known
    text = value if isinstance(value, str) else display(value)
    text = text.strip("\"'`. ").removeprefix(":")
    for known in values:
        written = (
            known.text
            if isinstance(known, (Keyword, Symbol))
            else known
            if isinstance(known, str)
            else display(known)
        )
        if written == text:
            return known
    return value


def _fit_sequence(value: object, want: Type) -> object:
    if not isinstance(value, (tuple, List)):
        return value
    items = tuple(value)
    match want:
        case Tuple(kinds):
            if len(kinds) != len(items):
                return value
            return tuple(_fit(item, kind) for item, kind in zip(items, kinds, strict=True))
        case ListOf(element):
            return List(_fit(item, element) for item in items)
        case Vector(element):
            return tuple(_fit(item, element) for item in items)
        case Array(element, shape) if len(shape) <= 1:
            return tuple(_fit(item, element) for item in items)
        case Array(element, shape):
            return tuple(_fit_sequence(item, Array(element, shape[1:])) for item in items)
    return value


def _fit_map(value: Mapping[object, object], want: MapType | MapOf) -> dict[object, object]:
    if isinstance(want, MapOf):
        return {_fit(key, want.key): _fit(item, want.value) for key, item in value.items()}
    known = {_written(key): (key, kind) for key, kind, _ in want.fields}
    keywords = any(isinstance(key, Keyword) for key, _, _ in want.fields)
    fitted: dict[object, object] = {}
    for given, item in value.items():
        key, kind = known.get(_written(given), (given, want.rest))
        if key is given and keywords and isinstance(given, str):
            key = Keyword(given)
        fitted[key] = item if kind is None else _fit(item, kind)
    return fitted


def _written(key: object) -> str:
    return key.text if isinstance(key, Keyword) else key if isinstance(key, str) else display(key)
