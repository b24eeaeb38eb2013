"""Delegated calls from source to answer: chains, repairs, budgets, deadlines, hints of a call."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rtfs_runtime.cache.embedding import MiniLm
from rtfs_runtime.delegation.policy_reader import load_policy
from rtfs_runtime.errors import RtfsError
from rtfs_runtime.host.world import REAL
from rtfs_runtime.planmodule import plan_function
from rtfs_runtime.providers.base import ModelReply, ModelRequest, ProviderError
from rtfs_runtime.session import Result, Session
from rtfs_runtime.trace import Usage, render_tree
from rtfs_runtime.values import Keyword
from rtfsc.driver import compile_text, make_env
from rtfsc.options import Options

Answer = str | Exception | ModelReply | Callable[[ModelRequest], ModelReply]


class Fake:
    """Gives one answer after the other; the last one stays."""

    def __init__(self, model_id: str, *answers: Answer) -> None:
        self.id = model_id
        self.version = f"fake {model_id}"
        self.answers = list(answers)
        self.asked: list[ModelRequest] = []

    def infer(self, request: ModelRequest) -> ModelReply:
        self.asked.append(request)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        if callable(answer) and not isinstance(answer, ModelReply):
            return answer(request)
        return answer if isinstance(answer, ModelReply) else ModelReply(answer, usage=Usage(10, 5))

    async def infer_async(self, request: ModelRequest) -> ModelReply:
        return self.infer(request)

    def close(self) -> None:
        pass


class Clock:
    """A clock that only waiting moves."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.waits: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now_s += seconds


class Bench:
    """A plan under a policy, with fake models."""

    def __init__(self, folder: Path, text: str, policy: str, *models: Fake) -> None:
        path = folder / "delegation.toml"
        path.write_text(policy, encoding="utf-8")
        found = load_policy(path)
        options = Options(delegable=found.delegable, policy=found.digest)
        self.env = make_env((str(folder),), options)
        self.clock = Clock()
        world = REAL._replace(
            elapsed_s=lambda: self.clock.now_s,
            now_s=lambda: self.clock.now_s,
            sleep_s=self.clock.sleep,
            random=lambda: 1.0,
        )
        self.session = Session(modules=self.env.modules, policy=found, world=world)
        for model in models:
            self.session.registry.register(model)
        self.options = options
        (folder / "m.rtfs").write_text(text, encoding="utf-8")

    def define(self, text: str) -> Result:
        """Evaluate a text that may import the plan."""
        return self.session.evaluate(compile_text(text, self.options, self.env).artifact)

    def call(self, *args: object, name: str = "f") -> Any:
        """Call a function."""
        return self.session.call("m", name, *args).value

    def fails(self, *args: object, name: str = "f") -> RtfsError:
        with pytest.raises(RtfsError) as caught:
            self.session.call("m", name, *args)
        return caught.value


PLAN = """(module m (:exports [f g])
  (defn f [x :int] :int (+ x 100))
  (defn g ^:delegation :remote "b" [x] :[:enum :yes :no] "Say."))"""
RULE = '[[rules]]\nmatch = "m/f"\ntarget = "local-model:a"\n'
DOWN = ProviderError("no route", "connection")


def busy(retry_after_s: float | None = None) -> ProviderError:
    return ProviderError("busy", "http", retryable=True, retry_after_s=retry_after_s)


def test_a_rule_sends_calls_to_a_model(tmp_path: Path) -> None:
    model = Fake("a", "7")
    bench = Bench(tmp_path, PLAN, RULE, model)
    assert bench.call(1) == 7
    assert model.asked[0].function == "m/f"


def test_a_failing_target_falls_back_and_is_left_alone(tmp_path: Path) -> None:
    first, second = Fake("a", DOWN, "1"), Fake("b", "2")
    bench = Bench(
        tmp_path, PLAN, RULE + 'fallback = ["remote:b"]\n[cooldown]\nwindow_s = 10\n', first, second
    )
    assert [bench.call(0), bench.call(0)] == [2, 2]
    assert len(first.asked) == 1
    bench.clock.now_s = 10.0
    assert bench.call(0) == 1


def test_the_body_may_be_the_last_of_the_chain(tmp_path: Path) -> None:
    bench = Bench(tmp_path, PLAN, RULE + 'fallback = ["local"]\n', Fake("a", DOWN))
    assert bench.call(1) == 101


