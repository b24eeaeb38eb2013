"""Calls of functions that a policy may send elsewhere go through their slots at every level."""

from __future__ import annotations

import pytest

from rtfs_runtime.session import Session
from rtfsc.driver import compile_text
from rtfsc.ir.nodes import Call, DefGlobal, Global, Module
from rtfsc.ir.walk import descendants
from rtfsc.options import Options

_SOURCE = """
(defn f [n] (if (< n 1) n (f (- n 1))))
(defn g [v x] (conj v (f x)))
(defn h [xs] (reduce + 0 (map f (filter (fn [x] (> (f x) -1)) xs))))
(defn main [] [(f 3) (h [1 2]) (loop [i 0 v []] (if (< i 2) (recur (+ i 1) (g v i)) v))])
"""


def names_called(module: Module) -> list[str]:
    return [
        part.callee.name
        for node in module.body
        for part in descendants(node)
        if isinstance(part, Call) and isinstance(part.callee, Global)
    ]


@pytest.mark.parametrize("level", [0, 1, 2])
def test_what_replaces_the_function_answers_every_call(level: int) -> None:
    unit = compile_text(_SOURCE, Options(level=level, delegable=("*/f",)))
    assert not [
        node.name for node in unit.module.body if isinstance(node, DefGlobal) and node.name.endswith(" f")
    ]
    session = Session()
    session.evaluate(unit.artifact)
    names = next(iter(session.instances.values())).globals
    seen: list[object] = []

    def elsewhere(n: object) -> int:
        seen.append(n)
        return 7

    names["f"] = elsewhere
    assert names["main"]() == (7, 14, (7, 7))
    assert seen == [3, 1, 2, 1, 2, 0, 1]


def test_others_are_resolved() -> None:
    module = compile_text(_SOURCE).module
    assert names_called(module)[-1] == "#list 0 #known g"
    assert "#known f" in names_called(module)
