"""Constants: what marshal can write is a constant of the code, the rest is built or bound when the module
is loaded.

In: an atom or quoted data. Out: instructions that push it. Deep data is written with a stack of our own:
its depth is bounded by memory, and marshal itself stops at 2,000 levels.
"""

from __future__ import annotations

from rtfs_runtime.values import Keyword, List, Resource, Symbol, Timestamp, Uuid
from rtfsc.backend.frame import Frame

_TEXTUAL = {Timestamp: "#timestamp", Uuid: "#uuid", Resource: "#resource"}
_PLAIN = (type(None), bool, int, float, str)


def write_constant(frame: Frame, value: object) -> None:
    """Push a constant."""
    emitter = frame.emitter
    todo: list[tuple[str, object]] = [("value", value)]
    while todo:
        step, item = todo.pop()
        if step == "tuple":
            emitter.build_tuple(_count(item))
        elif step == "map":
            emitter.build_map(_count(item))
        elif step == "call":
            emitter.call(1)
        elif step == "callee":
            emitter.callee_global(str(item))
        else:
            todo.extend(reversed(_steps(frame, item)))


def _count(item: object) -> int:
    assert isinstance(item, int)
    return item


def _steps(frame: Frame, value: object) -> list[tuple[str, object]]:
    """Write an atom, or give the steps that build a collection."""
    emitter = frame.emitter
    if type(value) in _PLAIN:
        emitter.const(value)
    elif isinstance(value, Keyword):
        frame.unit.keywords[value.text] = None
        emitter.glob(":" + value.text)
    elif isinstance(value, Symbol):
        frame.unit.symbols[value.text] = None
        emitter.glob("'" + value.text)
    elif isinstance(value, (Timestamp, Uuid, Resource)):
        emitter.callee_global(_TEXTUAL[type(value)])
        emitter.const(value.text)
        emitter.call(1)
    elif isinstance(value, tuple):
        return [*(("value", item) for item in value), ("tuple", len(value))]
    elif isinstance(value, List):
        return [("callee", "#List"), ("value", value.items), ("call", None)]
    else:
        assert isinstance(value, dict), value
        pairs = [("value", part) for pair in value.items() for part in pair]
        return [*pairs, ("map", len(value))]
    return []
