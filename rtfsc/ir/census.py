"""What occurs in an expression, so that passes leave alone at once what holds nothing of theirs.

In: nodes. Out: `occurs`, `among` and `size`, found from the leaves up once for each node and kept in it: most
of what a pass hands on are the trees it was given.

A set of things is a set of bits of an integer: one for each class of nodes, one for each builtin, under the
name that all its names share, and one for each operation that some pass asks for.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from rtfs_runtime.builtins import BUILTINS
from rtfsc.ir.nodes import BuiltinRef, Expr, Op
from rtfsc.ir.walk import CHILD_FIELDS, LEAVES, children

_OPS: Final = ("is_map", "is_seq", "is_seq_least", "seq_rest", "put", "set_put", "times")
_CLASSES: Final = {kind: 1 << at for at, kind in enumerate(CHILD_FIELDS)}
# half of all nodes
_COUNTED_ALONE: Final = LEAVES - {BuiltinRef}
_FIRST_NAME: Final = len(_CLASSES) + len(_OPS)
_OF_OPS: Final = {name: 1 << at for at, name in enumerate(_OPS, len(_CLASSES))}
_ROWS: Final = {
    name: 1 << at for at, name in enumerate(sorted({row.name for row in BUILTINS.values()}), _FIRST_NAME)
}
_OF_BUILTINS: Final = {name: _ROWS[row.name] for name, row in BUILTINS.items()}


def things(*given: type | str) -> int:
    """Give the set of some classes of nodes, builtins, and operations that are written `#name`."""
    found = 0
    for each in given:
        if isinstance(each, type):
            found |= _CLASSES[each]
        else:
            found |= _OF_OPS[each[1:]] if each[:1] == "#" else _OF_BUILTINS[each]
    return found


def occurs(node: Expr) -> int:
    """Give the set of what a node is and holds."""
    return node.census or _count(node)


def among(node: Expr, wanted: int) -> Iterator[Expr]:
    """Give the node and what is below it, each before its children, in order of evaluation, but for trees
    that hold nothing wanted."""
    todo = [node] if occurs(node) & wanted else []
    while todo:
        node = todo.pop()
        yield node
        # all below is counted now
        if node.size > 1:
            todo += [child for child in children(node)[::-1] if child.census & wanted]


def size(node: Expr) -> int:
    """Count the node and everything below it."""
    if not node.size:
        _count(node)
    return node.size


def _count(node: Expr) -> int:
    # what a tree holds never changes: the one thing that is put into a node after it is made
    todo = [node]
    while todo:
        part = todo[-1]
        kind = part.__class__
        found, count, waiting = _CLASSES[kind], 1, len(todo)
        for child in children(part):
            held = child.size
            if not held:
                if child.__class__ not in _COUNTED_ALONE:
                    todo.append(child)
                    continue
                child.census = _CLASSES[child.__class__]  # type: ignore[misc]
                child.size = held = 1  # type: ignore[misc]
            found |= child.census
            count += held
        if len(todo) > waiting:
            continue
        if kind is BuiltinRef:
            found |= _OF_BUILTINS[part.name]  # type: ignore[union-attr]
        elif kind is Op:
            found |= _OF_OPS.get(part.name, 0)  # type: ignore[union-attr]
        part.census, part.size = found, count  # type: ignore[misc]
        todo.pop()
    return node.census
