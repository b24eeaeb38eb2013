"""Mutated sources: whatever the text, the compiler gives an artifact or its own errors.

`python -m tests.mutants COUNT SEED` tries many and prints what it tried; the suite runs a fixed few.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from pathlib import Path

from rtfsc.driver import compile_text
from rtfsc.source import CompileError

ROOT = Path(__file__).parents[1]
_PIECES = (
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    '"',
    ";",
    "#(",
    "`",
    "~",
    "~@",
    "'",
    "^",
    "^{",
    ":",
    "&",
    "%",
    "@",
    "\\",
    "\0",
)
_WORDS = (
    "let", "fn", "defn", "def", "if", "match", "try", "catch", "finally", "loop", "recur", "defmacro",
    "import", "module", "quote", "for", "step", "nil", "true", ":as", ":keys", ":or", "when",
    "1", "1e9", "0x",
    "##NaN",
    "^:delegation", ":remote", "&", "_", "..", "é", "\ud800",
)  # fmt: skip


def sources() -> list[str]:
    """Give the texts that mutants are made of."""
    files = sorted([*(ROOT / "examples").rglob("*.rtfs"), *(ROOT / "tests" / "golden").rglob("*.rtfs")])
    return [path.read_text() for path in files]


def mutants(count: int, seed: int) -> Iterator[str]:
    """Give so many mutants, the same for the same seed."""
    rng = random.Random(seed)
    texts = sources()
    for _ in range(count):
        text = rng.choice(texts)
        # a part keeps the compiler fast, and cuts forms in the middle
        start = rng.randrange(len(text))
        text = text[start : start + rng.randrange(1, 600)]
        for _ in range(rng.randrange(1, 5)):
            text = _mutate(text, rng)
        yield text


def _mutate(text: str, rng: random.Random) -> str:
    at = rng.randrange(len(text) + 1)
    match rng.randrange(6):
        case 0:
            return text[:at] + rng.choice(_PIECES) + text[at:]
        case 1:
            return text[:at] + " " + rng.choice(_WORDS) + " " + text[at:]
        case 2:
            return text[:at] + text[at + rng.randrange(1, 9) :]
        case 3:
            other = rng.randrange(len(text) + 1)
            return text[:at] + text[other : other + 40] + text[at:]
        case 4:
            return text[:at] + chr(rng.randrange(0x250)) + text[at + 1 :]
        case _:
            return text[:at]


def try_one(text: str) -> bool:
    """Compile a text; tells whether it was accepted. Anything but CompileError is a bug."""
    try:
        compile_text(text)
    except CompileError:
        return False
    return True


def main() -> None:
    """Try many."""
    count, seed = int(sys.argv[1]), int(sys.argv[2])
    accepted = 0
    for number, text in enumerate(mutants(count, seed)):
        try:
            accepted += try_one(text)
        except BaseException:
            print(f"seed {seed}, mutant {number}: {text!r}")
            raise
    print(f"{count} mutants of seed {seed}: {accepted} accepted, the others refused")


if __name__ == "__main__":
    main()
