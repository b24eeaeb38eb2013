"""Look at the subject of a `match` once for all its clauses.

Before: each clause asks anew whether the subject is a sequence, how long it is, and what its first item is.
After: where several clauses ask, the answers are variables.
    (blocks [] (block A [] (if (op is_seq x 2) (let s (op seq_items x) …) (jump B))) (block B [] …))
    =>  (let items (op seq_view x) (let size (op seq_size items x) (let head (op seq_head items) (blocks []
    (block A [] (if (= size 2) … (jump B))) …))))
A clause that does not match goes on with the next one whose size may be the right one.

Clauses on maps that ask first what stands under one key, such as the type of a record, look it up once:
    (block A [] (if (op is_map x) (let m (op map_view x) (if (op map_has m :type) (let t (op map_get m :type)
    (if (op equal t :a) … (jump B))) (jump B))) (jump B)))
    =>  (let m … (let t … (blocks [] (block A [] (if (op equal t :a) … (jump B))) …)))
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Final, NamedTuple

from rtfsc.ir.census import occurs, things
from rtfsc.ir.nodes import (
    Block,
    Blocks,
    BuiltinRef,
    Call,
    Const,
    Expr,
    Fn,
    If,
    Jump,
    Let,
    Local,
    Module,
    Op,
    Var,
)
from rtfsc.ir.walk import Fresh, descendants, map_children, with_forms
from rtfsc.options import Options

_ASKS = frozenset({"is_seq", "is_seq_least"})
_WANTED: Final = things("#is_seq", "#is_seq_least", "#is_map")


def run(module: Module, options: Options) -> Module:
    """Rewrite every `match` of several clauses on sequences or maps."""
    fresh = Fresh(module.next_id)
    body = tuple([_rewrite(node, fresh) for node in module.body])
    return with_forms(module, body, lambda inner: run(inner, options), fresh.next_id)


def _rewrite(node: Expr, fresh: Fresh) -> Expr:
    if not occurs(node) & _WANTED:
        return node
    node = map_children(node, lambda child: _rewrite(child, fresh))
    if not isinstance(node, Blocks) or len(node.blocks) < 3:
        return node
    subject = _subject(node)
    return _share_entry(node, fresh) if subject is None else _share(node, subject, fresh)


class _Entry(NamedTuple):
    """A clause on a map that asks first whether what stands under a key equals a constant."""

    subject: Var
    key: object
    view: Var
    value: Var
    wanted: Const
    test: If


def _entry(node: Expr) -> _Entry | None:
    match node:
        case If(
            test=Op(name="is_map", args=[Local(var=subject)]),
            then=Let(
                var=view,
                init=Op(name="map_view", args=[Local(var=viewed)]),
                body=If(
                    test=Op(name="map_has", args=[Local(var=asked), Const(value=key)]),
                    then=Let(
                        var=value,
                        init=Op(name="map_get"),
                        body=If(test=Op(name="equal", args=[Local(var=found), Const() as wanted])) as test,
                    ),
                    orelse=absent,
                ),
            ),
            orelse=other,
        ) if subject == viewed and view == asked and value == found and wanted.value is not None:
            ends = (test.orelse, absent, other)
            if all(isinstance(end, Jump) and not end.args for end in ends) and len({*map(_goal, ends)}) == 1:
                return _Entry(subject, key, view, value, wanted, test)
    return None


def _goal(node: Expr) -> int | None:
    return node.label if isinstance(node, Jump) else None


def _share_entry(node: Blocks, fresh: Fresh) -> Expr:
    """Look up once what at least two clauses on a map ask for; nil stands for what is no map, or not there,
    and equals none of the constants."""
    entries = {block.label: entry for block in node.blocks if (entry := _entry(block.body)) is not None}
    counts = Counter((entry.subject, entry.key) for entry in entries.values())
    if node.args or any(block.params for block in node.blocks) or not counts:
        return node
    (subject, key), count = counts.most_common(1)[0]
    if count < 2:
        return node
    span = node.span
    view, value = fresh.var("map"), fresh.var("value")
    blocks = []
    for block in node.blocks:
        entry = entries.get(block.label)
        if entry is not None and (entry.subject, entry.key) == (subject, key):
            then: Expr = Let(entry.value, Local(value, span=span), entry.test.then, span=span)
            then = Let(entry.view, Local(view, span=span), then, span=span)
            asked = Op("equal", (Local(value, span=span), entry.wanted), span=entry.test.test.span)
            block = replace(block, body=replace(entry.test, test=asked, then=then))
        blocks.append(block)

    def of_view(name: str) -> Expr:
        return Op(name, (Local(view, span=span), Const(key, span=span)), span=span)

    nil = Const(None, span=span)
    no_map = Call(BuiltinRef("nil?", span=span), (Local(view, span=span),), span=span)
    found = If(no_map, nil, If(of_view("map_has"), of_view("map_get"), nil, span=span), span=span)
    made: Expr = Let(value, found, replace(node, blocks=tuple(blocks)), span=span)
    is_map, viewed = (Op(name, (Local(subject, span=span),), span=span) for name in ("is_map", "map_view"))
    return Let(view, If(is_map, viewed, nil, span=span), made, span=span)


def _subject(node: Blocks) -> Var | None:
    """Find the local whose shape at least two clauses ask for first; clauses take no parameters."""
    if node.args or any(block.params for block in node.blocks):
        return None
    found: dict[Var, int] = {}
    for block in node.blocks:
        first = next((part for part in descendants(block.body) if _asked(part) is not None), None)
        var = _asked(first) if first is not None else None
        if var is not None:
            found[var] = found.get(var, 0) + 1
    var = next(iter(found), None)
    return var if var is not None and found[var] > 1 else None


def _asked(node: Expr) -> Var | None:
    match node:
        case Op(name=name, args=[Local(var=var), Const()]) if name in _ASKS:
            return var
        case _:
            return None


def _share(node: Blocks, subject: Var, fresh: Fresh) -> Expr:
    span = node.span
    size, items, head = fresh.var("size"), fresh.var("items"), fresh.var("head")
    shared = _Shared(subject, size, items, head)
    blocks = tuple([replace(block, body=shared.rewrite(block.body)) for block in node.blocks])
    made: Expr = replace(node, blocks=_Threads(blocks, size).blocks)
    if shared.heads:
        made = Let(head, Op("seq_head", (Local(items, span=span),), span=span), made, span=span)
    asked = (Local(items, span=span), Local(subject, span=span))
    made = Let(size, Op("seq_size", asked, span=span), made, span=span)
    return Let(items, Op("seq_view", (Local(subject, span=span),), span=span), made, span=span)


class _Shared:
    """Rewrites the questions about one subject."""

    def __init__(self, subject: Var, size: Var, items: Var, head: Var) -> None:
        self._subject = subject
        self._size = size
        self._items = items
        self._head = head
        self._copies: set[Var] = {items}
        self.heads = 0

    def rewrite(self, node: Expr) -> Expr:
        """Answer the questions in an expression; a closure keeps its own."""
        span = node.span
        match node:
            case Fn():
                return node
            case Op(name="is_seq" | "is_seq_least" as name, args=[Local(var=var), Const() as count]) if (
                var == self._subject
            ):
                test = BuiltinRef("=" if name == "is_seq" else ">=", span=span)
                return Call(test, (Local(self._size, span=span), count), span=span)
            case Let(var=var, init=Op(name="seq_items", args=[Local(var=found)]), body=body) if (
                found == self._subject
            ):
                self._copies.add(var)
                return replace(node, init=Local(self._items, span=span), body=self.rewrite(body))
            case Op(name="seq_at", args=[Local(var=var), Const(value=0)]) if var in self._copies:
                self.heads += 1
                return Local(self._head, span=span)
            case _:
                return map_children(node, self.rewrite)


class _Threads:
    """Lets a clause that does not match go on with the next one that may, as far as the size tells."""

    def __init__(self, blocks: tuple[Block, ...], size: Var) -> None:
        self._size = size
        self._bodies = {block.label: block.body for block in blocks}
        self.blocks = tuple(
            [replace(block, body=self._rewrite(block.body, None, frozenset())) for block in blocks]
        )

    def _rewrite(self, node: Expr, known: int | None, others: frozenset[int]) -> Expr:
        """Rewrite the jumps where the size is known, or known not to be one of others."""
        match node:
            case Fn():
                return node
            case Jump(label=label, args=()) if label in self._bodies:
                found = self._next(label, known, others)
                return node if found == label else replace(node, label=found)
            case If(test=test, then=then, orelse=orelse):
                asked = self._asked(test)
                if asked is not None and asked[0] == "=":
                    size = asked[1]
                    parts = (self._rewrite(then, size, others), self._rewrite(orelse, known, others | {size}))
                    return If(test, *parts, span=node.span)
        return map_children(node, lambda child: self._rewrite(child, known, others))

    def _next(self, label: int, known: int | None, others: frozenset[int]) -> int:
        while True:
            match self._bodies[label]:
                case If(test=test, orelse=Jump(label=following, args=())):
                    asked = self._asked(test)
                case _:
                    return label
            if asked is None:
                return label
            name, size = asked
            fails = size in others if known is None else (known < size if name == ">=" else known != size)
            if not fails or (known is None and name == ">="):
                return label
            label = following

    def _asked(self, test: Expr) -> tuple[str, int] | None:
        """Give what is asked of the size, and the size it is compared with."""
        match test:
            case Call(
                callee=BuiltinRef(name="=" | ">=" as name), args=[Local(var=var), Const(value=int() as size)]
            ) if var == self._size:
                return name, size
            case _:
                return None
