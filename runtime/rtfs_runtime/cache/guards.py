"""Whether one text may stand for another: what must hold beside likeness.

In: two texts. Out: nothing, or why not. Every word that carries meaning in one must be found in the other, as
the same word or one that says the same, in the same role and order; numbers, units, names, quotations,
negations, tense, person and the way of asking must agree. So a difference that is not known to be harmless
refuses. English; texts in other languages pass only when they differ in punctuation and case.
"""

from __future__ import annotations

from typing import Final

from rtfs_runtime.cache.english.words import ABBREVIATIONS, FOCUS, NO_ADVERBS, TIMES, base_form, may_differ
from rtfs_runtime.cache.wording import MAYBE_TO, Term, Wording, read_wording

_LONGEST_HEAD: Final = 3


def refusal(one: str, other: str) -> str:
    """Tell why a text may not stand for another, nothing when it may."""
    if one == other:
        return ""
    left, right = read_wording(one), read_wording(other)
    if not left.terms:
        return "nothing to compare"
    return _features(left, right) or _terms(left, right)


def _features(left: Wording, right: Wording) -> str:
    if left.asks != right.asks:
        return f"asks {_shown(left.asks)} / {_shown(right.asks)}"
    if left.negations % 2 != right.negations % 2 or (left.negations == 0) != (right.negations == 0):
        return "negation"
    if not _same_mood(left, right):
        return f"a {left.mood} / a {right.mood}"
    if not _same_persons(left.persons, right.persons):
        return f"person {_shown(left.persons)} / {_shown(right.persons)}"
    if left.subject and right.subject and left.subject != right.subject:
        return f"person {left.subject} / {right.subject}"
    if left.voice and right.voice and left.voice != right.voice:
        return f"{left.voice} / {right.voice}"
    if left.modals != right.modals:
        return "what may be / what is"
    if left.owners and right.owners and left.owners != right.owners:
        return "whose it is"
    if left.pointers and right.pointers and left.pointers != right.pointers:
        return "this / that"
    if left.had != right.had and "having" in left.tenses and "having" in right.tenses:
        return "had / have"
    return _tenses(left.tenses, right.tenses)


def _same_mood(left: Wording, right: Wording) -> bool:
    if left.mood == right.mood:
        return True
    for one, other in ((left, right), (right, left)):
        # `cancel my order` and `I want to cancel my order`
        if one.mood == "request" and other.mood in ("plain", "question") and other.imperative:
            return True
    return False


def _same_persons(left: tuple[str, ...], right: tuple[str, ...]) -> bool:
    """Tell whether the same persons do the same: those who are not there must be the same ones; who speaks
    and who is spoken to may be left out, but not change places."""
    first_and_second = ("first", "second")
    if [one for one in left if one not in first_and_second] != [
        one for one in right if one not in first_and_second
    ]:
        return False
    ours = [one for one in left if one in first_and_second]
    theirs = [one for one in right if one in first_and_second]
    return not ours or not theirs or ours[0] == theirs[0]


def _tenses(left: frozenset[str], right: frozenset[str]) -> str:
    if ("being" in left) != ("being" in right) and (len(left) > 0 and len(right) > 0):
        return "is / is not"
    if "being" in left and "being" in right and ("present" in left) != ("present" in right):
        return "is / was"
    for tense in ("past", "future"):
        if (tense in left) != (tense in right):
            other = {"past", "present", "future"} & (right if tense in left else left)
            if other or tense == "future":
                return f"{tense} / {_shown(frozenset(other)) if other else 'no tense'}"
    return ""


