"""Equality written as instructions evaluates its sides in their order."""

from __future__ import annotations

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
