"""The list of models that can be fetched by name, `models/manifest.toml`.

In: the file, which the wheel carries inside this package. Out: `ModelRow`, by id.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from rtfs_runtime.providers.tables import TableFile

_PACKAGE: Final = Path(__file__).parents[2]
# in a checkout the list stands beside the sources; a wheel carries it inside the package
_PLACES: Final = (_PACKAGE / "models" / "manifest.toml", _PACKAGE.parents[1] / "models" / "manifest.toml")


class Part(NamedTuple):
    """A piece of a model's file: the package that carries it, its version, its path in the package."""

    package: str
    version: str
    member: str


class ModelRow(NamedTuple):
    """One model that can be pulled; its file is its parts, one after the other."""

    id: str
    title: str
    licence: str
    sha256: str
    size_bytes: int
    parts: tuple[Part, ...]
    default: bool = False
    note: str = ""


@cache
def manifest() -> Mapping[str, ModelRow]:
    """Read the list; raises TableError for a damaged installation."""
    file = TableFile(next((place for place in _PLACES if place.is_file()), _PLACES[0]))
    rows = file.get("", file.data, "models", dict) or {}
    return MappingProxyType({name: _row(name, given) for name, given in rows.items()})


def _row(name: str, given: dict[str, Any]) -> ModelRow:
    parts = tuple(Part(part["package"], part["version"], part["member"]) for part in given["parts"])
    return ModelRow(
        name,
        given["title"],
        given["licence"],
        given["sha256"],
        given["size_bytes"],
        parts,
        given.get("default", False),
        given.get("note", ""),
    )
