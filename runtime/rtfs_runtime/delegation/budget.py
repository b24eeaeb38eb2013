"""What models may cost: reserved at the upper bound before a request, settled with what it took.

In: limits, and for each request its bound and its usage. Out: a `Reservation`, or the reason why there is
none. Nothing overshoots, however many calls run at once, because a request that would is never sent.
Source: delegation §3.2.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol
from weakref import WeakKeyDictionary

from rtfs_runtime.providers.base import ModelRequest, Price
from rtfs_runtime.trace import Trace, Usage

if TYPE_CHECKING:
    from sqlite3 import Connection

SPANS: Final = ("call", "plan", "agent", "day")
_SECONDS_A_DAY: Final = 86_400
# what a chat template may add to a turn: role marks, begin and end of text
_TOKENS_A_TURN: Final = 32


class Amount(NamedTuple):
    """Money, tokens of input and output together, requests."""

    usd: float = 0.0
    tokens: int = 0
    calls: int = 0

    def plus(self, other: Amount, times: int = 1) -> Amount:
        """Add an amount so many times; -1 takes it away."""
        return Amount(
            self.usd + times * other.usd, self.tokens + times * other.tokens, self.calls + times * other.calls
        )


class Limit(NamedTuple):
    """The most that one span may take; None is without bound. `where` is its place in the policy."""

    usd: float | None = None
    tokens: int | None = None
    calls: int | None = None
    where: str = ""

    def exceeded(self, total: Amount) -> str | None:
        """Name the first dimension that an amount exceeds."""
        pairs = zip(("usd", "tokens", "calls"), self[:3], total, strict=True)
        # sums of prices carry rounding errors far below a cent
        return next((name for name, most, used in pairs if most is not None and used > most + 1e-12), None)


class Limits(NamedTuple):
    """The limits of a policy: per delegated call, run of a plan, session (an agent), day (UTC)."""

    call: Limit | None = None
    plan: Limit | None = None
    agent: Limit | None = None
    day: Limit | None = None

    @property
    def count_money(self) -> bool:
        """Tell whether any span limits money."""
        return any(limit is not None and limit.usd is not None for limit in self)


class Refusal(NamedTuple):
    """A request that may not be sent: which dimension of which span, where the limit stands, and in words."""

    dimension: str
    where: str
    reason: str


class Reservation(NamedTuple):
    """What a request holds until it is settled."""

    bound: Amount
    call: Account
    run: Account
    day: int


class AccountError(Exception):
    """The account of a day cannot be read or written."""


class DayStore(Protocol):
    """Totals by day, shared by whoever shares the store.

    Raises: AccountError from every method.
    """

    def reserve(self, day: int, amount: Amount, limit: Limit) -> str | None:
        """Add an amount unless it exceeds the limit; give the dimension that it exceeds."""
        ...

    def settle(self, day: int, change: Amount) -> None:
        """Correct a day's total."""
        ...


class Account:
    """What one span used, with what is reserved."""

    __slots__ = ("__weakref__", "total")

    def __init__(self) -> None:
        self.total = Amount()


class MemoryDays:
    """Totals of this process."""

    def __init__(self) -> None:
        self._totals: dict[int, Amount] = {}

    def reserve(self, day: int, amount: Amount, limit: Limit) -> str | None:
        """Add an amount unless it exceeds the limit."""
        total = self._totals.get(day, Amount()).plus(amount)
        exceeded = limit.exceeded(total)
        if exceeded is None:
            self._totals[day] = total
        return exceeded

    def settle(self, day: int, change: Amount) -> None:
        """Correct a day's total."""
        self._totals[day] = self._totals.get(day, Amount()).plus(change)


