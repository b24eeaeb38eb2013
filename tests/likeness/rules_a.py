"""Adversarial pairs, first set of rules: the guards were tuned on these.

In: a seed. Out: pairs that look alike and must not share an answer. Each rule changes one thing that counts:
a number, a name, a unit, a negation, the direction, the time, who does it, what is asked.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator

from tests.likeness.drawing import draw

CITIES = [
    "Paris",
    "London",
    "Rome",
    "Oslo",
    "Berlin",
    "Madrid",
    "Tokyo",
    "Boston",
    "Lisbon",
    "Dublin",
    "Vienna",
    "Prague",
]
PEOPLE = ["Alice", "Bob", "Carol", "David", "Emma", "Frank", "Grace", "Henry"]
DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
MONTHS = ["January", "March", "April", "June", "July", "August", "October", "December"]
THINGS = [
    "invoice",
    "order",
    "ticket",
    "laptop",
    "password",
    "account",
    "contract",
    "report",
    "phone",
    "printer",
    "subscription",
    "package",
]
LANGUAGES = ["French", "German", "Spanish", "Italian", "Japanese", "Dutch", "Polish", "Swedish"]
COUNTRIES = ["France", "Germany", "Spain", "Portugal", "Italy", "Norway", "Japan", "Kenya", "Brazil"]
UNITS = (
    ("kilometers", "miles"),
    ("kilograms", "pounds"),
    ("hours", "minutes"),
    ("euros", "dollars"),
    ("liters", "gallons"),
    ("days", "weeks"),
    ("meters", "feet"),
)
OPPOSITES = (
    ("increase", "decrease"),
    ("open", "close"),
    ("enable", "disable"),
    ("accept", "reject"),
    ("buy", "sell"),
    ("upload", "download"),
    ("lock", "unlock"),
    ("start", "stop"),
    ("import", "export"),
    ("show", "hide"),
    ("allow", "block"),
    ("encrypt", "decrypt"),
    ("install", "uninstall"),
    ("approve", "decline"),
    ("subscribe to", "unsubscribe from"),
    ("turn on", "turn off"),
    ("log in to", "log out of"),
)
FEELINGS = (
    ("good", "bad"),
    ("excellent", "terrible"),
    ("fast", "slow"),
    ("cheap", "expensive"),
    ("easy", "hard"),
    ("clean", "dirty"),
    ("friendly", "unfriendly"),
    ("helpful", "unhelpful"),
    ("comfortable", "uncomfortable"),
    ("reliable", "unreliable"),
    ("happy", "unhappy"),
    ("useful", "useless"),
    ("safe", "unsafe"),
)
SUBJECTS = [
    "movie",
    "hotel",
    "service",
    "product",
    "app",
    "meal",
    "room",
    "flight",
    "website",
    "staff",
    "course",
    "camera",
]

Rule = Callable[[random.Random], tuple[str, str]]


def _two(chance: random.Random, items: list[str]) -> tuple[str, str]:
    one, other = chance.sample(items, 2)
    return one, other


def numbers(c: random.Random) -> tuple[str, str]:
    one, other = c.sample(range(2, 999), 2)
    frame = c.choice(
        (
            "The invoice total is {} dollars",
            "Convert {} miles to kilometers",
            "I ordered {} items",
            "What is {} percent of 2000?",
            "Remind me in {} minutes",
            "The meeting is in room {}",
            "My order number is {}",
            "Transfer {} euros to my savings account",
            "There are {} apples in the box",
        )
    )
    return frame.format(one), frame.format(other)


def names(c: random.Random) -> tuple[str, str]:
    pool, frames = c.choice(
        (
            (
                CITIES,
                (
                    "What's the weather like in {}?",
                    "Book a hotel in {}",
                    "How far is {} from here?",
                    "Find me a flight to {}",
                    "What time is it in {}?",
                ),
            ),
            (
                PEOPLE,
                (
                    "Send the report to {}",
                    "Call {} tomorrow",
                    "My name is {}",
                    "What did {} say?",
                    "Is {} the owner of this account?",
                ),
            ),
            (
                COUNTRIES,
                (
                    "What is the capital of {}?",
                    "Do you ship to {}?",
                    "Who is the president of {}?",
                    "What is the population of {}?",
                ),
            ),
            (LANGUAGES, ("Translate hello to {}", "How do you say thank you in {}?", "Is the manual in {}?")),
            (
                DAYS,
                ("The meeting is on {}", "Are you open on {}?", "Deliver it on {}", "What happened last {}?"),
            ),
            (MONTHS, ("The deadline is in {}", "How many days does {} have?", "I was charged in {}")),
        )
    )
    one, other = _two(c, pool)
    frame = c.choice(frames)
    return frame.format(one), frame.format(other)


def lower_names(c: random.Random) -> tuple[str, str]:
    one, other = names(c)
    return one.lower(), other.lower()


def directions(c: random.Random) -> tuple[str, str]:
    pool, frames = c.choice(
        (
            (
                CITIES,
                (
                    "Book a flight from {} to {}",
                    "How do I get from {} to {}?",
                    "flights from {} to {}",
                    "Train times from {} to {}",
                    "Is {} bigger than {}?",
                    "How much further is {} than {}?",
                ),
            ),
            (
                PEOPLE,
                (
                    "{} paid {} 5 euros",
                    "{} owes {} an apology",
                    "Did {} call {}?",
                    "{} is taller than {}",
                    "Forward the mail of {} to {}",
                    "{} was hired by {}",
                ),
            ),
            (LANGUAGES, ("Translate this from {} to {}", "Is {} older than {}?")),
        )
    )
    one, other = _two(c, pool)
    frame = c.choice(frames)
    made = frame.format(one, other), frame.format(other, one)
    return made if c.random() < 0.7 else (made[0].lower(), made[1].lower())


def units(c: random.Random) -> tuple[str, str]:
    one, other = c.choice(UNITS)
    frame = c.choice(
        (
            "It takes 30 {}",
            "The parcel weighs or measures 12 {}",
            "Add 5 {} to the total",
            "How many {} are left?",
            "The limit is 100 {}",
        )
    )
    return frame.format(one), frame.format(other)


def negations(c: random.Random) -> tuple[str, str]:
    one, other = c.choice(
        (
            ("The {} works", "The {} does not work"),
            ("The {} is broken", "The {} is not broken"),
            ("I received the {}", "I never received the {}"),
            ("I want the {}", "I don't want the {}"),
            ("The {} has arrived", "The {} hasn't arrived"),
            ("I can find the {}", "I can't find the {}"),
            ("Please delete the {}", "Please don't delete the {}"),
            ("There is a {}", "There is no {}"),
            ("We need a {}", "We need no {}"),
            ("I would recommend this {}", "I would never recommend this {}"),
            ("I like the {} but not the price", "I like the price but not the {}"),
            ("Is the {} ready?", "Isn't the {} missing?"),
            ("Nobody returned the {}", "Everybody returned the {}"),
            ("It works with the {}", "It works without the {}"),
            ("All of the {} is fine", "None of the {} is fine"),
        )
    )
    thing = c.choice(THINGS)
    return one.format(thing), other.format(thing)


def opposites(c: random.Random) -> tuple[str, str]:
    one, other = c.choice(OPPOSITES)
    frame = c.choice(
        (
            "How do I {} the {}?",
            "Please {} the {}",
            "I want to {} my {}",
            "Can you {} this {}?",
            "Why did you {} the {}?",
        )
    )
    thing = c.choice(THINGS)
    return frame.format(one, thing), frame.format(other, thing)


def feelings(c: random.Random) -> tuple[str, str]:
    one, other = c.choice(FEELINGS)
    frame = c.choice(
        ("The {} was {}", "This {} is {}", "I think the {} is {}", "What a {1} {0}!", "The {} is too {}")
    )
    subject = c.choice(SUBJECTS)
    return frame.format(subject, one), frame.format(subject, other)


def questions(c: random.Random) -> tuple[str, str]:
    one, other = c.choice(
        (
            ("When was the {} created?", "Where was the {} created?"),
            ("Who sent the {}?", "Who got the {}?"),
            ("Why is the {} late?", "When is the {} late?"),
            ("How do I get a {}?", "Where do I get a {}?"),
            ("What is in the {}?", "Who is in the {}?"),
            ("How many {}s are there?", "How old is the {}?"),
            ("The {} is ready", "Is the {} ready?"),
            ("How do I cancel the {}?", "Cancel the {}"),
            ("Did the {} arrive?", "Will the {} arrive?"),
            ("The {} arrived", "The {} will arrive"),
            ("Who is using the {}?", "Who was using the {}?"),
            ("You may keep the {}", "You must keep the {}"),
            ("Should I renew the {}?", "Can I renew the {}?"),
            ("Delete the {}", "Delete the {}s"),
            ("How often is the {} updated?", "How is the {} updated?"),
        )
    )
    thing = c.choice(THINGS)
    return one.format(thing), other.format(thing)


def persons(c: random.Random) -> tuple[str, str]:
    one, other = c.choice(
        (
            ("Cancel my {}", "Cancel his {}"),
            ("He lost the {}", "She lost the {}"),
            ("Is it my {}?", "Is it your {}?"),
            ("I owe you a {}", "You owe me a {}"),
            ("They sold their {}", "He sold his {}"),
            ("Give him the {}", "Give her the {}"),
            ("Do I need a {}?", "Do you need a {}?"),
        )
    )
    thing = c.choice(THINGS)
    return one.format(thing), other.format(thing)


def limits(c: random.Random) -> tuple[str, str]:
    one, other = c.choice(
        (
            ("at least", "at most"),
            ("more than", "less than"),
            ("before", "after"),
            ("over", "under"),
            ("up to", "from"),
            ("within", "after"),
            ("until", "since"),
            ("above", "below"),
        )
    )
    frame = c.choice(
        (
            "Show orders {} 50 euros",
            "Find flights {} noon",
            "It must be {} 10 days",
            "List prices {} 300",
            "Deliver it {} Friday",
            "Send an alert {} 90 percent",
        )
    )
    return frame.format(one), frame.format(other)


def quotations(c: random.Random) -> tuple[str, str]:
    one, other = _two(
        c, ["yes", "no", "I agree", "I refuse", "it works", "see you soon", "never again", "thank you"]
    )
    frame = c.choice(('Translate "{}" into German', "Reply with '{}'", "She said “{}”", "Search for `{}`"))
    return frame.format(one), frame.format(other)


def codes(c: random.Random) -> tuple[str, str]:
    one, other = c.choice(
        (
            ("INV-2024-001", "INV-2024-010"),
            ("A4", "A5"),
            ("v1.2.3", "v1.3.2"),
            ("user_id", "user_name"),
            ("bob@example.com", "rob@example.com"),
            ("9:30", "9:50"),
            ("report.pdf", "report.csv"),
            ("X12", "Y12"),
            ("https://example.com/a", "https://example.com/b"),
            ("#118", "#181"),
            ("10 am", "10 pm"),
            ("3/4", "4/3"),
        )
    )
    frame = c.choice(
        ("Open {}", "What is the status of {}?", "Please delete {}", "Is {} correct?", "Look up {} for me")
    )
    return frame.format(one), frame.format(other)


def modifiers(c: random.Random) -> tuple[str, str]:
    one, other = c.choice(
        (
            ("Delete all {}s", "Delete some old {}s"),
            ("Only the {} is missing", "The {} is missing"),
            ("I want a new {}", "I want an old {}"),
            ("Show the first {}", "Show the last {}"),
            ("Send the {} now", "Send the {} tomorrow"),
            ("The {} is almost full", "The {} is full"),
            ("Every {} is wrong", "One {} is wrong"),
            ("Show the {} and the price", "Show the {} or the price"),
            ("Keep the {} if it works", "Keep the {} unless it works"),
            ("Copy the {}", "Copy the {} twice"),
            ("Which {} is cheaper?", "Which {} is cheapest?"),
            ("Open the red {}", "Open the blue {}"),
            ("It is under the {}", "It is on the {}"),
            ("Put it in the {}", "Put it on the {}"),
            ("The {} costs more", "The {} costs the most"),
            ("Buy the {} for me", "Buy the {} from me"),
        )
    )
    thing = c.choice(THINGS)
    return one.format(thing), other.format(thing)


RULES: tuple[Rule, ...] = (
    numbers,
    names,
    lower_names,
    directions,
    units,
    negations,
    opposites,
    feelings,
    questions,
    persons,
    limits,
    quotations,
    codes,
    modifiers,
)


def pairs(count: int, seed: int) -> Iterator[tuple[str, str]]:
    """Give so many pairs, each once, the rules in turn."""
    return draw(RULES, count, seed)
