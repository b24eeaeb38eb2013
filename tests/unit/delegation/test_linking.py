"""Links: who executes a call, what the stub looks like, what a changed policy does."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rtfs_runtime.cache.manager import CacheManager
from rtfs_runtime.calls import arity_of, call_error
from rtfs_runtime.delegation.engine import DEFAULT, StaticDelegationEngine, task_of
from rtfs_runtime.delegation.hints import hint_target, site_target
from rtfs_runtime.delegation.policy import Policy, PolicyRule
from rtfs_runtime.delegation.target import (
    LOCAL,
    CallContext,
    Decision,
    DelegationMetadata,
    L4CacheHit,
    LocalModel,
    RemoteModel,
    digest64,
    read_target,
    show_target,
)
from rtfs_runtime.errors import RtfsError
from rtfs_runtime.interface import EMPTY, Function, Hint, Site
from rtfs_runtime.loader import ModuleInstance, import_into
from rtfs_runtime.providers.base import ModelReply, ModelRequest
from rtfs_runtime.providers.echo import LocalEchoModel
from rtfs_runtime.providers.registry import ModelRegistry
from rtfs_runtime.providers.scripted import ScriptedModel
from rtfs_runtime.session import Session
from rtfs_runtime.trace import render_tree
from rtfs_runtime.values import Keyword

ECHO = Hint("local-model", "echo-model")


def function(name: str, params: str = "x", **given: Any) -> Function:
    names = tuple(params.split())
    base = Function(name, names, ("",) * len(names), None, "", "", "", None, 0, False, (), 1)
    return base._replace(**given)


def module(*functions: Function, sites: tuple[Site, ...] = (), name: str = "m") -> ModuleInstance:
    delegable = tuple(f.name for f in functions)
    interface = EMPTY._replace(module=name, functions=functions, sites=sites, delegable=delegable)
    return ModuleInstance(name, interface, "m.rtfs")


def local(x: object) -> object:
    return ("local", x)


def link(
    session: Session, info: Function, body: Callable[..., object] = local, sites: tuple[Site, ...] = ()
) -> Any:
    found = module(info, sites=sites)
    session.instances["m"] = found
    found.globals[info.name] = session.link(found, info.name, body)
    return found.globals[info.name]


def scripted(**answers: str) -> Session:
    session = Session()
    session.registry.register(ScriptedModel("echo-model", answers))
    return session


def failure(call: Callable[[], object]) -> RtfsError:
    with pytest.raises(RtfsError) as caught:
        call()
    return caught.value


@pytest.mark.parametrize(
    ("target", "text"),
    [(LOCAL, "local"), (LocalModel("a:b"), "local-model:a:b"), (RemoteModel("r"), "remote:r")],
)
def test_targets_as_text(target: Any, text: str) -> None:
    assert show_target(target) == text
    assert read_target(text) == target


def test_targets_that_are_none() -> None:
    assert show_target(L4CacheHit("abc", "sig")) == "l4:abc"
    for text in ("", "locl", "local:x", "remote:", "local-model"):
        with pytest.raises(ValueError, match="no target"):
            read_target(text)


@pytest.mark.parametrize(
    ("hint", "target"),
    [
        (Hint("local"), LOCAL),
        (Hint("local-model", "m"), LocalModel("m")),
        (Hint("remote", "r"), RemoteModel("r")),
    ],
)
def test_every_hint_has_a_target(hint: Hint, target: Any) -> None:
    assert hint_target(hint) == target


def test_targets_of_calls() -> None:
    assert site_target(Site(1, "f", (("runtime.timeout-ms", "5"),))) is None
    assert site_target(Site(1, "f", ((":runtime.delegation", '"remote:r"'),))) == RemoteModel("r")
    assert site_target(Site(1, "f", (("runtime.delegation", ":local"),))) == LOCAL


def test_metadata_takes_no_part_in_a_context() -> None:
    one = CallContext("m/f", 1, 2)
    two = one._replace(metadata=DelegationMetadata(0.5, "why"))
    assert one == two and hash(one) == hash(two)
    assert one != one._replace(arg_type_fingerprint=3)


def test_digests_keep_order_and_borders() -> None:
    found = {digest64(parts) for parts in (("a", "b"), ("b", "a"), ("ab",), ("a", "b", ""), ())}
    assert len(found) == 5
    assert all(0 <= one < 1 << 64 for one in found)


def test_decisions_go_when_the_policy_or_their_model_changes() -> None:
    caches = CacheManager.open(None, lambda: 0.0)
    session = Session(caches=caches)
    session.registry.register(LocalEchoModel("a", "1"))
    engine = StaticDelegationEngine(plans=caches.l1)
    for number, name in enumerate(("a", "b")):
        engine.cache_decision(CallContext(f"m/{name}", number, 0), LocalModel(name), 0.0)
    session.registry.register(LocalEchoModel("a", "1"))
    assert caches.l1.stats().size == 2, "the same model again"
    session.registry.register(LocalEchoModel("a", "2"))
    assert caches.l1.get_agent_plans("m/a") == {}
    assert len(caches.l1.get_agent_plans("m/b")) == 1
    session.set_policy(rule("m/f", LocalModel("a")))
    assert caches.l1.stats().size == 0


def test_the_static_engine() -> None:
    rules = (PolicyRule("m/g*", (RemoteModel("r"),), "d.toml:2"), PolicyRule("m/*", (), "d.toml:5"))
    engine = StaticDelegationEngine({"m/f": LocalModel("s")}, Policy(Path("d.toml"), (), rules))
    assert engine.decide(CallContext("m/f", 0, 0)).target == LocalModel("s")
    assert engine.decide(CallContext("m/g1", 0, 0)).target == RemoteModel("r")
    assert engine.decide(CallContext("m/h", 0, 0)) == DEFAULT
    assert Decision(LOCAL, 0.8, "Default fallback to local pure execution", "default") == DEFAULT
    given = DelegationMetadata(0.9, None, source="planner")
    decision = engine.decide(CallContext("m/h", 0, 0, given))
    assert (decision.confidence, decision.reasoning) == (0.9, "Decision from planner")


def test_local_binds_the_function_itself() -> None:
    assert link(Session(), function("f")) is local
    assert link(Session(), function("f", hint=Hint("local"))) is local


def test_a_hint_binds_a_stub() -> None:
    stub = link(Session(), function("f", doc="Say it.", hint=ECHO))
    assert inspect.isfunction(stub)
    assert (stub.__name__, stub.__doc__, arity_of(stub)) == ("f", "Say it.", (1, 1))
    assert stub.__rtfs_hint__ == ECHO
    assert stub("hi") == "[ECHO] hi"


def test_a_stub_fails_as_the_function_would() -> None:
    stub = link(Session(), function("f", "a b", hint=ECHO))
    try:
        stub(1)
    except TypeError as error:
        found = call_error(error, stub, 1)
    assert isinstance(found, RtfsError)
    assert found.message == "Arity mismatch in f: expected 2, got 1"
    many = link(Session(), function("f", "a", rest="more", rest_type=":int", hint=ECHO))
    assert arity_of(many) == (1, None)
    assert many("x", 1, 2) == "[ECHO] a: x\nmore1: 1\nmore2: 2"
    assert failure(lambda: many("x", "y")).kind == "TypeValidationError"


def test_parameters_are_checked_before_the_model_is_asked() -> None:
    stub = link(Session(), function("f", param_types=(":int",), hint=ECHO))
    assert (
        failure(lambda: stub("x")).message
        == "Type validation error: Type mismatch at : expected :int, got string"
    )


def test_an_unknown_model() -> None:
    stub = link(Session(), function("f", hint=Hint("remote", "no-such")))
    error = failure(lambda: stub("x"))
    assert (error.kind, error.fields) == ("UnknownCapability", {"capability": "no-such"})


def test_an_answer_of_the_wrong_type() -> None:
    stub = link(scripted(x="not a number"), function("f", return_type=":int", hint=ECHO))
    error = failure(lambda: stub("x"))
    assert error.kind == "DelegationError"
    assert error.fields["function"] == "m/f"
    assert error.fields["target"] == "local-model:echo-model"
    assert "not a number" in str(error.fields["reason"])


def test_an_answer_of_the_right_type() -> None:
    kind = "[:map [:topic [:enum :a :b]] [:score :float]]"
    stub = link(scripted(x='{"topic": "b", "score": 1.5}'), function("f", return_type=kind, hint=ECHO))
    assert stub("x") == {Keyword("topic"): Keyword("b"), Keyword("score"): 1.5}


@pytest.mark.parametrize("error", [ValueError("boom"), KeyError("k"), ConnectionError("gone")])
def test_whatever_a_provider_ends_in_is_a_delegation_error(error: Exception) -> None:
    class Broken(ScriptedModel):
        def infer(self, request: ModelRequest) -> ModelReply:
            raise error

    session = Session()
    session.registry.register(Broken("echo-model", {}))
    found = failure(lambda: link(session, function("f", hint=ECHO))("x"))
    assert (found.kind, found.__cause__) == ("DelegationError", error)


def test_the_prompt_holds_the_contract_and_then_the_arguments() -> None:
    seen: list[ModelRequest] = []

    class Watching(ScriptedModel):
        def infer(self, request: ModelRequest) -> ModelReply:
            seen.append(request)
            return ModelReply(":low")

    session = Session()
    session.registry.register(Watching("echo-model", {}))
    info = function(
        "rate",
        "ticket who",
        doc="Rate it.",
        param_types=("", ":string"),
        return_type="[:enum :low :high]",
        hint=ECHO,
    )
    assert link(session, info)({Keyword("a"): 1}, "me") == Keyword("low")
    (request,) = seen
    assert request.system == (
        "Answer as the function `rate` would.\nRate it.\nArguments: ticket, who: string.\n"
        "Answer with nothing but one of: low, high."
    )
    assert request.text == 'ticket: {"a":1}\nwho: me'
    assert (request.function, request.template_id, request.sampling.temperature) == (
        "m/rate",
        "contract-2",
        0.0,
    )


def test_the_plain_template() -> None:
    session = Session(template="args")
    assert link(session, function("f", "a b", hint=ECHO))(42, "x") == '[ECHO] arg0: 42; arg1: "x"'


def test_an_anonymous_function_that_stays_local() -> None:
    info = function("<fn>", "x", hint=Hint("local"))
    assert Session().link_anonymous(module(), local, info) is local


def test_calls_with_their_own_target() -> None:
    session = Session()
    sites = (Site(3, "f", ((":runtime.delegation", '"local-model:echo-model"'),)), Site(4, "f", ()))
    assert link(session, function("f"), sites=sites) is local
    names = session.instances["m"].globals
    assert names["f@3"]("x") == "[ECHO] x"
    assert names["f@4"] is local


def test_a_call_may_bring_a_hinted_function_home() -> None:
    session = Session()
    stub = link(session, function("f", hint=ECHO), sites=(Site(1, "f", (("runtime.delegation", "local"),)),))
    assert stub("x") == "[ECHO] x"
    assert session.instances["m"].globals["f@1"] is local


def rule(match: str, target: Any) -> Policy:
    return Policy(
        Path("delegation.toml"),
        (),
        (PolicyRule(match, () if target is None else (target,), "delegation.toml:1"),),
        match,
    )


def test_a_policy_may_refuse_a_hint_but_not_reroute_it() -> None:
    refused = link(Session(policy=rule("m/*", None)), function("f", hint=ECHO))
    error = failure(lambda: refused("x"))
    assert error.message == (
        "Delegation error in m/f: local-model:echo-model: refused by rule delegation.toml:1: m/*"
    )
    kept = link(Session(policy=rule("m/*", RemoteModel("r"))), function("f", hint=ECHO))
    assert kept("x") == "[ECHO] x"


def test_relinking_rewrites_slots_and_importers_places() -> None:
    session = Session()
    link(session, function("f"), sites=(Site(1, "f", ()),))
    user = module(name="user")
    import_into(session, user, "m", (("m/f", "f"), ("g", "f")))
    assert user.globals["g"] is local
    session.set_policy(rule("m/f", LocalModel("echo-model")))
    names = session.instances["m"].globals
    for slot in (names["f"], names["f@1"], user.globals["m/f"], user.globals["g"]):
        assert slot("x") == "[ECHO] x"
    session.set_policy(None)
    assert names["f"] is names["f@1"] is user.globals["m/f"] is user.globals["g"] is local


def test_a_policy_cannot_name_what_was_compiled_as_local() -> None:
    session = Session()
    found = module(function("f"))
    found.interface = found.interface._replace(delegable=())
    session.instances["m"] = found
    error = failure(lambda: session.set_policy(rule("m/*", LocalModel("echo-model"))))
    assert error.kind == "ModuleError"
    assert "m/f" in error.message and "rtfsc build --policy delegation.toml m.rtfs" in error.message


def test_the_context_digest_knows_models_policy_and_grants() -> None:
    seen: list[int] = []

    class Watching(StaticDelegationEngine):
        def decide(self, ctx: CallContext) -> Decision:
            seen.append(ctx.runtime_context_hash)
            return super().decide(ctx)

    for given in (
        {},
        {"tenant": "t"},
        {"policy": rule("z", LOCAL)},
        {"registry": ModelRegistry()},
        {},
    ):
        link(Session(engine=Watching(), **given), function("f"))
    assert len(set(seen)) == 4 and seen[0] == seen[-1]


def test_a_delegated_call_is_an_event() -> None:
    session = Session()
    link(session, function("f", hint=ECHO))
    trace = session.host.trace
    session.instances["m"].globals["f"]("hi")
    assert render_tree(trace, times=False) == (
        'model m/f ("hi") → "[ECHO] hi"  [target: local-model:echo-model, reason: Hint on f, by: hint, '
        "attempts: 1]\n"
        '└─ attempt local-model:echo-model → "[ECHO] hi"  [attempt: 1, template: contract-2, '
        "tokens: 9+2]"
    )
    assert trace.cost().model_calls == 1


def test_timeouts_of_a_call_reach_the_provider() -> None:
    seen: list[float | None] = []

    class Watching(ScriptedModel):
        def infer(self, request: ModelRequest) -> ModelReply:
            seen.append(request.deadline_s)
            return ModelReply("x")

    session = Session()
    session.registry.register(Watching("echo-model", {}))
    stub = link(session, function("f", hint=ECHO))
    session.push_hints({Keyword("runtime.timeout-ms"): 1000})
    stub("x")
    session.pop_hints()
    stub("x")
    assert isinstance(seen[0], float) and seen[1] is None


def test_llm_execute_asks_a_registered_model() -> None:
    from rtfs_runtime.host.grants import Grants

    session = Session(grants=Grants.parse(["ccos.ai/llm-execute"]))
    assert session.perform("ccos.ai/llm-execute", (None, "hi", "Be brief.")) == "[ECHO] Be brief.\n\nhi"
    assert failure(lambda: session.perform("ccos.ai/llm-execute", ("no", "hi"))).kind == "UnknownCapability"
    assert failure(lambda: session.perform("ccos.ai/llm-execute", (1, "hi"))).kind == "InvalidArguments"


def test_decisions_that_planners_leave() -> None:
    plans = CacheManager.open().l1
    engine = StaticDelegationEngine({}, None, plans)
    ctx = CallContext("m/f", 1, 2)
    engine.cache_decision(ctx, LocalModel("s"), 5.0)
    assert engine.decide(ctx) == Decision(LocalModel("s"), 0.8, "Decision for m/f", "l1")
    assert engine.decide(ctx._replace(runtime_context_hash=3)) == DEFAULT
    said = DelegationMetadata(0.9, None, source="planner")
    engine.cache_decision_with_metadata(ctx, RemoteModel("r"), said, 6.0)
    assert engine.decide(ctx) == Decision(RemoteModel("r"), 0.9, "Decision from planner", "planner")
    assert engine.cache_stats().hits == 2
    assert plans.get_agent_plans("m/f")[task_of(ctx)].created_at == 6.0
    with pytest.raises(ValueError, match="keeps no decisions"):
        StaticDelegationEngine().cache_stats()


def test_tasks_keep_the_order_of_what_they_digest() -> None:
    assert len({task_of(CallContext("f", *pair)) for pair in ((1, 2), (2, 1), (1, 1), (2, 2))}) == 4
