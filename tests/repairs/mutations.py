"""Rules that break plans as people and models break them; each with the mistake it stands for.

In: the text of a plan that is right, a random generator. Out: a text that is wrong in one place, or None
where the rule has nothing to work on.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

from rtfsc.source import SourceFile
from rtfsc.syntax.forms import Form, ListForm, Literal, SymbolForm, VectorForm
from rtfsc.syntax.parser import parse

Rule = Callable[["Plan", random.Random], "str | None"]
RULES: Final[dict[str, Rule]] = {}


class Node(NamedTuple):
    """A form, the one around it, and its place among the items of that."""

    form: Form
    around: Form | None
    index: int


class Plan:
    """A text and its forms."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.nodes = list(_walk(text))

    def lists(self, *heads: str) -> list[ListForm]:
        """Give the lists with one of these heads, or all."""
        return [
            n.form
            for n in self.nodes
            if isinstance(n.form, ListForm) and (not heads or head(n.form) in heads)
        ]

    def cut(self, start: int, end: int, instead: str = "") -> str:
        """Replace a part of the text."""
        return self.text[:start] + instead + self.text[end:]

    def part(self, form: Form) -> str:
        """Give the text of a form."""
        return self.text[form.start : form.end]


def _walk(text: str) -> Iterator[Node]:
    todo = [Node(form, None, i) for i, form in enumerate(parse(SourceFile("plan", text)).forms)]
    while todo:
        node = todo.pop(0)
        yield node
        below = getattr(node.form, "items", None) or [
            f for f in [getattr(node.form, "form", None)] if f is not None
        ]
        todo += [Node(form, node.form, i) for i, form in enumerate(below)]


def head(form: Form) -> str:
    """Give the name at the head of a list."""
    items = getattr(form, "items", [])
    return items[0].name if items and isinstance(items[0], SymbolForm) else ""


def rule(function: Rule) -> Rule:
    """Enter a rule."""
    RULES[function.__name__] = function
    return function


def replacing(name: str, pattern: str, *instead: str) -> None:
    """Enter a rule that replaces one match of a pattern."""

    def run(plan: Plan, rng: random.Random) -> str | None:
        found = list(re.finditer(pattern, plan.text, re.MULTILINE))
        if not found:
            return None
        match = rng.choice(found)
        return plan.cut(match.start(), match.end(), match.expand(rng.choice(instead)))

    RULES[name] = run


def _brackets(plan: Plan, kinds: str) -> list[int]:
    inside = [(n.form.start, n.form.end) for n in plan.nodes if isinstance(n.form, Literal)]
    return [
        at
        for at, char in enumerate(plan.text)
        if char in kinds
        and not any(start <= at < end for start, end in inside)
        and ";;" not in plan.text[plan.text.rfind("\n", 0, at) + 1 : at]
    ]


# delimiters


def _drop(plan: Plan, rng: random.Random, kinds: str) -> str | None:
    places = _brackets(plan, kinds)
    if not places:
        return None
    at = rng.choice(places)
    return plan.cut(at, at + 1)


@rule
def drop_parenthesis(plan: Plan, rng: random.Random) -> str | None:
    """A closing parenthesis is missing somewhere."""
    return _drop(plan, rng, ")")


@rule
def drop_bracket(plan: Plan, rng: random.Random) -> str | None:
    """A closing bracket of a vector is missing."""
    return _drop(plan, rng, "]")


@rule
def drop_brace(plan: Plan, rng: random.Random) -> str | None:
    """A closing brace of a map is missing."""
    return _drop(plan, rng, "}")


@rule
def drop_opener(plan: Plan, rng: random.Random) -> str | None:
    """An opening parenthesis, bracket or brace is missing."""
    return _drop(plan, rng, "([{")


@rule
def drop_at_end_of_line(plan: Plan, rng: random.Random) -> str | None:
    """One closer of the several at the end of a line is missing."""
    found = list(re.finditer(r"[)\]}]{2,}$", plan.text, re.MULTILINE))
    match = rng.choice(found)
    return plan.cut(match.end() - 1, match.end())


@rule
def drop_two_at_end(plan: Plan, rng: random.Random) -> str | None:
    """The last two closers of a top-level form are missing."""
    found = [n.form for n in plan.nodes if n.around is None and plan.part(n.form).endswith("))")]
    form = rng.choice(found) if found else None
    return plan.cut(form.end - 2, form.end) if form else None


@rule
def one_too_many(plan: Plan, rng: random.Random) -> str | None:
    """A closer stands twice at the end of a line."""
    match = rng.choice(list(re.finditer(r"\)$", plan.text, re.MULTILINE)))
    return plan.cut(match.end(), match.end(), ")")


