"""What a user may choose about a compilation.

In: nothing. Out: `Options`. Fields that can change the output enter the key of an artifact; the others say
that they do not.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, fields
from fnmatch import fnmatchcase
from typing import Final

LEVELS: Final = 3
_NOT_IN_KEY: Final = {"key": False}


@dataclass(frozen=True, slots=True)
class Options:
    """One set of choices.

    Shape: `level` 0 runs only what the language asks for, 1 what makes code no larger, 2 everything.
           `delegable` holds globs (`module/function`) that a policy may send elsewhere, beside the hinted
           ones; `policy` is the digest of the policy they come from. `interactive`: later input may redefine
           any global, so nothing is resolved ahead. `strict` refuses what there is a warning about, and
           changes nothing else; so does `verify`, which checks the IR after every pass.
    """

    level: int = 2
    delegable: tuple[str, ...] = ()
    policy: str = ""
    interactive: bool = False
    strict: bool = field(default=False, metadata=_NOT_IN_KEY)
    verify: bool = field(default=False, metadata=_NOT_IN_KEY)

    def key_text(self) -> str:
        """Give the part of a key that the options are: JSON of the choices that are not the default.

        The default is therefore `{}`, which the runtime knows without the compiler; what a default means is
        covered by the digest of the compiler's source.
        """
        chosen = {
            row.name: getattr(self, row.name)
            for row in fields(self)
            if row.metadata.get("key", True) and getattr(self, row.name) != row.default
        }
        return json.dumps(chosen, sort_keys=True, ensure_ascii=False, separators=(",", ":"))

    def may_delegate(self, symbol: str) -> bool:
        """Tell whether a policy may send a function elsewhere, by its name as `module/function`."""
        return any(fnmatchcase(symbol, glob) for glob in self.delegable)


DEFAULT: Final = Options()
