"""Adversarial pairs, fourth set of rules: a harmless change hides a harmful one. None passed at first sight.

In: a seed. Out: pairs of the first three sets, one side of which is said in another way besides: with
courtesies, as a question for a request, in lower case, without its punctuation, with a word for a word.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator

from tests.likeness import rules_a, rules_b, rules_c

WORDS = (
    ("buy", "purchase"),
    ("start", "begin"),
    ("delete", "remove"),
    ("cancel", "call off"),
    ("car", "automobile"),
    ("movie", "film"),
    ("package", "parcel"),
    ("phone", "telephone"),
    ("help", "assist"),
    ("show", "display"),
    ("create", "make"),
    ("big", "large"),
    ("invoice", "bill"),
    ("price", "cost"),
    ("terrible", "awful"),
    ("fast", "quick"),
    ("children", "kids"),
    ("find", "locate"),
    ("choose", "select"),
    ("error", "mistake"),
)


def courteous(text: str) -> str:
    return (
        f"Please {text[0].lower()}{text[1:]}"
        if not text.endswith("?")
        else f"Hi, {text[0].lower()}{text[1:]}"
    )


def thankful(text: str) -> str:
    return f"{text.rstrip('?.!')}, thanks"


def plain(text: str) -> str:
    return text.lower().rstrip("?.!")


def wanting(text: str) -> str:
    return (
        f"I would like to know {text[0].lower()}{text[1:]}"
        if text.endswith("?")
        else f"I want to {text[0].lower()}{text[1:]}"
    )


def asking(text: str) -> str:
    return (
        f"Can you tell me {text[0].lower()}{text[1:]}"
        if text.endswith("?")
        else f"Could you {text[0].lower()}{text[1:]}?"
    )


def how(text: str) -> str:
    return re.sub(r"^How do I\b", "What is the way to", text)


def long(text: str) -> str:
    for short, whole in (("n't", " not"), ("What's", "What is"), ("I'm", "I am"), ("I've", "I have")):
        text = text.replace(short, whole)
    return text


def worded(text: str) -> str:
    for one, other in WORDS:
        text = re.sub(rf"\b{one}\b", other, text)
    return text


WAYS: tuple[Callable[[str], str], ...] = (courteous, thankful, plain, wanting, asking, how, long, worded)


def pairs(count: int, seed: int) -> Iterator[tuple[str, str]]:
    """Give so many pairs, each once."""
    chance = random.Random(seed)
    share = count
    pool = [
        *rules_a.pairs(share, seed + 1),
        *rules_b.pairs(share, seed + 2),
        *rules_c.pairs(share, seed + 3),
    ]
    chance.shuffle(pool)
    seen: set[tuple[str, str]] = set()
    for one, other in pool:
        if len(seen) == count:
            return
        ways = chance.sample(WAYS, chance.randrange(1, 3))
        made = other
        for way in ways:
            made = way(made)
        pair = (one, made) if chance.random() < 0.5 else (made, one)
        if made != other and pair not in seen:
            seen.add(pair)
            yield pair
