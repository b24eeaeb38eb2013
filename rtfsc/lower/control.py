"""`if`, `do`, `and`, `or`, `match`, `loop`, `recur`, `quote`, `macroexpand`, templates, `throw`, `delay`.

In: forms. Out: expressions; loops and clauses are `Blocks`. Source: language §3.2, §3.3.4, §3.8, §3.17,
§6.2, §6.5.
"""

from __future__ import annotations

from rtfs_runtime.values import Keyword
from rtfsc.diagnostics import fail
from rtfsc.expand.quasiquote import expand_quasi
from rtfsc.ir.nodes import Block, Blocks, Const, Expr, Fn, If, Jump, Let, Local, Op, Raise, Var
from rtfsc.lower.annotations import pair_bindings
from rtfsc.lower.bodies import lower_body, lower_forms
from rtfsc.lower.functions import ANONYMOUS
from rtfsc.lower.patterns import Step, Taker, fold
from rtfsc.lower.scope import Env, RecurTarget
from rtfsc.lower.specials import SPECIALS, special
from rtfsc.lower.unit import Unit, bind_all, reader_mark, sequence, span_of
from rtfsc.syntax.forms import Form, ListForm, Literal, QuasiForm, SymbolForm, VectorForm

_MATCH_SHAPE = "(match value clause+)"


@special("if", "(if condition then else?)", "condition and at least one branch")
def lower_if(unit: Unit, form: ListForm, env: Env) -> Expr:
    """Choose between two branches; a missing else is nil."""
    span = span_of(form)
    test = unit.operand(form.items[1], env)
    branch = env.branch()
    then = unit.lower(form.items[2], branch)
    orelse = unit.lower(form.items[3], branch) if len(form.items) > 3 else Const(None, span=span)
    return If(test, then, orelse, span=span)


@special("do", "(do expression*)")
def lower_do(unit: Unit, form: ListForm, env: Env) -> Expr:
    """Evaluate in order; opens no scope."""
    return sequence(lower_forms(unit, form.items[1:], env), span_of(form))


@special("and", "(and operand*)", shadowable=True)
def lower_and(unit: Unit, form: ListForm, env: Env) -> Expr:
    """Give the first operand that is false, else the last; later ones are not evaluated."""
    return _chain(unit, form, env, Const(True, span=span_of(form)), stop_when=False)


@special("or", "(or operand*)", shadowable=True)
def lower_or(unit: Unit, form: ListForm, env: Env) -> Expr:
    """Give the first operand that is true, else the last; later ones are not evaluated."""
    return _chain(unit, form, env, Const(False, span=span_of(form)), stop_when=True)


def _chain(unit: Unit, form: ListForm, env: Env, empty: Expr, *, stop_when: bool) -> Expr:
    operands = form.items[1:]
    if not operands:
        return empty
    span = span_of(form)
    branch = env.branch()
    first = [unit.operand(item, env if index == 0 else branch) for index, item in enumerate(operands[:-1])]
    value = unit.lower(operands[-1], env if len(operands) == 1 else branch)
    for operand in reversed(first):
        var = unit.var("operand")
        test, known = (Local(var, span=operand.span) for _ in range(2))
        then, orelse = (known, value) if stop_when else (value, known)
        value = Let(var, operand, If(test, then, orelse, span=span), span=span)
    return value


@special("match", _MATCH_SHAPE, "a value and pattern clauses")
def lower_match(unit: Unit, form: ListForm, env: Env) -> Expr:
    """Try clauses from top to bottom; the subject is evaluated once."""
    span = span_of(form)
    clauses = _clauses(form)
    subject = unit.var("subject")
    value = unit.operand(form.items[1], env)
    labels = [unit.number() for _ in range(len(clauses) + 1)]
    blocks: list[Block] = []
    for index, (pattern, guard, result) in enumerate(clauses):
        taker = Taker(unit, env.branch().child(), testing=True)
        taker.take(pattern, subject)
        inner = taker.env.body()
        if guard is not None:
            taker.steps.append(Step(None, unit.operand(guard, inner)))
        body = lower_body(unit, [result], inner, span_of(result))
        blocks.append(
            Block(labels[index], (), fold(taker.steps, body, Jump(labels[index + 1], (), span=span)))
        )
    failure = Raise(Op("match_failure", (), span=span), span=span)
    blocks.append(Block(labels[-1], (), failure))
    return Let(subject, value, Blocks((), tuple(blocks), span=span), span=span)


def _clauses(form: ListForm) -> list[tuple[Form, Form | None, Form]]:
    items, at = form.items, 2
    found: list[tuple[Form, Form | None, Form]] = []
    while at < len(items):
        pattern, guard = _guarded(items[at])
        at += 1
        if at < len(items) and isinstance(items[at], SymbolForm) and items[at].name == "when":  # type: ignore[attr-defined]
            if at + 1 >= len(items):
                raise _incomplete(items[at])
            guard = items[at + 1]
            at += 2
        if at >= len(items):
            raise _incomplete(items[-1])
        found.append((pattern, guard, items[at]))
        at += 1
    if not found:
        raise _incomplete(form)
    return found


