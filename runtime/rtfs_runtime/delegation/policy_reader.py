"""The policy file `delegation.toml`.

In: a path. Out: `Policy`, checked; what is wrong is a `TableError` with file, line and the nearest legal
name. Where the file is found is left to `policy_file`, the `[models]` to `providers.model_rows`.

    [models."local-small"]                # see `providers.model_rows`
    provider = "llama"

    [chains]
    careful = ["local-model:local-small", "remote:gpt-4o-mini", "local"]

    [[rules]]                             # the first match wins
    match = "support/*"                   # a glob on MODULE/FUNCTION
    target = "local-model:local-small"    # local, local-model:ID, remote:ID, refuse; none: the hint's
    fallback = ["remote:gpt-4o-mini", "local"]   # or chain = "careful" for target and fallback together
    escalate_below = 0.7                  # a confidence under which the next one is asked
    unknown_confidence = "accept"         # or "escalate": answers that come without a confidence
    attempts = 3                          # requests per call altogether; repairs = 1 of them show the error
    timeout_s = 20                        # of the whole call
    l4 = "nearest"                        # or "pinned": may a published function answer that nobody pinned
    when = { effects = ["pure"], arguments = [":string"], tags = ["mail"], tenant = "t*", max_chars = 500 }
    cache = { l2 = true, ttl_s = 3600, min_confidence = 0.5, sampled = false,
              l3 = true, max_error = 0.01, argument = "text", any_result = false, check_share = 0.05 }

    [retry]                               # for rules that do not say: attempts, repairs, base_s, max_s
    attempts = 3
    [cooldown]                            # a target that could not be reached is left alone
    window_s = 5
    [budget]                              # per call, plan (a run), agent (a session), day: usd, tokens, calls
    day = { usd = 5.0 }
    [cache]                               # for rules that do not say
    l2 = true
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from rtfs_runtime.delegation.budget import SPANS, Limit, Limits
from rtfs_runtime.delegation.chain import DEFAULT_WINDOW_S, Escalation, RetryLimits
from rtfs_runtime.delegation.policy import CacheChoice, Conditions, Policy, PolicyRule
from rtfs_runtime.delegation.policy_file import find
from rtfs_runtime.delegation.target import ExecTarget, read_target
from rtfs_runtime.digest import key
from rtfs_runtime.providers.base import ModelSettings
from rtfs_runtime.providers.model_rows import read_models
from rtfs_runtime.providers.tables import TableError, TableFile, nearest

Keys = Mapping[str, type | tuple[type, ...]]

_NUMBER: Final = (int, float)
_TOP: Final = ("models", "chains", "rules", "retry", "cooldown", "budget", "cache")
_RETRY: Final[Keys] = MappingProxyType(
    {"attempts": int, "repairs": int, "base_s": _NUMBER, "max_s": _NUMBER, "patience_s": _NUMBER}
)
_CACHE: Final[Keys] = MappingProxyType(
    {
        "l2": bool,
        "l3": bool,
        "ttl_s": _NUMBER,
        "threshold": _NUMBER,
        "min_confidence": _NUMBER,
        "sampled": bool,
        "max_error": _NUMBER,
        "argument": str,
        "any_result": bool,
        "check_share": _NUMBER,
    }
)
_WHEN: Final[Keys] = MappingProxyType(
    {"effects": list, "arguments": list, "tags": list, "tenant": str, "max_chars": int}
)
_BUDGET: Final[Keys] = MappingProxyType({"usd": _NUMBER, "tokens": int, "calls": int})
_RULE: Final[Keys] = MappingProxyType(
    {
        "match": str,
        "target": str,
        "fallback": list,
        "chain": str,
        "escalate_below": _NUMBER,
        "unknown_confidence": str,
        "attempts": int,
        "repairs": int,
        "timeout_s": _NUMBER,
        "l4": str,
        "when": dict,
        "cache": dict,
    }
)
_EFFECTS: Final = ("pure", "reads", "writes")
# what the number of a key must lie between, both ends included
_RANGES: Final[Mapping[str, tuple[float, float]]] = MappingProxyType(
    {
        "attempts": (1, 100),
        "repairs": (0, 100),
        "base_s": (0, 3600),
        "max_s": (0, 3600),
        "patience_s": (0, 86_400),
        "window_s": (0, 86_400),
        "escalate_below": (0, 1),
        "threshold": (0, 1),
        "min_confidence": (0, 1),
        "max_error": (0.0001, 1),
        "check_share": (0, 1),
        "ttl_s": (0, 10**9),
        "timeout_s": (0.001, 86_400),
        "max_chars": (0, 10**9),
        "usd": (0, 10**9),
        "tokens": (0, 10**15),
        "calls": (0, 10**12),
    }
)


def load_policy(path: str | Path) -> Policy:
    """Read and check a policy file; raises TableError."""
    file = TableFile(Path(path))
    file.check_keys("", file.data, _TOP)
    reader = _Reader(file, file.data)
    rules = file.get("", file.data, "rules", list) or []
    cooldown = reader.table("cooldown", MappingProxyType({"window_s": _NUMBER}))
    models = read_models(file)
    _check_templates(file, models)
    return Policy(
        file.path,
        models,
        tuple(reader.rule(given, number) for number, given in enumerate(rules)),
        key("policy", file.text).hex(),
        PolicyRule("*", retry=reader.retry, cache=reader.cache),
        reader.budget(),
        float(cooldown.get("window_s", DEFAULT_WINDOW_S)),
    )


def _check_templates(file: TableFile, models: tuple[ModelSettings, ...]) -> None:
    named = [settings for settings in models if settings.template is not None]
    if not named:
        return
    # what words contracts is loaded only where a policy names it
    from rtfs_runtime.delegation.templates import template_of

    for settings in named:
        try:
            template_of(str(settings.template))
        except ValueError as error:
            file.fail(f"models.{settings.id}\x00template", str(error))


def load_nearest(explicit: str | Path | None = None, plan: str | Path | None = None) -> Policy | None:
    """Find and read the policy that holds for a plan, None when there is none; raises TableError."""
    path = find(explicit, plan)
    return None if path is None else load_policy(path)


class _Place(NamedTuple):
    """Where something stands: a table, or the n-th of an array of tables."""

    table: str
    number: int = 0


class _Reader:
    """Reads the tables of one file; what rules leave open is read first."""

    def __init__(self, file: TableFile, data: Mapping[str, Any]) -> None:
        self._file = file
        self._data = data
        self._chains = self._read_chains()
        self.retry = RetryLimits()._replace(**_numbers(self.table("retry", _RETRY)))
        self.cache = CacheChoice()._replace(**self.table("cache", _CACHE))

    def table(self, name: str, keys: Keys) -> dict[str, Any]:
        """Read a table at the top of the file."""
        given = self._file.get("", self._data, name, dict) or {}
        return self._values(given, keys, _Place(name))

    def budget(self) -> Limits:
        """Read `[budget]`."""
        found = self.table("budget", dict.fromkeys(SPANS, dict))
        limits = {}
        for span, given in found.items():
            values = self._inner(given, _BUDGET, _Place("budget"), span)
            line = self._file.line(f"budget\x00{span}")
            limits[span] = Limit(**values, where=f"{self._file.path.name}:{line}")
        return Limits(**limits)

    def rule(self, given: object, number: int) -> PolicyRule:
        """Read one of `[[rules]]`."""
        if not isinstance(given, dict):
            self._file.fail("\x00rules", "`rules` is an array of tables: write [[rules]]")
        place = _Place("rules", number)
        values = self._values(given, _RULE, place)
        if "match" not in values:
            self._fail(place, "", "a rule needs `match`")
        if len(values) == 1:
            self._fail(place, "", "a rule needs `match` and `target`, `chain` or something else to say")
        chain = self._rule_chain(values, place)
        fallback = self._targets(values.get("fallback", ()), place, "fallback")
        retry = self._rule_retry(values, place, len(chain or ("hinted",)) + len(fallback))
        unknown = values.get("unknown_confidence", "accept")
        if unknown not in ("accept", "escalate"):
            self._fail(place, "unknown_confidence", "`unknown_confidence` is `accept` or `escalate`")
        l4 = values.get("l4", "pinned")
        if l4 not in ("pinned", "nearest"):
            self._fail(place, "l4", "`l4` is `pinned` or `nearest`")
        if l4 == "nearest" and chain == ():
            self._fail(place, "l4", "a rule that refuses every model lets nothing answer by likeness")
        cache = self._inner(values.get("cache", {}), _CACHE, place, "cache")
        return PolicyRule(
            match=values["match"],
            chain=chain,
            where=f"{self._file.path.name}:{self._file.line('rules' + chr(0) + 'match', number)}",
            when=self._conditions(values.get("when", {}), place),
            fallback=fallback,
            escalation=Escalation(values.get("escalate_below"), unknown),
            retry=retry,
            cache=self.cache._replace(**cache),
            timeout_s=values.get("timeout_s"),
            nearest=l4 == "nearest",
        )

    def _rule_chain(self, values: Mapping[str, Any], place: _Place) -> tuple[ExecTarget, ...] | None:
        if "chain" in values:
            if "target" in values or "fallback" in values:
                self._fail(
                    place, "chain", "`chain` stands for `target` and `fallback`: write one or the other"
                )
            name = values["chain"]
            if name not in self._chains:
                self._fail(place, "chain", f"no chain `{name}`{nearest(name, self._chains)}")
            return self._chains[name]
        if "target" not in values:
            return None
        if values["target"] == "refuse":
            return ()
        return self._targets([values["target"]], place, "target")

    def _rule_retry(self, values: Mapping[str, Any], place: _Place, targets: int) -> RetryLimits:
        given = {name: values[name] for name in ("attempts", "repairs") if name in values}
        retry = self.retry._replace(**given)
        if retry.attempts >= targets:
            return retry
        if "attempts" in given:
            self._fail(place, "attempts", f"{targets} targets need at least {targets} attempts")
        return retry._replace(attempts=targets)

    def _read_chains(self) -> dict[str, tuple[ExecTarget, ...]]:
        given = self._file.get("", self._data, "chains", dict) or {}
        found = {}
        for name in given:
            texts = self._file.get("chains", given, name, list)
            if not texts:
                self._fail(_Place("chains"), name, f"chain `{name}` names no target")
            found[name] = self._targets(texts, _Place("chains"), name)
        return found

    def _targets(self, texts: Any, place: _Place, name: str) -> tuple[ExecTarget, ...]:
        found: list[ExecTarget] = []
        for text in texts:
            try:
                target = read_target(text if isinstance(text, str) else str(text))
            except ValueError as error:
                self._fail(place, name, f"{error}" + (", or `refuse`" if name == "target" else ""))
            if target in found:
                self._fail(place, name, f"`{text}` stands twice in one chain")
            found.append(target)
        return tuple(found)

    def _conditions(self, given: Any, place: _Place) -> Conditions:
        values = self._inner(given, _WHEN, place, "when")
        for name in ("effects", "arguments", "tags"):
            if not all(isinstance(text, str) for text in values.get(name, ())):
                self._fail(place, "when", f"`when.{name}` must be an array of texts")
        for effect in values.get("effects", ()):
            if effect not in _EFFECTS:
                self._fail(place, "when", f"no effect `{effect}`{nearest(effect, _EFFECTS)}")
        for name, value in values.items():
            values[name] = tuple(value) if isinstance(value, list) else value
        return Conditions(**values)

    def _inner(self, given: Any, keys: Keys, place: _Place, name: str) -> dict[str, Any]:
        """Read a table inside a table; what is wrong in it stands on the line of its name, or below."""
        if not isinstance(given, dict):
            self._fail(place, name, f"`{name}` must be a table")
        values = {}
        for each in given:
            if each not in keys:
                self._fail(place, name, f"unknown key `{name}.{each}`{nearest(each, keys)}")
            try:
                values[each] = self._file.get(place.table, given, each, keys[each], place.number)
            except TableError as error:
                # known by the line of the table's name alone when it is written in line
                self._fail(place, name, error.message)
            self._check_range(place, name, each, values[each])
        return values

    def _values(self, given: Mapping[str, Any], keys: Keys, place: _Place) -> dict[str, Any]:
        self._file.check_keys(place.table, given, keys, place.number)
        values = {name: self._file.get(place.table, given, name, keys[name], place.number) for name in given}
        for name, value in values.items():
            self._check_range(place, name, name, value)
        return values

    def _check_range(self, place: _Place, line_of: str, name: str, value: object) -> None:
        if name in _RANGES and isinstance(value, (int, float)):
            low, high = _RANGES[name]
            if not low <= value <= high:
                self._fail(place, line_of, f"`{name}` must be from {low} to {high}, not {value}")

    def _fail(self, place: _Place, name: str, message: str) -> Any:
        self._file.fail(f"{place.table}\x00{name}", message, place.number)


def _numbers(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: float(value) if name.endswith("_s") else value for name, value in values.items()}
