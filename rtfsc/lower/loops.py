"""`for`, `doseq`, `dotimes`.

In: forms. Out: `ForEach`. Source: language §3.6; ruling 2 (`doseq` is `for` returning nil).
"""

from __future__ import annotations

from rtfsc.diagnostics import fail
from rtfsc.ir.nodes import Expr, ForEach, Op
from rtfsc.lower.annotations import Pair, pair_bindings
from rtfsc.lower.bodies import lower_body
from rtfsc.lower.patterns import Taker, fold
from rtfsc.lower.scope import Env
from rtfsc.lower.specials import special
from rtfsc.lower.unit import Unit, span_of
from rtfsc.syntax.forms import ListForm, SymbolForm, VectorForm


@special("for", "(for [binding*] body+)", "binding vector and at least one body expression")
def lower_for(unit: Unit, form: ListForm, env: Env) -> Expr:
    """Give the vector of the body's values, the rightmost binding varying fastest."""
    return _nest(unit, form, env, last="collect", outer="flatten")


@special(
    "doseq", "(doseq [binding*] body+)", "binding vector and at least one body expression", shadowable=True
)
def lower_doseq(unit: Unit, form: ListForm, env: Env) -> Expr:
    """Run the body for each item; the value is nil."""
    return _nest(unit, form, env, last="nil", outer="nil")


def _nest(unit: Unit, form: ListForm, env: Env, *, last: str, outer: str) -> Expr:
    vector = form.items[1]
    assert isinstance(vector, VectorForm) and isinstance(form.items[0], SymbolForm)
    pairs = pair_bindings(vector, form.items[0].name)
    if not pairs:
        raise fail("E101", f"{form.items[0].name} requires at least one binding", vector)
    return _loop(unit, pairs, form, env.operand().branch(), (last, outer))


def _loop(unit: Unit, pairs: list[Pair], form: ListForm, env: Env, modes: tuple[str, str]) -> Expr:
    pair, *others = pairs
    span = span_of(form)
    items = Op("for_items", (unit.operand(pair.value, env),), span=span_of(pair.value))
    var = unit.var(pair.pattern.name if isinstance(pair.pattern, SymbolForm) else "item")
    taker = Taker(unit, env.child(), testing=False)
    taker.take(pair.pattern, var)
    if others:
        body, mode = _loop(unit, others, form, taker.env, modes), modes[1]
    else:
        body, mode = lower_body(unit, form.items[2:], taker.env.body(), span), modes[0]
    return ForEach(var, items, fold(taker.steps, body), mode, span=span)


@special("dotimes", "(dotimes [name count] body+)", "binding vector and at least one body expression")
def lower_dotimes(unit: Unit, form: ListForm, env: Env) -> Expr:
    """Run the body for 0 to count - 1; the value is the last one's."""
    vector = form.items[1]
    assert isinstance(vector, VectorForm)
    if len(vector.items) != 2 or not isinstance(vector.items[0], SymbolForm):
        raise fail(
            "E101",
            "dotimes requires binding vector of a symbol and a count",
            vector,
            hints=("A count → (dotimes [i 3] …)",),
        )
    name, count = vector.items
    assert isinstance(name, SymbolForm)
    span = span_of(form)
    var = unit.var(name.name)
    inner = env.operand().branch().child()
    items = Op("times", (unit.operand(count, env),), span=span_of(count))
    taker = Taker(unit, inner, testing=False)
    taker.take(name, var)
    body = lower_body(unit, form.items[2:], inner.body(), span)
    return ForEach(var, items, body, "last", span=span)
