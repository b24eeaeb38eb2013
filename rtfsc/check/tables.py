"""What inference finds out, while it does.

In: a module. Out: `Tables`, by the identity of nodes and the number of variables. Effects are plain integers
here: to combine flags of `enum` costs ten times as much.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, TypeAlias

from rtfs_runtime.interface import Interface
from rtfs_runtime.types import ANY, NEVER, Type
from rtfs_runtime.values import List
from rtfsc.check.lattice import DEEPEST, join, join_all, list_of, literal, record, tuple_of
from rtfsc.ir.nodes import Effect, Expr, Fn, Module

PURE: Final = int(Effect.PURE)
FAILS: Final = int(Effect.FAILS)
LOOPS: Final = int(Effect.LOOPS)
READS: Final = int(Effect.READS)
WRITES: Final = int(Effect.WRITES)
UNKNOWN: Final = int(Effect.UNKNOWN)
RECURSIVE: Final = LOOPS | FAILS
Given: TypeAlias = tuple[Type, int]
"""The type of something and its effect."""


class Tables:
    """The results for one module: joined over all visits of a node."""

    def __init__(self, module: Module, interfaces: Mapping[str, Interface]) -> None:
        self.module = module
        self.interfaces = dict(interfaces)
        self.types: dict[int, Type] = {}
        self.effects: dict[int, int] = {}
        self.variables: dict[int, Type] = {}
        # of functions: what their bodies give and may do
        self.results: dict[int, Type] = {}
        self.latent: dict[int, int] = {}
        self.proven: dict[int, bool] = {}
        # of `match` forms: what no clause takes, and the annotation of the subject
        self.leftovers: dict[int, Type] = {}
        self.declared: dict[int, Type] = {}
        # local functions that are defined once, and the parameters of all functions, by number
        self.functions: dict[int, Fn] = {}
        self.params: set[int] = set()
        # the nodes that the checker looks at
        self.sites: dict[int, Expr] = {}

    def within(self, module: Module) -> Tables:
        """Give the tables for a module written inside this one: the same, as its nodes are its own, but what
        the checker looks at."""
        inner = Tables(module, self.interfaces)
        inner.__dict__.update({**self.__dict__, "module": module, "sites": inner.sites})
        return inner

    def note(self, node: Expr, kind: Type, effect: int) -> None:
        """Take what a visit of a node found."""
        key = id(node)
        types = self.types
        old = types.get(key)
        if old is None:
            types[key] = kind
            self.effects[key] = effect
        else:
            if old is not kind:
                types[key] = join(old, kind)
            self.effects[key] |= effect


def constant(value: object, levels: int = DEEPEST) -> Type:
    """Give the type of a constant; quoted data is looked at as deep as types go."""
    if value.__class__ not in _CONTAINERS:
        return literal(value)
    if levels == 0:
        return ANY
    match value:
        case tuple():
            return tuple_of([constant(item, levels - 1) for item in value])
        case List():
            return list_of(join_all([constant(item, levels - 1) for item in value]))
        case dict():
            return record([(key, constant(item, levels - 1), False) for key, item in value.items()], NEVER)
        case _:
            raise AssertionError(value)


_CONTAINERS: Final[frozenset[type]] = frozenset({tuple, List, dict})
