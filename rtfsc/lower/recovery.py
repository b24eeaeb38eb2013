"""`try`, `catch`, `finally`.

In: forms. Out: `Try` with one handler that chooses among the clauses. Source: language §3.9, the table of
§3.9.2.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from rtfs_runtime.errors import KINDS
from rtfs_runtime.types import to_data
from rtfs_runtime.values import Keyword
from rtfsc.diagnostics import fail
from rtfsc.ir.nodes import Const, Expr, If, Let, Local, Op, Raise, Try, Var
from rtfsc.lower.annotations import Annotation, type_of
from rtfsc.lower.bodies import lower_body, lower_forms
from rtfsc.lower.scope import Binding, Env
from rtfsc.lower.specials import special
from rtfsc.lower.unit import Unit, sequence, span_of
from rtfsc.source import Span
from rtfsc.syntax.forms import Form, ListForm, Literal, MapForm, SymbolForm, VectorForm

_EVERYTHING: Final = frozenset(
    {"Exception", "Error", "Throwable", "any", "Any", "_", "RuntimeError", "RuntimeException"}
)
_HOST_KINDS: Final = (
    "NetworkError", "IoError", "StorageError", "ResourceError", "UnknownCapability", "SecurityViolation",
    "DelegationError", "AgentDiscoveryError", "AgentCommunicationError", "AgentProfileError",
)  # fmt: skip
_FAMILIES: Final[dict[str, tuple[str, ...]]] = {
    "ArithmeticException": ("DivisionByZero",),
    "ArithmeticError": ("DivisionByZero",),
    "IllegalArgumentException": ("InvalidArgument", "InvalidArguments", "ArityMismatch"),
    "ArgumentError": ("InvalidArgument", "InvalidArguments", "ArityMismatch"),
    "ValidationError": ("TypeValidationError", "SchemaError"),
    "HostError": _HOST_KINDS,
    "CapabilityError": _HOST_KINDS,
    "NotCallable": ("TypeError",),
}
_SHAPE: Final = "(try expression* (catch kind name body+)* (finally body+)?)"


class _Clause(NamedTuple):
    pattern: Form | None
    name: SymbolForm | None
    body: list[Form]
    form: ListForm


@special("try", "(try part+)", "a body and catch or finally clauses")
def lower_try(unit: Unit, form: ListForm, env: Env) -> Expr:
    """Run the body; an error goes to the first clause that takes it; the final part runs in any case."""
    span = span_of(form)
    body, clauses, final = _split(form)
    inner = env.without_recur("it is inside a try").branch()
    value = sequence(lower_forms(unit, body, inner), span)
    var = handler = None
    if clauses:
        var = unit.var("error")
        handler = Raise(Local(var, span=span), again=True, span=span)
        lowered = [_lower_clause(unit, clause, var, inner) for clause in clauses]
        for test, result in reversed(lowered):
            handler = result if test is None else If(test, result, handler, span=span)  # type: ignore[assignment]
    last = None
    if final is not None:
        last = sequence(lower_forms(unit, final.items[1:], inner), span_of(final))
    return Try(value, var, handler, last, span=span)


def _split(form: ListForm) -> tuple[list[Form], list[_Clause], ListForm | None]:
    body: list[Form] = []
    clauses: list[_Clause] = []
    final: ListForm | None = None
    for item in form.items[1:]:
        head = _head(item)
        if final is not None:
            raise fail(
                "E101", "Nothing may follow finally in try", item, hints=(f"try is malformed → {_SHAPE}",)
            )
        if head == "catch":
            assert isinstance(item, ListForm)
            clauses.append(_parse_clause(item))
        elif head == "finally":
            assert isinstance(item, ListForm)
            final = item
            if len(item.items) < 2:
                raise fail("E101", "finally requires a body", item, hints=(f"try is malformed → {_SHAPE}",))
        elif clauses:
            raise fail(
                "E101",
                "An expression of try must stand before its catch clauses",
                item,
                hints=(f"try is malformed → {_SHAPE}",),
            )
        else:
            body.append(item)
    if not clauses and final is None:
        raise fail(
            "E101",
            "try expression must have at least one catch clause or a finally clause",
            form,
            hints=(f"try is malformed → {_SHAPE}",),
        )
    return body, clauses, final


def _head(form: Form) -> str | None:
    if isinstance(form, ListForm) and form.items and isinstance(form.items[0], SymbolForm):
        return form.items[0].name
    return None


def _parse_clause(form: ListForm) -> _Clause:
    operands = form.items[1:]
    match operands:
        case [SymbolForm() as pattern, SymbolForm() as name, _, *_]:
            return _Clause(pattern, name, operands[2:], form)
        case [SymbolForm() as name, _, *_]:
            return _Clause(None, name, operands[1:], form)
        case [Literal(value=Keyword()) | VectorForm() | MapForm() as pattern, SymbolForm() as name, _, *_]:
            return _Clause(pattern, name, operands[2:], form)
        case [Literal(value=Keyword()) | VectorForm() | MapForm() as pattern, _, *_]:
            return _Clause(pattern, None, operands[1:], form)
    raise fail(
        "E101",
        "catch requires what it catches, a symbol and a body",
        form,
        hints=("catch is malformed → (catch e body+) or (catch DivisionByZero e body+)",),
    )


def _lower_clause(unit: Unit, clause: _Clause, error: Var, env: Env) -> tuple[Expr | None, Expr]:
    span = span_of(clause.form)
    test = _test(unit, clause.pattern, error) if clause.pattern is not None else None
    inner = env.body()
    var = unit.var(clause.name.name if clause.name is not None else "error")
    if clause.name is not None and clause.name.name != "_":
        inner.names[clause.name.name] = Binding(var, inner.function)
    body = lower_body(unit, clause.body, inner.body(), span)
    return test, Let(var, Local(error, span=span), body, span=span)


def _test(unit: Unit, pattern: Form, error: Var) -> Expr | None:
    """Make the test of a clause; None takes everything."""
    span = span_of(pattern)
    value = Local(error, span=span)
    match pattern:
        case SymbolForm(name=name):
            return _by_name(unit, pattern, name, value, span)
        case Literal(value=Keyword(text=text)):
            return Op("has_key", (value, Const(text, span=span)), span=span)
    want = type_of(unit, Annotation(pattern, False))
    view = Op("map_view", (value,), span=span)
    return Op("conforms", (view, Const(to_data(want), span=span)), span=span)


def _by_name(unit: Unit, form: SymbolForm, name: str, value: Expr, span: Span) -> Expr | None:
    if name in _EVERYTHING:
        return None
    kinds = _FAMILIES.get(name) or ((name,) if name in KINDS else None)
    if kinds is None:
        unit.warn(
            "W002",
            f"catch {name} is no known kind of error: it catches everything",
            form,
            "Name a kind → (catch DivisionByZero e …)",
        )
        return None
    return Op("is_kind", (value, *(Const(kind, span=span) for kind in kinds)), span=span)
