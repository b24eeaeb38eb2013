"""What a ledger must not show: values of environment variables, keys and passwords, handles.

In: the environment, effects as they end. Out: texts with names in place of what is hidden. A value is hidden
wherever it appears once it is known: from the names of environment variables and of map keys that mean a
secret, and from every read of the environment. A name in place of a value can be turned back where the same
variable is set, which is how a replay gets it. The plan's folder is written as a name too, so that a record
can be replayed in another place.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from json.encoder import encode_basestring
from typing import Final

from rtfs_runtime.maps import is_map
from rtfs_runtime.tagged import decode_json
from rtfs_runtime.values import Keyword, List, Resource, Set
from rtfs_runtime.vectors import is_vector

GET_ENV: Final = "ccos.system.get-env"
_SECRET_VARIABLE: Final = re.compile(
    r"(^|_)(KEY|TOKEN|SECRET|PASSWORD|PASSWD|PASS|PASSPHRASE|CREDENTIALS?|AUTH|PAT|DSN)(_|$)", re.I
)
_SECRET_KEY: Final = re.compile(
    r"(^|[^a-z])((api|access|private|secret|signing|encryption)[-_ ]?key|token|secret|passwo?r?d|passphrase"
    r"|credentials?|authorization|cookie|bearer)([^a-z]|$)"
)
_CAMEL: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_PLACEHOLDER: Final = re.compile(r"\[env:([^\]\"\\]+)\]")
_FOLDER: Final = "[plan-dir]"
_SHORTEST: Final = 4
"""Shorter values are not looked for inside of other texts: they appear everywhere by chance."""
_MOST_VALUES: Final = 10_000


def means_a_secret(name: str) -> bool:
    """Tell whether what stands under a name in a map is nobody else's business."""
    return _SECRET_KEY.search(_CAMEL.sub("-", name).lower()) is not None


class Hidden:
    """The values that one run must not show; `folder` is the plan's. Thread: the ledger's lock guards it."""

    def __init__(self, environment: Mapping[str, str], folder: str = "") -> None:
        self._environment = environment
        self._folder = folder
        self._names: dict[str, str] = {}
        self._pattern: re.Pattern[str] | None = None
        self._handles: dict[str, str] = {}
        for name, value in sorted(environment.items()):
            if _SECRET_VARIABLE.search(name):
                self._hide(value, f"[env:{name}]")

        self._hide(folder, _FOLDER)

    def learn(self, name: str, args: tuple[object, ...], outcome: object) -> None:
        """Take from an effect what is to be hidden from now on."""
        if name == GET_ENV and args and isinstance(outcome, str):
            self._hide(outcome, f"[env:{args[0]}]")
        self._look_into(args)
        self._look_into(outcome)

    def text(self, text: str) -> str:
        """Show a text without what is hidden."""
        if self._pattern is None:
            if not self._names:
                return text
            # the longest first: one value may be the beginning of another
            known = sorted(self._names, key=lambda value: (-len(value), value))
            self._pattern = re.compile("|".join(map(re.escape, known)))
        return self._pattern.sub(lambda found: self._names[found.group()], text)

    def handle(self, text: str) -> str:
        """Show a handle by its number."""
        if text.startswith("[handle:"):
            return text
        return self._handles.setdefault(text, f"[handle:{len(self._handles) + 1}]")

    def reveal(self, encoded: str) -> object:
        """Read a value back, with the plan's present folder and the present values of variables.

        Raises: ValueError for what is no encoding of a value; LookupError that names a variable that is not
               set.
        """

        def found(match: re.Match[str]) -> str:
            value = self._environment.get(match.group(1))
            if value is None:
                raise LookupError(match.group(1))
            return encode_basestring(value)[1:-1]

        here = encode_basestring(self._folder)[1:-1]
        return decode_json(_PLACEHOLDER.sub(found, encoded.replace(_FOLDER, here)))

    def _hide(self, value: str, name: str) -> None:
        if len(value) >= _SHORTEST and value not in self._names:
            self._names[value] = name
            self._pattern = None

    def _look_into(self, value: object) -> None:
        todo = [value]
        seen = 0
        while todo and seen < _MOST_VALUES:
            item = todo.pop()
            seen += 1
            if is_map(item):
                for key, part in item.items():
                    name = key.text if isinstance(key, Keyword) else str(key)
                    if isinstance(part, str) and means_a_secret(name):
                        self._hide(part, "[hidden]")
                    elif part.__class__ not in _ATOMS:
                        todo.append(part)
            elif is_vector(item) or isinstance(item, (List, Set)):
                todo.extend(part for part in item if part.__class__ not in _ATOMS)


_ATOMS: Final = frozenset({type(None), bool, int, float, str, Keyword, Resource})
