"""A form is looked at again only where something that it read is another one."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rtfsc.driver import compile_text, evaluate
from rtfsc.ir import kinds
from rtfsc.ir.kind_flow import Kinds, infer_kinds
from rtfsc.ir.nodes import DefGlobal, Module
from rtfsc.ir.walk import TWIN
from rtfsc.options import Options
from rtfsc.passes import specialise_entries
from tests.unit.ir.test_census import PROGRAM

LOOPS = """
(defn onward [x] (if (> x 9) "done" "go on"))
(defn walk [n] (loop [i 0 acc []] (if (< i n)
  (recur (inc i) (conj acc (loop [j 0 s 0] (if (< j i) (recur (inc j) (+ s (/ j 2))) s)))) acc)))
(defn even [n] (if (= n 0) 0 (inc (odd (dec n)))))
(defn odd [n] (if (= n 0) 1 (inc (even (dec n)))))
(def limit 12)
(defn all [] [(onward limit) (walk limit) (even limit)])
(all)
"""


def _plain(text: str) -> Module:
    return compile_text(text, Options(level=0)).module


def _fresh(module: Module) -> Kinds:
    for node in module.body:
        if isinstance(node, DefGlobal):
            node.looks.clear()
    return infer_kinds(replace(module))


def _looks(module: Module) -> dict[str, int]:
    return {node.name: len(node.looks) for node in module.body if isinstance(node, DefGlobal)}


@pytest.mark.parametrize("level", [0, 2])
@pytest.mark.parametrize("text", [PROGRAM, LOOPS])
def test_earlier_looks_change_nothing(text: str, level: int) -> None:
    module = compile_text(text, Options(level=level)).module
    kept = infer_kinds(replace(module))
    fresh = _fresh(module)
    assert kept.table == fresh.table
    assert kept.params == fresh.params


def test_what_stays_is_looked_at_once() -> None:
    module = _plain(LOOPS)
    infer_kinds(module)
    before = _looks(module)
    # `even` is read by `odd`, whose look is needed for it
    assert before == {"onward": 1, "walk": 1, "even": 1, "odd": 2, "limit": 1, "all": 1}
    infer_kinds(replace(module))
    assert _looks(module) == before


def test_what_was_found_of_a_function_holds_for_its_twin() -> None:
    text = "(defn area [x] (* (nth x 0) (nth x 1))) (defn both [] (+ (area [1 2]) (area [3 4])))"
    module = specialise_entries.run(_plain(text), Options())
    before = _looks(module)
    assert before[TWIN + "area"] == before["both"] == 1
    kept = infer_kinds(replace(module))
    assert kept.params[TWIN + "area"] == (kinds.holding(kinds.TUPLE, kinds.NATURAL),)
    assert _looks(module) == before
    assert kept.table == _fresh(module).table


def test_other_arguments_are_another_look() -> None:
    module = _plain(LOOPS)
    infer_kinds(module)
    before = _looks(module)
    closed = infer_kinds(module, {"onward": None})
    assert closed.params["onward"] == (kinds.NATURAL,)
    found = _looks(module)
    assert found.pop("onward") == before.pop("onward") + 1
    # what it gives is the same
    assert found == before


def test_chains_of_calls_are_longer_than_the_stack_is_deep() -> None:
    count = 3_000
    lines = [f"(defn f{at} [x] (let [y (inc x)] (f{at + 1} (+ y (* x 2)))))" for at in range(count)]
    lines.append(f"(defn f{count} [x] x) [(fn? f0) (f{count - 1} 1)]")
    assert evaluate("\n".join(lines)) == (True, 4)
