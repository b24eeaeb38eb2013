"""Delegation marks: `^:delegation :local`, `:local-model "id"`, `:remote "id"`.

In: the text right after `^:…`. Out: target, model id and end of the mark; what is wrong goes into `problems`.
A mark is read as one token, because its parts are no forms of their own. Where it may stand is left to
`rtfsc.lower`. Source: delegation reference, section 1.1; language §2.7.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from rtfsc.source import Diagnostic, Edit, Span
from rtfsc.syntax.atoms import AtomError, read_atom

_BLANKS = re.compile(r"(?:[ \t\r\n,]++|;[^\n]*|#\|[\s\S]*?\|#)*+")
_RUN = re.compile(r"[^ \t\r\n,()\[\]{}\";]*")
_STRING = re.compile(r'"[^"\\]*+(?:\\[\s\S][^"\\]*+)*+"')
_NEEDS_MODEL = {":local": False, ":local-model": True, ":remote": True}


class Hint(NamedTuple):
    """A delegation mark that was read; a mark with a mistake counts as `local`, so that reading can go on."""

    target: str
    model_id: str | None
    end: int


def read_hint(text: str, start: int, end: int, problems: list[Diagnostic]) -> Hint:
    """Read the mark whose first word, `^:…`, is `text[start:end]`."""

    def report(code: str, message: str, at: int, until: int, hint: str) -> Hint:
        problems.append(Diagnostic(code, message, Span(at, until), (hint,)))
        return Hint("local", None, until)

    if text[start:end] != "^:delegation":
        return report("E010", f"Unknown metadata '{text[start:end]}'", start, end, _META_HINT)
    at, word_end, word = _word(text, end)
    needs_model = _NEEDS_MODEL.get(word)
    if needs_model is None:
        if not word:
            return report("E011", "Delegation without a target", start, end, _TARGET_HINT)
        return report("E011", f"Unknown delegation target '{word}'", at, word_end, _TARGET_HINT)
    hint = Hint(word[1:], None, word_end)
    if needs_model:
        model = _STRING.match(text, _blanks_end(text, word_end))
        if model is None or len(model[0]) == 2:
            example = f'{word} requires the id of a model as a string → ^:delegation {word} "id"'
            return report("E012", f"Delegation target {word} without a model id", at, word_end, example)
        try:
            model_id = str(read_atom(model[0])[1])
        except AtomError as error:
            return report(error.code, error.message, model.start(), model.end(), error.hint)
        hint = Hint(word[1:], model_id, model.end())
    _check_rest(text, hint.end, problems)
    return hint


_META_HINT = 'There are no flags, only maps and delegation marks → ^{:doc "text"}, ^:delegation :local'
_TARGET_HINT = 'A delegation target is :local, :local-model "id" or :remote "id" → ^:delegation :local'


def _blanks_end(text: str, at: int) -> int:
    found = _BLANKS.match(text, at)
    assert found is not None, "the pattern matches nothing, too"
    return found.end()


def _word(text: str, at: int) -> tuple[int, int, str]:
    start = _blanks_end(text, at)
    found = _RUN.match(text, start)
    assert found is not None, "the pattern matches nothing, too"
    return start, found.end(), found[0]


def _check_rest(text: str, end: int, problems: list[Diagnostic]) -> None:
    """Refuse what looks like a further argument of the mark: a keyword, or text glued to the model id."""
    at, until, word = _word(text, end)
    if word and (at == end or word[0] == ":"):
        hint = "The mark ends with its target or model id; then comes the form it belongs to → remove this"
        edit = Edit(at, until, "")
        problems.append(
            Diagnostic("E012", f"Unexpected '{word}' after delegation mark", Span(at, until), (hint,), edit)
        )
