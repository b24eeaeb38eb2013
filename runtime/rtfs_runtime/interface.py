"""What importers, the linker and tools may know of a compiled module without running it.

In: nothing. Out: `Interface` and its parts, plain named tuples that encode as JSON-able data (`to_data`,
`from_data`).
Source: design §8 (layout of artifacts), §7 (delegable set, link slots).
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Final, Literal, NamedTuple

EXAMPLES: Final = "examples"
"""The key of a function's metadata under which its examples stand."""


class Hint(NamedTuple):
    """A delegation hint as written: target "local", "local-model" or "remote", and the model id."""

    target: Literal["local", "local-model", "remote"]
    model_id: str | None = None


class Function(NamedTuple):
    """A top-level function: `params` and `types` go together; types are the text of §5.1, "" where there is
    none.

    `metadata` is the constant part of `^{…}` maps as (key, display text) pairs; the text of `EXAMPLES` is the
    tagged encoding of the rows `[argument… result]`. `effect` bits as `ir.nodes.Effect`.
    """

    name: str
    params: tuple[str, ...]
    param_types: tuple[str, ...]
    rest: str | None
    rest_type: str
    return_type: str
    doc: str
    hint: Hint | None
    effect: int
    body_is_text: bool
    metadata: tuple[tuple[str, str], ...]
    line: int

    def to_text(self) -> str:
        """Give the row as canonical JSON."""
        return json.dumps(_listed(self), ensure_ascii=False, separators=(",", ":"))

    @classmethod
    def from_text(cls, text: str) -> Function:
        """Rebuild a row from its text, which compiled code holds."""
        return _function(json.loads(text))


class Site(NamedTuple):
    """A call with a slot of its own: `name@number`; `metadata` holds its constant `runtime.*` entries as
    text."""

    number: int
    name: str
    metadata: tuple[tuple[str, str], ...]


class Macro(NamedTuple):
    """An exported macro: the text of its `defmacro` form and of the pure definitions it may use."""

    name: str
    source: str


class Interface(NamedTuple):
    """The interface of a module.

    `exports` are names in order; `functions` describes all top-level functions (exported or not, the linker
    needs both); `values` are exported names that are no functions; `delegable` the functions a policy may
    send elsewhere. `kinds` is what the compiler found of exports, as its own text: of a value what it is, of
    a function that is not delegable what it gives.
    """

    module: str
    exports: tuple[str, ...]
    functions: tuple[Function, ...]
    values: tuple[str, ...]
    macros: tuple[Macro, ...]
    types: tuple[tuple[str, str], ...]
    imports: tuple[str, ...]
    delegable: tuple[str, ...]
    sites: tuple[Site, ...]
    capabilities: tuple[str, ...]
    kinds: tuple[tuple[str, str], ...] = ()

    def function(self, name: str) -> Function | None:
        """Find a top-level function by name."""
        return next((f for f in self.functions if f.name == name), None)

    def closed(self, name: str, delegates: Callable[[str], bool]) -> str | None:
        """Give the symbol of a function that is to be delegated and was compiled as local for good, None when
        there is none; `name` is the module's when it does not say."""
        for row in self.functions:
            symbol = f"{self.module or name}/{row.name}"
            if row.hint is None and row.name not in self.delegable and delegates(symbol):
                return symbol
        return None

    def to_data(self) -> list[Any]:
        """Give the interface as nested lists of strings, integers and None."""
        return [_listed(part) for part in self]

    def to_text(self) -> str:
        """Give the interface as canonical JSON."""
        return json.dumps(self.to_data(), ensure_ascii=False, separators=(",", ":"))

    @classmethod
    def from_text(cls, text: str) -> Interface:
        """Rebuild an interface from its text; raises ValueError."""
        try:
            return cls.from_data(json.loads(text))
        except RecursionError:
            raise ValueError("not an interface: too deep") from None

    @classmethod
    def from_data(cls, data: list[Any]) -> Interface:
        """Rebuild an interface; raises ValueError on data of another shape."""
        try:
            module, exports, functions, values, macros, types, imports, delegable, sites, *rest = data
            capabilities, kinds = rest
            return cls(
                str(module),
                tuple(exports),
                tuple(_function(f) for f in functions),
                tuple(values),
                tuple(Macro(*m) for m in macros),
                tuple((a, b) for a, b in types),
                tuple(imports),
                tuple(delegable),
                tuple(Site(n, name, _pairs(meta)) for n, name, meta in sites),
                tuple(capabilities),
                _pairs(kinds),
            )
        except (TypeError, ValueError) as error:
            raise ValueError(f"not an interface: {error}") from None


EMPTY = Interface("", (), (), (), (), (), (), (), (), ())


def _pairs(data: Any) -> tuple[tuple[str, str], ...]:
    return tuple((a, b) for a, b in data)


def _function(data: list[Any]) -> Function:
    name, params, param_types, rest, rest_type, return_type, doc, hint, effect, text, metadata, line = data
    return Function(
        name,
        tuple(params),
        tuple(param_types),
        rest,
        rest_type,
        return_type,
        doc,
        None if hint is None else Hint(*hint),
        effect,
        bool(text),
        _pairs(metadata),
        line,
    )


def _listed(value: Any) -> Any:
    return [_listed(item) for item in value] if isinstance(value, tuple) else value
