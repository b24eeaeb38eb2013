"""Adversarial pairs, second set of rules, written before the guards were run on them.

At first sight 19 of 2,500 passed: the signs < and >, active for passive, `for my` for `with my`. These three
causes were mended, so the set is seen now.

In: a seed. Out: pairs that look alike and must not share an answer. Where the first set changes one marked
thing in short requests, this one changes what a sentence says by its structure: who does what to whom, which
clause depends on which, what is part of what, how sure and how much; and single words by neighbours of
theirs.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator

from tests.likeness.drawing import draw

KIN = [
    "brother",
    "sister",
    "father",
    "mother",
    "uncle",
    "aunt",
    "cousin",
    "wife",
    "husband",
    "son",
    "daughter",
    "neighbour",
]
ROLES = [
    "buyer",
    "seller",
    "tenant",
    "landlord",
    "nurse",
    "doctor",
    "teacher",
    "student",
    "manager",
    "employee",
    "driver",
    "passenger",
]
ANIMALS = ["dog", "cat", "horse", "cow", "sheep", "goat", "wolf", "fox", "tiger", "lion", "eagle", "owl"]
FOODS = [
    "rice",
    "pasta",
    "bread",
    "cheese",
    "chicken",
    "beef",
    "salmon",
    "tofu",
    "soup",
    "salad",
    "pizza",
    "curry",
]
COLOURS = ["red", "blue", "green", "yellow", "black", "white", "purple", "orange", "grey", "brown"]
BODY = ["knee", "elbow", "shoulder", "ankle", "wrist", "neck", "back", "hip", "finger", "toe"]
FIRMS = ["Acme", "Globex", "Initech", "Umbrella", "Hooli", "Stark", "Wayne", "Wonka", "Soylent", "Vandelay"]
LOOKALIKES = (
    ("Austria", "Australia"),
    ("Niger", "Nigeria"),
    ("Slovakia", "Slovenia"),
    ("Iran", "Iraq"),
    ("Mali", "Malawi"),
    ("Java", "JavaScript"),
    ("Georgia", "Germany"),
    ("North Korea", "South Korea"),
    ("Sydney", "Sidney"),
    ("Moscow, Idaho", "Moscow, Russia"),
    ("Paris, Texas", "Paris, France"),
    ("Portland, Oregon", "Portland, Maine"),
    ("Johnson", "Jonson"),
    ("Marie", "Maria"),
    ("Guinea", "Guyana"),
)
CLAUSES = (
    "the server was restarted",
    "the payment failed",
    "the customer complained",
    "the price went up",
    "the backup finished",
    "the alarm rang",
    "the contract expired",
    "the parcel was opened",
    "the lights went out",
    "the manager resigned",
    "the file was deleted",
    "the door was locked",
)
TASKS = (
    "renew my passport",
    "paint the fence",
    "book the venue",
    "update the firmware",
    "pay the deposit",
    "water the plants",
    "submit the form",
    "order the parts",
    "charge the battery",
    "sign the lease",
    "archive the emails",
    "rotate the keys",
)

Rule = Callable[[random.Random], tuple[str, str]]


def _swap(c: random.Random, pool: list[str], frames: tuple[str, ...]) -> tuple[str, str]:
    one, other = c.sample(pool, 2)
    frame = c.choice(frames)
    return frame.format(one, other), frame.format(other, one)


def _replace(c: random.Random, pool: list[str], frames: tuple[str, ...]) -> tuple[str, str]:
    one, other = c.sample(pool, 2)
    frame = c.choice(frames)
    return frame.format(one), frame.format(other)


def _choose(c: random.Random, table: tuple[tuple[str, str], ...], fill: list[str]) -> tuple[str, str]:
    one, other = c.choice(table)
    word = c.choice(fill)
    return one.format(word), other.format(word)


def nested(c: random.Random) -> tuple[str, str]:
    return _swap(
        c,
        KIN,
        (
            "My {}'s {} called",
            "Is that your {}'s {}?",
            "I met the {} of my {}",
            "What should I give my {}'s {}?",
            "The {} of her {} is ill",
        ),
    )


def roles(c: random.Random) -> tuple[str, str]:
    return _swap(
        c,
        ROLES,
        (
            "The {} sued the {}",
            "Can a {} report a {}?",
            "The {} was paid by the {}",
            "What does the {} owe the {}?",
            "The {} thinks the {} lied",
            "Explain to the {} what the {} said",
            "The {} who saw the {} left",
        ),
    )


def causes(c: random.Random) -> tuple[str, str]:
    one, other = c.sample(CLAUSES, 2)
    frame = c.choice(
        (
            "{} because {}",
            "{} before {}",
            "{} after {}",
            "If {}, then {}",
            "{}, so {}",
            "{} while nobody knew that {}",
            "{} although {}",
            "{} until {}",
        )
    )
    return frame.format(one, other), frame.format(other, one)


def links(c: random.Random) -> tuple[str, str]:
    one, other = c.sample(CLAUSES, 2)
    first, second = c.sample(("because", "before", "after", "unless", "although", "when", "if", "until"), 2)
    return f"{one} {first} {other}", f"{one} {second} {other}"


def sequences(c: random.Random) -> tuple[str, str]:
    return _swap(
        c,
        list(TASKS),
        (
            "First {}, then {}",
            "I will {} and later {}",
            "Do I {} before I {}?",
            "Remind me to {} once I {}",
            "Rather {} than {}",
        ),
    )


def certainty(c: random.Random) -> tuple[str, str]:
    table = (
        ("I will {}", "I might {}"),
        ("I plan to {}", "I refuse to {}"),
        ("I forgot to {}", "I remembered to {}"),
        ("I managed to {}", "I tried to {}"),
        ("You must {}", "You need not {}"),
        ("I have to {}", "I had to {}"),
        ("Please {}", "Never {}"),
        ("I want to {}", "I wanted to {}"),
        ("Did anyone {}?", "Who will {}?"),
        ("I used to {}", "I am about to {}"),
        ("Stop trying to {}", "Keep trying to {}"),
        ("It is too late to {}", "It is too early to {}"),
        ("I can {}", "I could hardly {}"),
        ("How do I {}?", "Why do I {}?"),
        ("When should we {}?", "Should we {}?"),
        ("I already did {}", "I did not yet {}"),
        ("It costs 5 to {}", "It pays 5 to {}"),
        ("I am paid to {}", "I pay to {}"),
    )
    return _choose(c, table, list(TASKS))


def amounts(c: random.Random) -> tuple[str, str]:
    table = (
        ("There is too little {}", "There is too much {}"),
        ("I eat {} twice a week", "I eat {} twice a day"),
        ("Add a pinch of {}", "Add a cup of {}"),
        ("I had enough {}", "I had hardly enough {}"),
        ("Half of the {} is gone", "A third of the {} is gone"),
        ("Most of the {} is fresh", "Little of the {} is fresh"),
        ("No more than 3 kinds of {}", "No fewer than 3 kinds of {}"),
        ("0.5 kg of {}", "0.05 kg of {}"),
        ("1,000 tons of {}", "10,000 tons of {}"),
        ("Twelve portions of {}", "Twenty portions of {}"),
        ("The {} was cooked for 15 minutes", "The {} was cooked for 50 minutes"),
        ("Even the {} was cold", "Only the {} was cold"),
        ("The {} is the cheapest", "The {} is the second cheapest"),
        ("I never order {} here", "I always order {} here"),
        ("The {} tasted better than before", "The {} tasted worse than before"),
        ("Heat the {} to 60 °C", "Heat the {} to 60 °F"),
        ("Buy 2 and get 1 {} free", "Buy 1 and get 2 {} free"),
    )
    return _choose(c, table, FOODS)


def neighbours(c: random.Random) -> tuple[str, str]:
    pool, frames = c.choice(
        (
            (
                ANIMALS,
                (
                    "How long does a {} live?",
                    "What does a {} eat?",
                    "I saw a {} in the garden",
                    "My {} is sick",
                ),
            ),
            (FOODS, ("How do I cook {}?", "Is {} healthy?", "The {} was delicious", "I am allergic to {}")),
            (
                COLOURS,
                (
                    "I ordered the {} one",
                    "Paint the wall {}",
                    "Do you have it in {}?",
                    "The {} wire is loose",
                ),
            ),
            (BODY, ("My {} hurts", "How do I treat a swollen {}?", "I broke my {}", "Exercises for the {}")),
            (FIRMS, ("What is the share price of {}?", "I work for {}", "Did {} reply?", "{} was acquired")),
            (KIN, ("It is my {}'s birthday", "Call my {}", "My {} is visiting", "Is your {} home?")),
            (ROLES, ("I am a {}", "How much does a {} earn?", "The {} was rude", "How do I become a {}?")),
        )
    )
    return _replace(c, pool, frames)


def lookalikes(c: random.Random) -> tuple[str, str]:
    one, other = c.choice(LOOKALIKES)
    frame = c.choice(
        (
            "Tell me about {}",
            "I live in {}",
            "How many people speak of {}?",
            "Is {} big?",
            "My flight is to {}",
            "Who is from {}?",
        )
    )
    made = frame.format(one), frame.format(other)
    return made if c.random() < 0.6 else (made[0].lower(), made[1].lower())


def parts(c: random.Random) -> tuple[str, str]:
    table = (
        ("The wheel of the {} car", "The {} wheel of the car"),
        ("A {} box of pens", "A box of {} pens"),
        ("The house next to the {} church", "The {} house next to the church"),
        ("I want a {} shirt and white shoes", "I want a white shirt and {} shoes"),
        ("Everything but the {} cup", "Nothing but the {} cup"),
        ("The {} cup is on the table", "The table is on the {} cup"),
        ("Mix {} into white", "Mix white into {}"),
        ("Is it {} or white?", "Is it {} and white?"),
        ("It turned {}", "It turned from {}"),
        ("A light {} coat", "A dark {} coat"),
        ("Almost {} paint", "Pure {} paint"),
        ("Press the {} button once", "Press the {} button until it stops"),
        ("The {} key opens it", "The {} key closes it"),
        ("The {} line goes north", "The {} line goes south"),
        ("The {} team beat us", "We beat the {} team"),
        ("Hang it above the {} sofa", "Hang it behind the {} sofa"),
        ("The outside is {}", "The inside is {}"),
    )
    return _choose(c, table, COLOURS)


def business(c: random.Random) -> tuple[str, str]:
    table = (
        ("{} bought our company", "Our company bought {}"),
        ("{} lent us money", "{} borrowed money from us"),
        ("{} sued and won", "{} was sued and won"),
        ("I was fired by {}", "I was hired by {}"),
        ("{} raised its forecast", "{} lowered its forecast"),
        ("We left {}", "We joined {}"),
        ("Profit at {} rose", "Profit at {} fell"),
        ("{} reports a loss", "{} reports a profit"),
        ("Pay {} the refund", "Ask {} for the refund"),
        ("{} pays monthly", "{} pays yearly"),
        ("The contract with {} ends in May", "The contract with {} starts in May"),
        ("Cancel the order at {}", "I cancelled the order at {}"),
        ("{} has fewer than 50 employees", "{} has more than 50 employees"),
        ("Is {} hiring?", "Is {} firing?"),
        ("{} supplies us", "We supply {}"),
        ("Gross revenue of {}", "Net revenue of {}"),
        ("The first offer of {}", "The last offer of {}"),
        ("{} denies the claim", "{} admits the claim"),
        ("We owe {} 300", "{} owes us 300"),
        ("Who left {}?", "Who runs {}?"),
        ("{} shipped it", "{} received it"),
        ("The meeting with {} is at 3 am", "The meeting with {} is at 3 pm"),
        ("Forward it to {}", "Get it from {}"),
        ("{} is legally liable", "{} is illegally liable"),
        ("{} is not only cheap", "{} is not cheap"),
    )
    return _choose(c, table, FIRMS)


def health(c: random.Random) -> tuple[str, str]:
    table = (
        ("My {} hurts when I walk", "My {} hurts unless I walk"),
        ("The left {} is swollen", "The right {} is swollen"),
        ("The {} got better", "The {} got worse"),
        ("Take it before {} exercise", "Take it after {} exercise"),
        ("Can I exercise with a sore {}?", "Can I exercise without a sore {}?"),
        ("The pain in my {} is mild", "The pain in my {} is severe"),
        ("It started in my {}", "It stopped in my {}"),
        ("Bend the {}", "Don't bend the {}"),
        ("Is the {} broken?", "Is the {} still broken?"),
        ("Apply ice to the {}", "Apply heat to the {}"),
        ("Raise the {}", "Lower the {}"),
        ("500 mg for {} pain", "50 mg for {} pain"),
        ("I had {} surgery", "I need {} surgery"),
        ("I feel it in the {}", "I see it in the {}"),
        ("No pain in the {}", "Pain in the {}"),
        ("A doctor for my {}", "A doctor with my {}"),
        ("My son's {} itches", "My {} itches"),
    )
    return _choose(c, table, BODY)


def programs(c: random.Random) -> tuple[str, str]:
    one, other = c.choice(
        (
            ("getUser", "setUser"),
            ("min(a, b)", "max(a, b)"),
            ("a < b", "a > b"),
            ("x == y", "x != y"),
            ("list[0]", "list[1]"),
            ("i++", "i--"),
            ("/var/log", "/var/lib"),
            ("--force", "--dry-run"),
            ("SELECT", "DELETE"),
            ("foo.py", "foo.pyc"),
            ("HTTP 404", "HTTP 403"),
            ("Python 3.1", "Python 3.11"),
            ("a and b", "a or b"),
            ("push", "pop"),
            ("true", "false"),
            ("utf-8", "utf-16"),
            ("x - y", "y - x"),
            ("2^10", "10^2"),
            ("sort ascending", "sort descending"),
            ("git push", "git pull"),
            ("read only", "write only"),
            ("public", "private"),
            ("left join", "right join"),
        )
    )
    frame = c.choice(
        (
            "What does {} do?",
            "Explain {} to me",
            "Replace it with {}",
            "Why does {} fail?",
            "Write a test for {}",
            "Is {} fast?",
        )
    )
    return frame.format(one), frame.format(other)


def reports(c: random.Random) -> tuple[str, str]:
    clause = c.choice(CLAUSES)
    one, other = c.choice(
        (
            ("Did she say that {}?", "Did she deny that {}?"),
            ("I know that {}", "I doubt that {}"),
            ("I hope {}", "I fear {}"),
            ("It is true that {}", "It is false that {}"),
            ("Someone told me that {}", "I told someone that {}"),
            ("When was it that {}?", "Why was it that {}?"),
            ("Pretend that {}", "Forget that {}"),
            ("Nobody noticed that {}", "Everybody noticed that {}"),
            ("They say {}", "They ask whether {}"),
            ("I was glad that {}", "I was upset that {}"),
            ("Suppose {}", "Suppose not that {}"),
            ("Twice this week {}", "Once this week {}"),
            ("Yesterday {}", "Last month {}"),
            ("Fortunately {}", "Unfortunately {}"),
        )
    )
    return one.format(clause), other.format(clause)


RULES: tuple[Rule, ...] = (
    nested,
    roles,
    causes,
    links,
    sequences,
    certainty,
    amounts,
    neighbours,
    lookalikes,
    parts,
    business,
    health,
    programs,
    reports,
)


def pairs(count: int, seed: int) -> Iterator[tuple[str, str]]:
    """Give so many pairs, each once, the rules in turn."""
    return draw(RULES, count, seed)
