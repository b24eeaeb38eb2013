"""The table of special forms: one decorated handler is one row.

In: handlers decorated in the rooms beside this file. Out: `SPECIALS`. A row's shape string is its arity
check, the usage line of its error, and its heading in the documentation.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple, TypeVar

from rtfsc.diagnostics import fail
from rtfsc.ir.nodes import Expr
from rtfsc.source import CompileError
from rtfsc.syntax.forms import ListForm, VectorForm

H = TypeVar("H", bound=Callable[..., Expr])

_PART: Final = re.compile(r"\[[^\]]*\][?*+]?|\S+")


class Special(NamedTuple):
    """One special form.

    Shape: `(if condition then else?)`: `x` one, `x?` at most one, `x*` any number, `x+` at least one, `[x]`
    a vector. `requires` completes the message `NAME requires …`. A `shadowable` form gives way to a local,
    a definition or a macro of its name.
    """

    name: str
    shape: str
    handler: Callable[..., Expr]
    requires: str
    shadowable: bool
    at_least: int
    at_most: int | None
    vector_first: bool

    def check(self, form: ListForm) -> None:
        """Check the number of operands, and that a leading vector is one."""
        items = form.items
        if self.vector_first and len(items) > 1 and not isinstance(items[1], VectorForm):
            what = "parameter vector" if self.name == "lambda" else "binding vector"
            raise self.malformed(form, f"{self.name} requires {what} as first argument", 1)
        count = len(items) - 1
        if count < self.at_least:
            raise self.malformed(form, f"{self.name} requires {self.requires}")
        if self.at_most is not None and count > self.at_most:
            raise self.malformed(
                form, f"{self.name} requires {self.requires}, and nothing more", self.at_most + 1
            )

    def malformed(self, form: ListForm, message: str, at: int | None = None) -> CompileError:
        """Make the error for a malformed use, at the operand `at` or at the whole form."""
        return fail(
            "E101",
            message,
            form if at is None else form.items[at],
            hints=(f"{self.name} is malformed → {self.shape}",),
        )


_rows: dict[str, Special] = {}
SPECIALS: Mapping[str, Special] = _rows


def special(
    name: str, shape: str, requires: str = "", *, aliases: tuple[str, ...] = (), shadowable: bool = False
) -> Callable[[H], H]:
    """Enter the decorated handler `(unit, form, env) -> Expr` under `name` and its aliases."""
    parts = _PART.findall(shape[1:-1])[1:]
    required = [part for part in parts if part[-1] not in "?*"]
    endless = any(part[-1] in "*+" for part in parts)

    def enter(handler: H) -> H:
        for each in (name, *aliases):
            assert each not in _rows, f"special form {each} is entered twice"
            _rows[each] = Special(
                each,
                shape.replace(f"({name}", f"({each}", 1),
                handler,
                requires or f"the shape {shape}",
                shadowable,
                len(required),
                None if endless else len(parts),
                bool(parts) and parts[0][0] == "[",
            )
        return handler

    return enter
