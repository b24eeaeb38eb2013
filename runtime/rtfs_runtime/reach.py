"""What calling a function may do to the world, told from the function itself, without calling it.

In: a function of a program, the session's capabilities. Out: `Reach`. Everything that the function can get
hold of counts: the globals, builtins and operations that its code names, what its cells hold, functions
inside of data. Names are resolved as they are now, so what a policy delegates counts as a model's answer, and
what is not known counts as a write. Source: ruling 13.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from enum import IntEnum
from types import CellType, CodeType, FunctionType, MappingProxyType
from typing import Any, Final

from rtfs_runtime.abi import ABI
from rtfs_runtime.errors import RtfsError
from rtfs_runtime.host.capability import Capability
from rtfs_runtime.host.rows import nothing
from rtfs_runtime.maps import is_map
from rtfs_runtime.values import Keyword, List, Resource, Set, Symbol, Timestamp, Uuid
from rtfs_runtime.vectors import is_vector


class Reach(IntEnum):
    """NOTHING: it computes, and at most looks at what is at hand. WAITS: it asks a model or reads from
    outside. WRITES: it may change what others see."""

    NOTHING = 0
    WAITS = 1
    WRITES = 2


OPERATIONS: Final[Mapping[str, Reach]] = MappingProxyType(
    {
        "#call": Reach.NOTHING,
        "#parallel": Reach.NOTHING,
        "#context": Reach.NOTHING,
        "#resource_ref": Reach.NOTHING,
        "#get_shorthand": Reach.NOTHING,
        "#lookup": Reach.NOTHING,
        "#step_started": Reach.NOTHING,
        "#step_completed": Reach.NOTHING,
        "#step_failed": Reach.NOTHING,
        "#push_hints": Reach.NOTHING,
        "#pop_hints": Reach.NOTHING,
        "#link_fn": Reach.WAITS,
        "#llm_execute": Reach.WAITS,
        "#discover_agents": Reach.WAITS,
        "#link": Reach.WRITES,
        "#import": Reach.WRITES,
        "#define_module": Reach.WRITES,
        "#define_capability": Reach.WRITES,
        "#log_step": Reach.WRITES,
        "#release": Reach.WRITES,
    }
)
"""What the operations of the ABI do that act through a session; the others compute. `#call` does what the
capabilities do that the constants around it name."""

_GIVES_HELD: Final = frozenset({"#context", "#resource_ref", "#get_shorthand", "#lookup", "context/get"})
_WAITING: Final = frozenset({"http-get"})
"""Builtins that wait for an answer; the others that read look at what is at hand."""
_ATOMS: Final = frozenset(
    {type(None), bool, int, float, str, Keyword, Symbol, Timestamp, Uuid, Resource, bytes}
)
_ROOMS: Final = "rtfs_runtime.builtins."
_TYPES: Final = "rtfs_runtime.type_checks"
_MOST_VALUES: Final = 100_000


class _Walk:
    """One look at everything that a function can get hold of."""

    def __init__(self, capabilities: Mapping[str, Capability], held: Callable[[], Iterable[object]]) -> None:
        self._capabilities = capabilities
        self._held: Callable[[], Iterable[object]] | None = held
        self._todo: list[Any] = []
        self._seen: set[int] = set()
        self.found = Reach.NOTHING

    def run(self, function: object) -> Reach:
        self._todo.append(function)
        while self._todo and self.found < Reach.WRITES:
            item = self._todo.pop()
            if item.__class__ in _ATOMS or id(item) in self._seen:
                continue
            self._seen.add(id(item))
            if len(self._seen) > _MOST_VALUES:
                return Reach.WRITES
            self._value(item)
        return self.found

    def _note(self, reach: Reach) -> None:
        self.found = max(self.found, reach)

    def _value(self, item: Any) -> None:
        if isinstance(item, FunctionType):
            self._function(item)
        elif is_vector(item) or isinstance(item, (List, Set, list)):
            self._todo.extend(item)
        elif is_map(item):
            self._todo.extend(item.values())
        elif isinstance(item, CellType):
            self._cell(item)
        elif isinstance(item, RtfsError):
            self._todo += (item.data, *item.fields.values())
        else:
            self._note(Reach.WRITES)

    def _cell(self, cell: CellType) -> None:
        try:
            self._todo.append(cell.cell_contents)
        except ValueError:
            # defined later: only then is there something to call
            self._note(Reach.WRITES)

    def _function(self, function: FunctionType) -> None:
        row = getattr(function, "__rtfs_builtin__", None)
        local = getattr(function, "__rtfs_local__", None)
        home = function.__globals__.get("__name__", "")
        if row is not None:
            self._builtin(row)
        elif local is not None:
            self._note(Reach.WAITS)
            # a chain may end in the body that the function has here
            self._todo.append(local)
        elif "#module" in function.__globals__:
            self._code(function.__code__, function.__globals__)
            self._todo.extend(function.__closure__ or ())
        elif home.startswith(_ROOMS):
            self._todo.extend(function.__closure__ or ())
        elif home != _TYPES:
            self._note(Reach.WRITES)

    def _builtin(self, row: Any) -> None:
        if row.effect == "writes":
            self._note(Reach.WRITES)
        elif row.name in _WAITING:
            self._note(Reach.WAITS)
        elif row.name in _GIVES_HELD:
            self._take_held()

    def _take_held(self) -> None:
        if self._held is not None:
            self._todo.extend(self._held())
            self._held = None

    def _code(self, code: CodeType, names: Mapping[str, Any]) -> None:
        todo = [code]
        while todo:
            code = todo.pop()
            todo.extend(const for const in code.co_consts if isinstance(const, CodeType))
            for name in code.co_names:
                self._name(name, names)
            if "#call" in code.co_names:
                self._capability_calls(code)

    def _name(self, name: str, names: Mapping[str, Any]) -> None:
        if name in _GIVES_HELD:
            self._take_held()
        if name in names:
            value = names[name]
            # under these marks the compiler binds constants and checks of types, which only compute, and
            # second bodies of the module's own functions
            if name[0] not in ":'#" or (isinstance(value, FunctionType) and value.__globals__ is names):
                self._todo.append(value)
        elif name in OPERATIONS:
            self._note(OPERATIONS[name])
        elif name not in ABI:
            self._todo.append(names["__builtins__"].get(name))

    def _capability_calls(self, code: CodeType) -> None:
        texts = [name[1:] for name in code.co_names if name[0] == ":"]
        texts += [const for const in code.co_consts if isinstance(const, str)]
        for text in texts:
            row = self._capabilities.get(text)
            if row is not None:
                if row.needs is nothing:
                    self._take_held()
                self._note(Reach.WRITES if row.effects == "writes" else Reach.WAITS)


def reach(
    function: object, capabilities: Mapping[str, Capability], held: Callable[[], Iterable[object]]
) -> Reach:
    """Tell what calling a function of no arguments may do; `held` gives what the session keeps for programs.

    Cost: 1 us for each name and value that it can get hold of.
    """
    return _Walk(capabilities, held).run(function)
