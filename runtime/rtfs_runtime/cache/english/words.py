"""The words that sentences are made of: which carry meaning, which only bind, and their base forms.

In: lower-case words. Out: closed classes as sets, base forms, synonyms by group, numbers. A word that no
class names carries meaning: unknown words are never dropped.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Final


def _set(text: str) -> frozenset[str]:
    return frozenset(text.split())


DROPPED: Final = _set(
    "a an the is are am be been being was were do does did have has had it its this that these those "
    "there here i me my mine myself we us our ours you your yours he him his she her hers they them "
    "their theirs can could will would shall may might of so and"
)
"""Words that only bind; where a class below names one, that class is compared."""

NEGATIONS: Final = _set("not no never none nobody nothing nowhere neither nor")
QUESTION_WORDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "who": "who",
        "whom": "who",
        "whose": "whose",
        "what": "what",
        "which": "what",
        "when": "when",
        "where": "where",
        "why": "why",
        "how": "how",
        "whether": "whether",
    }
)
AUXILIARIES: Final = _set(
    "is are am was were do does did can could will would shall should may might must has have had"
)
PAST: Final = _set("was were did had")
PRESENT: Final = _set("is are am do does")
BEING: Final = _set("is are am was were be been")
DOING: Final = _set("do does did")
HAVING: Final = _set("have has had")
FUTURE: Final = _set("will shall")
PERSONS: Final[Mapping[str, str]] = MappingProxyType(
    {
        **dict.fromkeys(["i", "me", "myself", "we", "us"], "first"),
        "you": "second",
        "he": "he",
        "him": "him",
        "his": "his",
        "she": "she",
        **dict.fromkeys(["her", "hers"], "her"),
        "they": "they",
        "them": "them",
        **dict.fromkeys(["their", "theirs"], "their"),
    }
)
OWNERS: Final[Mapping[str, str]] = MappingProxyType(
    {
        **dict.fromkeys(["my", "mine", "our", "ours"], "first"),
        **dict.fromkeys(["your", "yours"], "second"),
        **dict.fromkeys(["their", "theirs", "his", "her", "hers"], "other"),
    }
)
SUBJECTS: Final = _set("i we you he she they")
FIRST_SUBJECTS: Final = _set("i we")
FIRST_OBJECTS: Final = _set("me us")
OBJECTS: Final = _set("me us you him them")
MODALS: Final[Mapping[str, str]] = MappingProxyType(
    {"may": "may", "might": "may", "can": "can", "could": "could", "would": "would"}
)
FOCUS: Final = _set("only just even also alone except but solely")
"""Next to one of these a pronoun is what the word singles out, and carries meaning."""

DATIVE: Final = _set(
    "tell give show send find book remind get bring write make buy read play help let wake teach offer order "
    "refund unsubscribe recommend suggest explain email text cook sing print reserve"
)
"""Who wants something done for himself says so or not: `book me a room`, `book a room`."""

GIVEN: Final = _set("it this that these those them one some something")
WANTING: Final = _set("want need like love expect prefer wish")

PRESENCE: Final = _set("is are was were there have has had got not never without")
"""After one of these `any` says nothing: `are there any messages`."""

AFTER_NUMBER: Final[Mapping[str, str]] = MappingProxyType(
    {
        **dict.fromkeys(["min", "mins"], "minute"),
        **dict.fromkeys(["hr", "hrs"], "hour"),
        **dict.fromkeys(["sec", "secs"], "second"),
        "mi": "mile",
    }
)
ABBREVIATIONS: Final = _set("km cm mm kg mg ml eur usd gbp")
"""Of these one and several look the same."""

CLAUSES: Final = _set("and or but then if when because while that who which whose than so unless until")
"""Where one of these stands, the place of every phrase counts."""

VERBAL: Final = _set("not after before when while by without keep keeps kept stop stopped start started")
"""After one of these a word in `ing` is a verb."""

NO_ADVERBS: Final = _set(
    "family reply apply supply multiply assembly anomaly monopoly italy early daily weekly"
)

TIMES: Final = _set(
    "today tomorrow yesterday tonight noon midnight monday tuesday wednesday thursday friday saturday "
    "sunday january february april june july august september october november december"
)
"""The preposition before one of these may be missing: `on Monday`."""
DEMONSTRATIVES: Final[Mapping[str, str]] = MappingProxyType(
    {"this": "near", "these": "near", "here": "near", "that": "far", "those": "far"}
)
STRICT_PREPOSITIONS: Final = _set(
    "from to into onto toward towards before after until till since by over under above below against "
    "between through during within without beyond behind near except besides than per via off out up down "
    "outside infront inside across among around away along like as"
)
WEAK_PREPOSITIONS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "of": "of",
        "about": "about",
        "regarding": "about",
        "concerning": "about",
        "for": "for",
        "in": "in",
        "at": "in",
        "on": "on",
        "with": "with",
    }
)
DIRECTED: Final = _set("the a an my your our his her their this that these those")
"""After one of these `to` names a place or a person; before a bare verb it means nothing."""

_PARTICLES: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        "turn": _set("on off up down"),
        "switch": _set("on off"),
        "log": _set("in out on off"),
        "sign": _set("in up out off"),
        "shut": _set("down off"),
        "pick": _set("up"),
        "set": _set("up"),
        "check": _set("in out"),
        "back": _set("up"),
        "look": _set("up"),
        "fill": _set("in out"),
        "call": _set("off back"),
        "take": _set("off"),
        "put": _set("on off"),
        "find": _set("out"),
        "give": _set("up back"),
        "send": _set("back"),
        "pay": _set("back"),
        "bring": _set("back"),
        "speed": _set("up"),
        "slow": _set("down"),
        "hang": _set("up"),
        "top": _set("up"),
        "cut": _set("off"),
        "break": _set("down"),
        "wake": _set("up"),
        "get": _set("back"),
        "go": _set("up down back"),
        "come": _set("back"),
        "start": _set("up"),
        "opt": _set("in out"),
        "fall": _set("down"),
        "pass": _set("away"),
        "make": _set("up"),
        "run": _set("out"),
        "work": _set("out"),
    }
)

_IRREGULAR: Final[Mapping[str, str]] = MappingProxyType(
    {
        word: base
        for base, forms in {
            "buy": "bought",
            "bring": "brought",
            "begin": "began begun",
            "break": "broke",
            "build": "built",
            "catch": "caught",
            "choose": "chose chosen",
            "come": "came",
            "do": "done",
            "drink": "drank drunk",
            "drive": "drove driven",
            "eat": "ate eaten",
            "fall": "fell fallen",
            "feel": "felt",
            "find": "found",
            "fly": "flew flown",
            "forget": "forgot forgotten",
            "get": "got gotten",
            "give": "gave given",
            "go": "went gone",
            "grow": "grew grown",
            "hear": "heard",
            "hold": "held",
            "keep": "kept",
            "know": "knew known",
            "leave": "left",
            "lend": "lent",
            "lose": "lost",
            "make": "made",
            "mean": "meant",
            "meet": "met",
            "pay": "paid",
            "ride": "rode ridden",
            "rise": "rose risen",
            "run": "ran",
            "say": "said",
            "see": "saw seen",
            "sell": "sold",
            "send": "sent",
            "sing": "sang sung",
            "sit": "sat",
            "sleep": "slept",
            "speak": "spoke",
            "spend": "spent",
            "stand": "stood",
            "steal": "stole stolen",
            "swim": "swam swum",
            "take": "took taken",
            "teach": "taught",
            "tell": "told",
            "think": "thought",
            "understand": "understood",
            "wake": "woke",
            "wear": "wore worn",
            "win": "won",
            "write": "wrote written",
            "freeze": "froze frozen",
            "hide": "hid",
        }.items()
        for word in forms.split()
    }
)
_PLURALS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "children": "child",
        "men": "man",
        "women": "woman",
        "feet": "foot",
        "teeth": "tooth",
        "mice": "mouse",
        "leaves": "leaf",
        "knives": "knife",
        "wives": "wife",
        "lives": "live",
    }
)
_NO_INFLECTION: Final = _set(
    "news means customs goods arms terms species series always lens gas bus status address business "
    "process access less unless pass miss yes us this his its was is has does as thus plus minus bonus "
    "virus campus focus census need feed speed seed bed red embed hundred naked wicked indeed exceed "
    "proceed succeed breed bleed deed weed reed shed sled bred fled sped heed building meeting wedding "
    "ceiling evening morning nothing something anything everything thing king ring string spring bring "
    "sing wing during pudding being wallpaper closing"
)
_VERBS: Final = _set(
    "open close work start begin end cost arrive leave need want say mean run take make go come live "
    "play show give get keep happen seem look sound feel taste smell contain include require depend "
    "ship deliver accept offer sell buy use support allow think know like love hate crash freeze load "
    "fail appear stop charge expire renew"
)
_UNITS: Final[Mapping[str, int]] = MappingProxyType(
    {
        word: number
        for number, word in enumerate(
            [
                "zero",
                "one",
                "two",
                "three",
                "four",
                "five",
                "six",
                "seven",
                "eight",
                "nine",
                "ten",
                "eleven",
                "twelve",
                "thirteen",
                "fourteen",
                "fifteen",
                "sixteen",
                "seventeen",
                "eighteen",
                "nineteen",
            ]
        )
    }
)
_TENS: Final[Mapping[str, int]] = MappingProxyType(
    {
        word: 10 * (place + 2)
        for place, word in enumerate(
            ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
        )
    }
)
_SCALES: Final[Mapping[str, int]] = MappingProxyType(
    {"hundred": 100, "thousand": 1000, "million": 10**6, "billion": 10**9}
)
ORDINALS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "first": "1st",
        "second": "2nd",
        "third": "3rd",
        "fourth": "4th",
        "fifth": "5th",
        "once": "1x",
        "twice": "2x",
    }
)


class Form(str):
    """A base form that remembers what was taken off: `s`, `past`, `ing`, or nothing."""

    __slots__ = ("ending",)
    ending: str


def base_form(word: str) -> Form:
    """Give the base form of a word, as far as endings tell it.

    Shape: two words of one base and differing endings may differ in meaning; `may_differ` tells.
    """
    if word in _IRREGULAR:
        return _form(_IRREGULAR[word], "past")
    if word in _PLURALS:
        return _form(_PLURALS[word], "s")
    if word in _NO_INFLECTION or len(word) < 4:
        return _form(word, "")
    if word.endswith("ies") and len(word) > 4:
        return _form(word[:-3] + "y", "s")
    if word.endswith(("ches", "shes", "sses", "xes", "zzes")):
        return _form(word[:-2], "s")
    if word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return _form(_bare(word[:-1]), "s")
    if word.endswith("ied") and len(word) > 4:
        return _form(word[:-3] + "y", "past")
    if len(word) == 4 and word.endswith("ed"):
        return _form(word[:-1], "past")
    for ending, name in (("ed", "past"), ("ing", "ing")):
        stem = word[: -len(ending)]
        if word.endswith(ending) and len(stem) >= 3 and any(one in "aeiouy" for one in stem):
            if stem[-1] == stem[-2] and stem[-1] not in "lsz":
                stem = stem[:-1]
            return _form(_bare(stem), name)
    return _form(_bare(word), "")


def _bare(stem: str) -> str:
    # `closed` and `closes` come from `close`, `opened` from `open`: without the last e both meet
    return stem[:-1] if stem.endswith("e") and len(stem) > 3 else stem


def _form(text: str, ending: str) -> Form:
    made = Form(text)
    made.ending = ending
    return made


def may_differ(one: Form, other: Form) -> bool:
    """Tell whether two forms of one base may mean something else: one thing or several, now or then."""
    if one.ending == other.ending:
        return False
    endings = {one.ending, other.ending}
    if endings == {"", "s"}:
        # of a verb the ending tells the person only
        return one not in _BARE_VERBS
    # `is working` and `works` say the same; what is past does not
    return "past" in endings


_BARE_VERBS: Final = frozenset(_bare(verb) for verb in _VERBS)


def particle_verb(word: str, particle: str) -> str | None:
    """Give the verb that a word and a particle make, such as `turn_on`."""
    base = base_form(word)
    for verb in (base, base + "e"):
        if particle in _PARTICLES.get(verb, ()):
            return f"{verb}_{particle}"
    return None


@cache
def synonym_groups() -> Mapping[str, str]:
    """Give the group of each word and phrase that has one; phrases are joined by `_`, words in base form."""
    groups: dict[str, str] = {}
    for line in files(__package__).joinpath("synonyms.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            continue
        words = line.split()
        for word in words:
            groups[word if "_" in word else str(base_form(word))] = f"={words[0]}"
    return MappingProxyType(groups)


@cache
def phrases() -> frozenset[tuple[str, ...]]:
    """Give the phrases that stand for one word."""
    return frozenset(tuple(word.split("_")) for word in synonym_groups() if "_" in word)


def read_number(words: tuple[str, ...]) -> tuple[int, int]:
    """Read a number written in words; give it and how many words it takes, 0 when there is none."""
    total = current = used = 0
    room = 100
    for word in words:
        if word in _UNITS and _UNITS[word] < room:
            # `twenty one`, but `one two` and `twenty twenty` are two numbers
            current, room = current + _UNITS[word], 0
        elif word in _TENS and room == 100:
            current, room = current + _TENS[word], 10
        elif word in _SCALES and used and current:
            scale = _SCALES[word]
            current, room = current * scale, 100
            if scale > 100:
                total, current = total + current, 0
        else:
            break
        used += 1
    return total + current, used
