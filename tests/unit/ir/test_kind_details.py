"""What kinds know of records, entries of maps and what lies deep in them."""

from __future__ import annotations

from rtfsc.ir import kinds


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
