"""Loops that change vectors and maps inside of what they fill: nobody else sees the changes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from rtfs_runtime.equality import equal
from rtfs_runtime.maps import BigMap
from rtfs_runtime.nests import list_with, listed, nest_dict, nest_tuple, owned, owned_set, set_with
from rtfs_runtime.printer import readable
from rtfs_runtime.session import Session
from rtfs_runtime.sets import make_set
from rtfs_runtime.values import Keyword
from rtfs_runtime.vectors import BigVector
from rtfsc.driver import compile_text
from rtfsc.dump import dump
from rtfsc.options import Options
from rtfsc.source import SourceFile
from tests.properties.nests import differing

NESTS = {
    "index": "(reduce (fn [m x] (assoc m (mod x 3) (conj (get m (mod x 3) []) x))) {} (range 9))",
    "update": "(reduce (fn [m x] (update m (mod x 3) (fnil conj []) x)) (into {} v) (range 9))",
    "in a let": "(reduce (fn [m x] (let [k (mod x 3) old (get m k [])] (assoc m k (conj old x (count old)))))"
    " (into {} v) (range 9))",
    "record": "(reduce (fn [m x] (let [r (get m :a)] (assoc m :a (assoc r :n (+ x (get r :n 0)) :m x)))) v"
    " (range 4))",
    "counts": "(reduce (fn [m x] (update-in m [:a x] (fnil inc 0))) v [1 2 1])",
    "grid": "(reduce (fn [g x] (assoc-in g [0 x] (+ x (nth (nth g 0) 0)))) v (range 2))",
    "both": "(loop [m v i 0] (if (< i 4) (let [a (get m 0) b (get m (mod i 2))]"
    " (recur (assoc m 0 (assoc a :x i :y (:x b)) (mod i 2) (assoc b :x (:y a) :y i)) (+ i 1))) m))",
    "replaced": "(loop [m v i 0] (if (< i 4) (recur (if (= i 2) (assoc m 0 w) (assoc-in m [0 :x] i)) (+ i 1))"
    " [m w]))",
    "vector replaced": "(loop [m v i 0] (if (< i 4)"
    " (recur (if (= i 2) (assoc m 0 (get m 0 7)) (update m 0 conj i)) (+ i 1)) m))",
    "sets": "(reduce (fn [m x] (assoc m (mod x 3) (conj (get m (mod x 3) (set [])) x))) {} (range 9))",
    "shared sets": "(let [s (set [1])]"
    " (reduce (fn [m x] (assoc m 0 (conj (get m 0 s) x) 1 s)) {1 s} [1 2 3]))",
    "at the end": "(loop [m (into {} v) i 0] (if (< i 3) (recur (update m 0 (fnil conj []) i) (+ i 1))"
    " [(get m 0) m (count m)]))",
}
PLAIN = {
    "made at the end": "(loop [s (set []) i 0] (if (< i 3) (recur (into s [i 7 1.0]) (+ i 1))"
    " [(count s) (filter (fn [x] (contains? s x)) [0 1 2 3 7])]))",
    "kept": "(loop [m (into {} v) i 0 seen []] (if (< i 3)"
    " (recur (update m 0 (fnil conj []) i) (+ i 1) (conj seen (get m 0))) [m seen]))",
    "moved": "(loop [m (into {} v) i 0] (if (< i 3)"
    " (recur (assoc m 0 (conj (get m 0 []) i) 1 (get m 0)) (+ i 1)) m))",
    "captured": "(loop [m (into {} v) i 0 f nil] (if (< i 3) (let [a (get m 0)]"
    " (recur (assoc m 0 (conj (or a []) i)) (+ i 1) (fn [] a))) [m (f)]))",
}
_BIG = tuple(range(300))
VALUES: tuple[Any, ...] = (
    {}, {0: (1, 2), 1: ()}, {0: {Keyword("x"): 1}, 1: {Keyword("y"): 2}}, {Keyword("a"): {Keyword("n"): 5}},
    {0: _BIG, 1: BigVector.of(_BIG), 2: BigVector.of((1,))}, {Keyword("a"): BigMap({1: 2}, {}, 1)},
    {Keyword("a"): BigMap({n: n for n in range(3000)}, {}, 3000)}, BigMap({0: (1,)}, {}, 1),
    ({Keyword("x"): 1}, {}), ((1, 2), (3, 4)), (_BIG, (1,)), (BigVector.of(_BIG),), (), (1,), None, 7, {0: 7},
)  # fmt: skip


def outcome(function: Callable[..., Any], value: Any) -> tuple[str, str]:
    try:
        return "value", readable(function(value))
    except Exception as error:
        return "error", str(error)


@pytest.mark.parametrize("name", [*NESTS, *PLAIN])
def test_nobody_else_sees_a_change(name: str) -> None:
    source = f"(def w {{:x 0}})(defn f [v] {(NESTS | PLAIN)[name]})"
    functions = []
    for level in (0, 2):
        session = Session()
        session.evaluate(compile_text(source, Options(level=level, verify=True)).artifact)
        functions.append(next(iter(session.instances.values())).globals["f"])
    for value in VALUES:
        before = readable(value)
        wanted, found = (outcome(function, value) for function in functions)
        assert found == wanted, before
        assert readable(value) == before
        assert outcome(functions[1], value) == wanted


def test_which_loops_change_inner_values_in_place() -> None:
    changed = {
        name
        for name, loop in (NESTS | PLAIN).items()
        if "owned_new" in dump(SourceFile("m", f"(def w {{:x 0}})(defn f [v] {loop})"), "fill_in_place")
    }
    assert changed == set(NESTS) - {"vector replaced"}


@pytest.mark.parametrize("seed", range(120))
def test_random_loops(seed: int) -> None:
    text, outcomes, _ = differing(seed)
    assert not outcomes, text


def test_what_is_shared_and_large_is_not_copied() -> None:
    vector, entries = BigVector.of(tuple(range(5000))), BigMap({n: n for n in range(2000)}, {}, 2000)
    places: set[object] = {1}
    assert listed(vector) is vector
    assert owned(entries, 1, places) is entries and not places
    assert owned({}, 2, places) == {} and places == {2}
    assert listed(BigVector.of((1, 2))) == [1, 2]
    few = make_set((1, 2))
    mine = owned_set(few, 3, places)
    assert mine is not few and equal(mine, few) and places == {2, 3}
    assert owned_set(7, 3, places) == 7 and places == {2}
    mine = set_with(few, 3, 4, places)
    assert equal(mine, make_set((1, 2, 3))) and len(few) == 2 and places == {2, 4}
    large = make_set(range(2000))
    assert set_with(large, 3, 4, places) is large and places == {2}
    assert set_with((1,), 3, 4, places) == list_with([1], 3) == [1, 3]
    assert list_with(vector, 1).__class__ is BigVector


def test_lists_become_vectors_at_the_end() -> None:
    assert nest_tuple([[1], (2,), 3]) == ((1,), (2,), 3)
    assert equal(nest_dict({1: [2], 3: {}}), {1: (2,), 3: {}})


@pytest.mark.parametrize("end", ["m", "(conj m [:end n])", "(into m [[:end n]])", "(assoc m :end n)"])
def test_a_map_is_filled_whatever_happens_to_it_at_the_end(end: str) -> None:
    loop = f"(loop [i 0 m {{}}] (if (< i n) (recur (+ i 1) (assoc m (mod i 9) i)) {end}))"
    assert "dict_put" in dump(SourceFile("m", f"(defn f [n] {loop})"), "fill_in_place")
