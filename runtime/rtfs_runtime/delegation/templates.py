"""How a contract is worded: templates, by id.

In: a contract and arguments. Out: `ModelRequest`. A template's id stands for its text, which caches rely on:
whoever changes a text gives it a new id.

    contract-2   turns of a chat: the contract as system text, examples as turns
    few-shot-1   one text to be continued, as models without a chat template want it: `Text: …`, `Topic: …`
    args         the documentation and `arg0: …; arg1: …`
    prompt-1     the argument alone, for `llm-execute`
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Final, Literal, NamedTuple

from rtfs_runtime.delegation.answers import write_answer
from rtfs_runtime.delegation.contract import Contract
from rtfs_runtime.delegation.grammar import grammar_of
from rtfs_runtime.delegation.shapes import shape_text
from rtfs_runtime.errors import RtfsError
from rtfs_runtime.jsontext import to_json
from rtfs_runtime.printer import display, to_str
from rtfs_runtime.providers.base import NO_DATA, Example, Message, ModelRequest, Sampling
from rtfs_runtime.providers.labels import NEUTRAL, label_texts
from rtfs_runtime.types import FLOAT, INT, NUMBER, Type

Pairs = list[tuple[str, object]]
# texts without content: what a model answers to them is what it tends to whatever it is asked
_NEUTRAL: Final = ("N/A", "The", "...")
DEFAULT_TEMPLATE: Final = "contract-2"
FREE_TEXT: Final = "prompt-1"

DEFAULT_SAMPLING: Final = Sampling()


class Template(NamedTuple):
    """One way of wording.

    Shape: `system` words what is the same for every call; `question` the arguments of one; `answer` an
           answer, given as text, as examples and repairs show it. `stop` ends an answer. In the form text
           everything is joined by nothing, so each part ends as the next one needs it.
    """

    form: Literal["chat", "text"]
    system: Callable[[Contract], str]
    question: Callable[[Contract, Pairs], str]
    answer: Callable[[str], str] = str
    stop: tuple[str, ...] = ()


class _Fixed(NamedTuple):
    """What is the same in every request of a contract under a template."""

    system: str
    examples: tuple[Example, ...]
    grammar: str | None
    options: Mapping[str, object]


def make_request(
    contract: Contract,
    model_id: str,
    args: tuple[object, ...],
    template_id: str,
    sampling: Sampling = DEFAULT_SAMPLING,
) -> ModelRequest:
    """Word one call as a request; raises ValueError for a template that does not exist."""
    template = template_of(template_id)
    fixed = _fixed(contract, template_id)
    return ModelRequest(
        model_id=model_id,
        messages=(Message("user", template.question(contract, contract.named(args))),),
        system=fixed.system,
        sampling=sampling._replace(stop=(*sampling.stop, *template.stop)),
        schema=contract.result,
        schema_text=None if contract.result is None else contract.result_text,
        grammar=fixed.grammar,
        template_id=template_id,
        function=contract.symbol,
        options=fixed.options,
        examples=fixed.examples,
        form=template.form,
    )


def repair_request(request: ModelRequest, answer: str, reason: str) -> ModelRequest:
    """Ask again after an answer that was refused, showing it and what was wrong with it."""
    template = template_of(request.template_id)
    question = request.messages[0].text
    said = template.answer(answer.strip())
    wrong = f"That was wrong: {reason}. Answer again, with nothing but a value of the type."
    if template.form == "text":
        # the text goes on with another round, which ends in the cue as the first one did
        wrong = f"({' '.join(wrong.split())})\n\n{question}"
    again = (Message("assistant", said), Message("user", wrong))
    return request._replace(messages=(*request.messages, *again))


def template_of(template_id: str) -> Template:
    """Find a template; raises ValueError, which names those that there are."""
    found = TEMPLATES.get(template_id)
    if found is None:
        raise ValueError(f"unknown template `{template_id}`; there are {', '.join(TEMPLATES)}")
    return found


@lru_cache(1024)
def _fixed(contract: Contract, template_id: str) -> _Fixed:
    template = TEMPLATES[template_id]
    examples = tuple(
        Example(
            template.question(contract, contract.named(args)),
            template.answer(write_answer(result, contract.result)),
        )
        for args, result in contract.worked()
    )
    want = contract.result
    return _Fixed(
        template.system(contract),
        examples,
        None if want is None else grammar_of(want, in_text=template.form == "text"),
        NO_DATA if label_texts(want) is None else MappingProxyType({NEUTRAL: _neutral(contract, template)}),
    )


def _neutral(contract: Contract, template: Template) -> tuple[str, ...]:
    names = contract.params or ((contract.rest or "argument"),)
    return tuple(template.question(contract, [(name, text) for name in names]) for text in _NEUTRAL)


def _contract_system(contract: Contract) -> str:
    lines = [f"Answer as the function `{contract.name}` would."]
    if contract.doc:
        lines.append(contract.doc)
    shown = [
        name if want is None else f"{name}: {shape_text(want)}"
        for name, want in zip(contract.params, contract.param_types, strict=True)
    ]
    if shown:
        lines.append(f"Arguments: {', '.join(shown)}.")
    if contract.result is not None:
        lines.append(_wanted(contract.result))
    return "\n".join(lines)


_KINDS: Final[Mapping[Type, str]] = {INT: "an integer", FLOAT: "a number", NUMBER: "a number"}


def _wanted(kind: Type) -> str:
    labels = label_texts(kind)
    if labels is not None:
        return f"Answer with nothing but one of: {', '.join(labels)}."
    word = _KINDS.get(kind)
    return f"Answer with nothing but {word or f'JSON of this shape: {shape_text(kind)}'}."


def _contract_question(contract: Contract, pairs: Pairs) -> str:
    if len(pairs) == 1:
        return _shown(pairs[0][1])
    return "\n".join(f"{name}: {_shown(value)}" for name, value in pairs)


def _few_shot_system(contract: Contract) -> str:
    return f"{' '.join(contract.doc.split())}\n\n" if contract.doc else ""


def _few_shot_question(contract: Contract, pairs: Pairs) -> str:
    lines = [f"{_title(name)}: {_one_line(value)}" for name, value in pairs]
    return "\n".join([*lines, f"{_title(contract.name)}:"])


def _title(name: str) -> str:
    words = name.replace("-", " ").replace("_", " ").strip(" ?!*") or "answer"
    return words[0].upper() + words[1:]


def _one_line(value: object) -> str:
    shown = _shown(value)
    # a line break would end the argument
    return to_json(shown) if "\n" in shown or "\r" in shown else shown


def _args_question(contract: Contract, pairs: Pairs) -> str:
    return "; ".join(f"arg{place}: {display(value)}" for place, (_, value) in enumerate(pairs))


def _shown(value: object) -> str:
    """Show an argument: text as it is, data as JSON, what JSON has no form for as the language prints it."""
    if isinstance(value, str):
        return value
    try:
        return to_json(value)
    except RtfsError:
        return to_str(value)


TEMPLATES: Final[Mapping[str, Template]] = MappingProxyType(
    {
        DEFAULT_TEMPLATE: Template("chat", _contract_system, _contract_question),
        "few-shot-1": Template(
            "text", _few_shot_system, _few_shot_question, lambda answer: f" {answer}\n\n", ("\n",)
        ),
        "args": Template("chat", lambda contract: contract.doc, _args_question),
        FREE_TEXT: Template("chat", lambda contract: "", _contract_question),
    }
)
