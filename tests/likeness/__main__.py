"""Report how safe and how useful likeness is: `python -m tests.likeness [COUNT] [SEED]`.

False hits among adversarial pairs, COUNT of each set of rules, with the upper end of their 95 % interval,
and the share of ordinary paraphrases that hit, for each threshold: once with the guards, once with likeness
alone.
Exit code 1 when a pair passes that must not.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence

from rtfs_runtime.cache.embedding import MiniLm
from rtfs_runtime.cache.evidence import DEFAULT_THRESHOLD, upper_bound
from rtfs_runtime.cache.guards import refusal
from tests.likeness import (
    rules_a,
    rules_b,
    rules_c,
    rules_d,
    rules_e,
    rules_f,
    rules_g,
    rules_h,
    rules_i,
    rules_j,
    rules_k,
)
from tests.likeness.paraphrases import domains, groups

THRESHOLDS = (0.70, 0.75, 0.80, 0.85, 0.90, 0.95)
SETS: dict[str, Callable[[int, int], Iterator[tuple[str, str]]]] = {
    "a: tuned on": rules_a.pairs,
    "b: structure and neighbours": rules_b.pairs,
    "c: small words": rules_c.pairs,
    "d: a, b and c, said in another way besides": rules_d.pairs,
    "e: traps of many domains, written out": rules_e.pairs,
    "f: traps of other domains": rules_f.pairs,
    "g: longer sentences, a third hand": rules_g.pairs,
    "h: agents and support, a fourth hand": rules_h.pairs,
    "i: the same, a fifth hand": rules_i.pairs,
    "j: short sentences, a sixth hand": rules_j.pairs,
    "k: the same, a seventh hand": rules_k.pairs,
}


class Encoder:
    """The encoder, which remembers."""

    def __init__(self) -> None:
        self._encoder = MiniLm()
        self._known: dict[str, object] = {}

    def likeness(self, one: str, other: str) -> float:
        """Tell how like two texts are."""
        for text in (one, other):
            if text not in self._known:
                self._known[text] = self._encoder.embed(text)
        return float(self._known[one] @ self._known[other])  # type: ignore[operator]


def main(arguments: Sequence[str]) -> int:
    """Print the report."""
    count = int(arguments[0]) if arguments else 2500
    seed = int(arguments[1]) if len(arguments) > 1 else 1
    encoder = Encoder()
    head = "".join(f"{threshold:>8.2f}" for threshold in THRESHOLDS)
    print(f"{'threshold':<46}{head}   without the encoder")
    false = total = 0
    for name, pairs in SETS.items():
        made = list(pairs(count, seed))
        passed = [not refusal(*pair) for pair in made]
        false, total = false + sum(passed), total + len(made)
        _row(f"{name}: false hits of {len(made)}", _hits(encoder, made, passed), sum(passed))
        _row("   by likeness alone", _hits(encoder, made, [True] * len(made)), len(made))
    for name, lines in zip(
        ("looked at", "not looked at", "of many domains"), (*groups(), domains()), strict=True
    ):
        made = [(line[0], other) for line in lines for other in line[1:]]
        passed = [not refusal(*pair) for pair in made]
        _row(f"paraphrases {name}: hits of {len(made)}", _hits(encoder, made, passed), sum(passed))
        _row("   by likeness alone", _hits(encoder, made, [True] * len(made)), len(made))
    bound = upper_bound(false, total)
    print(
        f"\n{false} false of {total}: at most {bound:.3%} with 95 % confidence; default {DEFAULT_THRESHOLD}"
    )
    return 1 if false else 0


def _hits(encoder: Encoder, pairs: list[tuple[str, str]], passed: list[bool]) -> list[int]:
    likeness = [encoder.likeness(*pair) if ok else 0.0 for pair, ok in zip(pairs, passed, strict=True)]
    return [sum(one >= threshold for one in likeness) for threshold in THRESHOLDS]


def _row(name: str, hits: list[int], without: int) -> None:
    print(f"{name:<46}" + "".join(f"{one:>8}" for one in hits) + f"{without:>8}", flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
