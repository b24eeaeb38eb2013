"""The built-in macros: one decorated function is one row of MACROS.

In: the operands of a call, unevaluated. Out: the form it stands for. A macro gives way to a local, a
definition or a user's macro of its name. Source: language §3.17.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from rtfs_runtime.values import Keyword
from rtfsc.diagnostics import fail
from rtfsc.syntax.forms import Form, ListForm, Literal, MetaForm, SymbolForm, VectorForm

Expansion = Callable[[ListForm], Form]


class Macro(NamedTuple):
    """One built-in macro: its usage and the least and greatest number of operands."""

    name: str
    usage: str
    expand: Expansion
    at_least: int
    at_most: int | None


_rows: dict[str, Macro] = {}
MACROS: Mapping[str, Macro] = _rows


def macro(name: str, usage: str) -> Callable[[Expansion], Expansion]:
    """Enter the decorated function; the usage says how many operands there are, as for special forms."""
    parts = usage[1:-1].split()[1:]
    required = [part for part in parts if part[-1] not in "?*"]
    endless = any(part[-1] in "*+" for part in parts)

    def enter(function: Expansion) -> Expansion:
        _rows[name] = Macro(name, usage, function, len(required), None if endless else len(parts))
        return function

    return enter


def expand_builtin(row: Macro, form: ListForm) -> Form:
    """Expand a call of a built-in macro.

    Raises: CompileError E101 for a wrong number of operands.
    """
    count = len(form.items) - 1
    if count < row.at_least or (row.at_most is not None and count > row.at_most):
        raise _malformed(row, form)
    return row.expand(form)


def _malformed(row: Macro, form: Form, message: str = "") -> Exception:
    return fail(
        "E101",
        message or f"{row.name} is malformed: the usage is {row.usage}",
        form,
        hints=(f"{row.name} is malformed → {row.usage}",),
    )


def _list(form: Form, *items: Form | str) -> ListForm:
    start, end = form.start, form.end
    return ListForm(
        [SymbolForm(item, start, end) if isinstance(item, str) else item for item in items], start, end
    )


def _vector(form: Form, *items: Form) -> VectorForm:
    return VectorForm(list(items), form.start, form.end)


def _nil(form: Form) -> Form:
    return Literal(None, form.start, form.end)


def _orelse(form: ListForm) -> Form:
    return form.items[3] if len(form.items) > 3 else _nil(form)


@macro("when", "(when test body+)")
def expand_when(form: ListForm) -> Form:
    """Run the body when the test is true."""
    return _list(form, "if", form.items[1], _list(form, "do", *form.items[2:]))


@macro("when-not", "(when-not test body+)")
def expand_when_not(form: ListForm) -> Form:
    """Run the body when the test is false."""
    return _list(form, "if", form.items[1], _nil(form), _list(form, "do", *form.items[2:]))


@macro("if-not", "(if-not test then else?)")
def expand_if_not(form: ListForm) -> Form:
    """Choose the first branch when the test is false."""
    return _list(form, "if", form.items[1], _orelse(form), form.items[2])


@macro("cond", "(cond clause*)")
def expand_cond(form: ListForm) -> Form:
    """Give the value after the first test that is true; nil for none."""
    clauses = form.items[1:]
    if len(clauses) % 2:
        raise _malformed(MACROS["cond"], clauses[-1], "cond requires pairs of test and value")
    made: Form = _nil(form)
    for test, value in zip(reversed(clauses[::2]), reversed(clauses[1::2]), strict=True):
        if isinstance(test, Literal) and isinstance(test.value, Keyword) and test.value.text == "else":
            made = value
        else:
            made = ListForm(
                [SymbolForm("if", test.start, test.end), test, value, made], test.start, value.end
            )
    return made


def _binding(row: Macro, vector: Form) -> tuple[list[Form], Form]:
    """Split a binding vector into a pattern, with its annotation if any, and the value."""
    if isinstance(vector, VectorForm) and len(vector.items) > 1:
        *pattern, value = vector.items
        if len(pattern) == 1 or _is_annotated(pattern):
            return pattern, value
    raise _malformed(row, vector, f"{row.name} requires a vector of one pattern and one value")


def _is_annotated(pattern: list[Form]) -> bool:
    """Tell whether what follows a name is its type: `x :int`, `x : int`, `x: int`, each with `?` or not."""
    name, *rest = pattern
    if isinstance(rest[-1], SymbolForm) and rest[-1].name == "?":
        rest = rest[:-1]
    match rest:
        case []:
            return True
        case [Literal(value=Keyword())]:
            return True
        case [SymbolForm(name=":"), _]:
            return True
    return len(rest) == 1 and isinstance(name, SymbolForm) and name.name.endswith(":")


def _bound(form: ListForm, row: Macro, then: Form, orelse: Form) -> Form:
    pattern, value = _binding(row, form.items[1])
    # the value is evaluated once, before the pattern takes it apart
    name = _fresh(value)
    test = name if row.name.endswith("let") else _list(value, "#equal", name, _nil(value))
    inner = _list(form, "let", _vector(form.items[1], *pattern, name), then)
    branches = (inner, orelse) if test is name else (orelse, inner)
    return _list(form, "let", _vector(form.items[1], name, value), _list(form, "if", test, *branches))


def _fresh(form: Form) -> SymbolForm:
    """Give a name that no program can write."""
    return SymbolForm("#value", form.start, form.end)


@macro("if-let", "(if-let binding then else?)")
def expand_if_let(form: ListForm) -> Form:
    """Bind the value and run the first branch when it is true."""
    return _bound(form, MACROS["if-let"], form.items[2], _orelse(form))


@macro("when-let", "(when-let binding body+)")
def expand_when_let(form: ListForm) -> Form:
    """Bind the value and run the body when it is true."""
    return _bound(form, MACROS["when-let"], _list(form, "do", *form.items[2:]), _nil(form))


@macro("if-some", "(if-some binding then else?)")
def expand_if_some(form: ListForm) -> Form:
    """Bind the value and run the first branch when it is not nil."""
    return _bound(form, MACROS["if-some"], form.items[2], _orelse(form))


@macro("when-some", "(when-some binding body+)")
def expand_when_some(form: ListForm) -> Form:
    """Bind the value and run the body when it is not nil."""
    return _bound(form, MACROS["when-some"], _list(form, "do", *form.items[2:]), _nil(form))


@macro("->", "(-> value stage*)")
def expand_thread_first(form: ListForm) -> Form:
    """Pass the value through the stages as their first argument."""
    return _thread(form, 1)


@macro("->>", "(->> value stage*)")
def expand_thread_last(form: ListForm) -> Form:
    """Pass the value through the stages as their last argument."""
    return _thread(form, None)


@macro("some->", "(some-> value stage*)")
def expand_some_first(form: ListForm) -> Form:
    """Pass the value through the stages as their first argument, up to the first nil."""
    return _thread_some(form, 1)


@macro("some->>", "(some->> value stage*)")
def expand_some_last(form: ListForm) -> Form:
    """Pass the value through the stages as their last argument, up to the first nil."""
    return _thread_some(form, None)


@macro("as->", "(as-> value name stage*)")
def expand_thread_as(form: ListForm) -> Form:
    """Bind the value of each stage to the name, for the next one."""
    value, name, *stages = form.items[1:]
    if not isinstance(name, SymbolForm):
        raise _malformed(MACROS["as->"], name, "as-> requires a symbol after the value")
    bindings = [part for stage in (value, *stages) for part in (name, stage)]
    return _list(form, "let", _vector(form, *bindings), name)


def _thread(form: ListForm, at: int | None) -> Form:
    made = form.items[1]
    for stage in form.items[2:]:
        made = _staged(form, stage, made, at)
    return made


def _thread_some(form: ListForm, at: int | None) -> Form:
    made = _nil(form)
    name = _fresh(form)
    stages = form.items[2:]
    for stage in reversed(stages):
        # the last stage may give nil as it is
        step = _staged(form, stage, name, at)
        after = step if stage is stages[-1] else _list(stage, "let", _vector(stage, name, step), made)
        made = _list(stage, "if", _list(stage, "#equal", name, _nil(stage)), _nil(stage), after)
    return _list(form, "let", _vector(form, name, form.items[1]), made) if stages else form.items[1]


def _staged(form: ListForm, stage: Form, value: Form, at: int | None) -> Form:
    """Put the value among the arguments of a stage: at a place, or last."""
    if isinstance(stage, MetaForm):
        return MetaForm(stage.meta, _staged(form, stage.form, value, at), stage.start, stage.end)
    if not isinstance(stage, ListForm):
        return _list(stage, stage, value)
    if not stage.items:
        assert isinstance(form.items[0], SymbolForm)
        raise _malformed(MACROS[form.items[0].name], stage, "A stage is a function or a call, not ()")
    place = len(stage.items) if at is None else at
    return _list(stage, *stage.items[:place], value, *stage.items[place:])
