"""What delegation costs a call: `python -m benchmarks.delegation_overhead`.

In: one loop of calls, compiled and linked in several ways. Out: a table of them, and the difference between a
call of a `:local` function and a plain call, paired, with its 95 % interval: under every engine that decides
when a module is linked the code is the same, so that a difference is none of ours.
"""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from types import CodeType
from typing import Any, NamedTuple

from benchmarks.paired import Row, compare, table
from rtfs_runtime.cache.manager import CacheManager
from rtfs_runtime.delegation.engine import StaticDelegationEngine
from rtfs_runtime.delegation.l4_engine import L4AwareDelegationEngine, L4Client
from rtfs_runtime.delegation.policy import CacheChoice, Conditions, Policy, PolicyRule
from rtfs_runtime.delegation.target import LOCAL, CallContext, LocalModel
from rtfs_runtime.session import Session
from rtfsc.driver import compile_text
from rtfsc.options import Options

# a function that calls itself is not put where it is called: then there would be no call to measure
_PLAN = """
(defn {hint}f [x] (if (nil? x) (f 0) x))
(defn run [n] (loop [i 0] (if (< i n) (do (f i) (recur (+ i 1))) i)))
"""
LOCALLY_HINT = "^:delegation :local "
_ECHO = '^:delegation :local-model "echo-model" '
CALLS = 1000
_FEW_CALLS = 10
_TRIALS = 60
_TIMES = 15

Run = Callable[[int], object]


def runner(hint: str = "", policy: Policy | None = None, **given: Any) -> Run:
    """Compile the loop that calls a function with the hint, and link it in a session."""
    options = Options() if policy is None else Options(delegable=policy.delegable, policy=policy.digest)
    unit = compile_text(_PLAN.format(hint=hint), options)
    session = Session(policy=policy, **given)
    session.evaluate(unit.artifact)
    run: Run = next(iter(session.instances.values())).globals["run"]
    return run


def linked() -> dict[str, Run]:
    """Give the loops whose calls are decided when the module is linked, and stay local."""
    unconcerned = Policy(Path("delegation.toml"), (), (PolicyRule("other/*", (LocalModel("echo-model"),)),))
    static = StaticDelegationEngine({"other/f": LocalModel("echo-model")})
    published = L4AwareDelegationEngine(static, L4Client(_no_library, {}, lambda ctx: False))
    return {
        "plain call": runner(),
        ":local": runner(LOCALLY_HINT),
        "no hint, static engine": runner('^{:doc "x"} ', engine=static),
        "no hint, a policy for others": runner(policy=unconcerned),
        "no hint, engine that knows L4": runner(engine=published),
    }


def _no_library() -> Any:
    raise AssertionError("nothing is pinned, and likeness decides nothing")


def variants() -> dict[str, tuple[Callable[[], object], int]]:
    """Give every way, and how many calls each makes."""
    found: dict[str, tuple[Callable[[], object], int]] = {}
    for name, run in linked().items():
        found[name] = (lambda run=run: run(CALLS)), CALLS
    # no argument is that short: each call is decided, and runs locally
    sized = PolicyRule("*/f", (LocalModel("echo-model"),), when=Conditions(max_chars=0))
    each = runner(policy=Policy(Path("delegation.toml"), (), (sized,)))
    asked_anew = PolicyRule("*/f", (LocalModel("echo-model"),), cache=CacheChoice(l2=False))
    stub = runner(policy=Policy(Path("delegation.toml"), (), (asked_anew,)))
    answered = runner(_ECHO)
    found["decided at each call, runs locally"] = (lambda: each(_FEW_CALLS)), _FEW_CALLS
    found["stub, echo model"] = (lambda: stub(_FEW_CALLS)), _FEW_CALLS
    found["stub, hit in L2"] = (lambda: answered(_FEW_CALLS)), _FEW_CALLS
    found["a decision, hit in L1"] = _decision(), 1
    return found


def _decision() -> Callable[[], object]:
    engine = StaticDelegationEngine(plans=CacheManager.open().l1)
    context = CallContext("m/f", 1, 2)
    engine.cache_decision(context, LOCAL, 0.0)
    return lambda: engine.decide(context)


def shape(function: Run) -> tuple[object, ...]:
    """Give what two functions must share to cost the same: code, names, constants, exception table."""
    code: CodeType = function.__code__  # type: ignore[attr-defined]
    return code.co_code, code.co_names, code.co_consts, code.co_exceptiontable


def rows() -> list[Row]:
    """Measure; times and ratios are of one call."""
    found = variants()
    assert len({shape(run) for run in linked().values()}) == 1
    measured = compare({name: run for name, (run, _) in found.items()})
    plain = measured[0].time_ns / CALLS
    return [_of_one_call(row, found[row.name][1], plain) for row in measured]


def _of_one_call(row: Row, calls: int, plain_ns: float) -> Row:
    scale = CALLS / calls
    return Row(row.name, row.time_ns / calls, row.ratio * scale, row.low * scale, row.high * scale)


class Difference(NamedTuple):
    """A paired difference per call in ns, and the interval that holds it with 95 %."""

    median_ns: float
    low_ns: float
    high_ns: float


def difference(trials: int = _TRIALS) -> Difference:
    """Compare a `:local` call with a plain one: fresh code in each trial, since one code object of two may be
    luckier than the other."""
    found = sorted(_trial(number) for number in range(trials))
    reach = int(0.98 * trials**0.5)
    middle = trials // 2
    return Difference(statistics.median(found), found[middle - reach], found[min(trials - 1, middle + reach)])


def _trial(number: int) -> float:
    runs = [runner(), runner(LOCALLY_HINT)]
    best = [float("inf")] * 2
    gc.disable()
    try:
        for turn in range(2 * _TIMES):
            which = (turn + number) % 2
            start = time.perf_counter_ns()
            runs[which](CALLS)
            best[which] = min(best[which], time.perf_counter_ns() - start)
    finally:
        gc.enable()
    return (best[1] - best[0]) / CALLS


def report() -> str:
    """Measure everything and write it down."""
    found = difference()
    between = f"[{found.low_ns:+.3f}, {found.high_ns:+.3f}]"
    title = "One call and its delegation"
    return (
        f"{table(title, rows())}\n\n"
        f"A `:local` call less a plain call: {found.median_ns:+.3f} ns, 95 % interval {between}; bar 0.2 ns."
    )


if __name__ == "__main__":
    print(report())
