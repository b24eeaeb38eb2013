"""Capabilities: named effects that a session offers to programs.

In: Python functions. Out: `Capability`, which takes and gives values of the language, checks them against the
declared types, and turns exceptions into errors of the catalogue. Grants and the trace are left to `Host`.
Source: language §3.12; design §9.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Literal, NamedTuple, TypeAlias, TypeVar

from rtfs_runtime.border import from_python, to_python
from rtfs_runtime.calls import arity_of, arity_text
from rtfs_runtime.errors import RtfsError, arity_error
from rtfs_runtime.host.grants import Need
from rtfs_runtime.types import Type, check

Effects: TypeAlias = Literal["reads", "writes"]
F = TypeVar("F", bound=Callable[..., Any])


class Capability(NamedTuple):
    """One capability.

    Shape: `act` takes the session's host, then values of the language, and gives one. `needs` says what the
           arguments would touch. `effects` "writes" changes something that a later effect can see: taking a
           line from a stream is a write. `input` holds a type per argument, None when unchecked.
           `idempotent`: repeating it does no harm.
    """

    id: str
    act: Callable[..., object]
    effects: Effects
    needs: Callable[..., Iterable[Need]]
    input: tuple[Type, ...] | None = None
    output: Type | None = None
    idempotent: bool = False
    doc: str = ""


def capability(
    id: str,
    *,
    effects: Effects = "writes",
    input: str | Type | Sequence[str | Type] | None = None,
    output: str | Type | None = None,
    idempotent: bool = False,
) -> Callable[[F], F]:
    """Declare a Python function, plain or async, as the capability `id`; the function itself stays as it is.

    `input` is the type of the argument, or a sequence with the type of each; types are texts such as `[:map
    [:id :int]]`. Values come in as `to_python` gives them; what is returned goes through `from_python`.
    """
    name = id.removeprefix(":")
    if not name:
        raise ValueError("a capability needs an id")
    types = _types(input)

    def declare(function: F) -> F:
        doc = summary(function)
        act = _python_act(name, function)
        result = None if output is None else _type(output)
        row = Capability(name, act, effects, _own_id(name), types, result, idempotent, doc)
        function.__rtfs_capability__ = row  # type: ignore[attr-defined]
        return function

    return declare


def summary(function: Callable[..., Any]) -> str:
    """Give the first line of a function's documentation."""
    return (function.__doc__ or "").strip().partition("\n")[0]


def row_of(declared: object) -> Capability:
    """Give the capability that a decorated function, or the row itself, stands for."""
    row = declared if isinstance(declared, Capability) else getattr(declared, "__rtfs_capability__", None)
    if not isinstance(row, Capability):
        raise TypeError(f"not a capability: {declared!r}; decorate the function with @capability(ID)")
    return row


def table(declared: Iterable[object], inherited: Mapping[str, Capability]) -> dict[str, Capability]:
    """Collect capabilities by id; a later one replaces an inherited one, but no id is declared twice."""
    found: dict[str, Capability] = {}
    for one in declared:
        row = row_of(one)
        if row.id in found:
            raise ValueError(f"capability `{row.id}` is declared twice")
        found[row.id] = row
    return {**inherited, **found}


def check_input(row: Capability, args: tuple[object, ...]) -> None:
    """Check arguments against the declared types, or their number against what a standard row takes.

    Raises: InvalidArguments or ArityMismatch for another count, TypeValidationError for another type.
    """
    if row.input is None:
        low, high = arity_of(row.act)
        # the first parameter is the host
        low, high = low - 1, None if high is None else high - 1
        if len(args) < low or (high is not None and len(args) > high):
            raise arity_error(row.id, arity_text(low, high), len(args))
        return
    if len(args) != len(row.input):
        fields = {"expected": f"{len(row.input)} for {row.id}", "actual": str(len(args))}
        raise RtfsError("InvalidArguments", fields)
    for place, (value, want) in enumerate(zip(args, row.input, strict=True), 1):
        check(value, want, f"argument {place} of {row.id}: ")


def check_output(row: Capability, value: object) -> object:
    """Check what a capability gave; raises TypeValidationError."""
    return value if row.output is None else check(value, row.output, f"result of {row.id}: ")


def as_error(error: Exception) -> RtfsError:
    """Give the error of the catalogue for an exception of a host function, which becomes its cause."""
    if isinstance(error, RtfsError):
        return error
    found = _translate(error)
    found.__cause__ = error
    return found


def _translate(error: Exception) -> RtfsError:
    text = _text(error)
    if isinstance(error, (ConnectionError, TimeoutError)):
        return RtfsError("NetworkError", {"message": text})
    if isinstance(error, OSError):
        return RtfsError("IoError", {"message": text})
    fields = {"error_type": type(error).__name__, "message": text, "data": None}
    return RtfsError("ApplicationError", fields)


def _text(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        name = f": {error.filename}" if error.filename is not None else ""
        return f"{error.strerror}{name}"
    return str(error) or type(error).__name__


def _python_act(name: str, function: Callable[..., Any]) -> Callable[..., object]:
    def act(_host: object, *args: object) -> object:
        result = function(*(to_python(arg) for arg in args))
        if hasattr(result, "__await__"):
            # loads asyncio, so only once something waits
            from rtfs_runtime.host.waiting import await_now

            result = await_now(result)
        return from_python(result)

    act.__name__ = name
    return act


def _own_id(name: str) -> Callable[..., Iterable[Need]]:
    return lambda *_args: (Need("cap", name),)


def _type(given: str | Type) -> Type:
    if not isinstance(given, str):
        return given
    # standard capabilities declare no types: the reader is for those of users
    from rtfs_runtime.type_reader import read_type

    return read_type(given)


def _types(given: str | Type | Sequence[str | Type] | None) -> tuple[Type, ...] | None:
    if given is None:
        return None
    if isinstance(given, Sequence) and not isinstance(given, str):
        return tuple(_type(one) for one in given)
    return (_type(given),)
