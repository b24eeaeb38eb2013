"""Types with few values, as the labels that a model chooses from.

In: a type. Out: its values, and the text of each as prompts show it and answers give it: bare where that can
mean nothing else, JSON otherwise. What has no finite set of values, or too many, has no labels.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Final

from rtfs_runtime.equality import equal
from rtfs_runtime.types import (
    BOOL,
    INT,
    NIL,
    Alias,
    And,
    Enum,
    Predicate,
    Type,
    Union,
    Val,
    conforms,
)
from rtfs_runtime.values import Keyword, Symbol

NEUTRAL: Final = "neutral"
"""The option of a request that holds the messages of calls without content: what a model answers to them is
what it tends to whatever it is asked."""
MAX_LABELS: Final = 128
# a text that would be read as something else, or lose something, when it stands bare
_UNCLEAR: Final = re.compile(r"\s|.*\s\Z|[-\"'`\[{:.0-9]|(?:true|false|null|nil|none|None|)\Z|.*[\n\"'`.]\Z")


def closed_values(kind: Type) -> tuple[object, ...] | None:
    """Give the values of a type, in the order written; None when there are more than `MAX_LABELS`.

    Cost: as deep as the type.
    """
    found = _values(kind)
    if found is None:
        return None
    known: list[object] = []
    for value in found:
        if not any(equal(value, other) for other in known):
            known.append(value)
    return tuple(known) if 0 < len(known) <= MAX_LABELS else None


def _values(kind: Type) -> Iterable[object] | None:
    match kind:
        case Enum(values):
            return values if len(values) <= MAX_LABELS else None
        case Val(value):
            return (value,)
        case Alias():
            # a recursive type is no closed set, so this ends with the type
            return None if kind.target is None else _values(kind.target)
        case Union(members):
            parts = [_values(member) for member in members]
            known = [part for part in parts if part is not None]
            return [value for part in known for value in part] if len(known) == len(parts) else None
        case And(base, checks):
            inside = _range(checks) if base is INT else _values(base)
            return None if inside is None else [value for value in inside if conforms(value, kind)]
    return (True, False) if kind is BOOL else (None,) if kind is NIL else None


def integer_bounds(checks: Iterable[Type]) -> tuple[int | None, int | None]:
    """Give the least and the greatest integer that predicates such as `[:>= 1]` leave, None where there is
    none."""
    low: int | None = None
    high: int | None = None
    for check in checks:
        if not isinstance(check, Predicate):
            continue
        numbers = [value for value in check.values if isinstance(value, (int, float))]
        if not numbers or any(number - number != 0 for number in numbers):
            continue
        floor = [int(number // 1) for number in numbers]
        whole = [int(number) == number for number in numbers]
        least, greatest = None, None
        match check.name:
            case ">":
                least = floor[0] + 1
            case ">=":
                least = floor[0] if whole[0] else floor[0] + 1
            case "<":
                greatest = floor[0] - 1 if whole[0] else floor[0]
            case "<=":
                greatest = floor[0]
            case "in-range" if len(numbers) == 2:
                least, greatest = (floor[0] if whole[0] else floor[0] + 1), floor[1]
        low = least if low is None or (least is not None and least > low) else low
        high = greatest if high is None or (greatest is not None and greatest < high) else high
    return low, high


def _range(checks: tuple[Type, ...]) -> Iterable[object] | None:
    low, high = integer_bounds(checks)
    if low is None or high is None or high - low >= MAX_LABELS:
        return None
    return range(low, high + 1)


def label_text(value: object) -> str | None:
    """Give the text that stands for a value among labels; None for one that has no short text."""
    if isinstance(value, (Keyword, Symbol)):
        value = value.text
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False) if _UNCLEAR.match(value) else value
    if value is None or (isinstance(value, int) and abs(value) < 10**18):
        return json.dumps(value)
    return None


def label_texts(kind: Type | None) -> tuple[str, ...] | None:
    """Give the labels of a type; None when it is no closed set, or when two values would look alike."""
    values = None if kind is None else closed_values(kind)
    if values is None:
        return None
    texts = [label_text(value) for value in values]
    if None in texts or len(set(texts)) != len(texts):
        return None
    return tuple(text for text in texts if text is not None)
