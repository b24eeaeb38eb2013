"""Patterns: destructuring, and the tests of `match`.

In: pattern forms and the value they take apart. Out: steps in order, each a test or a binding, and `fold`,
which nests them.
Source: language §2.5, §3.7, §3.8.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from rtfs_runtime.types import to_data
from rtfs_runtime.values import Keyword
from rtfsc.diagnostics import fail
from rtfsc.ir.nodes import Block, Blocks, Cast, Const, Expr, If, Jump, Let, Local, Op, Var, Vector
from rtfsc.ir.walk import again
from rtfsc.lower.annotations import Annotation, take_annotation, take_pattern, type_of
from rtfsc.lower.scope import Binding, Env
from rtfsc.lower.unit import Unit, map_key, span_of
from rtfsc.source import CompileError, Span
from rtfsc.syntax.forms import Form, ListForm, Literal, MapForm, SymbolForm, VectorForm

_NAME_OR_TYPE: Final = "Names are expected; a compound type beside a name follows a colon → x :[:vector :int]"


class Step(NamedTuple):
    """A test (`var` None) or a binding."""

    var: Var | None
    expr: Expr


def fold(steps: list[Step], body: Expr, otherwise: Expr | None = None) -> Expr:
    """Nest steps around a body; a failing test gives `otherwise`."""
    for var, expr in reversed(steps):
        if var is not None:
            body = Let(var, expr, body, span=body.span)
        else:
            assert otherwise is not None
            body = If(expr, body, otherwise, span=body.span)
    return body


class Taker:
    """Takes one value apart; `steps` grow, names enter `env`. With `testing` a misfit is a failed test,
    else an error."""

    def __init__(self, unit: Unit, env: Env, *, testing: bool) -> None:
        self.unit = unit
        self.env = env
        self.testing = testing
        self.steps: list[Step] = []

    def take(self, pattern: Form, source: Var, annotation: Annotation | None = None) -> None:
        """Take the value of `source` apart."""
        span = span_of(pattern)
        if annotation is not None:
            checked = self.unit.var(source.name)
            want = type_of(self.unit, annotation)
            prefix = f"let {pattern.name}: " if isinstance(pattern, SymbolForm) else ""
            self.bind(checked, Cast(Local(source, span=span), want, prefix, span=span))
            source = checked
        match pattern:
            case SymbolForm(name="_"):
                return
            case SymbolForm(name="&" | ":"):
                raise fail("E115", f"{pattern.name} is no name", pattern)
            case SymbolForm(name=name):
                self.name(name, source)
            case VectorForm():
                self._vector(pattern, source)
            case MapForm():
                self._map(pattern, source)
            case _ if self.testing:
                self._match(pattern, source)
            case _:
                raise fail(
                    "E115",
                    "Only a symbol, a vector pattern or a map pattern can be bound",
                    pattern,
                    hints=(_NAME_OR_TYPE if isinstance(pattern, Literal) else "A name is expected → x",),
                )

    # steps

    def bind(self, var: Var, expr: Expr) -> None:
        """Add a binding."""
        self.steps.append(Step(var, expr))

    def test(self, name: str, *args: Expr, span: Span) -> None:
        """Add a test by a function of the ABI."""
        self.steps.append(Step(None, Op(name, args, span=span)))

    def name(self, name: str, source: Var) -> None:
        """Let a name mean a variable from here on."""
        self.env.names[name] = Binding(source, self.env.function)

    def part(self, name: str, op: str, *args: Expr, span: Span) -> Var:
        """Bind a part of a value that a function of the ABI gives."""
        var = self.unit.var(name)
        self.bind(var, Op(op, tuple(map(again, args)), span=span))
        return var

    # vectors

    def _vector(self, pattern: VectorForm, source: Var) -> None:
        span = span_of(pattern)
        items, rest, whole = _split_vector(pattern)
        value = Local(source, span=span)
        count = Const(len(items), span=span)
        if self.testing:
            self.test("is_seq" if rest is None else "is_seq_least", value, count, span=span)
            parts = self.part("items", "seq_items", value, span=span)
        else:
            parts = self.part("items", "seq_exact" if rest is None else "seq_least", value, count, span=span)
        for index, (item, annotation) in enumerate(items):
            if isinstance(item, SymbolForm) and item.name == "_" and annotation is None:
                continue
            name = item.name if isinstance(item, SymbolForm) else "item"
            args = (Local(parts, span=span), Const(index, span=span))
            self.take(item, self.part(name, "seq_at", *args, span=span_of(item)), annotation)
        if rest is not None and rest.name != "_":
            left = self.part(rest.name, "seq_rest", Local(parts, span=span), count, value, span=span)
            self.name(rest.name, left)
        if whole is not None:
            self.name(whole.name, source)

    # maps

    def _map(self, pattern: MapForm, source: Var) -> None:
        span = span_of(pattern)
        entries, rest, whole, defaults = _split_map(pattern)
        value = Local(source, span=span)
        if self.testing:
            self.test("is_map", value, span=span)
        view = self.part("map", "map_view", value, span=span)
        for key, item in entries:
            self._entry(view, key, item, defaults)
        if rest is not None and rest.name != "_":
            keys = Const(tuple(key for key, _ in entries), span=span)
            self.name(rest.name, self.part(rest.name, "map_without", Local(view, span=span), keys, span=span))
        if whole is not None:
            self.name(whole.name, source)

    def _entry(self, view: Var, key: object, item: Form, defaults: dict[str, Form]) -> None:
        span = span_of(item)
        args: tuple[Expr, ...] = (Local(view, span=span), Const(key, span=span))
        name = item.name if isinstance(item, SymbolForm) else "value"
        if self.testing:
            self.test("map_has", *args, span=span)
        default = defaults.get(name) if isinstance(item, SymbolForm) else None
        if default is None:
            found = self.part(name, "map_get", *args, span=span)
        else:
            found = self.unit.var(name)
            fallback = self.unit.operand(default, self.env)
            present = Op("map_has", args, span=span)
            self.bind(
                found, If(present, Op("map_get", tuple(map(again, args)), span=span), fallback, span=span)
            )
        self.take(item, found)

    # what only `match` has

    def _match(self, pattern: Form, source: Var) -> None:
        span = span_of(pattern)
        value = Local(source, span=span)
        match pattern:
            case Literal(value=atom):
                self.test("equal", value, Const(atom, span=span), span=span)
            case ListForm(items=[SymbolForm(name="quote"), quoted]):
                self.test("equal", value, Const(self.unit.quoted(quoted), span=span), span=span)
            case ListForm(items=[Literal(value=Keyword(text="as")), SymbolForm(name=name), inner]):
                self.take(inner, source)
                self.name(name, source)
            case ListForm(items=[Literal(value=Keyword(text="or")), *choices]) if choices:
                self._any_of(choices, source, span)
            case ListForm(items=[kind]) | ListForm(items=[kind, SymbolForm()]):
                want = type_of(self.unit, Annotation(kind, False))
                self.test("conforms", value, Const(to_data(want), span=span), span=span)
                if len(pattern.items) == 2:
                    self.take(pattern.items[1], source)
            case _:
                raise fail(
                    "E116",
                    "Not a pattern",
                    pattern,
                    hints=("Literals, names, vectors, maps, types → (match x [a b] a {:k v} v (:int n) n)",),
                )

    def _any_of(self, choices: list[Form], source: Var, span: Span) -> None:
        """Try alternatives in order; the value is the vector of what the first that fits binds, or nil."""
        unit = self.unit
        names: list[str] | None = None
        labels = [unit.number() for _ in range(len(choices) + 1)]
        blocks: list[Block] = []
        for index, choice in enumerate(choices):
            taker = Taker(unit, self.env.child(), testing=True)
            taker.take(choice, source)
            bound = taker.env.names
            if names is None:
                names = sorted(bound)
            elif sorted(bound) != names:
                raise fail("E116", "All alternatives of :or must bind the same names", choice)
            values = Vector(tuple(Local(bound[name].var, span=span) for name in names), span=span)
            body = fold(taker.steps, values, Jump(labels[index + 1], (), span=span))
            blocks.append(Block(labels[index], (), body))
        blocks.append(Block(labels[-1], (), Const(None, span=span)))
        found = unit.var("found")
        self.bind(found, Blocks((), tuple(blocks), span=span))
        self.steps.append(Step(None, Local(found, span=span)))
        for index, name in enumerate(names or ()):
            args = (Local(found, span=span), Const(index, span=span))
            self.name(name, self.part(name, "seq_at", *args, span=span))


def _split_vector(
    pattern: VectorForm,
) -> tuple[list[tuple[Form, Annotation | None]], SymbolForm | None, SymbolForm | None]:
    items, at = pattern.items, 0
    found: list[tuple[Form, Annotation | None]] = []
    rest = whole = None
    while at < len(items):
        form = items[at]
        if isinstance(form, SymbolForm) and form.name == "&":
            rest = _symbol_after(items, at, "&")
            at += 2
        elif _is_keyword(form, "as") and at + 1 < len(items) and isinstance(items[at + 1], SymbolForm):
            whole = _symbol_after(items, at, ":as")
            at += 2
        elif rest is not None or whole is not None:
            raise fail("E116", "Nothing may follow the rest of a vector pattern", form)
        else:
            named = take_pattern(items, at)
            if isinstance(named.pattern, SymbolForm | VectorForm | MapForm):
                following = items[named.after] if named.after < len(items) else None
                # a keyword is a literal of its own here: only a colon that stands apart annotates
                if isinstance(following, SymbolForm) and following.name == ":":
                    named = take_annotation(named, items)
            found.append((named.pattern, named.annotation))
            at = named.after
    return found, rest, whole


def _split_map(
    pattern: MapForm,
) -> tuple[list[tuple[object, Form]], SymbolForm | None, SymbolForm | None, dict[str, Form]]:
    items, at = pattern.items, 0
    entries: list[tuple[object, Form]] = []
    rest = whole = None
    defaults: dict[str, Form] = {}
    while at < len(items):
        form = items[at]
        if at + 1 >= len(items):
            raise fail(
                "E107",
                "A map pattern needs a name for each key",
                form,
                hints=("Entries are pairs → {:key name}",),
            )
        following = items[at + 1]
        if isinstance(form, SymbolForm) and form.name == "&":
            rest = _symbol_after(items, at, "&")
        elif _is_keyword(form, "as") and isinstance(following, SymbolForm):
            whole = following
        elif _is_keyword(form, "or") and isinstance(following, MapForm):
            defaults = _defaults(following)
        elif _is_keyword(form, "keys") and isinstance(following, VectorForm):
            entries.extend(_keys(following))
        elif isinstance(form, SymbolForm | VectorForm | MapForm):
            # no collection is a key, so a pattern may stand first, as in Clojure
            entries.append((map_key(following), form))
        else:
            entries.append((map_key(form), following))
        at += 2
    return entries, rest, whole, defaults


def _keys(vector: VectorForm) -> list[tuple[object, Form]]:
    found: list[tuple[object, Form]] = []
    for form in vector.items:
        if not isinstance(form, SymbolForm):
            raise fail(
                "E116", ":keys takes a vector of symbols", form, hints=("Names are symbols → {:keys [a b]}",)
            )
        name = form.name.rpartition("/")[2] or form.name
        found.append((Keyword(form.name), SymbolForm(name, form.start, form.end)))
    return found


def _defaults(form: MapForm) -> dict[str, Form]:
    found: dict[str, Form] = {}
    for key, value in zip(form.items[::2], form.items[1::2], strict=False):
        if not isinstance(key, SymbolForm):
            raise fail(
                "E116",
                ":or takes a map from names to defaults",
                key,
                hints=("Names are symbols → {:or {a 1}}",),
            )
        found[key.name] = value
    return found


def _symbol_after(items: list[Form], at: int, what: str) -> SymbolForm:
    if at + 1 < len(items) and isinstance(items[at + 1], SymbolForm):
        return items[at + 1]  # type: ignore[return-value]
    raise rest_error(items[at], what)


def rest_error(form: Form, what: str = "&") -> CompileError:
    """Make the error for something other than one symbol after `&` or `:as`."""
    return fail(
        "E116",
        f"{what} must be followed by exactly one symbol",
        form,
        hints=("The rest has one name → [a & rest]",),
    )


def _is_keyword(form: Form, text: str) -> bool:
    return isinstance(form, Literal) and isinstance(form.value, Keyword) and form.value.text == text
