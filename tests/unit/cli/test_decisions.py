"""What `rtfsc explain` says of plans and policies, and what `rtfsc build --offline` refuses."""

from __future__ import annotations

from pathlib import Path

import pytest

from rtfsc.cli import app

PLAN = """(module p (:exports [near far say])
  (defn near [x :string] :int (count x))
  (defn far ^:delegation :remote "big" [x] "Say.")
  (defn say [x] ^{:runtime.delegation "remote:huge"} (near x)))
"""
POLICY = """
[models.small]
provider = "echo"
input_usd_per_1k = 0.1
output_usd_per_1k = 0.2
[[rules]]
match = "p/near"
target = "local-model:small"
fallback = ["local"]
escalate_below = 0.7
unknown_confidence = "escalate"
timeout_s = 9
when = { arguments = [":string"], tenant = "" }
cache = { ttl_s = 60, min_confidence = 0.5 }
[budget]
day = { usd = 5, calls = 10 }
"""


@pytest.fixture
def plan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("RTFS_DELEGATION", raising=False)
    monkeypatch.setenv("RTFS_CACHE_DIR", str(tmp_path / "caches"))
    (tmp_path / "delegation.toml").write_text(POLICY)
    (tmp_path / "p.rtfs").write_text(PLAN)
    return tmp_path / "p.rtfs"


def explained(thing: str, capsys: pytest.CaptureFixture[str]) -> list[str]:
    assert app.main(["explain", thing]) == 0
    return capsys.readouterr().out.splitlines()


def test_a_function_that_a_rule_delegates(plan: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = explained("p/near", capsys)
    assert page[:9] == [
        f"p/near ({plan}:2)",
        "  runs on  local-model:small",
        "  because  Rule delegation.toml:7: p/near (source policy, confidence 1.00)",
        "  then     local",
        "  rule     delegation.toml:7: p/near where the parameters are [:string], the tenant is nobody → "
        "local-model:small, then local; the next one when the confidence is below 0.7 or unknown",
        "  asks     at most 3 attempts within 9 s, 1 repair each",
        "  caches   L2 for the same request, for 60 s, answers with confidence 0.5 or more",
        "  model    small: provider echo, $0.1 + $0.2 per 1k tokens, version echo [ECHO]",
        page[8],
    ]
    assert page[8].startswith("  context  arguments ")
    assert page[10:13] == [
        f"a call of p/near ({plan}:2) that names its own target",
        "  runs on  remote:huge",
        "  because  The call names its target (source call-site, confidence 1.00)",
    ]


def test_a_plan_as_a_whole(plan: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert explained("p.rtfs", capsys) == [
        "p/near    local-model:small → local  Rule delegation.toml:7: p/near",
        "p/near@0  remote:huge → local        The call names its target",
        "p/far     remote:big                 Hint on far",
        "p/say     local                      Default fallback to local pure execution",
        "",
        "compiled: a miss: this file was not compiled before, or nothing of it is kept",
    ]


def test_a_policy(plan: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = explained("policy", capsys)
    assert "  small: provider echo, $0.1 + $0.2 per 1k tokens, version echo [ECHO]" in page
    assert "Budget per day: 5 usd, 10 calls (delegation.toml:16)" in page
    (plan.parent / "delegation.toml").unlink()
    assert explained("policy", capsys)[0].startswith("no policy: ")


@pytest.mark.parametrize(
    ("thing", "message"),
    [
        ("p/nea", "defines no function `nea`; did you mean `near`?"),
        ("no.rtfs", "there is no file no.rtfs"),
        ("q/near", "nothing is known about 'q/near'"),
    ],
)
def test_things_that_are_not_there(
    plan: Path, thing: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert app.main(["explain", thing]) == 2
    assert message in capsys.readouterr().err


def test_offline_names_what_needs_the_network(plan: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert app.main(["build", "--offline", "p.rtfs", "-o", "out"]) == 1
    report = capsys.readouterr().err
    assert "`p/far` needs the network: it runs on remote:big" in report
    assert "line 3" in report
    assert "p/near" not in report, "its rule ends in the function itself"
    assert not (plan.parent / "out" / "p.rtfsc").exists()


def test_offline_builds_what_can_be_answered_here(plan: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = POLICY + '[[rules]]\nmatch = "p/far"\nfallback = ["local-model:small"]\n'
    (plan.parent / "delegation.toml").write_text(text)
    assert app.main(["build", "--offline", "p.rtfs", "-o", "out"]) == 0
    assert (plan.parent / "out" / "p.rtfsc").exists()


def test_offline_refuses_capabilities_that_ask_servers(
    plan: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plan.write_text('(defn f [] (call :ccos.network.http-fetch "http://a/"))')
    assert app.main(["build", "--offline", "p.rtfs", "-o", "out"]) == 1
    assert "`ccos.network.http-fetch` needs the network" in capsys.readouterr().err
