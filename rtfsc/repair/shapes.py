"""Candidates for forms of a wrong shape: operands in the wrong place, the wrong brackets, one too many.

In: a report about a text that can be read. Out: edits of the forms around the report, the innermost first.
Each maker of candidates knows one mistake; it gives whatever may have been meant, and leaves it to the
search to try.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from rtfsc.repair.patient import Candidate, Patient, Place, below, head, inside
from rtfsc.source import Edit
from rtfsc.syntax.forms import Form, ListForm, Literal, MapForm, MetaForm, SymbolForm, VectorForm

_BINDERS: Final = frozenset({"let", "loop", "for", "doseq", "dotimes", "if-let", "when-let", "with-resource"})
_FUNCTIONS: Final = frozenset({"fn", "defn", "lambda", "λ", "defmacro"})
_DEFINERS: Final = frozenset({"defn", "define", "defun", "function", "func", "def"})
_STEPS: Final = frozenset({"step"})
_NOISE: Final = frozenset({"=", "=>", "->", ":=", "<-", ":", "then", "else", ":else", ":then", "in", ":in"})
_MOST_WRAPPED: Final = 4
_MOST_AROUND: Final = 4
_MOST_CALLS: Final = 12
_MOST_EXCHANGED: Final = 4
_MOST_OF_TEMPLATES: Final = 40
_EXPANSION: Final = "in the expansion of "
_OF_COUNTS: Final = frozenset({"W004", "E230"})
# only where the number of operands is wrong may an operand be moved or removed
_OF_CALLS: Final = frozenset({"W004", "E101", "E107", "E230"})

Maker = Callable[[Patient, Place], Iterator[Edit]]


def candidates(patient: Patient) -> Iterator[Candidate]:
    """Give edits of the forms around the report."""
    places = [*list(patient.around())[:_MOST_AROUND], *_templates_of(patient)]
    for depth, place in enumerate(places):
        for number, maker in enumerate(_MAKERS):
            for order, edit in enumerate(maker(patient, place)):
                yield Candidate(2.0 + depth + number / 100 + order / 10_000, edit)
    if patient.problem.code not in _OF_CALLS or not places:
        return
    innermost = next((place.form for place in places if isinstance(place.form, ListForm)), places[0].form)
    operands = [Place(form, innermost, i) for i, form in enumerate(below(innermost))]
    for depth, place in enumerate(operands[:_MOST_CALLS]):
        for order, edit in enumerate(_taking_in(patient, place)):
            yield Candidate(7.0 + depth / 10 + order / 10_000, edit)
    for depth, place in enumerate(places):
        for order, edit in enumerate((*_letting_out(patient, place), *_taking_in(patient, place))):
            yield Candidate(8.0 + depth + order / 10_000, edit)


def _brackets(patient: Patient, form: Form, opener: str, closer: str) -> Edit:
    inner = patient.text[form.start + 1 : form.end - 1]
    return Edit(form.start, form.end, opener + inner + closer)


def _without_noise(patient: Patient, place: Place) -> Iterator[Edit]:
    """`[x = 1]`, `{:a => 1}`, `(if c then a else b)`, the arrows of a match, `[x: 1]`."""
    items = below(place.form)
    gone = [f for f in items if isinstance(f, Literal | SymbolForm) and patient.part(f) in _NOISE]
    if gone:
        yield from (_cut(patient, form) for form in gone)
        if len(gone) > 1:
            yield _cut_all(patient, place.form, gone)
    for form in items:
        if isinstance(form, SymbolForm) and form.name.endswith(":") and len(form.name) > 1:
            yield Edit(form.end - 1, form.end, "")


def _cut(patient: Patient, form: Form) -> Edit:
    end = form.end
    while end < len(patient.text) and patient.text[end] == " ":
        end += 1
    return Edit(form.start, end, "")


def _cut_all(patient: Patient, around: Form, gone: Sequence[Form]) -> Edit:
    text, at = "", around.start
    for form in gone:
        edit = _cut(patient, form)
        text += patient.text[at : edit.start]
        at = edit.end
    return Edit(around.start, around.end, text + patient.text[at : around.end])


def _bindings(patient: Patient, place: Place) -> Iterator[Edit]:
    """`(let x 1 …)`, `(let (x 1) …)`, `(let ((x 1)) …)`, and a bracket that closes too late."""
    form = place.form
    if head(form) not in _BINDERS:
        return
    items = below(form)[1:]
    if not items:
        return
    first = items[0]
    if isinstance(first, ListForm):
        if first.items and all(isinstance(one, ListForm | VectorForm) for one in first.items):
            inner = " ".join(patient.text[one.start + 1 : one.end - 1] for one in first.items)
            yield Edit(first.start, first.end, f"[{inner}]")
        yield _brackets(patient, first, "[", "]")
    elif isinstance(first, VectorForm):
        yield from _shorter_vector(patient, first)
        if len(items) == 1 and first.items:
            name = patient.part(first.items[-2 if len(first.items) > 1 else 0])
            yield Edit(form.end - 1, form.end - 1, f" {name}")
    else:
        yield from _wrapped(items, 2)


def _shorter_vector(patient: Patient, vector: VectorForm) -> Iterator[Edit]:
    for count in range(1, min(len(vector.items), _MOST_WRAPPED)):
        last = vector.items[-count - 1]
        yield Edit(last.end, vector.end, "]" + patient.text[last.end : vector.end - 1])


def _wrapped(items: list[Form], step: int) -> Iterator[Edit]:
    """Put brackets around the first operands."""
    for count in range(step, min(len(items), _MOST_WRAPPED * step), step):
        yield _insert_both(items[0], items[count - 1])


def _insert_both(first: Form, last: Form) -> Edit:
    # an edit is one change: the text between stays, which only the search can fill in
    return Edit(first.start, last.end, _KEEP.join("[]"))


# stands for the text that an edit replaces
_KEEP: Final = "\0"


def _parameters(patient: Patient, place: Place) -> Iterator[Edit]:
    """`(defn f (x) …)`, `(defn f x …)`, `(define (f x) …)`."""
    form, name = place.form, head(place.form)
    if name not in _FUNCTIONS and name not in _DEFINERS:
        return
    items = below(form)[1:]
    if items and isinstance(items[0], ListForm) and head(items[0]) and name in _DEFINERS:
        inner = items[0].items
        names = " ".join(patient.part(one) for one in inner[1:])
        yield Edit(below(form)[0].start, items[0].end, f"defn {patient.part(inner[0])} [{names}]")
    for _at, operand in enumerate(items[:3]):
        if isinstance(operand, ListForm):
            yield _brackets(patient, operand, "[", "]")
            break
        if isinstance(operand, VectorForm):
            break
    for skip in (1, 0) if name in ("defn", "defmacro") else (0, 1):
        yield from _wrapped(items[skip:], 1)
    if any(isinstance(one, VectorForm) for one in items[:3]):
        yield Edit(form.end - 1, form.end - 1, " nil")


def _patterns(patient: Patient, place: Place) -> Iterator[Edit]:
    """`[& r a]`, `[a & r b]`, `[a &]`, `[:as w a]`, `{:keys a b}`, `{:keys (a b)}`."""
    form = place.form
    items = below(form)
    if isinstance(form, VectorForm):
        for i, one in enumerate(items):
            if patient.part(one) not in ("&", ":as"):
                continue
            if i + 1 == len(items):
                yield _cut(patient, one)
            else:
                tail = f"{patient.part(one)} {patient.part(items[i + 1])}"
                rest = [patient.part(each) for k, each in enumerate(items) if k not in (i, i + 1)]
                yield Edit(form.start, form.end, f"[{' '.join([*rest, tail])}]")
    if isinstance(form, MapForm) and items and patient.part(items[0]) == ":keys" and len(items) > 1:
        if isinstance(items[1], ListForm):
            yield _brackets(patient, items[1], "[", "]")
        for last in reversed(items[1:]):
            if isinstance(last, SymbolForm):
                yield _insert_both(items[1], last)


def _maps(patient: Patient, place: Place) -> Iterator[Edit]:
    """`{name 1}`, `{name: 1}`, `{:a}`."""
    form = place.form
    if not isinstance(form, MapForm):
        return
    for key in form.items[::2]:
        if isinstance(key, SymbolForm):
            yield Edit(key.start, key.end, ":" + key.name.rstrip(":"))
    if len(form.items) % 2:
        if len(form.items) == 1 or patient.part(form.items[-1])[:1] == ":":
            yield Edit(form.end - 1, form.end - 1, " nil")
        yield from (_cut(patient, one) for one in form.items)


def _branches(patient: Patient, place: Place) -> Iterator[Edit]:
    """An `if` with three branches or none; a `cond` in pairs, without `:else`; a `match` without `_`."""
    form, name = place.form, head(place.form)
    items = below(form)[1:]
    if name == "if" and len(items) > 3:
        yield Edit(items[2].end, items[-1].end, "")
        yield Edit(items[2].start, items[-1].end, f"(do {_KEEP})")
        yield Edit(items[1].start, items[-2].end, f"(do {_KEEP})")
    elif name == "if" and items:
        yield Edit(form.end - 1, form.end - 1, " nil")
    elif name == "cond" and items:
        if all(isinstance(one, ListForm | VectorForm) and len(one.items) == 2 for one in items):
            pairs = (patient.text[one.start + 1 : one.end - 1] for one in items)
            yield Edit(items[0].start, items[-1].end, " ".join(pairs))
        yield Edit(items[-1].start, items[-1].start, ":else ")
    elif name == "match" and len(items) > 1:
        if all(isinstance(one, ListForm | VectorForm) and len(one.items) == 2 for one in items[1:]):
            pairs = (patient.text[one.start + 1 : one.end - 1] for one in items[1:])
            yield Edit(items[1].start, items[-1].end, " ".join(pairs))
        yield Edit(items[-1].start, items[-1].start, "_ ")


def _definitions(patient: Patient, place: Place) -> Iterator[Edit]:
    """`(def x)`, `(step name …)`, `(:exports f g)`, `(import m :only f)`, `(:vector :int)` for a type."""
    form, name = place.form, head(place.form)
    items = below(form)
    if name == "def" and len(items) == 2:
        yield Edit(form.end - 1, form.end - 1, " nil")
    if name in _STEPS and len(items) > 1 and isinstance(items[1], SymbolForm | Literal):
        yield Edit(items[1].start, items[1].end, f'"{patient.part(items[1]).lstrip(":")}"')
    if not isinstance(form, ListForm) or not items:
        return
    first = patient.part(items[0])
    if first in (":exports", ":only", ":refer", ":export"):
        if len(items) > 1 and isinstance(items[1], ListForm):
            yield _brackets(patient, items[1], "[", "]")
        if len(items) > 1:
            yield _insert_both(items[1], items[-1])
    if name == "import":
        for option, operand in itertools.pairwise(items):
            if patient.part(option) in (":only", ":refer"):
                yield _insert_both(operand, operand)
    if first[:1] == ":":
        yield _brackets(patient, form, "[", "]")


def _attempts(patient: Patient, place: Place) -> Iterator[Edit]:
    """Clauses of `try` in the wrong order, behind it, without a name; a `try` that catches nothing."""
    form, name = place.form, head(place.form)
    items = below(form)
    if name == "catch" and len(items) > 1:
        if isinstance(items[1], ListForm) and len(items) > 2 and len(items[1].items) <= 2:
            yield Edit(items[1].start, items[1].end, patient.text[items[1].start + 1 : items[1].end - 1])
        yield Edit(items[1].start, items[1].start, "e ")
    if name != "try" or len(items) < 2:
        return
    clauses = [one for one in items[1:] if head(one) in ("catch", "finally")]
    ordered = sorted(
        items[1:], key=lambda one: ("", "catch", "finally").index(head(one) if one in clauses else "")
    )
    if ordered != items[1:]:
        yield Edit(items[1].start, items[-1].end, " ".join(patient.part(one) for one in ordered))
    following = _following(patient, place)
    if following and head(following[0]) in ("catch", "finally"):
        last = [one for one in following if head(one) in ("catch", "finally")][-1]
        yield Edit(form.end - 1, last.end, patient.text[form.end : last.end] + ")")
    if not clauses:
        body = patient.text[items[1].start : items[-1].end]
        yield Edit(form.start, form.end, body if len(items) == 2 else f"(do {body})")


def _following(patient: Patient, place: Place) -> list[Form]:
    items = patient.forms if place.around is None else below(place.around)
    return items[place.at + 1 :]


def _taking_in(patient: Patient, place: Place) -> Iterator[Edit]:
    """An argument stands behind the parenthesis of its call."""
    form = place.form
    if not isinstance(form, ListForm) or not form.items:
        return
    following = _following(patient, place)
    for last in following[:2]:
        yield Edit(form.end - 1, last.end, patient.text[form.end : last.end] + ")")


def _letting_out(patient: Patient, place: Place) -> Iterator[Edit]:
    """A call has an argument too many: it belongs behind the parenthesis, or nowhere."""
    form = place.form
    if not isinstance(form, ListForm) or len(form.items) < 2:
        return
    items = form.items
    for count in (1, 2):
        if len(items) > count + 1:
            kept = items[-count - 1]
            yield Edit(kept.end, form.end, ")" + patient.text[kept.end : form.end - 1])
    if patient.problem.code in _OF_COUNTS:
        for before, gone in zip(reversed(items[:-1]), reversed(items[1:]), strict=True):
            yield Edit(before.end, gone.end, "")


def exchanged(patient: Patient) -> Iterator[Candidate]:
    """Give the arguments of a call in another order: `(map xs inc)`, `(get :k m)`, `(assoc :k 1 m)`."""
    for place in patient.around():
        form = place.form
        if not isinstance(form, ListForm) or not 3 <= len(form.items) <= _MOST_EXCHANGED + 1:
            continue
        arguments = form.items[1:]
        others = itertools.permutations(arguments)
        next(others)
        for number, order in enumerate(sorted(others, key=lambda each: _moves(arguments, each))):
            text = " ".join(patient.part(one) for one in order)
            yield Candidate(number / 100, Edit(arguments[0].start, arguments[-1].end, text))
        return


def _moves(arguments: Sequence[Form], order: Sequence[Form]) -> int:
    """Count the arguments whose neighbours have changed: to carry one to the end moves few."""
    before = [(left.start, right.start) for left, right in itertools.pairwise(arguments)]
    return sum((left.start, right.start) not in before for left, right in itertools.pairwise(order))


def _iterations(patient: Patient, place: Place) -> Iterator[Edit]:
    """A `recur` that leaves out the last names of its loop."""
    form = place.form
    if head(form) != "recur":
        return
    for around in patient.around():
        if head(around.form) in ("loop", "fn", "defn"):
            binder = next((one for one in below(around.form) if isinstance(one, VectorForm)), None)
            names = below(binder)[:: 2 if head(around.form) == "loop" else 1] if binder is not None else []
            missing = [patient.part(one) for one in names[len(below(form)) - 1 :]]
            yield Edit(form.end - 1, form.end - 1, "".join(f" {name}" for name in missing))
            return


def _splits(patient: Patient, place: Place) -> Iterator[Edit]:
    """`(parallel [a 1 b 2])`; `[{:keys [a b] value}]`, whose pattern closes too late."""
    form = place.form
    if head(form) == "parallel" and len(below(form)) == 2 and isinstance(below(form)[1], VectorForm):
        vector = below(form)[1]
        items = [patient.part(one) for one in below(vector)]
        if items and len(items) % 2 == 0:
            pairs = zip(items[::2], items[1::2], strict=True)
            yield Edit(vector.start, vector.end, " ".join(f"[{name} {value}]" for name, value in pairs))
    if isinstance(form, VectorForm) and form.items and isinstance(form.items[-1], VectorForm | MapForm):
        pattern = form.items[-1]
        if len(pattern.items) > 1:
            last, value = pattern.items[-2:]
            closer = patient.text[pattern.end - 1]
            yield Edit(last.end, pattern.end, closer + " " + patient.part(value))


def _modules(patient: Patient, place: Place) -> Iterator[Edit]:
    """`(module m (:exports [f])) (defn f …)`: the form closes before its definitions."""
    form, last = place.form, patient.forms[-1]
    if head(form) == "module" and place.around is None and form is not last:
        yield Edit(form.end - 1, last.end, patient.text[form.end : last.end] + ")")


def _too_many(patient: Patient, place: Place) -> Iterator[Edit]:
    """The last argument is an atom that the function does not take."""
    items = below(place.form)
    if not isinstance(place.form, ListForm) or len(items) < 2 or patient.problem.code not in _OF_COUNTS:
        return
    if isinstance(items[-1], Literal):
        yield Edit(items[-2].end, items[-1].end, "")


def _templates_of(patient: Patient) -> list[Place]:
    """Give the forms in the macros that the report came through: the mistake may be theirs."""
    names = {
        text.removeprefix(_EXPANSION) for text, _ in patient.problem.notes if text.startswith(_EXPANSION)
    }
    found: list[Place] = []
    for form in patient.forms:
        if head(form) == "defmacro" and patient.part(below(form)[1]) in names:
            for around in inside([form]):
                found += [Place(one, around, i) for i, one in enumerate(below(around))]
    return found[:_MOST_OF_TEMPLATES]


def _hints(patient: Patient, place: Place) -> Iterator[Edit]:
    """A delegation mark that stands behind the parameters, or before the word that defines."""
    form = place.form
    items = below(form)
    if len(items) > 1 and isinstance(items[0], MetaForm) and isinstance(items[0].form, SymbolForm):
        mark, word = patient.part(items[0].meta), items[0].form.name
        name = f" {patient.part(items[1])}" if isinstance(items[1], SymbolForm) else ""
        yield Edit(items[0].start, items[1].end if name else items[0].end, f"{word}{name} {mark}")
    if head(form) not in _FUNCTIONS:
        return
    for marked in items[2:]:
        if isinstance(marked, MetaForm):
            mark = patient.part(marked.meta)
            between = patient.text[items[1].end : marked.start]
            yield Edit(items[1].end, marked.form.start, f" {mark}{between}")


def _templates(patient: Patient, place: Place) -> Iterator[Edit]:
    """`~x` outside of a template: the mark of the template is missing, or this one is too many."""
    text = patient.part(place.form)
    if text.startswith("~"):
        yield Edit(place.form.start, place.form.start + (2 if text.startswith("~@") else 1), "")
    elif "~" in text:
        yield Edit(place.form.start, place.form.start, "`")


_MAKERS: Final[tuple[Maker, ...]] = (
    _without_noise, _bindings, _parameters, _patterns, _maps, _branches, _definitions, _attempts, _hints,
    _templates, _modules, _iterations, _splits, _too_many,
)  # fmt: skip


def filled(edit: Edit, text: str) -> Edit:
    """Put the text that an edit replaces where the edit says it stays."""
    if _KEEP not in edit.replacement:
        return edit
    return Edit(edit.start, edit.end, edit.replacement.replace(_KEEP, text[edit.start : edit.end]))
