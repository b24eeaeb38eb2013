"""The shape of an interface as data: what a file must hold before an `Interface` is made of it.

In: JSON from an artifact. Out: nothing, or ValueError. A digest says that bytes are as written, not that we
wrote them.
"""

from __future__ import annotations

from typing import Any, Final

from rtfs_runtime.interface import Interface

TEXT: Final = "text"
NUMBER: Final = "number"
FLAG: Final = "flag"
MAYBE: Final = "text or null"

_LEAVES: Final = {TEXT: (str,), NUMBER: (int,), FLAG: (bool,), MAYBE: (str, type(None))}

# a list of one shape means any number of items, a tuple exactly these
_PAIRS: Final = [(TEXT, TEXT)]
_FUNCTION: Final = {
    "name": TEXT,
    "params": [TEXT],
    "param_types": [TEXT],
    "rest": MAYBE,
    "rest_type": TEXT,
    "return_type": TEXT,
    "doc": TEXT,
    "hint": None,
    "effect": NUMBER,
    "body_is_text": FLAG,
    "metadata": _PAIRS,
    "line": NUMBER,
}
_INTERFACE: Final = {
    "module": TEXT,
    "exports": [TEXT],
    "functions": [tuple(_FUNCTION.values())],
    "values": [TEXT],
    "macros": [(TEXT, TEXT)],
    "types": _PAIRS,
    "imports": [TEXT],
    "delegable": [TEXT],
    "sites": [(NUMBER, TEXT, _PAIRS)],
    "capabilities": [TEXT],
    "kinds": _PAIRS,
}
_TARGETS: Final = ("local", "local-model", "remote")


def check_interface(data: Any) -> None:
    """Compare data with the shape of an interface.

    Raises: ValueError.
    """
    assert tuple(_INTERFACE) == Interface._fields, "the interface and its shape differ"
    _check(data, tuple(_INTERFACE.values()))


def _check(data: Any, shape: Any) -> None:
    leaf = _LEAVES.get(shape) if isinstance(shape, str) else None
    if leaf is not None:
        if type(data) not in leaf:
            raise ValueError(f"not a {shape}")
    elif shape is None:
        _check_hint(data)
    elif type(data) is not list:
        raise ValueError("not a list")
    elif isinstance(shape, list):
        for item in data:
            _check(item, shape[0])
    elif len(data) != len(shape):
        raise ValueError("a list of another length")
    else:
        for item, wanted in zip(data, shape, strict=True):
            _check(item, wanted)


def _check_hint(data: Any) -> None:
    if data is not None:
        _check(data, (TEXT, MAYBE))
        if data[0] not in _TARGETS:
            raise ValueError("an unknown target")
