"""Why brackets do not match: a scan of its own, made only after the grammar has failed.

In: a source. Out: diagnostics in the words of language §8.3, each with an edit that repairs its place.
The tokens are the lexer's, so strings and comments do not count. Within one definition only the first cause
is reported: what follows would be a consequence. A definition that starts a line is taken for a new
beginning, unless a closer that it cannot account for shows that it stood inside something.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any, NamedTuple

from rtfsc.source import Diagnostic, Edit, SourceFile, Span
from rtfsc.syntax.lexer import FormLexer, LexicalError

_CLOSER = {"(": ")", "[": "]", "{": "}"}
_OPENERS = frozenset({"LP", "LB", "LC", "FN"})
_CLOSERS = frozenset({"RP", "RB", "RC"})
_MOST_INSERTED = 40
_MOST_NOTES = 3


class _Opener(NamedTuple):
    char: str
    at: int


class _Problem(NamedTuple):
    """What was found, the closer it was found at, and what is open at the end of the text."""

    diagnostic: Diagnostic
    closer: str
    open: list[_Opener]


class _Suspect(NamedTuple):
    """The first form that starts a line at or left of the bottom opener: something before was left open."""

    at: int
    previous_end: int
    open: tuple[_Opener, ...]


def analyze_delimiters(source: SourceFile) -> list[Diagnostic]:
    """Find the brackets that do not match, one for each definition; none when all do.

    Cost: O(n).
    """
    tokens: list[Any] = []
    cut: LexicalError | None = None
    try:
        tokens.extend(FormLexer([]).tokenize(source.text))
    except LexicalError as error:
        cut = error
    first = next(_problems(source, tokens), None)
    if first is None or (cut is not None and first.diagnostic.code == "E022"):
        return [] if cut is None else [cut.diagnostic]
    several = _by_definition(source, tokens, complete=cut is None)
    found = several if len(several) > 1 else [first.diagnostic]
    return found if cut is None else [*found, cut.diagnostic]


def _by_definition(source: SourceFile, tokens: list[Any], *, complete: bool) -> list[Diagnostic]:
    """Report on each definition alone; the last one may be cut off."""
    found: list[Diagnostic] = []
    # what stays open may be closed behind definitions that stand inside it: number of the report, openers
    unclosed: list[tuple[int, list[_Opener]]] = []
    cancelled: set[int] = set()
    parts = list(_definitions(source.text, tokens))
    for part in parts:
        reported = False
        for problem in _problems(source, part):
            code = problem.diagnostic.code
            if code == "E020" and unclosed and _CLOSER[unclosed[-1][1][-1].char] == problem.closer:
                number, openers = unclosed[-1]
                openers.pop()
                if not openers:
                    cancelled.add(number)
                    unclosed.pop()
            elif not reported and (code != "E022" or complete or part is not parts[-1]):
                reported = True
                if code == "E022":
                    unclosed.append((len(found), problem.open))
                found.append(problem.diagnostic)
    return [problem for number, problem in enumerate(found) if number not in cancelled]


def _definitions(text: str, tokens: list[Any]) -> Iterator[list[Any]]:
    start = 0
    for number, (token, head) in enumerate(pairwise(tokens)):
        starts_line = number > 0 and token.type == "LP" and text[token.index - 1] == "\n"
        if starts_line and head.type == "ATOM" and head.value.startswith("def"):
            yield tokens[start:number]
            start = number
    yield tokens[start:]


def _problems(source: SourceFile, tokens: list[Any]) -> Iterator[_Problem]:
    """Find what does not match, going on as if each place had been repaired."""
    stack: list[_Opener] = []
    suspect: _Suspect | None = None
    previous_end = 0
    for token in tokens:
        if token.type in _OPENERS:
            at = token.end - 1
            if stack and suspect is None and _starts_line_left_of(source.text, token.index, stack[0].at):
                suspect = _Suspect(token.index, previous_end, tuple(stack))
            stack.append(_Opener(source.text[at], at))
        elif token.type in _CLOSERS:
            if not stack:
                yield _Problem(_unexpected(token.value, token.index), token.value, [])
            else:
                if _CLOSER[stack[-1].char] != token.value:
                    yield _Problem(_mismatched(source, stack, token, previous_end), token.value, [])
                    _close_up_to(stack, token.value)
                stack.pop()
            if not stack:
                suspect = None
        previous_end = token.end
    if stack:
        yield _Problem(_unclosed(source, stack, suspect, previous_end), "", stack)


def _close_up_to(stack: list[_Opener], closer: str) -> None:
    """Close what stands inside the opener that a closer belongs to, if there is one."""
    for depth in range(1, min(len(stack), _MOST_INSERTED) + 1):
        if _CLOSER[stack[-depth].char] == closer:
            del stack[len(stack) - depth + 1 :]
            return


def _starts_line_left_of(text: str, at: int, other: int) -> bool:
    line_start = text.rfind("\n", max(0, at - 200), at) + 1
    if not line_start or text[line_start:at].strip():
        return False
    return at - line_start <= other - (text.rfind("\n", 0, other) + 1)


def _unexpected(closer: str, at: int) -> Diagnostic:
    hints = (f"No opening delimiter is left for '{closer}' → remove it, or add the opening one",)
    return Diagnostic(
        "E020", f"Unexpected closing delimiter '{closer}'", Span(at, at + 1), hints, Edit(at, at + 1, "")
    )


def _mismatched(source: SourceFile, stack: list[_Opener], token: Any, previous_end: int) -> Diagnostic:
    closer, at = token.value, token.index
    opener = stack[-1]
    expected = _CLOSER[opener.char]
    line, column = source.line_column(opener.at)
    message = (
        f"Mismatched delimiter: found '{closer}' but expected '{expected}' "
        f"to close '{opener.char}' from line {line}:{column}"
    )
    missing = ""
    for depth in range(1, min(len(stack), _MOST_INSERTED) + 1):
        if _CLOSER[stack[-depth].char] == closer:
            break
        missing += _CLOSER[stack[-depth].char]
    else:
        missing = ""
    if missing:
        edit = Edit(previous_end, previous_end, missing)
        hint = f"'{opener.char}' is still open here → write {missing} before {closer}"
    else:
        edit = Edit(at, at + 1, expected)
        hint = f"'{opener.char}' is closed by '{expected}' → write {expected} for {closer}"
    notes = ((f"'{opener.char}' was opened here", Span(opener.at, opener.at + 1)),)
    hints = (hint, _KINDS_HINT)
    return Diagnostic("E021", message, Span(at, at + 1), hints, edit, notes=notes)


def _unclosed(
    source: SourceFile, stack: list[_Opener], suspect: _Suspect | None, previous_end: int
) -> Diagnostic:
    opener = stack[-1]
    line, column = source.line_column(opener.at)
    message = f"Unclosed delimiter: '{opener.char}' opened at line {line}:{column} was never closed"
    hints = []
    insert_at = previous_end
    if suspect is not None:
        likely = suspect.open[-1]
        here, there = source.line_column(likely.at), source.line_column(suspect.at)
        hints.append(
            f"By indentation, '{likely.char}' from line {here[0]}:{here[1]} should be closed "
            f"before line {there[0]} → add {_CLOSER[likely.char]} there"
        )
        # closing at that place is right only when nothing after it closes what was open there
        if list(suspect.open) == stack:
            insert_at = suspect.previous_end
    closers = "".join(_CLOSER[one.char] for one in reversed(stack))
    if opener.char == "(":
        hints.append("A function call or special form ends with a closing parenthesis → (f x y)")
    hints.append(_KINDS_HINT)
    edit = Edit(insert_at, insert_at, closers)
    notes = tuple(
        (f"'{outer.char}' around it is not closed either", Span(outer.at, outer.at + 1))
        for outer in stack[-2 : -2 - _MOST_NOTES : -1]
    )
    return Diagnostic("E022", message, Span(opener.at, opener.at + 1), tuple(hints), edit, notes=notes)


_KINDS_HINT = "Lists and calls use ( ), vectors [ ], maps { }"
