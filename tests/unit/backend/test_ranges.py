"""What loops count through is the same in line as by the functions of the runtime."""

from __future__ import annotations

import itertools

import pytest

from rtfs_runtime.errors import LimitExceeded, RtfsError
from rtfs_runtime.limits import MAX_ITEMS
from rtfsc.driver import evaluate

ENDS = (-3, -1, 0, 1, 4)


@pytest.mark.parametrize("start", ENDS)
def test_counted_as_listed(start: int) -> None:
    for end in ENDS:
        wanted = tuple(range(start, end))
        written = (
            f"(map (fn [i] i) (range {start} {end}))",
            f"(let [a {start} b {end}] (for [i (range a b)] i))",
        )
        for text in written:
            assert evaluate(text) == wanted, text
        if start == 0:
            assert evaluate(f"(map (fn [i] (* i 1)) (range {end}))") == wanted


@pytest.mark.parametrize(("test", "step"), [("<", 1), ("<=", 1), ("<", 2), (">", -1), (">=", -2), ("<=", 3)])
def test_loops_that_count(test: str, step: int) -> None:
    for start, end in itertools.product(ENDS, repeat=2):
        text = (
            f"(let [e (count [{' '.join('1' * (end + 3))}])]"
            f" (loop [i {start} n 0 s []] (if ({test} i (- e 3)) (recur (+ i {step}) (+ n 1) (conj s i))"
            f" [i n s])))"
        )
        last, seen = start, []
        while {"<": last < end, "<=": last <= end, ">": last > end, ">=": last >= end}[test]:
            seen.append(last)
            last += step
        assert evaluate(text) == (last, len(seen), tuple(seen)), text


@pytest.mark.parametrize("bounds", [f"{MAX_ITEMS + 1}", f"2 {MAX_ITEMS + 3}", f"-1 {MAX_ITEMS}"])
def test_too_long(bounds: str) -> None:
    with pytest.raises((LimitExceeded, RtfsError)) as found:
        evaluate(f"(let [f (fn [a] (reduce (fn [n i] i) a (range {bounds})))] (f 0))")
    assert "elements in a collection" in str(found.value)


@pytest.mark.parametrize("step", ["", "1", "3", "0", "-2"])
def test_numbers_in_a_vector(step: str) -> None:
    for start, end in itertools.product(ENDS, repeat=2):
        # what `f` gives is a vector, and its parameters are known to be integers
        text = f"(defn f [a b] [(range a b {step}) (range b)]) (f (int {start}) (int {end}))"
        numbers = () if step == "0" else tuple(range(start, end, int(step or 1)))
        assert evaluate(text) == (numbers, tuple(range(end))), text


@pytest.mark.parametrize("bounds", [f"{MAX_ITEMS + 1}", f"2 {MAX_ITEMS + 3}", f"-1 {MAX_ITEMS}"])
def test_vectors_that_would_be_too_long(bounds: str) -> None:
    with pytest.raises((LimitExceeded, RtfsError)) as found:
        evaluate(f"(count (identity (range {bounds})))")
    assert "elements in a collection" in str(found.value)
