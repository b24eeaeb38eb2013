"""What flows between the forms of a module: parameters, results, the values of constants.

In: the module, and what the inference of kinds finds at calls and definitions. Out: the kinds of parameters,
results and constants so far, and the forms to look at: what a form at hand asks for before anybody looked
there, so that it need not be looked at twice, and what read something that has grown. Everything starts from
nothing and only grows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from rtfsc.ir import kinds, nodes
from rtfsc.ir.census import size
from rtfsc.ir.kind_states import widened
from rtfsc.ir.kind_text import from_text
from rtfsc.ir.kinds import ANY, NEVER, Kind
from rtfsc.ir.nodes import DefGlobal
from rtfsc.ir.walk import descendants, known_functions

# parameters that grow more often are widened to anything
_ROUNDS = 4
# nodes of forms looked at for each other's sake: chains of calls may be longer than the stack is deep
_DEEPEST = 10_000


NOTHING_KNOWN: Final = (ANY, ANY)

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
        self._imported = _imported(module)
        # results of functions and values of constants
        self._values: dict[str, Kind] = {}
        self._readers: dict[str, dict[int, None]] = {}
        # the forms at hand, each read by the one before, and the number of their nodes
        self._open: list[int] = []
        self._nodes = 0
        # in order
        self._todo = dict.fromkeys(range(len(module.body)))
        self._seen: set[int] = set()

    def next(self) -> int | None:
        """Give the number of a form to look at; None when all agree."""
        return next(iter(self._todo), None)

    def take(self, unit: int) -> nodes.Expr:
        """Take a form off those to look at."""
        del self._todo[unit]
        return self._body[unit]

    def open(self, unit: int) -> None:
        """Begin to look at a form: what is read until it is closed is read by it."""
        self._open.append(unit)
        self._nodes += size(self._body[unit])
        self._seen.add(unit)

    def close(self) -> bool:
        """Be done with a form; tell whether it is to be looked at again: what it read of itself has grown."""
        unit = self._open.pop()
        self._nodes -= size(self._body[unit])
        return unit in self._todo

    def first(self, name: str) -> int | None:
        """Give the number of the form that tells of a function or constant, if that is to be looked at and
        nobody did yet."""
        unit = self._places[name]
        if unit in self._seen or unit not in self._todo:
            return None
        return unit if self._nodes + size(self._body[unit]) <= _DEEPEST else None

    def params(self, name: str) -> tuple[Kind, ...]:
        """Give the kinds of the parameters of a function; none where anybody may call it."""
        return self._params.get(name, ())

    def is_value(self, name: str) -> bool:
        """Tell whether a global is a constant that is no function."""
        return name in self._constants and name not in self.functions

    def imported(self, name: str) -> tuple[Kind, Kind]:
        """Give what a global is, and what a call of it gives, as far as the interface of another module
        tells."""
        return self._imported.get(name, NOTHING_KNOWN)

    def enter(self, name: str, args: list[Kind]) -> bool:
        """Take a call of a function; tell whether anything is known of its result."""
        fixed = self._fixed.get(name)
        if fixed is not None:
            return fits(args, fixed)
        before = self._params.get(name)
        if before is not None and NEVER not in args:
            grown = tuple(map(kinds.join, before, args))
            if grown != before:
                self._grown[name] += 1
                if self._grown[name] > _ROUNDS:
                    grown = tuple(map(widened, before, grown))
                self._params[name] = grown
                self._todo[self._places[name]] = None
        return True

    def read(self, name: str) -> Kind:
        """Give the kind of a result or constant; the form at hand is looked at again when it grows."""
        self._readers.setdefault(name, {})[self._open[-1]] = None
        return self._values.get(name, NEVER)

    def note(self, name: str, kind: Kind) -> None:
        """Take the kind of a result or of a constant."""
        before = self._values.get(name, NEVER)
        grown = kinds.join(before, kind)
        if grown != before:
            self._values[name] = grown
            self._todo.update(self._readers.get(name, {}))


def _imported(module: nodes.Module) -> dict[str, tuple[Kind, Kind]]:
    """List globals that one import alone binds: what they are, and what calls of them give."""
    found: dict[str, tuple[Kind, Kind]] = {}
    for node in module.body:
        if isinstance(node, nodes.Import):
            results, values = dict(node.results), dict(node.values)
            for here, there in node.bindings:
                if there in results or there in values:
                    known = (from_text(values.get(there, "")), from_text(results.get(there, "")))
                    found[here] = known
    if found:
        bound = Counter(name for node in module.body for name in _bound(node))
        found = {name: known for name, known in found.items() if bound[name] == 1}
    return found


def _bound(node: nodes.Expr) -> Iterator[str]:
    """List the globals that are bound anywhere in a form."""
    for part in descendants(node):
        match part:
            case nodes.Import(bindings=bindings):
                yield from (here for here, _ in bindings)
            case DefGlobal(name=name):
                yield name


def fits(args: Iterable[Kind], params: Iterable[Kind]) -> bool:
    """Tell whether arguments are all that the parameters of a function are known to be."""
    return all(kinds.join(param, arg) == param for arg, param in zip(args, params, strict=True))