def _guarded(form: Form) -> tuple[Form, Form | None]:
    match form:
        case ListForm(items=[pattern, Literal(value=Keyword(text="when")), guard]):
            return pattern, guard
    return form, None


def _incomplete(form: Form) -> Exception:
    return fail(
        "E101",
        "match requires a value and pairs of pattern and result",
        form,
        hints=(f"match is malformed → {_MATCH_SHAPE}",),
    )


@special("loop", "(loop [binding*] body+)", "binding vector and at least one body expression")
def lower_loop(unit: Unit, form: ListForm, env: Env) -> Expr:
    """Bind in order, then run the body; `recur` binds anew and runs it again."""
    span = span_of(form)
    vector = form.items[1]
    assert isinstance(vector, VectorForm)
    pairs = pair_bindings(vector, "loop")
    first = env.child()
    inits: list[tuple[Var, Expr]] = []
    starts: list[Var] = []
    for pair in pairs:
        # sequential: a value sees the names before it
        var = unit.var(pair.pattern.name if isinstance(pair.pattern, SymbolForm) else "value")
        inits.append((var, unit.operand(pair.value, first)))
        taker = Taker(unit, first, testing=False)
        taker.take(pair.pattern, var, pair.annotation)
        inits.extend((step.var, step.expr) for step in taker.steps if step.var is not None)
        starts.append(var)
    params = [unit.var(var.name) for var in starts]
    target = RecurTarget(unit.number(), len(pairs), "loop")
    inner = env.child().with_recur(target)
    taker = Taker(unit, inner, testing=False)
    for pair, param in zip(pairs, params, strict=True):
        taker.take(pair.pattern, param, pair.annotation)
    body = fold(taker.steps, lower_body(unit, form.items[2:], inner.body(), span))
    args = tuple(Local(var, span=span) for var in starts)
    blocks = Blocks(args, (Block(target.label, tuple(params), body),), span=span)
    return bind_all(inits, blocks, span)


@special("recur", "(recur value*)")
def lower_recur(unit: Unit, form: ListForm, env: Env) -> Expr:
    """Go back to the loop or function around, its names bound anew."""
    target = env.recur
    if target is None:
        raise fail(
            "E118",
            f"recur cannot be used here: {env.blocked}",
            form,
            hints=(
                "recur is the last thing a loop or function does → (loop [i 0] (if done i (recur (+ i 1))))",
            ),
        )
    args = unit.operands(form.items[1:], env)
    if len(args) != target.count:
        raise fail(
            "E118",
            f"recur takes {target.count} values here, as the {target.what} has names, got {len(args)}",
            form,
        )
    target.used = True
    return Jump(target.label, args, span=span_of(form))


@special("quote", "(quote form)", "one form")
def lower_quote(unit: Unit, form: ListForm, env: Env) -> Expr:
    """Give the form as data."""
    return Const(unit.quoted(form.items[1]), span=span_of(form))


@special("macroexpand", "(macroexpand 'form)", "one quoted form", shadowable=True)
def lower_macroexpand(unit: Unit, form: ListForm, env: Env) -> Expr:
    """Give what a quoted form stands for, as data: expanded while compiling, until it is no macro call."""
    match form.items[1]:
        case ListForm(items=[SymbolForm(name="quote"), expanded]):
            while isinstance(expanded, ListForm) and expanded.items:
                following = unit.expand(expanded, env)
                if following is None:
                    break
                expanded = following
            return Const(unit.quoted(expanded), span=span_of(form))
        case _:
            raise SPECIALS["macroexpand"].malformed(form, "macroexpand requires one quoted form", 1)


@reader_mark("`")
def lower_template(unit: Unit, form: Form, env: Env) -> Expr:
    """Build the data that a template describes."""
    assert isinstance(form, QuasiForm)
    return unit.lower(expand_quasi(form), env)


@special("throw", "(throw value)", "one value", shadowable=True)
def lower_throw(unit: Unit, form: ListForm, env: Env) -> Expr:
    """Raise a value (language §3.9.6)."""
    return Raise(unit.operand(form.items[1], env), span=span_of(form))


@special("delay", "(delay expression)", "one expression", shadowable=True)
def lower_delay(unit: Unit, form: ListForm, env: Env) -> Expr:
    """Make a function of no arguments that computes once."""
    return Op("delay", (thunk(unit, form.items[1], env),), span=span_of(form))


def thunk(unit: Unit, form: Form, env: Env) -> Fn:
    """Make a function of no arguments."""
    span = span_of(form)
    inner = env.within_function(unit.number(), None, anonymous=env.anonymous)
    return Fn(ANONYMOUS, (), None, lower_body(unit, [form], inner.body(), span), span=span)
