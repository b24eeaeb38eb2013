"""What a text says, apart from how: its terms in order, each with its role, and the features that must agree.

In: a text. Out: a `Wording`. Only what is known to carry no meaning is left out. Comparing two wordings is
left to `guards`.
"""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Final, NamedTuple

from rtfs_runtime.cache.english import words as english
from rtfs_runtime.cache.english.rewrites import HOWTO, REQUEST, rewrite

_QUOTED: Final = re.compile(r"\"([^\"]+)\"|“([^”]+)”|«([^»]+)»|`([^`]+)`|(?<!\w)'([^']+)'(?!\w)")
_QUOTE_MARK: Final = "\x03"
_MARKS: Final = f"{HOWTO}{REQUEST}{_QUOTE_MARK}"
_NO_MARKS: Final = str.maketrans(dict.fromkeys(_MARKS, "\N{REPLACEMENT CHARACTER}"))
# what stands around a word and is no part of it
_LEADING: Final = re.compile(r"[(\[\"'“‘«.,;:!¡¿…–—-]*")
_TRAILING: Final = re.compile(r"[)\]\"'”’».,;:!…–—-]*$")
_WORD: Final = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_NUMBER: Final = re.compile(r"([$€£¥])?([-−+]?[$€£¥]?\d[\d,]*(?:\.\d+)?)(%|[$€£¥]|[^\W\d_]+)?")
_LIST: Final = re.compile(r"[^\W\d_]+(?:[,;…—–]+[^\W\d_]+)+|[^\W\d_]{2,}[.!?][A-Z][^\W\d_]*")
_SYMBOLS: Final = re.compile(r"[^\w\s]+|[^\W\d_]+")
_CURRENCIES: Final = {"$": "=dollar", "€": "=euro", "£": "£", "¥": "¥", "%": "percent"}


_TENSES: Final = (
    ("past", english.PAST),
    ("present", english.PRESENT),
    ("future", english.FUTURE),
    ("being", english.BEING),
    ("having", english.HAVING),
)

MAYBE_TO: Final = "to?"
"""The role of a word after `to` where it may be a place or a verb."""


class Term(NamedTuple):
    """One thing that a text speaks of.

    Shape: `canon` is the same for words that say the same; `form` the base form with its ending; `role` the
           preposition before it, with `weak` those that may be missing; `name` a word written as a name;
           `passive` what is done to the subject, not by it; `case` how the word is written; `verbal` a form
           in `ing` that is a verb; `noun` stands behind an article or an owner.
    """

    canon: str
    form: str
    ending: str
    role: str
    weak: bool
    negated: bool
    name: bool
    word: str
    passive: bool
    case: str
    verbal: bool
    noun: bool


class Wording(NamedTuple):
    """What a text says.

    Shape: `asks` and `pointers` are in order; `persons` and `owners` too, each once. `subject` is the pronoun
           at the beginning; `voice` tells whether who speaks does something or has it done to them.
           `imperative` texts begin with what is to be done; `did` and `does` hold an auxiliary that takes the
           ending of the verb; `cased` writes names as names; `joined` has more than one clause.
    """

    terms: tuple[Term, ...]
    mood: str
    asks: tuple[str, ...]
    persons: tuple[str, ...]
    subject: str
    voice: str
    owners: tuple[str, ...]
    pointers: tuple[str, ...]
    tenses: frozenset[str]
    modals: frozenset[str]
    negations: int
    imperative: bool
    had: bool
    did: bool
    does: bool
    cased: bool
    joined: bool


class _Token(NamedTuple):
    kind: str
    text: str
    first: bool


@lru_cache(maxsize=4096)
def read_wording(text: str) -> Wording:
    """Read a text."""
    quotes: list[str] = []

    def keep(found: re.Match[str]) -> str:
        quotes.append(next(part for part in found.groups() if part is not None))
        return f" {_QUOTE_MARK} "

    # a text that holds our marks means none of them
    text = text.translate(_NO_MARKS)
    plain = unicodedata.normalize("NFKC", text).replace("’", "'").replace("‘", "'")
    # one space for many: rewriting looks at each run of them anew from each of its places
    tokens = _tokens(rewrite(" ".join(_QUOTED.sub(keep, plain).split())))
    lower = [token.text.lower() for token in tokens if token.kind == "word"]
    terms = _Reader(tokens, quotes).read()
    return Wording(
        terms=terms,
        mood=_mood(tokens, lower),
        asks=tuple(english.QUESTION_WORDS[word] for word in lower if word in english.QUESTION_WORDS),
        persons=_persons(lower),
        subject=_subject(lower),
        voice=_voice(lower),
        owners=tuple(dict.fromkeys(english.OWNERS[word] for word in lower if word in english.OWNERS)),
        pointers=_pointers(lower),
        tenses=frozenset(name for name, known in _TENSES if not known.isdisjoint(lower)),
        modals=frozenset(english.MODALS[word] for word in lower if word in english.MODALS),
        negations=sum(word in english.NEGATIONS for word in lower),
        imperative=bool(tokens) and bool(terms) and tokens[0].text.lower() == terms[0].word,
        had="had" in lower,
        did="did" in lower,
        does=not english.DOING.isdisjoint(lower),
        cased=any(token.text[0].isupper() and not token.first and token.text != "I" for token in tokens),
        joined=not english.CLAUSES.isdisjoint(lower[1:]),
    )