@rule
def wrong_closer(plan: Plan, rng: random.Random) -> str | None:
    """A closer is of another kind."""
    at = rng.choice(_brackets(plan, ")]}"))
    return plan.cut(at, at + 1, rng.choice(")]}".replace(plan.text[at], "")))


@rule
def wrong_opener(plan: Plan, rng: random.Random) -> str | None:
    """An opener is of another kind."""
    at = rng.choice(_brackets(plan, "[{"))
    return plan.cut(at, at + 1, "(")


@rule
def swapped_closers(plan: Plan, rng: random.Random) -> str | None:
    """Two closers of different kinds are in the wrong order."""
    found = list(re.finditer(r"\]\)|\)\]|\}\)|\}\]|\)\}", plan.text))
    match = rng.choice(found) if found else None
    return plan.cut(match.start(), match.end(), match[0][::-1]) if match else None


# strings


def _strings(plan: Plan) -> list[Form]:
    return [n.form for n in plan.nodes if isinstance(n.form, Literal) and plan.text[n.form.start] == '"']


@rule
def unclosed_string(plan: Plan, rng: random.Random) -> str | None:
    """The closing quote is missing."""
    form = rng.choice(_strings(plan))
    return plan.cut(form.end - 1, form.end)


@rule
def unopened_string(plan: Plan, rng: random.Random) -> str | None:
    """The opening quote is missing."""
    form = rng.choice(_strings(plan))
    return plan.cut(form.start, form.start + 1)


@rule
def single_quotes(plan: Plan, rng: random.Random) -> str | None:
    """A string in single quotes."""
    forms = [f for f in _strings(plan) if re.fullmatch(r'"[\w ./:-]+"', plan.part(f))]
    form = rng.choice(forms)
    return plan.cut(form.start, form.end, "'" + plan.part(form)[1:-1] + "'")


# names


def _misspell(name: str, rng: random.Random) -> str:
    at = rng.randrange(len(name) - 1)
    match rng.randrange(4):
        case 0:
            return name[:at] + name[at + 1] + name[at] + name[at + 2 :]
        case 1:
            return name[:at] + name[at + 1 :]
        case 2:
            return name[: at + 1] + name[at:]
        case _:
            return name[:at] + rng.choice("aeiost") + name[at + 1 :]


def _misspelt(plan: Plan, rng: random.Random, names: list[Form]) -> str | None:
    if not names:
        return None
    form = rng.choice(names)
    word = plan.part(form)
    start = form.start + (word[0] == ":")
    return plan.cut(start, form.end, _misspell(plan.text[start : form.end], rng))


SPECIAL: Final = (
    "let", "if", "do", "fn", "defn", "def", "defmacro", "defstruct", "deftype", "match", "cond",
    "when", "loop", "recur", "try", "catch", "finally", "for", "doseq", "dotimes", "if-let", "when-let",
    "step", "parallel", "module",
)  # fmt: skip


@rule
def misspelt_special(plan: Plan, rng: random.Random) -> str | None:
    """A special form is misspelt."""
    heads = [
        n.form
        for n in plan.nodes
        if n.index == 0
        and isinstance(n.form, SymbolForm)
        and n.form.name in SPECIAL
        and isinstance(n.around, ListForm)
        and len(n.form.name) > 1
    ]
    return _misspelt(plan, rng, heads)


@rule
def misspelt_name(plan: Plan, rng: random.Random) -> str | None:
    """A function or variable is misspelt where it is used."""
    seen: set[str] = set()
    uses: list[Form] = []
    for n in plan.nodes:
        if isinstance(n.form, SymbolForm) and len(n.form.name) > 3 and n.form.name not in SPECIAL:
            used = isinstance(n.around, ListForm) and (
                n.index == 0 or head(n.around) not in ("defn", "def", "fn")
            )
            if used and head(n.around or n.form) not in ("defstruct", "deftype", "module", "match"):
                uses.append(n.form)
            seen.add(n.form.name)
    return _misspelt(plan, rng, uses)


@rule
def misspelt_option(plan: Plan, rng: random.Random) -> str | None:
    """`:keys`, `:or`, `:exports`, `:delegation` or a type is misspelt."""
    wanted = {":keys", ":exports", ":string", ":number", ":vector", ":keyword", ":enum", ":int", ":and"}
    forms = [n.form for n in plan.nodes if isinstance(n.form, Literal) and plan.part(n.form) in wanted]
    return _misspelt(plan, rng, forms)


replacing(
    "misspelt_kind", r"\(catch (\w+)(\w\w)Error ", r"(catch \1\2Erorr ", r"(catch \1\2 ", r"(catch \1Error "
)
replacing(
    "misspelt_target", r"\^:delegation :local-model", r"^:delegation :local_model", r"^:delegate :local-model"
)

# words of other languages

