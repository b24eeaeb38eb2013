"""Read conformance cases and compare answers with them.

In: the folder of `*.jsonl` files (environment variable RTFS_CONFORMANCE, else `../shared/conformance`
beside the repository). Out: `Case`s, and what is wrong with an answer. Running is left to `runner`.
"""

from __future__ import annotations

import json
import os
import tomllib
from pathlib import Path
from typing import Any, NamedTuple

_HERE = Path(__file__).parent
_STAGES_ALLOWED = {"parse": ("parse",), "compile": ("parse", "compile"), "run": ("run",)}


class Case(NamedTuple):
    """One line of a file: see the README of the conformance folder."""

    id: str
    source: str
    files: dict[str, str]
    wanted: dict[str, Any]

    @property
    def area(self) -> str:
        return self.id.split("/")[0]


def folder() -> Path | None:
    """Find the folder of cases."""
    given = os.environ.get("RTFS_CONFORMANCE")
    path = Path(given) if given else _HERE.parents[2] / "shared" / "conformance"
    return path if path.is_dir() else None


def read_cases(path: Path) -> list[Case]:
    """Read all files of the folder, in order of their names."""
    cases = []
    for file in sorted(path.glob("*.jsonl")):
        for line in file.read_text(encoding="utf-8").split("\n"):
            if line:
                data = json.loads(line)
                cases.append(Case(data["id"], data["source"], data.get("files", {}), data))
    return cases


def expected_failures() -> dict[str, str]:
    """Read the listed exceptions: id -> reason."""
    with open(_HERE / "expected_failures.toml", "rb") as file:
        listed: dict[str, str] = tomllib.load(file)
    return listed


def complaint(case: Case, answer: dict[str, Any]) -> str | None:
    """Say what is wrong with an answer of `runner.run`, or return None."""
    wanted = case.wanted
    if "parses" in wanted:
        return _parse_complaint(wanted, answer)
    if "error" in wanted:
        return _error_complaint(wanted["error"], answer)
    if not answer["ok"]:
        return f"wanted {json.dumps(wanted['expect'])}, got {_failure(answer)}"
    if not matches(wanted["expect"], answer["value"]):
        return f"wanted {json.dumps(wanted['expect'])}, got {json.dumps(answer['value'])}"
    if "printed" in wanted and wanted["printed"] != answer["printed"]:
        return f"wanted printed {wanted['printed']!r}, got {answer['printed']!r}"
    return None


def _failure(answer: dict[str, Any]) -> str:
    error = answer["error"]
    return f"{answer['stage']} error {error['kind']} [{error['code']}]: {error['message']}"


def _parse_complaint(wanted: dict[str, Any], answer: dict[str, Any]) -> str | None:
    if answer["ok"]:
        return None if wanted["parses"] else "wanted a rejection, got acceptance"
    if wanted["parses"]:
        return f"wanted acceptance, got {_failure(answer)}"
    if answer["error"]["kind"] == "InternalError":
        return f"wanted a rejection, got {_failure(answer)}"
    return _diagnostic_complaint(wanted.get("diagnostic", {}), answer)


def _diagnostic_complaint(wanted: dict[str, Any], answer: dict[str, Any]) -> str | None:
    for key in ("line", "column"):
        if key in wanted and wanted[key] != answer["error"][key]:
            return f"wanted {key} {wanted[key]}, got {answer['error'][key]} in {_failure(answer)}"
    for text in wanted.get("contains", []):
        if text not in answer["report"]:
            return f"wanted {text!r} in the report, got\n{answer['report']}"
    return None


def _error_complaint(wanted: dict[str, Any], answer: dict[str, Any]) -> str | None:
    if answer["ok"]:
        return f"wanted error {json.dumps(wanted)}, got {json.dumps(answer.get('value'))}"
    kind = answer["error"]["kind"]
    # a bug of ours must not pass for an error of the program
    wrong = kind == "InternalError" if wanted["kind"] == "any" else kind != wanted["kind"]
    stages = _STAGES_ALLOWED.get(wanted.get("stage", ""), ("parse", "compile", "run"))
    if wrong or answer["stage"] not in stages:
        return f"wanted error {json.dumps(wanted)}, got {_failure(answer)}"
    return None


def matches(wanted: Any, got: Any) -> bool:
    """Compare tagged values: kinds strict, the sign of zero counts, the order of map entries does not."""
    ((tag, inner),) = wanted.items()
    if tuple(got) != (tag,):
        return False
    other = got[tag]
    if tag in ("vec", "list", "set"):
        return len(inner) == len(other) and all(map(matches, inner, other))
    if tag == "map":
        return _maps_match(inner, other)
    if tag == "error":
        return inner in ("any", other)
    return type(inner) is type(other) and repr(inner) == repr(other)


def _maps_match(wanted: list[Any], got: list[Any]) -> bool:
    found = {json.dumps(key): value for key, value in got}
    return len(wanted) == len(got) and all(
        json.dumps(key) in found and matches(value, found[json.dumps(key)]) for key, value in wanted
    )
