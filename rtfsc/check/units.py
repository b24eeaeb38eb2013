"""The units of inference, one for each form of a module, and the order they are walked in.

In: a module. Out: filled `Tables`. A unit is walked when its result is first asked for, callees before
callers; while a function is walked, calls of it have its declared type. When a result turns out to be wider
than what was assumed, whoever used it is walked again. Results only grow, and what grows often becomes the
declared type or `any`, so this ends.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Final

from rtfs_runtime.interface import Function
from rtfs_runtime.type_reader import read_type
from rtfs_runtime.types import ANY, FN, NEVER, Type
from rtfsc.check.calls import walk_body
from rtfsc.check.lattice import is_within, join
from rtfsc.check.relations import strict
from rtfsc.check.tables import FAILS, PURE, READS, RECURSIVE, UNKNOWN, WRITES, Given, Tables
from rtfsc.check.visit import VISITS
from rtfsc.check.walk import Walk
from rtfsc.ir.census import among, things
from rtfsc.ir.nodes import DefGlobal, DefModule, Expr, Fn, Import
from rtfsc.ir.walk import descendants, known_functions

_IMPORTS: Final = things(Import)
# one walk of a form stops to be exact after so many rounds, a result after so many changes
_ROUNDS: Final = 6
_CHANGES: Final = 5
# units that wait for one another, each with its walk on the stack
_DEEPEST: Final = 200


class Unit:
    """One form: a function with a name when `fn` is set, called with `params` (None: anything)."""

    __slots__ = ("changes", "effect", "fn", "index", "node", "params", "result", "state", "users")

    def __init__(self, index: int, node: Expr, fn: Fn | None, params: tuple[Type, ...] | None) -> None:
        self.index = index
        self.node = node
        self.fn = fn
        self.params = params
        self.state = "new"
        self.changes = 0
        # until it is walked: what is assumed
        self.result: Type = NEVER if fn is None or fn.return_type is ANY else strict(fn.return_type)
        self.effect = PURE
        self.users: set[Unit] = set()


class Units:
    """All units of a module, or those of an assumption over the `base` of the module itself."""

    def __init__(self, tables: Tables, base: Units | None) -> None:
        self.tables = tables
        self.base = base
        # those of the modules written inside
        self.inner: list[Units] = []
        self.names: dict[str, Unit] = {}
        self.functions: dict[str, Fn] = {}
        # functions of the delegable set: their bodies may never run
        self.delegable: dict[str, Fn] = {}
        self.imported: dict[str, tuple[str, str]] = {}
        self._walking: list[Unit] = []
        self._dirty: set[Unit] = set()

    @classmethod
    def of_module(cls, tables: Tables) -> Units:
        """Walk all forms of a module."""
        units = cls(tables, None)
        module = tables.module
        units.functions = known_functions(module)
        forms: list[Unit] = []
        for index, node in enumerate(module.body):
            unit = Unit(index, node, None, None)
            match node:
                case DefGlobal(name=name, value=value) if name in module.constants:
                    unit = Unit(index, node, units.functions.get(name), None)
                    units.names[name] = unit
                    if unit.fn is None and isinstance(value, Fn):
                        units.delegable[name] = value
                case Import(module=there, bindings=bindings):
                    units._import(there, bindings)
                case DefModule(module=inner):
                    tables.interfaces[inner.name] = inner.interface
                    units.inner.append(cls.of_module(tables.within(inner)))
                case _:
                    pass
            forms.append(unit)
        if units.imported:
            for node in (part for form in forms if form.fn is None for part in descendants(form.node)):
                if isinstance(node, DefGlobal):
                    units.imported.pop(node.name, None)
            for node in (part for form in forms for part in among(form.node, _IMPORTS)):
                # one that runs later, if at all: no name is known by it
                if isinstance(node, Import):
                    units._import(node.module, [pair for pair in node.bindings if pair[0] in units.imported])
        units._finish(forms)
        return units

    def _import(self, module: str, bindings: Iterable[tuple[str, str]]) -> None:
        for here, there in bindings:
            found = self.imported.setdefault(here, (module, there))
            if found != (module, there):
                # which of the two it is depends on when it is looked up
                self.imported[here] = ("", "")

    @classmethod
    def assuming(cls, tables: Tables, base: Units, params: Mapping[str, Sequence[Type]]) -> Units:
        """Walk some functions under an assumption about their parameters."""
        units = cls(tables, base)
        units.functions = base.functions
        for name, types in params.items():
            old = base.names[name]
            assert old.fn is not None, f"{name} is no function that is known"
            units.names[name] = Unit(old.index, old.node, old.fn, tuple(types))
        units._finish(list(units.names.values()))
        return units

    def _finish(self, units: list[Unit]) -> None:
        for unit in units:
            if unit.state == "new":
                self._walk(unit)
            while self._dirty:
                again = min(self._dirty, key=lambda one: one.index)
                self._dirty.discard(again)
                self._walk(again)

    def _walk(self, unit: Unit) -> None:
        is_first = unit.state == "new"
        unit.state = "walking"
        self._walking.append(unit)
        walk = Walk(self.tables, self, unit.index, VISITS)
        for rounds_left in range(_ROUNDS, -1, -1):
            walk.begin(exact=rounds_left > 0)
            result, effect = self._once(walk, unit)
            if not walk.changed:
                break
        self._walking.pop()
        unit.state = "done"
        self._settle(unit, result if is_first else join(unit.result, result), effect)

    def _once(self, walk: Walk, unit: Unit) -> Given:
        fn = unit.fn
        if fn is None:
            return walk.visit(unit.node), walk.effect
        result = walk_body(walk, fn, None if unit.params is None else list(unit.params))
        self.tables.note(fn, FN, PURE)
        self.tables.note(unit.node, FN, WRITES)
        return result, self.tables.latent[id(fn)]

    def _settle(self, unit: Unit, result: Type, effect: int) -> None:
        """Take a result; whoever used less than that is walked again."""
        grown = not is_within(result, unit.result) or effect & ~unit.effect
        if unit.users and grown:
            unit.changes += 1
            if unit.changes > _CHANGES:
                result = self._declared(unit)
            self._dirty |= unit.users
        unit.result = result
        unit.effect |= effect

    def _declared(self, unit: Unit) -> Type:
        return ANY if unit.fn is None else strict(unit.fn.return_type)

    # what walks ask

    def value(self, name: str, index: int) -> Given:
        """Give the type of a global and what reading it may do, for the form with an index."""
        unit = self.names.get(name)
        if unit is None:
            if self.base is not None:
                return self.base.value(name, index)
            # imported, or perhaps known to the host
            return ANY, READS | FAILS
        is_defined = unit.index < index or (unit.index == index and unit.fn is not None)
        effect = PURE if is_defined else FAILS
        if unit.fn is not None or name in self.delegable:
            return FN, effect
        return (unit.result if self._ask(unit) else ANY), effect

    def call(self, name: str, types: list[Type]) -> Given | None:
        """Give what a call of a global function gives; None when the function is not known."""
        fn = self.functions.get(name)
        if fn is None:
            return self._call_outside(name)
        if not fn.takes(len(types)):
            return NEVER, FAILS
        unit = self.names.get(name)
        if unit is None or not _takes(unit, types):
            assert self.base is not None
            return self.base.call(name, types)
        if unit.state == "walking":
            unit.users.add(self._walking[-1])
            return unit.result, unit.effect | RECURSIVE
        if not self._ask(unit):
            return self._declared(unit), UNKNOWN
        return unit.result, unit.effect

    def _ask(self, unit: Unit) -> bool:
        """See to it that a unit has a result; false when it cannot have one yet."""
        if unit.state == "new" and len(self._walking) < _DEEPEST:
            self._walk(unit)
        if unit.state != "done":
            return False
        if self._walking:
            unit.users.add(self._walking[-1])
        return True

    def _call_outside(self, name: str) -> Given | None:
        if self.base is not None:
            return self.base._call_outside(name)
        fn = self.delegable.get(name)
        if fn is not None:
            return strict(fn.return_type), UNKNOWN
        row = self.described(name)
        return None if row is None else (_declared_result(row.return_type), UNKNOWN)

    def returns(self, name: str) -> Type | None:
        """Give the annotation that the results of a global function have passed, if any."""
        fn = self.functions.get(name) or self.delegable.get(name)
        return None if fn is None or fn.return_type is ANY else fn.return_type

    def is_delegable_there(self, name: str) -> bool:
        """Tell whether a policy may send an imported function elsewhere."""
        module, there = self.imported.get(name, ("", ""))
        interface = self.tables.interfaces.get(module)
        return interface is None or there in interface.delegable

    def described(self, name: str) -> Function | None:
        """Give what the interface of its module says of an imported function."""
        module, there = self.imported.get(name, ("", ""))
        interface = self.tables.interfaces.get(module)
        return None if interface is None else interface.function(there)


def _takes(unit: Unit, types: list[Type]) -> bool:
    """Tell whether arguments are as a unit assumes."""
    return unit.params is None or all(map(is_within, types, unit.params))


@lru_cache(1 << 10)
def _declared_result(text: str) -> Type:
    try:
        return strict(read_type(text)) if text else ANY
    except ValueError:
        # a name of the module's own: what it stands for is not said here
        return ANY