def test_a_text_is_no_body(tmp_path: Path) -> None:
    policy = '[[rules]]\nmatch = "m/g"\nfallback = ["local"]\n'
    error = Bench(tmp_path, PLAN, policy, Fake("b", DOWN)).fails(1, name="g")
    assert error.fields["reason"] == "remote:b: no route; local: the function's body is only a text"


def test_retries_wait(tmp_path: Path) -> None:
    model = Fake("a", busy(), busy(3.0), "7")
    bench = Bench(tmp_path, PLAN, RULE, model)
    assert bench.call(1) == 7
    assert bench.clock.waits == [0.5, 3.0]


def test_a_wrong_answer_is_shown_to_the_model(tmp_path: Path) -> None:
    model = Fake("a", "seven", "7")
    bench = Bench(tmp_path, PLAN, RULE, model)
    assert bench.call(1) == 7
    texts = [message.text for message in model.asked[1].messages]
    assert texts[1:] == [
        "seven",
        "That was wrong: the answer is no :int: seven. Answer again, with nothing but a value of the type.",
    ]
    always = Bench(tmp_path, PLAN, RULE, Fake("a", "seven"))
    assert always.fails(1).fields["reason"] == "the answer is no :int: seven"
    assert len(always.session.registry.get("a").asked) == 2  # type: ignore[attr-defined]


def test_an_unsure_answer_escalates(tmp_path: Path) -> None:
    first, second = Fake("a", ModelReply("1", confidence=0.6)), Fake("b", ModelReply("2", confidence=0.5))
    rule = RULE + 'fallback = ["remote:b"]\nescalate_below = 0.7\n'
    bench = Bench(tmp_path, PLAN, rule, first, second)
    assert bench.call(1) == 2, "the last of the chain is whom it trusts most"
    second.answers = [ModelReply("2", confidence=0.8)]
    assert bench.call(2) == 2


def test_a_hint_is_followed_by_the_fallback_of_its_rule(tmp_path: Path) -> None:
    policy = '[[rules]]\nmatch = "m/g"\ntarget = "local-model:a"\nfallback = ["local-model:c"]\n'
    first, other, third = Fake("b", DOWN), Fake("a", "yes"), Fake("c", "no")
    bench = Bench(tmp_path, PLAN, policy, first, other, third)
    assert bench.call(1, name="g") == Keyword("no")
    assert not other.asked, "a policy never reroutes a hint"


def test_unregistered_models(tmp_path: Path) -> None:
    assert Bench(tmp_path, PLAN, RULE).fails(1).kind == "UnknownCapability"
    bench = Bench(tmp_path, PLAN, RULE + 'fallback = ["remote:b"]\n', Fake("b", "2"))
    assert bench.call(1) == 2


@pytest.mark.parametrize(
    ("budget", "dimension"),
    [
        ("[budget]\nplan = { tokens = 700 }\n", "tokens"),
        ("[budget]\ncall = { calls = 0 }\n", "calls"),
        ("[budget]\nday = { usd = 0.00015 }\n", "usd"),
    ],
)
def test_a_budget_ends_the_run(tmp_path: Path, budget: str, dimension: str) -> None:
    policy = '[[rules]]\nmatch = "m/f"\ntarget = "remote:echo"\n' + budget
    policy += '[models.echo]\nprovider = "echo"\ninput_usd_per_1k = 0.0001\noutput_usd_per_1k = 0.0001\n'
    bench = Bench(tmp_path, PLAN, policy)
    bench.session.registry.register(Fake("echo", ModelReply("7", usage=Usage(600, 50))))
    with pytest.raises(RtfsError) as caught:
        bench.define("(import m) (try [(m/f 1) (m/f 2) (m/f 3)] (catch e 0))")
    assert caught.value.kind == "BudgetExhausted", "and no catch sees it"
    assert str(caught.value.fields["dimension"]).startswith(dimension)


def test_a_budget_leaves_room_for_cheaper_models(tmp_path: Path) -> None:
    policy = '[[rules]]\nmatch = "m/f"\ntarget = "remote:b"\nfallback = ["local-model:a"]\n'
    policy += "[budget]\nagent = { usd = 0.01 }\n"
    dear, free = Fake("b", "2"), Fake("a", "1")
    bench = Bench(tmp_path, PLAN, policy, dear, free)
    assert bench.call(1) == 1
    assert not dear.asked, "its price is unknown"


