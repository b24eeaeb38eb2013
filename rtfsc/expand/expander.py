"""The macros of one unit: its own, imported ones, and the built-in table.

In: macro definitions in textual order, calls. Out: expansions, one step each; who calls decides whether to
go on. Making a function of a macro's text and running it under limits is the driver's: it passes
`compile_macro` in. Source: language §6.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

from rtfs_runtime.errors import RtfsError
from rtfs_runtime.interface import Macro as MacroText
from rtfs_runtime.values import Keyword
from rtfsc.diagnostics import fail
from rtfsc.expand.macros import MACROS, expand_builtin
from rtfsc.expand.values import NotAForm, Origins, TooLarge, form_to_value, value_to_form
from rtfsc.source import CompileError, SourceFile
from rtfsc.syntax.forms import (
    Form,
    ListForm,
    Literal,
    MetaForm,
    QuasiForm,
    SpliceForm,
    SymbolForm,
    UnquoteForm,
    VectorForm,
)
from rtfsc.syntax.parser import parse
from rtfsc.syntax.printer import print_form

CompileMacro = Callable[[list[Form], "Expander"], object]

MAX_DEPTH: Final = 1_000
MAX_EXPANSIONS: Final = 100_000
MAX_PARTS: Final = 1_000_000
_USAGE: Final = "(defmacro name [parameter*] body+)"


class _Definition(NamedTuple):
    """A function of the unit; `order` is its place among functions and macros."""

    order: int
    form: ListForm


@dataclass(frozen=True, slots=True)
class _Macro:
    """A macro of the unit: its text, how many operands it takes, what its body speaks of."""

    order: int
    form: ListForm
    at_least: int
    at_most: int | None
    needed: tuple[ListForm, ...]
    function: Callable[..., object]


@dataclass(frozen=True, slots=True)
class _Adopted:
    """A macro of another module, made when it is first used."""

    order: int
    text: MacroText


class Expander:
    """Macros of one unit, in textual order."""

    def __init__(self, compile_macro: CompileMacro) -> None:
        self._compile_macro = compile_macro
        self._macros: dict[str, _Macro | _Adopted] = {}
        self._made: dict[MacroText, _Macro] = {}
        self._definitions: dict[str, _Definition] = {}
        self._depths: dict[int, tuple[Form, int]] = {}
        self._expansions_left = MAX_EXPANSIONS
        self._parts_left = MAX_PARTS
        self._order = 0

    def define(self, form: ListForm) -> None:
        """Take a `defmacro`; a later one of the same name takes its place.

        Raises: CompileError for a malformed one.
        """
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
        at_least, at_most = _arity(params)
        needed = self._needed(form)
        # made at once, so that the macros it may use are those before it
        text = ListForm([SymbolForm("fn", form.start, form.start), *items[2:]], form.start, form.end)
        functions = [each for each in needed if not _is_macro(each)]
        function = self._compile_macro([*functions, text], self)
        assert callable(function)
        self._macros[name.name] = _Macro(self._next(), form, at_least, at_most, needed, function)

    def note_definition(self, form: ListForm) -> None:
        """Take a function of the unit: the bodies of later macros may call it."""
        name = form.items[1]
        if isinstance(name, SymbolForm):
            self._definitions[name.name] = _Definition(self._next(), form)

    def adopt(self, macro: MacroText, names: tuple[str, ...]) -> None:
        """Take a macro of another module under these names."""
        self._macros.update(dict.fromkeys(names, _Adopted(self._next(), macro)))

    def exported(self, names: tuple[str, ...]) -> tuple[MacroText, ...]:
        """Give macros as text, each after the functions and macros that its body needs."""
        found = []
        for name in names:
            macro = self._macros[name]
            if isinstance(macro, _Adopted):
                found.append(MacroText(name, macro.text.source))
            else:
                found.append(MacroText(name, "\n".join(map(print_form, (*macro.needed, macro.form)))))
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
        macro = self._macros.get(head.name)
        if macro is not None:
            own = macro if isinstance(macro, _Macro) else self._make(macro.text, form)
            return self._run(head, own, form)
        row = MACROS.get(head.name)
        if row is None:
            return None
        made = expand_builtin(row, form)
        depth = self._depth(form)
        if depth:
            self._keep(_lists_made(made, form), depth)
        return made

    def _next(self) -> int:
        self._order += 1
        return self._order

    def _depth(self, form: Form) -> int:
        found = self._depths.get(id(form))
        return found[1] if found is not None else 0

    def _keep(self, forms: list[ListForm], depth: int) -> None:
        """Note how many expansions made these lists; they are kept, so that their identity stays theirs."""
        for form in forms:
            self._depths.setdefault(id(form), (form, depth))

    def _needed(self, form: ListForm) -> tuple[ListForm, ...]:
        """Give the functions and macros that a macro's body speaks of, and those that they speak of."""
        found: dict[int, tuple[ListForm, ...]] = {}
        todo: list[tuple[ListForm, bool]] = [(form, False)]
        while todo:
            text, templates = todo.pop()
            for name in _names(text, templates):
                macro = self._macros.get(name)
                known = self._definitions.get(name)
                if isinstance(macro, _Adopted) and macro.order not in found:
                    found[macro.order] = _renamed(macro.text, name)
                elif isinstance(macro, _Macro) and macro.order not in found:
                    found[macro.order] = (macro.form,)
                    # what it expands to is code of the body
                    todo.append((macro.form, True))
                if known is not None and known.order not in found:
                    found[known.order] = (known.form,)
                    todo.append((known.form, False))
        return tuple(each for order in sorted(found) for each in found[order])

    def _make(self, text: MacroText, call: ListForm) -> _Macro:
        """Make a macro of another module; nothing in its text has a place in this source."""
        made = self._made.get(text)
        if made is None:
            other = self.fork()
            forms = _forms(text)
            try:
                for form in forms:
                    (other.define if _is_macro(form) else other.note_definition)(form)
            except CompileError as error:
                message = f"The imported macro {text.name} does not compile: {error}"
                raise fail("E232", message, call, kind=error.diagnostics[0].kind) from error
            (*_, last) = other._macros.values()
            assert isinstance(last, _Macro)
            made = self._made[text] = last
        return made

    def _run(self, head: SymbolForm, macro: _Macro, form: ListForm) -> Form:
        name, operands = head.name, form.items[1:]
        _check_count(name, macro, form)
        depth = self._depth(form) + 1
        self._expansions_left -= 1
        if depth > MAX_DEPTH or self._expansions_left < 0:
            raise _endless(f"macro expansion too deep: {name} goes on expanding", head)
        origins = Origins()
        try:
            value = macro.function(*(form_to_value(operand, origins) for operand in operands))
            made = value_to_form(value, form, origins, self._parts_left)
        except RtfsError as error:
            raise fail("E232", f"Expanding {name} failed: {error.message}", form, kind=error.kind) from error
        except NotAForm:
            raise fail("E232", f"Expanding {name} failed: it gave something that is no form", form) from None
        except TooLarge:
            raise _endless(f"macro expansion too large: {name} makes too many forms", head) from None
        self._parts_left -= len(origins.made)
        self._keep(origins.made, depth)
        return made


