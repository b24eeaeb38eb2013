"""Type expressions: forms to types.

In: the form of a type and the types that names stand for. Out: a type, or a CompileError at the part that
is none. What a type expression means is the runtime's reader's to say; here its parts are found in the
source. Source: language §5.1, §5.2.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from difflib import get_close_matches

from rtfs_runtime.type_reader import read_type
from rtfs_runtime.types import Alias, Type, print_type
from rtfsc.diagnostics import fail
from rtfsc.syntax.forms import Form
from rtfsc.syntax.printer import print_form

_KNOWN = (
    ":int", ":float", ":string", ":bool", ":nil", ":keyword", ":symbol", ":any", ":number", ":fn",
    ":vector", ":list", ":map",
    ":timestamp", ":uuid", ":resource-handle",
)  # fmt: skip


def split_annotation(name: str) -> tuple[str, str | None]:
    """Cut a symbol at its first colon: the name, and what is glued to it; None where there is no colon."""
    head, colon, tail = name.partition(":")
    if not colon or not head:
        return name, None
    return head, tail


def parse_type(form: Form, resolve: Callable[[str], Type | None]) -> Type:
    """Read a type expression; `resolve` gives the types of declared names.

    Raises: CompileError E301 for what is no type, E302 for a name that none is declared by.
    """
    text = print_form(form)
    try:
        kind = read_type(text, _Declared(resolve))
    except ValueError as error:
        raise fail(
            "E301",
            f"Not a type: {error}",
            form,
            hints=("A type is a keyword or a vector → :int or [:vector :int]",),
        ) from None
    missing = _unresolved(kind)
    if missing is not None:
        near = get_close_matches(":" + missing, _KNOWN, n=3)
        hints = (
            (f"Did you mean one of these? → {', '.join(near)}",)
            if near
            else ("Declare it → (deftype Name :int)",)
        )
        raise fail("E302", f"No type is called {missing}", form, hints=hints)
    return kind


class _Declared(Mapping[str, str]):
    """Gives the text of declared types to the runtime's reader, which asks for one name at a time."""

    def __init__(self, resolve: Callable[[str], Type | None]) -> None:
        self._resolve = resolve

    def __bool__(self) -> bool:
        return True

    def __getitem__(self, key: str) -> str:
        kind = self._resolve(key)
        if kind is None:
            raise KeyError(key)
        return print_type(kind.target if isinstance(kind, Alias) and kind.target is not None else kind)

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


def _unresolved(kind: Type) -> str | None:
    todo = [kind]
    while todo:
        term = todo.pop()
        if isinstance(term, Alias) and term.target is None:
            return term.name
        todo.extend(term.kids)
    return None
