"""Values at the border to Python."""

from __future__ import annotations

import dataclasses
import datetime
import enum
import uuid
from collections import OrderedDict
from types import MappingProxyType
from typing import NamedTuple

import pytest
from hypothesis import given
from runtime_values import NESTS, json_values, nest

from rtfs_runtime.border import from_python, to_python
from rtfs_runtime.equality import equal
from rtfs_runtime.errors import generic
from rtfs_runtime.maps import map_assoc
from rtfs_runtime.sets import make_set
from rtfs_runtime.values import Keyword, List, Resource, Symbol, Timestamp, Uuid
from rtfs_runtime.vectors import vec_conj

K = Keyword


class Colour(str, enum.Enum):  # noqa: UP042 (the older spelling is what hosts use)
    RED = "red"


class Level(enum.IntEnum):
    LOW = 1


class Plain(enum.Enum):
    ONE = "one"


class Shout(str):
    def __str__(self) -> str:
        return "!"


class Point(NamedTuple):
    x: int
    y: int


@dataclasses.dataclass
class Person:
    name: str
    tags: list[str]


NOON = datetime.datetime(2026, 1, 2, 3, 4, 5, tzinfo=datetime.UTC)
PARIS = datetime.timezone(datetime.timedelta(hours=1))

COMING = [
    ([1, [2.5, None], (True,)], (1, (2.5, None), (True,))),
    ({"a": [1], 3: "x", K("k"): {}}, {"a": (1,), 3: "x", K("k"): {}}),
    (OrderedDict(b=1, a=2), {"b": 1, "a": 2}),
    (MappingProxyType({"a": 1}), {"a": 1}),
    (Colour.RED, "red"),
    (Level.LOW, 1),
    (Plain.ONE, "one"),
    ({Colour.RED: 1, Plain.ONE: 2}, {"red": 1, "one": 2}),
    (Shout("quiet"), "quiet"),
    (Point(1, 2), (1, 2)),
    (Person("Ann", ["x"]), {"name": "Ann", "tags": ("x",)}),
    ({3, 1, 2}, make_set([1, 2, 3])),
    (NOON, Timestamp("2026-01-02T03:04:05Z")),
    (NOON.astimezone(PARIS), Timestamp("2026-01-02T03:04:05Z")),
    (NOON.replace(microsecond=120_000), Timestamp("2026-01-02T03:04:05.120Z")),
    (NOON.replace(microsecond=123_456), Timestamp("2026-01-02T03:04:05.123456Z")),
    (uuid.UUID(int=5), Uuid("00000000-0000-0000-0000-000000000005")),
    (List((1, [2])), List((1, (2,)))),
    (vec_conj(tuple(range(70)), 1), (*range(70), 1)),
    (map_assoc(dict.fromkeys(range(70)), "x", 1), {**dict.fromkeys(range(70)), "x": 1}),
    (Symbol("s"), Symbol("s")),
    (Resource("r"), Resource("r")),
    (len, len),
    (generic("x"), generic("x")),
]


@pytest.mark.parametrize(("source", "value"), COMING)
def test_coming_in(source: object, value: object) -> None:
    found = from_python(source)
    assert equal(found, value)
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("source", "error", "text"),
    [
        (object(), TypeError, "value: no value of the language is a object"),
        ([1, {"a": [b"x"]}], TypeError, "value[1]['a'][0]: no value of the language is a bytes"),
        ({"a": {(1, 2): 3}}, TypeError, "value['a']: a key is a string, an integer or a keyword, not tuple"),
        ({True: 1}, TypeError, "value: a key is a string, an integer or a keyword, not bool"),
        ({1.0: 1}, TypeError, "value: a key is a string, an integer or a keyword, not float"),
        (int, TypeError, "value: no value of the language is a type"),
        (
            [NOON.replace(tzinfo=None)],
            TypeError,
            "value[0]: a datetime without a time zone is no point in time",
        ),
    ],
)
def test_refused(source: object, error: type[Exception], text: str) -> None:
    with pytest.raises(error) as caught:
        from_python(source)
    assert str(caught.value) == text


def test_cycles() -> None:
    cycle: list[object] = [1]
    cycle.append({"a": cycle})
    with pytest.raises(ValueError) as caught:
        from_python(cycle)
    assert str(caught.value) == "value[1]['a'] contains itself"
    shared = [1]
    assert from_python([shared, shared]) == ((1,), (1,))


def test_nothing_coming_in_is_shared() -> None:
    source = {"a": [1]}
    value = from_python(source)
    source["a"].append(2)
    source["b"] = []
    assert value == {"a": (1,)}


GOING = [
    ((1, (2,), List((3,))), [1, [2], [3]]),
    ({K("a"): {"b": ()}}, {"a": {"b": []}}),
    (make_set([2, 1, True]), [2, 1, True]),
    (vec_conj(tuple(range(64)), "x"), [*range(64), "x"]),
    (Timestamp("2026-01-02T03:04:05Z"), NOON),
    (Timestamp("2026-01-02T03:04:05_120Z"), NOON.replace(microsecond=120_000)),
    (Uuid("00000000-0000-0000-0000-000000000005"), uuid.UUID(int=5)),
    (K("k"), K("k")),
    (None, None),
]


@pytest.mark.parametrize(("value", "target"), GOING)
def test_going_out(value: object, target: object) -> None:
    found = to_python(value, keyword_keys=str)
    assert found == target
    assert type(found) is type(target)


def test_keyword_keys() -> None:
    value = {K("z/a"): 1, "b": (1,), K("c"): 2}
    assert to_python(value) == {K("z/a"): 1, "b": [1], K("c"): 2}
    assert list(to_python(value, keyword_keys=str)) == ["z/a", "b", "c"]  # type: ignore[call-overload]
    with pytest.raises(ValueError):
        to_python({K("a"): 1, "a": 2}, keyword_keys=str)


def test_what_goes_out_is_fresh() -> None:
    inner = {"x": 1}
    value = (inner, inner)
    out = to_python(value)
    assert isinstance(out, list)
    out[0]["x"] = 2
    assert out[1] == {"x": 1} and inner == {"x": 1}


@given(json_values)
def test_round_trip(value: object) -> None:
    assert equal(from_python(to_python(value)), value)


@pytest.mark.parametrize("kind", NESTS)
def test_deep(kind: str) -> None:
    value = nest(kind, 1)
    found = from_python(to_python(value))
    assert kind == "list" or equal(found, value)
