"""Every conformance case as a user meets it: compiled, written as an artifact and read back.

The other modes are left to `python -m tests.conformance`, which CI runs on each Python.
"""

from __future__ import annotations

from functools import cache

import pytest

from rtfsc.worker.server import warm
from tests.conformance.cases import Case, complaint, expected_failures, folder, read_cases
from tests.conformance.runner import run_all

_FOLDER = folder()
pytestmark = pytest.mark.skipif(_FOLDER is None, reason="no conformance folder: set RTFS_CONFORMANCE")


@cache
def _areas() -> dict[str, list[Case]]:
    areas: dict[str, list[Case]] = {}
    for case in read_cases(_FOLDER) if _FOLDER else []:
        areas.setdefault(case.area, []).append(case)
    return areas


@pytest.fixture(scope="module", autouse=True)
def _warm() -> None:
    warm()


@pytest.mark.parametrize("area", sorted(_areas()) or ["none"])
def test_area(area: str) -> None:
    listed = expected_failures()
    wrong = []
    cases = _areas()[area]
    for case, answer in zip(cases, run_all(cases, "artifact"), strict=True):
        problem = complaint(case, answer)
        if case.id in listed and problem is None:
            wrong.append(f"{case.id}: passes; strike it from expected_failures.toml")
        elif case.id not in listed and problem is not None:
            wrong.append(f"{case.id}: {problem}\n    {case.source[:300]}")
    assert not wrong, f"{len(wrong)} of {len(_areas()[area])} cases\n" + "\n".join(wrong)


def test_listed_failures_exist_and_say_why() -> None:
    known = {case.id for cases in _areas().values() for case in cases}
    listed = expected_failures()
    assert not listed.keys() - known
    assert all(reason.strip() for reason in listed.values())
