"""Loops that change a vector, a map or a set of their own in place: which do, and that nobody sees it."""

from __future__ import annotations

import pytest

from rtfsc.dump import dump
from rtfsc.source import SourceFile
from tests.properties.compare import compiled
from tests.properties.fills import differing

IN_PLACE = {
    "dict_drop": "(reduce (fn [m i] (if (odd? i) (dissoc m (- i 1)) (assoc m i i))) {} (range n))",
    "dict_merge": "(reduce (fn [m i] (merge m (hash-map i i))) {} (range n))",
    "dict_pour": "(reduce (fn [m i] (into m [[i i]])) {} (range n))",
    "set_drop": "(reduce (fn [s i] (if (odd? i) (disj s (- i 1)) (conj s i))) (set []) (range n))",
    "set_join": "(reduce (fn [s i] (union s (set [i 7]))) (set []) (range n))",
    "list_cut": "(loop [s [1] i 0 t 0] (if (< i n) (recur (conj (subvec s 0 (dec (count s))) i i)"
    " (inc i) (last s)) [s t]))",
    "list_drop": "(loop [q [1] i 0] (if (< i n) (let [[x & more] q] (recur (concat more [x i]) (inc i))) q))",
    "list_drop_last": "(loop [s [1] i 0] (if (< i n) (recur (conj (drop-last 1 s) i i) (inc i)) s))",
    "list_take": "(loop [s [] i 0] (if (< i n) (recur (take 3 (conj s i)) (inc i)) s))",
    "list_extend": "(loop [s [] i 0] (if (< i n) (recur (concat s (range i)) (inc i)) s))",
    "list_sort": "(loop [s [] i 0] (if (< i n) (recur (sort (conj s (mod (* i 7) 5))) (inc i)) s))",
    "looks": "(loop [s (vec (range n)) i 0] (if (< i n) (recur (assoc s (place s i) 0) (inc i)) s))",
}
KEPT = {
    "a read that may fail": "(loop [s [0] i 0] (if (< i n)"
    " (recur (conj (drop-last 1 s) (nth s 0)) (inc i)) s))",
    "a step that is kept": "(loop [m {} i 0 out []] (if (< i n)"
    " (recur (dissoc m i) (inc i) (conj out m)) [m out]))",
}
_PLACE = "(defn place [s i] (loop [k i] (if (< (inc k) (count s)) (if (= 0 (nth s k)) (recur (inc k)) k) i)))"


def _source(loop: str) -> str:
    return f"{_PLACE}(defn f [n] {loop})(f 8)"


@pytest.mark.parametrize("name", IN_PLACE)
def test_what_is_changed_in_place(name: str) -> None:
    source = _source(IN_PLACE[name])
    assert name in dump(SourceFile("m", source), "fill_in_place")
    assert compiled(source, 2) == compiled(source, 0)


@pytest.mark.parametrize("name", KEPT)
def test_what_is_not(name: str) -> None:
    source = _source(KEPT[name])
    assert "list_of" not in dump(SourceFile("m", source), "fill_in_place")
    assert compiled(source, 2) == compiled(source, 0)


def test_a_boolean_is_looked_for_in_a_set_that_is_filled() -> None:
    source = _source(
        "(loop [s (set []) i 0] (if (< i n) (recur (into s [(contains? s (contains? s 2)) 7]) (inc i)) s))"
    )
    assert not compiled(source, 0).kind
    assert compiled(source, 2) == compiled(source, 0)


@pytest.mark.parametrize("seed", range(120))
def test_random_loops(seed: int) -> None:
    text, outcomes, _ = differing(seed)
    assert not outcomes, text
