"""Decisions and policies as pages of text, for `rtfsc explain`.

In: decisions about a module, a policy, the models that can be asked. Out: text.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rtfs_runtime.delegation.budget import SPANS, Limit
from rtfs_runtime.delegation.policy import CacheChoice, Conditions, Policy, PolicyRule
from rtfs_runtime.delegation.target import ExecTarget, LocalModel, LocalPure, RemoteModel, show_target
from rtfs_runtime.host.world import REAL
from rtfs_runtime.providers.base import ModelSettings, ProviderError
from rtfs_runtime.providers.registry import provider_row
from rtfsc.decisions import Decided


def explain_decision(decided: Decided, path: str, policy: Policy | None) -> str:
    """Tell who executes a function or a call, why, and who else would be asked."""
    decision, rule, site = decided.decision, decided.rule, decided.site
    head = f"{decided.symbol} ({path}:{decided.function.line})"
    if site is not None:
        head = f"a call of {head} that names its own target"
    rows = [
        ("runs on", show_target(decision.target)),
        ("because", f"{decision.reasoning} (source {decision.source}, confidence {decision.confidence:.2f})"),
    ]
    if rule is not None and rule.refuses and not isinstance(decision.target, LocalPure):
        rows.append(("refused", f"by rule {rule.where}: every call raises DelegationError"))
    if decision.alternatives:
        rows.append(("then", ", ".join(map(show_target, decision.alternatives))))
    elif _is_model(decision.target):
        rows.append(("then", "nobody else"))
    if rule is not None:
        rows.append(("rule", f"{rule.where}: {_rule(rule)}"))
    if isinstance(decision.target, LocalPure):
        return _page(head, rows)
    used = rule or (PolicyRule("*") if policy is None else policy.defaults)
    rows += [("asks", _retry(used)), ("caches", _cache(used.cache))]
    rows += [("model", _model_of(target, policy)) for target in decided.chain if _is_model(target)]
    ctx = decided.context
    rows.append(
        ("context", f"arguments {ctx.arg_type_fingerprint:016x}, session {ctx.runtime_context_hash:016x}")
    )
    return _page(head, rows)


def explain_all(found: Iterable[Decided]) -> str:
    """List who executes each function of a module."""
    rows = [
        (
            each.symbol + ("" if each.site is None else f"@{each.site.number}"),
            " → ".join(map(show_target, each.chain)),
            each.decision.reasoning,
        )
        for each in found
    ]
    if not rows:
        return "the module defines no functions"
    first = max(len(row[0]) for row in rows)
    second = max(len(row[1]) for row in rows)
    return "\n".join(f"{name:<{first}}  {chain:<{second}}  {why}" for name, chain, why in rows)


def explain_policy(policy: Policy | None) -> str:
    """Tell what a policy says, and whether its models can be had."""
    if policy is None:
        return (
            "no policy: there is no delegation.toml here or above, and none is named by --policy or "
            "RTFS_DELEGATION; calls go where hints say, all others run locally"
        )
    lines = [f"{policy.path} (digest {policy.digest[:12]})", "", "Models:"]
    lines += [f"  {row.id}: {_model(row)}" for row in policy.models] or ["  none"]
    lines += ["", "Rules, of which the first that matches holds:"]
    lines += [f"  {rule.where}: {_rule(rule)}" for rule in policy.rules] or ["  none"]
    lines += ["", f"Otherwise: {_retry(policy.defaults)}; {_cache(policy.defaults.cache)}"]
    lines += [f"A target that could not be reached is left alone for {policy.cooldown_s:g} s."]
    limits = [(span, limit) for span in SPANS if (limit := getattr(policy.budget, span)) is not None]
    lines += [f"Budget per {span}: {_limit(limit)} ({limit.where})" for span, limit in limits]
    return "\n".join(lines)


def _page(head: str, rows: Iterable[tuple[str, str]]) -> str:
    return "\n".join([head, *(f"  {name:<8} {text}" for name, text in rows)])


def _rule(rule: PolicyRule) -> str:
    if rule.refuses:
        says = "no model"
    elif rule.chain is None:
        says = "the target of the hint"
    else:
        says = ", then ".join(map(show_target, rule.chain))
    says += "".join(f", then {show_target(target)}" for target in rule.fallback)
    conditions = ", ".join(_conditions(rule.when))
    below = rule.escalation.below
    unsure = "" if below is None else f"; the next one when the confidence is below {below:g}"
    if below is not None and rule.escalation.unknown == "escalate":
        unsure += " or unknown"
    like = "; before that, a published function as like as its own" if rule.nearest else ""
    return f"{rule.match}{f' where {conditions}' if conditions else ''} → {says}{unsure}{like}"


def _conditions(when: Conditions) -> Iterator[str]:
    if when.effects:
        yield f"the effect is {' or '.join(when.effects)}"
    if when.arguments is not None:
        yield f"the parameters are [{' '.join(when.arguments)}]"
    if when.tags:
        yield f"tagged {' '.join(when.tags)}"
    if when.tenant is not None:
        yield f"the tenant is {when.tenant or 'nobody'}"
    if when.max_chars is not None:
        yield f"the arguments have at most {when.max_chars} characters"


def _retry(rule: PolicyRule) -> str:
    bound = "" if rule.timeout_s is None else f" within {rule.timeout_s:g} s"
    retry = rule.retry
    return f"at most {_count(retry.attempts, 'attempt')}{bound}, {_count(retry.repairs, 'repair')} each"


def _cache(choice: CacheChoice) -> str:
    if not choice.l2:
        return "no cache"
    lasts = "as configured" if choice.ttl_s is None else f"for {choice.ttl_s:g} s"
    least = f", answers with confidence {choice.min_confidence:g} or more" if choice.min_confidence else ""
    like = ", L3 for requests alike" if choice.l3 else ""
    return f"L2 for the same request, {lasts}{least}{like}"


def _is_model(target: ExecTarget) -> bool:
    return isinstance(target, (LocalModel, RemoteModel))


def _model_of(target: ExecTarget, policy: Policy | None) -> str:
    assert isinstance(target, (LocalModel, RemoteModel)), "asked for models alone"
    settings = None if policy is None else policy.settings_of(target.model_id)
    if settings is None:
        return f"{target.model_id}: not declared in a policy; `registry=` or `rtfsc models` may know it"
    return f"{target.model_id}: {_model(settings)}"


def _model(settings: ModelSettings) -> str:
    price = settings.price
    shown = "no price" if price is None else f"${price.input_usd:g} + ${price.output_usd:g} per 1k tokens"
    return f"provider {settings.provider}, {shown}, {_state(settings)}"


def _state(settings: ModelSettings) -> str:
    """Tell whether a model can be had, as far as that shows without asking it."""
    row = provider_row(settings.provider)
    if row is None:
        return "the provider is not installed"
    try:
        provider = row.make(settings, REAL)
    except ProviderError as error:
        return f"cannot be made: {error}"
    try:
        return f"version {provider.version}"
    except ProviderError as error:
        return f"cannot answer: {error}"
    finally:
        provider.close()


def _limit(limit: Limit) -> str:
    pairs = zip(("usd", "tokens", "calls"), limit[:3], strict=True)
    return ", ".join(f"{most:g} {name}" for name, most in pairs if most is not None)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
