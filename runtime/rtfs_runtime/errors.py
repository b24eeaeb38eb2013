"""Run-time errors of RTFS: one exception class that is also the value a `catch` binds.

In: nothing. Out: `RtfsError`, the table `KINDS`, constructors for the kinds the runtime raises most.
Source: language reference §8.2 (catalogue), §3.9.4 (the bound value).
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType, TracebackType
from typing import NamedTuple


class Kind(NamedTuple):
    """One row of the catalogue: name, key keyword text, field names, display template."""

    name: str
    key: str
    fields: tuple[str, ...]
    template: str


_ROWS = (
    Kind(
        "TypeError",
        "error/type",
        ("expected", "actual", "operation"),
        "Type error in {operation}: expected {expected}, got {actual}",
    ),
    Kind("UndefinedSymbol", "error/undefined-symbol", ("symbol",), "Undefined symbol: {symbol}"),
    Kind("SymbolNotFound", "error/undefined-symbol", ("name",), "Symbol not found: {name}"),
    Kind("ModuleNotFound", "error/module-not-found", ("name",), "Module not found: {name}"),
    Kind("ModuleError", "error/module", ("message",), "Module error: {message}"),
    Kind(
        "ArityMismatch",
        "error/arity",
        ("function", "expected", "actual"),
        "Arity mismatch in {function}: expected {expected}, got {actual}",
    ),
    Kind("DivisionByZero", "error/division-by-zero", (), "Division by zero"),
    Kind(
        "IndexOutOfBounds",
        "error/index-out-of-bounds",
        ("index", "length"),
        "Index {index} out of bounds for collection of length {length}",
    ),
    Kind("KeyNotFound", "error/key-not-found", ("key",), "Key not found: {key}"),
    Kind("Generic", "error/runtime", ("message",), "Runtime error: {message}"),
    Kind("TypeValidationError", "error/validation", ("message",), "Type validation error: {message}"),
    Kind("MatchError", "error/match", ("message",), "Match error: {message}"),
    Kind("InvalidArgument", "error/invalid-argument", ("message",), "Invalid argument: {message}"),
    Kind(
        "InvalidArguments",
        "error/invalid-argument",
        ("expected", "actual"),
        "Invalid arguments: expected {expected}, got {actual}",
    ),
    Kind("NetworkError", "error/network", ("message",), "Network error: {message}"),
    Kind("IoError", "error/io", ("message",), "I/O error: {message}"),
    Kind("JsonError", "error/json", ("message",), "JSON error: {message}"),
    Kind("StorageError", "error/storage", ("message",), "Storage error: {message}"),
    Kind(
        "ResourceError",
        "error/resource",
        ("resource_type", "message"),
        "Resource error ({resource_type}): {message}",
    ),
    Kind(
        "ApplicationError",
        "",
        ("error_type", "message", "data"),
        "Application error ({error_type}): {message}",
    ),
    Kind(
        "UnknownCapability", "error/unknown-capability", ("capability",), "Unknown capability: {capability}"
    ),
    Kind(
        "SecurityViolation",
        "error/security",
        ("operation", "capability", "context"),
        "Security violation: {operation} operation on capability '{capability}' "
        "not allowed in context: {context}",
    ),
    Kind(
        "BudgetExhausted",
        "error/budget-exhausted",
        ("dimension", "policy"),
        "Resource budget exhausted: {dimension} (policy: {policy})",
    ),
    Kind(
        "DelegationError",
        "error/delegation",
        ("function", "target", "reason"),
        "Delegation error in {function}: {target}: {reason}",
    ),
    Kind(
        "AgentDiscoveryError",
        "error/discovery",
        ("message", "registry_uri"),
        "Agent discovery error: {message} (registry: {registry_uri})",
    ),
    Kind(
        "AgentCommunicationError",
        "error/agent",
        ("message", "agent_id", "endpoint"),
        "Agent communication error: {message} (agent: {agent_id}, endpoint: {endpoint})",
    ),
    Kind(
        "AgentProfileError",
        "error/agent.profile",
        ("message", "profile_uri"),
        "Agent profile error: {message}",
    ),
    Kind("InvalidProgram", "error/invalid-program", ("message",), "Invalid program: {message}"),
    Kind(
        "InvalidTaskDefinition",
        "error/invalid-task-definition",
        ("message",),
        "Invalid task definition: {message}",
    ),
    Kind("InvalidParallelExpression", "error/invalid-parallel-expression", (), "Invalid parallel expression"),
    Kind("NotImplemented", "error/not-implemented", ("message",), "Not implemented: {message}"),
    Kind("StackOverflow", "error/stack-overflow", ("message",), "Stack overflow: {message}"),
    Kind("InternalError", "error/internal", ("message",), "Internal error: {message}"),
    Kind("SchemaError", "error/schema", ("type_name", "message"), "Schema error ({type_name}): {message}"),
)

KINDS: Mapping[str, Kind] = MappingProxyType({row.name: row for row in _ROWS})


class RtfsError(Exception):
    """A failure of an RTFS program. `kind` names a row of `KINDS`; `fields` are its operands.

    `data` is the payload of a thrown map, else None. The instance is the value that `catch` binds.
    """

    kind: str
    fields: dict[str, object]
    data: object
    # the traceback below which `native.trim` has been already
    trimmed: TracebackType | None = None

    def __init__(self, kind: str, fields: Mapping[str, object] | None = None, *, data: object = None) -> None:
        self.kind = kind
        self.fields = dict(fields or {})
        self.data = data
        super().__init__(kind)

    @property
    def message(self) -> str:
        """The display text of §8.2, which `getMessage` gives.

        `Exception.` makes an error whose text is bare: kind Generic with the field `bare` set.
        """
        fields = self.fields
        if "bare" in fields:
            return str(fields["bare"])
        if self.kind == "AgentProfileError" and fields.get("profile_uri"):
            return f"Agent profile error: {fields['message']} (profile: {fields['profile_uri']})"
        return KINDS[self.kind].template.format_map(fields)

    @property
    def key(self) -> str:
        """Text of the category keyword: `error/type`, or the application's own error type."""
        if self.kind == "ApplicationError":
            return str(self.fields["error_type"])
        return KINDS[self.kind].key

    def __str__(self) -> str:
        return f"{self.kind}: {self.message}"


