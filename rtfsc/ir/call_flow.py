"""What flows between the forms of a module: parameters, results, the values of constants.

In: the module, and what the inference of kinds finds at calls and definitions. Out: the kinds of parameters,
results and constants so far, and the forms to look at again, because something that they read has grown.
Everything starts from nothing and only grows.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping

from rtfsc.ir import kinds, nodes
from rtfsc.ir.kind_states import widened
from rtfsc.ir.kinds import NEVER, Kind
from rtfsc.ir.nodes import DefGlobal
from rtfsc.ir.walk import known_functions

# parameters that grow more often are widened to anything
_ROUNDS = 4


Closed = Mapping[str, tuple[Kind, ...] | None]


class CallFlow:
    """The forms of a module, and what each has told the others.

    `closed`: functions that are taken as if only this module called them, with the kinds that their
    parameters have whatever calls bring, or None for those that calls bring. All calls of `trusted` ones are
    seen anyway.
    """

    def __init__(self, module: nodes.Module, closed: Closed) -> None:
        self.functions = known_functions(module)
        defined = [node for node in module.body if isinstance(node, DefGlobal)]
        self._constants = {node.name for node in defined if node.name in module.constants} - set(
            module.interface.delegable
        )
        self._body = module.body
        self._places = {node.name: at for at, node in enumerate(module.body) if isinstance(node, DefGlobal)}
        self._fixed = {name: given for name, given in closed.items() if given is not None}
        self._params = self._fixed | {
            name: (NEVER,) * len(fn.params)
            for name, fn in self.functions.items()
            if fn.trusted or closed.get(name, ()) is None
        }
        self._grown = dict.fromkeys(self._params, 0)
        # results of functions and values of constants
        self._values: dict[str, Kind] = {}
        self._readers: dict[str, set[int]] = {}
        self._unit = 0
        self._todo: deque[int] = deque(range(len(module.body)))

    def forms(self) -> Iterator[nodes.Expr]:
        """Give the forms in order, and again those that read what has grown."""
        while self._todo:
            self._unit = self._todo.popleft()
            yield self._body[self._unit]

    def params(self, name: str) -> tuple[Kind, ...]:
        """Give the kinds of the parameters of a function; none where anybody may call it."""
        return self._params.get(name, ())

    def is_value(self, name: str) -> bool:
        """Tell whether a global is a constant that is no function."""
        return name in self._constants and name not in self.functions

    def enter(self, name: str, args: list[Kind]) -> Kind:
        """Take a call of a function; give the kind of its result."""
        fixed = self._fixed.get(name)
        if fixed is not None:
            return self.read(name) if fits(args, fixed) else kinds.ANY
        before = self._params.get(name)
        if before is not None and NEVER not in args:
            grown = tuple(map(kinds.join, before, args))
            if grown != before:
                self._grown[name] += 1
                if self._grown[name] > _ROUNDS:
                    grown = tuple(map(widened, before, grown))
                self._params[name] = grown
                self._again(self._places[name])
        return self.read(name)

    def read(self, name: str) -> Kind:
        """Give the kind of a result or constant; the form at hand is looked at again when it grows."""
        self._readers.setdefault(name, set()).add(self._unit)
        return self._values.get(name, NEVER)

    def note(self, name: str, kind: Kind) -> None:
        """Take the kind of a result or of a constant."""
        before = self._values.get(name, NEVER)
        grown = kinds.join(before, kind)
        if grown != before:
            self._values[name] = grown
            for unit in sorted(self._readers.get(name, ())):
                self._again(unit)

    def _again(self, unit: int) -> None:
        if unit not in self._todo:
            self._todo.append(unit)


def fits(args: Iterable[Kind], params: Iterable[Kind]) -> bool:
    """Tell whether arguments are all that the parameters of a function are known to be."""
    return all(kinds.join(param, arg) == param for arg, param in zip(args, params, strict=True))
