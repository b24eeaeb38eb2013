"""Providers, the registry, and the files that describe them."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from rtfs_runtime.delegation import policy_reader as policies
from rtfs_runtime.delegation.budget import Limit
from rtfs_runtime.delegation.policy import CacheChoice, Conditions, PolicyError
from rtfs_runtime.delegation.target import LOCAL, LocalModel, RemoteModel
from rtfs_runtime.errors import RtfsError
from rtfs_runtime.providers import registry as registries
from rtfs_runtime.providers.base import Message, ModelProvider, ModelRequest, Price, ProviderError, Sampling
from rtfs_runtime.providers.echo import LocalEchoModel
from rtfs_runtime.providers.registry import ModelRegistry
from rtfs_runtime.providers.rules import Rule, RulesModel
from rtfs_runtime.providers.scripted import Answer, ScriptedModel
from rtfs_runtime.providers.tables import TableError


def ask(text: str, system: str = "") -> ModelRequest:
    return ModelRequest("m", (Message("user", text),), system)


RULES = (
    Rule("billing", r"(?i)\binvoice|refund\b", 2.0),
    Rule("login", r"(?i)\bpassword\b"),
    Rule("login", r"(?i)\blog ?in\b"),
    Rule("spam", r"\bfree money\b", 5.0, 0.99),
)

PROVIDERS: list[ModelProvider] = [
    LocalEchoModel("m"),
    ScriptedModel("m", {"": "yes"}),
    RulesModel("m", RULES, default="other"),
]


@pytest.mark.parametrize("provider", PROVIDERS, ids=lambda provider: type(provider).__name__)
def test_every_provider_keeps_the_contract(provider: ModelProvider) -> None:
    assert isinstance(provider, ModelProvider)
    assert provider.id == "m"
    reply = provider.infer(ask("my password", "system"))
    assert reply == provider.infer(ask("my password", "system"))
    assert reply == asyncio.run(provider.infer_async(ask("my password", "system")))
    assert reply.text and reply.model_version and reply.stop_reason == "end"
    assert reply.confidence is None or 0 <= reply.confidence <= 1
    assert reply.usage.input_tokens == 3
    provider.close()


def test_echo() -> None:
    assert LocalEchoModel().infer(ask("hi", "ignored")).text == "[ECHO] hi"
    assert LocalEchoModel("x", "").infer(ask("hi")).text == "hi"


def test_scripted_answers_the_first_match_in_system_or_prompt() -> None:
    model = ScriptedModel("m", (Answer("(?m)^one$", "1", 0.5), Answer("task", "2")))
    assert model.infer(ask("one")).text == "1"
    assert model.infer(ask("one")).confidence == 0.5
    assert model.infer(ask("x", "the task")).text == "2"
    with pytest.raises(ProviderError, match="no scripted answer matches the prompt: zzz"):
        model.infer(ask("zzz"))


@pytest.mark.parametrize(
    ("text", "label", "confidence"),
    [
        ("Please refund me", "billing", 1.0),
        ("password for login, invoice", "billing", 0.5),
        ("I forgot my password and cannot log in", "login", 1.0),
        ("free money, no refund", "spam", 0.99),
        ("hello", "other", 0.0),
        ("  How do I  LOG out? ", "account", 1.0),
    ],
)
def test_rules(text: str, label: str, confidence: float) -> None:
    model = RulesModel("m", RULES, {"how do i log out?": "account"}, "other")
    reply = model.infer(ask(text, "refund refund"))
    assert (reply.text, reply.confidence) == (label, confidence)


def test_rules_without_a_default_refuse() -> None:
    with pytest.raises(ProviderError, match="no rule applies"):
        RulesModel("m", RULES).infer(ask("hello"))


def test_versions_follow_the_contents() -> None:
    versions = {
        RulesModel("m", rules, default=default).infer(ask("refund")).model_version
        for rules, default in ((RULES, None), (RULES[:1], None), (RULES, "x"))
    }
    assert len(versions) == 3


def test_the_registry() -> None:
    registry = ModelRegistry.with_defaults()
    assert registry.ids() == ("local-llama", "rtfs-llama", "echo-model")
    registry.register(LocalEchoModel("other"))
    copy = registry.copy()
    copy.register(LocalEchoModel("third"))
    assert registry.ids() == ("local-llama", "rtfs-llama", "echo-model", "other")
    assert copy.get("third").id == "third"
    with pytest.raises(RtfsError) as caught:
        registry.get("third")
    assert caught.value.kind == "UnknownCapability"


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text)
    return path


def test_rules_from_a_file(tmp_path: Path) -> None:
    text = 'default = "d"\n[lookup]\n"a b" = "l"\n[[rules]]\nlabel = "r"\nmatch = "x+"\nconfidence = 1\n'
    model = RulesModel.from_file("m", write(tmp_path, "r.toml", text))
    assert [model.infer(ask(t)).text for t in ("A  B", "xx", "q")] == ["l", "r", "d"]


def test_scripted_from_a_file(tmp_path: Path) -> None:
    path = write(
        tmp_path, "s.toml", '[[answers]]\nmatch = "a"\ntext = "1"\n[[answers]]\nmatch = ""\ntext = "2"\n'
    )
    model = ScriptedModel.from_file("m", path)
    assert [model.infer(ask(t)).text for t in ("a", "b")] == ["1", "2"]


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ('defualt = "d"', 1, "unknown key `defualt`; did you mean `default`?"),
        ("default = 5", 1, "`default` must be a string, not 5"),
        ('[[rules]]\nlabel = "r"\n', 2, "a rule needs `label` and `match`"),
        (
            '[[rules]]\nlabel = "r"\nmatch = "a"\n\n[[rules]]\nlabel = "r"\nmatch = "("\n',
            7,
            "invalid regular expression",
        ),
        ('[[rules]]\nlabel = "r"\nmatch = "a"\nweight = 0\n', 4, "above 0"),
        ('[[rules]]\nlabel = "r"\nmatch = "a"\nconfidence = true\n', 4, "`confidence` must be a number"),
        ('[[rules]]\nlabel = "r"\nmatch = "a"\nwieght = 1\n', 4, "did you mean `weight`?"),
        ("[lookup]\na = 1\n", 2, "`a` must be a string"),
        ("x = \n", 1, "Invalid value"),
    ],
)
def test_files_that_are_wrong_say_where(tmp_path: Path, text: str, line: int, message: str) -> None:
    with pytest.raises(TableError) as caught:
        RulesModel.from_file("m", write(tmp_path, "r.toml", text))
    assert (caught.value.line, caught.value.file) == (line, str(tmp_path / "r.toml"))
    assert message in caught.value.message


POLICY = """
[models."small"]
provider = "rules"
file = "r.toml"

