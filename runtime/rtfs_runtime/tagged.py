"""The tagged encoding of values (conformance/README.md), at any depth.

In: a value, or its encoding. Out: the encoding as lists and dicts with one tag each, as JSON text, or the
value. A function encodes as `{"fn": true}` and an error as `{"error": "Kind"}`; neither decodes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from json.encoder import encode_basestring
from typing import Any, Final, TypeAlias

from rtfs_runtime.errors import RtfsError
from rtfs_runtime.jsontext import from_json
from rtfs_runtime.maps import is_key, is_map
from rtfs_runtime.numbers_text import int_text
from rtfs_runtime.sets import make_set
from rtfs_runtime.values import Keyword, List, Resource, Set, Symbol, Timestamp, Uuid, kind_name
from rtfs_runtime.vectors import is_vector

_TEXT_TAGS: Final[dict[type, str]] = {
    Keyword: "kw", Symbol: "sym", Timestamp: "timestamp", Uuid: "uuid", Resource: "resource",
}  # fmt: skip
_TEXT_KINDS: Final[dict[str, Callable[[str], object]]] = {tag: kind for kind, tag in _TEXT_TAGS.items()}


def _float_data(number: float) -> object:
    if number != number:
        return "nan"
    return number if number - number == 0.0 else repr(number)


def _atom(value: object) -> dict[str, object] | None:
    """Encode what has no elements; None for a container."""
    kind = value.__class__
    if value is None:
        return {"nil": True}
    if kind is bool:
        return {"bool": value}
    if kind is int:
        return {"int": value}
    if kind is str:
        return {"str": value}
    if isinstance(value, float):
        return {"float": _float_data(value)}
    if kind in _TEXT_TAGS:
        return {_TEXT_TAGS[kind]: value.text}  # type: ignore[attr-defined]
    if isinstance(value, RtfsError):
        return {"error": value.kind}
    return {"fn": True} if kind_name(value) == "function" else None


def _container(value: object) -> tuple[str, Iterator[object]]:
    """Give the tag of a container and its elements; the elements of a map are its keys and values in turn."""
    if is_vector(value):
        return "vec", iter(value)
    if isinstance(value, List):
        return "list", iter(value)
    if isinstance(value, Set):
        return "set", iter(value)
    if is_map(value):
        return "map", (part for entry in value.items() for part in entry)
    raise TypeError(f"a value of kind {kind_name(value)} has no tagged encoding")


def encode(value: object) -> object:
    """Encode a value as data for JSON.

    Raises: TypeError for a host object.
    """
    found: list[object] = []
    todo: list[tuple[object, list[object]]] = [(value, found)]
    while todo:
        item, into = todo.pop()
        atom = _atom(item)
        if atom is not None:
            into.append(atom)
            continue
        tag, parts = _container(item)
        inside: list[object] = []
        into.append({tag: inside})
        if tag != "map":
            # the last pushed is encoded first: reversed, so that the elements come in order
            todo.extend((part, inside) for part in reversed(list(parts)))
            continue
        pairs: list[tuple[object, list[object]]] = []
        for part in parts:
            entry: list[object] = []
            inside.append(entry)
            pairs += ((part, entry), (next(parts), entry))
        todo.extend(reversed(pairs))
    return found[0]


class TooLong(ValueError):
    """The text of a value is longer than was allowed; `text` is its beginning."""

    def __init__(self, text: str) -> None:
        super().__init__("the text of the value is too long")
        self.text = text


Show: TypeAlias = Callable[[str, str], str]
"""Gives what is written for a text, which it is given with its tag: `str`, `kw`, `resource`, …"""


def encode_json(value: object, show: Show | None = None, limit: int | None = None) -> str:
    """Encode a value as JSON text, compact, in the value's own order.

    Raises: TypeError for a host object; TooLong, soon after `limit` characters.
    """
    parts: list[str] = []
    stack: list[tuple[str, Iterator[object]]] = []
    _write(value, parts, stack, show)
    counts = [0]
    size = 0
    while stack:
        tag, items = stack[-1]
        for item in items:
            count = counts[-1]
            counts[-1] += 1
            if tag == "map":
                parts.append(("],[" if count else "[") if count % 2 == 0 else ",")
            elif count:
                parts.append(",")
            opened = _write(item, parts, stack, show)
            if limit is not None:
                size += len(parts[-1])
                if size > limit:
                    raise TooLong("".join(parts)[:limit])
            if opened:
                counts.append(0)
                break
        else:
            stack.pop()
            parts.append("]]}" if counts.pop() and tag == "map" else "]}")
    text = "".join(parts)
    if limit is not None and len(text) > limit:
        raise TooLong(text[:limit])
    return text


def _write(
    value: object, parts: list[str], stack: list[tuple[str, Iterator[object]]], show: Show | None
) -> bool:
    """Write an atom, or open a container and say so."""
    atom = _atom(value)
    if atom is None:
        opened = _container(value)
        stack.append(opened)
        parts.append(f'{{"{opened[0]}":[')
        return True
    ((tag, data),) = atom.items()
    if isinstance(data, bool):
        text = "true" if data else "false"
    elif isinstance(data, int):
        text = int_text(data)
    elif isinstance(data, str):
        text = encode_basestring(data if show is None else show(tag, data))
    else:
        text = repr(data)
    parts.append(f'{{"{tag}":{text}}}')
    return False


def decode(data: object) -> object:
    """Read a tagged value back, from dicts and lists (or tuples).

    Raises: ValueError for what is no encoding of a value.
    """
    found: list[object] = []
    todo: list[Callable[[], None] | tuple[object, list[object]]] = [(data, found)]
    while todo:
        step = todo.pop()
        if callable(step):
            step()
            continue
        item, into = step
        if not isinstance(item, Mapping) or len(item) != 1:
            raise ValueError("a tagged value is an object with one tag")
        ((tag, body),) = item.items()
        maker = _CONTAINERS.get(tag)
        if maker is None:
            into.append(_decode_atom(tag, body))
            continue
        if not isinstance(body, (list, tuple)):
            raise ValueError(f"the tag {tag} takes an array")
        if tag == "map":
            body = [part for entry in body for part in _entry(entry)]
        inside: list[object] = []
        todo.append(_finish(maker, inside, into))
        todo.extend((part, inside) for part in reversed(body))
    return found[0]


def decode_json(text: str) -> object:
    """Read the JSON text of a tagged value.

    Raises: ValueError for what is no encoding of a value.
    """
    try:
        return decode(from_json(text))
    except RtfsError as error:
        raise ValueError(error.message) from None


def _entry(entry: object) -> list[Any] | tuple[Any, ...]:
    if isinstance(entry, (list, tuple)) and len(entry) == 2:
        return entry
    raise ValueError("an entry of a map is a pair")


def _finish(
    maker: Callable[[list[object]], object], inside: list[object], into: list[object]
) -> Callable[[], None]:
    return lambda: into.append(maker(inside))


def _make_map(parts: list[object]) -> dict[object, object]:
    keys = parts[::2]
    if not all(map(is_key, keys)):
        raise ValueError("a key of a map is a keyword, a string or an integer")
    return dict(zip(keys, parts[1::2], strict=True))


_CONTAINERS: Final[dict[str, Callable[[list[object]], object]]] = {
    "vec": tuple,
    "list": List,
    "set": make_set,
    "map": _make_map,
}


def _decode_atom(tag: str, body: object) -> object:
    if tag in _TEXT_KINDS and isinstance(body, str):
        return _TEXT_KINDS[tag](body)
    if tag == "str" and isinstance(body, str):
        return body
    if tag == "nil" and body is True:
        return None
    if tag == "bool" and isinstance(body, bool):
        return body
    if tag == "int" and body.__class__ is int:
        return body
    # JSON has one minus zero, and readers may give it as a float or as the integer 0
    if tag == "float" and (
        isinstance(body, float) or body in ("nan", "inf", "-inf") or body.__class__ is int
    ):
        return float(body)
    raise ValueError(f"not a tagged value: {tag}")
