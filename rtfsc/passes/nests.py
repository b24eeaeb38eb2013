"""Where loops change vectors and maps inside of the collections that they fill.

In: a loop, and the known functions of the module. Out: `Nests`; and what the changes look like.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final, NamedTuple

from rtfs_runtime.builtins import BUILTINS
from rtfs_runtime.values import Keyword
from rtfsc.ir import kinds
from rtfsc.ir.census import occurs, things
from rtfsc.ir.nodes import BuiltinRef, Call, Const, Expr, Fn, Global, If, Let, Local, Op, Try
from rtfsc.ir.walk import children
from rtfsc.passes.fill_ways import CHANGES, name_of

Key = tuple[type, object]
_FOLLOWED: Final = things("assoc", "#put", Global)


class Nests(NamedTuple):
    """What a loop may change inside of its collections: under which keys (None: any), and whether that may be
    a vector, a map, a set."""

    keys: frozenset[Key] | None
    lists: bool
    maps: bool
    sets: bool

    def has(self, key: Expr | None) -> bool:
        """Tell whether what stands under a key may be changed."""
        return self.keys is None or not isinstance(key, Const) or key_of(key) in self.keys

    def text(self) -> str:
        """Name it."""
        held = "vectors " * self.lists + "maps " * self.maps + "sets" * self.sets
        if self.keys is None:
            return held
        return f"{held} {' '.join(sorted(f'{each.__name__} {key}' for each, key in self.keys))}"

    def modes(self, change: Expr) -> tuple[bool, bool]:
        """Tell whether a change may be one of a vector, and one of a map."""
        may_list, may_map = modes(change)
        return may_list and self.lists, may_map and self.maps


def find_nests(
    loop: Expr, functions: Mapping[str, Fn], kind_of: Callable[[Expr], kinds.Kind]
) -> Nests | None:
    """Find what changes of values in collections a loop, and the functions it calls, write; None for none."""
    keys: set[Key] = set()
    anywhere = lists = maps = sets = False
    todo, called, inner = [loop], set(), set()
    while todo:
        node = todo.pop()
        todo.extend([child for child in children(node) if occurs(child) & _FOLLOWED])
        if isinstance(node, Call) and isinstance(node.callee, Global):
            name = node.callee.name
            if name in functions and name not in called:
                called.add(name)
                todo.append(functions[name].body)
        if id(node) in inner:
            continue
        for key, value in entries(node):
            for change in changes(value):
                inner.add(id(change))
                anywhere |= not isinstance(key, Const)
                if isinstance(key, Const):
                    keys.add(key_of(key))
                may_list, may_map = modes(change)
                assert isinstance(change, (Call, Op))
                kind = kind_of(change.args[0])
                # what is not there is made a map by `assoc-in`, and by nothing a vector
                may_list = may_list and bool(kind & kinds.VECTOR)
                may_map = may_map and bool(kind & (kinds.MAP | kinds.NIL))
                lists, maps = lists or may_list, maps or may_map
                sets = sets or (adds_one(change) and bool(kind & kinds.SET) and kind != kinds.ANY)
    if not (lists or maps or sets):
        return None
    return Nests(None if anywhere else frozenset(keys), lists, maps, sets)


def key_of(key: Const) -> Key:
    """Give what tells a constant key from others."""
    # 1, 1.0 and true are three keys
    return key.value.__class__, key.value if isinstance(key.value, (int, str, Keyword)) else None


def entries(node: Expr) -> Iterator[tuple[Expr, Expr]]:
    """List the keys and values that a change of a collection puts there."""
    match node:
        case Call(callee=BuiltinRef(), args=[_, *entries]) if name_of(node) == "assoc":
            yield from zip(entries[::2], entries[1::2], strict=False)
        case Op(name="put", args=[_, key, value, _]):
            yield key, value


def changes(value: Expr) -> Iterator[Expr]:
    """List the changes of collections at the ends of a value."""
    match value:
        case Let(body=body) | Try(body=body):
            yield from changes(body)
        case If(then=then, orelse=orelse):
            yield from changes(then)
            yield from changes(orelse)
        case Call(callee=BuiltinRef(), args=args, site=None) if name_of(value) in CHANGES:
            # a wrong count is the builtin's to refuse
            odd = name_of(value) == "assoc" and len(args) % 2 == 0
            one = name_of(value) not in ("into", "concat") or (len(args) == 2 and name_of(value) == "into")
            if len(args) > 1 and not odd and one:
                yield value
        case Op(name="put"):
            yield value


def is_same(left: Expr | None, right: Expr | None) -> bool:
    """Tell whether two keys, as they are written, surely have the same value."""
    match left, right:
        case Local(var=one), Local(var=other):
            return one == other
        case Const(), Const():
            return key_of(left) == key_of(right) and key_of(left)[1] is not None
        case (
            Call(callee=BuiltinRef(name=first), args=parts),
            Call(callee=BuiltinRef(name=second), args=others),
        ) if first == second and len(parts) == len(others):
            return _is_plain(first) and all(map(is_same, parts, others))
        case Call(callee=Const() as key, args=[part]), Call(callee=Const() as other_key, args=[other_part]):
            return is_same(key, other_key) and is_same(part, other_part)
        case _:
            return False


def _is_plain(name: str) -> bool:
    return BUILTINS[name].effect == "pure" and not BUILTINS[name].host


def adds_one(change: Expr) -> bool:
    """Tell whether a change may be one of a set."""
    return isinstance(change, Call) and len(change.args) == 2 and name_of(change) == "conj"


def modes(change: Expr) -> tuple[bool, bool]:
    """Tell whether a change may be one of a vector, and one of a map."""
    for key, _ in entries(change):
        if not isinstance(key, Const):
            return True, True
        if isinstance(key.value, int):
            return True, False
        return False, True
    return True, False