[models.echo]
provider = "echo"

[[rules]]
match = "support/classify*"
target = "local-model:small"
[[rules]]
match = "support/secret"
target = "refuse"
[[rules]]
match = "support/*"
target = "remote:big"
[[rules]]
match = "*"
target = "local"
"""


def test_a_policy(tmp_path: Path) -> None:
    write(tmp_path, "r.toml", 'default = "d"')
    policy = policies.load_policy(write(tmp_path, "delegation.toml", POLICY))
    assert [row.id for row in policy.models] == ["small", "echo"]
    assert [rule.target for rule in policy.rules][:3] == [LocalModel("small"), None, RemoteModel("big")]
    assert policy.rules[1].where == "delegation.toml:13"
    assert [policy.policy_matches(f"support/{name}") for name in ("classify-x", "secret", "other")] == [
        True,
        False,
        True,
    ]
    assert not policy.policy_matches("main/f")
    assert policy.delegable == ("support/classify*", "support/*")
    registry = ModelRegistry()
    policy.register_models(registry)
    assert registry.get("small").infer(ask("x")).text == "d"
    assert len(policy.digest) == 32


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("[modles]\n", 1, "unknown key `modles`; did you mean `models`?"),
        ('\n[models.a]\nprovidr = "echo"\n', 3, "unknown key `providr`; did you mean `provider`?"),
        ('[models.a]\nprovider = "eco"\n', 2, "unknown provider `eco`; did you mean `echo`?"),
        ("[models.a]\n", 1, "model `a` needs a `provider`; legal are "),
        ('[models.a]\nprovider = "rules"\nfile = "no.toml"\n', 3, "no file"),
        ("[models]\na = 1\n", 2, "model `a` must be a table"),
        ("rules = 1\n", 1, "`rules` must be an array, not 1"),
        ('[[rules]]\nmatch = "a"\ntarget = "lcal"\n', 3, "no target `lcal`"),
        ('[[rules]]\nmatch = "a"\n', 1, "a rule needs `match` and `target`"),
        ('[[rules]]\ntarget = "local"\n', 1, "a rule needs `match`"),
        ('[[rules]]\nmatch = "a"\nchain = "b"\n', 3, "no chain `b`"),
        ('[chains]\nab = ["local"]\n[[rules]]\nmatch = "a"\nchain = "abc"\n', 5, "did you mean `ab`?"),
        ("[chains]\nab = []\n", 2, "chain `ab` names no target"),
        ('[chains]\nab = ["local", "local"]\n', 2, "`local` stands twice in one chain"),
        ('[[rules]]\nmatch = "a"\ntarget = "local"\nchain = "b"\n', 4, "write one or the other"),
        ('[[rules]]\nmatch = "a"\nescalate_below = 1.5\n', 3, "must be from 0 to 1, not 1.5"),
        ('[[rules]]\nmatch = "a"\nunknown_confidence = "no"\n', 3, "is `accept` or `escalate`"),
        (
            '[[rules]]\nmatch = "a"\ntarget = "remote:b"\nfallback = ["local"]\nattempts = 1\n',
            5,
            "2 targets need at least 2 attempts",
        ),
        (
            '[[rules]]\nmatch = "a"\ntarget = "local"\nwhen = { effect = ["pure"] }\n',
            4,
            "unknown key `when.effect`; did you mean `effects`?",
        ),
        (
            '[[rules]]\nmatch = "a"\ntarget = "local"\nwhen = { effects = ["read"] }\n',
            4,
            "no effect `read`; did you mean `reads`?",
        ),
        ('[[rules]]\nmatch = "a"\ncache = { l2 = 1 }\n', 3, "`l2` must be true or false, not 1"),
        ("[budget]\nweek = { usd = 1 }\n", 2, "unknown key `week`"),
        ("[budget]\nday = { use = 1 }\n", 2, "unknown key `day.use`; did you mean `usd`?"),
        ("[budget]\nday = { usd = -1 }\n", 2, "`usd` must be from 0"),
        ("[cooldown]\nwindow = 1\n", 2, "unknown key `window`; did you mean `window_s`?"),
        ("[retry]\nattempts = 0\n", 2, "`attempts` must be from 1 to 100, not 0"),
        ('[models.a]\nprovider = "echo"\ntemperature = 3\n', 3, "`temperature` must be from 0 to 2"),
        ('[models.a]\nprovider = "echo"\ninput_usd_per_1k = 3\n', 3, "a price is `input_usd_per_1k` and"),
        ('[models.a]\nprovider = "echo"\nn_ctx = 3\n', 3, "unknown key `n_ctx`"),
        ('[models.a]\nprovider = "echo"\ntemplate = "x"\n', 3, "unknown template `x`; there are contract-2"),
        (
            '[[rules]]\nmatch = "a"\ntarget = "local"\n[[rules]]\nmatch = 1\n',
            5,
            "`match` must be a string, not 1",
        ),
        ("[[rules]]\nmatch =\n", 2, "Invalid value"),
    ],
)
def test_policies_that_are_wrong_say_where(tmp_path: Path, text: str, line: int, message: str) -> None:
    with pytest.raises(PolicyError) as caught:
        policies.load_policy(write(tmp_path, "delegation.toml", text))
    assert caught.value.line == line
    assert message in caught.value.message
    assert str(caught.value).startswith(f"{tmp_path / 'delegation.toml'}:{line}: ")


WHOLE = """
[models.small]
provider = "echo"
temperature = 0.5
max_tokens = 12
input_usd_per_1k = 0.1
output_usd_per_1k = 0.2
timeout_s = 3
[chains]
careful = ["local-model:small", "remote:big", "local"]
[[rules]]
match = "a/*"
chain = "careful"
escalate_below = 0.7
timeout_s = 9
when = { effects = ["pure"], arguments = [":string", "*"], tags = ["t"], tenant = "x*", max_chars = 5 }
cache = { l3 = true, min_confidence = 0.5 }
[[rules]]
match = "b/*"
fallback = ["local"]
[retry]
base_s = 1
[cooldown]
window_s = 2.5
[budget]
call = { tokens = 10 }
day = { usd = 5 }
[cache]
ttl_s = 60
"""


def test_everything_that_a_policy_can_say(tmp_path: Path) -> None:
    policy = policies.load_policy(write(tmp_path, "delegation.toml", WHOLE))
    model = policy.settings_of("small")
    assert model is not None
    assert model.sampling == Sampling(0.5, 1.0, 12)
    assert (model.price, model.timeout_s) == (Price(0.1, 0.2), 3)
    first, second = policy.rules
    assert first.chain == (LocalModel("small"), RemoteModel("big"), LOCAL)
    assert first.when == Conditions(("pure",), (":string", "*"), ("t",), "x*", 5)
    assert (first.escalation.below, first.timeout_s, first.retry.attempts, first.retry.base_s) == (
        0.7,
        9,
        3,
        1,
    )
    assert first.cache == CacheChoice(True, True, 60, None, 0.5)
    assert (second.chain, second.fallback, second.cache.ttl_s) == (None, (LOCAL,), 60)
    assert policy.budget.call == Limit(tokens=10, where="delegation.toml:26")
    assert policy.budget.day == Limit(usd=5, where="delegation.toml:27")
    assert policy.cooldown_s == 2.5


def test_a_missing_policy(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match="cannot be read"):
        policies.load_policy(tmp_path / "no.toml")


def test_a_model_that_needs_a_file(tmp_path: Path) -> None:
    policy = policies.load_policy(write(tmp_path, "delegation.toml", '[models.a]\nprovider = "rules"\n'))
    with pytest.raises(PolicyError, match="model `a` needs a `file`"):
        policy.register_models(ModelRegistry())


def test_plug_ins_are_providers_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def load() -> registries.ProviderRow:
        return registries.ProviderRow(lambda settings, world: LocalEchoModel(settings.id, "<plug>"))

    monkeypatch.setattr(registries, "plug_ins", lambda: {"plug": load})
    policy = policies.load_policy(write(tmp_path, "delegation.toml", '[models.a]\nprovider = "plug"\n'))
    registry = ModelRegistry()
    policy.register_models(registry)
    assert registry.get("a").infer(ask("x")).text == "<plug> x"


def test_where_a_policy_is_looked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here, plan = tmp_path / "here", tmp_path / "plans" / "deep"
    here.mkdir()
    plan.mkdir(parents=True)
    monkeypatch.chdir(here)
    monkeypatch.delenv("RTFS_DELEGATION", raising=False)
    mine = write(here, "delegation.toml", "")
    theirs = write(tmp_path / "plans", "delegation.toml", "")
    assert policies.find() == mine
    assert policies.find(None, plan / "p.rtfs") == theirs
    monkeypatch.setenv("RTFS_DELEGATION", "env.toml")
    assert policies.find() == Path("env.toml")
    assert policies.find("given.toml") == Path("given.toml")
