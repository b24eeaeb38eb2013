"""Elements ordered by keys stand where the function that compares them would have put them."""

from __future__ import annotations

from typing import Any

import pytest

from rtfs_runtime.errors import RtfsError
from rtfs_runtime.printer import readable
from rtfs_runtime.session import Session
from rtfs_runtime.values import Keyword, List
from rtfs_runtime.vectors import BigVector
from rtfsc.driver import compile_text
from rtfsc.options import Options

A, B = Keyword("a"), Keyword("b")
ROWS = (
    *({A: each, B: at} for at, each in enumerate((3, 1, 2, 1, 3))),
)  # fmt: skip
VALUES: tuple[Any, ...] = (
    ROWS,
    (3, 1, 2, 1),
    (2.5, 1, 10**30, -0.0, 0),
    (1.0, float("nan"), 0.5, 3.0, float("nan"), 2.0),
    (float("inf"), float("-inf"), 1.0),
    ("b", "a", "é", ""),
    (True, 1, 0),
    (A, B),
    ((1, "x"), (0, "y"), (1, "w")),
    ((1, "x"), (0,)),
    (*ROWS, {B: 1}),
    (*ROWS, {A: "text"}),
    (*ROWS, 5),
    (5,),
    (),
    List((2, 1)),
    BigVector.of((2, 3, 1)),
    "hello",
    None,
    {A: 1},
    7,
)
FORMS = (
    "(sort (fn [p q] (< (:a p) (:a q))) v)",
    "(sort (fn [p q] (> (:a p) (:a q))) v)",
    "(sort (fn [p q] (compare (:a q) (:a p))) v)",
    "(sort (fn [p q] (- (:a p) (:a q))) v)",
    "(sort (fn [p q] (< p q)) v)",
    "(sort (fn [p q] (- q p)) v)",
    "(sort (fn [p q] (compare p q)) v)",
    "(sort (fn [[m _] [n _]] (> m n)) v)",
    "(sort (fn [p q] (< (mod p 2) (mod q 2))) v)",
    "(sort (fn [p q] (< (score q) (score p))) v)",
    "(sort (fn [p q] (< (+ p 0.0) (+ q -0.0))) v)",
    "(sort < v)",
    "(sort > v)",
    "(sort compare v)",
    "(sort-by (fn [p] (:a p)) v)",
    "(sort-by (fn [p] (- 0 p)) v)",
    "(sort-by score v)",
    "(sort-by count v)",
    "(sort-by :a > v)",
    "(sort-by :a < v)",
    "(sort-by identity compare v)",
    "(sort-by (fn [p] (/ 1 (- p 1))) v)",
    "(group-by (fn [p] (mod p 2)) v)",
    "(group-by (fn [p] [p]) v)",
    "(group-by score v)",
    "(partition-by (fn [p] (< p 2)) v)",
    "(partition-by even? v)",
)
SCORE = "(defn score [p] (if (map? p) (:a p) (* p 2)))"


def outcome(function: Any, value: object) -> str:
    try:
        return readable(function(value))
    except RtfsError as error:
        return f"{error.kind} {error.message}"


def load(form: str, level: int) -> Any:
    session = Session()
    source = f"{SCORE} (defn f [v] {form})"
    session.evaluate(compile_text(source, Options(level=level, verify=True)).artifact)
    return next(iter(session.instances.values())).globals["f"]


@pytest.mark.parametrize("form", FORMS)
def test_order_is_that_of_the_function(form: str) -> None:
    plain, ordered = load(form, 0), load(form, 2)
    for value in VALUES:
        assert outcome(ordered, value) == outcome(plain, value), readable(value)
