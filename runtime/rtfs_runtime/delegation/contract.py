"""A delegated function as a contract, and the contract as a prompt.

In: what the interface says of a function, and the arguments of a call. Out: `Contract`, made once per stub,
and `ModelRequest`. What stands in every call goes into the system text and the examples, arguments come after
it (delegation §3), so that a prefix cache can hold it. How a contract is worded is left to `templates`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from rtfs_runtime.interface import EXAMPLES, Function
from rtfs_runtime.tagged import decode_json
from rtfs_runtime.type_reader import read_type
from rtfs_runtime.types import ANY, STRING, Type, check


class Contract(NamedTuple):
    """What a model is told of a function.

    Shape: `result` None asks for free text, which is the answer as it is. `examples` are the calls that the
           source gives as examples: a tagged vector of `[argument… result]`, or nothing. All of it can be
           hashed, so that wordings are kept by contract.
    """

    symbol: str
    name: str
    doc: str
    params: tuple[str, ...]
    param_types: tuple[Type | None, ...]
    rest: str | None
    rest_type: Type | None
    result: Type | None
    result_text: str
    examples: str = ""

    def check_arguments(self, args: tuple[object, ...]) -> None:
        """Check arguments as the compiled body would; raises TypeValidationError."""
        for want, value in zip(self.param_types, args, strict=False):
            if want is not None:
                check(value, want)
        if self.rest_type is not None:
            for place, value in enumerate(args[len(self.params) :]):
                check(value, self.rest_type, f"variadic argument {place}: ")

    def named(self, args: tuple[object, ...]) -> list[tuple[str, object]]:
        """Pair arguments with parameter names; further ones are numbered behind the name of the rest."""
        extra = args[len(self.params) :]
        names = [*self.params, *(f"{self.rest}{place}" for place in range(1, len(extra) + 1))]
        return list(zip(names, args, strict=True))

    def worked(self) -> list[tuple[tuple[object, ...], object]]:
        """Give the examples: arguments and answer of each."""
        rows = decode_json(self.examples) if self.examples else ()
        # the compiler has checked them
        assert isinstance(rows, tuple)
        return [(tuple(row[:-1]), row[-1]) for row in rows]


def make_contract(module: str, info: Function, types: Mapping[str, str], body: object) -> Contract:
    """Read the contract of a function, with the module's declared types and the compiled body."""
    result = _type(info.return_type, types)
    return Contract(
        symbol=f"{module}/{info.name}",
        name=info.name,
        doc=info.doc or (_body_text(body) if info.body_is_text else ""),
        params=info.params,
        param_types=tuple(_type(text, types) for text in info.param_types),
        rest=info.rest,
        rest_type=_type(info.rest_type, types),
        result=None if result in _FREE else result,
        result_text=info.return_type,
        examples=next((text for key, text in info.metadata if key == EXAMPLES), ""),
    )


_FREE: Final = (None, STRING, ANY)


def _type(text: str, types: Mapping[str, str]) -> Type | None:
    return read_type(text, types) if text else None


def _body_text(body: object) -> str:
    """Give the string that is all of a compiled body."""
    code = getattr(body, "__code__", None)
    texts = [] if code is None else [one for one in code.co_consts if isinstance(one, str)]
    return texts[0] if texts else ""