def test_the_time_of_a_call_is_bounded(tmp_path: Path) -> None:
    def slow(request: ModelRequest) -> ModelReply:
        bench.clock.now_s += 3
        raise busy(4.0)

    bench = Bench(tmp_path, PLAN, RULE + "timeout_s = 5\n", Fake("a", slow))
    error = bench.fails(1)
    assert (error.kind, error.fields["reason"]) == ("DelegationError", "no time is left")
    assert bench.clock.now_s == 3


@pytest.mark.parametrize(
    ("call", "outcome"),
    [
        ('^{:runtime.fallback "remote:b"} (m/f 1)', 2),
        ('^{:runtime.fallback ["local-model:none" "remote:b"]} (m/f 1)', 2),
        ("^{:runtime.retry 1} (m/f 1)", "DelegationError"),
        ("^{:runtime.retry 0} (m/f 1)", "InvalidArgument"),
        ('^{:runtime.retry "x"} (m/f 1)', "InvalidArgument"),
        ('^{:runtime.fallback "b"} (m/f 1)', "InvalidArgument"),
    ],
)
def test_what_one_call_says_of_itself(tmp_path: Path, call: str, outcome: object) -> None:
    bench = Bench(tmp_path, PLAN, RULE, Fake("a", busy(100.0)), Fake("b", "2"))
    try:
        found = bench.define(f"(import m) {call}").value
    except RtfsError as error:
        found = error.kind
    assert found == outcome


def test_a_rule_on_the_size_of_a_call(tmp_path: Path) -> None:
    plan = "(module m (:exports [f]) (defn f [x :string] :int (count x)))"
    policy = '[[rules]]\nmatch = "m/f"\ntarget = "local-model:a"\nwhen = { max_chars = 3 }\n'
    bench = Bench(tmp_path, plan, policy, Fake("a", "7"))
    assert [bench.call("abc"), bench.call("abcd")] == [7, 4]


@pytest.mark.parametrize(
    ("when", "value"),
    [
        ('{ arguments = [":int"] }', 7),
        ('{ arguments = [":string"] }', 101),
        ('{ arguments = [":int", ":int"] }', 101),
        ('{ tags = ["mail"] }', 7),
        ('{ tags = ["mail", "post"] }', 101),
        ('{ tenant = "t*" }', 101),
        ('{ tenant = "" }', 7),
    ],
)
def test_conditions_that_hold_when_linked(tmp_path: Path, when: str, value: int) -> None:
    plan = "(module m (:exports [f]) (defn ^{:delegation.tags [:mail :urgent]} f [x :int] :int (+ x 100)))"
    assert Bench(tmp_path, plan, RULE + f"when = {when}\n", Fake("a", "7")).call(1) == value


