"""Adversarial pairs, third set of rules: the small words; written before the guards were run on them.

At first sight 11 of 2,500 passed: `your` for `my`, `that` for `this`, `must` for `can` after `how`, `did it
cost` for `does it cost`, `after what` for `at what`, `has` for `is`. All were mended, so the set is seen now.

In: a seed. Out: pairs made of the sentences of `paraphrases.txt` by changing one function word so that the
meaning changes, or by adding one. The guards drop most small words, so this is where they could drop too
much.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from pathlib import Path

CHANGES: dict[str, tuple[str, ...]] = {
    "i": ("he", "she", "they"),
    "my": ("his", "her", "their", "your"),
    "me": ("him", "them"),
    "we": ("they",),
    "you": ("they", "she"),
    "your": ("their", "my"),
    "he": ("she", "they", "i"),
    "can": ("should", "must"),
    "could": ("should", "must"),
    "is": ("was", "will be"),
    "are": ("were", "have"),
    "was": ("is", "will be"),
    "were": ("are",),
    "does": ("did", "will"),
    "do": ("did", "will"),
    "has": ("had not", "is"),
    "in": ("under", "without", "near", "from"),
    "on": ("off", "under", "without"),
    "at": ("from", "after", "before"),
    "to": ("from", "against"),
    "for": ("without", "against", "from"),
    "from": ("to", "until"),
    "with": ("without", "against"),
    "by": ("for", "against"),
    "of": ("from", "without"),
    "and": ("or", "but not"),
    "what": ("who", "where", "why"),
    "how": ("why", "when", "whether"),
    "when": ("where", "why", "if"),
    "where": ("when", "why"),
    "who": ("what", "when", "why"),
    "this": ("no", "every", "another", "that"),
    "these": ("no", "those", "other"),
    "the": ("no", "every", "another", "neither"),
    "a": ("no", "every", "another"),
    "some": ("no", "all"),
    "too": ("not",),
    "not": ("always", "only"),
    "there": ("nowhere",),
    "it": ("he", "nothing"),
}
ADDED = ("not", "never", "only", "even", "hardly", "almost", "again", "no longer", "sometimes")
SENTENCES = Path(__file__).with_name("paraphrases.txt")


def sentences() -> list[str]:
    """Give the sentences, each once."""
    lines = [line for line in SENTENCES.read_text(encoding="utf-8").splitlines() if line[:1] not in ("#", "")]
    return list(dict.fromkeys(part.strip() for line in lines for part in line.split("|")))


def changed() -> Iterator[tuple[str, str]]:
    """Give every sentence with each of its small words changed, and with one added before each word but the
    first."""
    for sentence in sentences():
        for found in re.finditer(r"[A-Za-z]+", sentence):
            word = found.group()
            for other in CHANGES.get(word.lower(), ()):
                made = other.capitalize() if word[0].isupper() and word != "I" else other
                yield sentence, sentence[: found.start()] + made + sentence[found.end() :]
            if found.start() > 0 and sentence[found.start() - 1] == " ":
                for extra in ADDED:
                    yield sentence, f"{sentence[: found.start()]}{extra} {sentence[found.start() :]}"


def pairs(count: int, seed: int) -> Iterator[tuple[str, str]]:
    """Give so many pairs, each once."""
    yield from random.Random(seed).sample(list(dict.fromkeys(changed())), count)
