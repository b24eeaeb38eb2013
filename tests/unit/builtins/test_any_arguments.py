"""Every pure builtin takes any arguments: it gives a value, or an error that its row names, at once."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from rtfs_runtime.builtins import BUILTINS, Builtin
from rtfs_runtime.errors import LimitExceeded, RtfsError, generic
from rtfs_runtime.maps import map_assoc
from rtfs_runtime.session import Session
from rtfs_runtime.sets import make_set
from rtfs_runtime.values import Keyword, List, Resource, Symbol, Timestamp, Uuid, kind_name
from rtfs_runtime.vectors import BigVector
from rtfsc.reports.builtins import all_builtins

A, B = Keyword("a"), Keyword("x/y")
HUGE = 10**400
ROUNDS = 150


def one(value: object) -> object:
    return value


def two(_left: object, right: object) -> object:
    return right


def fail(*_args: object) -> object:
    raise RtfsError("MatchError", {"value": "x"})


def big_map() -> object:
    made: object = {}
    for number in range(100):
        made = map_assoc(made, number, number)  # type: ignore[arg-type]
    return made


VALUES: tuple[object, ...] = (
    None, True, False, 0, 1, -1, 2, 3, 10**12, -(10**12), HUGE, -HUGE,
    0.0, -0.0, 0.5, 1e300, math.inf, -math.inf, math.nan,
    "", "a", "abc", " 12 ", "é", "\ud800", "[", '{"a":1}', ":a", "a/b", "/",
    A, B, Symbol("s"), (), (1,), (1, 2, 3), (A, 1), ((A, 1), (B, 2)), (1, "a", A, None, 2.5), (True, 1, 1.0),
    (math.nan,), (HUGE, 0.5), List(), List([1, 2]), {}, {A: 1}, {"a": 1, 1: 2}, big_map(),
    BigVector.of(tuple(range(300))), make_set([]), make_set([1, (1,)]),
    RtfsError("DivisionByZero"), generic("x"), one, two, fail, BUILTINS["identity"].function,
    Timestamp("2020-01-01T00:00:00Z"), Uuid("0" * 8), Resource("resource://x"),
)  # fmt: skip


def calls(row: Builtin) -> Iterator[tuple[object, ...]]:
    chance = random.Random(row.name)
    most = row.min_args + 3 if row.max_args is None else row.max_args
    for count in range(row.min_args, most + 1):
        if count == 1:
            yield from ((value,) for value in VALUES)
        else:
            for _ in range(ROUNDS if count else 1):
                yield tuple(chance.choice(VALUES) for _ in range(count))


PURE = [row for name, row in BUILTINS.items() if name == row.name and not row.host]
RAISED_BY_CALLBACKS = {"MatchError", "ArityMismatch"}
THROWN_AGAIN = {"throw": {"DivisionByZero", "Generic"}, "error": {"DivisionByZero", "Generic"}}


@pytest.mark.parametrize("row", PURE, ids=lambda row: row.name)
def test_any_arguments(row: Builtin) -> None:
    passing = RAISED_BY_CALLBACKS | THROWN_AGAIN.get(row.name, set())
    for args in calls(row):
        try:
            kind = kind_name(row.function(*args))
        except LimitExceeded:
            continue
        except RtfsError as error:
            assert error.kind in {*row.raises, *passing}, args
        except OverflowError:
            # an integer that no float holds: what called the builtin makes a Generic error of it
            assert "Generic" in row.raises, args
        else:
            assert kind != "host-object", args
            assert row.fails or not row.raises


EFFECTS = [row for name, row in BUILTINS.items() if name == row.name and row.host]


@pytest.mark.parametrize("row", EFFECTS, ids=lambda row: row.name)
def test_any_arguments_of_effects(row: Builtin) -> None:
    # nothing is granted: what the builtin lets pass is refused before anything happens
    function = Session().namespace[row.name]
    for args in calls(row):
        try:
            function(*args)
        except LimitExceeded:
            continue
        except RtfsError as error:
            assert error.kind in {*row.raises, "SecurityViolation"}, args


HUGE_REQUESTS = [
    ("range", (10**12,)),
    ("range", (0, 10**12, 7)),
    ("numbers", (0, math.inf)),
    ("numbers", (-math.inf, math.inf)),
    ("repeat", (10**12, 1)),
    ("pow", (10, 10**9)),
    ("pow", (HUGE, HUGE)),
    ("factorial", (10**8,)),
    ("interleave", ((0,) * (1 << 23),) * 3),
    ("join", ("x" * 10_000, (0,) * 100_000)),
    ("join", ("", ("x" * 100_000,) * 10_000)),
    ("str", ("x" * (1 << 22),) * 100),
    ("replace", ("a" * 100_000, "a", "x" * 10_000)),
    ("concat", ((0,) * (1 << 23),) * 3),
    ("into", ((0,) * (1 << 23), (0,) * ((1 << 23) + 1))),
    ("str", (1 << 400_000,)),
]


@pytest.mark.parametrize(("name", "args"), HUGE_REQUESTS)
def test_huge_requests_are_refused_before_memory_is_spent(name: str, args: tuple[object, ...]) -> None:
    with pytest.raises(LimitExceeded):
        BUILTINS[name].function(*args)


@pytest.mark.parametrize("name", ["str", "serialize-json", "flatten", "group-by", "frequencies"])
def test_shared_parts_make_no_text_without_end(name: str) -> None:
    value: object = ()
    for _ in range(64):
        value = (value, value)
    args = (one, (value,)) if name == "group-by" else ((value,),)
    with pytest.raises(LimitExceeded):
        BUILTINS[name].function(*args)


def test_the_page_of_all_builtins_is_up_to_date() -> None:
    page = Path(__file__).parents[3] / "docs" / "builtins.md"
    assert page.read_text(encoding="utf-8").rstrip() == all_builtins().rstrip()
