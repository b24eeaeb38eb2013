"""Reading: text to forms, against CPython's parser on a program of the same size and meaning.

In: nothing. Out: rows of times and ratios; `python -m benchmarks.reading` prints them per KB. Bar: 750 us/KB.
"""

from __future__ import annotations

import ast
from collections.abc import Callable

from benchmarks.paired import Row, compare, table
from benchmarks.programs import plan
from rtfsc.source import SourceFile
from rtfsc.syntax.lexer import FormLexer
from rtfsc.syntax.parser import parse
from rtfsc.syntax.printer import print_form

KB = 42
_PYTHON_STEP = """def step_{i}(order, limit):
    lines = [l for l in order["lines"] if l["qty"] > limit and l["state"] != "void{i}"]
    total = sum(l["qty"] * l["price"] for l in lines)
    tax = total * 0.{tax}
    if total > {i}:
        text = "order {i} is large"
        return call("acme/notify", {{"order": id, "total": total + tax, "text": text, "retry": 3}})
    match order["kind"]:
        case "fast":
            return {{"ok": True, "total": total}}
        case "slow":
            return step_{before}(order, limit - 1, {{"id": id, "qty": qty, "price": price}})


"""


def _python(steps: int) -> str:
    return "".join(_PYTHON_STEP.format(i=i, tax=i % 90 + 10, before=max(0, i - 1)) for i in range(steps))


def variants() -> dict[str, Callable[[], object]]:
    """Give the readers of `KB` kilobytes each."""
    size = KB * 1024
    text, python = plan(100)[:size].rpartition("\n;;")[0], _python(150)[:size].rpartition("\ndef")[0]
    source = SourceFile("plan.rtfs", text)
    forms = parse(source).forms
    return {
        "ast.parse": lambda: ast.parse(python),
        "parse": lambda: parse(source),
        "parse, keeping comments": lambda: parse(source, keep_comments=True),
        "lexer alone": lambda: list(FormLexer([]).tokenize(text)),
        "print": lambda: [print_form(form) for form in forms],
    }


def rows() -> list[Row]:
    """Measure."""
    return compare(variants())


if __name__ == "__main__":
    print(table(f"Reading {KB} KB, per KB", rows(), per=KB, unit="us"))
