"""What certainly fails, or can never be: the warnings of the static checker.

In: the types of a module, its source. Out: diagnostics W1xx, and W004 for local functions, in the order of
the source. Each is true of every run that comes to its place: nothing is said of what only may fail. A
suggested edit is made only where the source has the text that it replaces.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from difflib import get_close_matches
from typing import Final, NamedTuple

from rtfs_runtime.builtins import BUILTINS
from rtfs_runtime.type_reader import read_type
from rtfs_runtime.types import ANY, NEVER, Enum, MapType, Type, Union, Val, print_type
from rtfs_runtime.values import Keyword
from rtfsc.check.clauses import clause_findings
from rtfsc.check.infer import Types
from rtfsc.check.lattice import CALLABLE, KINDS, field, is_key_literal, kinds, members
from rtfsc.check.relations import MISSING, literal_refusal, refusal, shown, shown_key
from rtfsc.check.reports import Report, edit_of
from rtfsc.check.rules import ITERABLE, accepted, asked, signature
from rtfsc.check.units import Units
from rtfsc.ir.nodes import (
    RETURN_PREFIX,
    BuiltinRef,
    Call,
    Cast,
    Const,
    Do,
    Expr,
    Fn,
    Global,
    Late,
    Let,
    Local,
    Op,
    Scope,
)
from rtfsc.source import Diagnostic, Edit, SourceFile


class Callee(NamedTuple):
    """A function that a call surely reaches: its name, and names and types of its parameters."""

    name: str
    params: tuple[tuple[str, Type], ...]
    rest: Type | None
    counted: bool
    """Whether a wrong count is told by lowering already."""


def findings(types: Types, source: SourceFile) -> list[Diagnostic]:
    """Give the warnings, each place and code once."""
    found: dict[tuple[str, int, int], Diagnostic] = {}
    for _, one in located(types, source):
        found.setdefault((one.code, *one.span), one)
    return sorted(found.values(), key=lambda one: (one.span, one.code))


def located(types: Types, source: SourceFile) -> Iterator[tuple[Expr, Diagnostic]]:
    """Give each warning and the call, operation, check or match that it is about."""
    for units in types.parts():
        checker = _Checker(types, units, source)
        for node in units.tables.sites.values():
            for one in checker.look(node):
                yield node, one


class _Checker:
    """Looks at the calls, operations, checks and matches of one module."""

    def __init__(self, types: Types, units: Units, source: SourceFile) -> None:
        self._types = types
        self._units = units
        self._source = source

    def look(self, node: Expr) -> Iterator[Diagnostic]:
        """Give the warnings about one node."""
        match node:
            case Call():
                return self._call(node)
            case Cast():
                return self._cast(node)
            case Op():
                return self._operation(node)
            case Let():
                return clause_findings(self._types, node)
            case _:
                raise AssertionError(node)

    # calls

    def _call(self, node: Call) -> Iterator[Diagnostic]:
        given = [self._types.of(arg) for arg in node.args]
        if NEVER in given:
            # the call is never made
            return
        callee = node.callee
        match callee:
            case BuiltinRef(name=name):
                yield from self._builtin(node, name, given)
                return
            case Const(value=Keyword() as key):
                yield from self._lookup(node, key, given[0] if given else ANY, len(given))
                return
        if node.site is not None:
            return
        kind = self._types.of(callee)
        if kind is not NEVER and not kinds(kind) & CALLABLE:
            message = f"What is called is no function but {shown(kind)}"
            hints = ("Only functions and keywords are called → (f x), (:key map)",)
            yield Report("W103", "TypeError").at(callee, message, hints)
            return
        known = self._callee(callee)
        if known is not None:
            yield from self._known(node, known, given)

    def _callee(self, callee: Expr) -> Callee | None:
        match callee:
            case Global(name=name):
                fn = self._units.functions.get(name)
                return self._imported(name) if fn is None else _described(fn, name, counted=True)
            case Local(var=var) | Late(var=var):
                fn = self._types.local_function(var)
                return None if fn is None else _described(fn, var.name, counted=False)
            case Fn() if callee.hint is None:
                return _described(callee, callee.name, counted=False)
            case _:
                return None

    def _imported(self, name: str) -> Callee | None:
        row = self._units.described(name)
        if row is None or self._units.is_delegable_there(name):
            return None
        params = tuple(zip(row.params, map(_read, row.param_types), strict=True))
        rest = None if row.rest is None else _read(row.rest_type)
        return Callee(name, params, rest, counted=False)

    def _known(self, node: Call, callee: Callee, given: list[Type]) -> Iterator[Diagnostic]:
        least = len(callee.params)
        if len(given) < least or (len(given) > least and callee.rest is None):
            if not callee.counted:
                yield _wrong_count(node, callee)
            return
        for index, (arg, kind) in enumerate(zip(node.args, given, strict=True)):
            name, want = callee.params[index] if index < least else ("", callee.rest or ANY)
            reason = _reason(arg, kind, want)
            if reason is not None:
                shown_name = f" as {name}" if name else ""
                message = f"{callee.name} takes {print_type(want)}{shown_name}: {reason}"
                yield _report("W101", reason).at(arg, message, *self._repair(arg, kind, want))
                return

    def _repair(self, arg: Expr, kind: Type, want: Type) -> tuple[tuple[str, ...], Edit | None]:
        """Say what could stand there instead of a literal that is not among those wanted."""
        literals = _literals(want)
        if isinstance(arg, Const) and isinstance(arg.value, (Keyword, str)) and literals:
            texts = [shown_key(value) for value in literals]
            near = get_close_matches(shown_key(arg.value), texts, n=1)
            hints = (f"It is one of {', '.join(texts)}" + (f" → {near[0]}" if near else ""),)
            return hints, edit_of(self._source, arg, near[0]) if near else None
        record = members(kind).get(KINDS["map"]) if kind is not ANY else None
        if isinstance(record, MapType) and isinstance(want, MapType):
            missing = [
                shown_key(key)
                for key, _, optional in want.fields
                if not optional and field(record, key)[0] is NEVER
            ]
            if missing:
                return (f"The map lacks {', '.join(missing)} → {{{missing[0]} …}}",), None
        return (f"What is wanted → {print_type(want)}",), None

    # builtins and lookups

    def _builtin(self, node: Call, called: str, given: list[Type]) -> Iterator[Diagnostic]:
        row = BUILTINS[called]
        name = row.name
        if row.host or len(given) < row.min_args or signature(name).result is NEVER:
            return
        for index, (arg, kind) in enumerate(zip(node.args, given, strict=True)):
            if refusal(kind, accepted(name, index)) is not None:
                want = print_type(asked(name, index))
                message = f"{called} takes {want}, got {shown(kind)}"
                hints = (f"What {called} takes → {row.type}",)
                yield Report("W101", _KINDS.get(name, "TypeError")).at(arg, message, hints)
                return
        if self._types.of(node) is NEVER:
            message = f"{called} always fails for {', '.join(map(shown, given))}"
            first = row.examples[0][0] if row.examples else row.type
            fits = kinds(given[-1] if name == "reduce" else given[0]) & ITERABLE
            report = Report("W101", (_KINDS_WITHIN if fits else _KINDS).get(name, "TypeError"))
            yield report.at(node, message, (f"It is called like this → {first}",))
        elif name == "get" and len(given) == 2 and isinstance(node.args[1], Const):
            yield from self._absent(node.args[1], given[0])

    def _lookup(self, node: Call, key: Keyword, kind: Type, count: int) -> Iterator[Diagnostic]:
        if self._types.of(node) is NEVER and 1 <= count <= 2:
            message = f":{key.text} is looked up in {shown(kind)}, which is no map"
            yield Report("W101", "TypeError").at(node, message, ("A key is looked up in a map → (:key map)",))
        elif count == 1:
            yield from self._absent(node.callee, kind)

    def _absent(self, at: Expr, kind: Type) -> Iterator[Diagnostic]:
        """Tell of a key that a map, all of whose keys are known, does not have."""
        key = at.value if isinstance(at, Const) else None
        if kinds(kind) != KINDS["map"] or not is_key_literal(key):
            return
        record = members(kind)[KINDS["map"]]
        if not isinstance(record, MapType) or not record.fields or field(record, key)[0] is not NEVER:
            return
        names = [shown_key(name) for name, _, _ in record.fields]
        near = get_close_matches(shown_key(key), names, n=1)
        message = f"{shown_key(key)} is no key of this map: the value is always nil"
        hints = (f"Its keys are {', '.join(names)}" + (f" → {near[0]}" if near else ""),)
        edit = edit_of(self._source, at, near[0]) if near else None
        yield Report("W106", "TypeError").at(at, message, hints, edit)

    # operations and checks

    def _operation(self, node: Op) -> Iterator[Diagnostic]:
        what = _TAKES.get(node.name)
        if what is None or self._types.of(node) is not NEVER:
            return
        kind = self._types.of(node.args[0])
        if kind is NEVER:
            return
        count = node.args[1] if len(node.args) > 1 else None
        size = f" of {count.value}" if isinstance(count, Const) and node.name == "seq_exact" else ""
        message = f"{what[0]} takes {what[1]}{size}, got {shown(kind)}"
        yield Report("W101", "TypeError").at(node, message, (f"What is taken apart → {what[1]}{size}",))

    def _cast(self, node: Cast) -> Iterator[Diagnostic]:
        value = _last(node.value)
        if not node.prefix and isinstance(value, Local) and self._types.is_param(value.var):
            # what calls give parameters is told where they are called
            return
        if node.prefix == RETURN_PREFIX and isinstance(value, Const) and isinstance(value.value, str):
            # a body that is only a text says what a model is to answer
            return
        kind = self._types.of(value)
        reason = _reason(value, kind, node.want)
        if reason is not None:
            report = _report("W102", reason)
            yield report.at(value, f"{node.prefix}{reason}", *self._repair(value, kind, node.want))


# what builtins raise that do not raise TypeError; the second for sequences that are too short
_KINDS: Final = {"inc": "Generic", "dec": "Generic", "max": "Generic", "min": "Generic"}
_KINDS_WITHIN: Final = {**_KINDS, "nth": "IndexOutOfBounds", "reduce": "Generic"}
_TAKES: Final = {
    "seq_exact": ("vector destructuring", "a vector or list"),
    "seq_least": ("vector destructuring", "a vector or list that is long enough"),
    "map_view": ("map destructuring", "a map"),
    "for_items": ("for", "a vector or list"),
    "times": ("dotimes", "an integer"),
    "splice_items": ("~@", "a vector or list"),
}


def _last(node: Expr) -> Expr:
    """Give the part of an expression that its value comes from, when that is one."""
    while isinstance(node, (Let, Scope, Do)):
        node = node.items[-1] if isinstance(node, Do) else node.body
    return node


def _read(text: str) -> Type:
    try:
        return read_type(text) if text else ANY
    except ValueError:
        return ANY


def _described(fn: Fn, name: str, *, counted: bool) -> Callee:
    types: Sequence[Type] = fn.param_types or [ANY] * len(fn.params)
    names: Iterable[str] = fn.param_names or [var.name for var in fn.params]
    params = tuple(zip(names, types, strict=False))
    return Callee(name, params, None if fn.rest is None else fn.rest_type, counted)


def _wrong_count(node: Call, callee: Callee) -> Diagnostic:
    least = len(callee.params)
    expected = str(least) if callee.rest is None else f"at least {least}"
    message = f"Arity mismatch in {callee.name}: expected {expected}, got {len(node.args)}"
    names = " ".join([name for name, _ in callee.params])
    usage = f"{callee.name} is called with the wrong number of arguments → ({callee.name} {names})"
    return Report("W004", "ArityMismatch").at(node, message, (usage,))


def _reason(node: Expr, kind: Type, want: Type) -> str | None:
    """Say why a value cannot pass a check; of a literal the conditions are tested too."""
    reason = refusal(kind, want)
    return literal_refusal(node.value, want) if reason is None and isinstance(node, Const) else reason


def _report(code: str, reason: str) -> Report:
    return Report("W107" if reason.endswith(MISSING) else code, "TypeValidationError")


def _literals(want: Type) -> list[object]:
    match want:
        case Val() | Enum():
            return list(want.values)
        case Union(parts):
            return [value for part in parts for value in _literals(part)]
        case _:
            return []
