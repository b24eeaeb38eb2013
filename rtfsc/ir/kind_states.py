"""What is known of variables where several ways of control meet.

In: kinds along each way. Out: what holds whichever way was taken. A loop starts from its first way in and
grows until it agrees with itself; one that does not settle soon is given up on, what is held first.
"""

from __future__ import annotations

from rtfsc.ir import kinds
from rtfsc.ir.kinds import ANY, NEVER, Kind
from rtfsc.ir.nodes import Var

Env = dict[Var | tuple[object, ...], Kind]
"""Kinds of variables, and facts about several (`kind_facts`)."""
_ROUNDS = 4


class State:
    """What is known where a block is entered."""

    __slots__ = ("env", "kinds", "rounds", "settled")

    def __init__(self, count: int, *, settled: bool = False) -> None:
        self.settled = settled
        # one that is settled holds anything: no way in brings something new
        self.kinds: list[Kind] = [ANY if settled else NEVER] * count
        self.env: Env | None = {} if settled else None
        self.rounds = 0

    def enter(self, args: list[Kind], env: Env) -> bool:
        """Take one more way in; tell whether it brought something new."""
        grown = list(map(kinds.join, self.kinds, args))
        if self.rounds > _ROUNDS and grown != self.kinds:
            grown = list(map(widened, self.kinds, grown))
        known = env if self.env is None else join(self.env, env)
        changed = grown != self.kinds or self.env is None or known != self.env
        if changed:
            self.rounds += 1
            self.kinds, self.env = grown, dict(known)
        return changed


def widened(old: Kind, new: Kind) -> Kind:
    """Give up on what still grows: on what is held first."""
    if old == new:
        return old
    return new | kinds.ANYTHING_HELD if kinds.within(new, old) else new | ANY


def join(left: Env, right: Env) -> Env:
    """Keep what is known on both sides."""
    return {var: kinds.join(kind, right[var]) for var, kind in left.items() if var in right}


def join_ways(left: Env | None, right: Env | None) -> Env | None:
    """Join ways of which some may never be taken."""
    if left is None or right is None:
        return left if right is None else right
    return join(left, right)
