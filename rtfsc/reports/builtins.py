"""Pages about builtins, computed from their table.

In: a row of the table. Out: its page for `rtfsc explain`, or the pages of all rows as Markdown, room by room:
`rtfsc explain builtins`, which is docs/builtins.md.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator

from rtfs_runtime.builtins import BUILTINS
from rtfs_runtime.builtins.table import Builtin

_EFFECTS = {"pure": "pure", "reads": "reads from the host", "writes": "writes to the host"}
_INTRODUCTION = """\
# Builtins

Made by `rtfsc explain builtins > docs/builtins.md` from the table that the compiler reads; the tests run
every example. `rtfsc explain NAME` and, in the REPL, `(doc NAME)` give one of these pages.

- A wrong count of arguments raises ArityMismatch everywhere. What a function raises that a builtin calls
  passes through with its place. A limit (elements, characters, digits) raises BudgetExhausted, which no
  `catch` sees.
- Where a function is called for, keywords are taken too: they look themselves up in maps. So are maps, which
  give the value of a key or nil, and sets, which give an element of theirs or nil.
- What is said of vectors holds for lists; a function that gives "the kind that came in" gives a list for a
  list.
- Builtins that read from or write to the host need a grant: without one they raise SecurityViolation, as the
  examples show.
"""


def explain_builtin(row: Builtin) -> str:
    """Give the page of a builtin: type, arity, effect, errors, text, examples."""
    names = " ".join((row.name, *(f"(also {alias})" for alias in row.aliases)))
    lines = [f"{names}: a builtin", "", *_facts(row)]
    if row.doc:
        lines += ["", row.doc]
    if row.examples:
        lines += ["", "Examples:", *(f"  {line}" for line in _examples(row))]
    return "\n".join(lines)


def all_builtins() -> str:
    """Give the pages of all builtins as Markdown."""
    rooms: dict[str, list[Builtin]] = {}
    for name, row in BUILTINS.items():
        if name == row.name:
            rooms.setdefault(row.function.__module__, []).append(row)
    parts = [_INTRODUCTION]
    for room, rows in rooms.items():
        parts.append(f"## {_title(room)}\n")
        parts += [page for row in rows for page in _page(row)]
    return "\n".join(parts)


def _title(room: str) -> str:
    """Give the first sentence of a room's own docstring."""
    text = sys.modules[room].__doc__ or room
    return text.split("\n", 1)[0].rstrip(".")


def _page(row: Builtin) -> Iterator[str]:
    also = f" (also {', '.join(f'`{alias}`' for alias in row.aliases)})" if row.aliases else ""
    yield f"### `{row.name}`{also}\n"
    if row.doc:
        yield row.doc + "\n"
    yield f"`{row.type}`, {_EFFECTS[row.effect]}; raises {', '.join(row.raises) or 'nothing of its own'}.\n"
    yield "\n".join(["```clojure", *_examples(row), "```\n"])


def _facts(row: Builtin) -> list[str]:
    return [
        f"Type: {row.type}",
        f"Arguments: {row.expected}",
        f"Effect: {_EFFECTS[row.effect]}",
        f"Raises: {', '.join(row.raises) or 'nothing of its own'}",
    ]


def _examples(row: Builtin) -> list[str]:
    return [f"{source}  =>  {_outcome(printed)}" for source, printed in row.examples]


def _outcome(printed: str) -> str:
    return f"raises {printed[1:]}" if printed.startswith("!") else printed
