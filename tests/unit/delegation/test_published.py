"""Published functions in place of a session's own: pinned, signed, with the same interface."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from rtfs_runtime import signing, trust
from rtfs_runtime.artifact import join_signature
from rtfs_runtime.cache.l1_delegation import DelegationCache
from rtfs_runtime.cache.l4_library import Library
from rtfs_runtime.cache.layer import CacheError
from rtfs_runtime.delegation.engine import StaticDelegationEngine
from rtfs_runtime.delegation.l4_engine import L4AwareDelegationEngine, L4Client
from rtfs_runtime.delegation.policy import Policy, with_pins
from rtfs_runtime.delegation.policy_reader import load_policy
from rtfs_runtime.delegation.target import (
    LOCAL,
    CallContext,
    L4CacheHit,
    LocalModel,
    read_target,
    show_target,
)
from rtfs_runtime.errors import RtfsError
from rtfs_runtime.providers.tables import TableError
from rtfs_runtime.session import Session
from rtfs_runtime.trust import Trust
from rtfsc.driver import compile_text, make_env
from rtfsc.options import Options
from tests.unit.cache.encoder import WordEncoder

ROOT = Path(__file__).parents[3]
SORTING = """(module sorting (:exports [down text])
  (defn down [xs :[:vector :int]] :[:vector :int] "Sort, largest first." (vec (reverse (sort xs))))
  (defn text [xs :[:vector :int]] :string "Show." (str xs)))"""
PLAN = """(module m (:exports [order use])
  (defn order [xs :[:vector :int]] :[:vector :int] "Order." xs)
  (defn use [xs] (order xs)))"""


class Shop(NamedTuple):
    library: Library
    pointer: str
    folder: Path


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    pem, key = signing.generate_key("mine")
    library = Library(str(tmp_path / "library"), trust.add_key(Trust(), key), lambda: 5.0, WordEncoder())
    content = compile_text(SORTING, name="sorting.rtfs").artifact.encode()
    records = library.publish_module(join_signature(content, signing.sign(content, pem)))
    yield Shop(library, records[0].pointer, tmp_path)
    library.close()


def session(shop: Shop, policy: Policy | None, plan: str = PLAN) -> Session:
    (shop.folder / "m.rtfs").write_text(plan)
    options = Options() if policy is None else Options(delegable=policy.delegable, policy=policy.digest)
    env = make_env((str(shop.folder),), options)
    return Session(modules=env.modules, policy=policy, library=shop.library)


def test_a_pinned_function_answers_every_call(shop: Shop) -> None:
    made = session(shop, with_pins(None, {"m/order": shop.pointer}, "pins"))
    found = made.call("m", "use", (3, 1, 2))
    assert found.value == (3, 2, 1)
    attempt = next(event for event in found.trace if event.kind == "attempt")
    assert (attempt.name, attempt.detail["module"]) == (f"l4:{shop.pointer}", shop.pointer)
    assert session(shop, None).call("m", "use", (3, 1, 2)).value == (3, 1, 2)


@pytest.mark.parametrize(
    ("pointer", "plan", "why"),
    [
        ("{}/text", PLAN, "takes or gives something else"),
        ("{}/hidden", PLAN, "exports no function hidden"),
        ("0000/down", PLAN, "nothing is published"),
        ("{}/down", PLAN.replace(":int", ":float"), "takes or gives something else"),
    ],
)
def test_what_does_not_fit_does_not_answer(shop: Shop, pointer: str, plan: str, why: str) -> None:
    address = shop.pointer.partition("/")[0]
    made = session(shop, with_pins(None, {"m/order": pointer.format(address)}, "pins"), plan)
    with pytest.raises(RtfsError) as caught:
        made.call("m", "use", (3, 1, 2))
    assert caught.value.kind == "DelegationError"
    assert why in str(caught.value.fields["reason"])


def test_what_is_revoked_does_not_answer(shop: Shop) -> None:
    address = shop.pointer.partition("/")[0]
    believed = shop.library._trust._replace(revoked_artifacts=frozenset({address}))
    later = Library(str(shop.folder / "library"), believed, lambda: 5.0)
    made = session(shop._replace(library=later), with_pins(None, {"m/order": shop.pointer}, "pins"))
    with pytest.raises(RtfsError, match="E513"):
        made.call("m", "use", (3, 1, 2))
    later.close()


def test_its_effects_are_the_session_s(shop: Shop) -> None:
    """The grants of the session hold for published code too."""
    pem, key = signing.generate_key("other")
    library = Library(str(shop.folder / "two"), trust.add_key(Trust(), key), lambda: 5.0)
    body = '(call :env/get "HOME") xs'
    text = f"(module spy (:exports [order]) (defn order [xs :[:vector :int]] :[:vector :int] {body}))"
    content = compile_text(text, name="spy.rtfs").artifact.encode()
    pointer = library.publish_module(join_signature(content, signing.sign(content, pem)))[0].pointer
    made = session(shop._replace(library=library), with_pins(None, {"m/order": pointer}, "pins"))
    with pytest.raises(RtfsError) as caught:
        made.call("m", "use", (1,))
    assert caught.value.kind in ("SecurityViolation", "UnknownCapability")
    library.close()


def _nobody(_ctx: CallContext) -> bool:
    return False


def context(symbol: str = "m/order") -> CallContext:
    return CallContext(symbol, 1, 2)


def test_the_engine_decides_for_pins(shop: Shop) -> None:
    client = L4Client(lambda: shop.library, {"m/order": shop.pointer}, _nobody)
    engine = L4AwareDelegationEngine(StaticDelegationEngine(), client)
    decision = engine.decide(context())
    assert decision.target == L4CacheHit(shop.pointer, "")
    assert (decision.source, decision.alternatives) == ("l4", (LOCAL,))
    assert engine.decide(context("m/other")).target == LOCAL


def test_what_was_decided_before_stands_before_pins(shop: Shop) -> None:
    client = L4Client(lambda: shop.library, {"m/order": shop.pointer}, _nobody)
    inner = StaticDelegationEngine({"m/order": LocalModel("a")}, plans=DelegationCache(lambda: 0.0))
    assert L4AwareDelegationEngine(inner, client).decide(context()).target == LocalModel("a")
    planned = StaticDelegationEngine(plans=DelegationCache(lambda: 0.0))
    planned.cache_decision(context(), LocalModel("b"), 0.0)
    assert L4AwareDelegationEngine(planned, client).decide(context()).target == LocalModel("b")


NEAREST = """[[rules]]
match = "m/order"
l4 = "nearest"
"""


def policy_file(shop: Shop, text: str = NEAREST) -> Policy:
    (shop.folder / "delegation.toml").write_text(text)
    return load_policy(shop.folder / "delegation.toml")


@pytest.mark.parametrize("name", ["down", "up"])
def test_likeness_decides_only_where_a_rule_opted_in(shop: Shop, name: str) -> None:
    """The published `down` answers for a function that says the same, and for no other of its types."""
    doc = "Sort, largest first." if name == "down" else "Sort, smallest first."
    plan = f"""(module m (:exports [{name} use])
      (defn {name} [xs :[:vector :int]] :[:vector :int] "{doc}" xs) (defn use [xs] ({name} xs)))"""
    policy = policy_file(shop, NEAREST.replace("m/order", f"m/{name}"))
    found = session(shop, policy, plan).call("m", "use", (3, 1, 2))
    assert found.value == ((3, 2, 1) if name == "down" else (3, 1, 2))
    if name == "down":
        event = next(event for event in found.trace if event.kind == "model")
        assert event.detail["by"] == "l4-nearest"
        assert str(event.detail["reason"]).startswith(f"Not pinned: {shop.pointer} is like m/down (1.000)")
    closed = policy_file(shop, NEAREST.replace("nearest", "pinned"))
    assert session(shop, closed, plan).call("m", "use", (3, 1, 2)).value == (3, 1, 2)


def test_what_is_revoked_is_not_near(shop: Shop) -> None:
    address = shop.pointer.partition("/")[0]
    believed = shop.library._trust._replace(revoked_artifacts=frozenset({address}))
    later = Library(str(shop.folder / "library"), believed, lambda: 5.0, WordEncoder())
    plan = PLAN.replace("order", "down").replace("Order.", "Sort, largest first.")
    made = session(shop._replace(library=later), policy_file(shop, NEAREST.replace("order", "down")), plan)
    assert made.call("m", "use", (3, 1, 2)).value == (3, 1, 2)
    later.close()


def test_without_an_encoder_nothing_is_near_and_the_decision_says_so(shop: Shop) -> None:
    class Broken(WordEncoder):
        def embed(self, text: str) -> Any:
            raise CacheError("no weights")

    library = Library(str(shop.folder / "library"), shop.library._trust, lambda: 5.0, Broken())
    made = session(shop._replace(library=library), policy_file(shop))
    assert made.call("m", "use", (3, 1, 2)).value == (3, 1, 2)
    decision = made.load("m").globals["order"].__rtfs_decision__
    assert decision.reasoning.endswith("; no weights")
    library.close()


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('l4 = "closest"', "`l4` is `pinned` or `nearest`"),
        ('l4 = "nearest"\ntarget = "refuse"', "lets nothing answer by likeness"),
    ],
)
def test_wrong_rules_about_likeness(shop: Shop, text: str, why: str) -> None:
    with pytest.raises(TableError, match=why):
        policy_file(shop, NEAREST.replace('l4 = "nearest"', text))


def test_targets_are_written_and_read() -> None:
    target = read_target("l4:abc/f")
    assert target == L4CacheHit("abc/f", "")
    assert show_target(target) == "l4:abc/f"
    with pytest.raises(ValueError, match="l4:ADDRESS/FUNCTION"):
        read_target("l4:abc")


def test_pins_stand_before_the_rules_of_a_policy(tmp_path: Path) -> None:
    assert with_pins(None, {}, "pins") is None
    policy = Policy(tmp_path / "delegation.toml", digest="aa")
    pinned = with_pins(policy, {"m/f": "a/f"}, "pins")
    assert pinned is not None
    assert pinned.digest not in ("aa", "")
    assert pinned.delegable == ("m/f",)
    assert with_pins(policy, {"m/f": "b/f"}, "pins") != pinned


EXECUTE = """
import sys
sys.path[:0] = [{root!r}, {runtime!r}]
from rtfs_runtime import trust
from rtfs_runtime.artifact import decode
from rtfs_runtime.cache.l4_library import Library
from rtfs_runtime.cache.layer import CacheError
from rtfs_runtime.delegation.policy import with_pins
from rtfs_runtime.modulestore import ModuleStore
from rtfs_runtime.session import Session
believed = trust.read_trust({folder!r})
library = Library({folder!r} + "/library", believed, lambda: 5.0)
session = Session(modules=ModuleStore(({folder!r} + "/built",)), library=library,
                  policy=with_pins(None, believed.pins, "pins"))
print(session.call("m", "use", (3, 1, 2)).value)
print(sorted({{name.partition(".")[0] for name in sys.modules}} & {{"rtfsc", "sly", "bytecode", "numpy"}}))
"""


def test_a_hit_needs_no_compiler(shop: Shop) -> None:
    policy: Any = with_pins(None, {"m/order": shop.pointer}, "pins")
    options = Options(delegable=policy.delegable, policy=policy.digest)
    artifact = compile_text(PLAN, options, name="m.rtfs").artifact
    (shop.folder / "built").mkdir()
    (shop.folder / "built" / "m.rtfsc").write_bytes(artifact.encode())
    trust.write_trust(str(shop.folder), shop.library._trust._replace(pins={"m/order": shop.pointer}))
    script = EXECUTE.format(root=str(ROOT), runtime=str(ROOT / "runtime"), folder=str(shop.folder))
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.stdout.splitlines() == ["(3, 2, 1)", "[]"], done.stderr
