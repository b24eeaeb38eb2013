"""Forms that speak to the host: steps, context, resources, logging, agents, models; and `parallel`.

In: forms. Out: operations of the ABI, with what must happen on every way out. Source: language §3.10-3.14.
"""

from __future__ import annotations

from typing import Final

from rtfs_runtime.values import Keyword
from rtfsc.diagnostics import fail
from rtfsc.ir.nodes import (
    Block,
    Blocks,
    Cast,
    Const,
    Do,
    Expr,
    If,
    Jump,
    Let,
    Local,
    Map,
    Op,
    Parallel,
    Raise,
    Try,
)
from rtfsc.lower.annotations import take_annotation, take_pattern, type_of
from rtfsc.lower.bodies import lower_body, lower_forms
from rtfsc.lower.scope import Binding, Env
from rtfsc.lower.specials import special
from rtfsc.lower.unit import Unit, bind_all, reader_mark, sequence, span_of
from rtfsc.source import Span
from rtfsc.syntax.forms import ContextForm, Form, ListForm, Literal, MapForm, SymbolForm, VectorForm

_STEP_OPTIONS: Final = ("expose-context", "context-keys", "params")


@reader_mark("@")
def lower_context(unit: Unit, form: Form, env: Env) -> Expr:
    """Read a context value."""
    assert isinstance(form, ContextForm)
    span = span_of(form)
    return Op("context", (Const(form.name, span=span),), span=span)


@special("resource:ref", '(resource:ref "name")', "one string")
def lower_resource_ref(unit: Unit, form: ListForm, env: Env) -> Expr:
    """Read a context value by its text."""
    span = span_of(form)
    return Op(
        "resource_ref", (Const(_text(form.items[1], "resource:ref requires a string"), span=span),), span=span
    )


def _text(form: Form, message: str) -> str:
    if isinstance(form, Literal) and isinstance(form.value, str):
        return form.value
    raise fail("E101", message, form, hints=('A string is written out → "name"',))


@special("get", "(get operand*)", shadowable=True)
def lower_get(unit: Unit, form: ListForm, env: Env) -> Expr:
    """With one operand read what is called so; otherwise call the function."""
    head = form.items[0]
    assert isinstance(head, SymbolForm)
    if len(form.items) != 2:
        return unit.call(form, unit.name("get", head, env), env)
    operand = form.items[1]
    span = span_of(form)
    if isinstance(operand, SymbolForm):
        name = operand.name
    elif isinstance(operand, Literal) and isinstance(operand.value, Keyword):
        name = operand.value.text
    else:
        return _invalid(unit, form, env, "a keyword or symbol", [operand])
    if env.find(name) is not None or name in unit.definitions.names:
        return unit.name(name, SymbolForm(name, operand.start, operand.end), env)
    return Op("get_shorthand", (Const(name, span=span),), span=span)


def _invalid(unit: Unit, form: ListForm, env: Env, expected: str, operands: list[Form]) -> Expr:
    """Evaluate operands, then raise InvalidArguments."""
    span = span_of(form)
    values = list(unit.operands(operands, env))
    var = unit.var("given")
    last = values[-1] if values else Const(None, span=span)
    error = Op("invalid_arguments", (Const(expected, span=span), Local(var, span=span)), span=span)
    return sequence([*values[:-1], Let(var, last, Raise(error, span=span), span=span)], span)


# steps


@special("step", '(step "name" option* body*)', "a string name")
def lower_step(unit: Unit, form: ListForm, env: Env) -> Expr:
    """Run a body between notices to the host."""
    name = _text(form.items[1], "step: the first argument must be a string name")
    options, at = _options(form, 2, _STEP_OPTIONS)
    params = options.get("params")
    inner = env.operand()
    span = span_of(form)
    if params is None:
        body = sequence(lower_forms(unit, form.items[at:], inner), span)
        return _step(unit, name, options, body, inner, span, None)
    if not isinstance(params, MapForm):
        raise fail("E101", "step: :params takes a map", params)
    entries = unit.entries(params)
    if any(not isinstance(key, str | Keyword) for key, _ in entries):
        return _invalid(unit, form, env, "string keys in :params", [value for _, value in entries])
    values = unit.operands([value for _, value in entries], env)
    keys = tuple(key.text if isinstance(key, Keyword) else key for key, _ in entries)
    scope = inner.child()
    var = unit.var("%params")
    scope.names["%params"] = Binding(var, scope.function)
    body = lower_body(unit, form.items[at:], scope.body(), span)
    made = dict(zip(keys, values, strict=True))
    step = _step(unit, name, options, body, inner, span, Local(var, span=span))
    return Let(var, Map(tuple(made), tuple(made.values()), span=span), step, span=span)


