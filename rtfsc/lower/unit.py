"""One compile unit while it is lowered: its definitions, names, numbers and errors, and the dispatch on
forms.

In: forms and the `Env` around each. Out: expressions; `Unit` also gathers what `interface` and `lower` put
together at the end. What a special form means is left to the rooms that fill `SPECIALS`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from rtfs_runtime.interface import Interface
from rtfs_runtime.values import EMPTY_LIST, Keyword
from rtfsc.diagnostics import fail
from rtfsc.expand.values import form_to_value
from rtfsc.ir.nodes import BuiltinRef, Call, Const, Do, Expr, Global, Late, Let, Local, Map, Op, Var, Vector
from rtfsc.lower.context import LowerContext
from rtfsc.lower.definitions import Definitions
from rtfsc.lower.scope import Env
from rtfsc.lower.specials import SPECIALS
from rtfsc.source import CompileError, Diagnostic, Span
from rtfsc.syntax.forms import (
    AnonFnForm,
    ContextForm,
    Form,
    HintMark,
    ListForm,
    Literal,
    MapForm,
    MetaForm,
    QuasiForm,
    SpliceForm,
    SymbolForm,
    UnquoteForm,
    VectorForm,
)

MAX_FORMS: Final = 5_000
MAX_FUNCTIONS: Final = 500
_NO_NAMES: Final = {"&": "& stands only before a rest parameter", ":": "a lone : stands only before a type"}
_STDLIB: Final = "stdlib/"
_METHOD: Final = "."


class Counter:
    """Numbers shared by a unit and the modules inside it."""

    __slots__ = ("next_id",)

    def __init__(self) -> None:
        self.next_id = 0


class Unit:
    """The state of one unit. `inline` are interfaces of modules written inside it, `aliases` what imports
    call them."""

    def __init__(self, context: LowerContext, inline: dict[str, Interface], counter: Counter) -> None:
        self.context = context
        self.inline = inline
        self.counter = counter
        self.aliases: dict[str, str] = {}
        self.definitions = Definitions(context.known_globals)
        self.errors: list[Diagnostic] = []
        self.depth = 0
        self._expanded: dict[int, tuple[Form, Form]] = {}

    # numbers and places

    def number(self) -> int:
        """Take a number that is unique in the module."""
        self.counter.next_id += 1
        return self.counter.next_id - 1

    def var(self, name: str) -> Var:
        """Make a variable."""
        return Var(name, self.number())

    def warn(self, code: str, message: str, where: Form, *hints: str) -> None:
        """Report something that need not be wrong."""
        span = Span(where.start, where.end)
        self.context.warn.append(Diagnostic(code, message, span, hints, severity="warning"))

    def attempt(self, lower: Callable[[], Expr], where: Form) -> Expr:
        """Lower something; an error is kept for the report, so that the next form can be looked at too."""
        depth = self.depth
        try:
            return lower()
        except CompileError as error:
            self.errors.extend(error.diagnostics)
            self.depth = depth
            return Const(None, span=span_of(where))

    # forms

    def lower(self, form: Form, env: Env) -> Expr:
        """Lower a form in the position it has; `operand` is for positions that are not tail positions."""
        match form:
            case SymbolForm(name=name):
                return self.name(name, form, env)
            case Literal(value=value):
                return Const(value, span=span_of(form))
        # not in a `finally`: whoever catches an error restores the depth
        self.deepen(form)
        lowered = self._compound(form, env)
        self.depth -= 1
        return lowered

    def operand(self, form: Form, env: Env) -> Expr:
        """Lower a form whose value is used here."""
        return self.lower(form, env.operand())

    def operands(self, forms: list[Form], env: Env) -> tuple[Expr, ...]:
        """Lower operands, left to right."""
        inner = env.operand()
        return tuple([self.lower(form, inner) for form in forms])

    def deepen(self, form: Form, by: int = 1) -> None:
        """Count nesting: later stages recurse over what is built here."""
        self.depth += by
        if self.depth > MAX_FORMS:
            raise fail(
                "E401",
                f"More than {MAX_FORMS} forms are nested",
                form,
                hints=("Give inner parts a name of their own → (def part …)",),
            )

    def _compound(self, form: Form, env: Env) -> Expr:
        match form:
            case ListForm(items=[]):
                return Const(EMPTY_LIST, span=span_of(form))
            case ListForm():
                return self._list(form, env)
            case VectorForm(items=items):
                return Vector(self.operands(items, env), span=span_of(form))
            case MapForm():
                return self._map(form, env)
            case AnonFnForm():
                return self._reader("#()", form, env)
            case MetaForm():
                return self._reader("^", form, env)
            case ContextForm():
                return self._reader("@", form, env)
            case QuasiForm():
                return self._reader("`", form, env)
            case UnquoteForm() | SpliceForm():
                mark = "~" if isinstance(form, UnquoteForm) else "~@"
                raise fail(
                    "E114",
                    f"{mark} outside of a template",
                    form,
                    hints=(f"{mark} belongs inside a template → `({mark}x)",),
                )
            case HintMark():
                raise fail("E220", "A delegation hint without a function", form)
        raise AssertionError(f"unknown form {form!r}")

    def _reader(self, mark: str, form: Form, env: Env) -> Expr:
        return READER_MARKS[mark](self, form, env)

    def _list(self, form: ListForm, env: Env) -> Expr:
        head = form.items[0]
        if isinstance(head, SymbolForm) and head.name.startswith("#"):
            # what a template became; no name of a program starts so
            return Op(head.name[1:], self.operands(form.items[1:], env), span=span_of(form))
        if not isinstance(head, SymbolForm):
            return self.call(form, self.operand(head, env), env)
        name = head.name
        row = SPECIALS.get(name)
        if row is not None and not (row.shadowable and self.is_bound(name, env, macros=True)):
            row.check(form)
            return row.handler(self, form, env)
        expansion = self.expand(form, env)
        if expansion is not None:
            self._expanded.pop(id(form), None)
            return self._in_expansion(form, expansion, env)
        if name.startswith(_METHOD) and len(name) > 1:
            if len(form.items) < 2:
                raise fail(
                    "E101",
                    f"{name} requires the value it is called on",
                    form,
                    hints=("a method call → (.name value arg*)",),
                )
            return self.call(form, self.name(name[1:], head, env), env)
        return self.call(form, self.name(name, head, env), env)

    def call(self, form: ListForm, callee: Expr, env: Env) -> Expr:
        """Lower a call."""
        args = self.operands(form.items[1:], env)
        if isinstance(callee, BuiltinRef) and callee.name == "call" and args and isinstance(args[0], Const):
            self.definitions.note_capability(args[0].value)
        return Call(callee, args, span=span_of(form))

    def _map(self, form: MapForm, env: Env) -> Expr:
        values: dict[object, Expr] = {}
        dropped = False
        order: list[Expr] = []
        for key, value in self.entries(form):
            lowered = self.operand(value, env)
            dropped = dropped or key in values
            values[key] = lowered
            order.append(lowered)
        span = span_of(form)
        if not dropped:
            return Map(tuple(values), tuple(values.values()), span=span)
        # a value under a repeated key is evaluated in its turn, though the last one wins
        items: list[Expr] = []
        bound: dict[int, Var] = {id(value): self.var("value") for value in order}
        names = {key: Local(bound[id(value)], span=value.span) for key, value in values.items()}
        items = [Map(tuple(names), tuple(names.values()), span=span)]
        return bind_all([(bound[id(value)], value) for value in order], items[0], span)

    def entries(self, form: MapForm) -> list[tuple[object, Form]]:
        """Give the entries of a map form: literal keys, values as forms."""
        items = form.items
        found: list[tuple[object, Form]] = []
        for key, value in zip(items[::2], items[1::2], strict=False):
            found.append((map_key(key), value))
        if len(items) % 2:
            map_key(items[-1])
            raise fail(
                "E107", "A map key without a value", items[-1], hints=("A map holds pairs → {:key value}",)
            )
        return found

    def quoted(self, form: Form) -> object:
        """Give a form as data; map keys are checked as in code."""
        todo = [form]
        while todo:
            item = todo.pop()
            if isinstance(item, MapForm):
                self.entries(item)
            todo.extend(getattr(item, "items", ()))
        return form_to_value(form)

    # names

    def is_bound(self, name: str, env: Env, *, macros: bool = False) -> bool:
        """Tell whether a name has a meaning of the program's own here; `macros` counts its macros too."""
        definitions = self.definitions
        if macros and name in definitions.macros:
            return True
        return env.find(name) is not None or (name in definitions.defined and name not in definitions.macros)

    def name(self, name: str, form: SymbolForm, env: Env) -> Expr:
        """Lower a name that is used as a value."""
        span = span_of(form)
        binding = env.find(name)
        if binding is not None:
            binding.used = True
            return Local(binding.var, span=span) if binding.sure else Late(binding.var, span=span)
        if name in self.definitions.names:
            return Global(name, span=span)
        builtins = self.context.builtins
        if name in builtins and name not in self.definitions.macros:
            return BuiltinRef(name, span=span)
        if name.startswith(_STDLIB) and name[len(_STDLIB) :] in builtins:
            return BuiltinRef(name[len(_STDLIB) :], span=span)
        if name in _NO_NAMES:
            raise fail("E115", f"{name} is no name: {_NO_NAMES[name]}", form)
        # a definition further down may give it a meaning: `resolve` decides, and warns
        return Op("lookup", (Const(name, span=span),), span=span)

    # macros

    def expand(self, form: ListForm, env: Env) -> Form | None:
        """Expand a macro call once; what the scan for definitions expanded is not expanded again."""
        known = self._expanded.get(id(form))
        if known is not None:
            return known[1]
        expansion = self.context.expander.expand(form, lambda name: self.is_bound(name, env))
        if expansion is not None:
            self._expanded[id(form)] = (form, expansion)
        return expansion

    def _in_expansion(self, call: ListForm, expansion: Form, env: Env) -> Expr:
        try:
            return self.lower(expansion, env)
        except CompileError as error:
            head = call.items[0]
            assert isinstance(head, SymbolForm)
            raise _noted(error, f"in the expansion of {head.name}", span_of(call)) from None


