"""A local model that is no language model: regular expressions and look-up tables from a TOML file.

In: the file, and requests. Out: the label with the highest score, with a confidence. The same text always
gets the same answer.

    default = "other"            # the answer when nothing applies; without it that is an error
    [lookup]                     # whole text, trimmed and in lower case -> answer, with confidence 1
    "how do i log in?" = "account"
    [[rules]]                    # each rule whose pattern is found adds its weight to its label
    label = "billing"
    match = '(?i)\\b(invoice|refund)\\b'
    weight = 2.0                 # default 1.0
    confidence = 0.95            # when this rule decides; default: its label's share of the weights

Ties go to the label whose first rule stands first.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

from rtfs_runtime.builtins.regex import compiled
from rtfs_runtime.digest import key
from rtfs_runtime.errors import RtfsError
from rtfs_runtime.providers.base import InstantProvider, ModelReply, ModelRequest, ProviderError, word_usage
from rtfs_runtime.providers.tables import TableFile

_KEYS = ("label", "match", "weight", "confidence")


class Rule(NamedTuple):
    """One rule: `pattern` found in the text speaks for `label`."""

    label: str
    pattern: str
    weight: float = 1.0
    confidence: float | None = None


class RulesModel(InstantProvider):
    """Classifies the text of the messages."""

    def __init__(
        self,
        model_id: str,
        rules: tuple[Rule, ...],
        lookup: dict[str, str] | None = None,
        default: str | None = None,
    ) -> None:
        self._rules: list[tuple[Any, Rule]] = [(compiled(rule.pattern), rule) for rule in rules]
        self._lookup = {_plain(text): answer for text, answer in (lookup or {}).items()}
        self._default = default
        parts = (*(f"{rule}" for rule in rules), *(f"{pair}" for pair in self._lookup.items()), f"{default}")
        super().__init__(model_id, "rules " + key("rules", *parts).hex())

    @classmethod
    def from_file(cls, model_id: str, path: Path) -> RulesModel:
        """Read rules from a TOML file; raises TableError."""
        file = TableFile(path)
        file.check_keys("", file.data, ("default", "lookup", "rules"))
        lookup = file.get("", file.data, "lookup", dict) or {}
        for text in lookup:
            file.get("lookup", lookup, text, str)
        entries = file.get("", file.data, "rules", list) or []
        rules = tuple(_read_rule(file, entry, number) for number, entry in enumerate(entries))
        return cls(model_id, rules, lookup, file.get("", file.data, "default", str))

    def infer(self, request: ModelRequest) -> ModelReply:
        """Give the best label; its weight against all others' is the confidence unless a rule states one."""
        label, confidence, reasons = self._decide(request.text)
        usage = word_usage(request, label)
        data = {"matched": reasons}
        return ModelReply(label, confidence=confidence, usage=usage, model_version=self.version, data=data)

    def _decide(self, text: str) -> tuple[str, float, tuple[str, ...]]:
        known = self._lookup.get(_plain(text))
        if known is not None:
            return known, 1.0, ("lookup",)
        scores: dict[str, float] = {}
        stated: dict[str, float] = {}
        reasons = []
        for pattern, rule in self._rules:
            if pattern.search(text) is None:
                continue
            scores[rule.label] = scores.get(rule.label, 0.0) + rule.weight
            reasons.append(rule.pattern)
            if rule.confidence is not None:
                stated[rule.label] = max(stated.get(rule.label, 0.0), rule.confidence)
        if not scores:
            if self._default is None:
                raise ProviderError("no rule applies and the model has no default answer", "request")
            return self._default, 0.0, ()
        best = max(scores, key=lambda label: scores[label])
        return best, stated.get(best, scores[best] / sum(scores.values())), tuple(reasons)


def _plain(text: str) -> str:
    return " ".join(text.lower().split())


def _read_rule(file: TableFile, entry: dict[str, Any], number: int) -> Rule:
    file.check_keys("rules", entry, _KEYS, number)
    label = file.get("rules", entry, "label", str, number)
    pattern = file.get("rules", entry, "match", str, number)
    if label is None or pattern is None:
        file.fail("rules\x00label", "a rule needs `label` and `match`", number)
    try:
        compiled(pattern)
    except RtfsError as error:
        file.fail("rules\x00match", str(error.fields["message"]), number)
    weight = file.get("rules", entry, "weight", (int, float), number)
    confidence = file.get("rules", entry, "confidence", (int, float), number)
    if weight is not None and not weight > 0:
        file.fail("rules\x00weight", "`weight` must be above 0", number)
    if confidence is not None and not 0 <= confidence <= 1:
        file.fail("rules\x00confidence", "`confidence` is from 0 to 1", number)
    return Rule(label, pattern, 1.0 if weight is None else float(weight), confidence)
