"""What lowering is given besides forms.

In: nothing. Out: `LowerContext`, and the protocol of the macro expander that lowering asks. The driver
fills both, so that nothing here imports a later stage, reads a file or runs a macro.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from rtfs_runtime.builtins.table import Builtin
from rtfs_runtime.interface import Interface, Macro
from rtfsc.source import Diagnostic, SourceFile, Span
from rtfsc.syntax.forms import Form, ListForm


class Expander(Protocol):
    """What lowering asks of macros; one expander serves one unit, in textual order."""

    def expand(self, form: ListForm, is_bound: Callable[[str], bool]) -> Form | None:
        """Give the expansion of a macro call, or None when the form is no macro call."""
        ...

    def define(self, form: ListForm) -> None:
        """Take a `defmacro` form."""
        ...

    def note_definition(self, form: ListForm) -> None:
        """Take a `def` or `defn` of the unit, for use by the bodies of later macros."""
        ...

    def adopt(self, macro: Macro, names: tuple[str, ...]) -> None:
        """Take a macro that an imported module exports, under these names."""
        ...

    def exported(self, names: tuple[str, ...]) -> tuple[Macro, ...]:
        """Give macros of the unit as an interface keeps them."""
        ...

    def fork(self) -> Expander:
        """Make an expander for a module inside the unit: it sees none of the unit's macros."""
        ...


@dataclass(frozen=True, slots=True)
class LowerContext:
    """The surroundings of one compile unit.

    `import_interface` finds what a module exports; it raises CompileError (ModuleNotFound, ModuleError).
    `known_globals` are names that exist before the unit runs, as in the REPL. `policy_matches` tells
    whether a policy rule may send the function of that qualified name (`module/name`) elsewhere. `warn`
    receives warnings.
    """

    source: SourceFile
    module_name: str
    expander: Expander
    import_interface: Callable[[str, Span], Interface]
    builtins: Mapping[str, Builtin]
    known_globals: frozenset[str] = frozenset()
    policy_matches: Callable[[str], bool] = lambda name: False
    warn: list[Diagnostic] = field(default_factory=list)
