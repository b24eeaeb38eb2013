"""Examples of a function, `^{:examples [[argument… result] …]}`: what a model is shown of it.

In: the form of the examples, and the function's types. Out: the tagged encoding that the interface keeps,
after everything that could be wrong with them was found. Source: delegation §3.1.
"""

from __future__ import annotations

from typing import Final

from rtfs_runtime.delegation.answers import AnswerError, read_answer, write_answer
from rtfs_runtime.tagged import encode_json
from rtfs_runtime.types import ANY, STRING, Type, compile_check
from rtfsc.diagnostics import fail
from rtfsc.expand.values import form_to_value
from rtfsc.ir.nodes import Fn
from rtfsc.syntax.forms import Form, Literal, MapForm, VectorForm

_SHAPE: Final = 'Each example is its arguments and then its result → ^{:examples [["I love it" :positive]]}'


def examples_text(fn: Fn, form: Form) -> str:
    """Check examples and give them as a tagged value.

    Raises: CompileError.
    """
    if not isinstance(form, VectorForm):
        raise fail("E221", "Examples are a vector", form, hints=(_SHAPE,))
    return encode_json(tuple(_row(fn, row, number) for number, row in enumerate(form.items, 1)))


def misplaced(form: Form) -> Exception:
    """Make the error for examples of a function that no interface describes."""
    hint = "Examples are given to a function with a name of its own → (defn f ^{:examples [[1 2]]} [x] …)"
    return fail("E221", "Examples belong to a defn at top level", form, hints=(hint,))


def _row(fn: Fn, form: Form, number: int) -> tuple[object, ...]:
    if not isinstance(form, VectorForm):
        raise fail("E221", f"Example {number} is no vector", form, hints=(_SHAPE,))
    count = len(fn.params)
    given = len(form.items) - 1
    if given < count or (given > count and fn.rest is None):
        wanted = f"{count}{'' if fn.rest is None else ' or more'} argument{'' if count == 1 else 's'}"
        message = (
            f"Example {number} has {len(form.items)} parts; {fn.name} takes {wanted}, then comes the result"
        )
        raise fail("E221", message, form, hints=(_SHAPE,))
    types = [*fn.param_types, *[fn.rest_type] * (given - count)]
    args = [_argument(item, kind, number) for item, kind in zip(form.items[:-1], types, strict=True)]
    return (*args, _result(form.items[-1], fn.return_type, number))


def _argument(form: Form, kind: Type, number: int) -> object:
    value = _constant(form, number)
    failure = compile_check(kind)(value)
    if failure is not None:
        hint = "An example's arguments have the types of the parameters → change one of them"
        message = f"Example {number}: {failure}".replace(" at :", ":")
        raise fail("E221", message, form, hints=(hint,))
    return value


def _result(form: Form, kind: Type, number: int) -> object:
    """Check a result by what a model would answer: its text is read as answers are."""
    value = _constant(form, number)
    try:
        if kind in (ANY, STRING):
            failure = compile_check(kind)(value)
            if failure is not None:
                raise ValueError(failure)
            return value
        return read_answer(write_answer(value, kind), kind)
    except (AnswerError, ValueError) as error:
        hint = "An example's result has the type that the function returns → change one of them"
        message = f"Example {number}: {error}".replace("the answer is", "the result is")
        message = message.replace(" at :", ":")
        raise fail("E221", message, form, hints=(hint,)) from None


def _constant(form: Form, number: int) -> object:
    todo: list[Form] = [form]
    while todo:
        item = todo.pop()
        if isinstance(item, (VectorForm, MapForm)):
            todo.extend(item.items)
        elif not isinstance(item, Literal):
            hint = "A model is shown values, not programs → write the value itself"
            raise fail("E221", f"Example {number} is no constant", item, hints=(hint,))
    return form_to_value(form)
