"""Equality written as instructions evaluates its sides in their order."""

from __future__ import annotations

import itertools

import pytest

from rtfs_runtime.errors import RtfsError
from rtfsc.driver import evaluate
from rtfsc.options import Options


@pytest.mark.parametrize("level", [0, 1, 2])
@pytest.mark.parametrize("shape", ["[{}]", "[1 {}]", "(vector {})", "{}", "(inc {})", "{{:a {}}}"])
@pytest.mark.parametrize("name", ["=", "!="])
def test_the_first_side_that_fails_is_the_error(name: str, shape: str, level: int) -> None:
    sides = (shape.format("(throw :first)"), "(throw :last)")
    for first, last in (sides, (sides[1], sides[0])):
        with pytest.raises(RtfsError) as raised:
            evaluate(f"({name} {first} {last})", options=Options(level=level))
        assert str(raised.value).endswith(":first" if first == sides[0] else ":last"), (first, last)


ATOMS = ("1", "2", "true", "false", "nil", '"a"', ":a", "1.0")


@pytest.mark.parametrize("level", [0, 2])
@pytest.mark.parametrize("other", ATOMS)
def test_vectors_of_known_atoms(other: str, level: int) -> None:
    for atom in ATOMS:
        same = str(atom == other).lower()
        sides = (f"[x {atom}]", f"[x {other}]", f"(identity [x {other}])", f"y [x {atom}]")
        texts = (f"(= {left} {right})" for left, right in itertools.pairwise(sides[:3]))
        bodies = " ".join((*texts, f"(= {sides[3]})", f"(= {sides[1]} y)", "(= {:k [x 1]} {:k y})"))
        text = (
            f"(defn f [x y] (do (+ x 1) [{bodies}])) (str [(f 1 [1 {other}]) (f 2 (vec (list 2.0 {other})))])"
        )
        known = f"{same} true {same} true {str(other == '1').lower()}"
        found = evaluate(text, options=Options(level=level))
        assert found == f"[[{known}] [{same} true false false false]]", text


@pytest.mark.parametrize("level", [0, 2])
def test_what_python_compares_by_other_rules(level: int) -> None:
    text = """
    (defn f [n] (let [nan (- ##Inf ##Inf) held [nan] big (vec (range n)) small (reduce conj [] (range n))]
      [(= held held) (= [nan n] [nan n]) (= [n true] [n 1]) (= [[n]] [[n]]) (= {:a n :b "x"} {:b "x" :a n})
       (= big small) (= [big] [small]) (= [n [n "a"]] [n (list n "a")]) (= [n] (list n))]))
    (str (f 300))
    """
    assert evaluate(text, options=Options(level=level)) == (
        "[false false false true true true true false false]"
    )