class Refused(Exception):
    """What keeps a program from being run at all: it does not compile, its artifact does not load.

    No error of a program: nothing in RTFS catches it, and it reaches whoever asked for the run unchanged.
    """


class LimitExceeded(RtfsError):
    """A limit of the session (steps, time, memory, budget): no `catch` of RTFS sees it (ruling 10)."""

    def __init__(self, dimension: str, policy: str) -> None:
        super().__init__("BudgetExhausted", {"dimension": dimension, "policy": policy})


def type_error(expected: str, actual: str, operation: str) -> RtfsError:
    """Make a TypeError; `actual` is the lower-case kind name of the offending value."""
    return RtfsError("TypeError", {"expected": expected, "actual": actual, "operation": operation})


def arity_error(function: str, expected: str, actual: int) -> RtfsError:
    """Make an ArityMismatch; `expected` is text such as `2`, `at least 1`, `between 2 and 3`."""
    return RtfsError("ArityMismatch", {"function": function, "expected": expected, "actual": actual})


def generic(message: str) -> RtfsError:
    """Make a Generic error, shown as `Runtime error: MESSAGE`."""
    return RtfsError("Generic", {"message": message})


def invalid_argument(message: str) -> RtfsError:
    """Make an InvalidArgument error."""
    return RtfsError("InvalidArgument", {"message": message})


def undefined(symbol: str) -> RtfsError:
    """Make an UndefinedSymbol error."""
    return RtfsError("UndefinedSymbol", {"symbol": symbol})
