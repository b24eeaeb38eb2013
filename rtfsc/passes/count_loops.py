"""Let loops that count run over a range.

Before: a loop tests a counter, and steps it by a constant at each jump. After: where counter and end are
known to be integers, and the end stays the same or is computed from what does, the loop is a `Fold` over a
range; where the counter is used when the loop is over, its last value is computed.
    (blocks [0 s] (block L [i acc] (if (< i n) (jump L (+ i 1) (+ acc i)) acc)))
    =>  (fold L i (op count_items 0 n 1) [acc] [s] (jump L (+ acc i)) acc)
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final, NamedTuple

from rtfs_runtime.builtins import BUILTINS
from rtfsc.ir import kinds
from rtfsc.ir.census import occurs, things
from rtfsc.ir.kind_flow import Kinds, infer_kinds
from rtfsc.ir.nodes import (
    Block,
    Blocks,
    BuiltinRef,
    Call,
    Const,
    Expr,
    Fn,
    Fold,
    If,
    Jump,
    Late,
    Let,
    Local,
    Module,
    Op,
    Var,
)
from rtfsc.ir.walk import Fresh, again, descendants, map_children, uses, with_forms
from rtfsc.options import Options

# name of the test -> (which way the counter must step, whether the end is counted as well)
_TESTS: Final = {"<": (1, 0), "<=": (1, 1), ">": (-1, 0), ">=": (-1, 1)}
_LOOPS: Final = things(Blocks)
# what an end may be computed by
_COMPUTED: Final = frozenset({"count", "+", "-", "*", "inc", "dec"})
_OPPOSITE: Final = {"<": ">=", "<=": ">", ">": "<=", ">=": "<"}
# where the counter surely meets its end
_EXACT: Final = {"=": ">=", "!=": "<"}
_MIRRORED: Final = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}


class _Count(NamedTuple):
    """A counter: its place among the parameters, the test by name, its end and step, the two ways."""

    at: int
    test: str
    end: Expr
    step: Expr
    go_on: Expr
    done: Expr


def run(module: Module, options: Options) -> Module:
    """Rewrite the loops of every form."""
    counter = _Counter(module)
    body = tuple([counter.rewrite(node) for node in module.body])
    return with_forms(module, body, lambda inner: run(inner, options), counter.fresh.next_id)


class _Counter:
    def __init__(self, module: Module) -> None:
        self._module = module
        self.fresh = Fresh(module.next_id)
        self._kinds: Kinds | None = None

    def rewrite(self, node: Expr) -> Expr:
        """Rewrite inner loops first."""
        if not occurs(node) & _LOOPS:
            return node
        # kinds are known of the nodes as they are now
        count = self._count(node) if isinstance(node, Blocks) and len(node.blocks) == 1 else None
        node = map_children(node, self.rewrite)
        if count is None or not isinstance(node, Blocks):
            return node
        found = _shape(node, count.at)
        return node if found is None else _fold(node, found, self.fresh)

    def _is_integer(self, node: Expr) -> bool:
        if self._kinds is None:
            self._kinds = infer_kinds(self._module)
        if isinstance(node, Const):
            # the step may be a node of our own
            return type(node.value) is int
        kind = self._kinds.of(node)
        return bool(kind) and kinds.within(kind, kinds.INT)

    def _count(self, loop: Blocks) -> _Count | None:
        """Find the counter of a loop, if it has one."""
        for at in range(len(loop.args)):
            found = _shape(loop, at)
            if found is None:
                continue
            test = loop.blocks[0].body
            assert isinstance(test, If) and isinstance(test.test, Call)
            assert isinstance(test.test.callee, BuiltinRef)
            # the start is evaluated after the other arguments now
            in_order = _is_idle(loop.args[at]) or all(map(_is_idle, loop.args[at + 1 :]))
            numbers = (*test.test.args, loop.args[at], found.step)
            if not in_order or not all(self._is_integer(each) for each in numbers):
                continue
            if isinstance(found.end, Call) and not all(map(_is_idle, loop.args)):
                # the end is computed before the loop
                continue
            if BUILTINS[test.test.callee.name].name in _EXACT and not self._arrives(loop.args[at], found):
                continue
            return found
        return None

    def _arrives(self, start: Expr, count: _Count) -> bool:
        """Tell whether a counter surely meets its end: a natural number, counted to by one."""
        known = self._kinds
        natural = known is not None and kinds.within(known.of(count.end), kinds.NATURAL)
        return (
            natural
            and isinstance(start, Const)
            and start.value == 0
            and isinstance(count.step, Const)
            and count.step.value == 1
        )


def _is_idle(node: Expr) -> bool:
    return isinstance(node, (Const, Local)) or (
        isinstance(node, Op) and node.name in ("list_new", "dict_new")
    )


def _shape(loop: Blocks, at: int) -> _Count | None:
    """Tell whether a parameter is a counter, but for its being an integer."""
    block = loop.blocks[0]
    var, body = block.params[at], block.body
    match body:
        case If(test=Call(callee=BuiltinRef(name=name), args=[left, right]), then=then, orelse=orelse):
            pass
        case _:
            return None
    name = _EXACT.get(BUILTINS[name].name, name)
    if name not in _TESTS:
        return None
    if isinstance(right, Local) and right.var == var:
        left, right, name = right, left, _MIRRORED[name]
    if not (isinstance(left, Local) and left.var == var) or not _stays(right, block.params):
        return None
    for test, go_on, done in ((name, then, orelse), (_OPPOSITE[name], orelse, then)):
        step = _steps(go_on, block, at)
        # the last value is computed from the start, which must be there still
        there = isinstance(loop.args[at], Const) or not uses(done, var)
        if step is not None and there and not _jumps(done, block.label):
            return _Count(at, test, right, step, go_on, done)
    return None


def _stays(end: Expr, params: tuple[Var, ...]) -> bool:
    """Tell whether an end is the same at each step; the first thing a loop does is to compute it."""
    match end:
        case Call(callee=BuiltinRef(name=name), args=args, site=None):
            return name in _COMPUTED and not [arg for arg in args if not _stays(arg, params)]
        case _:
            return isinstance(end, Const) or (isinstance(end, Local) and end.var not in params)


def _steps(node: Expr, block: Block, at: int) -> Expr | None:
    """Give the one step that all jumps make; None when one does something else."""
    found: list[Expr] = []
    for part in descendants(node):
        if isinstance(part, Jump) and part.label == block.label:
            step = _step(part.args[at], block.params[at])
            if (
                step is None
                or isinstance(step, Call)
                or not _stays(step, block.params)
                or (found and not _same(step, found[0]))
            ):
                return None
            found.append(step)
    return found[0] if found else None


def _same(left: Expr, right: Expr) -> bool:
    if isinstance(left, Const) and isinstance(right, Const):
        return left.value == right.value
    return isinstance(left, Local) and isinstance(right, Local) and left.var == right.var


def _step(arg: Expr, var: Var) -> Expr | None:
    """Give what an argument adds to the counter."""
    match arg:
        case Call(callee=BuiltinRef(name="inc" | "dec" as name), args=[Local(var=found)]) if found == var:
            return Const(1 if name == "inc" else -1, span=arg.span)
        case Call(callee=BuiltinRef(name="+"), args=[Local(var=found), step]) if found == var:
            return step
        case Call(callee=BuiltinRef(name="+"), args=[step, Local(var=found)]) if found == var:
            return step
        case Call(callee=BuiltinRef(name="-"), args=[Local(var=found), Const(value=int() as step)]) if (
            found == var
        ):
            return Const(-step, span=arg.span)
        case _:
            return None


def _fold(loop: Blocks, count: _Count, fresh: Fresh) -> Expr:
    block = loop.blocks[0]
    var, at, span = block.params[count.at], count.at, loop.span
    if isinstance(count.end, Call):
        end = Local(fresh.var("end"), span=span)
        return Let(end.var, count.end, _fold(loop, count._replace(end=end), fresh), span=span)
    way, more = _TESTS[count.test]
    bounds = (loop.args[at], count.end, count.step)
    operands = (*bounds, Const(way, span=span), Const(way * more, span=span))
    items = Op("count_items", tuple(map(again, operands)), span=span)
    body = _without(count.go_on, block.label, at)
    done = count.done
    if uses(done, var):
        last = fresh.var(var.name)
        done = Let(last, Op("count_end", operands, span=span), _renamed(done, var, last), span=done.span)
    return Fold(block.label, var, items, _but(block.params, at), _but(loop.args, at), body, done, span=span)


def _renamed(node: Expr, var: Var, new: Var) -> Expr:
    if isinstance(node, (Local, Late)) and node.var == var:
        return replace(node, var=new)
    return map_children(node, lambda child: _renamed(child, var, new))


def _but(items: tuple, at: int) -> tuple:  # type: ignore[type-arg]
    return (*items[:at], *items[at + 1 :])


def _without(node: Expr, label: int, at: int) -> Expr:
    """Leave the counter out of the jumps."""
    if isinstance(node, Jump) and node.label == label:
        return replace(node, args=_but(node.args, at))
    if isinstance(node, Fn):
        return node
    return map_children(node, lambda child: _without(child, label, at))


def _jumps(node: Expr, label: int) -> bool:
    return any(isinstance(part, Jump) and part.label == label for part in descendants(node))
