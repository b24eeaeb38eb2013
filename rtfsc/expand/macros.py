"""The built-in macros: one decorated function is one row of MACROS.

In: the operands of a call, unevaluated. Out: the form it stands for. A macro gives way to a local, a
definition or a user's macro of its name. Source: language §3.17.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from rtfs_runtime.values import Keyword
from rtfsc.diagnostics import fail
from rtfsc.syntax.forms import Form, ListForm, Literal, SymbolForm, VectorForm

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


def _nil(form: Form) -> Form:
    return Literal(None, form.start, form.end)


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
    orelse = form.items[3] if len(form.items) > 3 else _nil(form)
    return _list(form, "if", form.items[1], orelse, form.items[2])


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


def _binding(row: Macro, form: ListForm) -> tuple[Form, Form]:
    vector = form.items[1]
    if not isinstance(vector, VectorForm) or len(vector.items) != 2:
        raise _malformed(row, vector, f"{row.name} requires a vector of one pattern and one value")
    return vector.items[0], vector.items[1]


def _bound(form: ListForm, row: Macro, then: Form, orelse: Form) -> Form:
    pattern, value = _binding(row, form)
    # no name of a program ends so: the value is evaluated once, before the pattern takes it apart
    name = SymbolForm("value#", value.start, value.end)
    inner = VectorForm([pattern, name], pattern.start, value.end)
    outer = VectorForm([name, value], pattern.start, value.end)
    return _list(form, "let", outer, _list(form, "if", name, _list(form, "let", inner, then), orelse))


@macro("if-let", "(if-let binding then else?)")
def expand_if_let(form: ListForm) -> Form:
    """Bind the value and run the first branch when it is true."""
    orelse = form.items[3] if len(form.items) > 3 else _nil(form)
    return _bound(form, MACROS["if-let"], form.items[2], orelse)


@macro("when-let", "(when-let binding body+)")
def expand_when_let(form: ListForm) -> Form:
    """Bind the value and run the body when it is true."""
    return _bound(form, MACROS["when-let"], _list(form, "do", *form.items[2:]), _nil(form))


@macro("->", "(-> value stage*)")
def expand_thread_first(form: ListForm) -> Form:
    """Pass the value through the stages as their first argument."""
    return _thread(form, first=True)


@macro("->>", "(->> value stage*)")
def expand_thread_last(form: ListForm) -> Form:
    """Pass the value through the stages as their last argument."""
    return _thread(form, first=False)


def _thread(form: ListForm, *, first: bool) -> Form:
    made = form.items[1]
    for stage in form.items[2:]:
        if isinstance(stage, ListForm) and stage.items:
            head, *rest = stage.items
            items = [head, made, *rest] if first else [head, *rest, made]
        else:
            items = [stage, made]
        made = ListForm(items, stage.start, stage.end)
    return made
