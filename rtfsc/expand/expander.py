"""The macros of one unit: its own, imported ones, and the built-in table.

In: macro definitions in textual order, calls. Out: expansions, one step each; who calls decides whether to
go on. Making a function of a macro's text and running it under limits is the driver's: it passes
`compile_macro` in. Source: language §6.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

from rtfs_runtime.errors import RtfsError
from rtfs_runtime.interface import Macro as MacroText
from rtfsc.diagnostics import fail
from rtfsc.expand.macros import MACROS, expand_builtin
from rtfsc.expand.values import NotAForm, Origins, form_to_value, value_to_form
from rtfsc.source import SourceFile
from rtfsc.syntax.forms import Form, ListForm, SymbolForm, VectorForm
from rtfsc.syntax.parser import parse
from rtfsc.syntax.printer import print_form

CompileMacro = Callable[[list[Form]], object]

MAX_DEPTH: Final = 1_000
MAX_EXPANSIONS: Final = 100_000
_USAGE: Final = "(defmacro name [parameter*] body+)"


class _User(NamedTuple):
    """A macro of the program: how many operands it takes, the forms that make its function."""

    name: str
    form: ListForm
    at_least: int
    at_most: int | None
    definitions: tuple[ListForm, ...]


class Expander:
    """Macros of one unit, in textual order."""

    def __init__(self, compile_macro: CompileMacro) -> None:
        self._compile_macro = compile_macro
        self._macros: dict[str, _User] = {}
        self._functions: dict[int, Callable[..., object]] = {}
        self._definitions: dict[str, ListForm] = {}
        self._depths: dict[int, tuple[Form, int]] = {}
        self._count = 0

    def define(self, form: ListForm) -> None:
        """Take a `defmacro`; a later one of the same name takes its place.

        Raises: CompileError for a malformed one.
        """
        macro = self._parse(form)
        self._macros[macro.name] = macro

    def note_definition(self, form: ListForm) -> None:
        """Take a function of the unit: the bodies of later macros may call it."""
        name = form.items[1]
        if isinstance(name, SymbolForm):
            self._definitions[name.name] = form

    def adopt(self, macro: MacroText, names: tuple[str, ...]) -> None:
        """Take a macro of another module under these names."""
        *definitions, form = [
            form for form in parse(SourceFile(macro.name, macro.source)).forms if isinstance(form, ListForm)
        ]
        user = self._parse(form)._replace(definitions=tuple(definitions))
        self._macros.update(dict.fromkeys(names, user))

    def exported(self, names: tuple[str, ...]) -> tuple[MacroText, ...]:
        """Give macros as text, each with the definitions it needs."""
        found = []
        for name in names:
            macro = self._macros[name]
            found.append(
                MacroText(name, "\n".join(print_form(form) for form in (*macro.definitions, macro.form)))
            )
        return tuple(found)

    def fork(self) -> Expander:
        """Make an expander that knows no macro of the unit."""
        return Expander(self._compile_macro)

    def expand(self, form: ListForm, is_bound: Callable[[str], bool]) -> Form | None:
        """Expand a macro call by one step; None when the form is no macro call.

        Raises: CompileError, also for what goes wrong while a macro runs.
        """
        head = form.items[0]
        if not isinstance(head, SymbolForm) or is_bound(head.name):
            return None
        user = self._macros.get(head.name)
        if user is None:
            row = MACROS.get(head.name)
            if row is None:
                return None
            made = expand_builtin(row, form)
        else:
            made = self._run(user, form)
        self._note(form, made, head)
        return made

    def _note(self, form: Form, made: Form, head: SymbolForm) -> None:
        depth = self._depths[id(form)][1] + 1 if id(form) in self._depths else 1
        self._count += 1
        if depth > MAX_DEPTH or self._count > MAX_EXPANSIONS:
            raise fail(
                "E231",
                f"macro expansion too deep: {head.name} goes on expanding",
                head,
                hints=("A macro must reach a form that is no macro call → (if (empty? xs) …)",),
            )
        # kept, so that its identity stays its own
        self._depths[id(made)] = (made, depth)

    def _parse(self, form: ListForm) -> _User:
        items = form.items
        name = items[1] if len(items) > 1 else None
        params = items[2] if len(items) > 2 else None
        if not isinstance(name, SymbolForm) or not isinstance(params, VectorForm) or len(items) < 4:
            raise fail(
                "E101",
                "defmacro requires a name symbol, a parameter vector and a body",
                form,
                hints=(f"defmacro is malformed → {_USAGE}",),
            )
        marks = [
            index
            for index, item in enumerate(params.items)
            if isinstance(item, SymbolForm) and item.name == "&"
        ]
        count = marks[0] if marks else len(params.items)
        return _User(name.name, form, count, None if marks else count, self._needed(form))

    def _needed(self, form: ListForm) -> tuple[ListForm, ...]:
        """Give the definitions that a form speaks of, and those that they speak of, in textual order."""
        needed: set[str] = set()
        todo: list[Form] = [form]
        while todo:
            item = todo.pop()
            if isinstance(item, SymbolForm):
                if item.name in self._definitions and item.name not in needed:
                    needed.add(item.name)
                    todo.append(self._definitions[item.name])
                continue
            todo.extend(getattr(item, "items", ()))
            inner = getattr(item, "form", None)
            if isinstance(inner, Form):
                todo.append(inner)
        return tuple(definition for name, definition in self._definitions.items() if name in needed)

    def _run(self, macro: _User, form: ListForm) -> Form:
        operands = form.items[1:]
        count = len(operands)
        if count < macro.at_least or (macro.at_most is not None and count > macro.at_most):
            expected = str(macro.at_least) if macro.at_most is not None else f"at least {macro.at_least}"
            message = f"Arity mismatch in macro {macro.name}: expected {expected}, got {count}"
            raise fail(
                "E230",
                message,
                form,
                hints=(f"Its parameters → {print_form(macro.form.items[2])}",),
                kind="ArityMismatch",
            )
        function = self._function(macro)
        origins = Origins()
        try:
            value = function(*(form_to_value(operand, origins) for operand in operands))
            return value_to_form(value, form.start, form.end, origins)
        except RtfsError as error:
            message = f"Expanding {macro.name} failed: {error.message}"
            raise fail("E232", message, form, kind=error.kind) from error
        except NotAForm:
            raise fail(
                "E232", f"Expanding {macro.name} failed: it gave something that is no form", form
            ) from None

    def _function(self, macro: _User) -> Callable[..., object]:
        known = self._functions.get(id(macro.form))
        if known is not None:
            return known
        form = macro.form
        head = SymbolForm("fn", form.start, form.start)
        text = ListForm([head, form.items[1], *form.items[2:]], form.start, form.end)
        made = self._compile_macro([*macro.definitions, text])
        assert callable(made)
        self._functions[id(macro.form)] = made
        return made
