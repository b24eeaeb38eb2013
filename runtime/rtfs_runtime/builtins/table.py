"""The table of builtins: one decorated function is one row.

In: functions decorated in the rooms beside this file. Out: `BUILTINS` (name -> row, aliases included),
read by the compiler (names, types, effects, arity), the REPL, the documentation and the tests.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Literal, NamedTuple, TypeVar

Effect = Literal["pure", "reads", "writes"]
F = TypeVar("F", bound=Callable[..., Any])


class Builtin(NamedTuple):
    """One builtin.

    `function` takes RTFS values positionally; with `host` set its first parameter is the session's host.
    `max_args` None means any number. `effect` says what a call may do; `fails` whether it may raise
    (ruling 19). `raises` are the kinds of its own errors; a wrong count is ArityMismatch everywhere, a
    refused effect SecurityViolation, and what a function that it calls raises passes through.
    `intrinsic` names what the back end may write as instructions instead of a call.
    `examples` are (source, printed value) pairs, or (source, "!Kind") where the example raises.
    """

    name: str
    function: Callable[..., Any]
    type: str
    min_args: int
    max_args: int | None
    effect: Effect
    fails: bool
    raises: tuple[str, ...]
    host: bool
    intrinsic: str | None
    doc: str
    examples: tuple[tuple[str, str], ...]
    aliases: tuple[str, ...]

    @property
    def expected(self) -> str:
        """Arity as error messages say it (stdlib §1.9)."""
        if self.max_args is None:
            return f"at least {self.min_args}"
        if self.min_args == self.max_args:
            return str(self.min_args)
        return f"between {self.min_args} and {self.max_args}"

    def takes(self, count: int) -> bool:
        """Tell whether a call may have so many arguments."""
        return self.min_args <= count and (self.max_args is None or count <= self.max_args)


_rows: dict[str, Builtin] = {}
BUILTINS: Mapping[str, Builtin] = MappingProxyType(_rows)
_frozen = False
_TAKES_ANY_NUMBER = 4
"""The flag of a code object with `*args`; `inspect`, which names it, takes 8 ms to import."""


def builtin(
    name: str,
    type: str,
    *,
    aliases: tuple[str, ...] = (),
    effect: Effect = "pure",
    fails: bool = True,
    raises: tuple[str, ...] = ("TypeError",),
    host: Literal["reads", "writes"] | None = None,
    intrinsic: str | None = None,
    examples: tuple[tuple[str, str], ...] = (),
) -> Callable[[F], F]:
    """Enter the decorated function into the table under `name` and each alias.

    The arity is the function's own: its positional parameters, its defaults and `*args`
    (a leading host parameter not counted). `host` says what a row with that parameter does to the host.
    """

    def enter(function: F) -> F:
        assert not _frozen, f"builtin {name} comes after the table was frozen"
        code = function.__code__
        high = code.co_argcount
        low = high - len(function.__defaults__ or ())
        variadic = code.co_flags & _TAKES_ANY_NUMBER
        skip = 1 if host else 0
        row = Builtin(
            name,
            function,
            type,
            low - skip,
            None if variadic else high - skip,
            host or effect,
            fails,
            raises if fails else (),
            host is not None,
            intrinsic,
            _unindented(function.__doc__ or ""),
            examples,
            aliases,
        )
        for each in (name, *aliases):
            assert each not in _rows, f"builtin {each} is entered twice"
            _rows[each] = row
        function.__rtfs_builtin__ = row  # type: ignore[attr-defined]
        return function

    return enter


def _unindented(doc: str) -> str:
    return "\n".join(line.strip() for line in doc.strip().split("\n"))


def freeze() -> None:
    """Refuse rows from now on."""
    global _frozen
    _frozen = True


def spellings(name: str) -> tuple[str, ...]:
    """Give the three spellings of a tool's name (stdlib, conflict C49)."""
    return (f"tool/{name}", f"tool:{name}", f"tool.{name}")
