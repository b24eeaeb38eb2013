"""Functions: `fn`, `λ`, `lambda`, `#()`, `defn`, and their hints and metadata.

In: forms. Out: `Fn` nodes, and what the interface says of top-level functions. Order on a call: arity,
parameter checks left to right, items of a variadic, destructuring, body, return check (language §5.4).
Source: language §2.4, §2.7, §3.4; ruling 16.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

from rtfs_runtime.interface import EXAMPLES, Function, Hint
from rtfs_runtime.types import ANY, Type, annotation_text, to_data
from rtfs_runtime.values import Keyword
from rtfsc.diagnostics import fail
from rtfsc.ir.nodes import RETURN_PREFIX, Block, Blocks, Cast, Const, Expr, Fn, Local, Op, Var
from rtfsc.lower.annotations import Annotation, Named, is_pattern, take_annotation, take_pattern, type_of
from rtfsc.lower.bodies import lower_body, unwrap
from rtfsc.lower.examples import examples_text, misplaced
from rtfsc.lower.patterns import Step, Taker, fold, rest_error
from rtfsc.lower.scope import Binding, Env, RecurTarget
from rtfsc.lower.specials import special
from rtfsc.lower.unit import MAX_FUNCTIONS, Unit, reader_mark, span_of
from rtfsc.source import Edit, Span
from rtfsc.syntax.forms import AnonFnForm, Form, HintMark, ListForm, Literal, MapForm, SymbolForm, VectorForm
from rtfsc.syntax.printer import print_form

ANONYMOUS: Final = "<fn>"
_INDEX: Final = re.compile(r"%(\d*)\Z")
_FN_SHAPE: Final = "(fn name? [parameter*] type? body+)"
_USAGE: Final = {
    "fn": "fn requires parameter list and body expressions",
    "defn": "defn requires a name symbol, a parameter vector and a body",
    "lambda": "lambda requires parameter list and body expressions",
}


@dataclass(slots=True)
class Signature:
    """A function as written, before its body is lowered."""

    params: list[Named] = field(default_factory=list)
    rest: Named | None = None
    returns: Annotation | None = None
    body: list[Form] = field(default_factory=list)
    doc: str = ""
    hint: Hint | None = None
    metadata: list[tuple[str, str]] = field(default_factory=list)
    examples: Form | None = None


class Marks:
    """Gathers the metadata marks of one function."""

    def __init__(self, signature: Signature) -> None:
        self._signature = signature
        self._seen = False

    def add(self, marks: list[MapForm | HintMark]) -> None:
        """Take marks; a second hint is an error."""
        for mark in marks:
            if isinstance(mark, HintMark):
                if self._seen:
                    raise fail("E220", "A function has at most one delegation hint", mark)
                self._seen = True
                self._signature.hint = Hint(mark.target, mark.model_id)  # type: ignore[arg-type]
                continue
            for key, value in _entries(mark):
                text = print_form(key).removeprefix(":")
                if text == EXAMPLES:
                    self._signature.examples = value
                    continue
                self._signature.metadata.append((text, print_form(value)))
                if text == "doc" and isinstance(value, Literal) and isinstance(value.value, str):
                    self._signature.doc = value.value


def _entries(mark: MapForm) -> list[tuple[Form, Form]]:
    items = mark.items
    for at, key in enumerate(items[:-1:2]):
        if isinstance(key, Literal) and key.value == Keyword("delegation"):
            target = " ".join(print_form(part) for part in items[2 * at + 1 : 2 * at + 3])
            alone = len(items) <= 3
            raise fail(
                "E220",
                "A delegation hint is no entry of a map",
                key,
                hints=(f"It is a mark of its own → ^:delegation {target}",),
                edit=Edit(mark.start, mark.end, f":delegation {target}") if alone else None,
            )
    if len(items) % 2:
        raise fail(
            "E107", "A map key without a value", items[-1], hints=("A map holds pairs → {:key value}",)
        )
    return list(zip(items[::2], items[1::2], strict=True))


def parse_function(form: ListForm, kind: str, at: int, marks: list[MapForm | HintMark]) -> Signature:
    """Split the operands of a function form from `at` on: docstring, marks, parameters, return type, body."""
    signature = Signature()
    gathered = Marks(signature)
    gathered.add(marks)
    items = form.items
    while at < len(items):
        bare, more = unwrap(items[at])
        gathered.add(more)
        if isinstance(bare, Literal) and isinstance(bare.value, str) and at + 1 < len(items):
            signature.doc = bare.value
            at += 1
            continue
        if not isinstance(bare, VectorForm):
            raise _malformed(kind, bare, "Parameters are a vector")
        signature.params, signature.rest = _parse_parameters(bare)
        return _parse_rest(form, kind, at + 1, signature)
    raise _malformed(kind, form, f"{kind} is malformed")


def _malformed(kind: str, form: Form, hint: str) -> Exception:
    shape = _FN_SHAPE.replace("fn name?", "defn name") if kind == "defn" else _FN_SHAPE
    return fail("E101", _USAGE.get(kind, _USAGE["fn"]), form, hints=(f"{hint} → {shape}",))


def _parse_rest(form: ListForm, kind: str, at: int, signature: Signature) -> Signature:
    items = form.items
    named = take_annotation(Named(form, None, at), items)
    # a keyword after the parameters is the return type only if an expression follows
    if named.annotation is not None and named.after < len(items):
        signature.returns = named.annotation
        at = named.after
    body = items[at:]
    if not body:
        raise _malformed(kind, form, f"{kind} needs a body")
    first = body[0]
    # a body that is only a text describes what a model is to answer
    if isinstance(first, Literal) and isinstance(first.value, str) and not signature.doc:
        signature.doc = first.value
    signature.body = body
    return signature


def _parse_parameters(vector: VectorForm) -> tuple[list[Named], Named | None]:
    items, at = vector.items, 0
    params: list[Named] = []
    while at < len(items):
        form = items[at]
        if isinstance(form, SymbolForm) and form.name == "&":
            if at + 1 >= len(items) or not isinstance(items[at + 1], SymbolForm):
                raise rest_error(form)
            rest = take_annotation(take_pattern(items, at + 1), items)
            if rest.after != len(items):
                raise rest_error(items[rest.after])
            return params, rest
        if not is_pattern(form):
            raise fail(
                "E115",
                "A parameter must be a symbol or a pattern",
                form,
                hints=("Parameters are names → [a b]",),
            )
        named = take_annotation(take_pattern(items, at), items)
        params.append(named)
        at = named.after
    return params, None


def lower_function(
    unit: Unit,
    signature: Signature,
    env: Env,
    span: Span,
    name: str = ANONYMOUS,
    self_var: Var | None = None,
    *,
    described: bool = False,
) -> Fn:
    """Lower a function; `self_var` is the variable by which it sees itself, `described` says that the
    interface describes it."""
    if env.depth >= MAX_FUNCTIONS:
        raise fail(
            "E404",
            f"More than {MAX_FUNCTIONS} functions are nested",
            span,
            hints=("Give inner functions a name → (defn name …)",),
        )
    if signature.examples is not None and not described:
        raise misplaced(signature.examples)
    label = unit.number()
    total = len(signature.params) + (signature.rest is not None)
    target = RecurTarget(label, total, "fn")
    inner = env.within_function(unit.number(), target, anonymous=env.anonymous)
    if self_var is not None:
        inner.names[name] = Binding(self_var, env.function)
    builder = _Builder(unit, signature, inner)
    params = builder.parameters()
    steps = builder.taker.steps
    body = lower_body(unit, signature.body, inner.body(), span)
    body = fold(steps, body)
    returns = type_of(unit, signature.returns) if signature.returns is not None else ANY
    rest = builder.rest
    if target.used:
        params, rest, body = _loop(unit, label, params, rest, body)
    if returns != ANY:
        body = Cast(body, returns, RETURN_PREFIX, span=body.span)
    return Fn(
        name,
        params,
        rest,
        body,
        self_var,
        tuple(_shown(named.pattern) for named in signature.params),
        tuple(builder.types),
        builder.rest_type,
        returns,
        signature.doc,
        signature.hint,
        span=span,
    )


def _loop(
    unit: Unit, label: int, params: tuple[Var, ...], rest: Var | None, body: Expr
) -> tuple[tuple[Var, ...], Var | None, Expr]:
    """Make the body a block that `recur` enters again."""
    entry = tuple(unit.var(var.name) for var in params)
    entry_rest = unit.var(rest.name) if rest is not None else None
    own = (*params, rest) if rest is not None else params
    given = (*entry, entry_rest) if entry_rest is not None else entry
    args = tuple(Local(var, span=body.span) for var in given)
    return entry, entry_rest, Blocks(args, (Block(label, own, body),), span=body.span)


def _shown(pattern: Form) -> str:
    return pattern.name if isinstance(pattern, SymbolForm) else print_form(pattern)


class _Builder:
    """Binds the parameters of one function: checks first, then patterns."""

    def __init__(self, unit: Unit, signature: Signature, env: Env) -> None:
        self.unit = unit
        self.signature = signature
        self.env = env
        self.taker = Taker(unit, env, testing=False)
        self.types: list[Type] = []
        self.rest: Var | None = None
        self.rest_type: Type = ANY

    def parameters(self) -> tuple[Var, ...]:
        """Make the variables and the steps that the body starts with."""
        unit, taker = self.unit, self.taker
        params: list[Var] = []
        seen: set[str] = set()
        checked: list[tuple[Form, Var]] = []
        for named in self.signature.params:
            pattern = named.pattern
            if isinstance(pattern, SymbolForm) and pattern.name != "_":
                if pattern.name in seen:
                    unit.warn("W003", f"Parameter {pattern.name} is named twice: the last one wins", pattern)
                seen.add(pattern.name)
            var = unit.var(pattern.name if isinstance(pattern, SymbolForm) else "argument")
            params.append(var)
            kind = type_of(unit, named.annotation) if named.annotation is not None else ANY
            self.types.append(kind)
            if kind != ANY:
                span = span_of(pattern)
                cast = Cast(Local(var, span=span), kind, "", span=span)
                var = unit.var(var.name)
                taker.bind(var, cast)
            checked.append((pattern, var))
        self._rest()
        for pattern, var in checked:
            taker.take(pattern, var)
        if self.rest is not None and self.signature.rest is not None:
            pattern = self.signature.rest.pattern
            assert isinstance(pattern, SymbolForm)
            if pattern.name != "_":
                taker.name(pattern.name, self.rest)
        return tuple(params)

    def _rest(self) -> None:
        named = self.signature.rest
        if named is None:
            return
        if not isinstance(named.pattern, SymbolForm):
            raise rest_error(named.pattern)
        self.rest = self.unit.var(named.pattern.name)
        if named.annotation is not None:
            span = span_of(named.pattern)
            self.rest_type = type_of(self.unit, named.annotation)
            args = (Local(self.rest, span=span), Const(to_data(self.rest_type), span=span))
            self.taker.steps.append(Step(self.unit.var("checked"), Op("check_items", args, span=span)))


@special("fn", _FN_SHAPE, "parameter list and body expressions", aliases=("λ",))
def lower_fn(unit: Unit, form: ListForm, env: Env, marks: list[MapForm | HintMark] | None = None) -> Expr:
    """Make a function; a name is visible only inside it."""
    at = 1
    bare, more = unwrap(form.items[1])
    gathered = [*(marks or ()), *more]
    if isinstance(bare, SymbolForm):
        if len(form.items) < 3:
            raise _malformed("fn", form, "fn is malformed")
        signature = parse_function(form, "fn", 2, gathered)
        return lower_function(unit, signature, env, span_of(form), bare.name, unit.var(bare.name))
    signature = parse_function(form, "fn", at, list(marks or ()))
    return lower_function(unit, signature, env, span_of(form))


@special("lambda", "(lambda [parameter*] body+)", "parameter list and body expressions")
def lower_lambda(unit: Unit, form: ListForm, env: Env) -> Expr:
    """Make a function whose parameters are all symbols."""
    signature = parse_function(form, "lambda", 1, [])
    for named in signature.params:
        if not isinstance(named.pattern, SymbolForm):
            raise fail(
                "E115",
                "lambda parameters must be symbols",
                named.pattern,
                hints=("fn takes patterns → (fn [[a b]] …)",),
            )
    return lower_function(unit, signature, env, span_of(form))


@reader_mark("#()")
def lower_anonymous(unit: Unit, form: Form, env: Env) -> Expr:
    """Make the function of `#(…)`: its arity is the highest `%` index."""
    assert isinstance(form, AnonFnForm)
    if env.anonymous:
        raise fail(
            "E117",
            "#() inside #()",
            form,
            hints=("Give the inner function parameters of its own → (fn [x] …)",),
        )
    if not form.items:
        raise fail("E117", "#() needs a call", form, hints=("The first item is called → #(+ % 1)",))
    highest, used = _indexes(form)
    span = span_of(form)
    inner = env.within_function(unit.number(), None, anonymous=True)
    params = tuple(unit.var(f"%{index}") for index in range(1, highest + 1))
    for index, var in enumerate(params, 1):
        inner.names[f"%{index}"] = Binding(var, inner.function)
    if used:
        inner.names["%"] = inner.names["%1"]
    call = ListForm(form.items, form.start, form.end)
    body = lower_body(unit, [call], inner.body(), span)
    return Fn(ANONYMOUS, params, None, body, param_names=tuple(var.name for var in params), span=span)


def _indexes(form: AnonFnForm) -> tuple[int, bool]:
    highest, plain = 0, False
    todo: list[Form] = list(form.items)
    while todo:
        item = todo.pop()
        if isinstance(item, SymbolForm):
            found = _INDEX.match(item.name)
            if found:
                index = int(found[1] or 1) if len(found[1]) < 4 else 0
                if not 1 <= index <= 255:
                    raise fail(
                        "E117",
                        "The index of a parameter is 1 to 255",
                        item,
                        hints=("The first parameter → %1",),
                    )
                highest = max(highest, index)
                plain = plain or not found[1]
            continue
        todo.extend(getattr(item, "items", ()))
        for name in ("form", "meta"):
            inner = getattr(item, name, None)
            if isinstance(inner, Form):
                todo.append(inner)
    return highest, plain


def describe(unit: Unit, name: str, fn: Fn, signature: Signature, where: Form) -> None:
    """Say in the interface what a top-level function is."""
    body = signature.body
    metadata = list(signature.metadata)
    if signature.examples is not None:
        metadata.append((EXAMPLES, examples_text(fn, signature.examples)))
    text = len(body) == 1 and isinstance(body[0], Literal) and isinstance(body[0].value, str)
    rest = signature.rest.pattern if signature.rest is not None else None
    unit.definitions.functions[name] = Function(
        name,
        fn.param_names,
        tuple(annotation_text(kind) for kind in fn.param_types),
        rest.name if isinstance(rest, SymbolForm) else None,
        annotation_text(fn.rest_type),
        annotation_text(fn.return_type),
        fn.doc,
        fn.hint,
        15,
        text,
        tuple(metadata),
        unit.context.source.line_column(where.start)[0],
    )
