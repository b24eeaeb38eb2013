"""Candidates for types in the notation of another language: `{:a :int}`, `[:maybe T]`, `[string]`, `double`.

In: a report about a text that can be read. Out: edits that write the type at the report as language §5.1 has
it. What was meant is guessed here; whether it helps is left to the search.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from rtfs_runtime.types import PRIMS
from rtfsc.repair.patient import Candidate, Patient, below, head
from rtfsc.source import Edit
from rtfsc.syntax.forms import Form, Literal, MapForm, SymbolForm, VectorForm

_NAMES: Final[Mapping[str, str]] = {
    "double": "float", "real": "float", "decimal": "float", "f64": "float", "f32": "float", "num": "number",
    "long": "int", "i32": "int", "i64": "int", "u32": "int", "bigint": "int", "null": "nil", "none": "nil",
    "void": "nil", "unit": "nil", "dict": "map", "object": "map", "hash-map": "map", "hash": "map",
    "record": "map", "array": "vector", "seq": "vector", "sequence": "vector", "vec": "vector",
    "text": "string", "char": "string", "date": "timestamp", "datetime": "timestamp", "time": "timestamp",
    "kw": "keyword", "sym": "symbol", "lambda": "fn", "func": "fn", "unknown": "any", "dynamic": "any",
}  # fmt: skip
_HEADS: Final[Mapping[str, str]] = {
    "maybe": "optional", "option": "optional", "nullable": "optional", "opt": "optional", "?": "optional",
    "either": "union", "any-of": "union", "oneof": "union", "|": "union", "vec": "vector", "seq": "vector",
    "sequence": "vector", "coll": "vector", "set": "vector", "list-of": "vector", "vector-of": "vector",
    "array-of": "vector", "dictionary": "map-of", "hash-map": "map-of", "object": "map", "pair": "tuple",
    "literal": "val", "eq": "val", "=": "val", "choice": "enum", "function": "fn",
}  # fmt: skip
_RECORDS: Final = ("map", "record", "struct")
_CHOICES: Final = ("enum", "one-of")
_FIRST: Final = -0.6
_DEEPEST: Final = 50


def candidates(patient: Patient) -> Iterator[Candidate]:
    """Give the forms around the report as types, the innermost first."""
    for depth, place in enumerate(patient.around()):
        form, around = place.form, place.around
        rank = _FIRST + depth / 100
        if head(form) == "defstruct":
            yield from (Candidate(rank, edit) for edit in _fields(patient, form))
        elif isinstance(form, VectorForm | MapForm) or (depth == 0 and isinstance(form, Literal)):
            for number, text in enumerate(dict.fromkeys(_spelled(patient, form))):
                # beside a name a compound type follows a colon
                colon = ":" if isinstance(around, VectorForm) and patient.problem.code == "E115" else ""
                if colon + text != patient.part(form):
                    yield Candidate(rank + number / 1000, Edit(form.start, form.end, colon + text))


def _fields(patient: Patient, form: Form) -> Iterator[Edit]:
    """`(defstruct P {:x :int})`, `(defstruct P [x :int])`, `(defstruct P [:x :int] [:y :int])`."""
    groups = below(form)[2:]
    if not groups or not all(isinstance(group, MapForm | VectorForm) for group in groups):
        return
    texts: list[str] = []
    for group in groups:
        items = below(group)
        if all(isinstance(item, VectorForm) and len(item.items) == 2 for item in items):
            items = [part for item in items for part in below(item)]
        if len(items) % 2:
            return
        for key, kind in zip(items[::2], items[1::2], strict=True):
            texts += [_key(patient, key), _best(patient, kind)]
    yield Edit(groups[0].start, groups[-1].end, " ".join(texts))


def _key(patient: Patient, form: Form) -> str:
    text = patient.part(form)
    return ":" + text.strip(":") if isinstance(form, SymbolForm) else text


def _best(patient: Patient, form: Form, depth: int = 0) -> str:
    return next(_spelled(patient, form, depth), patient.part(form))


def _spelled(patient: Patient, form: Form, depth: int = 0) -> Iterator[str]:
    """Give what a form may mean as a type, the likeliest first."""
    text = patient.part(form)
    if depth > _DEEPEST:
        return
    if isinstance(form, MapForm):
        yield _record(patient, form.items, depth)
    elif isinstance(form, VectorForm) and form.items:
        yield from _compound(patient, form, depth)
    elif isinstance(form, SymbolForm | Literal):
        bare = text.removeprefix(":").removesuffix("?").lower()
        mark = "?" if text.endswith("?") else ""
        yield f":{_NAMES[bare]}{mark}" if bare in _NAMES else text


def _record(patient: Patient, items: list[Form], depth: int) -> str:
    pairs = zip(items[::2], items[1::2], strict=False)
    entries = [f"[{_key(patient, key)} {_best(patient, kind, depth + 1)}]" for key, kind in pairs]
    return f"[:map {' '.join(entries)}]" if entries else ":map"


def _compound(patient: Patient, form: VectorForm, depth: int) -> Iterator[str]:
    first, rest = form.items[0], form.items[1:]
    name = patient.part(first).removeprefix(":")
    parts = [_best(patient, part, depth + 1) for part in rest]
    if not rest:
        kind = _best(patient, first, depth + 1)
        of_many, alone = f"[:vector {kind}]", kind
        yield from (
            (of_many, alone) if isinstance(first, SymbolForm | VectorForm | MapForm) else (alone, of_many)
        )
    elif name in _RECORDS and not any(isinstance(part, VectorForm) for part in rest[::2]):
        is_table = len(rest) == 2 and patient.part(rest[0]).removeprefix(":") in PRIMS
        yield f"[:map-of {' '.join(parts)}]" if is_table else _record(patient, rest, depth)
    elif name in _CHOICES or _HEADS.get(name) in _CHOICES:
        yield f"[:enum {' '.join(_key(patient, part) for part in rest)}]"
    elif isinstance(first, Literal | SymbolForm):
        yield f"[:{_HEADS.get(name, name)} {' '.join(parts)}]"
