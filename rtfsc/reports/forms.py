"""Pages about special forms and built-in macros, computed from their tables.

In: a row. Out: its page for `rtfsc explain`.
"""

from __future__ import annotations

from rtfsc.expand.macros import MACROS
from rtfsc.lower.specials import SPECIALS

_MARKS = frozenset("?*+")
FORMS = tuple(sorted({*SPECIALS, *MACROS}))


def explain_form(name: str) -> str | None:
    """Give the page of a special form or macro: how it is written and what it does; None for another name."""
    special = SPECIALS.get(name)
    if special is not None:
        return _page(name, "a special form", special.shape, special.handler.__doc__)
    macro = MACROS.get(name)
    return None if macro is None else _page(name, "a macro", macro.usage, macro.expand.__doc__)


def _page(name: str, what: str, shape: str, doc: str | None) -> str:
    marks = "\n\nx? at most one, x* any number, x+ at least one." if _MARKS & set(shape) else ""
    return f"{name}: {what}\n\nUsage: {shape}\n\n{doc or ''}{marks}"
