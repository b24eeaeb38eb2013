"""Candidates for words: misspelt names, keywords and types, and words of other languages.

In: a report about a text. Out: edits that replace one word. Words are compared by the number of letters that
differ, an exchange of neighbours being one.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Final

from rtfs_runtime.builtins import BUILTINS
from rtfs_runtime.errors import KINDS
from rtfs_runtime.types import PREDICATES, PRIMS
from rtfsc.expand.macros import MACROS
from rtfsc.lower.specials import SPECIALS
from rtfsc.repair.patient import Candidate, Patient, below, head, inside
from rtfsc.source import Edit
from rtfsc.syntax.forms import ListForm, Literal, SymbolForm

# what people and models bring along from other languages
FOREIGN: Final[Mapping[str, tuple[str, ...]]] = {
    "defun": ("defn",), "define": ("def", "defn"), "function": ("defn", "fn"), "func": ("defn", "fn"),
    "setq": ("def",), "defparameter": ("def",), "defvar": ("def",), "const": ("def",), "var": ("def",),
    "progn": ("do",), "begin": ("do",), "block": ("do",), "let*": ("let",), "letrec": ("let",),
    "letfn": ("let",), "null": ("nil",), "None": ("nil",), "undefined": ("nil",), "NULL": ("nil",),
    "nill": ("nil",), "True": ("true",), "False": ("false",), "TRUE": ("true",), "FALSE": ("false",),
    "#t": ("true",), "#f": ("false",), "else": (":else",), "otherwise": (":else", "_"),
    "default": (":else", "_"), "elif": ("cond",), "&&": ("and",), "||": ("or",), "|": ("or",),
    "!": ("not",), "!not": ("not",), "===": ("=",), "eq?": ("=",), "equal?": ("=",), "eq": ("=",),
    "<>": ("not=",), "/=": ("not=",), "!==": ("not=",), "switch": ("match", "cond"), "case": ("match",),
    "except": ("catch",), "rescue": ("catch",), "on-error": ("catch",), "ensure": ("finally",),
    "raise": ("throw",), "car": ("first",), "cdr": ("rest",), "append": ("concat", "conj"),
    "push": ("conj",), "size": ("count",), "lambda": ("fn",), "foreach": ("doseq",), "for-each": ("doseq",),
    "while": ("step-loop",), "foldl": ("reduce",), "fold": ("reduce",), "format": ("str",),
    "concat-str": ("str",), "string-append": ("str",), "display": ("println",), "...": ("&",),
    "&rest": ("&",), "unless": ("when",), "defstruc": ("defstruct",), "require": ("import",),
    "use": ("import",), "ns": ("module",), "to-string": ("str",), "puts": ("println",),
    "echo": ("println",), "toUpperCase": ("upper-case",), "toLowerCase": ("lower-case",),
    "parseInt": ("parse-int",), "len": ("count",), "in?": ("contains?",), "includes?": ("contains?",),
    ":remote-model": (":remote",), ":cloud": (":remote",), ":api": (":remote",), ":model": (":local-model",),
    ":on-device": (":local-model",), ":self": (":local",),
}  # fmt: skip
_OPTIONS: Final = (
    ":keys", ":as", ":or", ":else", ":when", ":exports", ":only", ":refer", ":all", ":expose-context",
    ":context-keys", ":params", ":merge-policy", ":model", ":prompt", ":system", ":id", ":local",
    ":local-model", ":remote", ":delegation",
)  # fmt: skip
_COMPOUND_TYPES: Final = (
    "vector", "list", "tuple", "array", "map", "record", "struct", "map-of", "dict", "fn", "union", "or",
    "and", "val", "enum", "one-of", "resource", "optional",
)  # fmt: skip
_COMMENT: Final = re.compile(r"[ \t]*(//+|#+(?![|({])|--+)")
_NAME_IN_MESSAGE: Final = re.compile(r"(?:Undefined symbol:|catch) (\S+) is ")
_HUMP: Final = re.compile(r"(?<=[a-z0-9])([A-Z])")
_MOST_NEAR: Final = 4
_SHORTEST_BEGINNING: Final = 4
# what a single letter may be the rest of
_SHORTEST_HEADS: Final = ("fn", "if", "do")


def candidates(patient: Patient) -> Iterator[Candidate]:
    """Give words that may have been meant where the report is, or at the head of a form around it."""
    yield from _comment(patient)
    names = vocabulary(patient)
    start, _, word = patient.word()
    if word:
        yield from _replaced(word, start, names, 0.0)
    yield from _named(patient, names)
    for depth, symbol in enumerate(_unknown_heads(patient)):
        yield from _replaced(symbol.name, symbol.start, names, 0.1 * (depth + 1))
    for place in patient.around():
        for form in below(place.form):
            if isinstance(form, Literal | SymbolForm) and patient.part(form) not in names:
                yield from _replaced(patient.part(form), form.start, names, 1.0)


def _named(patient: Patient, names: frozenset[str]) -> Iterator[Candidate]:
    """Give edits of the name in a report whose place is elsewhere: in a template, after `catch`."""
    found = _NAME_IN_MESSAGE.match(patient.problem.message)
    if found is None:
        return
    for symbol in [each for each in inside(patient.forms) if patient.part(each) == found[1]][:_MOST_NEAR]:
        yield from _replaced(found[1], symbol.start, names, 0.5)


def nearest(word: str, known: Iterable[str]) -> list[str]:
    """Give the few known words that differ least from a word, the nearest first."""
    if len(word) < 2:
        return list(_SHORTEST_HEADS) if word.isalpha() else []
    most = 1 if len(word) < 5 else 2 if len(word) < 9 else 3
    kind = word[:1] == ":"
    found = []
    for each in known:
        if each != word and (each[:1] == ":") == kind and abs(len(each) - len(word)) <= most:
            away = distance(word, each)
            if away <= most:
                found.append((away, each))
        elif len(word) >= _SHORTEST_BEGINNING and each != word and each.startswith(word):
            found.append((most + 1, each))
    return [each for _, each in sorted(found)[:_MOST_NEAR]]


def distance(left: str, right: str) -> int:
    """Count the letters to insert, remove, replace or exchange with their neighbour."""
    before: list[int] = []
    row = list(range(len(right) + 1))
    for i, a in enumerate(left):
        following = [i + 1]
        for j, b in enumerate(right):
            best = min(row[j] + (a != b), row[j + 1] + 1, following[j] + 1)
            if i and j and a == right[j - 1] and left[i - 1] == b:
                best = min(best, before[j - 1] + 1)
            following.append(best)
        before, row = row, following
    return row[-1]


def vocabulary(patient: Patient) -> frozenset[str]:
    """Give the words that have a meaning somewhere in a text; for a report about a type, the types."""
    types = {":" + name for name in (*PRIMS, *_COMPOUND_TYPES, *PREDICATES, "any", "never")}
    if patient.problem.code.startswith("E3"):
        declared = [
            below(f)[1] for f in inside(patient.forms) if head(f) in ("deftype", "defstruct") and below(f)[1:]
        ]
        return frozenset((*types, *(":" + patient.part(each) for each in declared)))
    words = {
        *BUILTINS,
        *SPECIALS,
        *MACROS,
        *KINDS,
        *_OPTIONS,
        "catch",
        "finally",
        "when",
        "nil",
        "true",
        "false",
    }
    words.update(types)
    counts: dict[str, int] = {}
    for form in inside(patient.forms):
        if isinstance(form, SymbolForm):
            counts[form.name] = counts.get(form.name, 0) + 1
        elif isinstance(form, Literal) and patient.text[form.start] == ":":
            part = patient.part(form)
            counts[part] = counts.get(part, 0) + 1
    _, _, reported = patient.word()
    # a keyword that stands in one place only may be misspelt there
    words.update(word for word, count in counts.items() if word != reported and (word[0] != ":" or count > 1))
    return frozenset(words)


def _plain(word: str) -> list[str]:
    """Give a qualified or camelCased name as it would be called here: `str/upper`, `readFile`."""
    last = word.rpartition("/")[2] or word
    kebab = _HUMP.sub(r"-\1", last).lower()
    prefix = word.rpartition("/")[0].rpartition(".")[2]
    return [last, kebab, f"{prefix}-{last}", f"string-{last}", kebab.replace("_", "-")]


def _replaced(word: str, start: int, known: Collection[str], rank: float) -> Iterator[Candidate]:
    near = nearest(word, known)
    # a name one letter away is likelier than a word of another language
    close = [each for each in near if distance(word, each) == 1]
    plain = [each for each in _plain(word) if each in known]
    for number, each in enumerate(dict.fromkeys((*close, *FOREIGN.get(word, ()), *plain, *near))):
        yield Candidate(rank + number / 100, Edit(start, start + len(word), each))


def _unknown_heads(patient: Patient) -> list[SymbolForm]:
    """Give names without a meaning at the head of forms, those around the report first."""
    around = [place.form for place in patient.around()]
    forms = [*around, *inside(around[-1:])]
    heads: dict[int, SymbolForm] = {}
    defined = {
        patient.part(items[1]) for f in patient.forms if head(f).startswith("def") and (items := below(f))[1:]
    }
    known = {*BUILTINS, *SPECIALS, *MACROS, *defined, "catch", "finally"}
    for form in forms:
        if isinstance(form, ListForm) and form.items and isinstance(form.items[0], SymbolForm):
            symbol = form.items[0]
            if symbol.name not in known and (symbol.name in FOREIGN or nearest(symbol.name, known)):
                heads[symbol.start] = symbol
    return list(heads.values())[:8]


def _comment(patient: Patient) -> Iterator[Candidate]:
    start, end = patient.line()
    found = _COMMENT.match(patient.text, start, end)
    if found is not None:
        yield Candidate(-1.0, Edit(found.start(1), found.end(1), ";;"))
