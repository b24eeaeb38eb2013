"""TOML files that describe models, read with positions.

In: a path. Out: plain data; every complaint is a `TableError` with file and line. What the keys mean is left
to the reader of each kind of file.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from pathlib import Path


class TableError(Exception):
    """A file is wrong: `file`, `line` (from 1, 0 when the whole file is meant) and `message`."""

    def __init__(self, file: str, line: int, message: str) -> None:
        super().__init__(f"{file}:{line}: {message}" if line else f"{file}: {message}")
        self.file = file
        self.line = line
        self.message = message


class TableFile:
    """A TOML file: its text, its data, and where things stand in it."""

    def __init__(self, path: Path, text: str | None = None) -> None:
        # tomllib is needed only where a policy or a model file is
        import tomllib

        self.path = path
        try:
            self.text = path.read_text(encoding="utf-8") if text is None else text
            self.data: dict[str, Any] = tomllib.loads(self.text)
        except tomllib.TOMLDecodeError as error:
            found = re.search(r"at line (\d+)", str(error))
            raise TableError(str(path), int(found[1]) if found else 0, str(error)) from None
        except (OSError, UnicodeDecodeError) as error:
            raise TableError(str(path), 0, f"cannot be read: {error}") from None

    def fail(self, place: str, message: str, number: int = 0) -> NoReturn:
        """Raise a TableError at the line where `place` stands."""
        raise TableError(str(self.path), self.line(place, number), message)

    def line(self, place: str, number: int = 0) -> int:
        """Find the line of a key, written TABLE, a null, KEY; in an array, of the table of that number.

        Gives the table's line when the key has none of its own, 0 when neither is found.
        """
        table, _, key = place.rpartition("\x00")
        return _find(self.text, table, key, number)

    def check_keys(
        self, place: str, given: Mapping[str, object], legal: Iterable[str], number: int = 0
    ) -> None:
        """Refuse unknown keys, naming the nearest legal one."""
        legal = tuple(legal)
        for key in given:
            if key not in legal:
                self.fail(f"{place}\x00{key}", f"unknown key `{key}`{nearest(key, legal)}", number)

    def get(
        self, place: str, given: Mapping[str, Any], key: str, want: type | tuple[type, ...], number: int = 0
    ) -> Any:
        """Give the value of a key, None when it is absent; refuses another type."""
        value = given.get(key)
        if value is None or (isinstance(value, want) and not (isinstance(value, bool) and want is not bool)):
            return value
        name = _NAMES[want[-1] if isinstance(want, tuple) else want]
        return self.fail(f"{place}\x00{key}", f"`{key}` must be {name}, not {_shown(value)}", number)


_NAMES = {
    str: "a string",
    int: "an integer",
    float: "a number",
    bool: "true or false",
    list: "an array",
    dict: "a table",
}


def nearest(word: str, legal: Iterable[str]) -> str:
    """Say which legal name is meant, or which there are."""
    # difflib is needed only on the way to an error
    from difflib import get_close_matches

    names = sorted(legal)
    near = get_close_matches(word, names, 1)
    return f"; did you mean `{near[0]}`?" if near else f"; legal are {', '.join(names)}" if names else ""


def _shown(value: object) -> str:
    return (
        f"{value!r}"
        if isinstance(value, (str, int, float))
        else _NAMES.get(type(value), type(value).__name__)
    )


_HEADER = re.compile(r"^\s*\[\[?\s*(?P<name>[^\]]+?)\s*\]\]?\s*(?:#.*)?$")


def _find(text: str, table: str, key: str, number: int) -> int:
    inside = table == ""
    header = seen = 0
    for at, line in enumerate(text.splitlines(), 1):
        found = _HEADER.match(line)
        if found:
            name = ".".join(part.strip().strip("\"'") for part in _parts(found["name"]))
            here = name == table
            seen += here
            inside = here and seen == number + 1
            if here:
                header = at if seen <= number + 1 else header
            elif name == f"{table}.{key}" or (not table and name.partition(".")[0] == key):
                return at
        elif inside and re.match(rf"\s*[\"']?{re.escape(key)}[\"']?\s*=", line):
            return at
    return header


def _parts(name: str) -> list[str]:
    return re.findall(r"\"[^\"]*\"|'[^']*'|[^.\s]+", name)