def _pointers(lower: list[str]) -> tuple[str, ...]:
    """Give what is pointed at, in order; `there` beside `is` points at nothing."""
    found = []
    for at, word in enumerate(lower):
        beside = {*lower[max(at - 1, 0) : at], *lower[at + 1 : at + 2]}
        if word in english.DEMONSTRATIVES:
            found.append(english.DEMONSTRATIVES[word])
        elif word == "there" and beside.isdisjoint(english.AUXILIARIES):
            found.append("far")
    return tuple(found)


def _subject(lower: list[str]) -> str:
    """Give the pronoun that a sentence begins with, behind what asks and an auxiliary."""
    for word in lower:
        if word == "it":
            return "it"
        if word in english.SUBJECTS:
            return english.PERSONS[word]
        if word not in english.QUESTION_WORDS and word not in english.AUXILIARIES:
            break
    return ""


def _persons(lower: list[str]) -> tuple[str, ...]:
    """Give who is spoken of, each once; `give her the book` is not `give her book`."""
    found = []
    for at, word in enumerate(lower):
        if word == "her" and (at + 1 == len(lower) or lower[at + 1] in english.DIRECTED):
            found.append("to her")
        elif word in english.PERSONS:
            found.append(english.PERSONS[word])
    return tuple(dict.fromkeys(found))


def _voice(lower: list[str]) -> str:
    """Tell whether who speaks does something or has it done to them, where only one of them is said."""
    does, suffers = not english.FIRST_SUBJECTS.isdisjoint(lower), not english.FIRST_OBJECTS.isdisjoint(lower)
    return "" if does == suffers else "i" if does else "me"


def _tokens(text: str) -> list[_Token]:
    """Cut a text into tokens; no letter, digit or symbol is lost, only marks of punctuation are."""
    found: list[_Token] = []
    first = True
    for chunk in text.split():
        if chunk in _MARKS:
            found.append(_Token("mark", chunk, False))
            first = True
            continue
        if set(chunk) <= {"-", "+", "="}:
            found.append(_Token("symbol", chunk, False))
            continue
        asked = chunk.rstrip(")]\"'”’»!.").endswith("?")
        core = chunk.rstrip("?!.,;:)]\"'”’»…") if asked else chunk
        lead = _LEADING.match(core)
        assert lead is not None
        # a minus before a digit belongs to the number
        cut = lead.end() - (core[: lead.end()].endswith("-") and core[lead.end() : lead.end() + 1].isdigit())
        core = _TRAILING.sub("", core[cut:])
        if core:
            found += _cut(core, first)
            first = chunk.endswith((".", "!", "?", ":"))
        if asked:
            found.append(_Token("end", "?", False))
            first = True
    return found


def _cut(core: str, first: bool) -> list[_Token]:
    """Cut what stands between two spaces."""
    if _WORD.fullmatch(core):
        return [_Token("word", core, first)]
    number = _NUMBER.fullmatch(core)
    if number is not None:
        before, digits, after = number.groups()
        found = [_Token("number", digits.strip("$€£¥"), False)]
        for sign in (before, digits[:1] if digits[0] in _CURRENCIES else None, after):
            if sign:
                found.append(_Token("symbol" if sign in _CURRENCIES else "word", sign, False))
        return found
    if _LIST.fullmatch(core):
        words = re.findall(r"[^\W\d_]+", core)
        return [_Token("word", word, first and place == 0) for place, word in enumerate(words)]
    if any(char.isdigit() or char in "@_#/\\" for char in core) or "." in core:
        return [_Token("code", core, False)]
    # emoji, operators and the like beside words
    return [_Token("word" if part[0].isalpha() else "symbol", part, False) for part in _SYMBOLS.findall(core)]


def _mood(tokens: list[_Token], lower: list[str]) -> str:
    marks = {token.text for token in tokens if token.kind == "mark"}
    if HOWTO in marks:
        return "how-to"
    if REQUEST in marks:
        return "request"
    asked = any(token.kind == "end" for token in tokens)
    starts = bool(lower) and (lower[0] in english.QUESTION_WORDS or lower[0] in english.AUXILIARIES)
    return "question" if asked or starts else "plain"