def _options(form: ListForm, at: int, known: tuple[str, ...]) -> tuple[dict[str, Form], int]:
    items = form.items
    found: dict[str, Form] = {}
    while at + 1 < len(items):
        key = items[at]
        if not isinstance(key, Literal) or not isinstance(key.value, Keyword) or key.value.text not in known:
            break
        found[key.value.text] = items[at + 1]
        at += 2
    return found, at


def _step(
    unit: Unit, name: str, options: dict[str, Form], body: Expr, env: Env, span: Span, params: Expr | None
) -> Expr:
    nothing = Const(None, span=span)
    title = Const(name, span=span)

    def option(key: str) -> Expr:
        return unit.operand(options[key], env) if key in options else nothing

    given = (title, option("expose-context"), option("context-keys"), params or nothing)
    error, value = unit.var("error"), unit.var("value")
    failed = Op("step_failed", (title, Local(error, span=span)), span=span)
    handler = Do((failed, Raise(Local(error, span=span), again=True, span=span)), span=span)
    completed = Op("step_completed", (title, Local(value, span=span)), span=span)
    run = Let(
        value,
        Try(body, error, handler, None, span=span),
        Do((completed, Local(value, span=span)), span=span),
        span=span,
    )
    return Do((Op("step_started", given, span=span), run), span=span)


@special("step-if", "(step-if option* condition then else?)", "condition and at least one branch")
def lower_step_if(unit: Unit, form: ListForm, env: Env) -> Expr:
    """Choose between two branches, as a step."""
    options, at = _options(form, 1, _STEP_OPTIONS)
    parts = form.items[at:]
    if not 2 <= len(parts) <= 3:
        raise fail("E101", "step-if requires condition and at least one branch", form)
    span = span_of(form)
    inner = env.operand().without_recur("it is inside a step")
    test = unit.operand(parts[0], inner)
    then = unit.lower(parts[1], inner.branch())
    orelse = unit.lower(parts[2], inner.branch()) if len(parts) == 3 else Const(None, span=span)
    return _step(unit, "step-if", options, If(test, then, orelse, span=span), inner, span, None)


@special("step-loop", "(step-loop option* condition body)", "condition and body")
def lower_step_loop(unit: Unit, form: ListForm, env: Env) -> Expr:
    """Run the body while the condition holds, at most 10,000 times, as a step."""
    options, at = _options(form, 1, _STEP_OPTIONS)
    parts = form.items[at:]
    if len(parts) != 2:
        raise fail("E101", "step-loop requires condition and body", form)
    span = span_of(form)
    inner = env.operand().without_recur("it is inside a step").branch()
    label = unit.number()
    count, last = unit.var("count"), unit.var("last")
    test, body = unit.operand(parts[0], inner), unit.operand(parts[1], inner)
    following = Op("loop_guard", (Local(count, span=span),), span=span)
    again = Jump(label, (following, body), span=span)
    block = Block(label, (count, last), If(test, again, Local(last, span=span), span=span))
    start = (Const(0, span=span), Const(None, span=span))
    return _step(unit, "step-loop", options, Blocks(start, (block,), span=span), inner, span, None)


@special("step-parallel", "(step-parallel option* branch+)", "at least one branch")
def lower_step_parallel(unit: Unit, form: ListForm, env: Env) -> Expr:
    """Give the vector of the branches' values, as a step."""
    options, at = _options(form, 1, (*_STEP_OPTIONS, "merge-policy"))
    if at >= len(form.items):
        raise fail("E101", "step-parallel requires at least one branch", form)
    span = span_of(form)
    inner = env.operand()
    branches = tuple(_branch(unit, item, inner) for item in form.items[at:])
    return _step(unit, "step-parallel", options, Parallel((), branches, span=span), inner, span, None)


def _branch(unit: Unit, form: Form, env: Env) -> Expr:
    return lower_body(unit, [form], env.without_recur("it is a branch of its own").body(), span_of(form))


