"""Builtins written as instructions give what the builtins give, and kinds hold what values are."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from rtfs_runtime.builtins import BUILTINS
from rtfs_runtime.equality import equal
from rtfs_runtime.errors import RtfsError
from rtfs_runtime.maps import BigMap
from rtfs_runtime.native import to_rtfs_error
from rtfs_runtime.printer import display, readable
from rtfs_runtime.session import Session
from rtfs_runtime.sets import make_set
from rtfs_runtime.values import Keyword, List, Set
from rtfs_runtime.vectors import BigVector
from rtfsc.backend.arithmetic import ARITHMETIC
from rtfsc.backend.collections import COLLECTIONS
from rtfsc.backend.conditions import CONDITIONS
from rtfsc.backend.conversions import CONVERSIONS
from rtfsc.backend.slices import SLICES
from rtfsc.backend.texts import TEXTS
from rtfsc.backend.wholes import WHOLES
from rtfsc.driver import compile_text
from rtfsc.ir import kind_needs, kind_rules, kinds

SAMPLES: tuple[Any, ...] = (
    None, True, False, 0, 1, -3, 10**400, 0.0, -2.5, 7.0, float("nan"), float("inf"), "", "añb", Keyword("a"),
    (), (1, 2.0, "x"), List((4, 5)), {}, {Keyword("a"): 1, "b": None, 1: "one"}, make_set((1, 2)),
    BigVector.of((1, 2, 3)), BigMap({1: 2}, {}, 1), RtfsError("Generic", {"message": "m"}),
)  # fmt: skip
LITERALS = ("0", "1", "-3", "2.5", '"añb"', ":a", "nil", "true", "[1 2]", "{:a 1}")
NAMES = sorted({*ARITHMETIC, *COLLECTIONS, *CONVERSIONS, *SLICES, *TEXTS, *WHOLES})


def arities(name: str) -> Iterator[int]:
    row = BUILTINS[name]
    return iter(count for count in (1, 2, 3) if row.min_args <= count <= (row.max_args or 3))


def outcome(function: Callable[..., Any], args: tuple[Any, ...]) -> tuple[str, Any]:
    try:
        return "value", function(*args)
    except Exception as error:
        found = to_rtfs_error(error)
        assert isinstance(found, RtfsError)
        return "error", (found.kind, found.message)


def same(left: tuple[str, Any], right: tuple[str, Any]) -> bool:
    if left[0] != right[0]:
        return False
    if left[0] == "error":
        return bool(left[1] == right[1])
    one, other = left[1], right[1]
    # NaN equals nothing, not even itself
    return type(one) is type(other) and (equal(one, other) or display(one) == display(other))


def load(source: str) -> dict[str, Any]:
    session = Session()
    session.evaluate(compile_text(source).artifact)
    return next(iter(session.instances.values())).globals


@pytest.mark.parametrize("name", NAMES)
def test_any_arguments(name: str) -> None:
    builtin = BUILTINS[name].function
    for count in arities(name):
        params = " ".join("abc"[:count])
        compiled = load(f"(defn f [{params}] ({name} {params}))")["f"]
        tested = SAMPLES if count < 3 else SAMPLES[::3]
        for args in itertools.product(tested, repeat=count):
            wanted, got = outcome(builtin, args), outcome(compiled, args)
            assert same(wanted, got), (name, [readable(arg) for arg in args], wanted, got)


@pytest.mark.parametrize("name", NAMES)
def test_one_argument_is_known(name: str) -> None:
    builtin = BUILTINS[name].function
    for literal in LITERALS if 2 in arities(name) else ():
        names = load(
            f"(defn left [x] ({name} {literal} x)) (defn right [x] ({name} x {literal})) (def it {literal})"
        )
        for value in SAMPLES:
            for side, args in (("left", (names["it"], value)), ("right", (value, names["it"]))):
                wanted, got = outcome(builtin, args), outcome(names[side], (value,))
                assert same(wanted, got), (name, side, literal, readable(value), wanted, got)


def test_changes_that_are_written_out() -> None:
    key = Keyword("a")
    names = load(
        "(defn changed [a b] (update a b (fn [x] (inc (or x 0)))))"
        "(defn inside [a b] (update-in a [:a b] + 1))"
        "(defn set-in [a b] (assoc-in a [b :a] 1)) (defn of [a b] (get-in a [b :a]))"
        "(defn filled [a b] (reduce (fn [m x] (update m x (fn [n] (+ n 1)))) [1 2] [0 1 b]))"
    )
    inc, plus = BUILTINS["inc"].function, BUILTINS["+"].function
    call = {name: BUILTINS[name].function for name in ("update", "update-in", "assoc-in", "get-in", "reduce")}
    wanted: dict[str, Callable[..., Any]] = {
        "changed": lambda a, b: call["update"](a, b, lambda x: inc(0 if x is None or x is False else x)),
        "inside": lambda a, b: call["update-in"](a, (key, b), plus, 1),
        "set-in": lambda a, b: call["assoc-in"](a, (b, key), 1),
        "of": lambda a, b: call["get-in"](a, (b, key)),
        "filled": lambda a, b: call["reduce"](lambda m, x: call["update"](m, x, inc), (1, 2), (0, 1, b)),
    }
    nested = ({key: {key: 1}}, {key: {1: 5}}, {key: None}, {1: {key: 2}}, ({key: 3},))
    for name, function in wanted.items():
        for args in itertools.product((*SAMPLES, *nested), SAMPLES):
            found = outcome(names[name], args)
            assert same(outcome(function, args), found), (name, [readable(arg) for arg in args], found)


def test_several_keys_are_set_from_the_left() -> None:
    compiled = load("(defn f [m a b] (assoc m a 1 :b 2 b m))")["f"]
    key = Keyword("b")
    for args in itertools.product((*SAMPLES, {key: 0}, (1, 2, 3)), SAMPLES, SAMPLES[::2]):
        m, a, b = args
        wanted = outcome(BUILTINS["assoc"].function, (m, a, 1, key, 2, b, m))
        found = outcome(compiled, args)
        assert same(wanted, found), ([readable(arg) for arg in args], found)


def test_whole_quotients() -> None:
    names = load(
        "(defn cut [a b] (int (/ a b))) (defn down [a b] (floor (/ a b)))"
        "(defn left [a b] (if (= 0 (mod a b)) (/ a b) (if (zero? (mod a b)) (/ a b) nil)))"
        "(defn rest-of [a b] [(= 0 (mod a b)) (= (mod a b) 0) (zero? (mod a b)) (not= 0 (mod a b))])"
        "(defn half [a b] (if (even? a) (/ a 2) (+ b 1)))"
    )
    call = {name: BUILTINS[name].function for name in ("/", "int", "floor", "mod", "even?", "+")}

    def rest_of(found: Any) -> tuple[bool, ...]:
        whole = type(found) is int and found == 0
        return whole, whole, found == 0, not whole

    wanted: dict[str, Callable[..., Any]] = {
        "cut": lambda a, b: call["int"](call["/"](a, b)),
        "down": lambda a, b: call["floor"](call["/"](a, b)),
        "left": lambda a, b: None if call["mod"](a, b) else call["/"](a, b),
        "rest-of": lambda a, b: rest_of(call["mod"](a, b)),
        "half": lambda a, b: call["/"](a, 2) if call["even?"](a) else call["+"](b, 1),
    }
    numbers = (*SAMPLES, 7, -7, 2, 6.0, -6.5, *((1 << 53) + delta for delta in (-1, 0, 1, 3)), (1 << 80) + 1)
    for name, function in wanted.items():
        for args in itertools.product(numbers, repeat=2):
            found = outcome(names[name], args)
            assert same(outcome(function, args), found), (name, [readable(arg) for arg in args], found)


@pytest.mark.parametrize("name", sorted(CONDITIONS))
def test_tests_as_jumps(name: str) -> None:
    builtin = BUILTINS[name].function
    for literal in LITERALS if 2 in arities(name) else ("",):
        names = load(
            f"(defn is [x] (if ({name} x {literal}) true false)) (def it {literal or 'nil'})"
            f"(defn either [x] (if (not ({name} {literal} x)) false (loop [y x] ({name} y {literal}))))"
        )
        for value in SAMPLES:
            args = (value, names["it"]) if literal else (value,)
            wanted = outcome(builtin, args)
            for function in ("is", "either"):
                assert same(wanted, outcome(names[function], (value,))), (name, literal, readable(value))


def kind_of(value: Any) -> int:
    if type(value) is int:
        return kinds.NATURAL if value >= 0 else kinds.NEGATIVE
    base = {
        type(None): kinds.NIL, bool: kinds.BOOL, float: kinds.FLOAT, str: kinds.STR,
        Keyword: kinds.KEYWORD, tuple: kinds.TUPLE, List: kinds.LIST, dict: kinds.DICT, Set: kinds.SET,
        BigVector: kinds.BIG_VECTOR, BigMap: kinds.BIG_MAP,
    }.get(type(value), kinds.OTHER)  # fmt: skip
    inner = value.values() if isinstance(value, (dict, BigMap)) else ()
    if isinstance(value, (tuple, List, BigVector, Set)):
        inner = tuple(value)
    return kinds.holding(base, kinds.union(map(kind_of, inner)))


@pytest.mark.parametrize("name", sorted({row.name for row in BUILTINS.values() if not row.host}))
def test_kinds_of_results(name: str) -> None:
    builtin = BUILTINS[name].function
    samples = (*SAMPLES, BUILTINS["inc"].function, BUILTINS["str"].function, BUILTINS["<"].function)
    nested = (((1, 2), (2.5, "x")), {Keyword("a"): (1.5, ((),))}, ((1, 2), (3, 4)))
    samples = (*(sample for sample in samples if sample != 10**400), *nested)
    for count in arities(name):
        for args in itertools.product(samples if count < 3 else samples[::2], repeat=count):
            known = [kind_of(arg) for arg in args]
            found, value = outcome(builtin, args)
            if found == "value":
                kind, real = kind_rules.of_builtin(name, known), kind_of(value)
                assert real & kinds.ANY & ~kind == 0, (name, [readable(arg) for arg in args], readable(value))
                for arg_kind, need in zip(known, kind_needs.wanted(name, known) or (), strict=False):
                    assert kinds.within(arg_kind, need), (name, [readable(arg) for arg in args])


@pytest.mark.parametrize("name", ["nil?", "bool?", "true?", "int?", "number?", "list?", "vector?", "map?"])
def test_kinds_of_predicates(name: str) -> None:
    sides = kind_needs.predicate(name)
    assert sides is not None
    for value in SAMPLES:
        held = sides[0] if BUILTINS[name].function(value) else sides[1]
        assert kind_of(value) & kinds.BASE & ~held == 0, (name, readable(value))


def test_what_a_loop_fills_is_counted_in_line() -> None:
    text = "(defn f [n] (loop [i 0 q [0]] (if (< i (count q)) (recur (+ i 1) (if (< i n) (conj q i) q)) q)))"
    session = Session()
    session.evaluate(compile_text(text).artifact)
    function = next(iter(session.instances.values())).globals["f"]
    assert function(3) == (0, 0, 1, 2)
    assert "count" not in function.__code__.co_names
