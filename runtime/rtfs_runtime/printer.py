"""Values as text.

In: any value. Out: the display of a whole value (strings in quotes, not escaped), what `str` gives (a string
bare), or text that reads back (escaped). Iterative, and bounded in size. Source: language §4.2.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain
from typing import Any, Final, TypeAlias

from rtfs_runtime.errors import LimitExceeded, RtfsError
from rtfs_runtime.limits import MAX_TEXT
from rtfs_runtime.maps import BigMap
from rtfs_runtime.numbers_text import SMALL, float_text, int_text, numbers_text
from rtfs_runtime.values import Keyword, List, Resource, Set, Symbol, Timestamp, Uuid, kind_name
from rtfs_runtime.vectors import BigVector

Style: TypeAlias = Mapping[type, Callable[[Any], str]]
"""How the atoms of each class are written."""

_WORDS: Final[dict[object, str]] = {None: "nil", True: "true", False: "false"}

_ESCAPES: Final = str.maketrans(
    {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r", "\b": "\\b", "\f": "\\f"}
    | {chr(code): f"\\u{code:04x}" for code in (*range(8), 11, *range(14, 32), 127)}
)


def _readable_float(number: float) -> str:
    if number - number != 0.0:
        return "##NaN" if number != number else "##Inf" if number > 0 else "##-Inf"
    text = float_text(number)
    return text if "." in text else text + ".0"


_DISPLAY: Final[Style] = {
    type(None): _WORDS.__getitem__,
    bool: _WORDS.__getitem__,
    int: int_text,
    float: float_text,
    str: lambda text: f'"{text}"',
    Keyword: lambda keyword: ":" + keyword.text,
    Symbol: lambda symbol: symbol.text,
    Timestamp: lambda stamp: f'#timestamp("{stamp.text}")',
    Uuid: lambda uuid: f'#uuid("{uuid.text}")',
    Resource: lambda handle: f'#resource-handle("{handle.text}")',
}
_READABLE: Final[Style] = {
    **_DISPLAY,
    float: _readable_float,
    str: lambda text: f'"{text.translate(_ESCAPES)}"',
    Timestamp: lambda stamp: stamp.text,
    Uuid: lambda uuid: uuid.text,
    Resource: lambda handle: handle.text,
}
_BRACKETS: Final[Mapping[type, tuple[str, str]]] = {
    tuple: ("[", "]"),
    BigVector: ("[", "]"),
    dict: ("{", "}"),
    BigMap: ("{", "}"),
    List: ("(", ")"),
    Set: ("(set [", "])"),
}


def display(value: object, limit: int = MAX_TEXT) -> str:
    """Print a whole value: the result of a program, and every element inside a collection.

    Raises: LimitExceeded past `limit` characters.
    """
    return _print(value, _DISPLAY, limit)


def to_str(value: object, limit: int = MAX_TEXT) -> str:
    """Print as `str` does: a string itself, anything else as `display`."""
    kind = value.__class__
    if kind is int and -SMALL < value < SMALL:  # type: ignore[operator]
        return str(value)
    if kind is str or kind is Keyword:
        text: str = value if kind is str else ":" + value.text  # type: ignore[assignment, attr-defined]
        _check(len(text), limit)
        return text
    return _print(value, _DISPLAY, limit)


def readable(value: object, limit: int = MAX_TEXT) -> str:
    """Print text that reads back as the value; functions, errors and sets show as usual."""
    return _print(value, _READABLE, limit)


def _check(size: int, limit: int) -> None:
    if size > limit:
        raise LimitExceeded("output size", f"{limit} characters")


def _other(value: object) -> str:
    """Write what is neither a collection nor an atom."""
    if isinstance(value, RtfsError):
        return f"#<error: {value.message}>"
    return f"#<{kind_name(value)}>"


def _items(value: Any) -> Iterable[object]:
    kind = value.__class__
    return chain.from_iterable(value.items()) if kind is dict or kind is BigMap else value


_AT_ONCE: Final = 4_096
"""Elements of mixed kinds that are written before the size is looked at."""
_FEW: Final = 16
_LONG: Final = 1 << 16
_FLUSH_AFTER: Final = 1 << 16
"""Texts that are joined into one, so that many small ones do not fill the memory."""


def _flat_text(value: Any, style: Style, limit: int) -> str | None:
    """Write a collection at once when it holds only atoms; None for others, which are walked."""
    items: tuple[Any, ...] = value if value.__class__ is tuple else tuple(_items(value))
    if len(items) <= _FEW and style is _DISPLAY:
        text = _few(items)
    else:
        kinds = {each.__class__ for each in items}
        if not style.keys() >= kinds:
            return None
        text = _of_one_kind(items, kinds, limit) if style is _DISPLAY else None
        if text is None and len(items) <= _AT_ONCE:
            if str in kinds:
                _check(sum([len(item) for item in items if item.__class__ is str]), limit)
            text = " ".join([style[item.__class__](item) for item in items])
    if text is None:
        return None
    before, after = _BRACKETS[value.__class__]
    return before + text + after


def _few(items: tuple[Any, ...]) -> str | None:
    """Write a few atoms for display, most without a call; None for anything else, or long texts."""
    texts = []
    for item in items:
        kind = item.__class__
        if kind is str:
            if len(item) > _LONG:
                return None
            texts.append(f'"{item}"')
        elif kind is Keyword:
            texts.append(":" + item.text)
        elif kind is int and -SMALL < item < SMALL:
            texts.append(str(item))
        elif kind in _DISPLAY:
            texts.append(_DISPLAY[kind](item))
        else:
            return None
    return " ".join(texts)


def _of_one_kind(items: tuple[Any, ...], kinds: set[type], limit: int) -> str | None:
    """Write strings or numbers for display by C alone."""
    if kinds == _TEXTS:
        _check(sum(map(len, items)), limit)
        return '"' + '" "'.join(items) + '"'
    return numbers_text(items, " ") if kinds and kinds <= _NUMBERS else None


_TEXTS: Final = frozenset({str})
_NUMBERS: Final = frozenset({int, float})


def _print(value: object, style: Style, limit: int) -> str:
    kind = value.__class__
    if kind in _BRACKETS:
        text = _flat_text(value, style, limit)
        if text is None:
            text = _walk(value, style, limit)
    else:
        text = style[kind](value) if kind in style else _other(value)
    _check(len(text), limit)
    return text


def _walk(value: object, style: Style, limit: int) -> str:
    """Write a collection element by element, on a stack of the open ones."""
    text, closer = _BRACKETS[value.__class__]
    stack: list[tuple[Iterator[object], str]] = [(iter(_items(value)), closer)]
    sheet = _Sheet(value, text, limit)
    parts = sheet.parts
    size = len(text)
    blank = ""
    while stack:
        items, closer = stack[-1]
        for item in items:
            kind = item.__class__
            opened = None
            if kind in style:
                text = blank + style[kind](item)
            elif kind not in _BRACKETS:
                text = blank + _other(item)
            elif (flat := _flat_text(item, style, limit)) is not None:
                text = blank + flat
            else:
                opened = _BRACKETS[kind]
                text = blank + opened[0]
            blank = " "
            parts.append(text)
            size += len(text)
            if size > limit or len(parts) > _FLUSH_AFTER:
                sheet.flush(size)
            if opened is not None:
                stack.append((iter(_items(item)), opened[1]))
                blank = ""
                break
        else:
            stack.pop()
            parts.append(closer)
            size += len(closer)
            blank = " "
    return sheet.text()


class _Sheet:
    """What is written so far: texts, and before them pages of joined ones."""

    __slots__ = ("limit", "pages", "parts", "value")

    def __init__(self, value: object, text: str, limit: int) -> None:
        self.value = value
        self.limit = limit
        self.pages: list[str] = []
        self.parts = [text]

    def flush(self, size: int) -> None:
        """Join the texts. The first time, find out what is still to come: shared parts multiply."""
        _check(size, self.limit)
        if not self.pages:
            # imported here: hardly any program writes that much, and every program loads this module
            from rtfs_runtime.extent import check_extent

            check_extent(self.value, self.limit)
        self.pages.append("".join(self.parts))
        self.parts.clear()

    def text(self) -> str:
        """Give all of it."""
        return "".join([*self.pages, *self.parts])