replacing("defun", r"\(defn ", r"(defun ", r"(define ", r"(function ")
replacing("progn", r"\(do ", r"(progn ", r"(begin ")
replacing("null", r"\bnil\b(?![?])", "null", "None", "undefined")
replacing("bare_fraction", r" 0[.]5", " .5")
replacing("capital_true", r" (?:true)\b", " True", " TRUE")
replacing("lambda", r"\(fn \[(\w+)\] ", r"(lambda (\1) ", r"(fn (\1) ", r"(fn \1 ")
replacing("round_parameters", r"^( *)\(defn ([\w?-]+) \[([\w -]+)\]", r"\1(defn \2 (\3)", r"\1(defn \2 \3")
replacing("round_bindings", r"\((let|loop) \[([\w-]+ [^\[\]\n]*)\]", r"(\1 (\2)", r"(\1 \2")
replacing("set_bang", r"^\(def ", "(setq ", "(define ", "(const ")
replacing("else_word", r":else", "else", ":esle", "otherwise")
replacing("and_signs", r"\(and ", "(&& ")
replacing("or_signs", r"\(or ", "(|| ", "(|")
replacing("equal_signs", r"\(= ", "(=== ", "(eq? ", "(equal? ")
replacing("not_equal", r"\(not ", "(! ", "(!not ")
replacing("colon_after_key", r"\{:([\w-]+) ", r"{:\1: ", r"{\1: ", r"{\1 ")
replacing("assigned_key", r"\{:([\w-]+) ", r"{:\1 = ", r"{:\1 => ")
replacing("number_with_unit", r" (\d+)\)", r" \1s)", r" \1ms)", r" \1.)")
replacing("wrong_comment", r"^;; ", "// ", "# ", "-- ")
replacing("arrow", r"^( +)(:urgent|:high|other|_) ", r"\1\2 -> ", r"\1\2 => ")
replacing("catch_without_name", r"\(catch e ", "(catch ", "(catch (e) ", "(except e ")
replacing("other_catch", r"\(catch ", "(rescue ", "(except ", "(cacth ")
replacing("python_let", r"\(let \[([\w-]+) ", r"(let [\1 = ", r"(let [\1: ")
replacing("commented_out", r"\]$", "] ;", "] ; )")

# shapes


@rule
def if_with_three_branches(plan: Plan, rng: random.Random) -> str | None:
    """`if` gets a third branch."""
    forms = [f for f in plan.lists("if") if len(f.items) == 4]
    form = rng.choice(forms) if forms else None
    return plan.cut(form.end - 1, form.end - 1, " nil") if form else None


@rule
def if_with_else(plan: Plan, rng: random.Random) -> str | None:
    """`else` is written out in an `if`."""
    forms = [f for f in plan.lists("if") if len(f.items) == 4]
    if not forms:
        return None
    last = rng.choice(forms).items[3]
    return plan.cut(last.start, last.start, rng.choice((":else ", "else ")))


@rule
def cond_without_else(plan: Plan, rng: random.Random) -> str | None:
    """The last test of `cond` is left out."""
    forms = [f for f in plan.lists("cond") if plan.part(f.items[-2]) == ":else"]
    form = rng.choice(forms) if forms else None
    return plan.cut(form.items[-2].start, form.items[-1].start) if form else None


@rule
def cond_in_pairs(plan: Plan, rng: random.Random) -> str | None:
    """The clauses of `cond` are lists, as in Scheme."""
    forms = plan.lists("cond")
    if not forms:
        return None
    items = rng.choice(forms).items[1:]
    text = " ".join(f"({plan.part(a)} {plan.part(b)})" for a, b in zip(items[::2], items[1::2], strict=True))
    return plan.cut(items[0].start, items[-1].end, text)


@rule
def let_in_pairs(plan: Plan, rng: random.Random) -> str | None:
    """The bindings of `let` are lists, as in Scheme."""
    forms = [f.items[1] for f in plan.lists("let") if isinstance(f.items[1], VectorForm)]
    form = rng.choice(forms) if forms else None
    if form is None or not isinstance(form, VectorForm) or len(form.items) % 2:
        return None
    pairs = zip(form.items[::2], form.items[1::2], strict=True)
    text = " ".join(f"({plan.part(a)} {plan.part(b)})" for a, b in pairs)
    return plan.cut(form.start, form.end, f"({text})")


@rule
def match_without_default(plan: Plan, rng: random.Random) -> str | None:
    """The last clause of `match` lacks its pattern."""
    forms = [f for f in plan.lists("match") if plan.part(f.items[-2]) == "_"]
    form = rng.choice(forms) if forms else None
    return plan.cut(form.items[-2].start, form.items[-1].start) if form else None


@rule
def extra_argument(plan: Plan, rng: random.Random) -> str | None:
    """A function of a fixed number of arguments gets one more."""
    forms = plan.lists(
        "inc", "count", "empty?", "first", "last", "trim", "nil?", "to-eur", "rank", "vals", "zero?"
    )
    form = rng.choice(forms) if forms else None
    return plan.cut(form.end - 1, form.end - 1, rng.choice((" 1", " nil"))) if form else None


