"""Ways of asking the same in English, brought to one: an ordered table of rewrites.

In: a sentence. Out: the sentence without courtesies, with one spelling of each way to ask. A row may only
join what means the same; what a row drops must carry no meaning in any sentence it matches.
"""

from __future__ import annotations

import re
from typing import Final

HOWTO: Final = "\x01"
REQUEST: Final = "\x02"
"""Marks that stand for `how do I` and `can you`, at the place where these stood."""

# not `you`: how you do it is not how I do it
_I: Final = r"(?:i|we|one|someone|somebody|people)"
# before `when` or `if` these may ask for a message later on
_TELL: Final = (
    r"(?:please |kindly |just )?(?:tell|inform) (?:me|us)|(?:please |kindly )?let (?:me|us) know|"
    r"(?:can|could|would|will) (?:you|someone|anyone|u) (?:please |kindly )?let (?:me|us) know"
)
_ASKING: Final = (
    r"(?:can|could|would|will) (?:you|someone|anyone|u) (?:please |kindly )?"
    r"(?:tell|say to|inform) (?:me|us)|"
    r"(?:do|would) (?:you|u) (?:happen to )?know|any idea|"
    r"(?:i|we)(?: would|'d)? (?:want|need|like|love) to know|"
    r"(?:i|we)(?: am|'m| was| are| were|'re)? (?:just )?(?:wondering|curious)(?: to know)?|"
    r"(?:i|we) wonder|(?:can|could|may) (?:i|we) (?:please )?(?:ask|know)|may i ask"
)
_TO_DO: Final = (
    r"(?:can|could|would|will) (?:you|u|someone|anyone) (?:please |kindly )?(?:help (?:me|"
    r"us) (?:to )?|just )?|"
    r"(?:please |kindly )?(?:can you )?help (?:me|us) (?:to )?(?!out|with|understand)|"
    r"would (?:you|u) mind "
)
_WANT: Final = r"(?:i|we)(?: would|'d)? (?:really )?(?:want|need|wish|like|love) to "
# what others do for whoever wants to do it; who wants to sing does not ask others to sing
_SERVICE: Final = (
    "cancel|return|exchange|change|update|upgrade|downgrade|delete|remove|close|reset|order|book|reserve|buy|"
    "purchase|unsubscribe|transfer|send|track|report|request|schedule|reschedule|block|activate|deactivate|"
    "register|renew|extend|apply|complain|confirm|dispute|redeem|know|switch|enable|disable|unlock|open|file|"
    "get|have|receive|make"
)
_ROWS: Final[tuple[tuple[str, str], ...]] = (
    # courtesies, at the borders of the text only
    (
        r"^(?:hi|hello|hey|greetings|good (?:morning|afternoon|evening|day))(?: there| all| team|"
        r" everyone)?[,!.:]+\s+",
        "",
    ),
    (r"^(?:hi|hey|hello) there\s+", ""),
    (r"^(?:excuse me|sorry|quick question|question)[,:]\s+(?:but )?", ""),
    (
        r"^(?:ok|okay|so|well|now)[, ]+(?=(?:how|what|when|where|why|who|can|could|please|tell|do|"
        r"does|is|are)\b)",
        "",
    ),
    (
        r"[,.!;]?\s*\b(?:many thanks|thanks|thank you|thx)(?: so much| very much| a lot| in advance|"
        r" again)*\s*[.!]*\s*$",
        "",
    ),
    (r"[,;]?\s*\b(?:please|pls|plz|kindly)\b[,]?", " "),
    # times of day
    (r"(\d) ?([ap])\.?m\b\.?", r"\1 \2-m"),
    # contractions
    (r"\bcan(?:not|'t)\b", "can not"),
    # what will not do it does not do it; `will not` may be about later
    (r"\b((?:my|the|this|that|our|your) \w+(?: \w+)?) won't\b", r"\1 does not"),
    (r"\bwon't\b", "will not"),
    (r"\bshan't\b", "shall not"),
    (r"\bain't\b", "is not"),
    (r"(\w)n't\b", r"\1 not"),
    (r"\bcant\b", "can not"),
    (r"\bwont\b", "will not"),
    (r"\b(do|does|did|is|are|was|could|would|should|have|has)nt\b", r"\1 not"),
    (r"\b(i)(?:'m|m)\b", r"\1 am"),
    (r"\b(i|you|we|they|he|she|it|who|that|there)'ve\b", r"\1 have"),
    (r"\b(\w+)'re\b", r"\1 are"),
    (r"\b(\w+)'ll\b", r"\1 will"),
    (r"\b(i|you|we|they|he|she|it)'d\b", r"\1 would"),
    (r"\b(what|who|where|when|how|why|that|there|it|he|she)'?s\b(?! own)", r"\1 is"),
    (r"\bgonna\b", "going to"),
    (r"\b(?:is|are|am) going to(?= (?!the |a |an |my |our )[a-z])", "will"),
    (r"\b(?:is|are|am) ((?:\w+ )?\w+) going to(?= (?!the |a |an |my |our )[a-z])", r"will \1"),
    (r"\b(log|sign) ?into\b", r"\1 in to"),
    (r"\bsearching for\b", "looking for"),
    (r"\breally (?=love|like|hate|need|want|enjoy)", ""),
    (r"\bnever got (?=(?:my|the|an?)\b)", "never received "),
    (r"\b((?:did|have|has) not) (?:get|got) (?=(?:my|the|an?)\b)", r"\1 receive "),
    (r"\b(?:am|are|is|was|were)? ?(?:unable|not able) to\b", "can not"),
    (r"\b(?:am|are|is) able to\b", "can"),
    (
        r"'s (?=(?:too|very|not|so|really|been|still|broken|missing|wrong|late|over|gone|great|awful|"
        r"slow)\b)",
        " is ",
    ),
    # what a machine does not do now, it does not do
    (
        r"^((?:(?:the|my|our|your|this) )?\w+(?: \w+)?) (?:is|are) not "
        r"(?=(?:working|loading|responding|charging|starting|opening|printing|playing|connecting|syncing|updating)\b)",
        r"\1 does not ",
    ),
    (r"\b(?:get|gets|got|gotten) (?=\w+(?:ed|en|lost|stuck)\b)", "was "),
    (r"\b(?:has|have) (.+?) got\b", r"does \1 have"),
    (r"\b(has|have) got\b", r"\1"),
    (r"\b(do|does|did) (.+?) come with\b", r"\1 \2 have"),
    # what asks only for a yes
    (
        r", (?:is|are|was|were|do|does|did|can|could|will|would|has|have|should)(?: not)? "
        r"(?:it|he|she|they|you|we|i|there)\s*\?\s*$",
        " ?",
    ),
    (r"\bin front of\b", "infront"),
    (r"\b(?:right now|at the moment|at present|currently)\b", " "),
    # what is a quantity with `a`, and is another one without
    (r"\ba few\b", "several"),
    (r"\ban? (third|fourth|fifth|sixth|seventh|eighth|ninth|tenth) of\b", r"\1-part of"),
    (r"\ba little\b", "somewhat"),
    (r"\b(?:much|way|far) too\b", "too"),
    (r"\bwhenever\b", "when"),
    (r"\bper (?=(?:day|week|month|year|hour|minute|second)\b)", "a "),
    (r"\b(speak|talk|speaking|talking) with\b", r"\1 to"),
    (r"\bclose to (?=(?:the|an?|my|our)\b)", "near "),
    (r"\b(i|we) would recommend\b", r"\1 recommend"),
    (r"\b(create|make|add|open|write) a new\b", r"\1 a"),
    (r"\b(an? \w+(?: \w+)?) called\b", r"\1 named"),
    (r"\bwhat is the current\b", "what is the"),
    # who gets what
    (
        r"(?-i:\b([Ss]end|[Gg]ive|[Ss]how|[Ff]orward|[Ll]end|[Pp]ay|[Ss]ell) ([A-Z]\w+)) "
        r"((?:the|an?|my|our|this|that) [\w ]+?)(?=[.?!]*\s*$)",
        r"\1 \3 to \2",
    ),
    # questions put as orders, and orders put as questions
    (
        r"^\s*(?:(?:can|could|would) (?:you|u) )?(?:please )?(?:explain|describe|show|clarify)"
        r"(?: to me| me)? (?=(?:how|what|when|where|why|who|whose|which)\b)",
        "",
    ),
    (rf"^\s*(?:{_ASKING})[,:]? (?:if|whether) ([^?]+?)[.?!]*\s*$", r"\1 ?"),
    (rf"^\s*(?:{_ASKING})[,:]? (?:about )?(?=(?:how|what|when|where|why|who|whose|which)\b)", ""),
    (rf"^\s*(?:{_TELL})[,:]? (?:about )?(?=(?:how|what|where|why|who|whose|which)\b)", ""),
    (rf"^\s*(?:{_ASKING}|{_TELL})(?: about)? (?=(?:the|my|our|your|its|his|her|their)\b)", "what is "),
    (r"^\s*(where|when|who|what) (i|we|you|they|he|she) (can|could|should|will)\b", r"\1 \3 \2"),
    (r"\b(where|who|whom) can (?=i\b|we\b|you\b|one\b)", r"\1 do "),
    # what stands before its sentence goes behind it
    (
        r"^\s*(when|if|before|after|because|while|once|unless|until|although) ([^,?]+), ([^,?]+?)"
        r"([.?!]*)\s*$",
        r"\3 \1 \2\4",
    ),
    (r"^\s*(from|to|in|at|for|with|on) ((?:which|what|whom)(?! time) .+?)([.?!]*)\s*$", r"\2 \1\3"),
    (r"^\s*((?:in|on|at|with|for) \w+(?: \w+)?), ([^,?]+?)([.?!]*)\s*$", r"\2 \1\3"),
    (rf"^\s*(?:{_TO_DO}|{_WANT}(?=(?:{_SERVICE})\b))", f"{REQUEST} "),
    (rf"^\s*{_WANT}", "i want to "),
    (
        r"^\s*(?:i|we)(?: would|'d)? (?:want|need|like|wish) (?=(?:a|an|the|my|our|some|this|that)\b)",
        "i want ",
    ),
    (
        r"^\s*(?:(?:can|could) you )?(?:i (?:want|need) (?:some )?|please )?help (?:me |"
        r"us )?(?=(?:with|on)\b)",
        "help ",
    ),
    (r"^\s*i (?:found|thought) (the|this|that) (\w+)", r"\1 \2 was"),
    (rf"^\s*({REQUEST} )?(?:list|show|display)(?: me| us)? ", r"\1show "),
    # how to
    (rf"\bhow (?:(?:do|can|could|would|does) {_I}|to) (?:go about )?(?=[a-z])", f"{HOWTO} "),
    (r"\bhow to\b", HOWTO),
    (
        r"\bwhat(?: is| are)? (?:the )?(?:right |correct |proper |best )?(?:way|ways|procedure|"
        r"process|steps?) (?:to|for|of)\b",
        HOWTO,
    ),
    (rf"\bwhat (?:do|should|must|can) {_I} (?:need to |have to )?do (?:in order )?to\b", HOWTO),
    (r"\b(?:explain|show me|teach me|describe)(?: to me)? how to\b", HOWTO),
    (
        r"^\s*(?:is it possible|is there (?:a|any) way|(?:am i|are we) (?:able|allowed)) (?:for me |"
        r"for us )?to\b",
        "can i",
    ),
    (r"^\s*(?:may|could) (i|we)\b", r"can \1"),
    (r"^\s*what (an?) (?=\w+(?: \w+)?[.!]*\s*$)", r"exclamation \1 "),
    # what is asked for
    (r"\bhow far away (?=is|are)", "how far "),
    (r"\bhow long should (i|we)\b", r"how long do \1"),
    (r"\bhow many (\w+(?: \w+)?) are(?: there)? in (.+?)(?=[.?!]*\s*$)", r"how many \1 does \2 have"),
    (r"^\s*what (?:is|are) the causes? of\b", "what causes"),
    (r"^\s*(?:how much|what) (?:is|are) ([$€£]?\d\S*(?: \w+)?) in (\w+)(?=[.?!]*\s*$)", r"convert \1 to \2"),
    (r"\b(i|we) got (?=(?:the|an?|my|our)\b)", r"\1 received "),
    (r"\bwhat time is it\b", "what is the time"),
    (r"\b(where|when|what|who) to (?=[a-z])", r"\1 do i "),
    (r"\b(?:at )?(?:what|which) time (?=is|are|do|does|did|will|can|was|were)", "when "),
    (r"\bhow (old|tall|high|heavy|big|large) (.+?) (is|are|was|were)\s*[.?!]*$", r"how \1 \3 \2"),
    (
        r"^\s*(what|who|where|when) ((?:the|an?|my|our|your|this)\b[^?]+?) (is|are|was|were)"
        r"( \w+ed| made| held| built)?\s*[.?!]*$",
        r"\1 \3 \2\4",
    ),
    (r"\bhow old (is|are|was|were) (.+?)(?=[?.!]|$)", r"what \1 the age of \2"),
    (r"\bhow (?:big|large) (is|are|was|were) (.+?)(?=[?.!]|$)", r"what \1 the size of \2"),
    (r"\bhow (?:tall|high) (is|are|was|were) (.+?)(?=[?.!]|$)", r"what \1 the height of \2"),
    (r"\bhow heavy (is|are|was|were) (.+?)(?=[?.!]|$)", r"what \1 the weight of \2"),
    (r"\bby whom (?:was|were) (.+) (\w+(?:ed|en)|built|made|sung|told|found)(?=[?.!]|\s*$)", r"who \2 \1"),
    (r"\bhow much (?:money )?(?:does|do) (.+?) cost\b", r"what is the price of \1"),
    (r"\bhow much (?:money )?did (.+?) cost\b", r"what was the price of \1"),
    (r"\bhow much (is|are) (?=(?:the|a|an|this|that|your|my|it|one)\b)", r"what \1 the price of "),
    (r"\bwhat (?:does|do) (.+?) cost\b", r"what is the price of \1"),
    (r"\bwhat did (.+?) cost\b", r"what was the price of \1"),
    (r"\bwhat (is|are|was|were) (.+?) like\b", r"what \1 \2"),
    (r"\bhow (is|was) the weather\b", r"what \1 the weather"),
    (rf"(?:{HOWTO}|how (?:do|would) you) say (.+?) in (\w+)\s*[?.!]*$", r"translate \1 into \2"),
    (r"\btranslate (.+?) to (\w+)\s*[?.!]*$", r"translate \1 into \2"),
    (r"\bwhat (?:does|do) (?:the (?:word|term) )?(.+?) mean\s*[?.!]*$", r"define \1"),
    (r"\bwhat is the (?:definition|meaning) of (?:the (?:word|term) )?(.+?)\s*[?.!]*$", r"define \1"),
    (r"\b(?:give|write|make|provide|create)(?: me| us)? (?:a |an |the )?summary of\b", "summarize"),
    (r"\b(?:give|write|make|provide)(?: me| us)? (?:a |an |the )?translation of\b", "translate"),
    (r"\bdo you (?:still )?have (.+?) (?:available|in stock)\b", r"is \1 available"),
    (r"\bin stock\b", "available"),
    (r"\bhow come\b", "why"),
    (r"\bfor what reason\b", "why"),
    (r"\bwhat is the reason (?:that|why|for)\b", "why"),
    (r"(?-i:\b((?:[A-Z]\w+ )*[A-Z]\w+)'s )([a-z]+)\b", r"the \2 of \1"),
    (r"\b((?:the|my|our|your|this|that|his|her) \w+)'s (\w+)", r"the \2 of \1"),
    (r"\bcolour", "color"),
    (r"\bfavour", "favor"),
    (r"\bcentre\b", "center"),
    (r"\bcancell(ed|ing|ation)", r"cancel\1"),
    (r"(\w{4,})is(e|es|ed|ing|ation)\b", r"\1iz\2"),
)
REWRITES: Final = tuple((re.compile(pattern, re.IGNORECASE), by) for pattern, by in _ROWS)


def rewrite(text: str) -> str:
    """Bring a sentence to the one way of saying it that the table knows."""
    for pattern, by in REWRITES:
        text = pattern.sub(by, text)
    return text
