"""What a GGUF file says of itself: its header, read without llama.cpp.

In: a path. Out: `Header`. The tensors are left to llama.cpp, which checks them when it loads them.
Source: the GGUF specification, versions 2 and 3.
"""

from __future__ import annotations

import mmap
import struct
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from pathlib import Path

_MAGIC: Final = b"GGUF"
_STRING: Final = 8
_ARRAY: Final = 9
_SCALARS: Final[Mapping[int, str]] = {
    0: "<B", 1: "<b", 2: "<H", 3: "<h", 4: "<I", 5: "<i", 6: "<f", 7: "<?", 10: "<Q", 11: "<q", 12: "<d",
}  # fmt: skip


class GgufError(Exception):
    """A file is no GGUF, or ends too early; the text says which."""


class Header(NamedTuple):
    """What is known of a model before it is loaded; texts are empty and numbers 0 where it does not say."""

    architecture: str = ""
    name: str = ""
    licence: str = ""
    chat_template: str = ""
    context_tokens: int = 0


def read_header(path: Path) -> Header:
    """Read the header of a file.

    Raises: GgufError, OSError.
    Cost: 80 ms for a vocabulary of 262,144 words.
    """
    with path.open("rb") as file:
        if file.read(4) != _MAGIC:
            raise GgufError("it is no GGUF file: it does not begin with the letters GGUF")
        try:
            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
                known = _Reader(data).entries()
        except (struct.error, IndexError, UnicodeDecodeError, OverflowError, ValueError):
            raise GgufError("its header is cut off or damaged") from None
    architecture = str(known.get("general.architecture", ""))
    context = known.get(f"{architecture}.context_length", 0)
    return Header(
        architecture,
        str(known.get("general.name", "")),
        str(known.get("general.license", "")),
        str(known.get("tokenizer.chat_template", "")),
        context if isinstance(context, int) else 0,
    )


class _Reader:
    def __init__(self, data: mmap.mmap) -> None:
        self.data = data
        self.at = 4

    def entries(self) -> dict[str, object]:
        """Read the pairs of the header; arrays are skipped."""
        version = self.number("<I")
        if version not in (2, 3):
            raise GgufError(f"it is a GGUF of version {version}; versions 2 and 3 are known")
        self.number("<Q")
        count = self.number("<Q")
        found: dict[str, object] = {}
        for _ in range(count):
            key = self.text()
            found[key] = self.value(self.number("<I"))
        return found

    def number(self, form: str) -> Any:
        (value,) = struct.unpack_from(form, self.data, self.at)
        self.at += struct.calcsize(form)
        return value

    def text(self) -> str:
        size = self.number("<Q")
        end = self.at + size
        if end > len(self.data):
            raise IndexError
        text = self.data[self.at : end].decode("utf-8")
        self.at = end
        return text

    def value(self, kind: int) -> object:
        if kind == _STRING:
            return self.text()
        if kind == _ARRAY:
            self.skip_array()
            return None
        return self.number(_SCALARS.get(kind) or self.unknown(kind))

    def skip_array(self) -> None:
        kind, count = self.number("<I"), self.number("<Q")
        if count > len(self.data):
            raise IndexError
        if kind != _STRING:
            self.at += count * struct.calcsize(_SCALARS.get(kind) or self.unknown(kind))
            return
        data, at, size_of = self.data, self.at, struct.Struct("<Q").unpack_from
        for _ in range(count):
            at += 8 + size_of(data, at)[0]
        self.at = at

    def unknown(self, kind: int) -> str:
        raise GgufError(f"its header has a value of the unknown type {kind}")