@rule
def argument_moved_out(plan: Plan, rng: random.Random) -> str | None:
    """An argument stands behind the parenthesis of its call."""
    inner = [
        n
        for n in plan.nodes
        if isinstance(n.form, ListForm)
        and isinstance(n.around, ListForm)
        and head(n.form)
        in (
            "get",
            "map",
            "filter",
            "reduce",
            "contains?",
            "split",
            "mod",
            "cons",
            "nth",
            "take",
            "to-eur",
            "overdue?",
            "has-skill?",
            "covers",
            "better",
            "share",
            "take-item",
        )
    ]
    if not inner:
        return None
    form = rng.choice(inner).form
    assert isinstance(form, ListForm)
    last = form.items[-1]
    return plan.cut(form.items[-2].end, form.end, ")" + plan.text[form.items[-2].end : last.end])


@rule
def bindings_closed_late(plan: Plan, rng: random.Random) -> str | None:
    """The bracket of the bindings stands behind the body."""
    forms = [f for f in plan.lists("let", "loop", "for", "doseq") if len(f.items) == 3]
    form = rng.choice(forms) if forms else None
    if form is None:
        return None
    return plan.cut(form.items[1].end - 1, form.end, plan.text[form.items[1].end : form.end - 1] + "])")


@rule
def catch_before_body(plan: Plan, rng: random.Random) -> str | None:
    """A `catch` stands before what it guards."""
    forms = [f for f in plan.lists("try") if len(f.items) > 2]
    form = rng.choice(forms) if forms else None
    if form is None:
        return None
    body, clause = form.items[1], form.items[2]
    return plan.cut(body.start, clause.end, plan.part(clause) + " " + plan.part(body))


@rule
def finally_before_catch(plan: Plan, rng: random.Random) -> str | None:
    """`finally` stands before `catch`."""
    forms = [f for f in plan.lists("try") if head(f.items[-1]) == "finally"]
    form = rng.choice(forms) if forms else None
    if form is None:
        return None
    clause, last = form.items[-2], form.items[-1]
    return plan.cut(clause.start, last.end, plan.part(last) + " " + plan.part(clause))


@rule
def catch_behind_try(plan: Plan, rng: random.Random) -> str | None:
    """The parenthesis of `try` closes before its `catch`."""
    forms = [f for f in plan.lists("try") if len(f.items) == 3]
    form = rng.choice(forms) if forms else None
    if form is None:
        return None
    return plan.cut(form.items[1].end, form.end, ")" + plan.text[form.items[1].end : form.end - 1])


@rule
def try_without_catch(plan: Plan, rng: random.Random) -> str | None:
    """A `try` around something, and nothing that catches."""
    forms = [f for f in plan.lists() if head(f) in ("str", "map", "reduce", "filter", "take", "join")]
    form = rng.choice(forms) if forms else None
    return plan.cut(form.start, form.end, f"(try {plan.part(form)})") if form else None


@rule
def rest_in_the_middle(plan: Plan, rng: random.Random) -> str | None:
    """`& rest` stands before the other parameters, or has no name."""
    found = list(re.finditer(r"\[([\w-]+) & ([\w-]+)\]", plan.text))
    match = rng.choice(found) if found else None
    if match is None:
        return None
    return plan.cut(
        match.start(), match.end(), match.expand(rng.choice((r"[& \2 \1]", r"[\1 &\2]", r"[\1 ... \2]")))
    )


@rule
def or_before_keys(plan: Plan, rng: random.Random) -> str | None:
    """The names of a map pattern stand in braces or parentheses."""
    found = list(re.finditer(r"\{:keys \[([^\]]*)\]", plan.text))
    match = rng.choice(found) if found else None
    return (
        plan.cut(match.start(), match.end(), match.expand(rng.choice((r"{:keys (\1)", r"{:keys \1"))))
        if match
        else None
    )


replacing(
    "hint_after_parameters", r" (\^:delegation :local-model \"[\w-]+\")\n  (\[text :string\])", r" \2\n  \1"
)
replacing("hint_without_id", r"(\^:delegation) :local-model (\"[\w-]+\")", r"\1 \2", r"\1 :local \2")
replacing(
    "exports_without_brackets",
    r"\(:exports \[([^\]]*)\]\)",
    r"(:exports \1)",
    r"(:exports (\1))",
    r"(:export [\1])",
)
replacing("step_without_quotes", r"\(step \"([\w-]+)\"", r"(step :\1", r"(step \1")
replacing("type_in_angles", r"\[:vector :string\]", "(:vector :string)", "[:vectr :string]", "vector<string>")
