"""How sure a model was of its answer, from the probabilities of the tokens it chose.

In: tokens with their probabilities and, where the server gives them, those of others in their place. Out: the
share of each label of a closed set, or the mean over the tokens. Nothing is made up: what cannot be measured
is None, and what is not known of other labels counts against the one that was chosen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

_BLANKS: Final = " \t\r\n\u2581"


class Token(NamedTuple):
    """One token of an answer; `others` are the likeliest in its place, by text, itself among them or not."""

    text: str
    probability: float
    others: Mapping[str, float]


def mean_probability(tokens: Sequence[Token]) -> float | None:
    """Give the mean probability of the tokens; None without tokens."""
    if not tokens:
        return None
    return sum(token.probability for token in tokens) / len(tokens)


def label_shares(
    tokens: Sequence[Token], labels: Sequence[str], start: int
) -> tuple[str, dict[str, float]] | None:
    """Give the label that was chosen, and share the probability out among all of them, along the path of
    tokens until one label is left.

    In each place the tokens that lead to some label are compared with one another; those that lead to one
    label alone are its share. A label that none of the offered tokens leads to is taken to be as likely as
    the least likely of them.

    Shape: `labels` are as the answer spells them, `start` is where in the text of all tokens the label
           begins, blanks before it aside. The shares add up to 1 at most. None when the answer is no label,
           or ends before it is clear which.
    """
    shares = dict.fromkeys(labels, 0.0)
    weight = 1.0
    before = ""
    for token in tokens:
        whole = before + token.text
        if len(whole) > start:
            offered = {**token.others, token.text: token.probability}
            leads = {text: _leads_to(before + text, whole, start, labels) for text in offered}
            if not leads[token.text]:
                return None
            total = sum(offered[text] for text, found in leads.items() if found)
            total += _unseen(token, offered, leads, len(labels))
            if total <= 0:
                return None
            decided = len(leads[token.text]) == 1 and bool(whole[start:].strip(_BLANKS))
            for text, found in leads.items():
                if len(found) == 1 and (decided or text != token.text):
                    shares[found[0]] += weight * offered[text] / total
            if decided:
                return leads[token.text][0], shares
            weight *= token.probability / total
        before = whole
    return None


def _leads_to(text: str, whole: str, start: int, labels: Sequence[str]) -> list[str]:
    """Find the labels that an answer which begins with `text` may still give."""
    if text[:start] != whole[: min(start, len(text))]:
        return []
    begun = text[start:].lstrip(_BLANKS)
    full = [label for label in labels if begun.startswith(label) and _ends(begun[len(label) :])]
    return full if full and begun not in labels else [label for label in labels if label.startswith(begun)]


def _ends(rest: str) -> bool:
    return not rest or not (rest[0].isalnum() or rest[0] in "_-")


def _unseen(
    token: Token, offered: Mapping[str, float], leads: Mapping[str, Sequence[str]], labels: int
) -> float:
    """Bound the probability of the labels that no offered token leads to."""
    covered = {label for found in leads.values() for label in found}
    least = min(token.others.values(), default=1.0)
    left = max(0.0, 1.0 - sum(offered.values()))
    return min(left, least * (labels - len(covered)))
