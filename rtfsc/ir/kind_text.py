"""Kinds as text, which the interface of a module tells its importers.

In: a kind, or text. Out: text, or a kind. Classes go by their names, so text that another version of the
compiler wrote means the same or says less: what is not understood may be anything.
"""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any, Final

from rtfs_runtime.tagged import decode_json, encode_json
from rtfsc.ir import kinds
from rtfsc.ir.kinds import Kind

_NAMES: Final[dict[str, Kind]] = {
    "nil": kinds.NIL, "bool": kinds.BOOL, "natural": kinds.NATURAL, "negative": kinds.NEGATIVE,
    "float": kinds.FLOAT, "string": kinds.STR, "keyword": kinds.KEYWORD, "tuple": kinds.TUPLE,
    "list": kinds.LIST, "dict": kinds.DICT, "set": kinds.SET, "big-vector": kinds.BIG_VECTOR,
    "big-map": kinds.BIG_MAP, "other": kinds.OTHER,
}  # fmt: skip
_COLLECTIONS: Final = kinds.HOLDERS & ~kinds.OTHER


def to_text(kind: Kind) -> str:
    """Write a kind; nothing for what may be anything."""
    data = _data(kind)
    return "" if data is None else json.dumps(data, ensure_ascii=False, separators=(",", ":"))


def _data(kind: Kind) -> list[Any] | None:
    if kind & kinds.BASE == kinds.BASE:
        return None
    data: list[Any] = [name for name, bit in _NAMES.items() if kind & bit]
    if kind & _COLLECTIONS and not kind & kinds.OTHER:
        parts = kind.parts if isinstance(kind, kinds.Detailed) else {}
        rows = [[encode_json(key), _data(part)] for key, part in parts.items()]
        data.append([_data(kinds.element(kind)), rows])
    return data


@lru_cache(1024)
def from_text(text: str) -> Kind:
    """Read a kind."""
    return _kind(json.loads(text)) if text else kinds.ANY


def _kind(data: list[Any] | None) -> Kind:
    if data is None:
        return kinds.ANY
    held: Kind = kinds.ANY
    parts: dict[object, Kind] = {}
    if data and isinstance(data[-1], list):
        *data, (held_data, rows) = data
        held = _kind(held_data)
        parts = {decode_json(key): _kind(part) for key, part in rows}
    base = kinds.NEVER
    for name in data:
        if name not in _NAMES:
            return kinds.ANY
        base |= _NAMES[name]
    if not base & kinds.HOLDERS:
        return base
    made = kinds.holding(base, held)
    return kinds.detailed(int(made), parts, held) if parts else made
