"""The state of one function while its instructions are written.

In: the unit's facts and one function's variables. Out: `Unit` and `Frame`, which the rooms of the back end
share. The dispatch over node kinds is given to the unit as a function, so that no room imports the
dispatcher.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rtfs_runtime.digest import digest
from rtfs_runtime.types import Type, to_data
from rtfsc.backend.captures import Captures
from rtfsc.backend.emitter import Emitter, Mark, Region
from rtfsc.backend.positions import Positions
from rtfsc.ir.growth import growing_products
from rtfsc.ir.kind_flow import Kinds
from rtfsc.ir.nodes import Const, Expr, Local, Module, Op, Var
from rtfsc.ir.walk import known_functions


class Want(enum.Enum):
    """What becomes of a value: it stays on the stack, is dropped, or is returned."""

    VALUE = 1
    EFFECT = 2
    RETURN = 3


Writer = Callable[["Frame", Expr, Want], None]


class Unit:
    """Facts shared by all functions of one module, and the constants they ask for."""

    def __init__(
        self,
        module: Module,
        positions: Positions,
        filename: str,
        given: tuple[Writer, Callable[[Module], Kinds]],
    ) -> None:
        self.module = module
        self.positions = positions
        self.filename = filename
        self.write, self.infer = given
        self.kinds = self.infer(module)
        self.growing = growing_products(module, self.kinds)
        self.captures = Captures(module)
        sites = frozenset(site.name for site in module.interface.sites)
        # functions of this module that the linker gets to see, with the slots of their hinted calls
        self.linked = frozenset(f.name for f in module.interface.functions) & (
            frozenset(module.interface.delegable) | sites
        )
        self.keywords: dict[str, None] = {}
        self.symbols: dict[str, None] = {}
        self.checks: dict[tuple[object, str], str] = {}
        self.sets: dict[tuple[object, ...], str] = {}
        self.functions = known_functions(module)
        # constants that the forms before define: whatever is being written can read them
        self.defined: set[str] = set()

    def check_name(self, want: Type, prefix: str) -> str:
        """Name the global that holds the checker of a type with a message prefix."""
        data = to_data(want)
        # named by content: units of a REPL share their globals
        name = "#t" + digest("\0".join((prefix, *map(str, data))).encode("utf-8", "surrogatepass")).hex()[:16]
        return self.checks.setdefault((data, prefix), name)

    def set_name(self, items: tuple[object, ...]) -> str:
        """Name the global that holds the set of some atoms."""
        name = "#s" + digest("\0".join(map(repr, items)).encode("utf-8", "surrogatepass")).hex()[:16]
        return self.sets.setdefault(items, name)


class Frame:
    """One function in the making."""

    def __init__(self, unit: Unit, emitter: Emitter) -> None:
        self.unit = unit
        self.emitter = emitter
        self.cells: dict[Var, str] = {}
        self.free: dict[Var, str] = {}
        # the mark of a block or loop, its parameters, the depth of the stack there
        self.labels: dict[int, tuple[Mark, tuple[Var, ...], int]] = {}
        # how many loops are being written around this place
        self.loops = 0
        # of these, how many are likely to run many times; whether the function calls itself as well
        self.hot_loops = 0
        self.recurs = False
        # vectors that were taken apart, with what the names of the locals for their items begin with
        self.unpacked: dict[Var, str] = {}
        # where the clauses begin that a throw in a region may jump to, and the local of the error
        self.catches: dict[Region, tuple[Mark, Var | None]] = {}
        # lists that a loop gathers, with the depth of the stack at which they lie
        self.gathered: dict[Var, int] = {}
        # of these, which are not to become tuples
        self.unfinished: set[Var] = set()
        # look-ups, by identity, of which it is asked whether they found something: a miss is likely
        self.asked: set[int] = set()
        # look-ups, by identity, whose value nil would be an error: a miss is not likely
        self.needed: set[int] = set()
        self.first_classes: dict[tuple[str, int, str], str] = {}
        self._slots: dict[Var, str] = {}
        self._taken: set[str] = set()
        self._temps = 0
        self._outlined: list[Callable[[], None]] = []

    # -- writing

    def value(self, node: Expr) -> None:
        """Write a node so that its value is on the stack."""
        self.unit.write(self, node, Want.VALUE)

    def effect(self, node: Expr) -> None:
        """Write a node for its effect."""
        self.unit.write(self, node, Want.EFFECT)

    def finish(self, want: Want) -> None:
        """Treat the value on top as wanted."""
        if want is Want.RETURN:
            self.emitter.ret()
        elif want is Want.EFFECT:
            self.emitter.pop()

    # -- locals

    def slot(self, var: Var) -> str:
        """Name the local of a variable; a second one of the same name gets `~` and its number."""
        found = self._slots.get(var)
        if found is None:
            found = var.name if var.name not in self._taken else f"{var.name}~{var.id}"
            self._taken.add(found)
            self._slots[var] = found
        return found

    def alias(self, var: Var, of: Var) -> None:
        """Let a variable live in the local of another one that is not used any more."""
        self._slots[var] = self.slot(of)

    def item_slot(self, node: Expr) -> str | None:
        """Name the local that holds an item of a vector that was taken apart; None for other values."""
        match node:
            case Op(name="seq_at", args=[Local(var=var), Const(value=at)]) if var in self.unpacked:
                return f"{self.unpacked[var]}~{at}"
            case _:
                return None

    def put(self, var: Var, name: str) -> None:
        """Let a variable live in a local that is written nowhere else while it is in sight."""
        self._slots[var] = name

    def last_class(self, asked: tuple[str, int], likely: str) -> str:
        """Name the local that holds the class last seen of another one that is asked for its class; `likely`
        names the class it starts with."""
        name, mask = asked
        return self.first_classes.setdefault((name, mask, likely), f"~{likely} {mask} {name}")

    @contextmanager
    def temps(self, count: int = 1) -> Iterator[list[str]]:
        """Lend names of scratch locals."""
        names = [f"~{self._temps + i}" for i in range(count)]
        self._temps += count
        try:
            yield names
        finally:
            self._temps -= count

    # -- code out of line

    def outline(self, write: Callable[[], None]) -> None:
        """Write something at the end of the function, under the region and position that hold here."""
        emitter = self.emitter
        region, location = emitter.region, emitter.at(None)
        emitter.at(location)

        def later() -> None:
            emitter.region = region
            emitter.at(location)
            write()

        self._outlined.append(later)

    def flush(self) -> None:
        """Write what was put off."""
        while self._outlined:
            self._outlined.pop(0)()

    def handle(self, region: Region, outer: Region | None, write: Callable[[], None]) -> None:
        """Write the handler of a region; `write` finds the exception on top and the one before below it.

        What `write` raises leaves through the clean-up that restores the exception state. Afterwards
        `outer` holds.
        """
        emitter = self.emitter
        emitter.region = outer
        emitter.handler(region)
        emitter.push_exc_info()
        clean = Region(Mark(), region.depth + 1, lasti=True)
        emitter.region = clean
        write()
        dead, depth = emitter.dead, emitter.depth
        emitter.region = outer

        def restore() -> None:
            emitter.region = outer
            emitter.handler(clean)
            emitter.copy(3)
            emitter.pop_except()
            emitter.reraise(1)

        self._outlined.append(restore)
        emitter.dead, emitter.depth = dead, depth

    def translate(self, helper: str, operands: Callable[[], int]) -> None:
        """In a handler: let a function of the ABI give the exception to raise instead, and raise that.

        `operands` writes further arguments and gives their number.
        """
        emitter = self.emitter
        emitter.callee_global(helper)
        emitter.copy(3)
        emitter.call(1 + operands())
        emitter.swap()
        emitter.pop()
        emitter.reraise()
