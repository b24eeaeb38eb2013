"""What a session may do: nothing, until it is granted.

In: grants as text, which is also how the command line spells them, and the needs of an effect. Out: yes, or
SecurityViolation with the exact flag that would allow it. What an effect needs is left to the capability.

    print        write to standard output and the log      read:DIR    read files in and below a directory, or
    one file input        read standard input                       write:DIR   write files there time
    read the clock, sleep                     http:HOST   HTTP to a host, `HOST` or `HOST:PORT`, globs allowed
    random       random numbers and uuids                  env:NAME    an environment variable, globs allowed
    cap:ID       a capability by id, globs allowed; `cap:` may be left out when the id holds `.`, `/`, `:` or
    `*`

Symbolic links are resolved on both sides before paths are compared, so neither `..` nor a link leads out of a
granted directory. `rtfsc run PLAN` grants `print`, `input`, `time`, `random` and `read:` of the plan's own
folder, which holds the program and the data that came with it; `rtfsc eval` grants nothing.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final, NamedTuple

from rtfs_runtime.errors import RtfsError, invalid_argument

if TYPE_CHECKING:
    from pathlib import Path

_PLAIN: Final = ("print", "input", "time", "random")
_WITH_VALUE: Final = ("read", "write", "http", "env", "cap")
_ID_MARKS: Final = frozenset("./:*")
_ID_CHARACTERS: Final = _ID_MARKS | frozenset("_-?[]")
_SHELL_CHARACTERS: Final = frozenset("_@%+=:,./-")


class Need(NamedTuple):
    """One thing an effect needs: a kind of the table above, and its value; "" for plain kinds."""

    kind: str
    value: str = ""


class Grant(NamedTuple):
    """One thing a session may do; the path of a `read` or `write` is resolved."""

    kind: str
    value: str = ""

    @property
    def text(self) -> str:
        """The grant as the command line spells it."""
        return f"{self.kind}:{self.value}" if self.value else self.kind

    def covers(self, need: Need) -> bool:
        """Tell whether the need is within the grant."""
        if self.kind != need.kind:
            return False
        if self.kind in _PLAIN:
            return True
        if self.kind in ("read", "write"):
            return need.value == self.value or need.value.startswith(self.value.rstrip(os.sep) + os.sep)
        if self.kind == "http" and ":" not in self.value:
            return matches(need.value.partition(":")[0], self.value)
        return matches(need.value, self.value)


class Grants(NamedTuple):
    """A set of grants; empty is the default everywhere."""

    items: tuple[Grant, ...] = ()

    @classmethod
    def parse(cls, texts: Iterable[str], base: str | Path = ".") -> Grants:
        """Read grants as the command line spells them; relative directories are below `base`.

        Raises: ValueError that names the nearest spelling.
        """
        return cls(tuple(_parse(text, base) for text in texts))

    @classmethod
    def for_run(cls, plan: str | Path) -> Grants:
        """Give what `rtfsc run PLAN` grants without a flag."""
        return cls.parse((*_PLAIN, f"read:{os.path.dirname(os.path.realpath(plan))}"))

    def __or__(self, more: Grants) -> Grants:
        """Give the grants of both."""
        return Grants(tuple(dict.fromkeys((*self.items, *more.items))))

    def check(self, capability: str, operation: str, needs: Iterable[Need]) -> None:
        """Refuse an effect unless the capability as a whole, or everything it needs, is granted.

        Raises: SecurityViolation; its message ends with the flag that would allow the first thing missing.
        """
        whole = Need("cap", capability)
        if any(grant.covers(whole) for grant in self.items):
            return
        for need in needs:
            if not any(grant.covers(need) for grant in self.items):
                context = f"this session; to allow it: --allow {flag(need)}"
                fields = {"operation": operation, "capability": capability, "context": context}
                raise RtfsError("SecurityViolation", fields)


NOTHING: Final = Grants()


def flag(need: Need) -> str:
    """Spell the narrowest grant that covers a need, as a word of a shell command."""
    if need.kind in _PLAIN:
        return need.kind
    value = need.value
    if need.kind in ("read", "write") and not os.path.isdir(value):
        value = os.path.dirname(value)
    text = value if need.kind == "cap" and _is_plain_id(value) else f"{need.kind}:{value}"
    plain = all(char in _SHELL_CHARACTERS or (char.isascii() and char.isalnum()) for char in text)
    return text if plain else "'" + text.replace("'", "'\"'\"'") + "'"


def real_path(path: str) -> str:
    """Resolve a path, links and all, as grants compare it; what does not exist yet keeps its name."""
    if "\0" in path:
        raise invalid_argument("a path cannot hold a null character")
    try:
        return os.path.realpath(path)
    except UnicodeEncodeError:
        raise invalid_argument("a path cannot hold a lone surrogate") from None


def matches(text: str, pattern: str) -> bool:
    """Tell whether a text is of a pattern of `*`, `?` and `[…]`, letter case as it is."""
    if text == pattern or pattern == "*":
        return True
    # loads regular expressions, which a program without such grants and rules does not need
    from fnmatch import fnmatchcase

    return fnmatchcase(text, pattern)


def _is_plain_id(text: str) -> bool:
    """Tell whether a text reads as a capability id without `cap:`."""
    return not _ID_MARKS.isdisjoint(text) and all(char in _ID_CHARACTERS or char.isalnum() for char in text)


def _parse(text: str, base: str | Path) -> Grant:
    kind, colon, value = text.partition(":")
    if kind in _PLAIN and not colon:
        return Grant(kind)
    if kind in _WITH_VALUE and colon and value:
        if kind in ("read", "write"):
            value = real_path(os.path.join(base, os.path.expanduser(value)))
        return Grant(kind, value.lower() if kind == "http" else value)
    if kind in (*_PLAIN, *_WITH_VALUE):
        wanted = kind if kind in _PLAIN else f"{kind}:{'ID' if kind == 'cap' else 'NAME'}"
        raise ValueError(f"grant `{text}` is not complete or has too much: write `{wanted}`")
    bare = text.removeprefix(":")
    # needed only for capabilities and errors
    from difflib import get_close_matches

    near = get_close_matches(kind, (*_PLAIN, *_WITH_VALUE), 1, 0.75)
    if not near and _is_plain_id(bare):
        return Grant("cap", bare)
    hint = f"did you mean `{near[0]}`?" if near else f"to grant a capability of that name: `cap:{text}`"
    raise ValueError(f"unknown grant `{text}`; {hint}")
