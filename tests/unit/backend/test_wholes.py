"""What C does with a whole vector of known numbers is what the program says, to the last bit."""

from __future__ import annotations

import functools
import itertools
import operator
from typing import Any

import pytest

from rtfs_runtime.session import Session
from rtfsc.driver import compile_text

NUMBERS = (0, 7, -3, 2**70, 0.1, -0.0, 1e18, 2.5e-8)
STARTS = ("0", "-0.0", "0.3", "5")


def load(source: str) -> dict[str, Any]:
    session = Session()
    session.evaluate(compile_text(source).artifact)
    return next(iter(session.instances.values())).globals


@pytest.mark.parametrize("start", STARTS)
def test_numbers_are_added_from_the_left(start: str) -> None:
    for xs in (*itertools.product(NUMBERS, repeat=2), (0.1, 1e18, -1e18, 3, 0.2), ()):
        names = load(f"(def xs [{' '.join(map(repr, xs))}]) (defn f [] (reduce + {start} xs))")
        wanted = functools.reduce(operator.add, xs, eval(start))
        assert repr(names["f"]()) == repr(wanted), (start, xs)


def test_all_at_once() -> None:
    for xs in itertools.product(NUMBERS, repeat=2):
        vector = f"[{' '.join(map(repr, xs))}]"
        names = load(
            f"(def xs {vector}) (def one [{xs[0]!r}]) (defn f []"
            " [(apply + xs) (reduce + xs) (apply max xs) (reduce min xs) (apply + one) (sort xs)])"
        )
        wanted = (sum(xs[1:], xs[0]), sum(xs[1:], xs[0]), max(xs), min(xs), xs[0], tuple(sorted(xs)))
        assert repr(names["f"]()) == repr(wanted), xs
