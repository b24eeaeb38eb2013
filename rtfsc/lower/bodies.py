"""Bodies: forms in order, with the definitions among them; and metadata marks around a form.

In: forms and an `Env` whose frame takes the definitions. Out: an expression, a `Scope` where something is
defined.
"""

from __future__ import annotations

from rtfsc.ir.nodes import Const, Do, Expr, Scope
from rtfsc.lower.scope import Env
from rtfsc.lower.unit import Unit
from rtfsc.source import Span
from rtfsc.syntax.forms import Form, HintMark, ListForm, MapForm, MetaForm, SymbolForm

# forms that open no scope: what is defined in them belongs to the body around (language §3.3.6)
_OPEN_FORMS = frozenset({"do", "if", "try", "finally", "when", "step", "step-if"})
_DEFINERS = frozenset({"def", "defn", "defstruct"})


def unwrap(form: Form) -> tuple[Form, list[MapForm | HintMark]]:
    """Strip the metadata marks before a form."""
    marks: list[MapForm | HintMark] = []
    while isinstance(form, MetaForm):
        marks.append(form.meta)
        form = form.form
    return form, marks


def lower_body(unit: Unit, forms: list[Form], env: Env, span: Span) -> Expr:
    """Lower a body in an environment with a frame of its own."""
    frame = env.frame
    assert frame is not None
    declare(unit, forms, env)
    items = lower_forms(unit, forms, env)
    body: Expr = (
        Const(None, span=span) if not items else items[0] if len(items) == 1 else Do(tuple(items), span=span)
    )
    variables = tuple(binding.var for binding in frame.variables.values())
    return Scope(variables, body, span=span) if variables else body


def lower_forms(unit: Unit, forms: list[Form], env: Env) -> list[Expr]:
    """Lower forms of which the last is the value."""
    items = [unit.operand(form, env) for form in forms[:-1]]
    # no generator: what goes through C counts against a fixed limit on 3.12
    items.extend([unit.lower(form, env) for form in forms[-1:]])
    return items


def declare(unit: Unit, forms: list[Form], env: Env) -> None:
    """Declare what a body defines, so that functions before a definition see it."""
    frame = env.frame
    assert frame is not None
    todo = list(forms)
    for form in todo:
        bare, _ = unwrap(form)
        if not isinstance(bare, ListForm) or not bare.items:
            continue
        head = bare.items[0]
        if not isinstance(head, SymbolForm):
            continue
        if head.name in _OPEN_FORMS:
            todo.extend(bare.items[1:])
        elif head.name in _DEFINERS and len(bare.items) > 1:
            name, _ = unwrap(bare.items[1])
            if isinstance(name, SymbolForm):
                text = name.name.split(":")[0] or name.name
                if text not in frame.variables:
                    frame.declare(text, unit.var(text))
