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
from rtfs_runtime.cache.l4_library import Library, function_hash
from rtfs_runtime.delegation.engine import StaticDelegationEngine
from rtfs_runtime.delegation.l4_engine import L4AwareDelegationEngine, L4Client
from rtfs_runtime.delegation.policy import Policy, with_pins
from rtfs_runtime.delegation.target import (
    LOCAL,
    CallContext,
    L4CacheHit,
    LocalModel,
    read_target,
    show_target,
)
from rtfs_runtime.errors import RtfsError
from rtfs_runtime.session import Session
from rtfs_runtime.trust import Trust
from rtfsc.driver import compile_text, make_env
from rtfsc.options import Options
from tests.unit.artifact.handmade import function
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


def context(symbol: str = "m/order", embedding: tuple[float, ...] | None = None) -> CallContext:
    return CallContext(symbol, 1, 2, None, embedding)


def test_the_engine_decides_for_pins(shop: Shop) -> None:
    client = L4Client(shop.library, {"m/order": shop.pointer}, {})
    engine = L4AwareDelegationEngine(StaticDelegationEngine(), client)
    decision = engine.decide(context())
    assert decision.target == L4CacheHit(shop.pointer, "")
    assert (decision.source, decision.alternatives) == ("l4", (LOCAL,))
    assert engine.decide(context("m/other")).target == LOCAL


def test_what_was_decided_before_stands_before_pins(shop: Shop) -> None:
    client = L4Client(shop.library, {"m/order": shop.pointer}, {})
    inner = StaticDelegationEngine({"m/order": LocalModel("a")}, plans=DelegationCache(lambda: 0.0))
    assert L4AwareDelegationEngine(inner, client).decide(context()).target == LocalModel("a")
    planned = StaticDelegationEngine(plans=DelegationCache(lambda: 0.0))
    planned.cache_decision(context(), LocalModel("b"), 0.0)
    assert L4AwareDelegationEngine(planned, client).decide(context()).target == LocalModel("b")


def test_likeness_decides_only_where_a_rule_opted_in(shop: Shop) -> None:
    vector = WordEncoder().embed("down. Sort, largest first.")
    assert vector is not None
    embedding = tuple(vector.tolist())
    row = function("f", "xs", param_types=("[:vector :int]",), return_type="[:vector :int]")
    inner = StaticDelegationEngine()
    closed = L4AwareDelegationEngine(inner, L4Client(shop.library, {}, {}))
    assert closed.decide(context(embedding=embedding)).target == LOCAL
    opened = L4AwareDelegationEngine(inner, L4Client(shop.library, {}, {"m/order": function_hash(row, {})}))
    decision = opened.decide(context(embedding=embedding))
    assert isinstance(decision.target, L4CacheHit)
    assert decision.source == "l4-nearest" and decision.reasoning.startswith("Not pinned")
    assert opened.decide(context()).target == LOCAL
    other = WordEncoder().embed("Paint the fence.")
    assert other is not None
    assert opened.decide(context(embedding=tuple(other.tolist()))).target == LOCAL


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
