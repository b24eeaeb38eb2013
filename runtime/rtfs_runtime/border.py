"""Values at the border to Python, both ways, deep and without recursion.

In: a value for Python code, or an object from it. Out: fresh lists and dicts that nothing of ours shares, or
a value; an object that is no value is refused with its place. Source: language §4.7, ruling 18.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from enum import Enum
from typing import TYPE_CHECKING, Final, TypeAlias, cast

from rtfs_runtime.errors import RtfsError
from rtfs_runtime.maps import is_key, is_map
from rtfs_runtime.ordering import sort_values
from rtfs_runtime.sets import make_set
from rtfs_runtime.values import Keyword, List, Resource, Set, Symbol, Timestamp, Uuid, kind_name
from rtfs_runtime.vectors import BigVector, is_vector

if TYPE_CHECKING:
    from datetime import datetime

KeyMaker: TypeAlias = Callable[[str], object]

_ATOMS: Final = frozenset({type(None), bool, int, float, str, Keyword, Symbol, Timestamp, Uuid, Resource})


def to_python(value: object, keyword_keys: KeyMaker | None = None) -> object:
    """Convert a value to plain Python: lists and dicts, `datetime`, `UUID`; sets become lists in their order.

    `keyword_keys` makes the keys that are keywords (`str` gives their text); without it they stay `Keyword`s.
    Raises: ValueError, when two keys of a map become one.
    """
    found: list[object] = []
    todo: list[tuple[object, Callable[[object], None]]] = [(value, found.append)]
    while todo:
        item, put = todo.pop()
        if is_map(item):
            fresh: dict[object, object] = {}
            put(fresh)
            for key, part in item.items():
                name = keyword_keys(key.text) if keyword_keys and isinstance(key, Keyword) else key
                if name in fresh:
                    raise ValueError(f"two keys of a map become {name!r}")
                # the place in the dict is taken now, so that entries keep their order
                fresh[name] = None
                todo.append((part, _setter(fresh, name)))
        elif is_vector(item) or isinstance(item, (List, Set)):
            parts: list[object] = []
            put(parts)
            todo.extend((part, parts.append) for part in reversed(list(item)))
        else:
            put(_python_atom(item))
    return found[0]


def _setter(target: dict[object, object], key: object) -> Callable[[object], None]:
    return lambda value: target.__setitem__(key, value)


# datetime and uuid are imported when a program has such a value: the run path of others goes without


def _python_atom(value: object) -> object:
    if isinstance(value, Timestamp):
        from datetime import datetime

        return datetime.fromisoformat(value.text.replace("_", "."))
    if isinstance(value, Uuid):
        from uuid import UUID

        return UUID(value.text)
    return value


class _Frame:
    """A container of Python's that is being converted."""

    __slots__ = ("finish", "parts", "place", "source", "values")

    def __init__(self, source: object, parts: Iterator[tuple[object, object]], finish: Finish) -> None:
        self.source = source
        self.parts = parts
        self.finish = finish
        self.place: object = None
        self.values: list[tuple[object, object]] = []


Finish: TypeAlias = Callable[[list[tuple[object, object]]], object]


def from_python(source: object) -> object:
    """Convert an object to a value: lists and tuples to vectors, mappings and dataclasses to maps.

    String keys stay strings. An enum's member counts as its value, a set as a set in sorted order.
    Raises: TypeError for what is no value, ValueError for a cycle; both name the place (`value[3]['name']`).
    """
    stack: list[_Frame] = []
    open_ids: set[int] = set()
    item = source
    while True:
        frame = _open(item, stack)
        if frame is not None:
            if id(item) in open_ids:
                raise ValueError(f"{_where(stack)} contains itself")
            open_ids.add(id(item))
            stack.append(frame)
        else:
            result = _value_atom(item, stack)
            if not stack:
                return result
            stack[-1].values.append((stack[-1].place, result))
        step = _advance(stack, open_ids)
        if isinstance(step, _Done):
            return step.value
        item = step