def _terms(left: Wording, right: Wording) -> str:
    rest = dict(enumerate(right.terms))
    order: list[int] = []
    bound = left.joined or right.joined or _has_a_role_twice(left) or _has_a_role_twice(right)
    # where it is asked who does what, two nouns beside a verb are not joined
    joined = left.does or right.does or bool(left.modals) or left.tenses != right.tenses
    for place, term in enumerate(left.terms):
        there = next((at for at, one in rest.items() if _same(term, one, left, right)), None)
        if there is None:
            near = next((one for one in rest.values() if one.canon == term.canon), None)
            return _difference(term, near)
        found = rest.pop(there)
        if term.role != found.role and MAYBE_TO not in (term.role, found.role):
            if not joined and _is_compound(left.terms, place, right.terms, there):
                joined = True
                continue
            if not _is_time(term):
                return _difference(term, found)
        elif bound or not (
            _is_time(term)
            or (left.negations == 0 and _is_adverb(term))
            or (term.role and term.role == found.role != MAYBE_TO)
        ):
            # in one clause, what its preposition places may stand anywhere; the place of all else is its role
            order.append(there)
    if rest:
        one = next(iter(rest.values()))
        return f"only one speaks of {one.word or one.canon!r}"
    return "" if order == sorted(order) else "another order"


def _is_compound(left: tuple[Term, ...], here: int, right: tuple[Term, ...], there: int) -> bool:
    """Tell whether nouns are joined instead of a preposition: `the price of gold`, `the gold price`."""
    if left[here].role:
        left, here, right, there = right, there, left, here
    if right[there].role == "with":
        return False
    for length in range(1, min(_LONGEST_HEAD, there) + 1):
        joined, apart = left[here + 1 : here + 1 + length], right[there - length : there]
        if len(joined) == length and all(map(_is_same_noun, joined, apart)):
            return True
    return False


def _is_same_noun(one: Term, other: Term) -> bool:
    return one.canon == other.canon and one.role == other.role and one.ending != "past"


def _has_a_role_twice(wording: Wording) -> bool:
    roles = [term.role for term in wording.terms if term.role]
    return len(set(roles)) < len(roles)


def _is_adverb(term: Term) -> bool:
    return term.word.endswith("ly") and len(term.word) > 5 and term.word not in NO_ADVERBS | FOCUS


def _is_time(term: Term) -> bool:
    return term.word in TIMES


def _same(one: Term, other: Term, left: Wording, right: Wording) -> bool:
    if one.negated != other.negated or one.passive != other.passive or not _same_role(one, other):
        return False
    if one.name and other.name:
        return one.canon == other.canon
    if one.name or other.name:
        # names have no synonyms; in a text all in lower case, and at its beginning, they look like words
        name, plain = (one, other) if one.name else (other, one)
        if plain.case == "small" and name.case != "great" and left.cased and right.cased:
            return False
        return bool(one.word) and one.word == other.word
    return one.canon == other.canon and not _forms_differ(one, other, left, right)


def _forms_differ(one: Term, other: Term, left: Wording, right: Wording) -> bool:
    if not one.word or not other.word or one.word == other.word:
        return False
    if {one.ending, other.ending} == {"", "ing"} and not (one.verbal or other.verbal):
        # the train, the training
        return True
    if one.word in ABBREVIATIONS or other.word in ABBREVIATIONS:
        return False
    if left.did != right.did and (one if left.did else other).ending == "":
        # `did you get it`, `you got it`
        return (other if left.did else one).ending not in ("", "past")
    return may_differ(base_form(one.word), base_form(other.word))


def _same_role(one: Term, other: Term) -> bool:
    if one.role == other.role:
        return True
    roles = {one.role, other.role}
    if MAYBE_TO in roles:
        # to stop to look, to stop looking
        if roles == {MAYBE_TO, "to"}:
            return True
        verbs = "ing" not in (one.ending, other.ending) and not (one.noun or other.noun)
        return roles == {MAYBE_TO, ""} and verbs
    return one.weak and other.weak and not (one.role and other.role)


def _difference(term: Term, near: Term | None) -> str:
    if near is None:
        return f"only one speaks of {term.word or term.canon!r}"
    if term.negated != near.negated:
        return f"negation of {term.word or term.canon!r}"
    if term.role != near.role:
        roles = f"{term.role or 'no preposition'} / {near.role or 'no preposition'}"
        return f"{roles} before {term.word or term.canon!r}"
    return f"{term.word!r} / {near.word!r}"


def _shown(words: frozenset[str] | tuple[str, ...]) -> str:
    return " ".join(sorted(words) if isinstance(words, frozenset) else words) or "nothing"
