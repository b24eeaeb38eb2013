"""Candidates for brackets that do not match: every single change that makes them match, by indentation.

In: a text. Out: edits that insert, remove, replace or exchange brackets. Each is measured by how well the
lines of the result are indented for the brackets they stand in: people and models get the indentation right
more often than the number of brackets.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from rtfsc.repair.patient import Candidate, Patient
from rtfsc.source import Edit
from rtfsc.syntax.lexer import FormLexer, LexicalError

_CLOSER: Final = {"(": ")", "[": "]", "{": "}"}
_OPENERS: Final = frozenset("([{")
_CLOSERS: Final = frozenset(")]}")
# a piece with more tokens than this is not searched: the work grows with the square
_MOST_TOKENS: Final = 1_500
_MOST_MISSING: Final = 6
# how likely each kind of change is, in parts of one wrongly indented line
_CLOSER_RANK: Final = 0.0
_OTHER_KIND_RANK: Final = 0.05
_OPENER_RANK: Final = 0.3
_AWAY_RANK: Final = 1e-6


class _Token(NamedTuple):
    """A bracket, or any other token (`char` is empty). `indent`: its column, when it begins a line."""

    char: str
    at: int
    end: int
    column: int
    indent: int


class _Open(NamedTuple):
    char: str
    column: int
    inner: list[int]


def candidates(patient: Patient) -> Iterator[Candidate]:
    """Give the changes of brackets that make them match."""
    tokens = _tokens(patient.text)
    for piece in _pieces(tokens):
        if _cost(piece) is None and len(piece) <= _MOST_TOKENS:
            yield from _changes(piece, patient.problem.span.start)


def _tokens(text: str) -> list[_Token]:
    found: list[_Token] = []
    start, line_end = 0, -1
    try:
        for token in FormLexer([]).tokenize(text):
            at, end = token.index, token.end
            begins = at > line_end
            if begins:
                start = text.rfind("\n", 0, at) + 1
                line_end = text.find("\n", at) if text.find("\n", at) >= 0 else len(text)
            if token.type in ("LP", "LB", "LC", "RP", "RB", "RC", "FN"):
                at = end - 1
            column = at - start
            char = text[at] if end - at == 1 and text[at] in "()[]{}" else ""
            found.append(_Token(char, at, end, column, column if begins else -1))
    except LexicalError:
        return []
    return found


def _pieces(tokens: list[_Token]) -> Iterator[list[_Token]]:
    """Give the parts of a text that begin with a bracket in the first column; all of it when such a part can
    only be a part of a form."""
    pieces: list[list[_Token]] = []
    for token in tokens:
        if not pieces or (token.indent == 0 and token.char in _OPENERS and token.char):
            pieces.append([])
        pieces[-1].append(token)
    if sum(_cost(piece) is None for piece in pieces) > 1:
        yield tokens
    yield from pieces


def _cost(tokens: list[_Token]) -> float | None:
    """Measure how badly lines are indented for their brackets; None when the brackets do not match."""
    stack: list[_Open] = []
    closed: list[int] = []
    cost = 0.0
    for token in tokens:
        char = token.char
        if token.indent >= 0:
            if char not in _CLOSERS or not char:
                cost += _line_cost(stack, closed, token.indent)
            closed = []
        if char in _CLOSERS and char:
            if not stack or _CLOSER[stack[-1].char] != char:
                return None
            closed.append(stack.pop().column)
            continue
        if stack and token.column >= 0:
            stack[-1].inner.append(token.column)
        if char:
            stack.append(_Open(char, token.column, []))
    return None if stack else cost


def _line_cost(stack: list[_Open], closed: list[int], indent: int) -> float:
    if not stack:
        return float(indent > 0) + sum(column < indent for column in closed)
    top = stack[-1]
    cost = float(sum(one.column >= indent for one in stack))
    # a bracket closed on the line before, left of this line: it should have been open still
    cost += any(top.column < column < indent for column in closed)
    if cost == 0:
        usual = {top.column + 1, top.column + 2, *top.inner[:2]} if top.char == "(" else {top.column + 1}
        cost = 0.0 if indent in usual else 0.4
    return cost


def _changes(tokens: list[_Token], reported: int) -> Iterator[Candidate]:
    for rank, edit, made in _edits(tokens):
        cost = _cost(made)
        if cost is not None:
            # a bracket that is too many or wrong is likely the one that did not match
            away = abs(edit.start - reported) * _AWAY_RANK if edit.start < edit.end else 0.0
            yield Candidate(cost + rank + away, edit)


_Change = tuple[float, Edit, list[_Token]]


def _edits(tokens: list[_Token]) -> Iterator[_Change]:
    """Give changes of one place, with the tokens that each would make."""
    for i, token in enumerate(tokens):
        before, after = tokens[:i], tokens[i + 1 :]
        at = token.at
        if token.char in _CLOSERS and token.char:
            yield _CLOSER_RANK, Edit(at, at + 1, ""), _without(before, token, after)
            for other in _CLOSERS - {token.char}:
                yield _OTHER_KIND_RANK, Edit(at, at + 1, other), [*before, token._replace(char=other), *after]
            following = after[0] if after else None
            if following and following.char in _CLOSERS and following.char not in (token.char, ""):
                swapped = [token._replace(char=following.char), following._replace(char=token.char)]
                edit = Edit(at, following.end, following.char + token.char)
                yield _OTHER_KIND_RANK, edit, [*before, *swapped, *after[1:]]
        elif token.char:
            for other in _OPENERS - {token.char}:
                yield _OTHER_KIND_RANK, Edit(at, at + 1, other), [*before, token._replace(char=other), *after]
        for opener in "([{":
            made = _Token(opener, at, at + 1, token.column, token.indent)
            yield _OPENER_RANK, Edit(at, at, opener), [*before, made, token._replace(indent=-1), *after]
    yield from _closings(tokens)


def _without(before: list[_Token], gone: _Token, after: list[_Token]) -> list[_Token]:
    if gone.indent >= 0 and after and after[0].indent < 0:
        after = [after[0]._replace(indent=after[0].column), *after[1:]]
    return [*before, *after]


def _closings(tokens: list[_Token]) -> Iterator[_Change]:
    """Give insertions of the closers that are missing at one place, the last place first."""
    stacks: list[tuple[str, ...]] = []
    stack: tuple[str, ...] = ()
    for token in tokens:
        if token.char in _OPENERS and token.char:
            stack = (*stack, token.char)
        elif token.char:
            stack = stack[:-1]
        stacks.append(stack)
    for i in range(len(tokens) - 1, -1, -1):
        text = ""
        end = tokens[i].end
        for opener in reversed(stacks[i][-_MOST_MISSING:]):
            text += _CLOSER[opener]
            added = [_Token(char, end, end + 1, -1, -1) for char in text]
            # each further closer is a mistake more
            yield 0.02 * len(text), Edit(end, end, text), [*tokens[: i + 1], *added, *tokens[i + 1 :]]
