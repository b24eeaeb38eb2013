"""The turns of a chat as the text that a model was trained on. Runs in the child process only.

In: turns, and the template of the model. Out: pieces of text, of which the template's own may hold marks such
as `<|im_start|>` and those of users may not: what a user writes is never read as a mark.
"""

from __future__ import annotations

import ctypes
import re
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import llama_cpp as llama

from rtfs_runtime.providers.llama.engine import EngineError

# private-use characters, which no template changes
_PLACE: Final = re.compile("\ue000([0-9]+)\ue001")
_ROOM_BYTES: Final = 4096


class Turn(NamedTuple):
    """One turn: `system`, `user` or `assistant`, and its text."""

    role: str
    text: str


class Piece(NamedTuple):
    """A piece of a prompt; `mark` pieces come from the template."""

    text: str
    mark: bool


class Layout(NamedTuple):
    """A prompt in two: what is the same for every call of a function, and the rest."""

    prefix: list[Piece]
    rest: list[Piece]


class Format(NamedTuple):
    """How a model wants turns: its own template, or the name of a format that llama.cpp knows; `marks` begin
    and end a sequence."""

    template: str
    name: str | None
    marks: tuple[str, str]


def lay_out(turns: Sequence[Turn], fixed: int, form: Format) -> Layout:
    """Lay out turns, of which the first `fixed` are the same for every call.

    Raises: EngineError for a template that cannot be used.
    """
    if not form.template and form.name is None:
        # a model that was trained on no turns
        texts = [Piece(f"{turn.text}\n\n", False) for turn in turns]
        return Layout(texts[:fixed], texts[fixed:])
    marked = [Turn(turn.role, f"\ue000{place}\ue001") for place, turn in enumerate(turns)]
    try:
        text = _by_template(marked, form) if form.name is None else _by_name(marked, form.name)
    except EngineError:
        if len(turns) < 2 or turns[0].role != "system":
            raise
        # a template that knows no system turn: its text goes before the first question
        first = Turn(turns[1].role, f"{turns[0].text}\n\n{turns[1].text}")
        return lay_out([first, *turns[2:]], max(0, fixed - 1), form)
    parts = _PLACE.split(text)
    if [int(number) for number in parts[1::2]] != list(range(len(turns))):
        raise EngineError("the chat template of the model does not show each turn once: set `chat_format`")
    pieces = [
        Piece(part, True) if place % 2 == 0 else Piece(turns[int(part)].text, False)
        for place, part in enumerate(parts)
    ]
    return Layout(pieces[: 2 * fixed + 1], pieces[2 * fixed + 1 :])


def _by_template(turns: list[Turn], form: Format) -> str:
    """Render the model's own template, which is code from a file: in a sandbox."""
    # llama-cpp-python brings it
    from jinja2 import TemplateError
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    def refuse(message: str) -> None:
        raise TemplateError(message)

    world = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=["jinja2.ext.loopcontrols"]
    )
    messages: list[dict[str, Any]] = [{"role": turn.role, "content": turn.text} for turn in turns]
    try:
        text: str = world.from_string(form.template).render(
            messages=messages,
            add_generation_prompt=True,
            bos_token=form.marks[0],
            eos_token=form.marks[1],
            raise_exception=refuse,
        )
        return text
    except Exception as error:
        # border: a template is a program of somebody else
        raise EngineError(f"the chat template of the model fails: {error}") from None


def _by_name(turns: list[Turn], name: str) -> str:
    rows = (llama.llama_chat_message * len(turns))()
    for row, turn in zip(rows, turns, strict=True):
        row.role, row.content = turn.role.encode(), turn.text.encode()
    room = _ROOM_BYTES + 4 * sum(len(turn.text) for turn in turns)
    buffer = ctypes.create_string_buffer(room)
    size = llama.llama_chat_apply_template(name.encode(), rows, len(turns), True, buffer, room)
    if not 0 <= size <= room:
        raise EngineError(
            f"llama.cpp knows no chat format `{name}`; there are, for example, chatml, gemma, llama3"
        )
    return buffer.raw[:size].decode("utf-8")
