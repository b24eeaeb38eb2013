"""The text of a model as a value of the type that was asked for, and such a value as text.

In: text and a type. Out: a value that conforms, or `AnswerError`, whose text can be shown to the model. Text
is JSON where the type has structure; labels, numbers and booleans may also stand bare. Keywords come from
strings where the type wants keywords. `write_answer` gives the text that a model should answer with.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterable, Mapping
from typing import Final

from rtfs_runtime.equality import equal
from rtfs_runtime.errors import RtfsError
from rtfs_runtime.jsontext import from_json
from rtfs_runtime.maps import is_map
from rtfs_runtime.printer import display
from rtfs_runtime.providers.labels import label_text, label_texts
from rtfs_runtime.types import (
    BOOL,
    INT,
    KEYWORD,
    STRING,
    SYMBOL,
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
    unfold,
)
from rtfs_runtime.values import Keyword, List, Symbol, Timestamp, Uuid
from rtfs_runtime.vectors import is_vector

_SHOWN_CHARS: Final = 200
_DEEPEST: Final = 100
_INT_CHARS: Final = 1000
_FENCE: Final = "```"


class AnswerError(Exception):
    """An answer is no value of the type."""


def read_answer(text: str, want: Type) -> object:
    """Read an answer.

    Raises: AnswerError.
    """
    bare = _unfenced(text)
    for candidate in _candidates(bare, want):
        value = _fit(candidate, want, 0)
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


def write_answer(value: object, want: Type | None) -> str:
    """Write a value as a model should answer it: a label bare, everything else as JSON, the keys of a map
    in the order of its type.

    Raises: ValueError for what no answer can say.
    """
    if want is None:
        return value if isinstance(value, str) else display(value)
    texts = label_texts(want)
    text = label_text(value)
    if texts is not None and text in texts:
        return text
    return write_json(_fit(value, want, 0))


def write_json(value: object) -> str:
    """Write a value as JSON, keys in the value's own order, keywords as their names.

    Raises: ValueError for what JSON cannot say, and for what nests deeper than 100.
    """
    return json.dumps(_plain(value, 0), ensure_ascii=False, allow_nan=False)


def _plain(value: object, depth: int) -> object:
    """Give a value as Python's `json` takes it."""
    if depth > _DEEPEST:
        raise ValueError(f"a value nests deeper than {_DEEPEST}")
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, (Keyword, Symbol, Timestamp, Uuid)):
        return value.text
    if is_vector(value) or isinstance(value, List):
        return [_plain(item, depth + 1) for item in value]
    if is_map(value):
        return {_written(key): _plain(item, depth + 1) for key, item in value.items()}
    raise ValueError(f"no answer can say {display(value)}")


def _fit(value: object, want: Type, depth: int) -> object:
    """Bring a JSON value into the kinds of a type; what does not fit stays, for the check to find.

    Cost: as deep as the type, 100 at most.
    """
    depth += 1
    if depth > _DEEPEST:
        return value
    match want:
        case Alias(_, target):
            return value if target is None else _fit(value, unfold(want), depth)
        case And(base, _):
            return _fit(value, base, depth)
        case Union(members):
            fits = (_fit(value, kind, depth) for kind in members)
            pairs = zip(fits, members, strict=True)
            return next((fitted for fitted, kind in pairs if conforms(fitted, kind)), value)
        case Enum(values):
            return _label(value, values)
        case Val(only):
            return _label(value, (only,))
        case Vector() | ListOf() | Array() | Tuple():
            return _fit_sequence(value, want, depth)
        case MapType() | MapOf():
            return _fit_map(value, want, depth) if is_map(value) else value
    return _fit_atom(value, want)


def _fit_atom(value: object, want: Type) -> object:
    if isinstance(value, str):
        if want in _OF_TEXT and value:
            return _OF_TEXT[want](value.removeprefix(":") if want is KEYWORD else value)
        if want is BOOL and value in ("yes", "no"):
            return value == "yes"
        return value
    if want is STRING and value is not None and not isinstance(value, (tuple, List, Mapping)):
        return display(value)
    if want is INT and isinstance(value, float) and value.is_integer():
        return int(value)
    return value


_OF_TEXT: Final[Mapping[Type, Callable[[str], object]]] = {KEYWORD: Keyword, SYMBOL: Symbol}


def _label(value: object, values: tuple[object, ...]) -> object:
    """Find the literal that is meant: itself, else the one that is written so."""
    for known in values:
        if equal(known, value):
            return known
    if not isinstance(value, (str, bool, int, float, Keyword, Symbol)):
        return next((known for known in values if _looks_like(known, value)), value)
    text = value if isinstance(value, str) else display(value)
    text = text.strip("\"'`. ").removeprefix(":")
    return next((known for known in values if _written(known) == text), value)


def _looks_like(known: object, value: object) -> bool:
    try:
        return equal(_as_json(known), value)
    except ValueError:
        return False


def _as_json(value: object) -> object:
    return from_json(write_json(value))


def _fit_sequence(value: object, want: Type, depth: int) -> object:
    if not (is_vector(value) or isinstance(value, List)):
        return value
    items = tuple(value)
    match want:
        case Tuple(kinds):
            if len(kinds) != len(items):
                return value
            return tuple(_fit(item, kind, depth) for item, kind in zip(items, kinds, strict=True))
        case ListOf(element):
            return List(_fit(item, element, depth) for item in items)
        case Vector(element):
            return tuple(_fit(item, element, depth) for item in items)
        case Array(element, shape) if len(shape) <= 1:
            return tuple(_fit(item, element, depth) for item in items)
        case Array(element, shape):
            return tuple(_fit_sequence(item, Array(element, shape[1:]), depth) for item in items)
    return value


def _fit_map(value: Mapping[object, object], want: MapType | MapOf, depth: int) -> dict[object, object]:
    """Fit keys and values; known keys come in the order of the type, then the others."""
    if isinstance(want, MapOf):
        return {_fit_key(key, want.key): _fit(item, want.value, depth) for key, item in value.items()}
    given = {_written(key): (key, item) for key, item in value.items()}
    fitted: dict[object, object] = {}
    for known, kind, optional in want.fields:
        found = given.pop(_written(known), None)
        if found is None or (optional and found[1] is None and not conforms(None, kind)):
            # strict JSON schemas require every key, so null is how a model leaves one out
            continue
        fitted[known] = _fit(found[1], kind, depth)
    keywords = any(isinstance(key, Keyword) for key, _, _ in want.fields)
    for name, item in given.values():
        key = Keyword(name) if keywords and isinstance(name, str) else name
        fitted[key] = item if want.rest is None else _fit(item, want.rest, depth)
    return fitted


def _fit_key(key: object, want: Type) -> object:
    if want is INT and isinstance(key, str) and key.removeprefix("-").isdecimal() and len(key) <= _INT_CHARS:
        return int(key)
    return _fit(key, want, 0)


def _written(key: object) -> str:
    return key.text if isinstance(key, (Keyword, Symbol)) else key if isinstance(key, str) else display(key)
