"""`let`, `def`, `defn`, and the metadata before a form.

In: forms. Out: `Let`, `Scope`, `Define` and `DefGlobal`. Source: language §3.3.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from rtfs_runtime.interface import Site
from rtfs_runtime.values import Keyword
from rtfsc.diagnostics import fail
from rtfsc.ir.nodes import Call, Cast, DefGlobal, Define, Do, Expr, Global, Let, Local, Map, Op, Scope, Try
from rtfsc.lower.annotations import (
    Annotation,
    Named,
    Pair,
    pair_bindings,
    take_annotation,
    take_pattern,
    type_of,
)
from rtfsc.lower.bodies import lower_body, unwrap
from rtfsc.lower.functions import describe, lower_fn, lower_function, parse_function
from rtfsc.lower.patterns import Taker
from rtfsc.lower.scope import Binding, Env
from rtfsc.lower.specials import special
from rtfsc.lower.unit import Unit, reader_mark, span_of
from rtfsc.syntax.forms import (
    AnonFnForm,
    Form,
    HintMark,
    ListForm,
    Literal,
    MapForm,
    MetaForm,
    SymbolForm,
    VectorForm,
)
from rtfsc.syntax.printer import print_form

_FUNCTION_HEADS = frozenset({"fn", "λ", "lambda"})


@special(
    "let", "(let [binding*] body+)", "binding vector and at least one body expression", aliases=("letrec",)
)
def lower_let(unit: Unit, form: ListForm, env: Env) -> Expr:
    """Bind names in order; names of function literals are mutually recursive."""
    vector = form.items[1]
    assert isinstance(vector, VectorForm)
    span = span_of(form)
    inner = env.child()
    pairs = pair_bindings(vector, "let")
    recursive = _recursive(unit, pairs, inner)
    steps: list[tuple[str, object]] = []
    for pair in pairs:
        steps.extend(_bind(unit, pair, inner, recursive))
    body = lower_body(unit, form.items[2:], inner.body(), span)
    for kind, step in reversed(steps):
        if kind == "define":
            assert isinstance(step, Define)
            body = Do((step, body), span=span)
        else:
            assert isinstance(step, tuple)
            body = Let(step[0], step[1], body, span=span)
    variables = tuple(binding.var for binding in recursive.values())
    return Scope(variables, body, span=span) if variables else body


def _is_function(form: Form) -> bool:
    bare, _ = unwrap(form)
    if isinstance(bare, AnonFnForm):
        return True
    if not isinstance(bare, ListForm) or not bare.items:
        return False
    head = bare.items[0]
    return isinstance(head, SymbolForm) and head.name in _FUNCTION_HEADS


def _recursive(unit: Unit, pairs: list[Pair], env: Env) -> dict[str, Binding]:
    """Declare the names of function literals: functions see them before they are set."""
    counts = Counter(pair.pattern.name for pair in pairs if isinstance(pair.pattern, SymbolForm))
    found: dict[str, Binding] = {}
    for pair in pairs:
        pattern = pair.pattern
        if (
            isinstance(pattern, SymbolForm)
            and counts[pattern.name] == 1
            and _is_function(pair.value)
            and pattern.name != "_"
        ):
            found[pattern.name] = env.names[pattern.name] = Binding(
                unit.var(pattern.name), env.function, sure=False
            )
    return found


def _bind(unit: Unit, pair: Pair, env: Env, recursive: dict[str, Binding]) -> list[tuple[str, object]]:
    pattern = pair.pattern
    span = span_of(pattern)
    own = recursive.get(pattern.name) if isinstance(pattern, SymbolForm) else None
    if own is not None and isinstance(pattern, SymbolForm):
        value = _named(unit, pair.value, env, pattern.name)
        if pair.annotation is not None:
            value = Cast(value, type_of(unit, pair.annotation), f"let {pattern.name}: ", span=span)
        own.sure = own.open = True
        return [("define", Define(own.var, value, span=span))]
    value = unit.operand(pair.value, env)
    source = unit.var(pattern.name if isinstance(pattern, SymbolForm) and pattern.name != "_" else "value")
    taker = Taker(unit, env, testing=False)
    taker.take(pattern, source, pair.annotation)
    return [("let", (source, value)), *(("let", (step.var, step.expr)) for step in taker.steps)]


def _named(unit: Unit, form: Form, env: Env, name: str) -> Expr:
    """Lower a function literal that gets a name: messages show it."""
    bare, marks = unwrap(form)
    if isinstance(bare, ListForm):
        head, *rest = bare.items
        if isinstance(head, SymbolForm) and head.name in ("fn", "λ") and rest:
            first, _ = unwrap(rest[0])
            if isinstance(first, VectorForm):
                return lower_function(
                    unit, parse_function(bare, "fn", 1, marks), env.operand(), span_of(bare), name
                )
    return unit.operand(form, env)


@special("def", "(def name type? value)", "symbol and value")
def lower_def(unit: Unit, form: ListForm, env: Env, marks: list[MapForm | HintMark] | None = None) -> Expr:
    """Bind a name in the definition scope around; the value is the value bound."""
    if len(form.items) < 3:
        raise fail(
            "E101", "def requires symbol and value", form, hints=("def is malformed → (def name value)",)
        )
    name, annotation, at = _defined(form, "def")
    items = form.items
    if at + 1 < len(items) and isinstance(items[at], Literal) and isinstance(items[at].value, str):  # type: ignore[attr-defined]
        at += 1
    elif annotation is None and at + 1 < len(items):
        named = take_annotation(Named(name, None, at), items)
        if named.annotation is not None:
            annotation, at = named.annotation, named.after
    if at + 1 != len(items):
        raise fail(
            "E101", "def requires symbol and value, and nothing more", items[min(at + 1, len(items) - 1)]
        )
    want = type_of(unit, annotation) if annotation is not None else None

    def value(inner: Env) -> Expr:
        lowered = (
            _named(unit, items[at], inner, name.name)
            if _is_function(items[at])
            else unit.operand(items[at], inner)
        )
        return lowered if want is None else Cast(lowered, want, f"def {name.name}: ", span=span_of(form))

    return define(unit, name, value, env, form)


def _defined(form: ListForm, kind: str) -> tuple[SymbolForm, Annotation | None, int]:
    bare, _ = unwrap(form.items[1])
    named = take_pattern([bare, *form.items[2:]], 0)
    name = named.pattern
    if not isinstance(name, SymbolForm) or name.name in ("&", ":"):
        raise fail(
            "E101",
            f"{kind} requires a symbol as name",
            form.items[1],
            hints=(f"A name is a symbol → ({kind} name …)",),
        )
    return name, named.annotation, named.after + 1


def define(unit: Unit, name: SymbolForm, value: object, env: Env, form: Form) -> Expr:
    """Define a name: a global at top level, else a variable of the frame around. `value` makes the
    expression."""
    assert callable(value)
    text = name.name
    if text.startswith("__") and text.endswith("__"):
        raise fail(
            "E210",
            f"{text} is a reserved name",
            name,
            hints=("Names of Python's own are not defined → choose another",),
        )
    span = span_of(form)
    if env.frame is None:
        unit.definitions.define(text, certain=env.certain)
        return DefGlobal(text, value(env), span=span)
    binding = env.frame.variables.get(text)
    if binding is None:
        binding = env.frame.declare(text, unit.var(text))
    lowered = value(env)
    binding.open = True
    if env.certain:
        binding.sure = True
    return Define(binding.var, lowered, span=span)


@special("defn", "(defn name [parameter*] type? body+)", "a name symbol, a parameter vector and a body")
def lower_defn(unit: Unit, form: ListForm, env: Env, marks: list[MapForm | HintMark] | None = None) -> Expr:
    """Define a function, visible in its own body."""
    name, _, _ = _defined(form, "defn")
    _, own = unwrap(form.items[1])
    signature = parse_function(form, "defn", 2, [*(marks or ()), *own])
    top = env.frame is None

    def value(inner: Env) -> Expr:
        fn = lower_function(unit, signature, inner.operand(), span_of(form), name.name, described=top)
        if top:
            describe(unit, name.name, fn, signature, name)
        return fn

    lowered = define(unit, name, value, env, form)
    if top:
        unit.context.expander.note_definition(form)
    return lowered


@reader_mark("^")
def lower_meta(unit: Unit, form: Form, env: Env) -> Expr:
    """Lower a form with metadata: hints of a function, `runtime.*` entries for a call (language §3.4.12)."""
    assert isinstance(form, MetaForm)
    bare, marks = unwrap(form)
    if isinstance(bare, ListForm) and bare.items and isinstance(bare.items[0], SymbolForm):
        handler = _TAKES_MARKS.get(bare.items[0].name)
        if handler is not None:
            return handler(unit, bare, env, marks)
    hints = [mark for mark in marks if isinstance(mark, HintMark)]
    if hints:
        raise fail(
            "E220",
            "A delegation hint belongs to a function",
            hints[0],
            hints=("Mark the function → (defn f ^:delegation :local [x] …)",),
        )
    entries = [entry for mark in marks if isinstance(mark, MapForm) for entry in unit.entries(mark)]
    runtime = [(key, value) for key, value in entries if _is_runtime(key)]
    if not runtime:
        return unit.lower(bare, env)
    span = span_of(form)
    values = unit.operands([value for _, value in runtime], env)
    hint_map = unit.var("hints")
    keys = dict.fromkeys(key for key, _ in runtime)
    made = Map(tuple(keys), values[-len(keys) :], span=span)
    push = Op("push_hints", (Local(hint_map, span=span),), span=span)
    body = _with_site(unit, unit.lower(bare, env.without_recur("metadata is around it")), runtime)
    guarded = Try(body, None, None, Op("pop_hints", (), span=span), span=span)
    return Let(hint_map, made, Do((push, guarded), span=span), span=span)


_TAKES_MARKS = {"fn": lower_fn, "λ": lower_fn, "defn": lower_defn, "def": lower_def}


def _is_runtime(key: object) -> bool:
    return isinstance(key, Keyword) and key.text.startswith("runtime.")


def _with_site(unit: Unit, body: Expr, runtime: list[tuple[object, Form]]) -> Expr:
    """Give a call whose target the metadata overrides a slot of its own."""
    if not isinstance(body, Call) or not isinstance(body.callee, Global):
        return body
    if not any(isinstance(key, Keyword) and key.text == "runtime.delegation" for key, _ in runtime):
        return body
    number = len(unit.definitions.sites)
    texts = tuple((key.text, print_form(value)) for key, value in runtime if isinstance(key, Keyword))
    unit.definitions.sites.append(Site(number, body.callee.name, texts))
    return replace(body, site=number)