class _Done:
    __slots__ = ("value",)

    def __init__(self, value: object) -> None:
        self.value = value


def _advance(stack: list[_Frame], open_ids: set[int]) -> object:
    """Give the next object to convert; finish the containers that have none."""
    while True:
        frame = stack[-1]
        for place, item in frame.parts:
            frame.place = place
            return item
        stack.pop()
        open_ids.discard(id(frame.source))
        result = frame.finish(frame.values)
        if not stack:
            return _Done(result)
        stack[-1].values.append((stack[-1].place, result))


def _where(stack: list[_Frame]) -> str:
    return "value" + "".join(f"[{_shown(frame.place)}]" for frame in stack)


def _shown(place: object) -> str:
    text = repr(place) if isinstance(place, (int, str, Keyword)) else type(place).__name__
    return text if len(text) <= 40 else text[:37] + "..."


def _open(item: object, stack: list[_Frame]) -> _Frame | None:
    """Begin a container; None for an atom."""
    kind = item.__class__
    if kind in _ATOMS:
        return None
    if isinstance(item, (list, tuple, BigVector)):
        return _Frame(item, enumerate(item), _vector)
    if isinstance(item, Mapping):
        return _Frame(item, _entries(item.items(), stack), dict)
    if isinstance(item, List):
        return _Frame(item, enumerate(item), lambda values: List(value for _, value in values))
    if isinstance(item, (Set, set, frozenset)):
        finish = _set if isinstance(item, Set) else _sorted_set
        return _Frame(item, enumerate(item), finish)
    fields = getattr(kind, "__dataclass_fields__", None)
    if fields is not None:
        return _Frame(item, ((name, getattr(item, name)) for name in fields), dict)
    return None


def _vector(values: list[tuple[object, object]]) -> object:
    return tuple(value for _, value in values)


def _set(values: list[tuple[object, object]]) -> object:
    return make_set(value for _, value in values)


def _sorted_set(values: list[tuple[object, object]]) -> object:
    # Python's order of a set changes from process to process
    return make_set(sort_values([value for _, value in values]))


def _entries(items: object, stack: list[_Frame]) -> Iterator[tuple[object, object]]:
    for key, item in cast("list[tuple[object, object]]", items):
        plain = key.value if isinstance(key, Enum) else key
        if not is_key(plain):
            raise TypeError(
                f"{_where(stack[:-1])}: a key is a string, an integer or a keyword, not {type(key).__name__}"
            )
        yield plain, item


def _value_atom(item: object, stack: list[_Frame]) -> object:
    kind = item.__class__
    if kind in _ATOMS or isinstance(item, RtfsError):
        return item
    if isinstance(item, Enum):
        return _value_atom(item.value, stack)
    # a subclass may carry behaviour of its own: take the text or number alone
    if isinstance(item, str):
        return str.__str__(item)
    if isinstance(item, int):
        return int.__int__(item)
    if isinstance(item, float):
        return float.__float__(item)
    if kind.__module__ == "datetime" and kind.__name__ == "datetime":
        return _timestamp(cast("datetime", item), stack)
    if kind.__module__ == "uuid" and kind.__name__ == "UUID":
        return Uuid(str(item))
    if not isinstance(item, type) and kind_name(item) == "function":
        return item
    raise TypeError(f"{_where(stack)}: no value of the language is a {kind.__name__}")


def _timestamp(moment: datetime, stack: list[_Frame]) -> Timestamp:

    from datetime import UTC

    if moment.tzinfo is None:
        raise TypeError(f"{_where(stack)}: a datetime without a time zone is no point in time")
    instant = moment.astimezone(UTC).replace(tzinfo=None)
    if instant.microsecond % 1000 or not instant.microsecond:
        return Timestamp(instant.isoformat() + "Z")
    # three digits of fraction: such a timestamp can also be written in a program
    return Timestamp(instant.isoformat(timespec="milliseconds") + "Z")
