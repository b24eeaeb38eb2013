"""A delegated function as a contract, and the contract as a prompt.

In: what the interface says of a function, and the arguments of a call. Out: `Contract`, made once per stub,
and `ModelRequest`. What stands in every call goes into the system text, arguments come after it (delegation
§3), so that a prefix cache can hold it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from rtfs_runtime.errors import RtfsError
from rtfs_runtime.interface import Function
from rtfs_runtime.jsontext import to_json
from rtfs_runtime.printer import display, to_str
from rtfs_runtime.providers.base import Message, ModelRequest
from rtfs_runtime.type_reader import read_type
from rtfs_runtime.types import ANY, STRING, Type, check, print_type


class Contract(NamedTuple):
    """What a model is told of a function. `result` None asks for free text, which is the answer as it is."""

    symbol: str
    name: str
    doc: str
    params: tuple[str, ...]
    param_types: tuple[Type | None, ...]
    rest: str | None
    rest_type: Type | None
    result: Type | None
    result_text: str

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
        result=None if result in (STRING, ANY) else result,
        result_text=info.return_type,
    )


def _type(text: str, types: Mapping[str, str]) -> Type | None:
    return read_type(text, types) if text else None


def _body_text(body: object) -> str:
    """Give the string that is all of a compiled body."""
    code = getattr(body, "__code__", None)
    texts = [] if code is None else [one for one in code.co_consts if isinstance(one, str)]
    return texts[0] if texts else ""


def _contract_prompt(contract: Contract, args: tuple[object, ...]) -> tuple[str, str]:
    lines = [f"Answer as the function `{contract.name}` would."]
    if contract.doc:
        lines.append(contract.doc)
    shown = [
        name if want is None else f"{name} {print_type(want)}"
        for name, want in zip(contract.params, contract.param_types, strict=True)
    ]
    if shown:
        lines.append(f"Arguments: {', '.join(shown)}.")
    if contract.result is not None:
        lines.append(f"Give nothing but a value of the type {contract.result_text}, as JSON.")
    pairs = contract.named(args)
    if len(pairs) == 1:
        return "\n".join(lines), _shown(pairs[0][1])
    return "\n".join(lines), "\n".join(f"{name}: {_shown(value)}" for name, value in pairs)


def _args_prompt(contract: Contract, args: tuple[object, ...]) -> tuple[str, str]:
    return contract.doc, "; ".join(f"arg{place}: {display(value)}" for place, value in enumerate(args))


TEMPLATES: Final[Mapping[str, Callable[[Contract, tuple[object, ...]], tuple[str, str]]]] = MappingProxyType(
    {"contract-1": _contract_prompt, "args": _args_prompt}
)


def make_request(contract: Contract, model_id: str, args: tuple[object, ...], template: str) -> ModelRequest:
    """Render one call as a request."""
    system, text = TEMPLATES[template](contract, args)
    return ModelRequest(
        model_id=model_id,
        messages=(Message("user", text),),
        system=system,
        schema=contract.result,
        schema_text=None if contract.result is None else contract.result_text,
        template_id=template,
        function=contract.symbol,
    )


def _shown(value: Any) -> str:
    """Show an argument: text as it is, data as JSON, what JSON has no form for as the language prints it."""
    if isinstance(value, str):
        return value
    try:
        return to_json(value)
    except RtfsError:
        return to_str(value)
