"""Names inside types: what they stand for put in, or written out.

In: types whose names (`Alias`) stand for themselves, and what is declared. Out: types whose every name has
its meaning, also when it holds itself; types in which only the names that a reader knows are left.
"""

from __future__ import annotations

from collections.abc import Callable, Container

from rtfs_runtime.type_terms import Alias, Type, with_kids

Find = Callable[[str], "Type | None"]


def closed(kind: Type, find: Find, inside: tuple[str, ...] = ()) -> Type:
    """Give every name in a type its meaning; `find` gives what is declared, whose own names may stand open.

    A name inside its own declaration stays as it is: that is how a type is recursive.
    """
    if isinstance(kind, Alias) and kind.target is None:
        found = None if kind.name in inside else find(kind.name)
        if found is None:
            return kind
        if isinstance(found, Alias) and found.target is not None and found.name == kind.name:
            return found
        return Alias(kind.name, closed(found, find, (*inside, kind.name)))
    if isinstance(kind, Alias):
        return kind
    return with_kids(kind, tuple(closed(kid, find, inside) for kid in kind.kids))


def spelled_out(kind: Type, known: Container[str]) -> Type:
    """Put in place of names what they stand for, but for those that the reader knows and those that hold
    themselves."""
    if isinstance(kind, Alias):
        if kind.target is None or kind.name in known or holds(kind.target, kind.name):
            return kind
        return spelled_out(kind.target, known)
    return with_kids(kind, tuple(spelled_out(kid, known) for kid in kind.kids))


def holds(kind: Type, name: str) -> bool:
    """Tell whether a name stands in a type for the declaration around it."""
    if isinstance(kind, Alias) and kind.name == name:
        return kind.target is None
    return any(holds(kid, name) for kid in kind.kids)


def names_of(kind: Type) -> set[str]:
    """Give the names that a text of the type holds."""
    if isinstance(kind, Alias):
        return {kind.name}
    return {name for kid in kind.kids for name in names_of(kid)}
