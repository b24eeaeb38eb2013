"""What holds of variables where a test holds, and where it does not.

In: tests, and what holds before them. Out: what holds on both ways; None where control cannot come. How nodes
are visited is left to the flow.
"""

from __future__ import annotations

from abc import ABC, abstractmethod

from rtfsc.ir import kind_facts, kind_needs, kinds, nodes
from rtfsc.ir.kind_states import Env, join_ways
from rtfsc.ir.kinds import NEVER, Kind
from rtfsc.ir.nodes import BuiltinRef, Call, Const, Expr, Fn, If, Let, Local, Var

Ways = tuple[Env | None, Env | None]


class Tests(ABC):
    """Follows tests; `table` holds the kinds of nodes by their identity."""

    def __init__(self, table: dict[int, Kind]) -> None:
        self._table = table
        # what may be defined again at any time: nothing that is learnt of it lasts
        self._changing: set[Var] = set()

    @abstractmethod
    def visit(self, node: Expr, env: Env) -> Kind:
        """Give the kind of a node; `env` becomes what holds afterwards."""

    def test(self, node: Expr, env: Env) -> Ways:
        """Give what holds where a test holds, and where it does not."""
        match node:
            case Const(value=value):
                self._table[id(node)] = kinds.of_constant(value)
                return (None, env) if value is None or value is False else (env, None)
            case If(test=test, then=then, orelse=orelse):
                ways = self.test(test, env)
                yes = no = None
                for way, branch in zip(ways, (then, orelse), strict=True):
                    if way is not None:
                        more_yes, more_no = self.test(branch, way)
                        yes, no = join_ways(yes, more_yes), join_ways(no, more_no)
                return yes, no
            case Let(var=var, init=init, body=body) if not isinstance(init, Fn):
                env[var] = self.visit(init, env)
                return self.test(body, env)
            case Local(var=var):
                kind = self.visit(node, env)
                return _split(env, var, kind, (~kinds.NIL, kinds.NIL | kinds.BOOL))
            case nodes.Op(name="is_exactly", args=[Local(var=var) as operand, *names]):
                self._table[id(node)] = kinds.BOOL
                side = sum(kinds.EXACT[str(name.value)] for name in names if isinstance(name, Const))
                return _split(env, var, self.visit(operand, env), (side, kinds.EVERY & ~side))
            case Call(callee=BuiltinRef(name="not"), args=[operand]):
                yes, no = self.test(operand, env)
                return no, yes
            case Call(callee=BuiltinRef(), args=[Local(), *_]):
                asked = self._of_local(node, env)
                if asked is not None:
                    return asked
        return self._plain(node, env)

    def _of_local(self, node: Call, env: Env) -> Ways | None:
        """Follow a test of a variable by a builtin that says something of it."""
        assert isinstance(node.callee, BuiltinRef) and isinstance(node.args[0], Local)
        var, operand = node.args[0].var, node.args[0]
        match node.callee.name, node.args:
            case (("=" | "=="), [_, Const(value=value)]):
                # a tuple may equal a big vector: only atoms have one class
                sides = (kinds.of_constant(value) if type(value) in kinds.ATOMS else kinds.EVERY), kinds.EVERY
                is_zero = value.__class__ is int and value == 0
            case "zero?", [_]:
                sides, is_zero = (~kinds.NEGATIVE, kinds.EVERY), True
            case name, [_]:
                found = kind_needs.predicate(name)
                if found is None:
                    return None
                self._table[id(node)] = kinds.BOOL
                return _split(env, var, self.visit(operand, env), found)
            case _:
                return None
        self.visit(node, env)
        kind = self.visit(operand, env)
        yes, no = _split(env, var, kind, sides)
        if is_zero and no is not None and not kind & kinds.NEGATIVE and var not in self._changing:
            kind_facts.note(no, (var, kind), (0, kinds.NATURAL), strict=True)
        return yes, no

    def _plain(self, node: Expr, env: Env) -> Ways:
        kind = self.visit(node, env)
        if kind == NEVER:
            return None, None
        if isinstance(node, Call):
            if kind_facts.is_comparison(node):
                ways = env, dict(env)
                kind_facts.learn(node, ways, self._known, self._changing)
                return ways
            key = kind_facts.contained(node, self._changing)
            if key is not None:
                return {**env, key: kind}, env
        truthy = env if kind & kinds.EVERY & ~kinds.NIL else None
        return truthy, dict(env) if kind & (kinds.NIL | kinds.BOOL) else None

    def _known(self, node: Expr) -> Kind:
        if isinstance(node, Const):
            return kinds.of_constant(node.value)
        return self._table.get(id(node), kinds.ANY)


def _split(env: Env, var: Var, kind: Kind, sides: tuple[Kind, Kind]) -> Ways:
    yes, no = (kinds.narrowed(kind, side) for side in sides)
    return ({**env, var: yes} if yes else None), ({**env, var: no} if no else None)
