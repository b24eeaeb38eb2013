"""How odd a program looks that compiles: what nobody means to write.

In: a text that can be read. Out: a number; among edits that repair equally well the least odd result wins.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from rtfs_runtime.builtins import BUILTINS
from rtfs_runtime.values import Keyword
from rtfsc.expand.macros import MACROS
from rtfsc.lower.specials import SPECIALS
from rtfsc.repair.patient import below, head, inside
from rtfsc.syntax.forms import Form, ListForm, Literal, SymbolForm, VectorForm

# where the body of a form begins: what stands there, but not last, is evaluated for nothing
_BODIES: Final[Mapping[str, int]] = MappingProxyType(
    {"do": 1, "let": 2, "loop": 2, "when": 2, "fn": 2, "defn": 3, "for": 2, "doseq": 2, "dotimes": 2}
)
_OPERATORS: Final = frozenset({"+", "-", "*", "/", "<", ">", "<=", ">=", "=", "not="})
_CALLABLE: Final = frozenset({*BUILTINS, *SPECIALS, *MACROS})


def oddness(forms: list[Form]) -> int:
    """Count what is odd."""
    defined = {
        items[1].name
        for form in inside(forms)
        if head(form) == "defn" and len(items := below(form)) > 1 and isinstance(items[1], SymbolForm)
    }
    return sum(_odd(form, _CALLABLE | defined) for form in inside(forms))


def _odd(form: Form, callable_: frozenset[str]) -> int:
    if isinstance(form, VectorForm):
        return _odd_vector(form, callable_)
    if not isinstance(form, ListForm) or not form.items:
        return 0
    first = form.items[0]
    if isinstance(first, Literal):
        return int(not isinstance(first.value, Keyword))
    name = head(form)
    return _idle(form, name) + _odd_operators(form, name) + (_odd_tests(form) if name == "cond" else 0)


def _odd_vector(form: VectorForm, callable_: frozenset[str]) -> int:
    names = [one.name in callable_ for one in below(form) if isinstance(one, SymbolForm)]
    first = form.items[0] if form.items else None
    # `[- a b]` was meant as a call; `[inc dec]` is a vector of functions
    return int(isinstance(first, SymbolForm) and len(form.items) > 1 and names[0] and not all(names))


def _idle(form: ListForm, name: str) -> int:
    start = _BODIES.get(name)
    if start is None:
        return 0
    # a text at the beginning of a body may describe it
    idle = [one for one in form.items[start:-1] if isinstance(one, SymbolForm | Literal)]
    return sum(not (isinstance(one, Literal) and isinstance(one.value, str | Keyword)) for one in idle)


def _odd_operators(form: ListForm, name: str) -> int:
    """Count `+`, `<` and the like handed to what takes no function."""
    row = BUILTINS.get(name)
    if name not in SPECIALS and name not in MACROS and (row is None or ":fn" in row.type[4:]):
        return 0
    return sum(isinstance(one, SymbolForm) and one.name in _OPERATORS for one in form.items[1:])


def _odd_tests(form: ListForm) -> int:
    tests = form.items[1::2]
    return sum(
        isinstance(one, Literal) and not (at == len(tests) - 1 and isinstance(one.value, bool | Keyword))
        for at, one in enumerate(tests)
    )
