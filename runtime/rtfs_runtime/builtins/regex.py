"""Regular expressions with the semantics of Rust's regex crate: linear time, Unicode classes.

In: a pattern and a text. Out: matching texts. The binding of the crate is imported at the first use.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from rtfs_runtime.builtins.operands import text_of
from rtfs_runtime.builtins.table import builtin
from rtfs_runtime.errors import generic, type_error
from rtfs_runtime.limits import check_items
from rtfs_runtime.values import kind_name

_FIND = "[:fn [:string :string?] :string?]"


@lru_cache(maxsize=256)
def compiled(pattern: str) -> Any:
    """Compile a pattern, or give the one compiled before.

    Raises: Generic when the pattern is wrong, needs look-around or back-references, or is too large.
    """
    import rurex  # type: ignore[import-untyped]

    try:
        return rurex.compile(pattern)
    except rurex.PatternError as error:
        raise generic(f"invalid regular expression: {error}") from None


def _whole(text: str, operation: str) -> str:
    """Refuse what has no UTF-8 form: the crate works on that."""
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            raise generic(f"{operation}: lone surrogate in the text") from None
    return text


def _subject(text: object, operation: str) -> str:
    return _whole(text_of(text, operation), operation)


def _pattern(pattern: object, operation: str) -> Any:
    if not isinstance(pattern, str):
        raise type_error("string", kind_name(pattern), operation)
    return compiled(_whole(pattern, operation))


@builtin(
    "re-find",
    _FIND,
    raises=("TypeError", "Generic"),
    examples=(
        ('(re-find "[0-9]+" "v12b7")', '"12"'),
        ('(re-find "z" "abc")', "nil"),
        ('(re-find "(" "a")', "!Generic"),
        ('(re-find "a" nil)', "nil"),
    ),
)
def re_find(pattern: str, text: str | None) -> str | None:
    """Give the first match, nil when there is none."""
    found = _pattern(pattern, "re-find")
    match = None if text is None else found.search(_subject(text, "re-find"))
    return None if match is None else match.group()


@builtin(
    "re-matches",
    _FIND,
    raises=("TypeError", "Generic"),
    examples=(('(re-matches "a|ab" "ab")', '"ab"'), ('(re-matches "a+" "xaay")', "nil")),
)
def re_matches(pattern: str, text: str | None) -> str | None:
    """Give the text when the pattern matches all of it, else nil."""
    found = _pattern(pattern, "re-matches")
    match = None if text is None else found.fullmatch(_subject(text, "re-matches"))
    return None if match is None else match.group()


@builtin(
    "re-seq",
    "[:fn [:string :string?] [:vector :string]]",
    raises=("TypeError", "Generic"),
    examples=(('(re-seq "[a-z]+" "ab-cd-e")', '["ab" "cd" "e"]'), ('(re-seq "a*" "baac")', '["" "aa" ""]')),
)
def re_seq(pattern: str, text: str | None) -> tuple[str, ...]:
    """Give all matches that do not overlap; an empty one right after another match is skipped."""
    found = _pattern(pattern, "re-seq")
    if text is None:
        return ()
    subject = _subject(text, "re-seq")
    if not found.groups:
        # without an empty match both rules are one, and this walk makes no match objects
        texts = found.findall(subject)
        if "" not in texts:
            check_items(len(texts))
            return tuple(texts)
    return _matches(found, subject)


def _matches(pattern: Any, text: str) -> tuple[str, ...]:
    """Walk the binding's matches, which follow Python's rule after an empty match, by the crate's own rule.

    After an empty match the crate looks from the next character on, Python for a longer match at the same
    place first. The walk starts anew where they part (`a??`, `|a`); all other patterns take one pass.
    """
    found: list[str] = []
    start, last_end = 0, -1
    while start <= len(text):
        empty_at = -1
        for match in pattern.finditer(text, start):
            begin, end = match.span()
            if begin == empty_at:
                start = begin + 1
                break
            empty_at = end if begin == end else -1
            if begin != end or end != last_end:
                found.append(text[begin:end])
                last_end = end
        else:
            break
    check_items(len(found))
    return tuple(found)
