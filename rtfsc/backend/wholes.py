"""What builtins make of a whole vector, as instructions.

In: calls of `sort distinct set contains? vec cons concat apply …`. Out: one call of C where the elements are
known, or a few instructions; the builtin itself, out of line, for everything else: it raises what the
language says.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from rtfs_runtime.builtins import BUILTINS
from rtfs_runtime.builtins.operands import KEY_KINDS
from rtfsc.backend.arithmetic import Writer
from rtfsc.backend.collections import KEYS
from rtfsc.backend.emitter import VERSION, Mark
from rtfsc.backend.frame import Frame
from rtfsc.backend.operands import Operand, call_global, fast, guard, hold, leave_large, may_be, otherwise
from rtfsc.backend.ranges import write_numbers
from rtfsc.ir import kinds
from rtfsc.ir.nodes import BuiltinRef, Call, Const, Expr, Fold, Jump, Local, Vector

# longer vectors are left to the builtin, which knows the limit of all together
_LONG: Final = 1 << 20
# so many vectors are joined before their size is known: the result takes no more memory than they do
_AT_ONCE: Final = 3
# a longer set is built where it is asked for: a module makes all of its sets when it is loaded
_FEW: Final = 64
_NAMES: Final = (kinds.STR, kinds.KEYWORD)
_OWN_KEYS: Final = kinds.KEY | kinds.NIL
"""Elements that a dict tells apart as the language does."""


def _holds(frame: Frame, node: Expr, wanted: int) -> bool:
    """Tell whether a value is likely a vector, and has only elements of some classes if it is one."""
    kind = frame.unit.kinds.of(node)
    return bool(kind & kinds.TUPLE) and kinds.within(kinds.element(kind), wanted)


def write_sort(frame: Frame, node: Call, name: str) -> bool:
    """Write `sort` of numbers, or of strings."""
    if len(node.args) != 1 or not any(
        _holds(frame, node.args[0], each) for each in (kinds.NUMBER, kinds.STR)
    ):
        return False

    def write(operands: list[Operand], slow: Mark) -> None:
        frame.emitter.callee_global("#sorted")
        operands[0].push(frame)
        frame.emitter.call(1)
        frame.emitter.list_to_tuple()

    return fast(frame, node.args, name, (kinds.TUPLE,), write)


def _push_keys(frame: Frame, operand: Operand) -> None:
    """Push a dict whose keys are the elements of a vector."""
    emitter = frame.emitter
    emitter.load_method(lambda: emitter.glob("#dict"), "fromkeys")
    operand.push(frame)
    emitter.call(1)


def write_distinct(frame: Frame, node: Call, name: str) -> bool:
    """Write `distinct` of what a dict tells apart."""
    if not _holds(frame, node.args[0], _OWN_KEYS):
        return False

    def write(operands: list[Operand], slow: Mark) -> None:
        frame.emitter.callee_global("#tuple")
        _push_keys(frame, operands[0])
        frame.emitter.call(1)

    return fast(frame, node.args, name, (kinds.TUPLE,), write)


def write_set(frame: Frame, node: Call, name: str) -> bool:
    """Write a set: of constants, made once, when the module is loaded; or of what a dict tells apart."""
    items: tuple[object, ...] | None
    match node.args:
        case [Const(value=tuple() as items)]:
            pass
        case [Vector(items=parts)] if all(isinstance(part, Const) for part in parts):
            items = tuple([part.value for part in parts if isinstance(part, Const)])
        case _:
            items = None
    if items is not None and len(items) <= _FEW and KEY_KINDS.issuperset(map(type, items)):
        frame.emitter.glob(frame.unit.set_name(items))
        return True
    if not _holds(frame, node.args[0], _OWN_KEYS):
        return False

    def write(operands: list[Operand], slow: Mark) -> None:
        emitter = frame.emitter
        emitter.callee_global("#Set")
        _push_keys(frame, operands[0])
        emitter.const(True)
        emitter.call(2)

    return fast(frame, node.args, name, (kinds.TUPLE,), write)


def write_contains(frame: Frame, node: Call, name: str) -> bool:
    """Write `contains?` of a map, of a set, whose members are keys of a dict, or of a vector."""
    if len(node.args) != 2 or not may_be(frame, node.args[1:], kinds.KEY):
        return False
    kind = frame.unit.kinds.of(node.args[0])
    ways = [each for each in (kinds.DICT, kinds.SET) if kind & each]
    if not ways:
        return _write_has_element(frame, node, name)
    emitter = frame.emitter
    slow, done = Mark(), Mark()
    with frame.temps(2) as temps:
        source, key = hold(frame, node.args, temps)
        if emitter.dead:
            return True
        guard(frame, key, KEYS, slow)

        def write(way: int, other: Mark) -> None:
            guard(frame, source, (way,), other)
            key.push(frame)
            source.push(frame)
            if way == kinds.SET:
                emitter.attribute("members")
            emitter.contains()

        second = Mark()
        write(ways[0], second if len(ways) > 1 else slow)
        emitter.mark(done)
        if len(ways) > 1:
            # jumped to from out of line
            slow.depth = emitter.depth - 1
            otherwise(frame, second, done, lambda: write(ways[1], slow))
        otherwise(frame, slow, done, lambda: call_global(frame, name, [source, key]))
    return True


def _write_has_element(frame: Frame, node: Call, name: str) -> bool:
    """Write whether a vector has a keyword or string, which only the same one equals, or an integer, which
    Python takes for the float or boolean that is not among the elements."""
    if not may_be(frame, node.args[:1], kinds.TUPLE):
        return False
    keys = KEYS if _holds(frame, node.args[0], _OWN_KEYS) else _NAMES
    if not may_be(frame, node.args[1:], sum(keys)):
        return False

    def write(operands: list[Operand], slow: Mark) -> None:
        source, key = operands
        guard(frame, key, keys, slow)
        key.push(frame)
        source.push(frame)
        frame.emitter.contains()

    return fast(frame, node.args, name, (kinds.TUPLE,), write)


def write_vec(frame: Frame, node: Call, name: str) -> bool:
    """Write `vec` of a vector."""
    if frame.unit.kinds.of(node.args[0]) & kinds.BUFFER:
        return False
    return fast(frame, node.args, name, (kinds.TUPLE,), lambda operands, slow: operands[0].push(frame))


def write_parts(frame: Frame, node: Call, name: str) -> bool:
    """Write `keys`, `vals` or `entries` of a small map."""
    emitter = frame.emitter

    def write(operands: list[Operand], slow: Mark) -> None:
        emitter.callee_global("#tuple")
        emitter.load_method(lambda: operands[0].push(frame), _PARTS[name])
        emitter.call(0)
        emitter.call(1)

    return fast(frame, node.args, name, (kinds.DICT,), write)


_PARTS: Final[Mapping[str, str]] = MappingProxyType({"keys": "keys", "vals": "values", "entries": "items"})
"""The methods of a dict that give what builtins give of a map."""


def write_cons(frame: Frame, node: Call, name: str) -> bool:
    """Write `cons` to a vector."""
    if not may_be(frame, node.args[1:], kinds.TUPLE):
        return False
    emitter = frame.emitter
    slow, done = Mark(), Mark()
    with frame.temps(2) as temps:
        operands = hold(frame, node.args, temps)
        if emitter.dead:
            return True
        guard(frame, operands[1], (kinds.TUPLE,), slow)
        operands[0].push(frame)
        emitter.build_tuple(1)
        operands[1].push(frame)
        emitter.binary("+")
        emitter.mark(done)
        otherwise(frame, slow, done, lambda: call_global(frame, name, operands))
    return True


def write_concat(frame: Frame, node: Call, name: str) -> bool:
    """Write `concat` of a few vectors."""
    count = len(node.args)
    if not 1 <= count <= 8 or not may_be(frame, node.args, kinds.TUPLE):
        return False
    emitter = frame.emitter
    slow, done = Mark(), Mark()
    with frame.temps(count) as temps:
        operands = hold(frame, node.args, temps)
        if emitter.dead:
            return True
        depth = emitter.depth
        few = count <= _AT_ONCE
        for operand, arg in zip(operands, node.args, strict=True):
            guard(frame, operand, (kinds.TUPLE,), slow)
            if not few and not isinstance(arg, Vector):
                operand.push(frame)
                leave_large(frame, depth, _LONG, slow)
                emitter.pop()
        if few:
            # two copies at most, as many as of a list that becomes a tuple
            operands[0].push(frame)
            for operand in operands[1:]:
                operand.push(frame)
                emitter.binary("+")
            if count > 1:
                leave_large(frame, depth, _LONG, slow)
        else:
            emitter.build_list()
            for operand in operands:
                operand.push(frame)
                emitter.list_extend(1)
            emitter.list_to_tuple()
        emitter.mark(done)
        otherwise(frame, slow, done, lambda: call_global(frame, name, operands))
    return True


_FOLDS: Final[Mapping[str, tuple[str, int]]] = MappingProxyType(
    {"+": ("#sum", kinds.INT), "max": ("#max", kinds.NUMBER), "min": ("#min", kinds.NUMBER)}
)
"""What C does with all elements at once, and the classes for which that is the same: `sum` begins with 0,
which makes 0.0 of -0.0."""
# from 3.12 on `sum` makes a sum of floats more exact than additions one by one
_ADDED: Final = kinds.NUMBER if VERSION < (3, 12) else kinds.INT


def write_all_at_once(frame: Frame, node: Call, name: str) -> bool:
    """Write `apply` and `reduce` of a sum, the largest or the smallest of known numbers, if there are any."""
    match node.args:
        case [BuiltinRef(name=function), source]:
            found = _FOLDS.get(BUILTINS[function].name)
        case _:
            return False
    if found is None or not _holds(frame, source, found[1]):
        return False
    emitter = frame.emitter
    slow, done = Mark(), Mark()
    with frame.temps() as temps:
        operands = hold(frame, (source,), temps)
        if emitter.dead:
            return True
        guard(frame, operands[0], (kinds.TUPLE,), slow)
        slow.depth = emitter.depth
        operands[0].push(frame)
        emitter.truth()
        emitter.jump_if_false(slow)
        emitter.callee_global(found[0])
        operands[0].push(frame)
        emitter.call(1)
        emitter.mark(done)

        def plain() -> None:
            emitter.callee_global(name)
            emitter.glob(function)
            operands[0].push(frame)
            emitter.call(2)

        otherwise(frame, slow, done, plain)
    return True


def write_sum(frame: Frame, node: Fold) -> bool:
    """Push the sum of numbers that a loop adds up; tell whether it does."""
    match node:
        case Fold(
            params=(total,),
            args=(start,),
            body=Jump(
                label=label,
                args=(Call(callee=BuiltinRef(name="+"), args=(Local(var=left), Local(var=right))),),
            ),
            done=Local(var=result),
        ) if label == node.label and {left, right} == {total, node.var} and result == total:
            pass
        case _:
            return False
    of = frame.unit.kinds.of
    if not kinds.within(of(start) | kinds.element(of(node.items)), _ADDED):
        return False
    emitter = frame.emitter
    with frame.temps() as [name]:
        # the start is evaluated before the collection is
        frame.value(start)
        emitter.store(name)
        emitter.callee_global("#sum")
        frame.value(node.items)
        emitter.load(name)
        emitter.call(2)
    return True


WHOLES: Final[Mapping[str, Writer]] = MappingProxyType(
    {
        "sort": write_sort,
        "distinct": write_distinct,
        "set": write_set,
        "contains?": write_contains,
        "vec": write_vec,
        "cons": write_cons,
        "concat": write_concat,
        **dict.fromkeys(_PARTS, write_parts),
        "range": write_numbers,
        **dict.fromkeys(("apply", "reduce"), write_all_at_once),
    }
)
"""Writers by the name of the builtin; each tells whether it wrote the call."""