class SqliteDays:
    """Totals in a file, for all processes of a user; a reservation is one transaction."""

    def __init__(self, path: str) -> None:
        self._path = path

    def reserve(self, day: int, amount: Amount, limit: Limit) -> str | None:
        """Add an amount unless it exceeds the limit."""
        with self._transaction() as file:
            total = self._total(file, day).plus(amount)
            exceeded = limit.exceeded(total)
            if exceeded is None:
                self._write(file, day, total)
            return exceeded

    def settle(self, day: int, change: Amount) -> None:
        """Correct a day's total."""
        with self._transaction() as file:
            self._write(file, day, self._total(file, day).plus(change))

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        # only a policy with a budget for a day needs the file
        import sqlite3

        try:
            os.makedirs(os.path.dirname(self._path), mode=0o700, exist_ok=True)
            with closing(sqlite3.connect(self._path, timeout=10, isolation_level=None)) as file:
                file.execute("BEGIN IMMEDIATE")
                file.execute("CREATE TABLE IF NOT EXISTS days (day INTEGER PRIMARY KEY, usd, tokens, calls)")
                yield file
                file.execute("COMMIT")
        except (sqlite3.Error, OSError) as error:
            raise AccountError(f"{self._path}: {error}") from error

    @staticmethod
    def _total(file: Connection, day: int) -> Amount:
        row = file.execute("SELECT usd, tokens, calls FROM days WHERE day = ?", (day,)).fetchone()
        return Amount() if row is None else Amount(*row)

    @staticmethod
    def _write(file: Connection, day: int, total: Amount) -> None:
        file.execute("INSERT OR REPLACE INTO days VALUES (?, ?, ?, ?)", (day, *total))


class Budget:
    """The accounts of one session under one policy.

    Thread: one lock; a reservation sees every one made before.
    """

    def __init__(self, limits: Limits, days: DayStore | None = None) -> None:
        self.limits = limits
        self._days = days or MemoryDays()
        self._agent = Account()
        self._runs: WeakKeyDictionary[Trace, Account] = WeakKeyDictionary()
        self._lock = threading.Lock()

    def reserve(
        self, call: Account, trace: Trace, now_s: float, bound: Amount, *, priced: bool
    ) -> Reservation | Refusal:
        """Reserve what a request may take at most; `priced` says that the money in `bound` is known."""
        if not priced and self.limits.count_money:
            return self._unpriced()
        day = int(now_s // _SECONDS_A_DAY)
        with self._lock:
            run = self._runs.setdefault(trace, Account())
            accounts = {"call": call, "plan": run, "agent": self._agent}
            for span, account in accounts.items():
                limit: Limit | None = getattr(self.limits, span)
                exceeded = None if limit is None else limit.exceeded(account.total.plus(bound))
                if limit is not None and exceeded is not None:
                    return _refusal(span, exceeded, limit)
            if self.limits.day is not None:
                try:
                    exceeded = self._days.reserve(day, bound, self.limits.day)
                except AccountError as error:
                    # what cannot be counted must not be spent
                    return Refusal("usd", self.limits.day.where, f"no account of the day: {error}")
                if exceeded is not None:
                    return _refusal("day", exceeded, self.limits.day)
            for account in accounts.values():
                account.total = account.total.plus(bound)
        return Reservation(bound, call, run, day)

    def settle(self, held: Reservation, used: Amount) -> None:
        """Give back what a request did not take."""
        change = used.plus(held.bound, -1)
        with self._lock:
            for account in (held.call, held.run, self._agent):
                account.total = account.total.plus(change)
            if self.limits.day is not None:
                # what is not given back stays counted: too much rather than too little
                with suppress(AccountError):
                    self._days.settle(held.day, change)

    def _unpriced(self) -> Refusal:
        where = next(limit.where for limit in self.limits if limit is not None and limit.usd is not None)
        return Refusal("usd", where, f"the model has no price, and {where} limits money")


def bound_of(request: ModelRequest, price: Price | None, times: int = 1) -> Amount:
    """Give the most that so many requests of this kind can take: no token is shorter than a byte."""
    texts = [request.system, *(text for pair in request.examples for text in pair)]
    texts += [message.text for message in request.messages]
    tokens = sum(len(text.encode("utf-8", "surrogatepass")) + _TOKENS_A_TURN for text in texts)
    usage = Usage(tokens, request.sampling.max_tokens)
    usd = 0.0 if price is None else price.cost_usd(usage)
    return Amount().plus(Amount(usd, tokens + request.sampling.max_tokens, 1), times)


def _refusal(span: str, dimension: str, limit: Limit) -> Refusal:
    most = getattr(limit, dimension)
    return Refusal(dimension, limit.where, f"the budget of {most} {dimension} per {span} ({limit.where})")