def _is_name_of(token: _Token) -> bool:
    """Tell whether a small word is written as a name: the month, the country, the department."""
    return not token.first and (token.text == "May" or (token.text.isupper() and token.text != "I"))


class _Reader:
    """Makes terms of tokens, from left to right."""

    def __init__(self, tokens: list[_Token], quotes: list[str]) -> None:
        self._tokens = tokens
        self._quotes = iter(quotes)
        self._at = 0
        self._role = ""
        self._negated = False
        self._being = False
        self._terms: list[Term] = []
        self._used: set[int] = set()

    def read(self) -> tuple[Term, ...]:
        """Give the terms."""
        while self._at < len(self._tokens):
            if self._at not in self._used:
                self._step(self._tokens[self._at])
            self._at += 1
        if self._role and self._role != "of":
            # a preposition that nothing follows is part of what is said
            self._add(self._role, self._role, "", name=False)
        if self._negated and self._terms:
            self._terms[-1] = self._terms[-1]._replace(negated=True)
        return tuple(self._terms)

    def _step(self, token: _Token) -> None:
        if token.kind == "mark":
            if token.text == _QUOTE_MARK:
                self._add(f'"{next(self._quotes)}"', "quote", "", name=True)
        elif token.kind == "code":
            self._add(token.text, token.text, "", name=True)
        elif token.kind == "symbol":
            self._add(_CURRENCIES.get(token.text, token.text), token.text, "", name=False)
        elif token.kind == "number":
            self._add(_number(token.text), "number", "", name=False)
        elif token.kind == "word" and self._measures(token):
            self._unit(token)
        elif token.kind == "word":
            self._word(token)

    def _measures(self, token: _Token) -> bool:
        """Tell whether a word of few letters stands right after digits."""
        return len(token.text) <= 4 and self._at > 0 and self._tokens[self._at - 1].kind == "number"

    def _unit(self, token: _Token) -> None:
        word = token.text.lower()
        form = english.base_form(english.AFTER_NUMBER.get(word, word))
        group = english.synonym_groups().get(form)
        if (
            group is None
            and word in english.DROPPED | english.WEAK_PREPOSITIONS.keys() | english.STRICT_PREPOSITIONS
        ):
            self._word(token)
        elif group is None and word.isalpha() and len(word) <= 3:
            # megabyte and megabit
            self._add(token.text, str(form), "", name=True, word=word)
        else:
            self._add(group or str(form), str(form), form.ending, name=False, word=str(form))

    def _word(self, token: _Token) -> None:
        word = token.text.lower()
        self._being = self._being or word in english.BEING
        phrase = self._phrase()
        if phrase is not None:
            self._add(english.synonym_groups()[phrase], phrase, "", name=False, word=word)
            return
        number, used = english.read_number(self._ahead(8))
        if used:
            self._at += used - 1
            self._add(str(number), "number", "", name=False)
        elif word in english.ORDINALS:
            self._add(english.ORDINALS[word], "number", "", name=False)
        elif word in english.NEGATIONS:
            self._negated = not self._negated
        elif word in english.QUESTION_WORDS:
            return
        elif word == "to" and not self._is_directed():
            self._role = f"{self._role} {MAYBE_TO}".strip()
        elif word in english.STRICT_PREPOSITIONS or word in english.WEAK_PREPOSITIONS:
            # `out of`, `up to`: two together are another one
            self._role = f"{self._role} {word}".strip()
        elif word == "some" or word == "any":
            if self._counts(word):
                self._plain_word(token, word)
        elif self._carries(word):
            self._plain_word(token, word)
        elif word in english.OBJECTS and self._role in ("for", "to", MAYBE_TO) and self._is_given():
            # `for me`, `to us`: whose it is stands among the persons
            self._role = ""
        elif word in english.OBJECTS and (self._role or not self._is_dative(word)):
            self._plain_word(token, word)
        elif word in english.DROPPED and not _is_name_of(token):
            return
        else:
            self._plain_word(token, word)

    def _plain_word(self, token: _Token, word: str) -> None:
        is_name = token.text[0].isupper() and not token.first
        verb = None if is_name else self._particle(word)
        form = english.base_form(word)
        group = english.synonym_groups().get(verb or form)
        canon = group or verb or form
        if is_name:
            canon = word
        self._add(canon, verb or str(form), form.ending, name=is_name, word=word)

    def _counts(self, word: str) -> bool:
        """Tell whether `some` or `any` changes how many are meant: `some users`, but not `some milk`."""
        following = self._ahead(2)[1:]
        if word == "some":
            return not following or following[0] == "of" or english.base_form(following[0]).ending == "s"
        return self._at == 0 or self._tokens[self._at - 1].text.lower() not in english.PRESENCE

    def _carries(self, word: str) -> bool:
        """Tell whether a pronoun carries meaning of its own."""
        if word not in english.PERSONS and word != "it":
            return False
        if word == "you" and self._at > 0 and not self._ahead(2)[1:]:
            # `I mean you`, `how are you`
            return self._tokens[self._at - 1].text.lower() not in english.AUXILIARIES
        return self._is_singled_out() or (word != "it" and (self._acts() or self._is_numeral()))

    def _is_singled_out(self) -> bool:
        before = self._tokens[self._at - 1].text.lower() if self._at else ""
        return before in english.FOCUS or self._ahead(2)[1:] in (("alone",), ("only",))

    def _is_given(self) -> bool:
        """Tell whether something is done for somebody: `read it for me`, but not `wait for me`."""
        before = self._tokens[self._at - 2].text.lower() if self._at > 1 else ""
        return len(self._terms) > 1 or before in english.GIVEN

    def _is_dative(self, word: str) -> bool:
        """Tell whether a pronoun may be missing: of `me` only behind some verbs; others stand among the
        persons."""
        before = self._tokens[self._at - 1].text.lower() if self._at else ""
        return word not in english.FIRST_OBJECTS or before in english.DATIVE

    def _is_numeral(self) -> bool:
        """Tell whether `I` is a number: `World War I`."""
        if self._tokens[self._at].text != "I" or self._at == 0:
            return False
        before = self._tokens[self._at - 1].text
        known = english.AUXILIARIES | english.QUESTION_WORDS.keys() | english.FOCUS
        return before[0].isupper() and before.lower() not in known and self._at > 1

    def _is_verbal(self) -> bool:
        before = self._tokens[self._at - 1].text.lower() if self._at else ""
        return before in english.VERBAL or (self._being and before not in english.DIRECTED)

    def _acts(self) -> bool:
        """Tell whether a pronoun is wanted to do something: `want me to wait`."""
        before = self._tokens[self._at - 1].text.lower() if self._at else ""
        return self._ahead(2)[1:] == ("to",) and english.base_form(before) in english.WANTING

    def _is_directed(self) -> bool:
        following = self._ahead(2)[1:]
        if following:
            name = self._tokens[self._at + 1].text[0].isupper()
            return name or self._at - 1 in self._used or following[0] in english.DIRECTED
        # a number: nothing is done to it, something comes to it
        return self._at + 1 < len(self._tokens) and self._tokens[self._at + 1].kind == "number"

    def _ahead(self, count: int) -> tuple[str, ...]:
        found = []
        for token in self._tokens[self._at : self._at + count]:
            if token.kind != "word":
                break
            found.append(token.text.lower())
        return tuple(found)

    def _phrase(self) -> str | None:
        ahead = self._ahead(4)
        for length in range(len(ahead), 1, -1):
            words = ahead[:length]
            for form in (words, (*words[:-1], str(english.base_form(words[-1])))):
                if form in english.phrases():
                    self._at += length - 1
                    return "_".join(form)
        return None

    def _particle(self, word: str) -> str | None:
        """Find the particle of a verb, next to it or a few words on, and use it up."""
        for place in range(self._at + 1, min(self._at + 5, len(self._tokens))):
            token = self._tokens[place]
            if token.kind != "word":
                return None
            verb = english.particle_verb(word, token.text.lower())
            if verb is not None:
                self._used.add(place)
                return verb
        return None

    def _add(self, canon: str, form: str, ending: str, *, name: bool, word: str = "") -> None:
        weak = self._role in english.WEAK_PREPOSITIONS
        role = english.WEAK_PREPOSITIONS.get(self._role, self._role)
        if form == "number" and self._role == "at":
            # in 5 minutes, at 5
            role = "at"
        text = self._tokens[self._at].text if self._at < len(self._tokens) else ""
        self._terms.append(
            Term(
                canon=canon,
                form=form,
                ending=ending,
                role=role,
                weak=weak or not role,
                negated=self._negated,
                name=name,
                word=word,
                passive=self._being and ending == "past",
                case="small" if text.islower() else "great" if text.isupper() and len(text) > 2 else "",
                verbal=ending == "ing" and self._is_verbal(),
                noun=self._at > 0 and self._tokens[self._at - 1].text.lower() in english.DIRECTED,
            )
        )
        self._role = ""
        self._being = False
        self._negated = False


def _number(text: str) -> str:
    bare = text.replace(",", "").replace("−", "-").removeprefix("+")
    if re.match(r"-?0\d", bare):
        # a code rather than a quantity
        return bare
    try:
        return format(Decimal(bare).normalize(), "f")
    except InvalidOperation:
        return bare
