"""How the checker says what it found.

In: a code, the kind of error that is raised at run time, a node. Out: a `Diagnostic`, a warning.
"""

from __future__ import annotations

from typing import NamedTuple

from rtfsc.check.relations import shown_key
from rtfsc.ir.nodes import Const, Expr
from rtfsc.source import Diagnostic, Edit, SourceFile


class Report(NamedTuple):
    """A warning to be made: its code, and the kind of error that it foretells."""

    code: str
    kind: str

    def at(
        self, node: Expr, message: str, hints: tuple[str, ...] = (), edit: Edit | None = None
    ) -> Diagnostic:
        """Make the warning about a node."""
        return Diagnostic(self.code, message, node.span, hints, edit, severity="warning", kind=self.kind)


def edit_of(source: SourceFile, node: Expr, replacement: str) -> Edit | None:
    """Give the edit that puts something in place of a literal; None where the source has another text, as
    in what a macro made."""
    start, end = node.span
    if not isinstance(node, Const) or source.text[start:end] != shown_key(node.value):
        return None
    return Edit(start, end, replacement)
