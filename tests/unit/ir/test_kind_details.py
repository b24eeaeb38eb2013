"""What kinds know of records, entries of maps and what lies deep in them."""

from __future__ import annotations

import pytest

from rtfs_runtime import types
from rtfs_runtime.session import Session
from rtfs_runtime.values import Keyword
from rtfsc.driver import compile_text
from rtfsc.ir import kinds
from rtfsc.ir.kind_flow import infer_kinds
from rtfsc.ir.nodes import Cast, DefGlobal
from rtfsc.ir.walk import descendants
from rtfsc.options import Options


def test_an_entry_knows_its_key_and_value_apart() -> None:
    records = kinds.of_vector([kinds.of_map({":a": kinds.INT})])
    entry = kinds.entry(kinds.holding(kinds.DICT, records))
    assert kinds.part(entry, 0) == kinds.KEY
    assert kinds.part(entry, 1) == records


def test_what_is_too_deep_is_left_out_alone() -> None:
    kind = kinds.INT
    for _ in range(6):
        kind = kinds.of_vector([kinds.STR, kind])
    assert kinds.part(kind, 0) == kinds.STR
    inner = kinds.part(kind, 1)
    assert inner is not None
    assert kinds.part(inner, 0) == kinds.STR


def _type(text: str) -> types.Type:
    (form,) = compile_text(f"(defn f [x :{text}] x)", Options(level=0)).module.body
    return next(part.want for part in descendants(form) if isinstance(part, Cast))


RECORD = kinds.of_map({Keyword("x"): kinds.FLOAT, Keyword("n"): kinds.NATURAL})


@pytest.mark.parametrize(
    ("kind", "text", "expected"),
    [
        (RECORD, "[:map [:x :float] [:n :int]]", True),
        (RECORD, "[:map [:x :float]]", True),
        (RECORD, "[:map [:x :int]]", False),
        (RECORD, "[:map [:y :float]]", False),
        # an optional field may stand under a string: whatever the map holds must do
        (RECORD, "[:map [:x :float] [:z :number ?]]", True),
        (RECORD, "[:map [:x :float] [:z :int ?]]", False),
        (RECORD, "[:map-of [:union :keyword :string :int] :number]", True),
        (RECORD, "[:map-of :keyword :number]", False),
        (kinds.of_vector([RECORD, RECORD]), "[:vector [:map [:n :int]]]", True),
        (kinds.holding(kinds.DICT, kinds.FLOAT), "[:map [:x :float]]", False),
        (RECORD, "[:union :nil [:map [:x :float]]]", True),
    ],
)
def test_what_conforms(kind: kinds.Kind, text: str, expected: bool) -> None:
    assert kinds.conforms(kind, _type(text)) is expected


def test_records_that_are_made_as_declared_are_not_checked_again() -> None:
    text = """
        (deftype Point [:map [:x :float] [:y :float]])
        (defn norm [p :Point] :float (+ (* (:x p) (:x p)) (* (:y p) (:y p))))
        (defn shift [p :Point dx :float] :Point (assoc p :x (+ (:x p) dx)))
        (defn total [ps :[:vector Point]] :float (reduce (fn [s p] (+ s (norm p))) 0.0 ps))
        (defn run [n] (total (map (fn [i] (shift {:x (float i) :y 2.0} 1.5)) (range n))))
        (run 3)"""
    unit = compile_text(text)
    run = next(part for part in unit.module.body if isinstance(part, DefGlobal) and part.name == "run")
    known = infer_kinds(unit.module)
    casts = [part for part in descendants(run) if isinstance(part, Cast)]
    assert casts
    assert all(kinds.conforms(known.of(part.value), part.want) for part in casts)
    assert Session().evaluate(unit.artifact).value == 32.75