def _arity(params: VectorForm) -> tuple[int, int | None]:
    """Count the parameters, which may have annotations."""
    count, at, items = 0, 0, params.items
    while at < len(items):
        item = items[at]
        name = item.name if isinstance(item, SymbolForm) else ""
        if name == "&":
            return count, None
        if name == ":":
            at += 2
            continue
        is_type = isinstance(item, Literal) and isinstance(item.value, Keyword)
        count += not is_type and name != "?"
        # the type of `x:` is the next item
        at += 2 if name.endswith(":") else 1
    return count, count


def _check_count(name: str, macro: _Macro, form: ListForm) -> None:
    count = len(form.items) - 1
    if count < macro.at_least or (macro.at_most is not None and count > macro.at_most):
        expected = str(macro.at_least) if macro.at_most is not None else f"at least {macro.at_least}"
        raise fail(
            "E230",
            f"Arity mismatch in macro {name}: expected {expected}, got {count}",
            form,
            hints=(f"Its parameters → {print_form(macro.form.items[2])}",),
            kind="ArityMismatch",
        )


def _endless(message: str, where: Form) -> CompileError:
    hint = "A macro must reach a form that is no macro call → (if (empty? xs) …)"
    return fail("E231", message, where, hints=(hint,))


def _names(form: Form, templates: bool) -> Iterator[str]:
    """Give the names in a text that code may mean: those in templates only if they are asked for."""
    todo: list[tuple[Form, int]] = [(form, 0)]
    while todo:
        item, level = todo.pop()
        match item:
            case SymbolForm(name=name):
                if templates or level == 0:
                    yield name
            case QuasiForm(form=inner):
                todo.append((inner, level + 1))
            case UnquoteForm(form=inner) | SpliceForm(form=inner):
                todo.append((inner, level - 1))
            case MetaForm(meta=meta, form=inner):
                todo += ((inner, level), (meta, level))
            case _:
                todo.extend((child, level) for child in reversed(getattr(item, "items", ())))


def _lists_made(made: Form, call: ListForm) -> list[ListForm]:
    """Give the lists of a built-in macro's expansion that are not operands of the call."""
    operands = {id(item) for item in call.items}
    todo: list[Form] = [made]
    found: list[ListForm] = []
    while todo:
        item = todo.pop()
        if id(item) not in operands:
            if isinstance(item, ListForm):
                found.append(item)
            todo.extend(getattr(item, "items", ()))
            if isinstance(item, MetaForm):
                todo.append(item.form)
    return found


def _is_macro(form: ListForm) -> bool:
    head = form.items[0]
    return isinstance(head, SymbolForm) and head.name == "defmacro"


def _forms(text: MacroText) -> list[ListForm]:
    forms = parse(SourceFile(text.name, text.source)).forms
    return [form for form in forms if isinstance(form, ListForm)]


def _renamed(text: MacroText, name: str) -> tuple[ListForm, ...]:
    """Give the text of a macro of another module, under the name it has here."""
    *before, last = _forms(text)
    renamed = SymbolForm(name, last.start, last.end)
    return (*before, ListForm([last.items[0], renamed, *last.items[2:]], last.start, last.end))
