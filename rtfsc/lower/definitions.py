"""What a unit defines: its globals, macros, types, imports, and what its interface says of them.

In: definitions in the order they are met. Out: `Definitions`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from rtfs_runtime.interface import Function, Site
from rtfs_runtime.types import Type
from rtfs_runtime.values import Keyword
from rtfsc.syntax.forms import Form


@dataclass(slots=True)
class Definitions:
    """The definitions of one unit.

    `names` are all global names with a meaning: those known before, imported and defined ones. `defined`
    counts the unit's own definitions by name; `unsure` are those on some ways only.
    """

    known: frozenset[str]
    names: set[str] = field(default_factory=set)
    defined: dict[str, int] = field(default_factory=dict)
    unsure: set[str] = field(default_factory=set)
    macros: set[str] = field(default_factory=set)
    imported: set[str] = field(default_factory=set)
    functions: dict[str, Function] = field(default_factory=dict)
    types: dict[str, Type] = field(default_factory=dict)
    type_forms: dict[str, Form] = field(default_factory=dict)
    imports: list[str] = field(default_factory=list)
    sites: list[Site] = field(default_factory=list)
    capabilities: dict[str, None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.names |= self.known

    def define(self, name: str, *, certain: bool) -> None:
        """Note a definition of a global."""
        self.names.add(name)
        self.macros.discard(name)
        self.defined[name] = self.defined.get(name, 0) + 1
        if not certain:
            self.unsure.add(name)

    def bind_import(self, name: str) -> None:
        """Note a name that an import binds."""
        self.names.add(name)
        self.imported.add(name)

    def constants(self) -> frozenset[str]:
        """Give the names that are surely defined exactly once (`ir.nodes.Module.constants`)."""
        return frozenset(
            name
            for name, count in self.defined.items()
            if count == 1 and name not in self.unsure and name not in self.imported and name not in self.known
        )

    def note_capability(self, value: object) -> None:
        """Note the id of a `call`."""
        if isinstance(value, Keyword):
            self.capabilities[value.text] = None
        elif isinstance(value, str):
            self.capabilities[value] = None
