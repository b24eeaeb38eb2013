"""Numbers made of other numbers, by functions of C.

In: calls of `abs sqrt float int`. Out: the function of Python's that does the same for numbers; the builtin
itself, out of line, for everything else: it raises what the language says.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from rtfsc.backend.arithmetic import Writer, write_numeric
from rtfsc.backend.emitter import Mark, Region
from rtfsc.backend.frame import Frame
from rtfsc.backend.operands import Operand, call_global, on_failure
from rtfsc.ir import kinds
from rtfsc.ir.nodes import Call

_NUMBERS: Final = (kinds.INT, kinds.FLOAT)
# floats of integers up to it are exact, and it is far from the limit of `int`
_EXACT: Final = 1 << 53


def write_by_function(frame: Frame, node: Call, name: str) -> bool:
    """Write a call of a function of Python's that fails where the builtin has something to say."""
    depth, outer = frame.emitter.depth, frame.emitter.region

    def call(operands: list[Operand], slow: Mark) -> None:
        region = Region(Mark(), depth)
        frame.emitter.region = region
        call_global(frame, "#" + name, operands)
        frame.emitter.region = outer
        on_failure(frame, region, slow)

    return write_numeric(frame, node, name, (_NUMBERS, lambda operands: None), call)


def write_float(frame: Frame, node: Call, name: str) -> bool:
    """Write `float`: of a float itself."""
    if kinds.within(frame.unit.kinds.of(node.args[0]), kinds.FLOAT):
        frame.value(node.args[0])
        return True
    return write_by_function(frame, node, name)


def write_int(frame: Frame, node: Call, name: str) -> bool:
    """Write `int` of an integer, or of a float that is not large."""
    kind = frame.unit.kinds.of(node.args[0])
    if kinds.within(kind, kinds.INT):
        frame.value(node.args[0])
        return True
    if not kinds.within(kind, kinds.FLOAT):
        return False
    emitter = frame.emitter

    def small(operands: list[Operand], slow: Mark) -> None:
        # NaN is neither
        for order, end in ((">", -_EXACT), ("<", _EXACT)):
            operands[0].push(frame)
            emitter.const(float(end))
            emitter.compare(order)
            emitter.jump_if_false(slow)

    return write_numeric(
        frame, node, name, ((kinds.FLOAT,), lambda operands: call_global(frame, "#int", operands)), small
    )


CONVERSIONS: Final[Mapping[str, Writer]] = MappingProxyType(
    {
        **dict.fromkeys(("abs", "sqrt"), write_by_function),
        "float": write_float,
        "int": write_int,
    }
)
"""Writers by the name of the builtin; each tells whether it wrote the call."""
