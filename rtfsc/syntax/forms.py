"""Forms: what the reader gives and macros rewrite.

In: nothing. Out: the classes that the parser builds. Meaning of forms is left to `rtfsc.lower`.
Plain slots classes, not dataclasses: one is made for every atom of a program, and a frozen dataclass
costs three times as much to make. `start` and `end` are half-open character offsets into the source.
"""

from __future__ import annotations


class Form:
    """A piece of syntax; `start` and `end` are character offsets, half-open."""

    __slots__ = ("end", "start")
    start: int
    end: int


class Literal(Form):
    """An atom that evaluates to itself: nil, boolean, number, string, keyword, timestamp, uuid, resource."""

    __slots__ = ("value",)

    def __init__(self, value: object, start: int, end: int) -> None:
        self.value = value
        self.start = start
        self.end = end


class SymbolForm(Form):
    """A name, as written: `x`, `str/join`, `x:int`, `n:` (annotation follows), `:` alone, `&`, `.m`, `v#`."""

    __slots__ = ("name",)

    def __init__(self, name: str, start: int, end: int) -> None:
        self.name = name
        self.start = start
        self.end = end


class _Sequence(Form):
    __slots__ = ("items",)

    def __init__(self, items: list[Form], start: int, end: int) -> None:
        self.items = items
        self.start = start
        self.end = end


class ListForm(_Sequence):
    """`(…)`. `'x` reads as the list `(quote x)`."""

    __slots__ = ()


class VectorForm(_Sequence):
    """`[…]`."""

    __slots__ = ()


class MapForm(_Sequence):
    """`{…}`: `items` alternates keys and values as written; keys and parity are checked where it is used."""

    __slots__ = ()


class AnonFnForm(_Sequence):
    """`#(…)`: `items` is the one call form of the body."""

    __slots__ = ()


class _Wrapped(Form):
    __slots__ = ("form",)

    def __init__(self, form: Form, start: int, end: int) -> None:
        self.form = form
        self.start = start
        self.end = end


class QuasiForm(_Wrapped):
    """`` `form``."""

    __slots__ = ()


class UnquoteForm(_Wrapped):
    """`~form`."""

    __slots__ = ()


class SpliceForm(_Wrapped):
    """`~@form`."""

    __slots__ = ()


class ContextForm(Form):
    """`@name` or `@:name`: access to a host context value."""

    __slots__ = ("name",)

    def __init__(self, name: str, start: int, end: int) -> None:
        self.name = name
        self.start = start
        self.end = end


class HintMark(Form):
    """`^:delegation :local`, `:local-model "id"` or `:remote "id"`; `model_id` is None for `:local`."""

    __slots__ = ("model_id", "target")

    def __init__(self, target: str, model_id: str | None, start: int, end: int) -> None:
        self.target = target
        self.model_id = model_id
        self.start = start
        self.end = end


class MetaForm(Form):
    """`^{…} form` or `^:delegation … form`: metadata before the form it belongs to. Marks may be stacked."""

    __slots__ = ("form", "meta")

    def __init__(self, meta: MapForm | HintMark, form: Form, start: int, end: int) -> None:
        self.meta = meta
        self.form = form
        self.start = start
        self.end = end
