"""What is kept with nodes and modules is what walking them again would find."""

from __future__ import annotations

import gc
import weakref

import pytest

from rtfsc.driver import compile_text
from rtfsc.ir.census import among, occurs, size, things
from rtfsc.ir.kind_flow import infer_kinds
from rtfsc.ir.nodes import BuiltinRef, Call, Fn, Fold, If, Let, Local, Module, Op, Vector
from rtfsc.ir.walk import descendants

PROGRAM = """
(defn f [xs n] (if (> n 1) (reduce + 0 (map (fn [x] (* x n)) (filter even? xs))) (mapv inc xs)))
(defn g [[a & more]] (let [b (f more a)] (loop [i 0 acc []] (if (< i 3) (recur (+ i 1) (conj acc b)) acc))))
(g [1 2 3])
"""


@pytest.fixture(scope="module")
def module() -> Module:
    return compile_text(PROGRAM).module


@pytest.mark.parametrize("kind", [Call, Fn, Fold, If, Let, Local, Op, Vector])
def test_classes(module: Module, kind: type) -> None:
    wanted = things(kind)
    for form in module.body:
        for node in descendants(form):
            assert bool(occurs(node) & wanted) is any(isinstance(part, kind) for part in descendants(node))
        found = [part for part in among(form, wanted) if isinstance(part, kind)]
        assert found == [part for part in descendants(form) if isinstance(part, kind)]


def test_names_of_builtins_are_one_thing(module: Module) -> None:
    assert things("mod") == things("%")
    wanted = things("conj", "even?")
    for form in module.body:
        for node in descendants(form):
            named = (part for part in descendants(node) if isinstance(part, BuiltinRef))
            assert bool(occurs(node) & wanted) is any(part.name in ("conj", "even?") for part in named)


def test_operations() -> None:
    module = compile_text("(defn f [x] (match x [a b] a [a & r] r _ 0))").module
    asked = [part for form in module.body for part in descendants(form) if isinstance(part, Op)]
    wanted = things("#seq_rest")
    assert {part.name for part in asked if occurs(part) & wanted} == {"seq_rest"}


def test_sizes(module: Module) -> None:
    for form in module.body:
        for node in descendants(form):
            assert size(node) == sum(1 for _ in descendants(node))


def test_kinds_are_found_once_and_go_with_their_module() -> None:
    module = compile_text(PROGRAM).module
    known = infer_kinds(module)
    assert infer_kinds(module) is known
    assert infer_kinds(module, {"f": None}) is not known
    there = weakref.ref(known)
    gc.disable()
    try:
        del module, known
        assert there() is None
    finally:
        gc.enable()