@special("parallel", "(parallel [name expression]+)", "at least one branch [name expression]")
def lower_parallel(unit: Unit, form: ListForm, env: Env) -> Expr:
    """Give the map from names to the branches' values."""
    names: list[str] = []
    branches: list[Expr] = []
    for item in form.items[1:]:
        if not isinstance(item, VectorForm) or not item.items or not isinstance(item.items[0], SymbolForm):
            raise fail(
                "E101",
                "parallel requires branches [name expression]",
                item,
                hints=("A branch has a name → (parallel [a 1] [b 2])",),
            )
        named = take_annotation(take_pattern(item.items, 0), item.items)
        if named.after == len(item.items):
            named = take_pattern(item.items, 0)
        if named.after + 1 != len(item.items) or not isinstance(named.pattern, SymbolForm):
            raise fail("E101", "A branch of parallel is a name and one expression", item)
        name = named.pattern.name
        value = _branch(unit, item.items[named.after], env.operand())
        if named.annotation is not None:
            value = Cast(value, type_of(unit, named.annotation), f"parallel {name}: ", span=span_of(item))
        names.append(name)
        branches.append(value)
    return Parallel(tuple(names), tuple(branches), span=span_of(form))


# resources, logging, agents, models


@special(
    "with-resource", "(with-resource [name type? value] body+)", "a vector of name and value, and a body"
)
def lower_with_resource(unit: Unit, form: ListForm, env: Env) -> Expr:
    """Bind a resource; it is released on every way out."""
    vector = form.items[1]
    assert isinstance(vector, VectorForm)
    span = span_of(form)
    if len(vector.items) not in (2, 3) or not isinstance(vector.items[0], SymbolForm):
        raise fail(
            "E101",
            "with-resource requires a name, a type and a value",
            vector,
            hints=("A resource → (with-resource [f File (open)] …)",),
        )
    name = vector.items[0].name
    var = unit.var(name)
    value = unit.operand(vector.items[-1], env)
    inner = env.without_recur("it is inside with-resource").child()
    inner.names[name] = Binding(var, inner.function)
    body = lower_body(unit, form.items[2:], inner.body(), span)
    release = Op("release", (Local(var, span=span),), span=span)
    return Let(var, value, Try(body, None, None, release, span=span), span=span)


@special("log-step", "(log-step level? value*)")
def lower_log_step(unit: Unit, form: ListForm, env: Env) -> Expr:
    """Log values; with `:id` log the start and end of a body and give its value."""
    items = form.items[1:]
    span = span_of(form)
    inner = env.operand()
    first = items[0] if items else None
    keyword = first.value if isinstance(first, Literal) and isinstance(first.value, Keyword) else None
    if keyword is not None and keyword.text == "id" and len(items) > 2:
        title = Const(_text(items[1], "log-step: :id takes a string"), span=span)
        var = unit.var("value")
        start = Op("log_step", (Const("start", span=span), title), span=span)
        end = Op("log_step", (Const("end", span=span), title), span=span)
        body = sequence(lower_forms(unit, items[2:], inner), span)
        return Do((start, Let(var, body, Do((end, Local(var, span=span)), span=span), span=span)), span=span)
    level = keyword.text if keyword is not None else "info"
    values = unit.operands(items[1:] if keyword is not None else items, env)
    return Op("log_step", (Const(level, span=span), *values), span=span)


@special("discover-agents", "(discover-agents criteria options?)", "criteria")
def lower_discover_agents(unit: Unit, form: ListForm, env: Env) -> Expr:
    """Ask the host for agents."""
    span = span_of(form)
    values = unit.operands(form.items[1:], env)
    options = values[1] if len(values) > 1 else Const(None, span=span)
    return Op("discover_agents", (values[0], options), span=span)


@special("llm-execute", "(llm-execute operand*)")
def lower_llm_execute(unit: Unit, form: ListForm, env: Env) -> Expr:
    """Ask a model: `model prompt`, or `:model m :prompt p :system s` in any order."""
    span = span_of(form)
    items = form.items[1:]
    options, at = _options(form, 1, ("model", "prompt", "system"))
    if at == len(form.items) and {"model", "prompt"} <= options.keys():
        values = {key: unit.operand(value, env.operand()) for key, value in options.items()}
        bound = [(unit.var(key), value) for key, value in values.items()]
        names = {var.name: Local(var, span=span) for var, _ in bound}
        nothing = Const(None, span=span)
        args = (names["model"], names["prompt"], names.get("system", nothing))
        return bind_all(bound, Op("llm_execute", args, span=span), span)
    if at == 1 and len(items) == 2:
        return Op("llm_execute", (*unit.operands(items, env), Const(None, span=span)), span=span)
    return _invalid(unit, form, env, "a model and a prompt", items)