Reader = Callable[[Unit, Form, Env], Expr]
READER_MARKS: dict[str, Reader] = {}


def reader_mark(mark: str) -> Callable[[Reader], Reader]:
    """Enter the decorated handler for the forms that a mark of the reader makes."""

    def enter(handler: Reader) -> Reader:
        READER_MARKS[mark] = handler
        return handler

    return enter


def _noted(error: CompileError, note: str, where: Span) -> CompileError:
    changed = tuple(
        Diagnostic(d.code, d.message, d.span, d.hints, d.edit, d.severity, d.kind, (*d.notes, (note, where)))
        for d in error.diagnostics
    )
    return CompileError(changed, error.source)


def span_of(form: Form) -> Span:
    """Give the span of a form."""
    return Span(form.start, form.end)


def map_key(form: Form) -> object:
    """Give the key that a form in key position means."""
    if isinstance(form, Literal) and type(form.value) in (Keyword, str, int):
        return form.value
    raise fail(
        "E107",
        "Map keys must be keywords, strings, or integers",
        form,
        hints=('The key is something else → :keyword, "string", or 123',),
    )


def sequence(items: list[Expr], span: Span) -> Expr:
    """Evaluate in order; nil for none."""
    if not items:
        return Const(None, span=span)
    return items[0] if len(items) == 1 else Do(tuple(items), span=span)


def bind_all(pairs: list[tuple[Var, Expr]], body: Expr, span: Span) -> Expr:
    """Wrap a body in `Let`s, the first pair outermost."""
    for var, init in reversed(pairs):
        body = Let(var, init, body, span=span)
    return body
