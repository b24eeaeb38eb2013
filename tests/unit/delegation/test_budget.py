"""Budgets: nothing is sent that could overshoot."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest

from rtfs_runtime.delegation.budget import (
    Account,
    Amount,
    Budget,
    DayStore,
    Limit,
    Limits,
    MemoryDays,
    Refusal,
    Reservation,
    SqliteDays,
    bound_of,
)
from rtfs_runtime.providers.base import Example, Message, ModelRequest, Price, Sampling
from rtfs_runtime.trace import Trace

ONE = Amount(0.1, 100, 1)


def trace() -> Trace:
    return Trace(lambda: 0.0)


def reserve(
    budget: Budget, bound: Amount = ONE, call: Account | None = None, run: Trace | None = None, **given: Any
) -> Reservation | Refusal:
    values = {"priced": True, "now_s": 0.0, **given}
    return budget.reserve(
        call or Account(), trace() if run is None else run, values["now_s"], bound, priced=values["priced"]
    )


@pytest.mark.parametrize(
    ("limit", "dimension"),
    [
        (Limit(usd=0.15), "usd"),
        (Limit(tokens=150), "tokens"),
        (Limit(calls=1), "calls"),
        (Limit(usd=0.2), ""),
    ],
)
def test_the_second_request_is_refused_by_what_is_left(limit: Limit, dimension: str) -> None:
    budget = Budget(Limits(agent=limit._replace(where="d.toml:3")))
    assert isinstance(reserve(budget), Reservation)
    found = reserve(budget)
    if not dimension:
        assert isinstance(found, Reservation)
        return
    assert isinstance(found, Refusal)
    assert (found.dimension, found.where) == (dimension, "d.toml:3")
    assert found.reason.endswith(f"{dimension} per agent (d.toml:3)")


def test_what_was_not_taken_comes_back() -> None:
    budget = Budget(Limits(agent=Limit(usd=0.15)))
    held = reserve(budget)
    assert isinstance(held, Reservation)
    budget.settle(held, Amount(0.02, 20, 1))
    assert isinstance(reserve(budget), Reservation)
    assert isinstance(reserve(budget), Refusal)


def test_each_span_has_its_own_account() -> None:
    budget = Budget(
        Limits(call=Limit(calls=2), plan=Limit(calls=3), agent=Limit(calls=5), day=Limit(calls=6))
    )
    run, call = trace(), Account()
    assert [type(reserve(budget, call=call, run=run)) for _ in range(3)] == [
        Reservation,
        Reservation,
        Refusal,
    ]
    assert [type(reserve(budget, run=run)) for _ in range(2)] == [Reservation, Refusal]
    assert [type(reserve(budget)) for _ in range(3)] == [Reservation, Reservation, Refusal]


def test_days_end(tmp_path: Path) -> None:
    stores: tuple[DayStore, ...] = (MemoryDays(), SqliteDays(str(tmp_path / "new" / "days.sqlite")))
    for store in stores:
        budget = Budget(Limits(day=Limit(usd=0.15)), store)
        held = reserve(budget, now_s=0)
        assert isinstance(held, Reservation)
        assert isinstance(reserve(budget, now_s=86_399), Refusal)
        assert isinstance(reserve(budget, now_s=86_400), Reservation)
        budget.settle(held, Amount())
        assert isinstance(reserve(budget, now_s=86_399), Reservation)


def test_processes_share_a_day(tmp_path: Path) -> None:
    path = str(tmp_path / "days.sqlite")
    first, second = (Budget(Limits(day=Limit(calls=3)), SqliteDays(path)) for _ in range(2))
    assert [type(reserve(one)) for one in (first, second, first, second)] == [*[Reservation] * 3, Refusal]


def test_a_model_without_a_price_is_refused_where_money_counts() -> None:
    found = reserve(Budget(Limits(plan=Limit(usd=1.0, where="d.toml:9"))), priced=False)
    assert isinstance(found, Refusal)
    assert found.reason == "the model has no price, and d.toml:9 limits money"
    assert isinstance(reserve(Budget(Limits(plan=Limit(tokens=1000))), priced=False), Reservation)


def test_a_bound_counts_bytes() -> None:
    request = ModelRequest(
        "m", (Message("user", "é"),), "abc", Sampling(max_tokens=10), examples=(Example("q", "a"),)
    )
    tokens = 2 + 3 + 1 + 1 + 4 * 32
    assert bound_of(request, None) == Amount(0.0, tokens + 10, 1)
    assert bound_of(request, None, 3) == Amount(0.0, 3 * (tokens + 10), 3)
    assert bound_of(request, Price(1.0, 2.0)).usd == pytest.approx((tokens + 2 * 10) / 1000)


def test_a_thousand_calls_at_once_never_overshoot() -> None:
    limits = Limits(agent=Limit(usd=10.0, tokens=9_000), plan=Limit(calls=80))
    budget = Budget(limits)
    run = trace()
    spent: list[Amount] = []
    start = threading.Barrier(50)

    def call() -> None:
        start.wait()
        for number in range(20):
            held = reserve(budget, run=run)
            if isinstance(held, Reservation):
                used = Amount(0.1 * (number % 2), 100 * (number % 3) // 2, 1)
                spent.append(used)
                budget.settle(held, used)

    threads = [threading.Thread(target=call) for _ in range(50)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    total = Amount()
    for used in spent:
        total = total.plus(used)
    assert total.calls == len(spent) == 80
    assert total.usd <= 10.0 and total.tokens <= 9_000


def test_a_day_that_cannot_be_counted_is_spent(tmp_path: Path) -> None:
    (tmp_path / "days.sqlite").write_bytes(b"no database at all, but long enough to be taken for one" * 40)
    budget = Budget(Limits(day=Limit(usd=5.0, where="d.toml:2")), SqliteDays(str(tmp_path / "days.sqlite")))
    found = reserve(budget)
    assert isinstance(found, Refusal)
    assert found.reason.startswith("no account of the day: ")
