"""Adversarial pairs, fifth set of rules: sentences of many domains, written out; `adversarial_e.txt`.

Written with the guards in view, to break them. At first sight 231 of 2,500 passed: prepositions that may be
missing (`ask for the doctor`), `some`, `any`, `few`, `can`, `would`, `had`, who does it to whom (`he called
me`), `only I`, `to look` for `looking`, and words that are no synonyms. All were mended by rules, so the set
is seen now.

In: a seed. Out: pairs of lines of that file with their slots filled. Where the other sets change a marked
thing in a frame, each line here is a trap of its own: support tickets, commands to agents, code, medicine,
finance, dates, roles, conditions, certainty, units, and words that a list of synonyms may join.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from pathlib import Path

from tests.likeness.drawing import Pair, Rule, draw

LISTS = {
    "thing": "laptop camera bicycle printer kettle drill jacket tent guitar freezer router scooter",
    "person_role": "doctor plumber teacher lawyer manager nurse driver editor tailor tutor",
    "p": "Anna Bruno Chloe David Elif Farid Greta Hugo Ines Jonas Keiko Liam",
    "n": "12 15 20 24 30 36 45 50 64 75 80 96 120 250 400",
    "small": "2 3 4 5 6 7 8 9",
    "file": "report backup invoice contract log draft archive database",
    "room": "kitchen bedroom hall garage attic cellar",
    "food": "rice spinach cheese salmon garlic pasta yogurt",
    "city": "Oslo Lisbon Vienna Dublin Prague Athens Hamburg",
    "country": "Austria India Ghana Serbia Nigeria Cuba",
    "place": "desktop cloud archive server",
    "type": "list string dictionary tuple class float table queue",
    "drug": "ibuprofen aspirin paracetamol insulin warfarin metformin codeine",
    "body": "knee shoulder ankle wrist hip elbow",
    "bank": "Santander Barclays Citi Chase Revolut",
    "firm": "Siemens Nokia Nestle Sony Airbus Philips",
    "day": "Monday Tuesday Wednesday Thursday Friday",
    "month": "January March April June August October",
}
FILE = Path(__file__).with_name("adversarial_e.txt")


def rules(file: Path = FILE) -> tuple[Rule, ...]:
    """Make a rule of each line."""
    lines = [line for line in file.read_text(encoding="utf-8").splitlines() if line and line[0] != "#"]
    return tuple(_rule(line) for line in lines)


def _rule(line: str) -> Rule:
    one, _, other = line.partition(" | ")

    def make(chance: random.Random) -> Pair:
        drawn: dict[str, str] = {}
        for name, words in LISTS.items():
            first, second = chance.sample(words.split(), 2)
            drawn |= {name: first, f"{name}1": first, f"{name}2": second}

        def fill(text: str) -> str:
            return re.sub(r"\{(\w+)\}", lambda found: drawn[found[1]], text)

        return fill(one), fill(other)

    return make


def pairs(count: int, seed: int) -> Iterator[Pair]:
    """Give so many pairs, each once, the lines in turn."""
    yield from draw(rules(), count, seed)