def test_places_for_calls_at_a_time(tmp_path: Path) -> None:
    policy = RULE + '[models.a]\nprovider = "echo"\nmax_concurrency = 2\n'
    inside, most = 0, 0
    lock = threading.Lock()
    both = threading.Barrier(2)

    def answer(request: ModelRequest) -> ModelReply:
        nonlocal inside, most
        with lock:
            inside += 1
            most = max(most, inside)
        both.wait(10)
        with lock:
            inside -= 1
        return ModelReply("7")

    bench = Bench(tmp_path, PLAN, policy)
    bench.session.registry.register(Fake("a", answer))
    threads = [threading.Thread(target=bench.call, args=(number,)) for number in range(6)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert most == 2


def test_the_trace_tells_each_attempt(tmp_path: Path) -> None:
    bench = Bench(tmp_path, PLAN, RULE + 'fallback = ["remote:b"]\n', Fake("a", DOWN), Fake("b", "2"))
    result = bench.session.call("m", "f", 1)
    assert render_tree(result.trace, times=False).splitlines() == [
        "run m",
        "└─ model m/f (1) → 2  [target: local-model:a, reason: Rule delegation.toml:2: m/f, by: policy, "
        "fallback: remote:b, attempts: 2]",
        "   ├─ attempt local-model:a ✗ DelegationError: Delegation error in m/f: local-model:a: no route  "
        "[attempt: 1, template: contract-2, outcome: connection]",
        "   └─ attempt remote:b → 2  [attempt: 2, template: contract-2, tokens: 10+5]",
    ]
    assert result.cost.model_calls == 1


def test_the_same_call_is_answered_from_l2(tmp_path: Path) -> None:
    model = Fake("a", "7", "8")
    bench = Bench(tmp_path, PLAN, RULE, model)
    assert [bench.call(1), bench.call(1), bench.call(2)] == [7, 7, 8]
    result = bench.session.call("m", "f", 1)
    assert len(model.asked) == 2
    assert result.cost == (0, 0, 0, 0.0)
    attempt = list(result.trace)[-1]
    assert (attempt.kind, attempt.detail["layer"], attempt.usage) == ("cache", "l2 hot", None)
    model.version = "another"
    assert bench.call(1) == 8, "another version may answer differently"


@pytest.mark.parametrize(
    ("rule", "asked"),
    [("cache = { l2 = false }\n", 2), ("cache = { ttl_s = 5 }\n", 2), ("cache = { ttl_s = 50 }\n", 1)],
)
def test_a_rule_says_what_is_kept(tmp_path: Path, rule: str, asked: int) -> None:
    model = Fake("a", "7")
    bench = Bench(tmp_path, PLAN, RULE + rule, model)
    bench.call(1)
    bench.clock.now_s += 10
    bench.call(1)
    assert len(model.asked) == asked


def test_a_hit_costs_nothing(tmp_path: Path) -> None:
    bench = Bench(tmp_path, PLAN, RULE + "[budget]\nagent = { calls = 1 }\n", Fake("a", "7"))
    assert [bench.call(1), bench.call(1)] == [7, 7]
    assert bench.fails(2).kind == "BudgetExhausted"


def test_wrong_answers_are_asked_again(tmp_path: Path) -> None:
    model = Fake("a", "seven", "seven", "7")
    bench = Bench(tmp_path, PLAN, RULE, model)
    assert bench.fails(1).kind == "DelegationError"
    assert bench.call(1) == 7


ROUTE = """(module m (:exports [f])
  (defn f ^:delegation :local-model "a" [text :string] :[:enum :billing :bug] "Name the queue."))"""


def test_a_question_in_other_words_is_answered_from_l3_where_the_rule_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("onnxruntime")
    # the first hits of a function are all asked for, to compare
    monkeypatch.setattr("rtfs_runtime.cache.l3_semantic.SemanticCache._is_checked", lambda *_: False)
    rule = '[[rules]]\nmatch = "m/f"\ncache = { l3 = true, check_share = 0.0 }\n'
    model = Fake("a", "billing")
    bench = Bench(tmp_path, ROUTE, rule, model)
    asked = ["How do I cancel my subscription?", "How can I cancel my subscription?"]
    results = [bench.session.call("m", "f", text) for text in asked]
    events = [list(result.trace)[-1] for result in results]
    assert [result.value for result in results] == [Keyword("billing")] * 2
    assert (events[1].kind, events[1].detail["layer"]) == ("cache", "l3")
    assert len(model.asked) == 1
    bench.call("How do I renew my subscription?")
    assert len(model.asked) == 2, "another question, however alike"


def test_asynchronous_callers_have_l3_and_their_loop_does_not_wait_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("onnxruntime")
    embed, threads = MiniLm.embed, set()

    def noted(encoder: MiniLm, text: str) -> Any:
        threads.add(threading.get_ident())
        return embed(encoder, text)

    monkeypatch.setattr(MiniLm, "embed", noted)
    monkeypatch.setattr("rtfs_runtime.cache.l3_semantic.SemanticCache._is_checked", lambda *_: False)
    model = Fake("a", "billing")
    bench = Bench(tmp_path, ROUTE, '[[rules]]\nmatch = "m/f"\ncache = { l3 = true }\n', model)
    function: Any = plan_function(bench.session.load("m"), "f")

    async def main() -> list[object]:
        return [await function.aio(f"How {word} I cancel my subscription?") for word in ("do", "can")]

    assert asyncio.run(main()) == [Keyword("billing")] * 2
    assert len(model.asked) == 1
    assert threads and threading.get_ident() not in threads


def test_l3_is_off_for_other_rules(tmp_path: Path) -> None:
    model = Fake("a", "billing")
    bench = Bench(tmp_path, ROUTE, "", model)
    bench.call("How do I cancel my subscription?")
    bench.call("How can I cancel my subscription?")
    assert len(model.asked) == 2
