"""The predicates of `[:and …]` types (language §5.2).

In: a value, and the predicate's operands. Out: None when it holds, else what the message shows of the value.
"""

from __future__ import annotations

from collections.abc import Callable, Sized
from types import MappingProxyType
from typing import Final, NamedTuple, TypeAlias

from rtfs_runtime.equality import equal
from rtfs_runtime.errors import generic
from rtfs_runtime.maps import is_map
from rtfs_runtime.printer import display
from rtfs_runtime.values import Keyword, List, Set
from rtfs_runtime.vectors import is_vector

Operands: TypeAlias = tuple[object, ...]
Test: TypeAlias = Callable[[object, Operands], str | None]


class Row(NamedTuple):
    """One predicate. `operands` names what it takes, a word each: number size literal text key keys."""

    operands: tuple[str, ...]
    test: Test


_rows: dict[str, Row] = {}
PREDICATES: Final = MappingProxyType(_rows)


def _predicate(name: str, *operands: str) -> Callable[[Test], Test]:
    def enter(test: Test) -> Test:
        _rows[name] = Row(operands, test)
        return test

    return enter


def operands_fit(name: str, values: Operands) -> bool:
    """Tell whether a known predicate is written with operands that it can take."""
    wanted = PREDICATES[name].operands
    return len(wanted) == len(values) and all(map(_fits, wanted, values))


def _fits(wanted: str, value: object) -> bool:
    match wanted:
        case "number":
            return value.__class__ in (int, float)
        case "size":
            return value.__class__ is int
        case "text":
            return isinstance(value, str)
        case "key":
            return isinstance(value, (Keyword, str)) or value.__class__ is int
        case "keys":
            return is_vector(value) and all(_fits("key", item) for item in value)
        case _:
            return True


def _compared(name: str, holds: Callable[[float, float], bool]) -> None:
    def test(value: object, operands: Operands) -> str | None:
        bound = operands[0]
        if (
            isinstance(value, (int, float))
            and not isinstance(value, bool)
            and isinstance(bound, (int, float))
        ):
            return None if holds(value, bound) else display(value)
        return display(value)

    _predicate(name, "number")(test)


_compared(">", lambda value, bound: value > bound)
_compared(">=", lambda value, bound: value >= bound)
_compared("<", lambda value, bound: value < bound)
_compared("<=", lambda value, bound: value <= bound)


@_predicate("=", "literal")
def _equals(value: object, operands: Operands) -> str | None:
    return None if equal(value, operands[0]) else display(value)


@_predicate("!=", "literal")
def _differs(value: object, operands: Operands) -> str | None:
    return display(value) if equal(value, operands[0]) else None


@_predicate("in-range", "number", "number")
def _in_range(value: object, operands: Operands) -> str | None:
    low, high = operands
    return _rows[">="].test(value, (low,)) or _rows["<="].test(value, (high,))


def _sized(name: str, holds: Callable[[int, int], bool], *, text_only: bool) -> None:
    word = "length" if text_only else "count"

    def test(value: object, operands: Operands) -> str | None:
        counted = isinstance(value, str) or (not text_only and _is_collection(value))
        if not counted:
            return display(value)
        assert isinstance(value, Sized) and isinstance(operands[0], int)
        size = len(value)
        return None if holds(size, operands[0]) else f"{word} {size}"

    _predicate(name, "size")(test)


def _is_collection(value: object) -> bool:
    return is_vector(value) or is_map(value) or isinstance(value, (List, Set))


for _word, _text_only in (("length", True), ("count", False)):
    _sized(_word, lambda size, bound: size == bound, text_only=_text_only)
    _sized(f"min-{_word}", lambda size, bound: size >= bound, text_only=_text_only)
    _sized(f"max-{_word}", lambda size, bound: size <= bound, text_only=_text_only)


@_predicate("non-empty")
def _non_empty(value: object, _operands: Operands) -> str | None:
    return _rows["min-count"].test(value, (1,))


@_predicate("matches-regex", "text")
def _matches_regex(value: object, operands: Operands) -> str | None:
    # imported when first needed: most programs run without the regular expressions
    import rurex  # type: ignore[import-untyped]

    try:
        found = isinstance(value, str) and rurex.search(str(operands[0]), value) is not None
    except rurex.PatternError:
        raise generic(f"invalid regular expression: {operands[0]}") from None
    except UnicodeEncodeError:
        # a text with a lone surrogate matches nothing
        found = False
    return None if found else display(value)


@_predicate("is-url")
def _is_url(value: object, _operands: Operands) -> str | None:
    if isinstance(value, str) and value.startswith(("http://", "https://")):
        return None
    return display(value)


@_predicate("is-email")
def _is_email(value: object, _operands: Operands) -> str | None:
    if isinstance(value, str) and not any(character.isspace() for character in value):
        name, _, domain = value.partition("@")
        if name and "@" not in domain and "." in domain.strip(".") and not domain.startswith("."):
            return None
    return display(value)


@_predicate("has-key", "key")
def _has_key(value: object, operands: Operands) -> str | None:
    return None if is_map(value) and operands[0] in value else display(value)


@_predicate("required-keys", "keys")
def _required_keys(value: object, operands: Operands) -> str | None:
    keys = operands[0]
    assert is_vector(keys)
    return None if is_map(value) and all(key in value for key in keys) else display(value)
