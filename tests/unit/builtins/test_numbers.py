"""Arithmetic, comparison, logic and predicates, by their meaning."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest

from rtfs_runtime.errors import LimitExceeded, RtfsError
from rtfs_runtime.values import Keyword, List, Symbol, Timestamp
from rtfs_runtime.vectors import BigVector

Call = Callable[..., Any]
BIG = 10**400


@pytest.mark.parametrize(
    ("name", "args", "want"),
    [
        ("+", (1, 2, 3), 6),
        ("+", (1, 2.0), 3.0),
        ("+", (2**63 - 1, 1), 2**63),
        ("-", (9,), -9),
        ("-", (20, 5, 1), 14),
        ("-", (9007199254740993, 1), 9007199254740992),
        ("*", (1.0e300, 1.0e300), math.inf),
        ("/", (7, 2), 3.5),
        ("/", (6.0, 3), 2),
        ("/", (100, 7, 2), 7.142857142857143),
        ("/", (2.5,), 2.5),
        ("/", (5.0,), 5),
        ("/", (9007199254740993, 1), 9007199254740993),
        ("/", (BIG * 3, 3), BIG),
        ("/", (1.0e20, 2), 5e19),
        ("/", (1, math.inf), 0),
        ("/", (math.inf, 2), math.inf),
        ("mod", (-11, 4), -3),
        ("mod", (11, -4), 3),
        ("mod", (-7.5, 2), -1.5),
        ("%", (BIG + 3, 10), 3),
        ("inc", (1.5,), 2.5),
        ("dec", (BIG,), BIG - 1),
        ("max", (3, 9, 2), 9),
        ("max", ("solo",), "solo"),
        ("max", (1, math.nan), 1),
        ("min", (3, 1, 2), 1),
        ("abs", (-(2**63),), 2**63),
        ("sqrt", (81,), 9.0),
        ("pow", (2, 100), 2**100),
        ("pow", (2, -2), 0.25),
        ("pow", (9, 0.5), 3.0),
        ("pow", (0, 0), 1),
        ("pow", (-1, 10**30), 1),
        ("pow", (0, -1), math.inf),
        ("pow", (-0.0, -3), -math.inf),
        ("pow", (10.0, 400), math.inf),
        ("pow", (-10.0, 401), -math.inf),
        ("pow", (BIG, -1), 0.0),
        ("factorial", (25,), 15511210043330985984000000),
        ("floor", (-1.5,), -2),
        ("floor", (-math.inf,), -(2**63)),
        ("ceil", (1.2,), 2),
        ("ceil", (math.inf,), 2**63 - 1),
        ("round", (2.5,), 3),
        ("round", (-2.5,), -3),
        ("round", (math.nan,), 0),
        ("compare", ("b", "a"), 1),
        ("quot", (-7, 2), -3),
        ("quot", (7, -2), -3),
        ("quot", (-7, -2), 3),
        ("quot", (10**40, 7), 10**40 // 7),
        ("rem", (-7, 2), -1),
    ],
)
def test_value(call: Call, name: str, args: tuple[Any, ...], want: Any) -> None:
    got = call(name, *args)
    assert (type(got), got) == (type(want), want)


def test_nan_stays_where_the_rule_says(call: Call) -> None:
    assert math.isnan(call("min", math.nan, 1))
    assert math.isnan(call("pow", -8, 0.333))
    assert math.isnan(call("mod", math.inf, 2))
    assert math.isnan(call("/", math.nan, 2))
    assert math.isnan(call("sqrt", math.nan))


def test_ties_keep_the_first(call: Call) -> None:
    assert type(call("max", 2, 2.0)) is int
    assert type(call("min", 2.0, 2)) is float


@pytest.mark.parametrize(
    ("name", "args", "want"),
    [
        ("even?", (4.9,), True),
        ("even?", (BIG,), True),
        ("odd?", (-3,), True),
        ("odd?", (math.nan,), False),
        ("zero?", (-0.0,), True),
        ("pos?", (math.nan,), False),
        ("neg?", (-0.5,), True),
        ("=", (3, 3, 3), True),
        ("=", (1, 1.0), False),
        ("=", (1, True), False),
        ("=", ((1,), List([1])), False),
        ("=", ({1: (1,)}, {1: (1.0,)}), False),
        ("!=", (1, 1.0), True),
        ("<", (1, 1.5), True),
        ("<", (9007199254740992, 9007199254740993), True),
        ("<", ("B", "a"), True),
        (">", (1, math.nan), False),
        ("<=", (2, 2.0), True),
        (">=", (BIG, 1.0), True),
        ("not", (0,), False),
        ("not", (None,), True),
        ("nil?", (False,), False),
        ("bool?", (1,), False),
        ("int?", (True,), False),
        ("float?", (4,), False),
        ("number?", (math.nan,), True),
        ("string?", (Keyword("a"),), False),
        ("keyword?", (Keyword("a"),), True),
        ("symbol?", (Symbol("a"),), True),
        ("vector?", (BigVector.of(tuple(range(100))),), True),
        ("vector?", (List(),), False),
        ("list?", (List(),), True),
        ("map?", ({},), True),
        ("fn?", (len,), True),
        ("fn?", (Keyword("a"),), False),
    ],
)
def test_truth(call: Call, name: str, args: tuple[Any, ...], want: bool) -> None:
    assert call(name, *args) is want


@pytest.mark.parametrize(
    ("name", "args", "want"),
    [
        ("and", (), True),
        ("and", (1, None, 3), None),
        ("and", (0, "", ()), ()),
        ("or", (), False),
        ("or", (None, False, 7), 7),
        ("or", (False, None), None),
        ("or", (None, False), False),
        ("type-name", (Timestamp("2026-01-02T03:04:05Z"),), "timestamp"),
        ("type-name", (RtfsError("DivisionByZero"),), "error"),
        ("type-name", (None,), "nil"),
    ],
)
def test_choice(call: Call, name: str, args: tuple[Any, ...], want: Any) -> None:
    assert call(name, *args) is want or call(name, *args) == want


@pytest.mark.parametrize(
    ("name", "args", "kind"),
    [
        ("+", (), "ArityMismatch"),
        ("+", (3, "x"), "TypeError"),
        ("+", (True,), "TypeError"),
        ("*", (2, None), "TypeError"),
        ("/", (4, 0), "DivisionByZero"),
        ("/", (4.0, -0.0), "DivisionByZero"),
        ("/", ("6", 2), "TypeError"),
        ("mod", (5, 0.0), "DivisionByZero"),
        ("mod", (5, None), "TypeError"),
        ("inc", (None,), "Generic"),
        ("inc", (1, 2), "ArityMismatch"),
        ("dec", (True,), "Generic"),
        ("max", (1, "x"), "Generic"),
        ("abs", ("5",), "TypeError"),
        ("sqrt", (-4,), "InvalidArgument"),
        ("pow", ("2", 2), "TypeError"),
        ("factorial", (-2,), "InvalidArgument"),
        ("factorial", (4.0,), "TypeError"),
        ("even?", ("2",), "TypeError"),
        ("odd?", (True,), "TypeError"),
        ("zero?", ("0",), "TypeError"),
        ("round", ("1",), "TypeError"),
        ("=", (), "ArityMismatch"),
        ("!=", (1, 2, 3), "ArityMismatch"),
        ("<", (1, 2, 3), "ArityMismatch"),
        ("<", (Keyword("a"), Keyword("b")), "TypeError"),
        (">", ("a", 1), "TypeError"),
        ("<=", ({}, {}), "TypeError"),
        (">=", (True, False), "TypeError"),
        ("not", (), "ArityMismatch"),
        ("nil?", (), "ArityMismatch"),
    ],
)
def test_error(call: Call, name: str, args: tuple[Any, ...], kind: str) -> None:
    with pytest.raises(RtfsError) as caught:
        call(name, *args)
    assert caught.value.kind == kind


@pytest.mark.parametrize(
    ("name", "args", "message"),
    [
        ("+", (1, "a"), "Type error in +: expected number, got string"),
        ("+", (1, None), "Type error in +: expected number, got nil"),
        ("<", ((1,), (2,)), "Type error in <: expected comparable types, got vector and vector"),
        ("inc", (Keyword("x"),), "Runtime error: inc expects a number"),
        ("inc", (1, 2), "Arity mismatch in inc: expected 1, got 2"),
    ],
)
def test_message(call: Call, name: str, args: tuple[Any, ...], message: str) -> None:
    with pytest.raises(RtfsError) as caught:
        call(name, *args)
    assert caught.value.message == message


@pytest.mark.parametrize(
    ("name", "args"),
    [
        ("pow", (10, 1_000_000_000)),
        ("pow", (-7, 10**30)),
        ("factorial", (10**9,)),
        ("factorial", (10**1000,)),
    ],
)
def test_huge_integers_are_refused_at_once(call: Call, name: str, args: tuple[Any, ...]) -> None:
    with pytest.raises(LimitExceeded):
        call(name, *args)


def test_integers_that_no_float_holds_become_infinite(call: Call) -> None:
    assert call("float", 10**400) == math.inf
    assert call("parse-float", -(10**400)) == -math.inf
    assert call("sqrt", 10**400) == 1e200
    assert call("sqrt", 10**700) == math.inf
