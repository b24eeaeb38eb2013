"""Types and effects of a module, by inference: one analysis for the checker and for the passes.

In: a module as lowered or rewritten, and the interfaces of what it imports. Out: `Types`, a side table by the
identity of nodes: it belongs to the module it was made of, and a pass asks it about the nodes it was given.

    types = infer(module, interfaces)
    types.of(node)            what values it can have: `any` when unknown, `never` when it has none
    types.effect(node)        what evaluating it may do, its parts included (ruling 19)
    types.of_binding(var)     what a variable can hold anywhere
    types.result_of(fn)       what a call of the function gives, whatever the arguments are
    types.effect_of(fn)       what a call of the function may do
    types.proves(cast)        whether a check surely passes
    types.assuming({"fib": (NUMBER,)})   the same questions inside `fib`, were it only called with numbers

What it says is proven: it holds for every run, whoever calls the functions of the module. Parameters of
global functions are unknown, unless `assuming` says otherwise; those of local functions that are only called
are what the calls give. A call of a function of the delegable set has its declared type at most and any
effect. Types are those of `lattice`. Code that is never reached has no types: `any`, and every effect.

Effects leave out what may happen anywhere: limits of memory, steps and depth, and what reaching a variable
that is bound does. Recursive functions, and loops that jump back, may not end; a local `def` is no effect.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from rtfs_runtime.interface import Interface
from rtfs_runtime.types import ANY, NEVER, Type
from rtfsc.check.tables import Tables, constant
from rtfsc.check.units import Units
from rtfsc.ir.nodes import BuiltinRef, Cast, Const, Effect, Expr, Fn, Local, Module, Var

NO_INTERFACES: Final[Mapping[str, Interface]] = {}
_HARMLESS: Final = (Const, Local, BuiltinRef, Fn)


class Types:
    """What is known of the expressions of one module."""

    __slots__ = ("_tables", "_units")

    def __init__(self, tables: Tables, units: Units) -> None:
        self._tables = tables
        self._units = units

    def of(self, node: Expr) -> Type:
        """Give the type of the values of an expression."""
        if isinstance(node, Const):
            return constant(node.value)
        return self._tables.types.get(id(node), ANY)

    def effect(self, node: Expr) -> Effect:
        """Give what evaluating an expression may do."""
        found = self._tables.effects.get(id(node))
        if found is None:
            return Effect.PURE if isinstance(node, _HARMLESS) else Effect.UNKNOWN
        return Effect(found)

    def of_binding(self, var: Var) -> Type:
        """Give the type of all values that a variable can hold."""
        return self._tables.variables.get(var.id, ANY)

    def result_of(self, fn: Fn) -> Type:
        """Give the type of what the body of a function gives."""
        return self._tables.results.get(id(fn), ANY)

    def effect_of(self, fn: Fn) -> Effect:
        """Give what running the body of a function may do."""
        found = self._tables.latent.get(id(fn))
        return Effect.UNKNOWN if found is None else Effect(found)

    def proves(self, cast: Cast) -> bool:
        """Tell whether a check surely passes."""
        return self._tables.proven.get(id(cast), False)

    def proves_any(self) -> bool:
        """Tell whether any check surely passes."""
        return True in self._tables.proven.values()

    def leftover(self, node: Expr) -> Type:
        """Give the type of what no clause of a `match` takes: `never` when all is taken."""
        return self._tables.leftovers.get(id(node), NEVER)

    def declared(self, node: Expr) -> Type | None:
        """Give the annotation that the subject of a `match` has passed, if any."""
        return self._tables.declared.get(id(node))

    def is_reached(self, node: Expr) -> bool:
        """Tell whether control may come to an expression, as far as types say."""
        return id(node) in self._tables.effects

    def parts(self) -> list[Units]:
        """List what is known of the module's globals, and of those of the modules written inside."""
        found = [self._units]
        for units in found:
            found += units.inner
        return found

    def local_function(self, var: Var) -> Fn | None:
        """Give the only value of a variable that a local definition sets to a function."""
        return self._tables.functions.get(var.id)

    def is_param(self, var: Var) -> bool:
        """Tell whether a variable is a parameter of a function."""
        return var.id in self._tables.params

    def assuming(self, params: Mapping[str, Sequence[Type]]) -> Types:
        """Infer again inside some functions, as if every call gave parameters of these types.

        A call from within them of one of them takes what follows from the assumption where its arguments
        fit, and what holds for all arguments else. About nodes elsewhere nothing is known.
        """
        tables = Tables(self._tables.module, self._tables.interfaces)
        return Types(tables, Units.assuming(tables, self._units, params))


def infer(module: Module, interfaces: Mapping[str, Interface] = NO_INTERFACES) -> Types:
    """Infer the types and effects of a module.

    Cost: mostly one walk over the nodes; more for functions that call each other and for loops whose
          variables change their types, seven at most.
    """
    tables = Tables(module, interfaces)
    return Types(tables, Units.of_module(tables))
