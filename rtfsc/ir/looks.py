"""Looking at the forms of a module until all agree, at each as seldom as may be.

In: the forms, and what flows between them (`call_flow`). Out: the kinds of all nodes. A form is looked at
when it is first read, before the one that reads it goes on; again when something that it read has grown.
What a look found, and what it read, stays with the definition: passes hand on most of them as they are, and
a later inference takes over what was found when the same was read. How nodes are visited is left to the flow.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from typing import NamedTuple

from rtfsc.ir.call_flow import CallFlow
from rtfsc.ir.kind_states import Env
from rtfsc.ir.kind_tests import Tests
from rtfsc.ir.kinds import ANY, NEVER, Kind
from rtfsc.ir.nodes import DefGlobal, Expr, Fn
from rtfsc.ir.walk import descendants

# what a function is given and reads while its module is looked at again and again
_KEPT = 8


class Look(NamedTuple):
    """What was found of a form, and what of other forms went into that."""

    # none where the form defines no known function
    params: tuple[Kind, ...] | None
    # names, what their functions were given (None where a constant was read), what was answered
    asked: list[tuple[str, list[Kind] | None, Kind]]
    result: Kind
    table: dict[int, Kind]


class Found:
    """What is known of the nodes of a module, by their identity; of the parameters of functions whose calls
    are all seen; and the last look at each definition."""

    def __init__(self) -> None:
        self.table: dict[int, Kind] = {}
        self.params: dict[str, tuple[Kind, ...]] = {}
        self.looks: dict[str, Look] = {}


def hold_for(look: Look, old: Expr, new: DefGlobal, names: Callable[[str, list[Kind]], str]) -> None:
    """Let what was found of a definition hold for one whose value, or the body of whose function, is a copy
    of `old`; `names` says whom it calls instead. Where that is wrong, another look is taken."""
    copy = new.value.body if isinstance(new.value, Fn) else new.value
    table = {}
    for part, other in zip(descendants(old), descendants(copy), strict=True):
        kind = look.table.get(id(part))
        if kind is not None:
            table[id(other)] = kind
    asked = [(name if args is None else names(name, args), args, answer) for name, args, answer in look.asked]
    new.looks.append(look._replace(asked=asked, table=table))


class Looks(Tests):
    """Goes over the forms, and puts down what it finds."""

    def __init__(self, flow: CallFlow, found: Found) -> None:
        super().__init__({})
        self._flow = flow
        self._found = found
        # of the look at hand: what was asked of others, which loops have grown, how many are around
        self._asked: list[tuple[str, list[Kind] | None, Kind]] = []
        self._changed: set[int] = set()
        self._loops = 0

    @abstractmethod
    def function(self, fn: Fn, env: Env, params: tuple[Kind, ...] = ()) -> Kind:
        """Give the kind of what a function gives for parameters of some kinds."""

    def run(self) -> None:
        """Fill the table."""
        while (unit := self._flow.next()) is not None:
            self._form(unit)

    def ask(self, name: str, args: list[Kind] | None) -> Kind:
        """Ask for what a function gives for arguments, or what a constant is; look there first if nobody
        did."""
        flow = self._flow
        answer = ANY
        if args is None or flow.enter(name, args):
            unit = flow.first(name)
            if unit is not None:
                self._form(unit)
            answer = flow.read(name)
        self._asked.append((name, args, answer))
        return answer

    def _form(self, unit: int) -> None:
        """Look at a form until it agrees with itself."""
        flow = self._flow
        outer = self._table, self._asked, self._changed, self._loops
        again = True
        while again:
            node = flow.take(unit)
            params = None
            if isinstance(node, DefGlobal) and node.name in flow.functions:
                params = self._found.params[node.name] = flow.params(node.name)
                if NEVER in params:
                    # nobody called it yet, or nobody does
                    break
            flow.open(unit)
            self._table, self._asked, self._changed, self._loops = {}, [], set(), 0
            if isinstance(node, DefGlobal):
                look = self._seen(node, params) or self._look(node, params)
                flow.note(node.name, look.result)
                self._found.table.update(look.table)
                self._found.looks[node.name] = look
            else:
                self.visit(node, {})
                self._found.table.update(self._table)
            again = flow.close()
        self._table, self._asked, self._changed, self._loops = outer

    def _look(self, node: DefGlobal, params: tuple[Kind, ...] | None) -> Look:
        if params is not None and isinstance(node.value, Fn):
            result = self.function(node.value, {}, params)
        else:
            result = self.visit(node.value if self._flow.is_value(node.name) else node, {})
        look = Look(params, self._asked, result, self._table)
        node.looks.append(look)
        del node.looks[:-_KEPT]
        return look

    def _seen(self, node: DefGlobal, params: tuple[Kind, ...] | None) -> Look | None:
        """Find an earlier look that was given the same, and asked and was answered the same."""
        look: Look
        for look in node.looks:
            if look.params != params:
                continue
            # no `all`: a call through C at each of many levels is too much for 3.12
            for name, args, answer in look.asked:
                if not self._answers(name, args) or self.ask(name, args) != answer:
                    break
            else:
                return look
            self._asked = []
        return None

    def _answers(self, name: str, args: list[Kind] | None) -> bool:
        known = self._flow.functions.get(name)
        return self._flow.is_value(name) if args is None else known is not None and known.takes(len(args))
